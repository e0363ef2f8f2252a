/* SPDX-License-Identifier: Apache-2.0 */
/*
 * value - a parsed document as a tree in an arena, whichever of JSON, MessagePack or YAML it came from
 *
 * Lives as long as the arena. Depth is limited (VAL_DEPTH_MAX), size by the caller. A map keeps the order of its keys;
 * a key that stands twice is an error, and so is a NUL in a key. What cannot be read is ERR_SKIP, in YAML ERR_CONFIG.
 */
#ifndef QLAPSE_CODEC_VALUE_H
#define QLAPSE_CODEC_VALUE_H

#include "lib/base/arena.h"
#include "lib/base/err.h"
#include "lib/base/str.h"

enum { VAL_DEPTH_MAX = 64 }; /* lists and maps within each other */

enum val_kind { VAL_NULL, VAL_BOOL, VAL_INT, VAL_REAL, VAL_STR, VAL_BIN, VAL_LIST, VAL_MAP };

struct val {
	enum val_kind kind;
	int line; /* YAML: 1-based, else 0 */
	union {
		bool b;
		int64_t i;
		double r;
		struct str s; /* STR, BIN */
		struct {
			struct val *items;
			struct val *keys; /* MAP: keys[i] (STR) belongs to items[i]; LIST: NULL */
			size_t n;
		};
	};
};

extern const struct val val_null;

int val_from_json(struct str text, struct arena *a, const struct val **ret, struct err *err);
int val_from_msgpack(struct str bytes, struct arena *a, const struct val **ret, struct err *err);
/* Plain scalars: null, ~ and nothing at all, true, false (also True, TRUE and so on), decimal integers; all others, and
 * quoted ones, are strings. Anchors, aliases, tags and a second document are refused. err names file:line. */
int val_from_yaml(struct str text, const char *file, struct arena *a, const struct val **ret, struct err *err);

const struct val *val_get(const struct val *map, const char *key); /* &val_null if absent or no map */
struct str val_str(const struct val *v);                           /* empty unless STR or BIN */
int64_t val_i64(const struct val *v, int64_t otherwise);           /* otherwise unless INT */

struct writer;
void val_write(struct writer *w, const struct val *v);

#endif
