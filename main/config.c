/* SPDX-License-Identifier: Apache-2.0 */
/* config - see config.h */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/timefmt.h"
#include "main/options.h"

static const char *const lists[] = {"raw_topics", "stages",        "kafka",     "connectors",
                                    "lifetimes",  "internal_hops", "encodings", NULL};

const char *const stage_names[STAGE_N + 1] = {"ingest", "track", "queue", "alert", NULL};

void config_default(struct config *c)
{
	struct ingest_config lines;

	*c = (struct config){
	    .app = "qlapse",
	    .prefix = "qlapse",
	    .stages = (1u << STAGE_N) - 1,
	    .threads = 1,
	    .partitions = 4,
	    .replication = -1,
	    .batch = 5000,
	    .linger_ms = 50,
	    .tick_interval_ms = 200,
	    .tick_refresh_ms = 1000,
	    .stall_after_ms = 10 * 60 * 1000,
	    .skew_ms = 60 * 1000,
	    .txn_timeout_ms = 20 * 1000,
	};
	ingest_config_default(&lines);
	c->site = lines.site;
	c->host = lines.host;
	c->n_internal_hops = lines.n_internal_hops;
	c->internal_hops = arena_alloc(&c->arena, (lines.n_internal_hops + 1) * sizeof(struct str));
	memcpy(c->internal_hops, lines.internal_hops, lines.n_internal_hops * sizeof(struct str));
	track_config_default(&c->track);
	queue_config_default(&c->queue);
	alert_config_default(&c->alert);
	for (int t = 0; t < TOPIC_N; t++)
		c->encodings[t] = topics[t].encoding == TOPIC_JSON ? ENC_JSON : ENC_MSGPACK;
}

void config_release(struct config *c)
{
	arena_release(&c->arena);
}

struct reader {
	struct config *c;
	const char *file; /* or what else is read */
	bool has_lines;   /* a file: messages begin with file:line */
	struct err *err;
};

/* Begins a message. */
static const char *place(const struct reader *r, int line)
{
	return r->has_lines ? arena_fmt(&r->c->arena, "%s:%d", r->file, line).p : r->file;
}

static int bad(const struct reader *r, int line, const char *what, struct str subject)
{
	return err_set(r->err, ERR_CONFIG, "%s: %s \"%.*s\"", place(r, line), what, STR_FMT(subject));
}

static int want(const struct reader *r, const struct val *v, enum val_kind kind, const char *what)
{
	if (v->kind == kind)
		return 0;
	return err_set(r->err, ERR_CONFIG, "%s: %s is wanted here", place(r, v->line), what);
}

static int check_keys(const struct reader *r, const struct val *v, const char *const *known)
{
	if (want(r, v, VAL_MAP, "an entry with keys") < 0)
		return -1;
	for (size_t i = 0; i < v->n; i++) {
		if (names_find(known, v->keys[i].s) >= 0)
			continue;
		const char *near = option_nearest(v->keys[i].s, known);
		bad(r, v->keys[i].line, "unknown key", v->keys[i].s);
		if (near != NULL && names_find(known, str_from(near)) >= 0)
			err_prefix(r->err, "did you mean \"%s\"? in", near);
		return -1;
	}
	return 0;
}

static int read_texts(const struct reader *r, const struct val *v, struct str **ret, size_t *ret_n)
{
	*ret_n = 0;
	if (v->kind == VAL_NULL)
		return 0;
	if (want(r, v, VAL_LIST, "a list") < 0)
		return -1;
	*ret = arena_alloc(&r->c->arena, (v->n + 1) * sizeof(**ret));
	for (size_t i = 0; i < v->n; i++) {
		if (want(r, &v->items[i], VAL_STR, "a text") < 0)
			return -1;
		(*ret)[(*ret_n)++] = v->items[i].s;
	}
	return 0;
}

static int read_span(const struct reader *r, const struct val *v, int64_t *ret)
{
	*ret = -1;
	if (v->kind == VAL_NULL || (v->kind == VAL_STR && duration_parse(v->s, ret)))
		return 0;
	return err_set(r->err, ERR_CONFIG, "%s: a duration such as 48h is wanted here", place(r, v->line));
}

static int read_raw_topics(const struct reader *r, const struct val *v)
{
	static const char *const known[] = {"name", "partitions", NULL};

	if (want(r, v, VAL_LIST, "a list of topics") < 0)
		return -1;
	r->c->raw = arena_zalloc(&r->c->arena, (v->n + 1) * sizeof(*r->c->raw));
	r->c->n_raw = v->n;
	for (size_t i = 0; i < v->n; i++) {
		const struct val *t = &v->items[i];
		if (t->kind == VAL_STR) {
			r->c->raw[i].name = arena_dup(&r->c->arena, t->s).p;
			continue;
		}
		if (check_keys(r, t, known) < 0 || want(r, val_get(t, "name"), VAL_STR, "the topic's name") < 0)
			return -1;
		r->c->raw[i].name = arena_dup(&r->c->arena, val_str(val_get(t, "name"))).p;
		r->c->raw[i].partitions = (int)val_i64(val_get(t, "partitions"), 0);
	}
	return 0;
}

static int read_stages(const struct reader *r, const struct val *v)
{
	if (want(r, v, VAL_LIST, "a list of stages") < 0)
		return -1;
	r->c->stages = 0;
	for (size_t i = 0; i < v->n; i++) {
		int s = names_find(stage_names, val_str(&v->items[i]));
		if (s < 0)
			return bad(r, v->items[i].line, "no stage is called", val_str(&v->items[i]));
		r->c->stages |= 1u << s;
	}
	return 0;
}

static struct str scalar_text(struct arena *a, const struct val *v)
{
	if (v->kind == VAL_INT)
		return arena_fmt(a, "%lld", (long long)v->i);
	if (v->kind == VAL_BOOL)
		return v->b ? STR("true") : STR("false");
	return arena_dup(a, val_str(v));
}

static int read_kafka(const struct reader *r, const struct val *v)
{
	if (want(r, v, VAL_MAP, "settings of librdkafka") < 0)
		return -1;
	r->c->kafka = arena_alloc(&r->c->arena, (v->n + 1) * sizeof(*r->c->kafka));
	r->c->n_kafka = v->n;
	for (size_t i = 0; i < v->n; i++)
		r->c->kafka[i] = (struct setting){arena_dup(&r->c->arena, v->keys[i].s).p,
		                                  scalar_text(&r->c->arena, &v->items[i]).p};
	return 0;
}

static void lower_all(struct str *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < list[i].n; k++)
			if (list[i].p[k] >= 'A' && list[i].p[k] <= 'Z')
				((char *)(uintptr_t)list[i].p)[k] += 32;
}

static int read_connector(const struct reader *r, const struct val *v, struct connector *k)
{
	static const char *const known[] = {
	    "name",        "kind",        "domains", "next_hops", "networks", "lifetime", "volume_messages",
	    "volume_over", "near_expiry", "contact", NULL};

	if (check_keys(r, v, known) < 0 || want(r, val_get(v, "name"), VAL_STR, "the connector's name") < 0)
		return -1;
	k->name = val_str(val_get(v, "name"));
	lower_all(&k->name, 1);
	int kind = names_find(kind_names, val_str(val_get(v, "kind")));
	if (kind <= KIND_UNKNOWN)
		return bad(r, v->line, "kind must be own, partner or internet in connector", k->name);
	for (size_t i = 0; i < k->name.n; i++)
		if (strchr("abcdefghijklmnopqrstuvwxyz0123456789.-_", k->name.p[i]) == NULL)
			return bad(r, v->line, "letters, digits, dots, dashes and underscores only in connector",
			           k->name);
	k->kind = (enum kind)kind;
	k->contact = val_str(val_get(v, "contact"));
	k->volume_messages = val_i64(val_get(v, "volume_messages"), -1);
	if (read_texts(r, val_get(v, "domains"), &k->domains, &k->n_domains) < 0 ||
	    read_texts(r, val_get(v, "next_hops"), &k->next_hops, &k->n_next_hops) < 0 ||
	    read_texts(r, val_get(v, "networks"), &k->networks, &k->n_networks) < 0 ||
	    read_span(r, val_get(v, "lifetime"), &k->lifetime_ms) < 0 ||
	    read_span(r, val_get(v, "volume_over"), &k->volume_over_ms) < 0 ||
	    read_span(r, val_get(v, "near_expiry"), &k->near_expiry_ms) < 0)
		return -1;
	lower_all(k->domains, k->n_domains);
	lower_all(k->next_hops, k->n_next_hops);
	return 0;
}

static int read_connectors(const struct reader *r, const struct val *v)
{
	if (want(r, v, VAL_LIST, "a list of connectors") < 0)
		return -1;
	r->c->connectors = arena_zalloc(&r->c->arena, (v->n + 1) * sizeof(*r->c->connectors));
	for (size_t i = 0; i < v->n; i++) {
		struct connector *k = &r->c->connectors[i];
		if (read_connector(r, &v->items[i], k) < 0)
			return -1;
		if (connector_find(r->c->connectors, i, k->name) != NULL)
			return bad(r, v->items[i].line, "a second connector is called", k->name);
		r->c->n_connectors = i + 1;
	}
	return 0;
}

static int read_lifetimes(const struct reader *r, const struct val *v)
{
	static const char *const known[] = {"host", "mta", "null_sender", "lifetime", NULL};

	if (want(r, v, VAL_LIST, "a list of rules") < 0)
		return -1;
	struct lifetime_rule *rules = arena_zalloc(&r->c->arena, (v->n + 1) * sizeof(*rules));
	for (size_t i = 0; i < v->n; i++) {
		const struct val *e = &v->items[i], *null = val_get(e, "null_sender");
		struct str mta = val_str(val_get(e, "mta"));
		int m = mta.n == 0 ? MTA_UNKNOWN : names_find(mta_names, mta);

		if (check_keys(r, e, known) < 0 || read_span(r, val_get(e, "lifetime"), &rules[i].lifetime_ms) < 0)
			return -1;
		if (rules[i].lifetime_ms < 0)
			return err_set(r->err, ERR_CONFIG, "%s: the rule has no lifetime", place(r, e->line));
		if (m < 0)
			return bad(r, e->line, "unknown mta", mta);
		rules[i].host = val_str(val_get(e, "host"));
		rules[i].mta = (enum mta)m;
		rules[i].null_sender = null->kind == VAL_BOOL ? null->b : -1;
	}
	r->c->track.rules = rules;
	r->c->track.n_rules = v->n;
	return 0;
}

static int read_encodings(const struct reader *r, const struct val *v)
{
	if (want(r, v, VAL_MAP, "topics and their encodings") < 0)
		return -1;
	for (size_t i = 0; i < v->n; i++) {
		struct str value = val_str(&v->items[i]);
		int found = -1;
		for (int t = 0; t < TOPIC_N; t++) {
			struct str name = str_from(topics[t].name);
			if (topics[t].record != NULL && str_eq(str_head(name, name.n - 3), v->keys[i].s))
				found = t;
		}
		if (found < 0)
			return bad(r, v->keys[i].line, "no topic with a schema is called", v->keys[i].s);
		if (!str_eq(value, STR("json")) && !str_eq(value, STR("msgpack")))
			return bad(r, v->items[i].line, "json or msgpack is wanted for topic", v->keys[i].s);
		r->c->encodings[found] = str_eq(value, STR("json")) ? ENC_JSON : ENC_MSGPACK;
	}
	return 0;
}

static int read_section(const struct reader *r, int list, const struct val *v)
{
	typedef int read_fn(const struct reader *, const struct val *);
	static read_fn *const readers[] = {read_raw_topics, read_stages, read_kafka,    read_connectors,
	                                   read_lifetimes,  NULL,        read_encodings};

	if (readers[list] != NULL)
		return readers[list](r, v);
	int result = read_texts(r, v, &r->c->internal_hops, &r->c->n_internal_hops);
	return result;
}

static int unknown_key(const struct reader *r, const struct val *key, struct str path)
{
	const char *near = option_nearest(path, lists);

	if (near == NULL)
		return bad(r, key->line, "unknown option", path);
	return err_set(r->err, ERR_CONFIG, "%s: unknown option \"%.*s\"; did you mean \"%s\"?", place(r, key->line),
	               STR_FMT(path), near);
}

static bool is_section(struct str path)
{
	for (size_t i = 0; i < n_options; i++) {
		struct str rest = str_from(options[i].path);
		if (str_eat(&rest, path) && rest.n > 0 && rest.p[0] == '.')
			return true;
	}
	return false;
}

static int read_map(const struct reader *r, const struct val *map, struct str prefix);

static int read_option(const struct reader *r, const struct val *key, struct str path, const struct val *v)
{
	const struct config_option *o = option_find(path);
	int list = names_find(lists, path);

	if (o != NULL)
		return option_set(r->c, o, v, place(r, key->line), r->err);
	if (list >= 0)
		return read_section(r, list, v);
	if (v->kind == VAL_MAP && is_section(path))
		return read_map(r, v, path);
	return unknown_key(r, key, path);
}

static int read_map(const struct reader *r, const struct val *map, struct str prefix)
{
	for (size_t i = 0; i < map->n; i++) {
		struct str key = map->keys[i].s, path = key;

		if (prefix.n > 0)
			path = arena_fmt(&r->c->arena, "%.*s.%.*s", STR_FMT(prefix), STR_FMT(key));
		if (read_option(r, &map->keys[i], path, &map->items[i]) < 0)
			return -1;
	}
	return 0;
}

int config_read(struct config *c, const char *path, struct err *err)
{
	struct buf text = BUF_INIT;
	FILE *f = fopen(path, "rb");
	const struct val *doc;
	size_t n;

	if (f == NULL)
		return err_set(err, ERR_CONFIG, "cannot read the configuration \"%s\": %s", path, strerror(errno));
	do {
		buf_reserve(&text, 65536);
		n = fread(text.p + text.n, 1, 65536, f);
		text.n += n;
	} while (n > 0);
	fclose(f);
	struct reader r = {c, arena_dup(&c->arena, str_from(path)).p, true, err};
	c->file = r.file;
	int result = val_from_yaml(buf_view(&text), r.file, &c->arena, &doc, err);
	if (result == 0)
		result = want(&r, doc, VAL_MAP, "options, each with a key,");
	if (result == 0)
		result = read_map(&r, doc, STR_NONE);
	buf_release(&text);
	return result;
}

/* One setting of librdkafka over those that are there. */
static int set_kafka(const struct reader *r, struct str name, const struct val *v)
{
	struct setting *list = arena_alloc(&r->c->arena, (r->c->n_kafka + 1) * sizeof(*list)), *at = list;

	for (; at < list + r->c->n_kafka; at++) {
		*at = r->c->kafka[at - list];
		if (str_eq(str_from(at->name), name))
			break;
	}
	if (at < list + r->c->n_kafka)
		at = &r->c->kafka[at - list];
	else
		r->c->kafka = list, r->c->n_kafka++;
	*at = (struct setting){arena_dup(&r->c->arena, name).p, scalar_text(&r->c->arena, v).p};
	return 0;
}

int config_set(struct config *c, const char *assignment, struct err *err)
{
	struct str value = str_from(assignment), path;
	struct reader r = {c, arena_fmt(&c->arena, "--set %s", assignment).p, false, err};
	const struct val *v = &val_null;

	if (!str_cut(&value, '=', &path) || path.n == 0)
		return err_set(err, ERR_CONFIG, "--set wants path=value, not \"%s\"", assignment);
	if (value.n > 0 && val_from_yaml(arena_dup(&c->arena, value), r.file, &c->arena, &v, err) < 0)
		return -1;
	if (str_eat(&path, STR("kafka.")))
		return set_kafka(&r, path, v);
	return read_option(&r, &val_null, path, v);
}

int config_check(const struct config *c, struct err *err)
{
	const char *file = c->file == NULL ? "configuration" : c->file;

	if (str_chr(c->site, '/') >= 0 || c->site.n == 0)
		return err_set(err, ERR_CONFIG, "%s: ingest.site must not be empty or hold a slash", file);
	if (c->queue.tombstone_after_ms % c->queue.row_interval_ms != 0)
		return err_set(err, ERR_CONFIG, "%s: queue.tombstone_after must be a multiple of queue.row_interval",
		               file);
	if (c->track.default_lifetime_ms >= c->track.forget_after_ms)
		return err_set(err, ERR_CONFIG, "%s: track.forget_after must be longer than track.lifetime", file);
	for (size_t i = 0; i < c->track.n_rules; i++)
		if (c->track.rules[i].lifetime_ms >= c->track.forget_after_ms)
			return err_set(err, ERR_CONFIG, "%s: track.forget_after must be longer than every lifetime",
			               file);
	for (size_t i = 0; i < c->n_connectors; i++)
		if (c->connectors[i].lifetime_ms >= c->track.forget_after_ms)
			return err_set(err, ERR_CONFIG,
			               "%s: track.forget_after must be longer than the lifetime of \"%.*s\"", file,
			               STR_FMT(c->connectors[i].name));
	return 0;
}
