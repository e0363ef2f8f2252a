/* SPDX-License-Identifier: Apache-2.0 */
/*
 * writer - see writer.h
 *
 * MessagePack: the sizes of maps and lists are not known when they are opened, so a
 * 16-bit head is written and its count patched at the end. JSON: a tree of jansson's,
 * dumped at the end; an open container is held by its parent from the start.
 */
#include <stdlib.h>

#include <jansson.h>
#include <msgpack.h>

#include "lib/base/check.h"
#include "lib/base/text.h"
#include "lib/codec/writer.h"

enum { DEPTH_MAX = 32, COUNT_MAX = 65535 };

struct level {
	bool is_map;
	size_t n;    /* items so far */
	size_t head; /* MessagePack: where the head stands in the buffer */
	json_t *json;
};

struct writer {
	enum encoding enc;
	struct level levels[DEPTH_MAX];
	size_t depth;
	struct str key; /* JSON: of the value to come */
	struct buf key_bytes, text;
	json_t *root;
	struct buf bytes;
	msgpack_packer packer;
	const char *failure; /* the first; NULL: none */
};

static int add_bytes(void *data, const char *p, size_t n)
{
	buf_add(data, p, n);
	return 0;
}

struct writer *writer_new(enum encoding enc)
{
	struct writer *w = xcalloc(1, sizeof(*w));

	w->enc = enc;
	msgpack_packer_init(&w->packer, &w->bytes, add_bytes);
	return w;
}

void writer_free(struct writer *w)
{
	if (w == NULL)
		return;
	json_decref(w->root);
	buf_release(&w->key_bytes);
	buf_release(&w->text);
	buf_release(&w->bytes);
	free(w);
}

static void fail(struct writer *w, const char *why)
{
	if (w->failure == NULL)
		w->failure = why;
}

/* A value comes: counts it in its container. */
static void count_value(struct writer *w)
{
	if (w->depth == 0)
		return;
	struct level *l = &w->levels[w->depth - 1];
	if (++l->n > COUNT_MAX)
		fail(w, "too many items in a map or list");
}

/* Hangs a JSON value where it belongs; takes it. The borrowed value is returned, NULL on failure. */
static json_t *hang(struct writer *w, json_t *value)
{
	count_value(w);
	if (value == NULL) {
		fail(w, "text is not valid utf-8");
		return NULL;
	}
	if (w->failure != NULL) {
		json_decref(value);
		return NULL;
	}
	if (w->depth == 0) {
		json_decref(w->root);
		w->root = value;
		return value;
	}
	struct level *l = &w->levels[w->depth - 1];
	int failed = l->is_map ? json_object_setn_new(l->json, w->key.p, w->key.n, value)
	                       : json_array_append_new(l->json, value);
	if (failed)
		fail(w, "key is not valid utf-8");
	return failed ? NULL : value;
}

static void open_level(struct writer *w, bool is_map)
{
	struct level l = {.is_map = is_map, .head = w->bytes.n};

	if (w->depth == DEPTH_MAX) {
		fail(w, "document is nested too deep");
		return;
	}
	if (w->enc == ENC_JSON) {
		l.json = hang(w, is_map ? json_object() : json_array());
	} else {
		count_value(w);
		if (is_map)
			msgpack_pack_map(&w->packer, COUNT_MAX);
		else
			msgpack_pack_array(&w->packer, COUNT_MAX);
	}
	w->levels[w->depth++] = l;
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
	if (w->depth == 0) {
		fail(w, "end without a map or list");
		return;
	}
	const struct level *l = &w->levels[--w->depth];
	if (w->enc == ENC_MSGPACK && w->failure == NULL) {
		w->bytes.p[l->head + 1] = (char)(l->n >> 8);
		w->bytes.p[l->head + 2] = (char)(l->n & 0xff);
	}
}

void writer_keyn(struct writer *w, struct str key)
{
	if (w->depth == 0 || !w->levels[w->depth - 1].is_map) {
		fail(w, "key outside a map");
		return;
	}
	if (w->enc == ENC_JSON) {
		buf_clear(&w->key_bytes);
		buf_str(&w->key_bytes, key);
		w->key = buf_view(&w->key_bytes);
		return;
	}
	msgpack_pack_str(&w->packer, key.n);
	msgpack_pack_str_body(&w->packer, key.p, key.n);
}

void writer_key(struct writer *w, const char *key)
{
	writer_keyn(w, str_from(key));
}

void writer_str(struct writer *w, struct str s)
{
	if (w->enc == ENC_JSON) {
		hang(w, json_stringn(s.n == 0 ? "" : s.p, s.n));
		return;
	}
	count_value(w);
	msgpack_pack_str(&w->packer, s.n);
	if (s.n > 0)
		msgpack_pack_str_body(&w->packer, s.p, s.n);
}

void writer_bin(struct writer *w, struct str s)
{
	if (w->enc == ENC_JSON) {
		buf_clear(&w->text);
		text_base64(&w->text, s);
		writer_str(w, buf_view(&w->text));
		return;
	}
	count_value(w);
	msgpack_pack_bin(&w->packer, s.n);
	if (s.n > 0)
		msgpack_pack_bin_body(&w->packer, s.p, s.n);
}

void writer_i64(struct writer *w, int64_t v)
{
	if (w->enc == ENC_JSON) {
		hang(w, json_integer(v));
		return;
	}
	count_value(w);
	msgpack_pack_int64(&w->packer, v);
}

void writer_f64(struct writer *w, double v)
{
	if (w->enc == ENC_JSON) {
		hang(w, json_real(v));
		return;
	}
	count_value(w);
	msgpack_pack_double(&w->packer, v);
}

void writer_bool(struct writer *w, bool v)
{
	if (w->enc == ENC_JSON) {
		hang(w, json_boolean(v));
		return;
	}
	count_value(w);
	if (v)
		msgpack_pack_true(&w->packer);
	else
		msgpack_pack_false(&w->packer);
}

void writer_null(struct writer *w)
{
	if (w->enc == ENC_JSON) {
		hang(w, json_null());
		return;
	}
	count_value(w);
	msgpack_pack_nil(&w->packer);
}

static int dump(const char *p, size_t n, void *out)
{
	buf_add(out, p, n);
	return 0;
}

int writer_finish(struct writer *w, struct buf *out, struct err *err)
{
	const char *failure = w->failure;

	if (failure == NULL && w->depth > 0)
		failure = "a map or list is still open";
	if (failure == NULL && w->enc == ENC_MSGPACK && w->bytes.n == 0)
		failure = "nothing was written";
	if (failure == NULL && w->enc == ENC_JSON && w->root == NULL)
		failure = "nothing was written";
	if (failure == NULL && w->enc == ENC_MSGPACK)
		buf_str(out, buf_view(&w->bytes));
	if (failure == NULL && w->enc == ENC_JSON)
		json_dump_callback(w->root, dump, out, JSON_COMPACT | JSON_ENCODE_ANY);
	json_decref(w->root);
	w->root = NULL;
	buf_clear(&w->bytes);
	w->depth = 0;
	w->failure = NULL;
	return failure == NULL ? 0 : err_set(err, ERR_SKIP, "cannot encode: %s", failure);
}
