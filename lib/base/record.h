/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record - a description of a C struct that leaves or enters the program as a document
 *
 * One table per record type drives encoding, decoding, the schema test and the
 * reference: see lib/mail/<name>.def for the tables and lib/codec/record_codec.h for
 * the two directions. A field that is absent (see each kind) is left out of the
 * document unless it is FIELD_ALWAYS.
 */
#ifndef QLAPSE_BASE_RECORD_H
#define QLAPSE_BASE_RECORD_H

#include "lib/base/str.h"

enum field_kind {
	FIELD_STR,  /* struct str; absent: empty. UTF-8, cleaned before it gets here */
	FIELD_BIN,  /* struct str of any bytes; absent: empty. base64 text in JSON, bin in MessagePack */
	FIELD_I64,  /* int64_t; absent: -1 */
	FIELD_TIME, /* int64_t ms; absent: TIME_NONE. RFC 3339 text in both encodings */
	FIELD_BOOL, /* bool; absent: false */
	FIELD_ENUM, /* int, named by names[]; absent: 0, whose name is never written unless FIELD_ALWAYS */
	FIELD_LIST, /* struct record_list of item; absent: no items */
};

enum { FIELD_OPTIONAL = 0, FIELD_ALWAYS = 1 };

struct record_list {
	const void *items; /* an array of item->size structs */
	size_t n;
};

struct field {
	const char *name;
	enum field_kind kind;
	int flags;
	size_t at;                      /* offset in the struct */
	const char *const *names;       /* FIELD_ENUM: NULL-terminated */
	const struct record_type *item; /* FIELD_LIST */
	const char *prose;              /* for the reference: what it says, unit, source */
};

struct record_type {
	const char *name;
	size_t size; /* of the C struct */
	const struct field *fields;
	size_t n_fields;
};

/* Every field absent. */
void record_clear(const struct record_type *type, void *rec);
/* Index of a name in a NULL-terminated list, or -1. */
int names_find(const char *const *names, struct str name);

#endif
