/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine - see engine.h
 *
 * Words of all rules are found by one automaton. A rule is filed under its keys, of which it needs one to fit: the
 * words it contains, else its beginning, else what its pattern needs, else its codes, else its provider. Codes and
 * providers are words of a second, short text, where they stand between marks. A rule without a key is always tried. What the
 * pass over the text leaves (for each word the place where it was seen last, standing alone as the rule wants it) says
 * of most conditions on words whether they hold, so that no word is searched for twice.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "classify/automaton.h"
#include "classify/condition.h"
#include "classify/pattern.h"
#include "classify/word.h"
#include "lib/base/check.h"
#include "lib/base/table.h"
#include "lib/codec/regex.h"

enum { NEEDED_MIN = 3, OPEN_KINDS = 4 };

/* A word in one way of standing alone. */
struct literal {
	struct str word;
	unsigned open;
	uint32_t keys, n_keys; /* rules filed under it: a piece of engine.keyed */
	uint32_t next;         /* another way for the same word, number + 1 */
};

struct seen {
	uint32_t question; /* when it was seen last */
	uint32_t at;       /* where, counted in bytes; the last place of that question */
};

struct compiled {
	unsigned bits;      /* condition_bits */
	uint32_t *contains; /* literals, in the order of the rule's lists */
	uint32_t *also;
	uint32_t *negative;
	struct regex *regex; /* NULL: none */
};

struct scratch {
	uint32_t question;
	struct str text; /* that is scanned */
	bool facts;      /* it is the text of facts */
	struct seen *seen;
	uint64_t *candidates;
	struct buf facts_text;
	struct engine_stats stats;
};

struct engine {
	const struct catalog *catalog;
	size_t n, n_sets; /* rules, 64-bit words of a set of them */
	struct compiled *rules;
	struct literal *literals;
	size_t n_literals, cap_literals;
	uint32_t *by_word; /* the first literal of each of the automaton's words */
	uint32_t *keyed;
	uint64_t *always; /* rules without a key */
	struct automaton *words;
	struct arena arena;
	struct scratch *s;
};

/* While an engine is made. */
struct maker {
	struct engine *e;
	struct table words; /* of a word's literals the first, number + 1 */
	struct key {
		uint32_t literal, rule;
	} * keys;
	size_t n_keys, cap_keys;
};

static uint32_t add_literal(struct maker *m, struct str word, unsigned open)
{
	struct engine *e = m->e;
	uintptr_t first = (uintptr_t)table_get(&m->words, word);

	for (uintptr_t i = first; i != 0; i = e->literals[i - 1].next)
		if (e->literals[i - 1].open == open)
			return (uint32_t)i - 1;
	if (e->n_literals == e->cap_literals) {
		e->cap_literals = e->cap_literals == 0 ? 256 : 2 * e->cap_literals;
		e->literals = xrealloc(e->literals, e->cap_literals * sizeof(*e->literals));
	}
	e->literals[e->n_literals] = (struct literal){.word = word, .open = open, .next = (uint32_t)first};
	table_put(&m->words, word, (void *)(uintptr_t)(e->n_literals + 1)); /* no pointer: a number that is not 0 */
	return (uint32_t)e->n_literals++;
}

static uint32_t *add_literals(struct maker *m, const struct literal_list *l)
{
	uint32_t *ids = arena_alloc(&m->e->arena, (l->n + 1) * sizeof(*ids));

	for (size_t i = 0; i < l->n; i++)
		ids[i] = add_literal(m, l->items[i], l->open[i]);
	return ids;
}

static void file_under(struct maker *m, uint32_t literal, size_t rule)
{
	if (m->n_keys == m->cap_keys) {
		m->cap_keys = m->cap_keys == 0 ? 256 : 2 * m->cap_keys;
		m->keys = xrealloc(m->keys, m->cap_keys * sizeof(*m->keys));
	}
	m->keys[m->n_keys++] = (struct key){literal, (uint32_t)rule};
}

/* Anywhere, be it within a word. */
static void file_under_text(struct maker *m, struct str word, size_t rule)
{
	file_under(m, add_literal(m, word, LITERAL_BOTH), rule);
}

/* As the facts of a question are written: "\1 4.7.1 \2", "\3 451 \4", "\5 google \6", without the blanks. A text could
 * hold such bytes, too, and would only bring rules to be tried that do not fit. */
static void file_under_fact(struct maker *m, size_t rule, char before, struct str fact, const char *after)
{
	file_under_text(m, arena_fmt(&m->e->arena, "%c%.*s%s", before, STR_FMT(fact), after), rule);
}

static void file_under_codes(struct maker *m, const struct rule *r, size_t i)
{
	for (size_t k = 0; k < r->enhanced.n; k++) {
		struct str code = r->enhanced.items[k];
		bool open = str_ends(code, STR("*"));
		file_under_fact(m, i, '\1', str_head(code, code.n - open), open ? "" : "\2");
	}
}

/* False: the pattern needs nothing that is known and long enough. */
static bool file_under_needs(struct maker *m, const struct rule *r, size_t i)
{
	const struct pattern *p = r->regex.n > 0 ? pattern_read(r->regex, &m->e->arena, NULL) : NULL;
	struct pattern_needs needs = {NULL, 0};

	if (p != NULL)
		needs = pattern_needs(p, &m->e->arena);
	for (size_t k = 0; k < needs.n; k++)
		if (needs.items[k].n < NEEDED_MIN)
			return false;
	for (size_t k = 0; k < needs.n; k++)
		file_under_text(m, needs.items[k], i);
	return needs.n > 0;
}

static void file_rule(struct maker *m, size_t i)
{
	const struct rule *r = catalog_rule(m->e->catalog, i);
	char code[8];

	if (r->contains.n > 0) {
		for (size_t k = 0; k < r->contains.n; k++)
			file_under(m, m->e->rules[i].contains[k], i);
	} else if (r->starts.n > 0) {
		file_under_text(m, r->starts, i);
	} else if (file_under_needs(m, r, i)) {
		return;
	} else if (r->enhanced.n > 0) {
		file_under_codes(m, r, i);
	} else if (r->code >= 0) {
		snprintf(code, sizeof(code), "%d", (int)r->code);
		file_under_fact(m, i, '\3', str_from(code), "\4");
	} else if (r->provider.n > 0) {
		file_under_fact(m, i, '\5', r->provider, "\6");
	} else {
		m->e->always[i / 64] |= UINT64_C(1) << i % 64;
	}
}

static int compile(struct maker *m, size_t i, bool jit, struct err *err)
{
	const struct rule *r = catalog_rule(m->e->catalog, i);
	struct compiled *c = &m->e->rules[i];

	c->bits = condition_bits(r);
	c->contains = add_literals(m, &r->contains);
	c->also = add_literals(m, &r->also);
	c->negative = add_literals(m, &r->negative);
	if (r->regex.n > 0) {
		c->regex = regex_new(r->regex, jit, err);
		if (c->regex == NULL)
			return err_prefix(err, "%s:%d", r->file, r->line);
	}
	file_rule(m, i);
	return 0;
}

static int by_literal(const void *a, const void *b)
{
	const struct key *x = a, *y = b;

	return x->literal != y->literal ? (x->literal < y->literal ? -1 : 1)
	                                : (x->rule > y->rule) - (x->rule < y->rule);
}

static void keep_keys(struct maker *m)
{
	struct engine *e = m->e;

	e->keyed = xcalloc(m->n_keys + 1, sizeof(*e->keyed));
	if (m->n_keys > 1)
		qsort(m->keys, m->n_keys, sizeof(*m->keys), by_literal);
	for (size_t i = 0; i < m->n_keys; i++) {
		struct literal *l = &e->literals[m->keys[i].literal];
		if (l->n_keys++ == 0)
			l->keys = (uint32_t)i;
		e->keyed[i] = m->keys[i].rule;
	}
}

static void build_automaton(struct maker *m)
{
	struct engine *e = m->e;
	struct str *words = xcalloc(e->n_literals + 1, sizeof(*words));
	size_t n = 0;

	e->by_word = xcalloc(e->n_literals + 1, sizeof(*e->by_word));
	for (size_t i = 0; i < e->n_literals; i++) {
		if ((uintptr_t)table_get(&m->words, e->literals[i].word) != i + 1)
			continue;
		words[n] = e->literals[i].word;
		e->by_word[n++] = (uint32_t)i;
	}
	e->words = automaton_new(words, n);
	free(words);
}

static struct scratch *scratch_new(const struct engine *e)
{
	struct scratch *s = xcalloc(1, sizeof(*s));

	s->seen = xcalloc(e->n_literals + 1, sizeof(*s->seen));
	s->candidates = xcalloc(e->n_sets, sizeof(*s->candidates));
	return s;
}

struct engine *engine_new(const struct catalog *c, bool jit, struct err *err)
{
	struct engine *e = xcalloc(1, sizeof(*e));
	struct maker m = {.e = e};
	int result = 0;

	e->catalog = c;
	e->n = catalog_rules(c);
	e->n_sets = e->n / 64 + 1;
	e->rules = xcalloc(e->n + 1, sizeof(*e->rules));
	e->always = xcalloc(e->n_sets, sizeof(*e->always));
	table_init(&m.words, 0);
	for (size_t i = 0; i < e->n && result == 0; i++)
		result = compile(&m, i, jit, err);
	if (result == 0) {
		keep_keys(&m);
		build_automaton(&m);
		e->s = scratch_new(e);
	}
	free(m.keys);
	table_release(&m.words);
	if (result < 0) {
		engine_free(e);
		return NULL;
	}
	return e;
}

void engine_free(struct engine *e)
{
	if (e == NULL)
		return;
	for (size_t i = 0; i < e->n; i++)
		regex_free(e->rules[i].regex);
	if (e->s != NULL) {
		buf_release(&e->s->facts_text);
		free(e->s->seen);
		free(e->s->candidates);
		free(e->s);
	}
	automaton_free(e->words);
	arena_release(&e->arena);
	free(e->rules);
	free(e->literals);
	free(e->by_word);
	free(e->keyed);
	free(e->always);
	free(e);
}

struct engine_stats engine_stats(const struct engine *e)
{
	struct engine_stats stats = e->s->stats;

	stats.memory = automaton_bytes(e->words) + e->n_literals * (sizeof(struct literal) + sizeof(struct seen)) +
	               e->n * sizeof(struct compiled);
	return stats;
}

/* Notes where each way of the word that holds here was seen, and the rules that are filed under it. */
static void found(void *arg, size_t word, size_t end)
{
	const struct engine *e = arg;
	struct scratch *s = e->s;
	const struct literal *l = &e->literals[e->by_word[word]];
	size_t at = end - l->word.n;
	unsigned sides = word_stands_alone(s->text, at, l->word.n);

	s->stats.words_found++;
	for (;; l = &e->literals[l->next - 1]) {
		if ((sides | l->open) == LITERAL_BOTH) {
			struct seen *seen = &s->seen[l - e->literals];
			if (!s->facts)
				*seen = (struct seen){s->question, (uint32_t)at};
			for (uint32_t k = l->keys; k < l->keys + l->n_keys; k++)
				s->candidates[e->keyed[k] / 64] |= UINT64_C(1) << e->keyed[k] % 64;
		}
		if (l->next == 0)
			return;
	}
}

static void scan(const struct engine *e, struct str text, bool facts)
{
	e->s->text = text;
	e->s->facts = facts;
	e->s->stats.bytes += text.n;
	automaton_scan(e->words, text, found, (void *)e);
}

/* In decimal, without the cost of a format. */
static void put_number(struct buf *b, unsigned n)
{
	if (n >= 10)
		put_number(b, n / 10);
	buf_chr(b, (char)('0' + n % 10));
}

static void scan_facts(const struct engine *e, const struct question *q)
{
	struct buf *b = &e->s->facts_text;

	buf_clear(b);
	if (q->code[0] != '\0') {
		buf_chr(b, '\1');
		buf_str(b, str_from(q->code));
		buf_chr(b, '\2');
	}
	if (q->reply->code >= 0) {
		buf_chr(b, '\3');
		put_number(b, (unsigned)q->reply->code);
		buf_chr(b, '\4');
	}
	for (int i = 0; q->provider != NULL && i < 2; i++) {
		buf_chr(b, '\5');
		buf_str(b, i == 0 ? q->provider->name : q->provider->speaks);
		buf_chr(b, '\6');
	}
	scan(e, buf_view(b), true);
}

static struct str text_of(const struct question *q)
{
	return str_head(q->normalised, ENGINE_TEXT_MAX);
}

/* A new question: whatever was seen before counts no more. */
static void look(const struct engine *e, const struct question *q)
{
	struct scratch *s = e->s;

	if (++s->question == 0) { /* they begin anew, in a few billions */
		memset(s->seen, 0, e->n_literals * sizeof(*s->seen));
		s->question = 1;
	}
	s->stats.questions++;
	memcpy(s->candidates, e->always, e->n_sets * sizeof(*s->candidates));
	scan_facts(e, q);
	scan(e, text_of(q), false);
}

/* -1: none of them was seen, behind from; else which. */
static ssize_t first_seen(const struct engine *e, const uint32_t *literals, size_t n, size_t from)
{
	for (size_t i = 0; i < n; i++) {
		const struct seen *seen = &e->s->seen[literals[i]];
		if (seen->question == e->s->question && seen->at >= from)
			return (ssize_t)i;
	}
	return -1;
}

static bool pattern_fits(const struct engine *e, const struct compiled *c, struct str text, struct str *ret_match)
{
	if (c->regex == NULL)
		return true;
	int result = regex_match(c->regex, text, ret_match, 1);
	e->s->stats.patterns_run++;
	e->s->stats.limits_hit += result < 0;
	return result == 1;
}

/* The name of what does not hold, or NULL. Needs look. *ret_match: the word that was found, or what the pattern took. */
static const char *unmet(const struct engine *e, size_t i, const struct question *q, struct str *ret_match)
{
	const struct rule *r = catalog_rule(e->catalog, i);
	const struct compiled *c = &e->rules[i];
	const char *condition = condition_unmet(r, c->bits, q);
	struct str text = text_of(q);

	e->s->stats.rules_tried++;
	if (condition != NULL)
		return condition;
	if (!str_starts(text, r->starts))
		return "starts";
	if (r->contains.n > 0) {
		ssize_t k = first_seen(e, c->contains, r->contains.n, r->starts.n);
		if (k < 0)
			return "contains";
		*ret_match = r->contains.items[k];
	}
	if (r->also.n > 0 && first_seen(e, c->also, r->also.n, r->starts.n) < 0)
		return "also";
	if (r->negative.n > 0 && first_seen(e, c->negative, r->negative.n, r->starts.n) >= 0)
		return "negative";
	return pattern_fits(e, c, text, ret_match) ? NULL : "regex";
}

/* The lowest candidate from i on; there is one, because the last rule always fits. */
static size_t next_candidate(const struct engine *e, size_t i)
{
	size_t set = i / 64;
	uint64_t bits = e->s->candidates[set] & (UINT64_MAX << i % 64);

	while (bits == 0) {
		CHECK(++set < e->n_sets);
		bits = e->s->candidates[set];
	}
	return set * 64 + (size_t)__builtin_ctzll(bits);
}

const struct rule *engine_find(const struct engine *e, const struct question *q, size_t *ret_tried)
{
	struct str match;
	size_t i, tried = 1;

	look(e, q);
	for (i = next_candidate(e, 0); unmet(e, i, q, &match) != NULL; tried++)
		i = next_candidate(e, i + 1);
	if (ret_tried != NULL)
		*ret_tried = tried;
	return catalog_rule(e->catalog, i);
}

size_t engine_trail(const struct engine *e, const struct question *q, struct engine_try *ret, size_t most)
{
	size_t n = 0;
	bool fits = false;

	look(e, q);
	for (size_t i = next_candidate(e, 0); !fits; i++) {
		i = next_candidate(e, i);
		if (n == most)
			memmove(ret, ret + 1, --n * sizeof(*ret));
		struct engine_try *t = &ret[n++];
		*t = (struct engine_try){.rule = catalog_rule(e->catalog, i), .matched = STR_NONE};
		t->unmet = unmet(e, i, q, &t->matched);
		fits = t->unmet == NULL;
	}
	return n;
}

static bool has_word(struct str text, size_t from, struct str word, unsigned open)
{
	for (;; from++) {
		ssize_t at = str_find(str_skip(text, from), word);
		if (at < 0 || from > text.n)
			return false;
		from += (size_t)at;
		if ((word_stands_alone(text, from, word.n) | open) == LITERAL_BOTH)
			return true;
	}
}

static bool has_one(const struct literal_list *l, struct str text, size_t from)
{
	for (size_t i = 0; i < l->n; i++)
		if (has_word(text, from, l->items[i], l->open[i]))
			return true;
	return false;
}

/* What a rule means, without the automaton. */
bool engine_fits(const struct engine *e, size_t i, const struct question *q)
{
	const struct rule *r = catalog_rule(e->catalog, i);
	struct str text = text_of(q), match;

	return condition_unmet(r, e->rules[i].bits, q) == NULL && str_starts(text, r->starts) &&
	       (r->contains.n == 0 || has_one(&r->contains, text, r->starts.n)) &&
	       (r->also.n == 0 || has_one(&r->also, text, r->starts.n)) && !has_one(&r->negative, text, r->starts.n) &&
	       pattern_fits(e, &e->rules[i], text, &match);
}
