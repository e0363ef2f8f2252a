/* SPDX-License-Identifier: Apache-2.0 */
/* track_stage - see track_stage.h */
#include <stdlib.h>

#include "lib/base/check.h"
#include "lib/mail/topics.h"
#include "track/track_stage.h"
#include "track/tracked_codec.h"

struct track_stage {
	struct track_sink sink; /* first: the core hands it back */
	struct track_config c;
	struct tracked_codec *codec;
	struct writer *writer;
	struct arena arena;
	struct buf value, rest, key;
	struct stage_out *out; /* of the call that is going on */
	struct str entry_key;
};

static void put_transition(struct track_sink *sink, const struct transition *t)
{
	struct track_stage *s = (struct track_stage *)sink;
	struct err err;

	buf_clear(&s->value);
	CHECK(record_encode(s->writer, &transition_record, t, &s->value, &err) == 0);
	buf_clear(&s->rest);
	buf_str(&s->rest, s->entry_key);
	buf_chr(&s->rest, '\0');
	buf_be64(&s->rest, (uint64_t)t->seq);
	const struct out_record o = {
	    .topic = TOPIC_TRANSITIONS,
	    .key = t->group,
	    .value = buf_view(&s->value),
	    .p_ms = t->at_ms,
	    .rest = buf_view(&s->rest),
	    .about = {.time_ms = t->time_ms == TIME_NONE ? t->at_ms : t->time_ms,
	              .word = change_names[t->change],
	              .subject = t->message},
	};
	s->out->put(s->out, &o);
}

static void count(struct track_sink *sink, const char *name)
{
	struct track_stage *s = (struct track_stage *)sink;
	s->out->count(s->out, name, 1);
}

struct track_stage *track_stage_new(const struct track_config *c)
{
	struct track_stage *s = xcalloc(1, sizeof(*s));

	CHECK(c->n_steps <= TRACK_STEPS_MAX);
	s->sink = (struct track_sink){put_transition, count};
	s->c = *c;
	s->codec = tracked_codec_new(c->messages_encoding);
	s->writer = writer_new(c->transitions_encoding);
	return s;
}

void track_stage_free(struct track_stage *s)
{
	if (s == NULL)
		return;
	tracked_codec_free(s->codec);
	writer_free(s->writer);
	arena_release(&s->arena);
	buf_release(&s->value);
	buf_release(&s->rest);
	buf_release(&s->key);
	free(s);
}

/* site/host/queue id: neither site nor id holds a slash. */
static struct track_key split_key(struct str key)
{
	struct track_key k = {.key = key};
	ssize_t last = str_rchr(key, '/'), first = str_chr(key, '/');

	k.site = str_head(key, first < 0 ? 0 : (size_t)first);
	k.queue_id = str_skip(key, (size_t)(last + 1));
	k.host = last > first ? str_head(str_skip(key, (size_t)first + 1), (size_t)(last - first) - 1) : STR_NONE;
	return k;
}

/* Ours are; others' would make keys and stamps that cannot be told. */
static bool is_sound(const struct delivery *d, const struct track_key *k)
{
	return k->key.n <= TRACK_KEY_MAX && d->time_ms != TIME_NONE && d->event != EVENT_NONE && k->queue_id.n > 0 &&
	       str_eq(d->queue_id, k->queue_id) && str_eq(d->site, k->site) && str_eq(d->host, k->host);
}

static void take(struct track_stage *s, struct store *store, const struct track_key *k, const struct delivery *d,
                 int64_t p_ms)
{
	/* a line that is for nobody leaves the entry unchanged, and so its record unwritten */
	if (!track_takes(&s->c, store_get(store, k->key), d, p_ms, &s->sink))
		return;
	struct tracked *t = store_edit(store, k->key);
	if (t == NULL) {
		t = tracked_new();
		store_add(store, k->key, t);
	}
	s->entry_key = k->key;
	if (track_apply(&s->c, k, t, d, p_ms, &s->sink) == TRACK_REMOVE)
		store_remove(store, k->key);
}

static int apply(void *config, struct store *store, const struct stage_record *rec, struct stage_out *out,
                 struct err *err)
{
	struct track_stage *s = config;
	struct track_key k = split_key(rec->key);
	struct delivery d;

	s->out = out;
	if (record_decode(encoding_of(rec->value), rec->value, &delivery_record, &s->arena, &d, err) < 0 ||
	    !is_sound(&d, &k))
		out->count(out, "track.bad_record", 1);
	else
		take(s, store, &k, &d, rec->p_ms);
	arena_reset(&s->arena);
	return 0;
}

static int fire(void *config, struct store *store, struct str key, int64_t at_ms, struct stage_out *out,
                struct err *err)
{
	struct track_stage *s = config;
	struct track_key k = split_key(key);

	(void)err;
	s->out = out;
	s->entry_key = key;
	if (track_fire(&s->c, &k, store_edit(store, key), at_ms, &s->sink) == TRACK_REMOVE)
		store_remove(store, key);
	return 0;
}

static void encode(void *config, struct str key, const void *entry, struct buf *out)
{
	struct track_stage *s = config;
	struct track_key k = split_key(key);

	tracked_encode(s->codec, &k, entry, out);
}

static void *decode(void *config, struct str key, struct str value, struct err *err)
{
	struct track_stage *s = config;

	(void)key;
	return tracked_decode(s->codec, value, err);
}

static void destroy(void *entry)
{
	tracked_free(entry);
}

static int64_t due(void *config, const void *entry)
{
	const struct track_stage *s = config;
	return track_due(&s->c, entry);
}

static int64_t last_line(const void *entry)
{
	return ((const struct tracked *)entry)->last_line_ms;
}

const struct stage_ops track_stage_ops = {
    .name = "track",
    .apply = apply,
    .fire = fire,
    .encode = encode,
    .decode = decode,
    .destroy = destroy,
    .due = due,
    .time = last_line,
};

void track_summarise(const struct store *s, struct track_summary *inout)
{
	struct str key;
	const void *entry;
	size_t at = 0;

	while (store_next(s, &at, &key, &entry)) {
		inout->queued += track_is_queued(entry);
		inout->overdue += track_is_overdue(entry);
	}
}
