/* SPDX-License-Identifier: Apache-2.0 */
/* pipeline - see pipeline.h */
#include <stdio.h>
#include <stdlib.h>

#include "alert/alert_stage.h"
#include "ingest/ingest_stage.h"
#include "lib/base/check.h"
#include "lib/base/timefmt.h"
#include "main/pipeline.h"
#include "queue/queue_stage.h"
#include "track/track_stage.h"

void topic_list_make(struct topic_list *ret, const struct config *c, int inner, struct arena *a)
{
	size_t n = TOPIC_N + 2 * c->n_raw;

	ret->items = arena_alloc(a, n * sizeof(*ret->items));
	ret->raw = arena_alloc(a, (c->n_raw + 1) * sizeof(int));
	ret->dlq = arena_alloc(a, (c->n_raw + 1) * sizeof(int));
	ret->n = n;
	ret->n_raw = c->n_raw;
	for (int t = 0; t < TOPIC_N; t++)
		ret->items[t] = (struct log_topic){arena_fmt(a, "%s.%s", c->prefix, topics[t].name).p,
		                                   topics[t].partitions == TOPIC_ONE ? 1 : inner};
	for (size_t i = 0; i < c->n_raw; i++) {
		ret->raw[i] = TOPIC_N + (int)i;
		ret->dlq[i] = ret->raw[i] + (int)c->n_raw;
		ret->items[ret->raw[i]] = (struct log_topic){c->raw[i].name, c->raw[i].partitions};
		ret->items[ret->dlq[i]] = (struct log_topic){arena_fmt(a, "%s.dlq", c->raw[i].name).p, 1};
	}
}

/* What a stage reads and writes beside its records. */
static const struct {
	int input, state, tick; /* topics; -1: none, raw topics */
	bool tick_keyed;
} wiring[STAGE_N] = {
    [STAGE_INGEST] = {-1, -1, TOPIC_DELIVERIES, false},
    [STAGE_TRACK] = {TOPIC_DELIVERIES, TOPIC_MESSAGES, TOPIC_TRANSITIONS, false},
    [STAGE_QUEUE] = {TOPIC_TRANSITIONS, TOPIC_QUEUE_STATE, TOPIC_QUEUES, true},
    [STAGE_ALERT] = {TOPIC_QUEUES, TOPIC_ALERT_STATE, -1, false},
};

struct stage_instance {
	enum stage_id id;
	const struct config *c;
	const struct topic_list *topics;
	struct classify *classify;
	void *stage;
	struct event_config events;
	char source[128]; /* of events, where none is configured */
	struct event_dresser *dresser;
};

static struct classify *new_classify(const struct config *c, const struct catalog *catalog, struct err *err)
{
	const struct destination_config d = {c->connectors, c->n_connectors, c->internal_hops, c->n_internal_hops};
	return classify_new(catalog, &d, err);
}

static void *new_ingest(const struct stage_instance *s)
{
	const struct ingest_stage_config ic = {
	    .lines = {s->c->site, s->c->host, s->c->zone_offset_ms, s->c->internal_hops, s->c->n_internal_hops},
	    .classifier = classify_hook(s->classify),
	    .redactor = redaction_hook(s->c->redaction),
	    .encoding = s->c->encodings[TOPIC_DELIVERIES],
	    .topics = s->topics->items,
	    .dlq_distance = (int)s->topics->n_raw,
	};
	return ingest_stage_new(&ic);
}

static void *new_track(const struct stage_instance *s)
{
	struct track_config tc = s->c->track;

	tc.connectors = s->c->connectors;
	tc.n_connectors = s->c->n_connectors;
	tc.transitions_encoding = s->c->encodings[TOPIC_TRANSITIONS];
	tc.messages_encoding = s->c->encodings[TOPIC_MESSAGES];
	return track_stage_new(&tc);
}

static void *new_queue(const struct stage_instance *s)
{
	struct queue_config qc = s->c->queue;

	qc.rows_encoding = s->c->encodings[TOPIC_QUEUES];
	return queue_stage_new(&qc);
}

static void *new_alert(const struct stage_instance *s)
{
	struct alert_config ac = s->c->alert;

	ac.default_lifetime_ms = s->c->track.default_lifetime_ms;
	ac.connectors = s->c->connectors;
	ac.n_connectors = s->c->n_connectors;
	ac.remedies = classify_remedies(s->classify);
	ac.alerts_encoding = s->c->encodings[TOPIC_ALERTS];
	ac.incidents_encoding = s->c->encodings[TOPIC_INCIDENTS];
	ac.fleet_groups = s->c->http_listen == NULL ? 0 : (size_t)s->c->metrics_groups;
	return alert_stage_new(&ac);
}

static const struct {
	const struct stage_ops *ops;
	void *(*make)(const struct stage_instance *s);
	bool classifies;
} stages[STAGE_N] = {
    [STAGE_INGEST] = {&ingest_stage_ops, new_ingest, true},
    [STAGE_TRACK] = {&track_stage_ops, new_track, false},
    [STAGE_QUEUE] = {&queue_stage_ops, new_queue, false},
    [STAGE_ALERT] = {&alert_stage_ops, new_alert, true},
};

struct stage_instance *stage_instance_new(enum stage_id id, const struct config *c, const struct topic_list *list,
                                          const struct catalog *catalog, struct err *err)
{
	struct stage_instance *s = xcalloc(1, sizeof(*s));

	*s = (struct stage_instance){.id = id, .c = c, .topics = list, .events = c->events};
	if (stages[id].classifies) {
		s->classify = new_classify(c, catalog, err);
		if (s->classify == NULL) {
			free(s);
			return NULL;
		}
	}
	s->stage = stages[id].make(s);
	snprintf(s->source, sizeof(s->source), "/qlapse/%s", c->app);
	if (s->events.source == NULL)
		s->events.source = s->source;
	s->dresser = event_dresser_new(&s->events);
	return s;
}

void stage_instance_free(struct stage_instance *s)
{
	if (s == NULL)
		return;
	switch (s->id) {
	case STAGE_INGEST:
		ingest_stage_free(s->stage);
		break;
	case STAGE_TRACK:
		track_stage_free(s->stage);
		break;
	case STAGE_QUEUE:
		queue_stage_free(s->stage);
		break;
	default:
		alert_stage_free(s->stage);
		break;
	}
	event_dresser_free(s->dresser);
	classify_free(s->classify);
	free(s);
}

const struct fleet *stage_instance_fleet(const struct stage_instance *s)
{
	return s->id == STAGE_ALERT ? alert_stage_fleet(s->stage) : NULL;
}

bool stage_classifies(enum stage_id id)
{
	return stages[id].classifies;
}

int stage_instance_change(struct stage_instance *s, const struct catalog *catalog, struct err *err)
{
	return classify_change(s->classify, catalog, err);
}

size_t stage_inputs(enum stage_id id, const struct topic_list *list, const int **ret)
{
	if (id == STAGE_INGEST) {
		*ret = list->raw;
		return list->n_raw;
	}
	*ret = &wiring[id].input;
	return 1;
}

int stage_state_topic(enum stage_id id)
{
	return wiring[id].state;
}

void stage_instance_worker(const struct stage_instance *s, struct worker_config *ret)
{
	*ret = (struct worker_config){
	    .ops = stages[s->id].ops,
	    .stage = s->stage,
	    .topics = s->topics->items,
	    .n_topics = s->topics->n,
	    .state_topic = wiring[s->id].state,
	    .tick_topic = wiring[s->id].tick,
	    .tick_keyed = wiring[s->id].tick_keyed,
	    .batch = s->c->batch,
	    .linger_ms = s->c->linger_ms,
	    .tick_interval_ms = s->c->tick_interval_ms,
	    .tick_refresh_ms = s->c->tick_refresh_ms,
	    .stall_after_ms = s->c->idle_hold ? TIME_NEVER : s->c->stall_after_ms,
	    .skew_ms = s->c->idle_hold || s->id != STAGE_INGEST ? TIME_NEVER : s->c->skew_ms,
	    .skew_every_ms = 5000,
	    .clock_limited = true,
	    .dress = s->events.form == EVENT_OFF ? NULL : event_dress,
	    .dress_arg = s->dresser,
	};
	ret->n_inputs = stage_inputs(s->id, s->topics, &ret->inputs);
}
