/* SPDX-License-Identifier: Apache-2.0 */
/*
 * value_msgpack - MessagePack documents as values, by msgpack-c
 *
 * The zone into which msgpack-c unpacks is kept per thread and cleared for each
 * document, so that nothing is allocated once it has grown; what is returned is copied
 * into the caller's arena.
 */
#include <msgpack.h>

#include "lib/base/text.h"
#include "lib/codec/value.h"

enum { DEPTH_MAX = 64 };

static int convert(const msgpack_object *o, struct arena *a, int depth, struct val *ret, struct err *err);

static int convert_str(const char *p, uint32_t n, struct arena *a, struct val *ret, struct err *err)
{
	struct str s = str_of(p, n);

	if (!text_is_utf8(s))
		return err_set(err, ERR_SKIP, "bad messagepack: text is not valid utf-8");
	ret->kind = VAL_STR;
	ret->s = arena_dup(a, s);
	return 0;
}

static bool has_key(const struct val *map, size_t n, struct str key)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(map->keys[i].s, key))
			return true;
	return false;
}

static int convert_map(const msgpack_object *o, struct arena *a, int depth, struct val *ret, struct err *err)
{
	ret->kind = VAL_MAP;
	ret->n = o->via.map.size;
	ret->items = arena_zalloc(a, (ret->n + 1) * sizeof(*ret->items));
	ret->keys = arena_zalloc(a, (ret->n + 1) * sizeof(*ret->keys));
	for (size_t i = 0; i < ret->n; i++) {
		const msgpack_object_kv *kv = &o->via.map.ptr[i];
		if (kv->key.type != MSGPACK_OBJECT_STR)
			return err_set(err, ERR_SKIP, "bad messagepack: a key is no text");
		if (convert_str(kv->key.via.str.ptr, kv->key.via.str.size, a, &ret->keys[i], err) < 0)
			return -1;
		if (has_key(ret, i, ret->keys[i].s))
			return err_set(err, ERR_SKIP, "bad messagepack: a key stands twice");
		if (convert(&kv->val, a, depth + 1, &ret->items[i], err) < 0)
			return -1;
	}
	return 0;
}

static int convert_list(const msgpack_object *o, struct arena *a, int depth, struct val *ret, struct err *err)
{
	ret->kind = VAL_LIST;
	ret->n = o->via.array.size;
	ret->items = arena_zalloc(a, (ret->n + 1) * sizeof(*ret->items));
	for (size_t i = 0; i < ret->n; i++)
		if (convert(&o->via.array.ptr[i], a, depth + 1, &ret->items[i], err) < 0)
			return -1;
	return 0;
}

static int convert(const msgpack_object *o, struct arena *a, int depth, struct val *ret, struct err *err)
{
	*ret = (struct val){.kind = VAL_NULL};
	if (depth > DEPTH_MAX)
		return err_set(err, ERR_SKIP, "messagepack is nested too deep");
	switch (o->type) {
	case MSGPACK_OBJECT_NIL:
		return 0;
	case MSGPACK_OBJECT_BOOLEAN:
		ret->kind = VAL_BOOL;
		ret->b = o->via.boolean;
		return 0;
	case MSGPACK_OBJECT_POSITIVE_INTEGER:
		if (o->via.u64 > INT64_MAX)
			return err_set(err, ERR_SKIP, "bad messagepack: integer out of range");
		ret->kind = VAL_INT;
		ret->i = (int64_t)o->via.u64;
		return 0;
	case MSGPACK_OBJECT_NEGATIVE_INTEGER:
		ret->kind = VAL_INT;
		ret->i = o->via.i64;
		return 0;
	case MSGPACK_OBJECT_FLOAT32:
	case MSGPACK_OBJECT_FLOAT64:
		ret->kind = VAL_REAL;
		ret->r = o->via.f64;
		return 0;
	case MSGPACK_OBJECT_STR:
		return convert_str(o->via.str.ptr, o->via.str.size, a, ret, err);
	case MSGPACK_OBJECT_BIN:
		ret->kind = VAL_BIN;
		ret->s = arena_dup(a, str_of(o->via.bin.ptr, o->via.bin.size));
		return 0;
	case MSGPACK_OBJECT_ARRAY:
		return convert_list(o, a, depth, ret, err);
	case MSGPACK_OBJECT_MAP:
		return convert_map(o, a, depth, ret, err);
	default:
		return err_set(err, ERR_SKIP, "bad messagepack: an extension type");
	}
}

int val_from_msgpack(struct str bytes, struct arena *a, const struct val **ret, struct err *err)
{
	static _Thread_local msgpack_zone *zone;
	struct val *v = arena_zalloc(a, sizeof(*v));
	msgpack_object o;
	size_t at = 0;

	if (zone == NULL)
		zone = msgpack_zone_new(16384);
	else
		msgpack_zone_clear(zone);
	msgpack_unpack_return unpacked = msgpack_unpack(bytes.p, bytes.n, &at, zone, &o);
	if (unpacked != MSGPACK_UNPACK_SUCCESS)
		return err_set(err, ERR_SKIP, "bad messagepack: %s",
		               unpacked == MSGPACK_UNPACK_EXTRA_BYTES ? "bytes behind the document"
		                                                      : "cut short or malformed");
	if (convert(&o, a, 0, v, err) < 0)
		return -1;
	*ret = v;
	return 0;
}
