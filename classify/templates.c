/* SPDX-License-Identifier: Apache-2.0 */
/* templates - see templates.h */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "classify/templates.h"
#include "lib/base/check.h"
#include "lib/base/hash.h"
#include "lib/base/table.h"
#include "lib/base/text.h"

enum { QUOTED_MAX = 200, HEX_MIN = 8, RANDOM_MIN = 12, RANDOM_CONSONANTS = 6, LETTERS_MAX = 40 };

struct templates {
	struct template *items;
	size_t n, max;
	struct table by_key;
	struct heap by_count; /* the one to make room first */
	int64_t taken, forgotten;
	struct buf normalised, key;
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_ascii(char c)
{
	return (unsigned char)c < 128;
}

/* Length of a quotation at the start, quotes included; 0: none, an apostrophe for one. */
static size_t quotation(struct str s)
{
	char open = s.p[0], close = open == '`' ? '\'' : open;

	if (open != '"' && open != '\'' && open != '`')
		return 0;
	for (size_t i = 2; i < s.n && i < QUOTED_MAX; i++)
		if (s.p[i] == close && (i + 1 == s.n || !(is_letter(s.p[i + 1]) || is_digit(s.p[i + 1]))))
			return i + 1;
	return 0;
}

/* Up to a blank, a quotation as a whole. Scripts that need no blanks are parted from the ASCII that stands in them. */
static size_t piece_length(struct str s)
{
	size_t from = s.n > 2 && (s.p[0] == '(' || s.p[0] == '[') ? 1 : 0, n = quotation(str_skip(s, from));

	if (n > 0)
		n += from;
	else if (s.p[0] == '<')
		n = (size_t)(str_chr(s, '>') + 1);
	bool ascii = n > 0 || is_ascii(s.p[0]);
	while (n < s.n && s.p[n] != ' ' && is_ascii(s.p[n]) == ascii)
		n++;
	return n;
}

static struct str without_punctuation(struct str w)
{
	static const struct str marks = STR("()[]{},.;:!?'\"");

	while (w.n > 0 && str_chr(marks, w.p[0]) >= 0)
		w = str_skip(w, 1);
	while (w.n > 0 && str_chr(marks, w.p[w.n - 1]) >= 0)
		w.n--;
	return w;
}

/* What reply_normalise leaves of hosts and addresses. */
static bool is_named(struct str w)
{
	static const struct str names[] = {{"host", 4}, {"ip", 2}, {"host.name", 9}};

	if (str_starts(w, STR("<>")))
		return true;
	w = without_punctuation(w);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (str_eq(w, names[i]))
			return true;
	return false;
}

static bool is_date_word(struct str w)
{
	static const char days[] = "mon tue wed thu fri sat sun jan feb mar apr may jun jul aug sep oct nov dec ";

	w = without_punctuation(w);
	return w.n == 3 && is_letter(w.p[0]) && str_find(str_from(days), w) >= 0;
}

/* "mon" before "24" or before "nov", "nov" behind "24": part of a date; "may" in a sentence is none. */
static bool is_in_date(struct str w, struct str rest, enum piece before)
{
	if (!is_date_word(w))
		return false;
	if (before == PIECE_NUMBER || before == PIECE_TIME || (rest.n > 0 && is_digit(rest.p[0])))
		return true;
	ssize_t end = str_chr(rest, ' ');
	return is_date_word(end < 0 ? rest : str_head(rest, (size_t)end));
}

/* Ids without a digit: hexadecimal, or letters in an order that no word has. */
static bool is_random(struct str w)
{
	size_t hex = 0, letters = 0, consonants = 0, most = 0;

	for (size_t i = 0; i < w.n; i++) {
		bool letter = is_letter(w.p[i]);
		bool vowel = str_chr(STR("aeiouy"), w.p[i]) >= 0;
		letters += letter;
		hex += letter && w.p[i] <= 'f';
		consonants = letter && !vowel ? consonants + 1 : 0;
		most = consonants > most ? consonants : most;
	}
	if (letters != w.n)
		return letters >= RANDOM_MIN && (str_chr(w, '+') >= 0 || str_ends(w, STR("=")));
	return (w.n >= HEX_MIN && hex == w.n) || (w.n >= RANDOM_MIN && most >= RANDOM_CONSONANTS) || w.n >= LETTERS_MAX;
}

static bool is_time(struct str w)
{
	ssize_t colon = str_chr(w, ':');

	return colon > 0 && colon + 2 < (ssize_t)w.n && is_digit(w.p[colon - 1]) && is_digit(w.p[colon + 1]) &&
	       is_digit(w.p[colon + 2]);
}

static enum piece kind_of(struct str w, struct str rest, enum piece before)
{
	size_t digits = 0, letters = 0;

	if (is_named(w))
		return PIECE_NAMED;
	if (quotation(str_skip(w, w.p[0] == '(' || w.p[0] == '[')) > 0)
		return PIECE_QUOTED;
	if (is_in_date(w, rest, before))
		return PIECE_NUMBER;
	struct str core = without_punctuation(w);
	for (size_t i = 0; i < core.n; i++) {
		digits += is_digit(core.p[i]);
		letters += is_letter(core.p[i]);
	}
	if (digits > 0)
		return letters > 0 ? PIECE_ID : is_time(core) ? PIECE_TIME : PIECE_NUMBER;
	ssize_t equals = str_chr(core, '=');
	return (equals > 0 && equals + 1 < (ssize_t)core.n) || is_random(core) ? PIECE_ID : PIECE_FIXED;
}

enum piece template_piece(struct str *s, enum piece before, struct str *ret)
{
	struct str w = str_head(*s, piece_length(*s));

	*s = str_skip(*s, w.n);
	while (s->n > 0 && s->p[0] == ' ')
		*s = str_skip(*s, 1);
	*ret = w;
	return kind_of(w, *s, before);
}

/* Not within a character. */
static void cut_text(struct buf *out, size_t n)
{
	if (out->n <= n)
		return;
	while (n > 0 && ((unsigned char)out->p[n] & 0xc0) == 0x80)
		n--;
	out->n = n;
}

/* Appends it to the first byte of a key. Pieces that vary and stand side by side are one. */
static void put_template(struct str normalised, struct buf *out)
{
	static const char *const placeholders[] = {
	    [PIECE_QUOTED] = "{quoted}", [PIECE_NUMBER] = "{n}", [PIECE_ID] = "{id}", [PIECE_TIME] = "{time}"};
	enum piece before = PIECE_FIXED;
	size_t last = out->n;

	while (normalised.n > 0 && out->n <= TEMPLATE_BYTES) {
		struct str w;
		enum piece kind = template_piece(&normalised, before, &w);
		if (kind >= PIECE_NUMBER && before >= PIECE_NUMBER) {
			kind = kind > before ? kind : before;
			out->n = last;
		}
		last = out->n;
		if (kind <= PIECE_NAMED)
			buf_str(out, w);
		else
			buf_fmt(out, "%s", placeholders[kind]);
		if (normalised.n > 0 && normalised.p > w.p + w.n)
			buf_chr(out, ' ');
		before = kind;
	}
	cut_text(out, TEMPLATE_BYTES + 1);
	while (out->n > 1 && out->p[out->n - 1] == ' ')
		out->n--;
}

static int by_count(const struct heap_node *a, const struct heap_node *b)
{
	const struct template *x = (const struct template *)a, *y = (const struct template *)b;

	if (x->count != y->count)
		return x->count < y->count ? -1 : 1;
	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

_Static_assert(offsetof(struct template, node) == 0, "a node is its template");

struct templates *templates_new(size_t max)
{
	struct templates *t = xcalloc(1, sizeof(*t));

	t->items = xcalloc(max, sizeof(*t->items));
	t->max = max;
	table_init(&t->by_key, 0);
	heap_init(&t->by_count, by_count);
	return t;
}

void templates_free(struct templates *t)
{
	if (t == NULL)
		return;
	table_release(&t->by_key);
	heap_release(&t->by_count);
	buf_release(&t->normalised);
	buf_release(&t->key);
	free(t->items);
	free(t);
}

static struct str keep(char *to, size_t max, struct str s)
{
	struct str cut = str_head(s, max);

	memcpy(to, cut.p, cut.n);
	return str_of(to, cut.n);
}

/* A free place, or that of the template with the lowest count, whose count goes with it. */
static struct template *make_room(struct templates *t)
{
	if (t->n < t->max)
		return &t->items[t->n++];
	struct template *e = (struct template *)heap_top(&t->by_count);
	struct str key = str_of(e->key_bytes, e->text.n + 1);
	heap_remove(&t->by_count, &e->node);
	table_remove(&t->by_key, key);
	int64_t count = e->count;
	*e = (struct template){.count = count, .count_over = count};
	t->forgotten++;
	return e;
}

static struct template *add_template(struct templates *t, struct str key, const struct reply *reply,
                                     const struct delivery *d)
{
	struct template *e = make_room(t);

	e->seq = t->taken;
	e->scope = reply->scope;
	e->mta = (enum mta)d->mta;
	e->tier = (enum tier)d->tier;
	e->class = (enum class)d->class;
	e->rule = keep(e->rule_bytes, sizeof(e->rule_bytes), d->rule);
	e->example = keep(e->example_bytes, sizeof(e->example_bytes), d->text);
	key = keep(e->key_bytes, sizeof(e->key_bytes), key);
	e->text = str_skip(key, 1);
	table_put(&t->by_key, key, e);
	heap_insert(&t->by_count, &e->node);
	return e;
}

static void add_code(struct template *e, const struct reply *reply)
{
	char code[TEMPLATE_CODE_BYTES] = "";
	char number[8] = "";

	if (reply->code >= 0)
		snprintf(number, sizeof(number), "%d", (int)reply->code);
	snprintf(code, sizeof(code), "%s%s%.*s", number, *number && reply->enhanced.n > 0 ? " " : "",
	         STR_FMT(str_head(reply->enhanced, 12)));
	if (!*code)
		return;
	for (size_t i = 0; i < e->n_codes; i++)
		if (strcmp(e->codes[i], code) == 0)
			return;
	if (e->n_codes < TEMPLATE_CODES)
		memcpy(e->codes[e->n_codes++], code, sizeof(code));
	else
		e->more_codes = true;
}

static void add_destination(struct template *e, const struct delivery *d)
{
	uint64_t hash = hash64(d->destination.n > 0 ? d->destination : d->group, 0);

	for (size_t i = 0; i < e->destinations; i++)
		if (e->destination_hashes[i] == hash)
			return;
	if (e->destinations < TEMPLATE_DESTINATIONS)
		e->destination_hashes[e->destinations++] = hash;
}

static bool is_unknown(const struct delivery *d)
{
	return d->class == CLASS_other || (d->class != CLASS_none && (d->tier == TIER_CODE || d->tier == TIER_GUESS));
}

bool templates_add(struct templates *t, const struct delivery *d)
{
	struct reply reply;

	if (!is_unknown(d))
		return false;
	reply_read((enum mta)d->mta, d->text, &reply);
	reply_normalise(&reply, &t->normalised);
	buf_clear(&t->key);
	buf_chr(&t->key, (char)('0' + (int)reply.scope));
	put_template(buf_view(&t->normalised), &t->key);
	struct str key = buf_view(&t->key);
	struct template *e = table_get(&t->by_key, key);
	if (e == NULL)
		e = add_template(t, key, &reply, d);
	e->count++;
	e->mtas |= (uint32_t)1 << d->mta;
	add_code(e, &reply);
	add_destination(e, d);
	heap_moved(&t->by_count, &e->node);
	t->taken++;
	return true;
}

static int by_weight(const void *a, const void *b)
{
	const struct template *x = *(const struct template *const *)a, *y = *(const struct template *const *)b;

	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	int order = str_cmp(x->text, y->text);
	return order != 0 ? order : (int)x->scope - (int)y->scope;
}

const struct template **templates_list(const struct templates *t, size_t n, struct arena *a, size_t *ret_n)
{
	const struct template **list = arena_alloc(a, (t->n + 1) * sizeof(*list));

	for (size_t i = 0; i < t->n; i++)
		list[i] = &t->items[i];
	if (t->n > 1)
		qsort(list, t->n, sizeof(*list), by_weight);
	*ret_n = t->n < n ? t->n : n;
	return list;
}

int64_t templates_taken(const struct templates *t)
{
	return t->taken;
}

int64_t templates_forgotten(const struct templates *t)
{
	return t->forgotten;
}
