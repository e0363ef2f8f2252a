/* SPDX-License-Identifier: Apache-2.0 */
/* pattern - see pattern.h */
#include <string.h>

#include "classify/pattern.h"
#include "lib/base/check.h"

enum { DEPTH_MAX = 20, SET_MAX = 24, WORD_MAX = 80, FEW = 4, OFTEN = 8, ENDLESS = 1 << 16 };

enum kind { KIND_BYTE, KIND_ASSERT, KIND_LOOK, KIND_CAT, KIND_ALT, KIND_REPEAT };

/* Bytes, as bits. */
struct bytes {
	uint64_t bits[4];
};

struct pattern {
	enum kind kind;
	struct bytes set;       /* BYTE */
	struct pattern **parts; /* CAT, ALT; of REPEAT and LOOK the first */
	size_t n;
	int least, most; /* REPEAT */
	char assertion;  /* ASSERT: '^', '$', 'b' */
};

struct reader {
	struct str rest;
	struct arena *a;
	int depth;
	struct err *err;
};

static void set_add(struct bytes *s, unsigned c)
{
	s->bits[c / 64] |= UINT64_C(1) << c % 64;
}

static bool set_has(const struct bytes *s, unsigned c)
{
	return (s->bits[c / 64] >> c % 64 & 1) != 0;
}

/* Patterns are caseless, and texts have no capital letters. */
static void set_add_char(struct bytes *s, unsigned char c)
{
	set_add(s, c >= 'A' && c <= 'Z' ? c | 0x20u : c);
}

static void set_invert(struct bytes *s)
{
	for (int i = 0; i < 4; i++)
		s->bits[i] = ~s->bits[i];
	for (unsigned c = 'A'; c <= 'Z'; c++)
		s->bits[c / 64] &= ~(UINT64_C(1) << c % 64);
}

static size_t set_count(const struct bytes *s)
{
	size_t n = 0;

	for (int i = 0; i < 4; i++)
		n += (size_t)__builtin_popcountll(s->bits[i]);
	return n;
}

static bool sets_meet(const struct bytes *a, const struct bytes *b)
{
	for (int i = 0; i < 4; i++)
		if (a->bits[i] & b->bits[i])
			return true;
	return false;
}

static void set_unite(struct bytes *a, const struct bytes *b)
{
	for (int i = 0; i < 4; i++)
		a->bits[i] |= b->bits[i];
}

static bool is_in_class(char class, unsigned c)
{
	bool digit = c >= '0' && c <= '9', letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

	switch (class | 0x20) {
	case 'd':
		return digit;
	case 'w':
		return digit || letter || c == '_';
	case 's':
		return c == ' ' || (c >= '\t' && c <= '\r');
	default:
		return c == ' ' || c == '\t' || c == 0xa0;
	}
}

static struct pattern *node(struct reader *r, enum kind kind)
{
	struct pattern *p = arena_zalloc(r->a, sizeof(*p));

	p->kind = kind;
	return p;
}

static void *refuse(struct reader *r, const char *what)
{
	err_set(r->err, ERR_CONFIG, "a pattern may not use %s, at \"%.*s\"", what, STR_FMT(str_head(r->rest, 40)));
	return NULL;
}

/* Behind a backslash, within a class or not; c is not 0. False: no escape for a set of bytes. */
static bool read_escape(struct reader *r, struct bytes *ret)
{
	char c = r->rest.p[0];

	if (strchr("dwshDWSH", c) != NULL) {
		for (unsigned i = 0; i < 256; i++)
			if (is_in_class(c, i) == (c >= 'a'))
				set_add_char(ret, (unsigned char)i);
	} else if (c == 't') {
		set_add(ret, '\t');
	} else if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) {
		return false;
	} else {
		set_add(ret, (unsigned char)c);
	}
	r->rest = str_skip(r->rest, 1);
	return true;
}

static bool read_range(struct reader *r, struct bytes *set)
{
	unsigned char from = (unsigned char)r->rest.p[0], to = from;

	r->rest = str_skip(r->rest, 1);
	if (r->rest.n > 1 && r->rest.p[0] == '-' && r->rest.p[1] != ']') {
		to = (unsigned char)r->rest.p[1];
		if (to == '\\')
			return false;
		r->rest = str_skip(r->rest, 2);
	}
	for (unsigned c = from; c <= to; c++)
		set_add_char(set, (unsigned char)c);
	return true;
}

/* Behind the bracket. */
static struct pattern *read_class(struct reader *r)
{
	struct pattern *p = node(r, KIND_BYTE);
	bool inverted = str_eat(&r->rest, STR("^")), first = true;

	for (; r->rest.n > 0 && (first || r->rest.p[0] != ']'); first = false) {
		if (str_starts(r->rest, STR("[:")))
			return refuse(r, "a named class");
		if (str_eat(&r->rest, STR("\\"))) {
			if (r->rest.n == 0 || !read_escape(r, &p->set))
				return refuse(r, "such an escape in a class");
		} else if (!read_range(r, &p->set)) {
			return refuse(r, "such a range");
		}
	}
	r->rest = str_skip(r->rest, 1);
	if (inverted)
		set_invert(&p->set);
	return p;
}

static struct pattern *read_alternatives(struct reader *r);

/* Behind the parenthesis. */
static struct pattern *read_group(struct reader *r)
{
	bool look = str_eat(&r->rest, STR("?=")) || str_eat(&r->rest, STR("?!"));

	if (!look && !str_eat(&r->rest, STR("?:")) && (str_starts(r->rest, STR("?")) || str_starts(r->rest, STR("*"))))
		return refuse(r, "looking behind, options or other special groups");
	if (++r->depth > DEPTH_MAX)
		return refuse(r, "groups nested that deep");
	struct pattern *p = read_alternatives(r);
	r->depth--;
	if (p == NULL || !str_eat(&r->rest, STR(")")))
		return p == NULL ? NULL : refuse(r, "an open group");
	if (!look)
		return p;
	struct pattern *l = node(r, KIND_LOOK);
	l->parts = arena_alloc(r->a, sizeof(struct pattern *));
	l->parts[0] = p;
	l->n = 1;
	return l;
}

static struct pattern *read_assertion(struct reader *r, char what)
{
	struct pattern *p = node(r, KIND_ASSERT);

	p->assertion = what;
	return p;
}

static struct pattern *read_atom(struct reader *r)
{
	char c = r->rest.p[0];

	r->rest = str_skip(r->rest, 1);
	if (c == '(')
		return read_group(r);
	if (c == '[')
		return read_class(r);
	if (c == '^' || c == '$')
		return read_assertion(r, c);
	if (c == '\\' && (str_eat(&r->rest, STR("b")) || str_eat(&r->rest, STR("B"))))
		return read_assertion(r, 'b');
	struct pattern *p = node(r, KIND_BYTE);
	if (c == '\\' && (r->rest.n == 0 || !read_escape(r, &p->set)))
		return refuse(r, "such an escape, or a reference back");
	if (c == '.') {
		set_add(&p->set, '\n');
		set_invert(&p->set);
	} else if (c != '\\') {
		set_add_char(&p->set, (unsigned char)c);
	}
	return p;
}

static bool read_number(struct reader *r, int *ret)
{
	size_t n = 0;
	int64_t value;

	while (n < r->rest.n && n < 5 && r->rest.p[n] >= '0' && r->rest.p[n] <= '9')
		n++;
	if (n == 0 || !str_i64(str_head(r->rest, n), &value))
		return false;
	*ret = (int)value;
	r->rest = str_skip(r->rest, n);
	return true;
}

/* "{2}", "{2,}", "{2,5}": else the brace is a character. */
static bool read_braces(struct reader *r, int *least, int *most)
{
	struct reader at = *r;

	if (!str_eat(&at.rest, STR("{")) || !read_number(&at, least))
		return false;
	*most = *least;
	if (str_eat(&at.rest, STR(",")) && !read_number(&at, most))
		*most = ENDLESS;
	if (!str_eat(&at.rest, STR("}")))
		return false;
	*r = at;
	return true;
}

static bool read_quantifier(struct reader *r, int *least, int *most)
{
	*least = 0;
	*most = ENDLESS;
	if (str_eat(&r->rest, STR("+")))
		*least = 1;
	else if (str_eat(&r->rest, STR("?")))
		*most = 1;
	else if (!str_eat(&r->rest, STR("*")) && !read_braces(r, least, most))
		return false;
	if (!str_eat(&r->rest, STR("?")))
		str_eat(&r->rest, STR("+"));
	return true;
}

static struct pattern *read_item(struct reader *r)
{
	struct pattern *p = read_atom(r);
	int least, most;

	if (p == NULL || !read_quantifier(r, &least, &most))
		return p;
	struct pattern *repeat = node(r, KIND_REPEAT);
	repeat->parts = arena_alloc(r->a, sizeof(struct pattern *));
	repeat->parts[0] = p;
	repeat->n = 1;
	repeat->least = least;
	repeat->most = most;
	return repeat;
}

static void add_part(struct reader *r, struct pattern *p, struct pattern *part)
{
	if ((p->n & (p->n - 1)) == 0) { /* full at each power of two */
		struct pattern **more = arena_alloc(r->a, (p->n == 0 ? 1 : 2 * p->n) * sizeof(struct pattern *));
		if (p->n > 0)
			memcpy(more, p->parts, p->n * sizeof(struct pattern *));
		p->parts = more;
	}
	p->parts[p->n++] = part;
}

static struct pattern *read_sequence(struct reader *r)
{
	struct pattern *p = node(r, KIND_CAT);

	while (r->rest.n > 0 && r->rest.p[0] != '|' && r->rest.p[0] != ')') {
		struct pattern *part = read_item(r);
		if (part == NULL)
			return NULL;
		add_part(r, p, part);
	}
	return p;
}

static struct pattern *read_alternatives(struct reader *r)
{
	struct pattern *p = node(r, KIND_ALT);

	do {
		struct pattern *part = read_sequence(r);
		if (part == NULL)
			return NULL;
		add_part(r, p, part);
	} while (str_eat(&r->rest, STR("|")));
	return p->n == 1 ? p->parts[0] : p;
}

const struct pattern *pattern_read(struct str text, struct arena *a, struct err *err)
{
	struct reader r = {text, a, 0, err};
	struct pattern *p = read_alternatives(&r);

	if (p != NULL && r.rest.n > 0)
		return refuse(&r, "a group's end without its beginning");
	return p;
}

static bool may_be_empty(const struct pattern *p)
{
	bool any = false, all = true;

	if (p->kind == KIND_BYTE)
		return false;
	if (p->kind == KIND_ASSERT || p->kind == KIND_LOOK)
		return true;
	if (p->kind == KIND_REPEAT)
		return p->least == 0 || may_be_empty(p->parts[0]);
	for (size_t i = 0; i < p->n; i++) {
		bool empty = may_be_empty(p->parts[i]);
		any |= empty;
		all &= empty;
	}
	return p->kind == KIND_ALT ? any : all;
}

/* The bytes that it may begin with. */
static struct bytes first_bytes(const struct pattern *p)
{
	struct bytes set = {{0}};

	if (p->kind == KIND_BYTE)
		return p->set;
	if (p->kind == KIND_ASSERT || p->kind == KIND_LOOK)
		return set;
	for (size_t i = 0; i < p->n; i++) {
		struct bytes part = first_bytes(p->parts[i]);
		set_unite(&set, &part);
		if (p->kind == KIND_CAT && !may_be_empty(p->parts[i]))
			break;
	}
	return set;
}

/* All bytes that it may hold. */
static struct bytes all_bytes(const struct pattern *p)
{
	struct bytes set = p->set;

	for (size_t i = 0; i < p->n && p->kind != KIND_LOOK; i++) {
		struct bytes part = all_bytes(p->parts[i]);
		set_unite(&set, &part);
	}
	return set;
}

/* Could the number of times be more than a few? */
static bool is_often(const struct pattern *p)
{
	return p->kind == KIND_REPEAT && p->most > OFTEN;
}

static bool has_often(const struct pattern *p)
{
	if (is_often(p))
		return true;
	for (size_t i = 0; i < p->n; i++)
		if (has_often(p->parts[i]))
			return true;
	return false;
}

static bool branches_overlap(const struct pattern *p)
{
	for (size_t i = 0; p->kind == KIND_ALT && i < p->n; i++) {
		struct bytes a = first_bytes(p->parts[i]);
		for (size_t k = 0; k < i; k++) {
			struct bytes b = first_bytes(p->parts[k]);
			if (sets_meet(&a, &b))
				return true;
		}
	}
	for (size_t i = 0; i < p->n; i++)
		if (branches_overlap(p->parts[i]))
			return true;
	return false;
}

/* The bytes of what is repeated at one edge of it, with nothing before it that must be there. */
static struct bytes edge_bytes(const struct pattern *p, bool end)
{
	struct bytes set = {{0}};

	if (is_often(p))
		return all_bytes(p);
	for (size_t i = 0; i < p->n && p->kind != KIND_LOOK; i++) {
		const struct pattern *part = p->parts[end ? p->n - 1 - i : i];
		struct bytes of_part = edge_bytes(part, end);
		set_unite(&set, &of_part);
		if (p->kind == KIND_CAT && !may_be_empty(part))
			break;
	}
	return set;
}

/* Two neighbours that may share out the same bytes in many ways, with nothing between them that must be there. */
static bool neighbours_share(const struct pattern *p)
{
	for (size_t i = 0; p->kind == KIND_CAT && i < p->n; i++) {
		struct bytes a = edge_bytes(p->parts[i], true);
		for (size_t k = i + 1; k < p->n; k++) {
			struct bytes b = edge_bytes(p->parts[k], false);
			if (sets_meet(&a, &b))
				return true;
			if (!may_be_empty(p->parts[k]))
				break;
		}
	}
	return false;
}

static const char *part_runs_away(const struct pattern *p)
{
	if (is_often(p)) {
		const struct pattern *body = p->parts[0];
		if (has_often(body))
			return "a quantifier within a quantifier";
		if (may_be_empty(body))
			return "a quantifier over what may be empty";
		if (branches_overlap(body))
			return "a quantifier over alternatives that begin alike";
	}
	if (neighbours_share(p))
		return "two quantifiers next to each other that take the same characters";
	for (size_t i = 0; i < p->n; i++) {
		const char *why = part_runs_away(p->parts[i]);
		if (why != NULL)
			return why;
	}
	return NULL;
}

/* Anything, any number of times. */
static bool is_anything(const struct pattern *p)
{
	return is_often(p) && p->parts[0]->kind == KIND_BYTE && set_count(&p->parts[0]->set) > 128;
}

static bool begins_with_anything(const struct pattern *p)
{
	if (is_anything(p))
		return true;
	for (size_t i = 0; i < p->n && (p->kind == KIND_CAT || p->kind == KIND_ALT || p->kind == KIND_REPEAT); i++) {
		if (begins_with_anything(p->parts[i]))
			return true;
		if (p->kind == KIND_CAT && !may_be_empty(p->parts[i]))
			return false;
		if (p->kind == KIND_CAT && p->parts[i]->kind == KIND_ASSERT && p->parts[i]->assertion == '^')
			return false;
	}
	return false;
}

/* On the way through it that has the most of them. */
static size_t count_anything(const struct pattern *p)
{
	size_t sum = is_anything(p), most = 0;

	for (size_t i = 0; i < p->n; i++) {
		size_t n = count_anything(p->parts[i]);
		sum += n;
		most = n > most ? n : most;
	}
	return p->kind == KIND_ALT ? most : sum;
}

const char *pattern_runs_away(const struct pattern *p)
{
	if (begins_with_anything(p))
		return "a beginning of anything: leave it out";
	if (count_anything(p) > 2)
		return "more than two times anything";
	return part_runs_away(p);
}

/* Some texts, in full (what a part matches is one of them) or as what is needed; n 0: not known. */
struct texts {
	struct str items[SET_MAX];
	size_t n;
};

struct finding {
	struct texts exact, needs;
};

static size_t shortest(const struct texts *t)
{
	size_t n = t->n > 0 ? SIZE_MAX : 0;

	for (size_t i = 0; i < t->n; i++)
		n = t->items[i].n < n ? t->items[i].n : n;
	return n;
}

/* The longer the better; of equals the fewer. */
static void take_better(struct texts *best, const struct texts *other)
{
	size_t a = shortest(best), b = shortest(other);

	if (b > a || (b == a && other->n < best->n))
		*best = *other;
}

static bool texts_add(struct texts *t, struct str s)
{
	for (size_t i = 0; i < t->n; i++)
		if (str_eq(t->items[i], s))
			return true;
	if (t->n == SET_MAX)
		return false;
	t->items[t->n++] = s;
	return true;
}

/* Each of a followed by each of b; false if that is too much. */
static bool texts_join(const struct texts *a, const struct texts *b, struct arena *arena, struct texts *ret)
{
	ret->n = 0;
	for (size_t i = 0; i < a->n; i++) {
		for (size_t k = 0; k < b->n; k++) {
			size_t n = a->items[i].n + b->items[k].n;
			char *p = arena_alloc(arena, n + 1);
			if (n > WORD_MAX)
				return false;
			if (a->items[i].n > 0)
				memcpy(p, a->items[i].p, a->items[i].n);
			if (b->items[k].n > 0)
				memcpy(p + a->items[i].n, b->items[k].p, b->items[k].n);
			if (!texts_add(ret, str_of(p, n)))
				return false;
		}
	}
	return true;
}

static void find(const struct pattern *p, struct arena *a, struct finding *ret);

static void find_byte(const struct pattern *p, struct arena *a, struct finding *ret)
{
	if (set_count(&p->set) > FEW)
		return;
	for (unsigned c = 0; c < 256; c++) {
		char byte = (char)c;
		if (set_has(&p->set, c))
			texts_add(&ret->exact, arena_dup(a, str_of(&byte, 1)));
	}
	ret->needs = ret->exact;
}

/* Parts known in full make one run with their neighbours; each run, and each part, is something that is needed. */
static void find_sequence(const struct pattern *p, struct arena *a, struct finding *ret)
{
	struct texts run = {{STR_NONE}, 1}, longer;
	bool whole = true;

	for (size_t i = 0; i < p->n; i++) {
		struct finding part;
		find(p->parts[i], a, &part);
		take_better(&ret->needs, &part.needs);
		if (part.exact.n > 0 && texts_join(&run, &part.exact, a, &longer)) {
			run = longer;
			continue;
		}
		whole = false;
		take_better(&ret->needs, &run);
		run = part.exact.n > 0 ? part.exact : (struct texts){{STR_NONE}, 1};
	}
	take_better(&ret->needs, &run);
	if (whole)
		ret->exact = run;
}

static void find_alternatives(const struct pattern *p, struct arena *a, struct finding *ret)
{
	bool exact = true, needs = true;

	for (size_t i = 0; i < p->n; i++) {
		struct finding part;
		find(p->parts[i], a, &part);
		exact &= part.exact.n > 0;
		needs &= shortest(&part.needs) > 0;
		for (size_t k = 0; k < part.exact.n; k++)
			exact &= texts_add(&ret->exact, part.exact.items[k]);
		for (size_t k = 0; k < part.needs.n; k++)
			needs &= texts_add(&ret->needs, part.needs.items[k]);
	}
	ret->exact.n = exact ? ret->exact.n : 0;
	ret->needs.n = needs ? ret->needs.n : 0;
}

static void find_repeat(const struct pattern *p, struct arena *a, struct finding *ret)
{
	find(p->parts[0], a, ret);
	if (p->least == 0)
		ret->needs.n = 0;
	if (p->least == 1 && p->most == 1)
		return;
	if (p->least != 0 || p->most != 1 || (ret->exact.n > 0 && !texts_add(&ret->exact, STR_NONE)))
		ret->exact.n = 0;
}

static void find(const struct pattern *p, struct arena *a, struct finding *ret)
{
	ret->exact.n = ret->needs.n = 0;
	switch (p->kind) {
	case KIND_BYTE:
		find_byte(p, a, ret);
		return;
	case KIND_ASSERT:
	case KIND_LOOK:
		texts_add(&ret->exact, STR_NONE);
		return;
	case KIND_CAT:
		find_sequence(p, a, ret);
		return;
	case KIND_ALT:
		find_alternatives(p, a, ret);
		return;
	case KIND_REPEAT:
		find_repeat(p, a, ret);
		return;
	}
}

static struct pattern_needs texts_copy(const struct texts *t, struct arena *a)
{
	struct pattern_needs list = {arena_alloc(a, (t->n + 1) * sizeof(struct str)), t->n};

	if (t->n > 0)
		memcpy(list.items, t->items, t->n * sizeof(struct str));
	return list;
}

struct pattern_needs pattern_needs(const struct pattern *p, struct arena *a)
{
	struct finding f;

	find(p, a, &f);
	if (shortest(&f.needs) == 0)
		f.needs.n = 0;
	return texts_copy(&f.needs, a);
}

/* Looking for the ends of words is what `contains` does by itself. */
static bool asserts_words_only(const struct pattern *p)
{
	if (p->kind == KIND_LOOK || (p->kind == KIND_ASSERT && p->assertion != 'b'))
		return false;
	for (size_t i = 0; i < p->n; i++)
		if (!asserts_words_only(p->parts[i]))
			return false;
	return true;
}

bool pattern_is_words(const struct pattern *p, struct arena *a)
{
	struct finding f;

	find(p, a, &f);
	return shortest(&f.exact) > 0 && asserts_words_only(p);
}

static void add_all(struct texts *to, const struct texts *from)
{
	for (size_t i = 0; i < from->n; i++)
		if (from->items[i].n > 0)
			texts_add(to, from->items[i]);
}

/* Every run of parts that are known in full, and those within the other parts. */
static void collect(const struct pattern *p, struct arena *a, struct texts *ret)
{
	struct texts run = {{STR_NONE}, 1}, longer;

	for (size_t i = 0; i < p->n; i++) {
		struct finding part;
		find(p->parts[i], a, &part);
		bool joins = p->kind == KIND_CAT && part.exact.n > 0;
		if (joins && texts_join(&run, &part.exact, a, &longer)) {
			run = longer;
			continue;
		}
		add_all(ret, &run);
		run = joins ? part.exact : (struct texts){{STR_NONE}, 1};
		if (!joins)
			add_all(ret, &part.exact);
		if (part.exact.n == 0)
			collect(p->parts[i], a, ret);
	}
	add_all(ret, &run);
}

struct pattern_needs pattern_literals(const struct pattern *p, struct arena *a)
{
	struct texts t = {{STR_NONE}, 0};

	collect(p, a, &t);
	return texts_copy(&t, a);
}
