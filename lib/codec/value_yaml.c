/* SPDX-License-Identifier: Apache-2.0 */
/*
 * value_yaml - YAML documents as values, by libyaml's events
 *
 * A configuration language, not all of YAML: anchors, aliases, tags and further
 * documents are refused, because each of them makes a file mean something else than it says at first sight.
 */
#include <string.h>

#include <yaml.h>

#include "lib/base/check.h"
#include "lib/codec/value.h"

struct reader {
	yaml_parser_t parser;
	struct arena *a;
	const char *file;
	struct str text;
	struct err *err;
};

static int line_of(const yaml_event_t *ev)
{
	return (int)ev->start_mark.line + 1;
}

static int refuse(const struct reader *r, int line, const char *why)
{
	return err_set(r->err, ERR_CONFIG, "%s:%d: %s", r->file, line, why);
}

/* Bytes that are no text are found ahead of the scanner, so there is no mark, only how far they are in. */
static int line_at(struct str text, size_t offset)
{
	int line = 1;

	for (size_t i = 0; i < offset && i < text.n; i++)
		line += text.p[i] == '\n';
	return line;
}

static int next(struct reader *r, yaml_event_t *ev)
{
	const yaml_parser_t *p = &r->parser;

	if (yaml_parser_parse(&r->parser, ev))
		return 0;
	if (p->error == YAML_READER_ERROR)
		return refuse(r, line_at(r->text, p->problem_offset), p->problem);
	return refuse(r, (int)r->parser.problem_mark.line + 1,
	              r->parser.problem != NULL ? r->parser.problem : "not yaml");
}

static bool is_one_of(struct str s, const char *const *words)
{
	for (; *words != NULL; words++)
		if (str_eq(s, str_from(*words)))
			return true;
	return false;
}

static void plain_scalar(struct str s, struct val *ret)
{
	static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
	static const char *const trues[] = {"true", "True", "TRUE", NULL};
	static const char *const falses[] = {"false", "False", "FALSE", NULL};
	int64_t i;

	if (is_one_of(s, nulls)) {
		ret->kind = VAL_NULL;
	} else if (is_one_of(s, trues) || is_one_of(s, falses)) {
		ret->kind = VAL_BOOL;
		ret->b = is_one_of(s, trues);
	} else if (str_i64(s, &i)) {
		ret->kind = VAL_INT;
		ret->i = i;
	} else {
		ret->kind = VAL_STR;
		ret->s = s;
	}
}

static int scalar(struct reader *r, const yaml_event_t *ev, struct val *ret)
{
	struct str s = arena_dup(r->a, str_of(ev->data.scalar.value, ev->data.scalar.length));

	if (ev->data.scalar.anchor != NULL || ev->data.scalar.tag != NULL)
		return refuse(r, line_of(ev), "anchors and tags are not supported");
	if (ev->data.scalar.style == YAML_PLAIN_SCALAR_STYLE) {
		plain_scalar(s, ret);
		return 0;
	}
	ret->kind = VAL_STR;
	ret->s = s;
	return 0;
}

static int node(struct reader *r, const yaml_event_t *ev, int depth, struct val *ret);

/* Items are gathered in arrays that double in the arena: the waste is at most the size. */
static void grow(struct arena *a, struct val **items, size_t n)
{
	if (n != 0 && (n < 8 || (n & (n - 1)) != 0))
		return;
	struct val *more = arena_zalloc(a, (n == 0 ? 8 : 2 * n) * sizeof(*more));
	for (size_t i = 0; i < n; i++)
		more[i] = (*items)[i];
	*items = more;
}

static int list(struct reader *r, int depth, struct val *ret)
{
	yaml_event_t ev;

	ret->kind = VAL_LIST;
	for (;;) {
		if (next(r, &ev) < 0)
			return -1;
		if (ev.type == YAML_SEQUENCE_END_EVENT)
			break;
		grow(r->a, &ret->items, ret->n);
		int failed = node(r, &ev, depth + 1, &ret->items[ret->n++]);
		yaml_event_delete(&ev);
		if (failed)
			return -1;
	}
	yaml_event_delete(&ev);
	return 0;
}

static int map_key(struct reader *r, const yaml_event_t *ev, const struct val *map, struct val *ret)
{
	if (ev->type != YAML_SCALAR_EVENT)
		return refuse(r, line_of(ev), "a key must be a word");
	if (ev->data.scalar.anchor != NULL || ev->data.scalar.tag != NULL)
		return refuse(r, line_of(ev), "anchors and tags are not supported");
	if (memchr(ev->data.scalar.value, '\0', ev->data.scalar.length) != NULL)
		return refuse(r, line_of(ev), "NUL character in a key");
	ret->kind = VAL_STR;
	ret->line = line_of(ev);
	ret->s = arena_dup(r->a, str_of(ev->data.scalar.value, ev->data.scalar.length));
	for (size_t i = 0; i < map->n; i++)
		if (str_eq(map->keys[i].s, ret->s))
			return err_set(r->err, ERR_CONFIG, "%s:%d: key \"%.*s\" stands here again, first in line %d",
			               r->file, ret->line, STR_FMT(ret->s), map->keys[i].line);
	return 0;
}

static int map(struct reader *r, int depth, struct val *ret)
{
	yaml_event_t ev;

	ret->kind = VAL_MAP;
	for (;;) {
		if (next(r, &ev) < 0)
			return -1;
		if (ev.type == YAML_MAPPING_END_EVENT)
			break;
		grow(r->a, &ret->items, ret->n);
		grow(r->a, &ret->keys, ret->n);
		int failed = map_key(r, &ev, ret, &ret->keys[ret->n]);
		yaml_event_delete(&ev);
		if (failed || next(r, &ev) < 0)
			return -1;
		failed = node(r, &ev, depth + 1, &ret->items[ret->n++]);
		yaml_event_delete(&ev);
		if (failed)
			return -1;
	}
	yaml_event_delete(&ev);
	return 0;
}

static int node(struct reader *r, const yaml_event_t *ev, int depth, struct val *ret)
{
	*ret = (struct val){.kind = VAL_NULL, .line = line_of(ev)};
	if (depth >= VAL_DEPTH_MAX && ev->type != YAML_SCALAR_EVENT)
		return refuse(r, line_of(ev), "nested too deep");
	switch (ev->type) {
	case YAML_SCALAR_EVENT:
		return scalar(r, ev, ret);
	case YAML_SEQUENCE_START_EVENT:
		if (ev->data.sequence_start.anchor != NULL || ev->data.sequence_start.tag != NULL)
			return refuse(r, line_of(ev), "anchors and tags are not supported");
		return list(r, depth, ret);
	case YAML_MAPPING_START_EVENT:
		if (ev->data.mapping_start.anchor != NULL || ev->data.mapping_start.tag != NULL)
			return refuse(r, line_of(ev), "anchors and tags are not supported");
		return map(r, depth, ret);
	case YAML_ALIAS_EVENT:
		return refuse(r, line_of(ev), "aliases are not supported");
	default:
		return refuse(r, line_of(ev), "unexpected structure");
	}
}

/* The one document of the stream; none gives an empty map. */
static int document(struct reader *r, struct val *ret)
{
	yaml_event_t ev;
	bool seen = false;

	*ret = (struct val){.kind = VAL_MAP, .line = 1};
	for (;;) {
		if (next(r, &ev) < 0)
			return -1;
		yaml_event_type_t type = ev.type;
		int line = line_of(&ev), failed = 0;
		bool structure =
		    type == YAML_STREAM_START_EVENT || type == YAML_DOCUMENT_END_EVENT || type == YAML_STREAM_END_EVENT;

		if (type == YAML_DOCUMENT_START_EVENT && seen)
			failed = refuse(r, line, "a second document is not supported");
		else if (type == YAML_DOCUMENT_START_EVENT)
			seen = true;
		else if (!structure)
			failed = node(r, &ev, 0, ret);
		yaml_event_delete(&ev);
		if (failed)
			return -1;
		if (type == YAML_STREAM_END_EVENT)
			return 0;
	}
}

int val_from_yaml(struct str text, const char *file, struct arena *a, const struct val **ret, struct err *err)
{
	struct reader r = {.a = a, .file = file, .text = text, .err = err};
	struct val *v = arena_zalloc(a, sizeof(*v));

	CHECK(yaml_parser_initialize(&r.parser));
	yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)(text.n ? text.p : ""), text.n);
	int result = document(&r, v);
	yaml_parser_delete(&r.parser);
	if (result == 0) {
		if (v->kind == VAL_NULL)
			*v = (struct val){.kind = VAL_MAP, .line = 1};
		*ret = v;
	}
	return result;
}
