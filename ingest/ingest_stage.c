/* SPDX-License-Identifier: Apache-2.0 */
/* ingest_stage - see ingest_stage.h; counts are named event.X, fact.X, noise.X and dead.X */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ingest/ingest_stage.h"
#include "lib/base/check.h"
#include "lib/codec/record_codec.h"
#include "lib/mail/topics.h"
#include "lib/stream/trace.h"

struct ingest_stage {
	struct ingest_stage_config c;
	struct arena scratch;
	struct writer *writer;
	struct buf key, value, rest, source;
};

static const char *const event_counts[] = {
    [EVENT_NONE] = "event.none",
    [EVENT_DELIVERED] = "event.delivered",
    [EVENT_DEFERRED] = "event.deferred",
    [EVENT_BOUNCED] = "event.bounced",
    [EVENT_EXPIRED] = "event.expired",
    [EVENT_HANDED_ON] = "event.handed_on",
    [EVENT_DISCARDED] = "event.discarded",
    [EVENT_HELD] = "event.held",
    [EVENT_RELEASED] = "event.released",
    [EVENT_REQUEUED] = "event.requeued",
    [EVENT_DELETED] = "event.deleted",
    [EVENT_ARRIVED] = "fact.arrived",
    [EVENT_QUEUED] = "fact.queued",
    [EVENT_MESSAGE_ID] = "fact.message_id",
    [EVENT_REMOVED] = "fact.removed",
    [EVENT_NOTIFIED] = "fact.notified",
    [EVENT_EXPIRY_ORDERED] = "fact.expiry_ordered",
};

static const struct {
	const char *word, *count;
} word_counts[] = {
#define NOISE(id, prose) {#id, "noise." #id},
#define DEAD(id, prose)  {#id, "dead." #id},
#include "ingest/words.def"
#undef NOISE
#undef DEAD
};

static const char *count_of(const char *word)
{
	for (size_t i = 0; i < sizeof(word_counts) / sizeof(*word_counts); i++)
		if (strcmp(word_counts[i].word, word) == 0)
			return word_counts[i].count;
	CHECK(!"a word that is not in words.def");
	return NULL;
}

struct ingest_stage *ingest_stage_new(const struct ingest_stage_config *c)
{
	struct ingest_stage *s = xcalloc(1, sizeof(*s));

	s->c = *c;
	s->writer = writer_new(c->encoding);
	return s;
}

void ingest_stage_free(struct ingest_stage *s)
{
	if (s == NULL)
		return;
	arena_release(&s->scratch);
	writer_free(s->writer);
	buf_release(&s->key);
	buf_release(&s->value);
	buf_release(&s->rest);
	buf_release(&s->source);
	free(s);
}

/* Where the line came from sorts what came of it. */
static struct str rest_of(struct ingest_stage *s, const struct stage_record *rec)
{
	buf_clear(&s->rest);
	buf_be32(&s->rest, rec->source);
	buf_be64(&s->rest, (uint64_t)rec->log->offset);
	return buf_view(&s->rest);
}

static void dead_letter(struct ingest_stage *s, const struct stage_record *rec, const char *reason, const char *detail,
                        struct stage_out *out)
{
	const struct log_record *log = rec->log;
	struct out_record o = {
	    .topic = log->topic + s->c.dlq_distance,
	    .key = rec->key,
	    .value = rec->value.p == NULL ? STR_NONE : rec->value,
	    .p_ms = rec->p_ms,
	    .rest = rest_of(s, rec),
	    .n_headers = 2,
	};

	buf_clear(&s->source);
	buf_fmt(&s->source, "%s/%d/%" PRId64, s->c.topics[log->topic].name, log->partition, log->offset);
	o.part_key = rec->key.n > 0 ? rec->key : buf_view(&s->source);
	o.headers[0] = (struct log_header){"qlapse_reason", str_from(reason)};
	o.headers[1] = (struct log_header){"qlapse_source", buf_view(&s->source)};
	if (detail != NULL)
		o.headers[o.n_headers++] = (struct log_header){"qlapse_detail", str_from(detail)};
	out->put(out, &o);
	out->count(out, count_of(reason), 1);
}

static int deliver(struct ingest_stage *s, const struct stage_record *rec, struct delivery *d, struct stage_out *out,
                   struct err *err)
{
	if (s->c.redactor.redact != NULL)
		s->c.redactor.redact(s->c.redactor.arg, d, &s->scratch);
	buf_clear(&s->key);
	buf_fmt(&s->key, "%.*s/%.*s/%.*s", STR_FMT(d->site), STR_FMT(d->host), STR_FMT(d->queue_id));
	buf_clear(&s->value);
	if (record_encode(s->writer, &delivery_record, d, &s->value, err) < 0)
		return -1;
	struct out_record o = {
	    .topic = TOPIC_DELIVERIES,
	    .key = buf_view(&s->key),
	    .value = buf_view(&s->value),
	    .p_ms = rec->p_ms,
	    .rest = rest_of(s, rec),
	    .about = {.time_ms = d->time_ms, .word = event_names[d->event]},
	};
	o.n_headers = trace_headers(rec->log, o.headers);
	out->put(out, &o);
	out->count(out, event_counts[d->event], 1);
	return 0;
}

static int apply(void *config, struct store *store, const struct stage_record *rec, struct stage_out *out,
                 struct err *err)
{
	struct ingest_stage *s = config;
	struct line_result r;
	int result = 0;

	(void)store;
	line_read(&s->c.lines, rec->value, rec->p_ms, &s->scratch, &r);
	switch (r.kind) {
	case LINE_EVENT:
		s->c.classifier.classify(s->c.classifier.arg, &r.d, &s->scratch);
		result = deliver(s, rec, &r.d, out, err);
		break;
	case LINE_FACT:
		result = deliver(s, rec, &r.d, out, err);
		break;
	case LINE_NOISE:
		out->count(out, count_of(r.word), 1);
		break;
	case LINE_DEAD:
		dead_letter(s, rec, r.word, r.detail, out);
		break;
	}
	arena_reset(&s->scratch);
	return result;
}

/* Perhaps it was the dead letter that was refused, for its size: what is longer than any line is cut. */
static void reject(void *config, const struct stage_record *rec, const char *reason, struct stage_out *out)
{
	struct stage_record head = *rec;

	head.key = str_head(rec->key, LINE_MAX_BYTES);
	head.value = str_head(rec->value, LINE_MAX_BYTES);
	dead_letter(config, &head, reason, rec->value.n > LINE_MAX_BYTES ? "cut" : NULL, out);
}

const struct stage_ops ingest_stage_ops = {
    .name = "ingest",
    .is_source = true,
    .apply = apply,
    .reject = reject,
};
