/* SPDX-License-Identifier: Apache-2.0 */
/*
 * options - the scalar options: one table (options.def) from which parser, checks and documentation come
 *
 * Lists and maps of the configuration are in config_lists.c. Defaults are those of config_default.
 */
#ifndef QLAPSE_MAIN_OPTIONS_H
#define QLAPSE_MAIN_OPTIONS_H

#include "lib/base/buf.h"
#include "lib/codec/value.h"
#include "main/config.h"

enum option_type {
	OPTION_TEXT,   /* const char *, NULL for an empty one */
	OPTION_NAME,   /* const char *: part of names of topics and groups; NULL for an empty one, if it may be empty */
	OPTION_LABEL,  /* struct str: part of keys */
	OPTION_INT,    /* int */
	OPTION_NUMBER, /* int64_t */
	OPTION_SPAN,   /* int64_t, milliseconds */
	OPTION_SPAN_OR_NEVER, /* int64_t, milliseconds or TIME_NEVER */
	OPTION_ZONE,          /* int64_t, milliseconds east of UTC */
	OPTION_HOLD,          /* bool: hold instead of wall */
	OPTION_LANGUAGE,      /* enum language */
	OPTION_URI,           /* const char *, NULL for an empty one */
	OPTION_EVENTS,        /* enum event_form */
	OPTION_LOCAL_PARTS,   /* enum local_parts */
	OPTION_TYPES
};

struct config_option {
	const char *path; /* keys of the file, from the outermost in, joined by dots */
	enum option_type type;
	size_t at; /* offset in struct config */
	int64_t least,
	    most; /* of numbers and spans; least of NAME: 0 if it may be empty. most 0: no limit of its own */
	const char *prose;
};

extern const struct config_option config_options[];
extern const size_t n_config_options;

const struct config_option *option_find(struct str path);
/* place begins the message: file:line, or the command line. */
int option_set(struct config *c, const struct config_option *o, const struct val *v, const char *place,
               struct err *err);
void option_show(const struct config *c, const struct config_option *o, struct buf *out); /* its value as YAML */
void option_allowed(const struct config_option *o, struct buf *out);                      /* what it may be, in words */
void option_value_words(const struct val *v, struct buf *out); /* a value that was refused, for messages */

/* Documentation: docs/OPTIONS.md, the list for a terminal, a file to start from in which all is commented out. */
void options_markdown(struct buf *out);
void options_text(struct buf *out);
void options_sample(struct buf *out);

#endif
