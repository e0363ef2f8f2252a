/* SPDX-License-Identifier: Apache-2.0 */
/* engine - see engine.h */
#include <stdlib.h>

#include "classify/engine.h"
#include "classify/form.h"
#include "lib/base/check.h"
#include "lib/codec/regex.h"

enum { N_SCOPES = 3 };

/* Numbers of the rules that may fit one who speaks, in order. */
struct candidates {
	size_t *rules;
	size_t n;
};

struct engine {
	const struct catalog *catalog;
	struct regex **regexes; /* by rule; NULL: it has none */
	struct candidates by_scope[N_SCOPES];
};

/* SCOPE_OWN, SCOPE_REPLY, SCOPE_GREETING are bits. */
static size_t scope_index(enum scope scope)
{
	return scope == SCOPE_OWN ? 0 : scope == SCOPE_REPLY ? 1 : 2;
}

static int compile(struct engine *e, size_t i, struct err *err)
{
	const struct rule *r = catalog_rule(e->catalog, i);

	if (r->regex.n == 0)
		return 0;
	e->regexes[i] = regex_new(r->regex, true, err);
	return e->regexes[i] != NULL ? 0 : err_prefix(err, "%s:%d", r->file, r->line);
}

static void add_candidate(struct engine *e, size_t i)
{
	static const enum scope scopes[N_SCOPES] = {SCOPE_OWN, SCOPE_REPLY, SCOPE_GREETING};

	for (size_t k = 0; k < N_SCOPES; k++) {
		struct candidates *c = &e->by_scope[scope_index(scopes[k])];
		if (catalog_rule(e->catalog, i)->scopes & (unsigned)scopes[k])
			c->rules[c->n++] = i;
	}
}

struct engine *engine_new(const struct catalog *c, struct err *err)
{
	struct engine *e = xcalloc(1, sizeof(*e));
	size_t n = catalog_rules(c);

	e->catalog = c;
	e->regexes = xcalloc(n + 1, sizeof(*e->regexes));
	for (size_t k = 0; k < N_SCOPES; k++)
		e->by_scope[k].rules = xcalloc(n + 1, sizeof(size_t));
	for (size_t i = 0; i < n; i++) {
		if (compile(e, i, err) < 0) {
			engine_free(e);
			return NULL;
		}
		add_candidate(e, i);
	}
	return e;
}

void engine_free(struct engine *e)
{
	if (e == NULL)
		return;
	for (size_t i = 0; i < catalog_rules(e->catalog); i++)
		regex_free(e->regexes[i]);
	for (size_t k = 0; k < N_SCOPES; k++)
		free(e->by_scope[k].rules);
	free(e->regexes);
	free(e);
}

/* Bytes beyond ASCII are no part of a word: languages without spaces would have none that could be found. */
static bool in_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
}

static bool stands_alone(struct str text, size_t at, struct str word, unsigned open)
{
	size_t end = at + word.n;

	if (!(open & LITERAL_LEFT) && at > 0 && in_word(word.p[0]) && in_word(text.p[at - 1]))
		return false;
	return (open & LITERAL_RIGHT) || end == text.n || !in_word(word.p[word.n - 1]) || !in_word(text.p[end]);
}

static bool has_word(struct str text, struct str word, unsigned open)
{
	for (size_t from = 0;;) {
		ssize_t at = str_find(str_skip(text, from), word);
		if (at < 0)
			return false;
		if (stands_alone(text, from + (size_t)at, word, open))
			return true;
		from += (size_t)at + 1;
	}
}

static bool has_one(const struct literal_list *l, struct str text)
{
	for (size_t i = 0; i < l->n; i++)
		if (has_word(text, l->items[i], l->open[i]))
			return true;
	return false;
}

static bool code_fits(const struct str_list *l, const char *code)
{
	struct str s = str_from(code);

	for (size_t i = 0; i < l->n; i++) {
		struct str want = l->items[i];
		if (str_ends(want, STR("*")) ? str_starts(s, str_head(want, want.n - 1)) : str_eq(s, want))
			return true;
	}
	return false;
}

static bool frame_fits(const struct rule *r, const struct reply *reply)
{
	char frame[16];

	reply_rule_frame(reply, frame);
	return code_fits(&r->frame, frame);
}

static bool provider_fits(struct str want, const struct provider *p)
{
	return p != NULL && (str_eq(want, p->name) || str_eq(want, p->speaks));
}

static int ip_version(struct str ip)
{
	return str_chr(ip, ':') >= 0 ? 6 : ip.n > 0 && str_chr(ip, '/') < 0 ? 4 : 0;
}

static bool source_fits(const struct rule *r, const struct question *q)
{
	if (!form_speaks(r->mta, q->mta))
		return false;
	if (r->phase != PHASE_NONE && r->phase != q->reply->phase)
		return false;
	if (r->service.n > 0 && !str_eq(r->service, q->service))
		return false;
	if (r->provider.n > 0 && !provider_fits(r->provider, q->provider))
		return false;
	if (r->code >= 0 && r->code != q->reply->code)
		return false;
	if (r->enhanced.n > 0 && !code_fits(&r->enhanced, q->code))
		return false;
	if (r->frame.n > 0 && !frame_fits(r, q->reply))
		return false;
	return r->ip_version == 0 || r->ip_version == ip_version(q->reply->ip);
}

static bool words_fit(const struct rule *r, struct str text)
{
	if (!str_starts(text, r->starts))
		return false;
	struct str rest = str_skip(text, r->starts.n);
	return (r->contains.n == 0 || has_one(&r->contains, rest)) && !has_one(&r->negative, rest);
}

bool engine_fits(const struct engine *e, size_t i, const struct question *q)
{
	const struct rule *r = catalog_rule(e->catalog, i);

	if (!(r->scopes & (unsigned)q->reply->scope) || !source_fits(r, q) || !words_fit(r, q->normalised))
		return false;
	return e->regexes[i] == NULL || regex_match(e->regexes[i], q->normalised, NULL, 0) == 1;
}

const struct rule *engine_find(const struct engine *e, const struct question *q, size_t *ret_tried)
{
	const struct candidates *c = &e->by_scope[scope_index(q->reply->scope)];
	size_t k = 0;

	while (!engine_fits(e, c->rules[k], q))
		CHECK(++k < c->n);
	if (ret_tried != NULL)
		*ret_tried = k + 1;
	return catalog_rule(e->catalog, c->rules[k]);
}
