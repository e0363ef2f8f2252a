/* SPDX-License-Identifier: Apache-2.0 */
/*
 * line - from the bytes of one log line to a delivery, a noise or a dead letter
 *
 * Every line is exactly one of event, fact, noise and dead letter. Structure, not
 * search: a line is read from left to right, every field is bounded, and nothing that
 * a remote server or a sender chose (all behind "status=WORD (") can make another field.
 */
#ifndef QLAPSE_INGEST_LINE_H
#define QLAPSE_INGEST_LINE_H

#include "lib/base/arena.h"
#include "lib/mail/hooks.h"
#include "lib/mail/records.h"

enum { LINE_MAX_BYTES = 65536, LINE_TEXT_MAX = 512 };

enum line_kind { LINE_EVENT, LINE_FACT, LINE_NOISE, LINE_DEAD };

struct line_result {
	enum line_kind kind;
	const char *word;   /* kind of noise or reason of the dead letter: of a fixed list (ingest/words.def) */
	const char *detail; /* dead letter: the field it is about, a literal; NULL: none */
	struct delivery d;  /* event, fact; views into the line and the scratch arena */
};

struct ingest_config {
	struct str site;                 /* "default" */
	struct str host;                 /* for lines that name none: "-" */
	int64_t zone_offset_ms;          /* of stamps without a zone, east positive */
	const struct str *internal_hops; /* hosts and addresses; sockets and 127.0.0.0/8 are internal by nature */
	size_t n_internal_hops;
};

void ingest_config_default(struct ingest_config *c);

/* record_ms: the record's time, for stamps without a year and lines without a stamp. */
void line_read(const struct ingest_config *c, struct str line, int64_t record_ms, struct arena *scratch,
               struct line_result *ret);

/* Is mail for this host handed on within the fleet rather than delivered? As logged; ip is "private/x" for sockets. */
bool line_is_internal_hop(const struct ingest_config *c, struct str host, struct str ip);

#endif
