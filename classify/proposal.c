/* SPDX-License-Identifier: Apache-2.0 */
/* proposal - see proposal.h */
#include <inttypes.h>
#include <stdlib.h>

#include "classify/form.h"
#include "classify/proposal.h"
#include "lib/base/check.h"
#include "lib/base/hash.h"

enum { WORDS_MAX = 100, LETTERS_MIN = 8, RUNS_MAX = 16 };

/* A normalised text and who says it. */
struct said {
	unsigned scopes;
	enum mta mta;
	struct str words;
	struct str id;
};

struct saids {
	struct said *items;
	size_t n, cap;
};

struct proposals {
	struct arena arena;
	struct saids samples; /* of the catalogue's rules */
	struct saids rules;   /* proposed before: the words that they ask for */
	struct buf scratch;
};

static void add_said(struct saids *s, struct said said)
{
	if (s->n == s->cap) {
		s->cap = s->cap == 0 ? 64 : 2 * s->cap;
		s->items = xrealloc(s->items, s->cap * sizeof(*s->items));
	}
	s->items[s->n++] = said;
}

static struct said said_of(struct proposals *p, enum mta mta, struct str text, struct str id)
{
	struct reply reply;

	reply_read(mta, text, &reply);
	reply_normalise(&reply, &p->scratch);
	return (struct said){reply.scope, mta, arena_dup(&p->arena, buf_view(&p->scratch)), id};
}

struct proposals *proposals_new(const struct catalog *c)
{
	struct proposals *p = xcalloc(1, sizeof(*p));

	for (size_t i = 0; i < catalog_rules(c); i++) {
		const struct rule *r = catalog_rule(c, i);
		for (size_t k = 0; k < r->samples.n; k++)
			add_said(&p->samples, said_of(p, r->mta, r->samples.items[k], r->id));
	}
	return p;
}

void proposals_free(struct proposals *p)
{
	if (p == NULL)
		return;
	free(p->samples.items);
	free(p->rules.items);
	arena_release(&p->arena);
	buf_release(&p->scratch);
	free(p);
}

struct run {
	struct str words;
	size_t letters;
};

static size_t count_letters(struct str s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += (s.p[i] >= 'a' && s.p[i] <= 'z') || (unsigned char)s.p[i] > 127;
	return n;
}

/* No longer than is needed to tell it, and no star at an end, which would be a mark. */
static struct str trim_run(struct str run)
{
	if (run.n > WORDS_MAX) {
		ssize_t blank = str_rchr(str_head(run, WORDS_MAX), ' ');
		size_t n = blank > 0 ? (size_t)blank : WORDS_MAX;
		while (n > 0 && (run.p[n] & 0xc0) == 0x80)
			n--;
		run = str_head(run, n);
	}
	while (run.n > 0 && (run.p[0] == ' ' || run.p[0] == '*'))
		run = str_skip(run, 1);
	while (run.n > 0 && (run.p[run.n - 1] == ' ' || run.p[run.n - 1] == '*'))
		run.n--;
	return run;
}

static int by_letters(const void *a, const void *b)
{
	const struct run *x = a, *y = b;

	if (x->letters != y->letters)
		return x->letters > y->letters ? -1 : 1;
	return x->words.p < y->words.p ? -1 : 1; /* both in one text */
}

/* Fixed pieces side by side, the longest run first. */
static size_t find_runs(struct str normalised, struct run ret[RUNS_MAX])
{
	struct str rest = normalised, w;
	enum piece kind = PIECE_FIXED;
	const char *from = NULL, *to = NULL;
	size_t n = 0;

	while (n < RUNS_MAX && (rest.n > 0 || from != NULL)) {
		bool ended = rest.n == 0;
		if (!ended)
			kind = template_piece(&rest, kind, &w);
		if (!ended && kind == PIECE_FIXED) {
			from = from == NULL ? w.p : from;
			to = w.p + w.n;
			continue;
		}
		if (from == NULL)
			continue;
		struct str words = trim_run(str_of(from, (size_t)(to - from)));
		ret[n++] = (struct run){words, count_letters(words)};
		from = NULL;
	}
	qsort(ret, n, sizeof(*ret), by_letters);
	return n;
}

static const struct said *find_in(const struct saids *list, unsigned scopes, struct str words)
{
	for (size_t i = 0; i < list->n; i++)
		if ((list->items[i].scopes & scopes) && str_find(list->items[i].words, words) >= 0)
			return &list->items[i];
	return NULL;
}

/* A rule proposed before whose words stand in this text, as seen from the text. */
static const struct said *find_cover(const struct proposals *p, const struct said *text)
{
	for (size_t i = 0; i < p->rules.n; i++) {
		const struct said *r = &p->rules.items[i];
		if ((r->scopes & text->scopes) && str_find(text->words, r->words) >= 0 &&
		    (r->mta == MTA_UNKNOWN || form_speaks(r->mta, text->mta)))
			return r;
	}
	return NULL;
}

static bool is_printed_as_is(const unsigned char *p, size_t n)
{
	if (p[0] < ' ' || p[0] == 127)
		return false;
	if (n >= 2 && p[0] == 0xc2 && p[1] < 0xa0)
		return false;
	if (n >= 3 && p[0] == 0xe2 && p[1] == 0x80 && (p[2] == 0xa8 || p[2] == 0xa9)) /* line separators */
		return false;
	return !(n >= 3 && p[0] == 0xef && ((p[1] == 0xbb && p[2] == 0xbf) || (p[1] == 0xbf && p[2] >= 0xbe)));
}

/* In double quotes; what YAML would not take as it is, by its number. */
static void put_yaml(struct buf *out, struct str s)
{
	buf_chr(out, '"');
	for (size_t i = 0; i < s.n; i++) {
		const unsigned char *p = (const unsigned char *)s.p + i;
		if (*p == '"' || *p == '\\') {
			buf_fmt(out, "\\%c", *p);
		} else if (is_printed_as_is(p, s.n - i)) {
			buf_chr(out, (char)*p);
		} else if (*p < 128) {
			buf_fmt(out, "\\x%02x", *p);
		} else if (*p < 0xe0) {
			buf_fmt(out, "\\u%04x", (unsigned)(p[0] & 0x1f) << 6 | (p[1] & 0x3f));
			i++;
		} else {
			buf_fmt(out, "\\u%04x",
			        (unsigned)(p[0] & 0x0f) << 12 | (unsigned)(p[1] & 0x3f) << 6 | (p[2] & 0x3f));
			i += 2;
		}
	}
	buf_chr(out, '"');
}

static const char *scope_name(enum scope scope)
{
	return scope == SCOPE_OWN ? "own" : scope == SCOPE_REPLY ? "reply" : "greeting";
}

/* The sample must be read as it was: where any MTA's eyes see something else in it, the rule is for that MTA. */
static bool needs_mta(struct proposals *p, const struct template *t, const struct said *text)
{
	const struct said any = said_of(p, MTA_UNKNOWN, t->example, STR_NONE);
	return any.scopes != text->scopes || !str_eq(any.words, text->words);
}

static void put_rule(struct proposals *p, const struct template *t, const struct said *text, struct str words,
                     struct buf *out)
{
	uint64_t hash = hash64(str_of(t->key_bytes, t->text.n + 1), 0);
	struct str id = arena_fmt(&p->arena, "unknown.%012" PRIx64, hash >> 16);
	bool mta = needs_mta(p, t, text);

	buf_fmt(out, "- id: %.*s\n  scope: %s\n  tier: text\n", STR_FMT(id), scope_name(t->scope));
	if (mta)
		buf_fmt(out, "  mta: %s\n", mta_names[t->mta]);
	buf_str(out, STR("  contains: ["));
	put_yaml(out, words);
	buf_str(out, STR("]\n  class: other # which?\n  samples:\n    - "));
	put_yaml(out, t->example);
	buf_chr(out, '\n');
	add_said(&p->rules, (struct said){text->scopes, mta ? t->mta : MTA_UNKNOWN, words, id});
}

static enum proposal no_rule(struct buf *out, const char *why, struct str id)
{
	buf_fmt(out, "# no rule: %s%.*s\n", why, STR_FMT(id));
	return id.n > 0 ? PROPOSAL_COVERED : PROPOSAL_NONE;
}

enum proposal proposal_add(struct proposals *p, const struct template *t, struct buf *out)
{
	const struct said text = said_of(p, t->mta, t->example, STR_NONE), *cover = find_cover(p, &text);
	struct run runs[RUNS_MAX];
	size_t n = find_runs(text.words, runs);

	if (cover != NULL)
		return no_rule(out, "its words are those of ", cover->id);
	for (size_t i = 0; i < n && runs[i].letters >= LETTERS_MIN; i++) {
		if (find_in(&p->samples, text.scopes, runs[i].words) != NULL)
			continue;
		put_rule(p, t, &text, runs[i].words, out);
		return PROPOSAL_RULE;
	}
	return no_rule(out, "no words in it that rules do not know already; tell it by hand, by its code for one",
	               STR_NONE);
}
