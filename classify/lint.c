/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lint - catalog_lint: what is wrong with rules though each may say what its samples want (catalog.h)
 */
#include <stdlib.h>
#include <string.h>

#include "classify/condition.h"
#include "classify/pattern.h"
#include "classify/samples.h"
#include "classify/word.h"
#include "lib/base/check.h"
#include "lib/base/table.h"
#include "lib/codec/regex.h"

enum { WORD_MIN = 3, HARD_TEXT = 8192, STEPS_MAX = 40000 };

struct linter {
	const struct catalog *catalog;
	struct buf *report;
	struct arena arena;
	int faults;
};

static void fault(struct linter *l, const struct rule *r, const char *what, struct str subject)
{
	buf_fmt(l->report, "%s:%d: rule \"%.*s\": %s%s%.*s%s\n", r->file, r->line, STR_FMT(r->id), what,
	        subject.n > 0 ? " \"" : "", STR_FMT(subject), subject.n > 0 ? "\"" : "");
	l->faults++;
}

static void fault_with(struct linter *l, const struct rule *r, const char *what, const struct rule *other)
{
	buf_fmt(l->report, "%s:%d: rule \"%.*s\": %s rule \"%.*s\" (%s:%d)\n", r->file, r->line, STR_FMT(r->id), what,
	        STR_FMT(other->id), other->file, other->line);
	l->faults++;
}

static void check_word(struct linter *l, const struct rule *r, struct str word)
{
	size_t n = 0;
	bool capital = false;

	for (size_t i = 0; i < word.n; i++) {
		char c = word.p[i];
		capital |= c >= 'A' && c <= 'Z';
		n += (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c & 0x80);
	}
	if (capital)
		fault(l, r, "texts have no capital letters, so this is never found:", word);
	if (n < WORD_MIN && word.n <= WORD_MIN)
		fault(l, r, "a word of fewer than three letters or digits:", word);
}

static void check_words(struct linter *l, const struct rule *r)
{
	for (size_t i = 0; i < r->contains.n; i++)
		check_word(l, r, r->contains.items[i]);
	for (size_t i = 0; i < r->also.n; i++)
		check_word(l, r, r->also.items[i]);
	for (size_t i = 0; i < r->negative.n; i++)
		check_word(l, r, r->negative.items[i]);
	if (r->starts.n > 0)
		check_word(l, r, r->starts);
}

/* How the pattern fares with a text of that piece over and over. */
static int64_t steps_with(const struct rule *r, struct str piece)
{
	struct buf text = BUF_INIT;

	buf_str(&text, r->starts);
	while (text.n < HARD_TEXT)
		buf_str(&text, piece);
	int64_t steps = regex_steps(r->regex, str_head(buf_view(&text), ENGINE_TEXT_MAX), STEPS_MAX);
	buf_release(&text);
	return steps;
}

/* Pieces of the pattern itself get it furthest: each alone, with a blank behind it, all one after the other. */
static bool is_slow(const struct rule *r, struct pattern_needs pieces)
{
	struct buf all = BUF_INIT;
	bool slow = steps_with(r, STR("a")) >= STEPS_MAX || steps_with(r, STR("1")) >= STEPS_MAX ||
	            steps_with(r, STR(" ")) >= STEPS_MAX || steps_with(r, STR("a ")) >= STEPS_MAX;

	for (size_t i = 0; i < pieces.n && !slow; i++) {
		struct buf spaced = BUF_INIT;
		buf_fmt(&spaced, "%.*s ", STR_FMT(pieces.items[i]));
		buf_str(&all, buf_view(&spaced));
		slow = steps_with(r, pieces.items[i]) >= STEPS_MAX || steps_with(r, buf_view(&spaced)) >= STEPS_MAX;
		buf_release(&spaced);
	}
	if (all.n > 0 && !slow)
		slow = steps_with(r, buf_view(&all)) >= STEPS_MAX;
	buf_release(&all);
	return slow;
}

/* What has the structure to run away was refused when it was read. */
static void check_pattern(struct linter *l, const struct rule *r)
{
	const struct pattern *p = r->regex.n > 0 ? pattern_read(r->regex, &l->arena, NULL) : NULL;

	if (p == NULL)
		return;
	if (r->contains.n == 0 && pattern_is_words(p, &l->arena))
		fault(l, r, "plain words stand in contains, not in regex:", r->regex);
	if (is_slow(r, pattern_literals(p, &l->arena)))
		fault(l, r, "the pattern could run away: a text of its own pieces takes it too many steps:", r->regex);
}

/* Is a found wherever b stands? Beyond b's ends is what b lets be there. */
static bool word_in(struct str a, unsigned a_open, struct str b, unsigned b_open)
{
	for (size_t at = 0; at + a.n <= b.n; at++) {
		ssize_t next = str_find(str_skip(b, at), a);
		if (next < 0)
			return false;
		at += (size_t)next;
		unsigned sides = word_stands_alone(b, at, a.n) | a_open;
		if (at == 0 && (b_open & LITERAL_LEFT) && !(a_open & LITERAL_LEFT) && word_has(a.p[0]))
			sides &= ~(unsigned)LITERAL_LEFT;
		if (at + a.n == b.n && (b_open & LITERAL_RIGHT) && !(a_open & LITERAL_RIGHT) && word_has(a.p[a.n - 1]))
			sides &= ~(unsigned)LITERAL_RIGHT;
		if (sides == LITERAL_BOTH)
			return true;
	}
	return false;
}

static bool one_in(const struct literal_list *list, struct str word, unsigned open)
{
	for (size_t i = 0; i < list->n; i++)
		if (word_in(list->items[i], list->open[i], word, open))
			return true;
	return false;
}

static bool each_brings_one(const struct literal_list *a, const struct literal_list *b)
{
	for (size_t i = 0; i < b->n; i++)
		if (!one_in(a, b->items[i], b->open[i]))
			return false;
	return b->n > 0;
}

/* Do the words that b wants bring one of a's with them? */
static bool words_cover(const struct literal_list *a, const struct rule *b)
{
	return a->n == 0 || each_brings_one(a, &b->contains) || each_brings_one(a, &b->also);
}

/* Whatever fits b fits a, as far as can be told without thinking about patterns. */
static bool covers(const struct rule *a, const struct rule *b)
{
	if (!condition_covers(a, b) || !str_starts(b->starts, a->starts))
		return false;
	if (!words_cover(&a->contains, b) || !words_cover(&a->also, b))
		return false;
	for (size_t i = 0; i < a->negative.n; i++) /* they count behind starts only */
		if (a->starts.n != b->starts.n || !one_in(&b->negative, a->negative.items[i], a->negative.open[i]))
			return false;
	return a->regex.n == 0 || str_eq(a->regex, b->regex);
}

static void check_shadows(struct linter *l, size_t i)
{
	const struct rule *r = catalog_rule(l->catalog, i);

	for (size_t k = 0; k < i; k++) {
		if (!covers(catalog_rule(l->catalog, k), r))
			continue;
		fault_with(l, r, "shadowed: all that fits it fits the earlier", catalog_rule(l->catalog, k));
		return;
	}
}

/* Which rules decide at least one sample, be it another rule's? */
static void check_hits(struct linter *l)
{
	struct engine *e = engine_new(l->catalog, true, NULL);
	size_t n = catalog_rules(l->catalog);
	bool *hit = xcalloc(n, sizeof(*hit));
	struct asked a = {.normalised = BUF_INIT};

	CHECK(e != NULL); /* its patterns were compiled when it was loaded */
	for (size_t i = 0; i < n; i++) {
		const struct rule *r = catalog_rule(l->catalog, i);
		for (size_t k = 0; k < r->samples.n; k++) {
			sample_ask(&a, r, r->samples.items[k]);
			hit[engine_find(e, &a.q, NULL) - catalog_rule(l->catalog, 0)] = true;
		}
	}
	for (size_t i = 0; i < n; i++)
		if (!hit[i])
			fault(l, catalog_rule(l->catalog, i), "no sample is decided by it", STR_NONE);
	buf_release(&a.normalised);
	engine_free(e);
	free(hit);
}

/* A sample belongs to one rule, unless another provider, MTA or service is what tells them apart. */
static void check_twins(struct linter *l)
{
	struct table seen;

	table_init(&seen, 0);
	for (size_t i = 0; i < catalog_rules(l->catalog); i++) {
		const struct rule *r = catalog_rule(l->catalog, i);
		for (size_t k = 0; k < r->samples.n; k++) {
			struct str key = arena_fmt(&l->arena, "%d|%.*s|%.*s|%.*s", (int)r->mta, STR_FMT(r->provider),
			                           STR_FMT(r->service), STR_FMT(r->samples.items[k]));
			const struct rule *other = table_get(&seen, key);
			if (other != NULL)
				fault_with(l, r, other == r ? "a sample stands twice in" : "a sample is one of", other);
			table_put(&seen, key, (void *)r);
		}
	}
	table_release(&seen);
}

int catalog_lint(const struct catalog *c, struct buf *report)
{
	struct linter l = {.catalog = c, .report = report, .arena = ARENA_INIT};

	for (size_t i = 0; i < catalog_rules(c); i++) {
		check_words(&l, catalog_rule(c, i));
		check_pattern(&l, catalog_rule(c, i));
		check_shadows(&l, i);
		arena_reset(&l.arena);
	}
	check_hits(&l);
	check_twins(&l);
	arena_release(&l.arena);
	return l.faults == 0 ? 0 : -1;
}
