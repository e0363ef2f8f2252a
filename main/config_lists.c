/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config_lists - the lists and maps of the configuration
 *
 * Entries that are maps (a connector, a rule) are read by tables of their keys: what a key holds and where it goes.
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/text.h"
#include "main/config_priv.h"
#include "main/nearest.h"
#include "main/options.h"
#include "main/pipeline.h"

enum key_kind {
	KEY_TEXT,   /* struct str */
	KEY_NAME,   /* const char *: of a topic */
	KEY_WORD,   /* struct str, lower case */
	KEY_WORDS,  /* struct texts, lower case */
	KEY_SPAN,   /* int64_t */
	KEY_NUMBER, /* int64_t from 1 */
	KEY_COUNT,  /* int from 1 to 10000 */
	KEY_FLAG,   /* int: 0, 1 */
	KEY_ENUM,   /* int, by names; what they call "unknown" is not one */
	KEY_KINDS
};

struct texts {
	struct str *items;
	size_t n;
};

struct key {
	const char *name;
	enum key_kind kind;
	size_t at;
	const char *const *names;
};

static int wrong(const struct config_reader *r, const struct val *v, const char *subject, const char *wants)
{
	struct buf text = BUF_INIT;

	option_value_words(v, &text);
	config_bad(r, v->line, "%s wants %s, not %s", subject, wants, buf_z(&text));
	buf_release(&text);
	return -1;
}

static bool read_text(const struct config_reader *r, const struct val *v, struct str *ret)
{
	if (v->kind == VAL_INT)
		*ret = arena_fmt(&r->c->arena, "%" PRId64, v->i);
	else if (v->kind == VAL_STR && v->s.n && str_chr(v->s, '\0') < 0)
		*ret = arena_dup(&r->c->arena, v->s);
	else
		return false;
	return true;
}

static bool read_word(const struct config_reader *r, const struct val *v, struct str *ret)
{
	char *copy;

	if (!read_text(r, v, ret))
		return false;
	copy = arena_alloc(&r->c->arena, ret->n);
	memcpy(copy, ret->p, ret->n);
	text_lower(copy, ret->n);
	*ret = str_of(copy, ret->n);
	return true;
}

static bool read_words(const struct config_reader *r, const struct val *v, struct texts *ret)
{
	if (v->kind != VAL_LIST)
		return false;
	ret->items = arena_alloc(&r->c->arena, (v->n + 1) * sizeof(*ret->items));
	ret->n = v->n;
	for (size_t i = 0; i < v->n; i++)
		if (!read_word(r, &v->items[i], &ret->items[i]))
			return false;
	return true;
}

static bool read_int(const struct val *v, int64_t least, int64_t most, int64_t *ret)
{
	*ret = v->kind == VAL_INT ? v->i : least - 1;
	return *ret >= least && *ret <= most;
}

/* Puts the value where the key says; false if it is of another kind. */
static bool read_key(const struct config_reader *r, const struct key *k, const struct val *v, void *at)
{
	struct str s = STR_NONE;
	int64_t n = 0;
	bool ok = true;

	switch (k->kind) {
	case KEY_TEXT:
		return read_text(r, v, at);
	case KEY_WORD:
		return read_word(r, v, at);
	case KEY_WORDS:
		return read_words(r, v, at);
	case KEY_SPAN:
		return config_span(v, at);
	case KEY_NUMBER:
		return read_int(v, 1, INT64_MAX, at);
	case KEY_NAME:
		ok = read_text(r, v, &s) && s.n <= 249 && config_name_ok(s);
		*(const char **)at = s.p;
		return ok;
	case KEY_COUNT:
		ok = read_int(v, 1, 10000, &n);
		break;
	case KEY_FLAG:
		ok = v->kind == VAL_BOOL;
		n = ok && v->b;
		break;
	default:
		n = v->kind == VAL_STR ? names_find(k->names, v->s) : -1;
		ok = n > 0;
		break;
	}
	*(int *)at = (int)n;
	return ok;
}

static const char *const key_wants[KEY_KINDS] = {
    [KEY_TEXT] = "a text",
    [KEY_NAME] = "the name of a topic",
    [KEY_WORD] = "a text",
    [KEY_WORDS] = "a list of texts",
    [KEY_SPAN] = "a duration such as 90s, 15m, 48h or 5d",
    [KEY_NUMBER] = "a whole number, at least 1",
    [KEY_COUNT] = "a whole number, from 1 to 10000",
    [KEY_FLAG] = "true or false",
};

static int wrong_key(const struct config_reader *r, const struct key *k, const struct val *v)
{
	char subject[64];
	struct buf list = BUF_INIT;

	snprintf(subject, sizeof(subject), "'%s'", k->name);
	for (size_t i = 1; k->names && k->names[i]; i++)
		buf_fmt(&list, "%s%s", i > 1 ? ", " : "one of ", k->names[i]);
	wrong(r, v, subject, k->names ? buf_z(&list) : key_wants[k->kind]);
	buf_release(&list);
	return -1;
}

static int unknown_key(const struct config_reader *r, const struct val *name, const struct key *keys)
{
	struct nearest near = nearest_to(name->s);

	for (const struct key *k = keys; k->name; k++)
		nearest_try(&near, k->name);
	if (near.best)
		return config_bad(r, name->line, "unknown key '%.*s'; did you mean '%s'?", STR_FMT(name->s), near.best);
	return config_bad(r, name->line, "unknown key '%.*s'", STR_FMT(name->s));
}

/* A map with these keys, ended by a name of NULL, into the struct at entry. */
static int read_entry(const struct config_reader *r, const struct val *v, const struct key *keys, void *entry)
{
	if (v->kind != VAL_MAP)
		return wrong(r, v, "the entry", "keys with values");
	for (size_t i = 0; i < v->n; i++) {
		const struct key *k = keys;

		while (k->name && !str_eq(str_from(k->name), v->keys[i].s))
			k++;
		if (!k->name)
			return unknown_key(r, &v->keys[i], keys);
		if (!read_key(r, k, &v->items[i], (char *)entry + k->at))
			return wrong_key(r, k, &v->items[i]);
	}
	return 0;
}

static int want_list(const struct config_reader *r, const struct val *v, const char *section)
{
	char subject[64];

	snprintf(subject, sizeof(subject), "'%s'", section);
	return v->kind == VAL_LIST ? 0 : wrong(r, v, subject, "a list");
}

static int read_stages(const struct config_reader *r, const struct val *v)
{
	unsigned stages = 0;

	if (want_list(r, v, "stages") < 0)
		return -1;
	for (size_t i = 0; i < v->n; i++) {
		int s = names_find(stage_names, val_str(&v->items[i]));

		if (s < 0)
			return wrong(r, &v->items[i], "'stages'", "a list of ingest, track, queue, alert");
		stages |= 1u << s;
	}
	if (!stages)
		return config_bad(r, v->line, "'stages' wants at least one of ingest, track, queue, alert");
	r->c->stages = stages;
	return 0;
}

static const struct key raw_topic_keys[] = {
    {"name", KEY_NAME, offsetof(struct raw_topic, name), NULL},
    {"partitions", KEY_COUNT, offsetof(struct raw_topic, partitions), NULL},
    {NULL, KEY_TEXT, 0, NULL},
};

static int read_raw_topic(const struct config_reader *r, const struct val *v, struct raw_topic *ret)
{
	if (v->kind != VAL_MAP)
		return read_key(r, &raw_topic_keys[0], v, &ret->name) ? 0
		                                                      : wrong(r, v, "'raw_topics'", "names of topics");
	if (read_entry(r, v, raw_topic_keys, ret) < 0)
		return -1;
	return ret->name ? 0 : config_bad(r, v->line, "the raw topic has no name");
}

static int read_raw_topics(const struct config_reader *r, const struct val *v)
{
	struct raw_topic *list;

	if (want_list(r, v, "raw_topics") < 0)
		return -1;
	list = arena_zalloc(&r->c->arena, (v->n + 1) * sizeof(*list));
	for (size_t i = 0; i < v->n; i++) {
		if (read_raw_topic(r, &v->items[i], &list[i]) < 0)
			return -1;
		for (size_t k = 0; k < i; k++)
			if (strcmp(list[k].name, list[i].name) == 0)
				return config_bad(r, v->items[i].line, "raw topic '%s' stands here again",
				                  list[i].name);
	}
	r->c->raw = list;
	r->c->n_raw = v->n;
	return 0;
}

int config_set_kafka(const struct config_reader *r, int line, struct str name, const struct val *v)
{
	struct config *c = r->c;
	struct setting *list = arena_alloc(&c->arena, (c->n_kafka + 1) * sizeof(*list));
	struct str value = STR_NONE;
	size_t at = 0;

	if (v->kind == VAL_BOOL)
		value = v->b ? STR("true") : STR("false");
	else if (v->kind != VAL_NULL && !read_text(r, v, &value) && val_str(v).n)
		return config_bad(r, line, "'kafka.%.*s' wants a text or a number", STR_FMT(name));
	else if (v->kind == VAL_LIST || v->kind == VAL_MAP)
		return config_bad(r, line, "'kafka.%.*s' wants a text or a number", STR_FMT(name));
	while (at < c->n_kafka && !str_eq(str_from(c->kafka[at].name), name))
		at++;
	if (c->n_kafka)
		memcpy(list, c->kafka, c->n_kafka * sizeof(*list));
	list[at] = (struct setting){arena_dup(&c->arena, name).p, value.p};
	c->kafka = list;
	c->n_kafka += at == c->n_kafka;
	return 0;
}

static int read_kafka(const struct config_reader *r, const struct val *v)
{
	if (v->kind != VAL_MAP)
		return wrong(r, v, "'kafka'", "settings of librdkafka");
	for (size_t i = 0; i < v->n; i++)
		if (config_set_kafka(r, v->keys[i].line, v->keys[i].s, &v->items[i]) < 0)
			return -1;
	return 0;
}

/* A connector as it is read; lists are kept as in struct connector, pointer first. */
struct connector_entry {
	struct str name;
	int kind;
	struct texts domains, next_hops, networks;
	int64_t lifetime_ms, volume_messages, volume_over_ms, near_expiry_ms;
	struct str contact;
};

static const struct key connector_keys[] = {
    {"name", KEY_WORD, offsetof(struct connector_entry, name), NULL},
    {"kind", KEY_ENUM, offsetof(struct connector_entry, kind), kind_names},
    {"domains", KEY_WORDS, offsetof(struct connector_entry, domains), NULL},
    {"next_hops", KEY_WORDS, offsetof(struct connector_entry, next_hops), NULL},
    {"networks", KEY_WORDS, offsetof(struct connector_entry, networks), NULL},
    {"lifetime", KEY_SPAN, offsetof(struct connector_entry, lifetime_ms), NULL},
    {"volume_messages", KEY_NUMBER, offsetof(struct connector_entry, volume_messages), NULL},
    {"volume_over", KEY_SPAN, offsetof(struct connector_entry, volume_over_ms), NULL},
    {"near_expiry", KEY_SPAN, offsetof(struct connector_entry, near_expiry_ms), NULL},
    {"contact", KEY_TEXT, offsetof(struct connector_entry, contact), NULL},
    {NULL, KEY_TEXT, 0, NULL},
};

/* "192.0.2.0/24", "2001:db8::/32" or an address. */
static bool is_network(struct str s)
{
	unsigned char bytes[16];
	char address[64];
	struct str head = s, length = s;
	bool has_length = str_cut(&length, '/', &head);
	int64_t n = 0;

	if (!head.n || head.n >= sizeof(address))
		return false;
	memcpy(address, head.p, head.n);
	address[head.n] = '\0';
	if (has_length && (!str_i64(length, &n) || n < 0))
		return false;
	if (inet_pton(AF_INET, address, bytes) == 1)
		return n <= 32;
	return inet_pton(AF_INET6, address, bytes) == 1 && n <= 128;
}

static int check_connector(const struct config_reader *r, int line, const struct connector_entry *e)
{
	if (!e->name.n || e->name.n > 200 || !config_name_ok(e->name))
		return config_bad(r, line,
		                  "the connector wants a name of letters, digits, dots, dashes and underscores");
	if (!e->kind)
		return config_bad(r, line, "connector '%.*s' wants a kind: own, partner or internet", STR_FMT(e->name));
	if (!e->domains.n && !e->next_hops.n && !e->networks.n)
		return config_bad(r, line, "connector '%.*s' covers nothing: it wants domains, next_hops or networks",
		                  STR_FMT(e->name));
	for (size_t i = 0; i < e->networks.n; i++)
		if (!is_network(e->networks.items[i]))
			return config_bad(r, line, "'%.*s' in connector '%.*s' is no network such as 192.0.2.0/24",
			                  STR_FMT(e->networks.items[i]), STR_FMT(e->name));
	return 0;
}

static int read_connector(const struct config_reader *r, const struct val *v, struct connector *ret)
{
	struct connector_entry e = {
	    .lifetime_ms = -1, .volume_messages = -1, .volume_over_ms = -1, .near_expiry_ms = -1};

	if (read_entry(r, v, connector_keys, &e) < 0 || check_connector(r, v->line, &e) < 0)
		return -1;
	*ret = (struct connector){
	    .name = e.name,
	    .kind = (enum kind)e.kind,
	    .domains = e.domains.items,
	    .n_domains = e.domains.n,
	    .next_hops = e.next_hops.items,
	    .n_next_hops = e.next_hops.n,
	    .networks = e.networks.items,
	    .n_networks = e.networks.n,
	    .lifetime_ms = e.lifetime_ms,
	    .volume_messages = e.volume_messages,
	    .volume_over_ms = e.volume_over_ms,
	    .near_expiry_ms = e.near_expiry_ms,
	    .contact = e.contact.n ? e.contact : STR_NONE,
	};
	return 0;
}

static int read_connectors(const struct config_reader *r, const struct val *v)
{
	struct connector *list;

	if (want_list(r, v, "connectors") < 0)
		return -1;
	list = arena_zalloc(&r->c->arena, (v->n + 1) * sizeof(*list));
	for (size_t i = 0; i < v->n; i++) {
		if (read_connector(r, &v->items[i], &list[i]) < 0)
			return -1;
		if (connector_find(list, i, list[i].name))
			return config_bad(r, v->items[i].line, "connector '%.*s' stands here again",
			                  STR_FMT(list[i].name));
	}
	r->c->connectors = list;
	r->c->n_connectors = v->n;
	return 0;
}

struct lifetime_entry {
	struct str host;
	int mta, null_sender;
	int64_t lifetime_ms;
};

static const struct key lifetime_keys[] = {
    {"host", KEY_TEXT, offsetof(struct lifetime_entry, host), NULL},
    {"mta", KEY_ENUM, offsetof(struct lifetime_entry, mta), mta_names},
    {"null_sender", KEY_FLAG, offsetof(struct lifetime_entry, null_sender), NULL},
    {"lifetime", KEY_SPAN, offsetof(struct lifetime_entry, lifetime_ms), NULL},
    {NULL, KEY_TEXT, 0, NULL},
};

static int read_lifetimes(const struct config_reader *r, const struct val *v)
{
	struct lifetime_rule *rules;

	if (want_list(r, v, "lifetimes") < 0)
		return -1;
	rules = arena_zalloc(&r->c->arena, (v->n + 1) * sizeof(*rules));
	for (size_t i = 0; i < v->n; i++) {
		struct lifetime_entry e = {.host = STR_NONE, .null_sender = -1, .lifetime_ms = -1};

		if (read_entry(r, &v->items[i], lifetime_keys, &e) < 0)
			return -1;
		if (e.lifetime_ms <= 0)
			return config_bad(r, v->items[i].line, "the rule wants a lifetime");
		rules[i] = (struct lifetime_rule){e.host, (enum mta)e.mta, e.null_sender, e.lifetime_ms};
	}
	r->c->track.rules = rules;
	r->c->track.n_rules = v->n;
	return 0;
}

static int read_internal_hops(const struct config_reader *r, const struct val *v)
{
	struct texts list;

	if (!read_words(r, v, &list))
		return wrong(r, v, "'internal_hops'", "a list of hosts and addresses");
	r->c->internal_hops = list.items;
	r->c->n_internal_hops = list.n;
	return 0;
}

/* "alerts" or "alerts.v1"; TOPIC_N: none that has a record. */
static int find_topic(struct str name)
{
	for (int t = 0; t < TOPIC_N; t++) {
		struct str full = str_from(topics[t].name);
		ssize_t version = str_rchr(full, '.');

		if (topics[t].record && (str_eq(full, name) || str_eq(str_head(full, (size_t)version), name)))
			return t;
	}
	return TOPIC_N;
}

static int unknown_topic(const struct config_reader *r, const char *wants, const struct val *name)
{
	struct buf list = BUF_INIT;

	for (int t = 0; t < TOPIC_N; t++)
		if (topics[t].record)
			buf_fmt(&list, "%s%.*s", list.n ? ", " : "", (int)strcspn(topics[t].name, "."), topics[t].name);
	config_bad(r, name->line, "%s %s, not '%.*s'", wants, buf_z(&list), STR_FMT(val_str(name)));
	buf_release(&list);
	return -1;
}

static int read_encodings(const struct config_reader *r, const struct val *v)
{
	static const char *const names[] = {[ENC_JSON] = "json", [ENC_MSGPACK] = "msgpack", NULL};

	if (v->kind != VAL_MAP)
		return wrong(r, v, "'encodings'", "topics, each with json or msgpack");
	for (size_t i = 0; i < v->n; i++) {
		int t = find_topic(v->keys[i].s), e = names_find(names, val_str(&v->items[i]));

		if (t == TOPIC_N)
			return unknown_topic(r, "'encodings' wants keys of", &v->keys[i]);
		if (e < 0)
			return wrong(r, &v->items[i], "an encoding", "json or msgpack");
		r->c->encodings[t] = (enum encoding)e;
	}
	return 0;
}

static int read_sink_topics(const struct config_reader *r, const struct val *v)
{
	unsigned set = 0;

	if (want_list(r, v, "sink.topics") < 0)
		return -1;
	for (size_t i = 0; i < v->n; i++) {
		int t = find_topic(val_str(&v->items[i]));

		if (t == TOPIC_N)
			return unknown_topic(r, "'sink.topics' wants some of", &v->items[i]);
		set |= 1u << t;
	}
	r->c->sink.topics = set;
	return 0;
}

static bool read_step(const struct config_reader *r, const struct val *v, struct track_step *ret)
{
	struct str text = val_str(v), number = text;
	int64_t n;

	*ret = (struct track_step){.name = arena_dup(&r->c->arena, text), .age_ms = -1};
	if (str_ends(text, STR("%"))) {
		number.n--;
		if (!str_i64(number, &n) || n < 1 || n > 100)
			return false;
		ret->percent = (int)n;
		return true;
	}
	return text.n && config_span(v, &ret->age_ms) && ret->age_ms > 0;
}

static int read_steps(const struct config_reader *r, const struct val *v)
{
	struct track_step *steps;

	if (want_list(r, v, "track.steps") < 0)
		return -1;
	if (v->n > TRACK_STEPS_MAX)
		return config_bad(r, v->line, "'track.steps' wants %d at most", TRACK_STEPS_MAX);
	steps = arena_zalloc(&r->c->arena, (v->n + 1) * sizeof(*steps));
	for (size_t i = 0; i < v->n; i++)
		if (!read_step(r, &v->items[i], &steps[i]))
			return wrong(r, &v->items[i], "'track.steps'", "ages such as 4h and shares such as 75%");
	r->c->track.steps = steps;
	r->c->track.n_steps = v->n;
	return 0;
}

const struct config_section config_sections[] = {
    {"raw_topics", "Topics with raw log lines: names, or name and number of partitions where that is to be pinned.",
     "raw_topics:\n"
     "  - mail-log\n"
     "  - {name: mail-log-dmz, partitions: 8}\n",
     read_raw_topics},
    {"kafka",
     "Settings of librdkafka, passed through as they are. Those that would break a guarantee of the pipeline are "
     "refused "
     "by name.",
     "kafka:\n"
     "  bootstrap.servers: kafka-1.example.net:9092,kafka-2.example.net:9092\n",
     read_kafka},
    {"stages", "Which of the four stages run in this process.", "stages: [ingest, track, queue, alert]\n", read_stages},
    {"connectors",
     "Routes that you know by name, in order: the first that fits a delivery is its destination group. Each wants a "
     "name, "
     "a kind (own, partner or internet) and at least one of domains, next_hops and networks (of the next hop); a "
     "leading "
     "dot covers what is below a name, too. The rest is optional and goes over the settings of the kind: lifetime, "
     "volume_messages, volume_over, near_expiry; contact is told when there is trouble.",
     "connectors:\n"
     "  - name: branch-exchange\n"
     "    kind: own\n"
     "    domains: [branch.example.org]\n"
     "    networks: [192.0.2.0/24, \"2001:db8::/32\"]\n"
     "    lifetime: 2d\n"
     "  - name: supplier\n"
     "    kind: partner\n"
     "    domains: [example.com, .example.com]\n"
     "    next_hops: [mx.example.com]\n"
     "    volume_messages: 50\n"
     "    volume_over: 1h\n"
     "    near_expiry: 6h\n"
     "    contact: \"postmaster@example.com, +1 555 0100\"\n",
     read_connectors},
    {"lifetimes",
     "How long mail waits before it expires, by host, mta (postfix) and null_sender (true for bounces), each of them "
     "optional; the first rule that fits holds. Without one it is track.lifetime; a connector's own lifetime goes "
     "first.",
     "lifetimes:\n"
     "  - {null_sender: true, lifetime: 1d}\n"
     "  - {host: mx1.example.org, mta: postfix, lifetime: 5d}\n",
     read_lifetimes},
    {"internal_hops",
     "Hosts and addresses to which mail is handed on within the fleet: accepted there, it is not delivered yet. "
     "Sockets "
     "and 127.0.0.0/8 always are.",
     "internal_hops: [127.0.0.1, \"::1\", localhost]\n", read_internal_hops},
    {"encodings", "How the records of a topic are written: json or msgpack. Both are read always.",
     "encodings:\n"
     "  deliveries: msgpack\n"
     "  transitions: msgpack\n"
     "  messages: msgpack\n"
     "  queues: json\n"
     "  incidents: json\n"
     "  alerts: json\n",
     read_encodings},
    {"track.steps", "Ages, and shares of its lifetime, at which a waiting message is told of, once each.",
     "  steps: [4h, 50%, 75%, 90%, 100%]\n", read_steps},
    {"sink.topics",
     "Topics that `qlapse sink postgres` writes to the database. messages is left out unless it is named: it changes with "
     "every log line. A topic that is added later is read from its oldest record.",
     "  topics: [alerts, incidents, queues, deliveries, transitions]\n", read_sink_topics},
    {NULL, NULL, NULL, NULL},
};
