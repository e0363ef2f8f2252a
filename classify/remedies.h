/* SPDX-License-Identifier: Apache-2.0 */
/*
 * remedies - what to do about a class, in words and as commands: the YAML files of classify/remedies
 *
 * en.yaml and zh-TW.yaml hold the words by class: summary, causes, what to do where the failing server is our own, a
 * partner's or anybody's, advice that hangs on what is known (whether mail to there worked before, the detail of the
 * class, the provider), and how long a fix takes to show. common.yaml holds what needs no language: commands by MTA,
 * links, spans. No text and no command may lose mail silently: what is given up goes back to its sender.
 */
#ifndef QLAPSE_CLASSIFY_REMEDIES_H
#define QLAPSE_CLASSIFY_REMEDIES_H

#include "classify/catalog.h"
#include "lib/mail/hooks.h"
#include "lib/mail/records.h"

enum language { LANGUAGE_EN, LANGUAGE_ZH_TW, LANGUAGES };

extern const char *const language_names[]; /* "en", "zh-TW"; NULL-terminated, by enum language */

struct remedies;

/* The texts that are built in. NULL and err, with file and line, unless every class but none is whole. */
struct remedies *remedies_load(struct err *err);
void remedies_free(struct remedies *r);

/* Whether mail to that server is known to have worked before. */
enum worked { WORKED_UNKNOWN, WORKED_NEVER, WORKED_BEFORE };

enum { REMEDY_MTAS = 3 };

/* What is known, by which advice is chosen. */
struct remedy_case {
	enum class class;
	enum kind kind;   /* KIND_UNKNOWN is taken for internet */
	enum owner owner; /* OWNER_UNKNOWN: that of the class */
	enum worked worked;
	struct str detail, provider;
	struct str domain, host;    /* the recipients' domain and the server tried, for the commands */
	bool domain_is_all;         /* no other domain belongs to the destination */
	enum mta mtas[REMEDY_MTAS]; /* of the hosts where it waits, most first */
	size_t n_mtas;
};

/* What they borrow lives as long as inc and d. */
void remedy_case_of_incident(const struct incident *inc, struct remedy_case *ret);
void remedy_case_of_delivery(const struct delivery *d, struct remedy_case *ret);

/* All there is to say; nothing for CLASS_none. Its views live as long as r and a. */
void remedies_find(const struct remedies *r, const struct remedy_case *q, struct arena *a, struct remedy *ret);

#endif
