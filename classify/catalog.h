/* SPDX-License-Identifier: Apache-2.0 */
/*
 * catalog - the rules by which texts get a class: data with samples, in order
 *
 * Read once from YAML (the files built in, and a user's own) and never changed, so that threads
 * may share one. The first rule that fits decides: a user's rules of `before`, then by tier (exact, text, code, guess),
 * then by file name and place in it; what fits everything comes last. What fits is the engine's to say (engine.h).
 *
 * A rule in YAML: id, scope (own, reply, greeting, heard = reply or greeting, any), tier, class, samples;
 * conditions, all of which must hold: mta (Exchange Online speaks exchange, too), phase (what
 * the reply answers: starttls, auth, mail, rcpt, data, end), service (what wrote the line, unless it only repeats an earlier
 * reason), provider, code (reply code), enhanced (any of; "4.7.*"), frame (likewise: of
 * Exchange's error around what a server said), ip (v4 or v6: the peer's), starts, contains
 * (any of), also (any of, too), negative (none of), regex; and what it says beyond the class: owner, detail, microsoft,
 * permanent, reported. Texts are compared as reply_normalise leaves them. Words of contains, also and negative stand
 * behind those of starts, between what is neither letter nor digit; a "*" at an end lifts that.
 */
#ifndef QLAPSE_CLASSIFY_CATALOG_H
#define QLAPSE_CLASSIFY_CATALOG_H

#include "classify/reply.h"
#include "classify/word.h"
#include "lib/base/arena.h"
#include "lib/base/err.h"
#include "lib/mail/names.h"

struct str_list {
	struct str *items;
	size_t n;
};

struct literal_list {
	struct str *items;
	unsigned char *open; /* LITERAL_ marks of word.h */
	size_t n;
};

enum origin { ORIGIN_BEFORE, ORIGIN_MAIN, ORIGIN_AFTER };

struct rule {
	struct str id;
	unsigned scopes; /* enum scope bits */
	enum tier tier;
	enum mta mta;                 /* MTA_UNKNOWN: any */
	enum phase phase;             /* PHASE_NONE: any */
	struct str service;           /* empty: any */
	struct str provider;          /* empty: any; else its name or whose texts it speaks */
	int64_t code;                 /* -1: any */
	struct str_list enhanced;     /* one of them; "4.7.*" is a prefix */
	struct str_list frame;        /* likewise, of Exchange's error around what a server said */
	int ip_version;               /* of the peer: 4, 6; 0: any */
	struct str starts;            /* empty: any */
	struct literal_list contains; /* one of them; none: any */
	struct literal_list also;     /* and one of them; none: any */
	struct literal_list negative; /* none of them */
	struct str regex;             /* empty: none */
	enum class class;
	enum owner owner; /* OWNER_UNKNOWN: the class's */
	struct str detail;
	struct str microsoft; /* overrides the code that the class has */
	bool permanent;       /* a retry will not help, whatever the reply code */
	bool reported;        /* a next hop may tell of it from further on */
	struct str_list samples;
	enum origin origin;
	const char *file;
	int line;
};

struct provider {
	struct str name;
	struct str speaks;        /* whose texts its servers use; empty: its own */
	struct str_list suffixes; /* ".example.org"; or a host */
	enum origin origin;
};

struct catalog;

/* Where rules come from, all of it optional. Files of a user's are checked like ours. */
struct catalog_files {
	const char *dir;    /* instead of what is built in */
	const char *before; /* folder: its rules are tried before all others, whatever their tier */
	const char *after;  /* folder: its rules are tried behind the others of their tier */
	char *const *files; /* single files, as if they were the first of `before` */
	size_t n_files;
};

/* files NULL: what is built in. err names file:line. Its providers win over those built in. */
struct catalog *catalog_load(const struct catalog_files *files, struct err *err);
void catalog_free(struct catalog *c);

size_t catalog_rules(const struct catalog *c);
const struct rule *catalog_rule(const struct catalog *c, size_t i); /* in the order in which they are tried */
/* The provider whose server this is; NULL: none of them. */
const struct provider *catalog_provider(const struct catalog *c, struct str host);

/* Every rule must have samples, and each must be decided by its own rule; a rule that gets none of its samples is
 * shadowed. Appends a line per fault; 0 if there is none. */
int catalog_test(const struct catalog *c, struct buf *report);

/* What else is wrong with rules: no sample hits it; an earlier rule takes all that fits it; a pattern that could run
 * away, or says no more than words do; words that are too short or never found; a sample that two rules claim. */
int catalog_lint(const struct catalog *c, struct buf *report);

/* Files built in: name and text, in order of name; the last name is NULL. */
struct embedded_file {
	const char *name;
	const char *text;
	size_t n;
};
extern const struct embedded_file embedded_files[];

#endif
