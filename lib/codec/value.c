/* SPDX-License-Identifier: Apache-2.0 */
/*
 * value - see value.h: the tree itself, and JSON by jansson
 *
 * Errors name the place and the reason, never the text: it may be a stranger's, and errors end up in logs.
 */
#include <stdlib.h>

#include <jansson.h>

#include "lib/codec/value.h"
#include "lib/codec/value_priv.h"
#include "lib/codec/writer.h"

const struct val val_null = {.kind = VAL_NULL};

const struct val *val_get(const struct val *map, const char *key)
{
	struct str k = str_from(key);

	if (map->kind != VAL_MAP)
		return &val_null;
	for (size_t i = 0; i < map->n; i++)
		if (str_eq(map->keys[i].s, k))
			return &map->items[i];
	return &val_null;
}

struct str val_str(const struct val *v)
{
	return v->kind == VAL_STR || v->kind == VAL_BIN ? v->s : STR_NONE;
}

int64_t val_i64(const struct val *v, int64_t otherwise)
{
	return v->kind == VAL_INT ? v->i : otherwise;
}

static void write_items(struct writer *w, const struct val *v)
{
	for (size_t i = 0; i < v->n; i++) {
		if (v->kind == VAL_MAP)
			writer_keyn(w, v->keys[i].s);
		val_write(w, &v->items[i]);
	}
	writer_end(w);
}

void val_write(struct writer *w, const struct val *v)
{
	switch (v->kind) {
	case VAL_NULL:
		writer_null(w);
		break;
	case VAL_BOOL:
		writer_bool(w, v->b);
		break;
	case VAL_INT:
		writer_i64(w, v->i);
		break;
	case VAL_REAL:
		writer_f64(w, v->r);
		break;
	case VAL_STR:
		writer_str(w, v->s);
		break;
	case VAL_BIN:
		writer_bin(w, v->s);
		break;
	case VAL_LIST:
		writer_list(w);
		write_items(w, v);
		break;
	case VAL_MAP:
		writer_map(w);
		write_items(w, v);
		break;
	}
}

static int compare_keys(const void *x, const void *y)
{
	return str_cmp(*(const struct str *)x, *(const struct str *)y);
}

static bool twice_sorted(const struct val *keys, size_t n, struct arena *a)
{
	struct str *sorted = arena_alloc(a, n * sizeof(*sorted));

	for (size_t i = 0; i < n; i++)
		sorted[i] = keys[i].s;
	qsort(sorted, n, sizeof(*sorted), compare_keys);
	for (size_t i = 1; i < n; i++)
		if (str_eq(sorted[i - 1], sorted[i]))
			return true;
	return false;
}

/* Small maps, which nearly all are, by comparing each with each; a large one may be a stranger's and is sorted. */
bool val_key_twice(const struct val *keys, size_t n, struct arena *a)
{
	if (n > 64)
		return twice_sorted(keys, n, a);
	for (size_t i = 1; i < n; i++)
		for (size_t k = 0; k < i; k++)
			if (keys[k].s.n == keys[i].s.n && str_eq(keys[k].s, keys[i].s))
				return true;
	return false;
}

static int convert(json_t *j, struct arena *a, int depth, struct val *ret, struct err *err);

static int convert_list(json_t *j, struct arena *a, int depth, struct val *ret, struct err *err)
{
	ret->n = json_array_size(j);
	ret->items = arena_zalloc(a, (ret->n + 1) * sizeof(*ret->items));
	for (size_t i = 0; i < ret->n; i++)
		if (convert(json_array_get(j, i), a, depth + 1, &ret->items[i], err) < 0)
			return -1;
	return 0;
}

static int convert_map(json_t *j, struct arena *a, int depth, struct val *ret, struct err *err)
{
	size_t i = 0;

	ret->n = json_object_size(j);
	ret->items = arena_zalloc(a, (ret->n + 1) * sizeof(*ret->items));
	ret->keys = arena_zalloc(a, (ret->n + 1) * sizeof(*ret->keys));
	for (void *it = json_object_iter(j); it != NULL; it = json_object_iter_next(j, it), i++) {
		ret->keys[i].kind = VAL_STR;
		ret->keys[i].s = arena_dup(a, str_of(json_object_iter_key(it), json_object_iter_key_len(it)));
		if (convert(json_object_iter_value(it), a, depth + 1, &ret->items[i], err) < 0)
			return -1;
	}
	return 0;
}

static int convert(json_t *j, struct arena *a, int depth, struct val *ret, struct err *err)
{
	*ret = (struct val){.kind = VAL_NULL};
	if (depth >= VAL_DEPTH_MAX && (json_is_object(j) || json_is_array(j)))
		return err_set(err, ERR_SKIP, "bad json: nested too deep");
	switch (json_typeof(j)) {
	case JSON_OBJECT:
		ret->kind = VAL_MAP;
		return convert_map(j, a, depth, ret, err);
	case JSON_ARRAY:
		ret->kind = VAL_LIST;
		return convert_list(j, a, depth, ret, err);
	case JSON_STRING:
		ret->kind = VAL_STR;
		ret->s = arena_dup(a, str_of(json_string_value(j), json_string_length(j)));
		return 0;
	case JSON_INTEGER:
		ret->kind = VAL_INT;
		ret->i = json_integer_value(j);
		return 0;
	case JSON_REAL:
		ret->kind = VAL_REAL;
		ret->r = json_real_value(j);
		return 0;
	case JSON_TRUE:
	case JSON_FALSE:
		ret->kind = VAL_BOOL;
		ret->b = json_is_true(j);
		return 0;
	default:
		return 0;
	}
}

static const struct {
	enum json_error_code code;
	const char *why;
} reasons[] = {
    {json_error_stack_overflow, "nested too deep"},
    {json_error_invalid_utf8, "text is not valid utf-8"},
    {json_error_premature_end_of_input, "cut short"},
    {json_error_end_of_input_expected, "bytes behind the document"},
    {json_error_null_byte_in_key, "NUL character in a key"},
    {json_error_duplicate_key, "a key stands twice"},
    {json_error_numeric_overflow, "number out of range"},
};

static const char *reason_of(enum json_error_code code)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].code == code)
			return reasons[i].why;
	return "malformed";
}

int val_from_json(struct str text, struct arena *a, const struct val **ret, struct err *err)
{
	json_error_t why;
	json_t *j =
	    json_loadb(text.n ? text.p : "", text.n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, &why);
	struct val *v = arena_zalloc(a, sizeof(*v));

	if (j == NULL)
		return err_set(err, ERR_SKIP, "bad json at byte %d: %s", why.position,
		               reason_of(json_error_code(&why)));
	int result = convert(j, a, 0, v, err);
	json_decref(j);
	if (result == 0)
		*ret = v;
	return result;
}
