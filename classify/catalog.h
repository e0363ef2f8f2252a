/* SPDX-License-Identifier: Apache-2.0 */
/*
 * catalog - the rules by which texts get a class: data with samples, in order
 *
 * Read once from YAML (the files built in, or a folder) and never changed; regular
 * expressions are not among a rule's conditions yet, all are literals. The first rule
 * that fits decides: by tier (exact, text, code, guess), then by file name and place in it.
 */
#ifndef QLAPSE_CLASSIFY_CATALOG_H
#define QLAPSE_CLASSIFY_CATALOG_H

#include "classify/reply.h"
#include "lib/base/arena.h"
#include "lib/base/err.h"
#include "lib/mail/names.h"

struct str_list {
	const struct str *items;
	size_t n;
};

struct rule {
	struct str id;
	unsigned scopes; /* enum scope bits */
	enum tier tier;
	struct str starts;        /* empty: any */
	struct str_list contains; /* one of them; none: any */
	struct str_list negative; /* none of them */
	struct str_list enhanced; /* one of them; "4.7.*" is a prefix */
	struct str provider;      /* empty: any */
	int64_t code;             /* -1: any */
	int ip_version;           /* of the peer: 4, 6; 0: any */
	enum class class;
	enum owner owner; /* OWNER_UNKNOWN: the class's */
	struct str detail;
	struct str microsoft; /* overrides the code that the class has */
	bool reported;        /* a next hop may tell of it from further on */
	struct str_list samples;
	const char *file;
	int line;
};

struct provider {
	struct str name;
	struct str_list suffixes;
};

struct catalog;

/* dir NULL: what is built in. A file of a user's is checked like ours; err names file:line. */
struct catalog *catalog_load(const char *dir, struct err *err);
void catalog_free(struct catalog *c);

size_t catalog_rules(const struct catalog *c);
const struct rule *catalog_rule(const struct catalog *c, size_t i); /* in the order in which they are tried */
/* Name of the provider whose server this is; empty: none of them. */
struct str catalog_provider(const struct catalog *c, struct str host);

struct question {
	const struct reply *reply;
	struct str normalised;
	const char *code; /* by reply_rule_code */
	struct str provider;
};

bool rule_fits(const struct rule *r, const struct question *q);
/* The first that fits, there always is one. *ret_tried (may be NULL): how many were looked at. */
const struct rule *catalog_find(const struct catalog *c, const struct question *q, size_t *ret_tried);

/* Every sample must be decided by its own rule, every rule have one. Appends a line per fault; 0 if there is none. */
int catalog_test(const struct catalog *c, struct buf *report);

/* Files built in: name and text, in order of name; the last name is NULL. */
struct embedded_file {
	const char *name;
	const char *text;
	size_t n;
};
extern const struct embedded_file embedded_files[];

#endif
