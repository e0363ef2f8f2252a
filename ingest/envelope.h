/* SPDX-License-Identifier: Apache-2.0 */
/*
 * envelope - what the shipper and syslog put around a line: time, host, program
 *
 * Reads RFC 5424, RFC 3164 and RFC 3339 heads with or without <PRI>, a head with the
 * year in front ("2013 Jun 10 06:28:18.123 host"), heads without a host, and bare lines
 * that begin with the program's tag or a queue id. Left to right; nothing behind the
 * head is looked at. A further form is a function and a row in envelope.c.
 */
#ifndef QLAPSE_INGEST_ENVELOPE_H
#define QLAPSE_INGEST_ENVELOPE_H

#include "lib/base/str.h"
#include "lib/mail/names.h"

struct envelope {
	int64_t time_ms;
	enum ts_quality quality;
	int64_t resolution_ms; /* of the stamp: 1000 without a fraction */
	struct str host;       /* empty: none */
	struct str program;    /* tag without pid; empty on lines that begin with a queue id */
	struct str text;       /* behind the tag */
};

/* record_ms: time of the record, for stamps without year or lines without stamp. zone_ms: offset of stamps without a
 * zone from UTC. False if the line has no head of a known form. */
bool envelope_read(struct str line, int64_t record_ms, int64_t zone_ms, struct envelope *ret);

/* Moves *line to its stamp: behind a byte order mark, "<PRI>" and the version of RFC 5424. */
void envelope_skip_priority(struct str *line);

#endif
