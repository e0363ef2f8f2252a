/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hostile - texts of 8 KiB that are meant to be slow: one thing repeated, words of the rules, pieces of their patterns
 */
#ifndef QLAPSE_TESTS_HOSTILE_H
#define QLAPSE_TESTS_HOSTILE_H

#include "classify/catalog.h"
#include "classify/pattern.h"

enum { HOSTILE_MAX = 8192 };

struct hostile {
	const struct catalog *catalog;
	struct arena arena;
	struct buf text;
	size_t i, rule, literal; /* what comes next */
};

/* The beginning, then what is repeated. */
static const struct {
	const char *start, *again;
} hostile_forms[] = {
    {"", "a"},
    {"", "4"},
    {"", "."},
    {"", "<"},
    {"", ">"},
    {"", "["},
    {"", "]"},
    {"", "("},
    {"", ":"},
    {"", "-"},
    {"", "_"},
    {"", "\xe3\x81\x82"},
    {"", "\xff"},
    {"", "a "},
    {"", "a_"},
    {"", "a."},
    {"", "a.b "},
    {"", "a["},
    {"", "<a "},
    {"", "<a> "},
    {"", "() "},
    {"", "1.2.3.4 "},
    {"", "://"},
    {"", "a@"},
    {"", "4.2.1 "},
    {"450 ", "450 4.2.1 "},
    {"450 4.2.1 ", "450-4.2.1 "},
    {"451 ", "(#4.2.1) "},
    {"", "host a[192.0.2.1] said: "},
    {"", "host a[192.0.2.1] refused to talk to me: "},
    {"", "host a said: host a[b] said: "},
    {"", "delivery temporarily suspended: "},
    {"", "connect to a[192.0.2.1]:25: "},
    {"", "lost connection with a[b] while "},
    {"", "conversation with a[b] timed out while "},
    {"", "SMTP error from remote mail server after RCPT TO:<a@b>: "},
    {"", "Deferred: 450 "},
    {"", "(in reply to RCPT TO command) "},
    {"450 ", "unverified address: "},
    {"450 ", "rp-001 connection"},
    {"450 ", "please try again later "},
    {"host a[192.0.2.1] said: 450 ", "access denied, please try again late "},
    {"451 4.7.1 ", "[Message=a] [LastAttemptedServerName=b] "},
};

enum { HOSTILE_FORMS = sizeof(hostile_forms) / sizeof(*hostile_forms) };

static inline void hostile_fill(struct hostile *h, const char *start, struct str again)
{
	buf_clear(&h->text);
	buf_str(&h->text, str_from(start));
	while (h->text.n < HOSTILE_MAX)
		buf_str(&h->text, again);
	h->text.n = HOSTILE_MAX;
}

/* Everything a rule speaks of, again and again; of its pattern each piece by itself, too. */
static inline bool hostile_of_rule(struct hostile *h)
{
	const struct rule *r = catalog_rule(h->catalog, h->rule);
	struct pattern_needs pieces = {NULL, 0};
	struct buf all = BUF_INIT;

	if (r->regex.n > 0)
		pieces = pattern_literals(pattern_read(r->regex, &h->arena, NULL), &h->arena);
	if (h->literal < pieces.n) {
		buf_fmt(&all, "%.*s%.*s ", STR_FMT(r->starts), STR_FMT(pieces.items[h->literal]));
		h->literal++;
	} else {
		buf_fmt(&all, "%.*s ", STR_FMT(r->starts));
		for (size_t i = 0; i < pieces.n; i++)
			buf_fmt(&all, "%.*s ", STR_FMT(pieces.items[i]));
		for (size_t i = 0; i < r->contains.n; i++)
			buf_fmt(&all, "%.*s ", STR_FMT(r->contains.items[i]));
		h->rule++;
		h->literal = 0;
	}
	hostile_fill(h, r->scopes & SCOPE_OWN ? "" : "450 ", buf_view(&all));
	buf_release(&all);
	return true;
}

/* False when there are no more. */
static inline bool hostile_next(struct hostile *h)
{
	if (h->i < HOSTILE_FORMS) {
		hostile_fill(h, hostile_forms[h->i].start, str_from(hostile_forms[h->i].again));
		h->i++;
		return true;
	}
	return h->rule < catalog_rules(h->catalog) && hostile_of_rule(h);
}

static inline void hostile_release(struct hostile *h)
{
	buf_release(&h->text);
	arena_release(&h->arena);
}

#endif
