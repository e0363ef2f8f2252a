/* SPDX-License-Identifier: Apache-2.0 */
/* options - see options.h */
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "lib/base/timefmt.h"
#include "main/nearest.h"
#include "main/options.h"

const struct config_option options[] = {
#define OPT(path, type, member, least, most, prose)                                                                    \
	{path, OPTION_##type, offsetof(struct config, member), least, most, prose},
#include "main/options.def"
#undef OPT
};
const size_t n_options = sizeof(options) / sizeof(*options);

const struct config_option *option_find(struct str path)
{
	for (size_t i = 0; i < n_options; i++)
		if (str_eq(str_from(options[i].path), path))
			return &options[i];
	return NULL;
}

static const char *wanted(enum option_type type)
{
	static const char *const words[] = {
	    [OPTION_TEXT] = "a text",           [OPTION_VIEW] = "a text",
	    [OPTION_BOOL] = "true or false",    [OPTION_INT] = "a whole number",
	    [OPTION_NUMBER] = "a whole number", [OPTION_SPAN] = "a duration such as 90s, 15m, 48h or 5d",
	    [OPTION_HOLD] = "wall or hold",
	};
	return words[type];
}

static int refuse(const struct config_option *o, const char *where, struct err *err)
{
	return err_set(err, ERR_CONFIG, "%s: option \"%s\" wants %s", where, o->path, wanted(o->type));
}

static int check_range(const struct config_option *o, int64_t v, const char *where, struct err *err)
{
	struct buf text = BUF_INIT;

	if (v >= o->least && (o->most == 0 || v <= o->most))
		return 0;
	if (o->type == OPTION_SPAN) {
		duration_format(o->least, &text);
		if (o->most != 0) {
			buf_str(&text, STR(" to "));
			duration_format(o->most, &text);
		}
	} else {
		buf_fmt(&text, "%" PRId64, o->least);
		if (o->most != 0)
			buf_fmt(&text, " to %" PRId64, o->most);
	}
	err_set(err, ERR_CONFIG, "%s: option \"%s\" wants %s%s", where, o->path, o->most == 0 ? "at least " : "",
	        buf_z(&text));
	buf_release(&text);
	return -1;
}

static int set_number(const struct config_option *o, void *at, const struct val *v, const char *where, struct err *err)
{
	int64_t n;

	if (v->kind == VAL_INT && (o->type != OPTION_SPAN || v->i == 0))
		n = v->i;
	else if (o->type == OPTION_SPAN && v->kind == VAL_STR && str_eq(v->s, STR("never")) && o->most == 0)
		n = TIME_NEVER;
	else if (o->type != OPTION_SPAN || v->kind != VAL_STR || !duration_parse(v->s, &n))
		return refuse(o, where, err);
	if (check_range(o, n, where, err) < 0)
		return -1;
	if (o->type == OPTION_INT)
		*(int *)at = (int)n;
	else
		*(int64_t *)at = n;
	return 0;
}

static int set_text(struct config *c, const struct config_option *o, void *at, const struct val *v, const char *where,
                    struct err *err)
{
	struct str s = v->s;

	if (v->kind == VAL_INT)
		s = arena_fmt(&c->arena, "%" PRId64, v->i);
	else if (v->kind == VAL_NULL)
		s = STR_NONE;
	else if (v->kind != VAL_STR)
		return refuse(o, where, err);
	s = arena_dup(&c->arena, s);
	if (o->type == OPTION_VIEW)
		*(struct str *)at = s;
	else
		*(const char **)at = s.n == 0 ? NULL : s.p;
	return 0;
}

int option_set(struct config *c, const struct config_option *o, const struct val *v, const char *where, struct err *err)
{
	void *at = (char *)c + o->at;

	switch (o->type) {
	case OPTION_TEXT:
	case OPTION_VIEW:
		return set_text(c, o, at, v, where, err);
	case OPTION_BOOL:
		if (v->kind != VAL_BOOL)
			return refuse(o, where, err);
		*(bool *)at = v->b;
		return 0;
	case OPTION_HOLD:
		if (v->kind != VAL_STR || (!str_eq(v->s, STR("hold")) && !str_eq(v->s, STR("wall"))))
			return refuse(o, where, err);
		*(bool *)at = str_eq(v->s, STR("hold"));
		return 0;
	default:
		return set_number(o, at, v, where, err);
	}
}

void option_show(const struct config *c, const struct config_option *o, struct buf *out)
{
	const void *at = (const char *)c + o->at;

	switch (o->type) {
	case OPTION_TEXT:
		buf_fmt(out, "%s", *(const char *const *)at == NULL ? "\"\"" : *(const char *const *)at);
		break;
	case OPTION_VIEW:
		buf_fmt(out, "%.*s", STR_FMT(*(const struct str *)at));
		break;
	case OPTION_BOOL:
		buf_fmt(out, "%s", *(const bool *)at ? "true" : "false");
		break;
	case OPTION_HOLD:
		buf_fmt(out, "%s", *(const bool *)at ? "hold" : "wall");
		break;
	case OPTION_INT:
		buf_fmt(out, "%d", *(const int *)at);
		break;
	case OPTION_NUMBER:
		buf_fmt(out, "%" PRId64, *(const int64_t *)at);
		break;
	case OPTION_SPAN:
		if (*(const int64_t *)at == TIME_NEVER)
			buf_str(out, STR("never"));
		else
			duration_format(*(const int64_t *)at, out);
		break;
	}
}

const char *option_nearest(struct str path, const char *const *more)
{
	struct nearest near = nearest_to(path);

	for (size_t i = 0; i < n_options; i++)
		nearest_try(&near, options[i].path);
	for (; more != NULL && *more != NULL; more++)
		nearest_try(&near, *more);
	return near.best;
}

void options_markdown(struct buf *out)
{
	struct config c;

	config_default(&c);
	buf_str(out,
	        STR("# Options\n"
	            "Made from main/options.def by `qlapse check --print-options`; a test fails when it is stale.\n"
	            "Any of them can be set in the YAML file (`alert.own.near_expiry` is the key `near_expiry` within\n"
	            "`own` within `alert`) or on the command line with `--set path=value`.\n\n"
	            "| option | default | range | what it does |\n| --- | --- | --- | --- |\n"));
	for (size_t i = 0; i < n_options; i++) {
		const struct config_option *o = &options[i];
		buf_fmt(out, "| `%s` | ", o->path);
		if (strcmp(o->path, "instance") == 0)
			buf_str(out, STR("host name"));
		else
			option_show(&c, o, out);
		buf_fmt(out, " | %s | %s |\n", wanted(o->type), o->prose);
	}
	buf_str(out,
	        STR("\nLists and maps:\n\n"
	            "| key | what it holds |\n| --- | --- |\n"
	            "| `raw_topics` | topics with raw lines: names, or `{name, partitions}` to pin their number |\n"
	            "| `stages` | which of ingest, track, queue, alert run here; default all |\n"
	            "| `kafka` | settings of librdkafka that are passed through, `bootstrap.servers` first; those that "
	            "would break a guarantee are refused by name |\n"
	            "| `connectors` | routes by name: `{name, kind: own, partner or internet, domains, next_hops, "
	            "networks, lifetime, volume_messages, volume_over, near_expiry, contact}` |\n"
	            "| `lifetimes` | rules, the first that fits holds: `{host, mta, null_sender, lifetime}` |\n"
	            "| `internal_hops` | hosts and addresses to which mail is handed on within the fleet |\n"
	            "| `encodings` | per topic, without prefix and version: json or msgpack |\n"));
	config_release(&c);
}
