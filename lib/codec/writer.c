/* SPDX-License-Identifier: Apache-2.0 */
/*
 * writer - documents written front to back
 *
 * What both encodings have in common (order of calls, limits, the sticky error) is kept here once; a backend only
 * turns a call that is in order into bytes. Calls out of order (a value without a key in a map, an end without a
 * beginning) are bugs and abort; what data can cause (bad UTF-8, a number that JSON has no word for, too deep, too
 * long) is the sticky error. The limits are the same in both encodings: what one takes the other does.
 *
 * A key written twice is refused in JSON only: MessagePack keeps no keys to compare with.
 */
#include "lib/codec/writer.h"

#include <math.h>
#include <stdlib.h>

#include <jansson.h>
#include <msgpack.h>

#include "lib/base/check.h"
#include "lib/base/text.h"
#include "lib/codec/value.h"

enum { ITEMS_MAX = 65535 }; /* what the two bytes of a MessagePack head can say */

struct level {
	bool map;
	uint32_t n;     /* items so far; in a map, keys */
	size_t head_at; /* MessagePack: where the head stands in the bytes */
	json_t *json;   /* borrowed from its parent */
};

struct writer {
	const struct backend *backend;
	struct level levels[VAL_DEPTH_MAX];
	size_t depth;
	bool has_root, has_key;
	bool failed;
	struct err err;

	struct buf bytes; /* MessagePack: the document so far */
	msgpack_packer packer;

	json_t *root;   /* JSON: the document so far */
	struct buf key; /* JSON: waits for its value */
};

struct backend {
	void (*open)(struct writer *w, struct level *level);
	void (*close)(struct writer *w, const struct level *level);
	void (*key)(struct writer *w, struct str key);
	void (*str)(struct writer *w, struct str s);
	void (*bin)(struct writer *w, struct str s);
	void (*i64)(struct writer *w, int64_t v);
	void (*f64)(struct writer *w, double v);
	void (*boolean)(struct writer *w, bool v);
	void (*null)(struct writer *w);
	int (*finish)(struct writer *w, struct buf *out);
	void (*clear)(struct writer *w);
};

static void fail(struct writer *w, const char *why)
{
	if (!w->failed)
		err_set(&w->err, ERR_SKIP, "cannot encode: %s", why);
	w->failed = true;
}

/* MessagePack: maps and lists get a head of fixed size, whose count is filled in when they end. */

enum { HEAD_MAP = 0xde, HEAD_LIST = 0xdc };

static int msgpack_sink(void *data, const char *p, size_t n)
{
	buf_add(data, p, n);
	return 0;
}

static void msgpack_open(struct writer *w, struct level *level)
{
	level->head_at = w->bytes.n;
	buf_chr(&w->bytes, (char)(level->map ? HEAD_MAP : HEAD_LIST));
	buf_add(&w->bytes, "\0\0", 2);
}

static void msgpack_close(struct writer *w, const struct level *level)
{
	w->bytes.p[level->head_at + 1] = (char)(level->n >> 8);
	w->bytes.p[level->head_at + 2] = (char)level->n;
}

static void msgpack_text(struct writer *w, struct str s)
{
	msgpack_pack_str(&w->packer, s.n);
	msgpack_pack_str_body(&w->packer, s.p, s.n);
}

static void msgpack_bytes(struct writer *w, struct str s)
{
	msgpack_pack_bin(&w->packer, s.n);
	msgpack_pack_bin_body(&w->packer, s.p, s.n);
}

static void msgpack_i64(struct writer *w, int64_t v)
{
	msgpack_pack_int64(&w->packer, v);
}

static void msgpack_f64(struct writer *w, double v)
{
	msgpack_pack_double(&w->packer, v);
}

static void msgpack_boolean(struct writer *w, bool v)
{
	if (v)
		msgpack_pack_true(&w->packer);
	else
		msgpack_pack_false(&w->packer);
}

static void msgpack_null(struct writer *w)
{
	msgpack_pack_nil(&w->packer);
}

static int msgpack_finish(struct writer *w, struct buf *out)
{
	buf_str(out, buf_view(&w->bytes));
	return 0;
}

static void msgpack_reset(struct writer *w)
{
	buf_clear(&w->bytes);
}

static const struct backend msgpack_backend = {
    .open = msgpack_open,
    .close = msgpack_close,
    .key = msgpack_text,
    .str = msgpack_text,
    .bin = msgpack_bytes,
    .i64 = msgpack_i64,
    .f64 = msgpack_f64,
    .boolean = msgpack_boolean,
    .null = msgpack_null,
    .finish = msgpack_finish,
    .clear = msgpack_reset,
};

/* JSON: a tree of jansson's, printed at the end. */

/* Takes v over. The level it goes into is the innermost, or its parent when v is the level just opened. */
static void json_put(struct writer *w, json_t *v, size_t depth)
{
	struct level *level = depth ? &w->levels[depth - 1] : NULL;
	struct str key = buf_view(&w->key);

	CHECK(v);
	if (!level) {
		w->root = v;
	} else if (!level->map) {
		CHECK(json_array_append_new(level->json, v) == 0);
	} else if (json_object_getn(level->json, key.p, key.n)) {
		json_decref(v);
		fail(w, "a key stands twice");
	} else {
		CHECK(json_object_setn_new_nocheck(level->json, key.p, key.n, v) == 0);
	}
}

static void json_open(struct writer *w, struct level *level)
{
	level->json = level->map ? json_object() : json_array();
	json_put(w, level->json, w->depth - 1);
}

static void json_close(struct writer *w, const struct level *level)
{
	(void)w, (void)level;
}

static void json_key(struct writer *w, struct str key)
{
	buf_clear(&w->key);
	buf_str(&w->key, key);
}

static void json_text(struct writer *w, struct str s)
{
	json_put(w, json_stringn_nocheck(s.n ? s.p : "", s.n), w->depth);
}

static void json_bytes(struct writer *w, struct str s)
{
	buf_clear(&w->bytes);
	text_base64(&w->bytes, s);
	json_text(w, buf_view(&w->bytes));
}

static void json_i64(struct writer *w, int64_t v)
{
	json_put(w, json_integer(v), w->depth);
}

static void json_f64(struct writer *w, double v)
{
	json_put(w, json_real(v), w->depth);
}

static void json_bool(struct writer *w, bool v)
{
	json_put(w, json_boolean(v), w->depth);
}

static void json_none(struct writer *w)
{
	json_put(w, json_null(), w->depth);
}

static int json_sink(const char *p, size_t n, void *data)
{
	buf_add(data, p, n);
	return 0;
}

static int json_finish(struct writer *w, struct buf *out)
{
	return json_dump_callback(w->root, json_sink, out, JSON_COMPACT | JSON_ENCODE_ANY);
}

static void json_clear(struct writer *w)
{
	json_decref(w->root);
	w->root = NULL;
}

static const struct backend json_backend = {
    .open = json_open,
    .close = json_close,
    .key = json_key,
    .str = json_text,
    .bin = json_bytes,
    .i64 = json_i64,
    .f64 = json_f64,
    .boolean = json_bool,
    .null = json_none,
    .finish = json_finish,
    .clear = json_clear,
};

static const struct backend *const backends[] = {[ENC_JSON] = &json_backend, [ENC_MSGPACK] = &msgpack_backend};

struct writer *writer_new(enum encoding enc)
{
	struct writer *w = xcalloc(1, sizeof(*w));

	w->backend = backends[enc];
	msgpack_packer_init(&w->packer, &w->bytes, msgpack_sink);
	return w;
}

void writer_free(struct writer *w)
{
	if (!w)
		return;
	w->backend->clear(w);
	buf_release(&w->bytes);
	buf_release(&w->key);
	free(w);
}

/* One item more in the innermost level. */
static void count_item(struct writer *w)
{
	struct level *level = &w->levels[w->depth - 1];

	if (level->n == ITEMS_MAX)
		fail(w, "more than 65535 items in a map or list");
	else
		level->n++;
}

/* True if a value may be written here. */
static bool value_begins(struct writer *w)
{
	if (w->failed)
		return false;
	if (!w->depth) {
		CHECK(!w->has_root);
		w->has_root = true;
	} else if (w->levels[w->depth - 1].map) {
		CHECK(w->has_key);
		w->has_key = false;
	} else {
		count_item(w);
	}
	return !w->failed;
}

static void open_level(struct writer *w, bool map)
{
	if (!value_begins(w))
		return;
	if (w->depth == VAL_DEPTH_MAX) {
		fail(w, "nested too deep");
		return;
	}
	w->levels[w->depth] = (struct level){.map = map};
	w->depth++;
	w->backend->open(w, &w->levels[w->depth - 1]);
}

void writer_map(struct writer *w)
{
	open_level(w, true);
}

void writer_list(struct writer *w)
{
	open_level(w, false);
}

void writer_end(struct writer *w)
{
	if (w->failed)
		return;
	CHECK(w->depth && !w->has_key);
	w->backend->close(w, &w->levels[w->depth - 1]);
	w->depth--;
}

void writer_key(struct writer *w, const char *key)
{
	writer_keyn(w, str_from(key));
}

/* No NUL in keys: many readers of either encoding take a key for a C string, and would see another one. */
void writer_keyn(struct writer *w, struct str key)
{
	if (w->failed)
		return;
	CHECK(w->depth && w->levels[w->depth - 1].map && !w->has_key);
	count_item(w);
	if (!text_is_utf8(key) || str_chr(key, '\0') >= 0)
		fail(w, "a key is not UTF-8 text");
	if (w->failed)
		return;
	w->has_key = true;
	w->backend->key(w, key);
}

static bool length_ok(struct writer *w, struct str s)
{
	if (s.n > UINT32_MAX)
		fail(w, "a string is over 4 GiB");
	return !w->failed;
}

void writer_str(struct writer *w, struct str s)
{
	if (!value_begins(w) || !length_ok(w, s))
		return;
	if (text_is_utf8(s))
		w->backend->str(w, s);
	else
		fail(w, "a string is not UTF-8");
}

void writer_bin(struct writer *w, struct str s)
{
	if (value_begins(w) && length_ok(w, s))
		w->backend->bin(w, s);
}

void writer_i64(struct writer *w, int64_t v)
{
	if (value_begins(w))
		w->backend->i64(w, v);
}

void writer_f64(struct writer *w, double v)
{
	if (!value_begins(w))
		return;
	if (isfinite(v))
		w->backend->f64(w, v);
	else
		fail(w, "a number is not finite");
}

void writer_bool(struct writer *w, bool v)
{
	if (value_begins(w))
		w->backend->boolean(w, v);
}

void writer_null(struct writer *w)
{
	if (value_begins(w))
		w->backend->null(w);
}

int writer_finish(struct writer *w, struct buf *out, struct err *err)
{
	size_t before = out->n;
	int rc = 0;

	CHECK(w->failed || (w->has_root && !w->depth));
	if (!w->failed && w->backend->finish(w, out) < 0)
		fail(w, "the encoder refused it");
	if (w->failed) {
		out->n = before;
		rc = err_set(err, w->err.kind, "%s", w->err.msg);
	}
	w->backend->clear(w);
	w->depth = 0;
	w->has_root = w->has_key = w->failed = false;
	return rc;
}
