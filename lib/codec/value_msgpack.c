/* SPDX-License-Identifier: Apache-2.0 */
/*
 * value_msgpack - MessagePack read by a cursor over the bytes
 *
 * Not by msgpack-c: its unpacker allocates a zone per document and stops at 32 levels, and a second walk would be
 * needed to copy its objects. Here the bytes are copied into the arena once, strings point into that copy, and
 * nothing else is allocated.
 *
 * A count in a head is believed only as far as bytes are left for so many items: no head makes us ask for memory
 * that its document does not pay for (at most 64 bytes a byte).
 */
#include "lib/codec/value.h"

#include <string.h>

#include "lib/base/text.h"
#include "lib/codec/value_priv.h"

enum shape { NIL, FALSE, TRUE, UINT, SINT, FLOAT, TEXT, BYTES, LIST, MAP, REFUSED };

/* First bytes from 0xc0 to 0xdf: what follows, and how many bytes its number (value or count) has. */
static const struct {
	enum shape shape;
	unsigned char n_bytes;
} heads[] = {
    {NIL, 0},     {REFUSED, 0}, {FALSE, 0},   {TRUE, 0},    /* c0: c1 is never used */
    {BYTES, 1},   {BYTES, 2},   {BYTES, 4},   {REFUSED, 0}, /* c4: c7 to c9 are extensions */
    {REFUSED, 0}, {REFUSED, 0}, {FLOAT, 4},   {FLOAT, 8},   /* c8 */
    {UINT, 1},    {UINT, 2},    {UINT, 4},    {UINT, 8},    /* cc */
    {SINT, 1},    {SINT, 2},    {SINT, 4},    {SINT, 8},    /* d0 */
    {REFUSED, 0}, {REFUSED, 0}, {REFUSED, 0}, {REFUSED, 0}, /* d4: extensions of fixed size */
    {REFUSED, 0}, {TEXT, 1},    {TEXT, 2},    {TEXT, 4},    /* d8 */
    {LIST, 2},    {LIST, 4},    {MAP, 2},     {MAP, 4},     /* dc */
};

struct cursor {
	struct str rest;
	size_t size; /* of the whole document */
	struct arena *a;
	struct err *err;
};

struct head {
	enum shape shape;
	unsigned n_bytes;
	uint64_t number;
};

static int fail(const struct cursor *c, const char *why)
{
	return err_set(c->err, ERR_SKIP, "bad messagepack at byte %zu: %s", c->size - c->rest.n, why);
}

static int read_head(struct cursor *c, struct head *ret)
{
	unsigned char first;

	if (!c->rest.n)
		return fail(c, "cut short");
	first = (unsigned char)c->rest.p[0];
	*ret = (struct head){.shape = SINT, .number = first};
	if (first >= 0xe0)
		ret->number = (uint64_t)(int64_t)(signed char)first;
	else if (first >= 0xc0)
		*ret = (struct head){.shape = heads[first - 0xc0].shape, .n_bytes = heads[first - 0xc0].n_bytes};
	else if (first >= 0xa0)
		*ret = (struct head){.shape = TEXT, .number = first & 0x1f};
	else if (first >= 0x80)
		*ret = (struct head){.shape = first >= 0x90 ? LIST : MAP, .number = first & 0x0f};
	if (ret->shape == REFUSED)
		return fail(c, "a type that is not used here");
	if (c->rest.n <= ret->n_bytes)
		return fail(c, "cut short");
	for (unsigned i = 1; i <= ret->n_bytes; i++)
		ret->number = ret->number << 8 | (unsigned char)c->rest.p[i];
	c->rest = str_skip(c->rest, 1 + ret->n_bytes);
	return 0;
}

static int64_t sign_extend(const struct head *head)
{
	unsigned unused_bits = head->n_bytes ? 64 - 8 * head->n_bytes : 0;

	return (int64_t)(head->number << unused_bits) >> unused_bits;
}

static double real_of(const struct head *head)
{
	uint32_t narrow = (uint32_t)head->number;
	float single_precision;
	double r;

	if (head->n_bytes == 8) {
		memcpy(&r, &head->number, sizeof(r));
		return r;
	}
	memcpy(&single_precision, &narrow, sizeof(single_precision));
	return single_precision;
}

static int read_bytes(struct cursor *c, const struct head *head, struct val *ret)
{
	if (head->number > c->rest.n)
		return fail(c, "cut short");
	*ret = (struct val){.kind = head->shape == TEXT ? VAL_STR : VAL_BIN};
	ret->s = str_of(c->rest.p, head->number);
	if (ret->kind == VAL_STR && !text_is_utf8(ret->s))
		return fail(c, "a string is not UTF-8");
	c->rest = str_skip(c->rest, head->number);
	return 0;
}

static int read_key(struct cursor *c, struct val *ret)
{
	struct head head = {0};

	if (read_head(c, &head) < 0)
		return -1;
	if (head.shape != TEXT)
		return fail(c, "a key is no string");
	if (read_bytes(c, &head, ret) < 0)
		return -1;
	return str_chr(ret->s, '\0') < 0 ? 0 : fail(c, "NUL character in a key");
}

static int read_value(struct cursor *c, int depth, struct val *ret);

static int read_items(struct cursor *c, const struct head *head, int depth, struct val *ret)
{
	bool map = head->shape == MAP;

	if (depth == VAL_DEPTH_MAX)
		return fail(c, "nested too deep");
	if (head->number > c->rest.n / (map ? 2 : 1))
		return fail(c, "cut short");
	*ret = (struct val){.kind = map ? VAL_MAP : VAL_LIST};
	ret->n = head->number;
	ret->items = arena_alloc(c->a, ret->n * sizeof(*ret->items));
	ret->keys = map ? arena_alloc(c->a, ret->n * sizeof(*ret->keys)) : NULL;
	for (size_t i = 0; i < ret->n; i++) {
		if ((map && read_key(c, &ret->keys[i]) < 0) || read_value(c, depth + 1, &ret->items[i]) < 0)
			return -1;
	}
	return map && val_key_twice(ret->keys, ret->n, c->a) ? fail(c, "a key stands twice") : 0;
}

static int read_value(struct cursor *c, int depth, struct val *ret)
{
	struct head head = {0};

	if (read_head(c, &head) < 0)
		return -1;
	switch (head.shape) {
	case NIL:
	case REFUSED:
		*ret = val_null;
		return 0;
	case FALSE:
	case TRUE:
		*ret = (struct val){.kind = VAL_BOOL, .b = head.shape == TRUE};
		return 0;
	case UINT:
		if (head.number > INT64_MAX)
			return fail(c, "number out of range");
		*ret = (struct val){.kind = VAL_INT, .i = (int64_t)head.number};
		return 0;
	case SINT:
		*ret = (struct val){.kind = VAL_INT, .i = sign_extend(&head)};
		return 0;
	case FLOAT:
		*ret = (struct val){.kind = VAL_REAL, .r = real_of(&head)};
		return 0;
	case TEXT:
	case BYTES:
		return read_bytes(c, &head, ret);
	case LIST:
	case MAP:
		return read_items(c, &head, depth, ret);
	}
	return fail(c, "unknown type");
}

int val_from_msgpack(struct str bytes, struct arena *a, const struct val **ret, struct err *err)
{
	struct cursor c = {.rest = arena_dup(a, bytes), .size = bytes.n, .a = a, .err = err};
	struct val *v = arena_alloc(a, sizeof(*v));

	if (read_value(&c, 0, v) < 0)
		return -1;
	if (c.rest.n)
		return fail(&c, "bytes behind the document");
	*ret = v;
	return 0;
}
