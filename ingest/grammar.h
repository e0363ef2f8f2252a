/* SPDX-License-Identifier: Apache-2.0 */
/* grammar - what an MTA's grammar is to line.c: a const table; a further MTA is a file and a row there */
#ifndef QLAPSE_INGEST_GRAMMAR_H
#define QLAPSE_INGEST_GRAMMAR_H

#include "ingest/envelope.h"
#include "ingest/line.h"

struct grammar_ops {
	enum mta mta;

	/* Is this the tag of the MTA? Empty: a line without any, which begins with a queue id. */
	bool (*claims)(struct str program);

	/* Fills *ret, whose d is cleared but for site, host, mta, time and ts_quality, which are the caller's. */
	void (*read)(const struct ingest_config *c, const struct envelope *env, struct arena *scratch,
	             struct line_result *ret);
};

/* For grammars: the three ways in which a line ends. Words: ids of words.def; detail: a literal or NULL. */
void grammar_tells(struct line_result *ret, enum event event);
void grammar_noise(struct line_result *ret, const char *word);
void grammar_dead(struct line_result *ret, const char *word, const char *detail);

/* s fit for a record: itself, or a cleaned copy of max bytes at most. */
struct str grammar_clean(struct str s, size_t max, struct arena *scratch);

enum { GRAMMAR_ADDRESS_MAX = 512, GRAMMAR_HOST_MAX = 255 };

#endif
