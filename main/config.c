/* SPDX-License-Identifier: Apache-2.0 */
/* config - see config.h */
#include "main/config.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/timefmt.h"
#include "lib/http/http_server.h"
#include "main/config_priv.h"
#include "main/nearest.h"
#include "main/options.h"

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
	    .metrics_groups = 50,
	};
	c->events = (struct event_config){EVENT_BINARY, NULL, "urn:qlapse:TOPIC"};
	c->local_parts = LOCAL_PARTS_HMAC;
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
	redaction_free(c->redaction);
	arena_release(&c->arena);
}

const char *config_place(const struct config_reader *r, int line)
{
	return r->has_lines ? arena_fmt(&r->c->arena, "%s:%d", r->file, line).p : r->file;
}

int config_bad(const struct config_reader *r, int line, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return err_set(r->err, ERR_CONFIG, "%s: %s", config_place(r, line), text);
}

/* Is path a key above options or sections? */
static bool is_parent(struct str path)
{
	for (size_t i = 0; i < n_config_options; i++) {
		struct str rest = str_from(config_options[i].path);

		if (str_eat(&rest, path) && str_starts(rest, STR(".")))
			return true;
	}
	return false;
}

static const struct config_section *find_section(struct str path)
{
	for (const struct config_section *s = config_sections; s->name; s++)
		if (str_eq(str_from(s->name), path))
			return s;
	return NULL;
}

static int unknown_key(const struct config_reader *r, int line, struct str path)
{
	struct nearest near = nearest_to(path);

	for (size_t i = 0; i < n_config_options; i++) {
		ssize_t dot = str_rchr(str_from(config_options[i].path), '.');

		nearest_try(&near, config_options[i].path);
		if (dot > 0)
			nearest_try(&near, arena_fmt(&r->c->arena, "%.*s", (int)dot, config_options[i].path).p);
	}
	for (const struct config_section *s = config_sections; s->name; s++)
		nearest_try(&near, s->name);
	if (near.best)
		return config_bad(r, line, "unknown option '%.*s'; did you mean '%s'?", STR_FMT(path), near.best);
	return config_bad(r, line, "unknown option '%.*s'", STR_FMT(path));
}

static int read_map(const struct config_reader *r, const struct val *map, struct str parent);

static int read_one(const struct config_reader *r, int line, struct str path, const struct val *v)
{
	const struct config_option *o = option_find(path);
	const struct config_section *s = find_section(path);

	if (o)
		return option_set(r->c, o, v, config_place(r, line), r->err);
	if (s)
		return s->read(r, v);
	if (!is_parent(path))
		return unknown_key(r, line, path);
	if (v->kind == VAL_NULL) /* all below it is commented out */
		return 0;
	if (v->kind != VAL_MAP)
		return config_bad(r, line, "'%.*s' wants options below it", STR_FMT(path));
	return read_map(r, v, path);
}

static int read_map(const struct config_reader *r, const struct val *map, struct str parent)
{
	for (size_t i = 0; i < map->n; i++) {
		struct str path = map->keys[i].s;

		if (parent.n)
			path = arena_fmt(&r->c->arena, "%.*s.%.*s", STR_FMT(parent), STR_FMT(map->keys[i].s));
		if (read_one(r, map->keys[i].line, path, &map->items[i]) < 0)
			return -1;
	}
	return 0;
}

static int read_bytes(const char *path, struct buf *out, struct err *err)
{
	FILE *f = fopen(path, "rbe");
	size_t n;

	if (!f)
		return err_set(err, ERR_CONFIG, "cannot read the configuration '%s': %s", path, strerror(errno));
	do {
		buf_reserve(out, 65536);
		n = fread(out->p + out->n, 1, 65536, f);
		out->n += n;
	} while (n > 0);
	if (ferror(f))
		err_set(err, ERR_CONFIG, "cannot read the configuration '%s': %s", path, strerror(errno));
	n = ferror(f) ? 1 : 0;
	fclose(f);
	return n ? -1 : 0;
}

int config_read(struct config *c, const char *path, struct err *err)
{
	struct config_reader r = {c, arena_dup(&c->arena, str_from(path)).p, true, err};
	struct buf text = BUF_INIT;
	const struct val *doc;
	int result = read_bytes(path, &text, err);

	c->file = r.file;
	if (result == 0)
		result = val_from_yaml(buf_view(&text), r.file, &c->arena, &doc, err);
	if (result == 0 && doc->kind != VAL_MAP)
		result = config_bad(&r, 1, "options are wanted here, each a key with a value");
	if (result == 0)
		result = read_map(&r, doc, STR_NONE);
	buf_release(&text);
	return result;
}

int config_set(struct config *c, const char *assignment, struct err *err)
{
	struct config_reader r = {c, arena_fmt(&c->arena, "--set %s", assignment).p, false, err};
	struct str value = str_from(assignment), path;
	const struct val *v = &val_null;

	if (!str_cut(&value, '=', &path) || !path.n)
		return err_set(err, ERR_CONFIG, "--set wants path=value, not '%s'", assignment);
	if (value.n && val_from_yaml(arena_dup(&c->arena, value), r.file, &c->arena, &v, err) < 0)
		return -1;
	if (str_eat(&path, STR("kafka.")))
		return config_set_kafka(&r, 0, path, v);
	return read_one(&r, 0, path, v);
}

/* White space at the ends included; longer than any key may be where the file is. */
static int read_key(const char *path, char ret[2 * REDACT_KEY_MAX], size_t *ret_n, struct err *err)
{
	FILE *f = fopen(path, "rbe");

	if (!f)
		return err_set(err, ERR_CONFIG, "cannot read emit.key_file '%s': %s", path, strerror(errno));
	*ret_n = fread(ret, 1, 2 * REDACT_KEY_MAX, f);
	int failed = ferror(f) ? errno : 0;
	fclose(f);
	return failed ? err_set(err, ERR_CONFIG, "cannot read emit.key_file '%s': %s", path, strerror(failed)) : 0;
}

int config_load_key(struct config *c, bool stays_here, struct err *err)
{
	char key[2 * REDACT_KEY_MAX];
	struct err why;
	size_t n = 0;

	if (c->local_parts == LOCAL_PARTS_CLEAR || (!c->key_file && stays_here))
		return 0;
	if (!c->key_file)
		return err_set(
		    err, ERR_CONFIG,
		    "%s: emit.key_file is missing: 'openssl rand -hex 32 >FILE' makes a key by which the local "
		    "parts of addresses are hashed; emit.local_parts: clear leaves them as they are",
		    c->file ? c->file : "configuration");
	if (read_key(c->key_file, key, &n, err) < 0)
		return -1;
	redaction_free(c->redaction);
	c->redaction = redaction_new((enum local_parts)c->local_parts, str_of(key, n), &why);
	explicit_bzero(key, sizeof(key));
	return c->redaction ? 0 : err_set(err, ERR_CONFIG, "emit.key_file '%s': %s", c->key_file, why.msg);
}

/* Messages are forgotten, and rows with them, only after every end that a message may have. */
static int check_lifetimes(const struct config *c, const char *file, struct err *err)
{
	const int64_t limit = c->track.forget_after_ms;

	if (c->track.default_lifetime_ms >= limit)
		return err_set(err, ERR_CONFIG, "%s: track.forget_after must be longer than track.lifetime", file);
	for (size_t i = 0; i < c->track.n_rules; i++)
		if (c->track.rules[i].lifetime_ms >= limit)
			return err_set(err, ERR_CONFIG,
			               "%s: track.forget_after must be longer than every lifetime: rule %zu of "
			               "lifetimes is not shorter",
			               file, i + 1);
	for (size_t i = 0; i < c->n_connectors; i++)
		if (c->connectors[i].lifetime_ms >= limit)
			return err_set(err, ERR_CONFIG,
			               "%s: track.forget_after must be longer than every lifetime: that of connector "
			               "'%.*s' is not shorter",
			               file, STR_FMT(c->connectors[i].name));
	return 0;
}

static int check_events(const struct config *c, const char *file, struct err *err)
{
	for (int t = 0; t < TOPIC_N && c->events.form == EVENT_STRUCTURED; t++)
		if (event_topic_is_structured(t) && c->encodings[t] != ENC_JSON)
			return err_set(err, ERR_CONFIG,
			               "%s: with emit.cloudevents: structured the records of %s must be JSON", file,
			               topics[t].name);
	return 0;
}

int config_check(const struct config *c, struct err *err)
{
	const char *file = c->file ? c->file : "configuration";

	if (c->queue.tombstone_after_ms % c->queue.row_interval_ms != 0)
		return err_set(err, ERR_CONFIG, "%s: queue.tombstone_after must be a multiple of queue.row_interval",
		               file);
	if (c->http_listen && http_address_check(c->http_listen, err) < 0)
		return err_prefix(err, "%s: http.listen", file);
	if (!c->replication)
		return err_set(err, ERR_CONFIG, "%s: replication must be -1 or 1 and more, not 0", file);
	return check_events(c, file, err) < 0 ? -1 : check_lifetimes(c, file, err);
}
