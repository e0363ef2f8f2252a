/* SPDX-License-Identifier: Apache-2.0 */
/* config_priv - what config.c, config_lists.c and options_doc.c share */
#ifndef QLAPSE_MAIN_CONFIG_PRIV_H
#define QLAPSE_MAIN_CONFIG_PRIV_H

#include "lib/codec/value.h"
#include "main/config.h"

struct config_reader {
	struct config *c;
	const char *file; /* or what else is read */
	bool has_lines;   /* it is a file: messages begin with file:line */
	struct err *err;
};

/* A list or map of the configuration. */
struct config_section {
	const char *name;
	const char *prose;
	const char *sample; /* YAML, whole lines, indented as under its parent's key */
	int (*read)(const struct config_reader *r, const struct val *v);
};

extern const struct config_section config_sections[]; /* ended by a name of NULL */

/* Begins a message; in the arena. */
const char *config_place(const struct config_reader *r, int line);
int config_bad(const struct config_reader *r, int line, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* "90s", "15m", "48h", "5d" or 0; ten years at most. */
bool config_span(const struct val *v, int64_t *ret);
/* Letters, digits, dots, dashes and underscores, as in names of topics. */
bool config_name_ok(struct str s);

/* One setting of librdkafka over those that are there. */
int config_set_kafka(const struct config_reader *r, int line, struct str name, const struct val *v);

#endif
