/* SPDX-License-Identifier: Apache-2.0 */
/* options - see options.h */
#include "main/options.h"

#include <inttypes.h>
#include <stddef.h>

#include "lib/base/timefmt.h"
#include "main/config_priv.h"

#define HOUR_MS  ((int64_t)3600 * 1000)
#define SPAN_MAX (3650 * 24 * HOUR_MS) /* sums of instants and spans stay far from overflow */

const struct config_option config_options[] = {
#define OPT(path, type, member, least, most, prose)                                                                    \
	{path, OPTION_##type, offsetof(struct config, member), least, most, prose},
#include "main/options.def"
#undef OPT
};
const size_t n_config_options = sizeof(config_options) / sizeof(*config_options);

const struct config_option *option_find(struct str path)
{
	for (size_t i = 0; i < n_config_options; i++)
		if (str_eq(str_from(config_options[i].path), path))
			return &config_options[i];
	return NULL;
}

static bool in_range(const struct config_option *o, int64_t v)
{
	return v >= o->least && (!o->most || v <= o->most);
}

/* A scalar as text: a name may look like a number. */
static bool text_of(struct config *c, const struct val *v, struct str *ret)
{
	if (v->kind == VAL_STR)
		*ret = arena_dup(&c->arena, v->s);
	else if (v->kind == VAL_INT)
		*ret = arena_fmt(&c->arena, "%" PRId64, v->i);
	else if (v->kind == VAL_NULL)
		*ret = STR_NONE;
	else
		return false;
	return str_chr(*ret, '\0') < 0;
}

static bool set_text(struct config *c, const struct config_option *o, void *at, const struct val *v)
{
	struct str s;

	(void)o;
	if (!text_of(c, v, &s))
		return false;
	*(const char **)at = s.n ? s.p : NULL;
	return true;
}

bool config_name_ok(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

		if (!letter && !(c >= '0' && c <= '9') && c != '.' && c != '-' && c != '_')
			return false;
	}
	return true;
}

static bool set_name(struct config *c, const struct config_option *o, void *at, const struct val *v)
{
	struct str s;

	if (!text_of(c, v, &s) || (!s.n && o->least) || s.n > 100 || !config_name_ok(s))
		return false;
	*(const char **)at = s.n ? s.p : NULL;
	return true;
}

static bool set_label(struct config *c, const struct config_option *o, void *at, const struct val *v)
{
	struct str s;

	(void)o;
	if (!text_of(c, v, &s) || !s.n || s.n > 255)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] > '~' || s.p[i] == '/' || s.p[i] == '#')
			return false;
	*(struct str *)at = s;
	return true;
}

static bool set_int(struct config *c, const struct config_option *o, void *at, const struct val *v)
{
	(void)c;
	if (v->kind != VAL_INT || !in_range(o, v->i) || v->i > INT32_MAX)
		return false;
	*(int *)at = (int)v->i;
	return true;
}

static bool set_number(struct config *c, const struct config_option *o, void *at, const struct val *v)
{
	(void)c;
	if (v->kind != VAL_INT || !in_range(o, v->i))
		return false;
	*(int64_t *)at = v->i;
	return true;
}

bool config_span(const struct val *v, int64_t *ret)
{
	int64_t ms = 0;
	bool is_span = v->kind == VAL_INT ? v->i == 0 : v->kind == VAL_STR && duration_parse(v->s, &ms);

	if (!is_span || ms > SPAN_MAX)
		return false;
	*ret = ms;
	return true;
}

static bool set_span(struct config *c, const struct config_option *o, void *at, const struct val *v)
{
	int64_t ms;

	(void)c;
	if (!config_span(v, &ms) || !in_range(o, ms))
		return false;
	*(int64_t *)at = ms;
	return true;
}

static bool set_span_or_never(struct config *c, const struct config_option *o, void *at, const struct val *v)
{
	if (v->kind != VAL_STR || !str_eq(v->s, STR("never")))
		return set_span(c, o, at, v);
	*(int64_t *)at = TIME_NEVER;
	return true;
}

/* "+02:00", "-05:30" */
static bool set_zone(struct config *c, const struct config_option *o, void *at, const struct val *v)
{
	struct str s = v->kind == VAL_STR ? v->s : STR_NONE;
	int64_t hours, minutes;

	(void)c;
	if (s.n != 6 || (s.p[0] != '+' && s.p[0] != '-') || s.p[3] != ':' || !str_i64(str_of(s.p + 1, 2), &hours) ||
	    !str_i64(str_of(s.p + 4, 2), &minutes) || hours < 0 || minutes < 0 || minutes > 59 ||
	    hours * 60 + minutes > o->most)
		return false;
	*(int64_t *)at = (hours * 60 + minutes) * 60000 * (s.p[0] == '-' ? -1 : 1);
	return true;
}

static bool set_hold(struct config *c, const struct config_option *o, void *at, const struct val *v)
{
	bool hold = v->kind == VAL_STR && str_eq(v->s, STR("hold"));

	(void)c;
	(void)o;
	if (!hold && (v->kind != VAL_STR || !str_eq(v->s, STR("wall"))))
		return false;
	*(bool *)at = hold;
	return true;
}

static bool set_uri(struct config *c, const struct config_option *o, void *at, const struct val *v)
{
	struct str s;

	return text_of(c, v, &s) && (s.n == 0 || event_uri_ok(s)) && set_text(c, o, at, v);
}

/* YAML reads off as a word like any other here: booleans are true and false only. */
static bool set_name_of(const char *const *names, void *at, const struct val *v)
{
	int i = v->kind == VAL_STR ? names_find(names, v->s) : -1;

	if (i >= 0)
		*(int *)at = i;
	return i >= 0;
}

static bool set_language(struct config *c, const struct config_option *o, void *at, const struct val *v)
{
	(void)c, (void)o;
	return set_name_of(language_names, at, v);
}

static bool set_events(struct config *c, const struct config_option *o, void *at, const struct val *v)
{
	(void)c, (void)o;
	return set_name_of(event_form_names, at, v);
}

static bool set_local_parts(struct config *c, const struct config_option *o, void *at, const struct val *v)
{
	(void)c, (void)o;
	return set_name_of(local_parts_names, at, v);
}

static void show_text(const void *at, struct buf *out)
{
	const char *text = *(const char *const *)at;

	buf_fmt(out, "%s", text ? text : "\"\"");
}

static void show_label(const void *at, struct buf *out)
{
	struct str s = *(const struct str *)at;
	bool plain = s.n && s.p[0] != '-'; /* "-" alone would begin a list */

	buf_fmt(out, plain ? "%.*s" : "\"%.*s\"", STR_FMT(s));
}

static void show_int(const void *at, struct buf *out)
{
	buf_fmt(out, "%d", *(const int *)at);
}

static void show_number(const void *at, struct buf *out)
{
	buf_fmt(out, "%" PRId64, *(const int64_t *)at);
}

static void show_span(const void *at, struct buf *out)
{
	if (*(const int64_t *)at == TIME_NEVER)
		buf_str(out, STR("never"));
	else
		duration_format(*(const int64_t *)at, out);
}

static void show_zone(const void *at, struct buf *out)
{
	int64_t ms = *(const int64_t *)at, minutes = (ms < 0 ? -ms : ms) / 60000;

	buf_fmt(out, "\"%c%02d:%02d\"", ms < 0 ? '-' : '+', (int)(minutes / 60), (int)(minutes % 60));
}

static void show_hold(const void *at, struct buf *out)
{
	buf_fmt(out, "%s", *(const bool *)at ? "hold" : "wall");
}

static void show_language(const void *at, struct buf *out)
{
	buf_fmt(out, "%s", language_names[*(const enum language *)at]);
}

static void show_events(const void *at, struct buf *out)
{
	buf_fmt(out, "%s", event_form_names[*(const int *)at]);
}

static void show_local_parts(const void *at, struct buf *out)
{
	buf_fmt(out, "%s", local_parts_names[*(const int *)at]);
}

static const struct {
	const char *wants; /* limits follow where there are any */
	bool (*set)(struct config *c, const struct config_option *o, void *at, const struct val *v);
	void (*show)(const void *at, struct buf *out);
} types[OPTION_TYPES] = {
    [OPTION_TEXT] = {"a text", set_text, show_text},
    [OPTION_NAME] = {"letters, digits, dots, dashes and underscores, at most 100", set_name, show_text},
    [OPTION_LABEL] = {"printable characters without spaces, slashes and #", set_label, show_label},
    [OPTION_INT] = {"a whole number", set_int, show_int},
    [OPTION_NUMBER] = {"a whole number", set_number, show_number},
    [OPTION_SPAN] = {"a duration such as 90s, 15m, 48h or 5d", set_span, show_span},
    [OPTION_SPAN_OR_NEVER] = {"never, or a duration such as 90s, 15m, 48h or 5d", set_span_or_never, show_span},
    [OPTION_ZONE] = {"an offset such as +02:00", set_zone, show_zone},
    [OPTION_HOLD] = {"wall or hold", set_hold, show_hold},
    [OPTION_LANGUAGE] = {"en or zh-TW", set_language, show_language},
    [OPTION_URI] = {"a URI or the last part of one", set_uri, show_text},
    [OPTION_EVENTS] = {"binary, structured or off", set_events, show_events},
    [OPTION_LOCAL_PARTS] = {"hmac, clear or drop", set_local_parts, show_local_parts},
};

void option_show(const struct config *c, const struct config_option *o, struct buf *out)
{
	types[o->type].show((const char *)c + o->at, out);
}

static void add_limit(const struct config_option *o, int64_t limit, struct buf *out)
{
	if (o->type == OPTION_INT || o->type == OPTION_NUMBER)
		buf_fmt(out, "%" PRId64, limit);
	else
		duration_format(limit, out);
}

void option_allowed(const struct config_option *o, struct buf *out)
{
	buf_fmt(out, "%s", types[o->type].wants);
	if (o->type < OPTION_INT || o->type > OPTION_SPAN_OR_NEVER || (!o->least && !o->most))
		return;
	buf_str(out, o->most ? STR(", from ") : STR(", at least "));
	add_limit(o, o->least, out);
	if (!o->most)
		return;
	buf_str(out, STR(" to "));
	add_limit(o, o->most, out);
}

void option_value_words(const struct val *v, struct buf *out)
{
	switch (v->kind) {
	case VAL_NULL:
		buf_str(out, STR("nothing"));
		break;
	case VAL_BOOL:
		buf_str(out, v->b ? STR("true") : STR("false"));
		break;
	case VAL_INT:
		buf_fmt(out, "%" PRId64, v->i);
		break;
	case VAL_LIST:
		buf_str(out, STR("a list"));
		break;
	case VAL_MAP:
		buf_str(out, STR("a map"));
		break;
	default:
		buf_fmt(out, "'%.*s'", STR_FMT(str_head(val_str(v), 60)));
		break;
	}
}

int option_set(struct config *c, const struct config_option *o, const struct val *v, const char *place, struct err *err)
{
	struct buf text = BUF_INIT;

	if (types[o->type].set(c, o, (char *)c + o->at, v))
		return 0;
	option_allowed(o, &text);
	buf_str(&text, STR(", not "));
	option_value_words(v, &text);
	err_set(err, ERR_CONFIG, "%s: '%s' wants %s", place, o->path, buf_z(&text));
	buf_release(&text);
	return -1;
}
