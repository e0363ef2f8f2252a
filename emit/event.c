/* SPDX-License-Identifier: Apache-2.0 */
/* event - see event.h */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "emit/event.h"
#include "lib/base/check.h"
#include "lib/base/text.h"
#include "lib/base/timefmt.h"
#include "lib/codec/record_codec.h"
#include "lib/mail/names.h"
#include "lib/stream/order.h"

enum { ID_BYTES = 16, SUBJECT_MAX = 512 };

#define CONTENT_TYPE    "content-type"
#define STRUCTURED_TYPE "application/cloudevents+json"

const char *const event_form_names[] = {"binary", "structured", "off", NULL};

static const char *const content_types[] = {[ENC_JSON] = "application/json", [ENC_MSGPACK] = "application/vnd.msgpack"};

/* The numbers are OpenTelemetry's, as CloudEvents' severity extension wants them. */
static const struct {
	const char *text, *number;
} severities[] = {
    [SEVERITY_WARNING] = {"WARNING", "13"},
    [SEVERITY_CRITICAL] = {"CRITICAL", "18"},
};

struct event_dresser {
	const struct event_config *c;
	struct {
		struct str type, version; /* "dev.qlapse.alert", ".v1" */
		struct str dataschema;
	} topics[TOPIC_N];
	struct arena arena;
	struct writer *writer;
	struct buf id, type, subject, order, value;
	char time[25], expiry[25];
};

static struct str schema_of(struct arena *a, const char *pattern, const char *topic)
{
	struct str head = str_from(pattern);
	ssize_t at = str_find(head, STR("TOPIC"));

	if (at < 0)
		return arena_dup(a, head);
	return arena_fmt(a, "%.*s%s%s", (int)at, pattern, topic, pattern + at + 5);
}

struct event_dresser *event_dresser_new(const struct event_config *c)
{
	struct event_dresser *e = xcalloc(1, sizeof(*e));

	CHECK(sodium_init() >= 0);
	e->c = c;
	e->writer = writer_new(ENC_JSON);
	for (int t = 0; t < TOPIC_N; t++) {
		struct str name = str_from(topics[t].name);

		if (topics[t].record == NULL)
			continue;
		e->topics[t].type = arena_fmt(&e->arena, "dev.qlapse.%s", topics[t].record->name);
		e->topics[t].version = str_skip(name, (size_t)str_rchr(name, '.'));
		if (c->dataschema != NULL)
			e->topics[t].dataschema = schema_of(&e->arena, c->dataschema, topics[t].name);
	}
	return e;
}

void event_dresser_free(struct event_dresser *e)
{
	if (e == NULL)
		return;
	writer_free(e->writer);
	buf_release(&e->id);
	buf_release(&e->type);
	buf_release(&e->subject);
	buf_release(&e->order);
	buf_release(&e->value);
	arena_release(&e->arena);
	free(e);
}

bool event_topic_is_structured(int topic)
{
	return topic == TOPIC_INCIDENTS || topic == TOPIC_ALERTS;
}

bool event_is_structured(const struct log_record *rec)
{
	for (size_t i = 0; i < rec->n_headers; i++)
		if (strcmp(rec->headers[i].name, CONTENT_TYPE) == 0)
			return str_starts_nocase(rec->headers[i].value, STR("application/cloudevents"));
	return false;
}

/* RFC 3986: these never stand in a URI, nor does anything but printable ASCII. */
bool event_uri_ok(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] > '~' || strchr("\"<>\\^`{|}", s.p[i]) != NULL)
			return false;
	return s.n > 0 && s.n <= 1024;
}

static void hash_part(crypto_generichash_state *h, struct str part)
{
	unsigned char n[8];

	for (size_t i = 0; i < sizeof(n); i++)
		n[i] = (unsigned char)(part.n >> (8 * i));
	crypto_generichash_update(h, n, sizeof(n)); /* so that no two lists of parts are one */
	crypto_generichash_update(h, (const unsigned char *)part.p, part.n);
}

static struct str id_of(struct event_dresser *e, const struct out_record *o, const struct log_record *rec)
{
	crypto_generichash_state h;
	unsigned char id[ID_BYTES];

	buf_clear(&e->order);
	if (o->p_ms != TIME_NONE)
		order_put(&e->order, o->p_ms, o->rest);
	crypto_generichash_init(&h, NULL, 0, sizeof(id));
	hash_part(&h, str_from(topics[o->topic].name));
	hash_part(&h, rec->key);
	hash_part(&h, o->p_ms != TIME_NONE ? buf_view(&e->order) : rec->value);
	crypto_generichash_final(&h, id, sizeof(id));
	buf_clear(&e->id);
	text_hex(&e->id, str_of(id, sizeof(id)));
	return buf_view(&e->id);
}

static struct str type_of(struct event_dresser *e, const struct out_record *o)
{
	buf_clear(&e->type);
	buf_str(&e->type, e->topics[o->topic].type);
	if (o->about.word != NULL)
		buf_fmt(&e->type, ".%s", o->about.word);
	buf_str(&e->type, e->topics[o->topic].version);
	return buf_view(&e->type);
}

static struct str subject_of(struct event_dresser *e, const struct out_record *o)
{
	buf_clear(&e->subject);
	text_clean(&e->subject, o->about.subject.n > 0 ? o->about.subject : o->key, SUBJECT_MAX);
	return buf_view(&e->subject);
}

/* A time that is not known leaves the header out. */
static struct str time_of(const struct out_record *o, char ret[25])
{
	int64_t at_ms = o->about.time_ms > 0 ? o->about.time_ms : o->p_ms;

	if (at_ms == TIME_NONE)
		return STR_NONE;
	time_format(at_ms, ret);
	return str_of(ret, 24);
}

static void add(struct log_record *rec, const char *name, struct str value)
{
	if (value.n == 0)
		return;
	CHECK(rec->n_headers < LOG_HEADERS_MAX);
	rec->headers[rec->n_headers++] = (struct log_header){name, value};
}

static void add_headers(struct event_dresser *e, const struct out_record *o, struct log_record *rec)
{
	add(rec, "ce_specversion", STR("1.0"));
	add(rec, "ce_id", id_of(e, o, rec));
	add(rec, "ce_source", str_from(e->c->source));
	add(rec, "ce_type", type_of(e, o));
	add(rec, "ce_subject", subject_of(e, o));
	add(rec, "ce_time", time_of(o, e->time));
	add(rec, "ce_dataschema", e->topics[o->topic].dataschema);
	if (o->about.severity != SEVERITY_UNKNOWN) {
		add(rec, "ce_severitytext", str_from(severities[o->about.severity].text));
		add(rec, "ce_severitynumber", str_from(severities[o->about.severity].number));
	}
	if (o->about.expiry_ms > 0) {
		time_format(o->about.expiry_ms, e->expiry);
		add(rec, "ce_firstexpiry", str_of(e->expiry, 24));
	}
}

/* The value becomes the event: attributes are the headers without their prefix, texts all but for one number. */
static void make_structured(struct event_dresser *e, struct log_record *rec)
{
	struct err err;

	writer_map(e->writer);
	for (size_t i = 0; i < rec->n_headers; i++) {
		struct str name = str_from(rec->headers[i].name);
		int64_t number;

		if (!str_eat(&name, STR("ce_")))
			continue;
		writer_keyn(e->writer, name);
		if (str_eq(name, STR("severitynumber")) && str_i64(rec->headers[i].value, &number))
			writer_i64(e->writer, number);
		else
			writer_str(e->writer, rec->headers[i].value);
	}
	writer_key(e->writer, "datacontenttype");
	writer_str(e->writer, str_from(content_types[ENC_JSON]));
	writer_end(e->writer);
	buf_clear(&e->value);
	CHECK(writer_finish(e->writer, &e->value, &err) == 0); /* its texts are clean */
	e->value.n--;                                          /* the record goes before the closing brace */
	buf_str(&e->value, STR(",\"data\":"));
	buf_str(&e->value, rec->value);
	buf_chr(&e->value, '}');
	rec->value = buf_view(&e->value);
}

void event_dress(void *arg, const struct out_record *o, struct log_record *inout)
{
	struct event_dresser *e = arg;

	if (e->c->form == EVENT_OFF || o->topic >= TOPIC_N || topics[o->topic].record == NULL)
		return;
	enum encoding encoding = encoding_of(inout->value);
	bool structured = e->c->form == EVENT_STRUCTURED && event_topic_is_structured(o->topic) && encoding == ENC_JSON;

	add_headers(e, o, inout);
	if (structured)
		make_structured(e, inout);
	add(inout, CONTENT_TYPE, str_from(structured ? STRUCTURED_TYPE "; charset=UTF-8" : content_types[encoding]));
}
