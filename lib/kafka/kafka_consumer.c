/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kafka_consumer - the inputs: group, assignment, records, and the ends of idle partitions
 *
 * In the rebalance callback the new assignment is acknowledged with an empty list, so that nothing is
 * fetched and the group does not wait for our restore; the real list follows with assign(). Going back
 * after an abort assigns the same list again: that drops whatever had been fetched. librdkafka keeps a
 * partition paused over both, and over a rebalance; only for the first is that wanted.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/base/check.h"
#include "lib/base/timefmt.h"
#include "lib/kafka/kafka_priv.h"

enum { QUERY_MS = 5000 };

static void drop_generation(rd_kafka_consumer_group_metadata_t **g)
{
	if (*g != NULL)
		rd_kafka_consumer_group_metadata_destroy(*g);
	*g = NULL;
}

static void take_assignment(struct kafka_log *k, const rd_kafka_topic_partition_list_t *list)
{
	k->parts = xrealloc(k->parts, ((size_t)list->cnt + 1) * sizeof(*k->parts));
	k->n_parts = 0;
	for (int i = 0; i < list->cnt; i++) {
		int topic = kafka_topic_number(k, list->elems[i].topic);
		if (topic >= 0)
			k->parts[k->n_parts++] = (struct log_position){topic, list->elems[i].partition, -1, STR_NONE};
	}
	drop_generation(&k->next_generation);
	k->next_generation = rd_kafka_consumer_group_metadata(k->consumer);
	k->assigned = true;
}

void kafka_stop_reading(struct kafka_log *k)
{
	rd_kafka_topic_partition_list_t *none = rd_kafka_topic_partition_list_new(0);

	k->n_reads = 0;
	rd_kafka_assign(k->consumer, none);
	rd_kafka_topic_partition_list_destroy(none);
}

static void rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t event, rd_kafka_topic_partition_list_t *list, void *opaque)
{
	struct kafka_log *k = opaque;

	if (event == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
		if (k->closing) /* the group's part of librdkafka may have ended: it might not answer for ever */
			return;
		take_assignment(k, list);
		kafka_stop_reading(k);
		return;
	}
	k->loss = rd_kafka_assignment_lost(rk) ? LOG_LOST : LOG_REVOKED;
	k->assigned = false; /* what was not told yet is not ours any more */
	k->n_reads = 0;
	rd_kafka_assign(rk, NULL);
}

static int subscribe(struct kafka_log *k, struct err *err)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)k->c.n_inputs);

	for (size_t i = 0; i < k->c.n_inputs; i++)
		rd_kafka_topic_partition_list_add(list, k->c.topics[k->c.inputs[i]].name, RD_KAFKA_PARTITION_UA);
	rd_kafka_resp_err_t code = rd_kafka_subscribe(k->consumer, list);
	rd_kafka_topic_partition_list_destroy(list);
	return code == RD_KAFKA_RESP_ERR_NO_ERROR
	           ? 0
	           : err_set(err, ERR_FATAL, "cannot subscribe: %s", rd_kafka_err2str(code));
}

static rd_kafka_t *open_ends(struct kafka_log *k, struct err *err)
{
	const char *const ours[] = {"isolation.level", "read_uncommitted", NULL};
	rd_kafka_conf_t *conf = kafka_conf(&k->c.client, ours, err);

	if (conf == NULL)
		return NULL;
	rd_kafka_conf_set_opaque(conf, &k->c.client);
	return kafka_handle(RD_KAFKA_CONSUMER, conf, err);
}

int kafka_consumer_open(struct kafka_log *k, struct err *err)
{
	const char *const ours[] = {"group.id",
	                            k->c.group_id,
	                            "group.instance.id",
	                            k->c.instance_id,
	                            "enable.auto.commit",
	                            "false",
	                            "enable.auto.offset.store",
	                            "false",
	                            "isolation.level",
	                            "read_committed",
	                            "auto.offset.reset",
	                            "error",
	                            "partition.assignment.strategy",
	                            "range",
	                            "enable.partition.eof",
	                            k->c.idle_wall || k->c.tell_ends ? "true" : "false",
	                            NULL};
	rd_kafka_conf_t *conf = kafka_conf(&k->c.client, ours, err);
	char text[256];

	if (conf == NULL)
		return -1;
	if (rd_kafka_conf_get(conf, "queued.max.messages.kbytes", text, &(size_t){sizeof(text)}) == RD_KAFKA_CONF_OK &&
	    strcmp(text, "65536") == 0) /* its default: too much for many workers in one process */
		rd_kafka_conf_set(conf, "queued.max.messages.kbytes", "8192", text, sizeof(text));
	rd_kafka_conf_set_rebalance_cb(conf, rebalance);
	rd_kafka_conf_set_log_cb(conf, kafka_log_text);
	rd_kafka_conf_set_opaque(conf, k);
	k->consumer = kafka_handle(RD_KAFKA_CONSUMER, conf, err);
	if (k->consumer == NULL)
		return -1;
	rd_kafka_poll_set_consumer(k->consumer);
	k->ends = open_ends(k, err);
	return k->ends == NULL ? -1 : subscribe(k, err);
}

static void drop_message(rd_kafka_message_t **m)
{
	if (*m != NULL)
		rd_kafka_message_destroy(*m);
	*m = NULL;
}

void kafka_consumer_close(struct kafka_log *k)
{
	drop_message(&k->message);
	k->closing = true;
	if (k->consumer != NULL) {
		rd_kafka_consumer_close(k->consumer);
		rd_kafka_destroy(k->consumer);
	}
	if (k->ends != NULL)
		rd_kafka_destroy(k->ends);
	drop_generation(&k->generation);
	drop_generation(&k->next_generation);
	if (k->committed != NULL)
		rd_kafka_topic_partition_list_destroy(k->committed);
}

static struct kafka_read *find_read(struct kafka_log *k, int topic, int partition)
{
	for (size_t i = 0; i < k->n_reads; i++)
		if (k->reads[i].topic == topic && k->reads[i].partition == partition)
			return &k->reads[i];
	return NULL;
}

/* What the callback has left to be told: what is gone first, then what is new. */
static bool group_event(struct kafka_log *k, struct log_event *ret)
{
	if (k->loss != LOG_NOTHING) {
		ret->kind = k->loss;
		k->loss = LOG_NOTHING;
		return true;
	}
	if (!k->assigned)
		return false;
	k->assigned = false;
	drop_generation(&k->generation);
	k->generation = k->next_generation;
	k->next_generation = NULL;
	*ret = (struct log_event){.kind = LOG_ASSIGNED, .parts = k->parts, .n_parts = k->n_parts};
	return true;
}

/* A round of questions for the ends of partitions that were read to theirs is due. */
static bool ends_due(const struct kafka_log *k, int64_t now_ms)
{
	if (k->asked_ms != TIME_NONE && now_ms - k->asked_ms < k->c.idle_every_ms)
		return false;
	for (size_t i = 0; i < k->n_reads; i++)
		if (k->reads[i].eof >= 0)
			return true;
	return false;
}

/* The clock is taken before the round, so that whatever is written later than it lies behind the end that is confirmed.
 * A broker that does not answer ends the round: there is no clock without its word. */
static void ask_ends(struct kafka_log *k)
{
	int64_t now_ms = k->c.clock_ms(), low, high;

	if (!ends_due(k, now_ms))
		return;
	k->asked_ms = now_ms;
	for (size_t i = 0; i < k->n_reads; i++) {
		struct kafka_read *r = &k->reads[i];
		if (r->eof < 0)
			continue;
		if (rd_kafka_query_watermark_offsets(k->ends, k->c.topics[r->topic].name, r->partition, &low, &high,
		                                     QUERY_MS) != RD_KAFKA_RESP_ERR_NO_ERROR)
			break;
		if (high == r->eof)
			r->clock_ms = now_ms;
	}
}

static bool clock_event(struct kafka_log *k, struct log_event *ret)
{
	for (size_t i = 0; i < k->n_reads; i++) {
		struct kafka_read *r = &k->reads[i];
		if (r->clock_ms < 0)
			continue;
		*ret = (struct log_event){.kind = LOG_CLOCK, .clock_ms = r->clock_ms};
		ret->rec.topic = r->topic;
		ret->rec.partition = r->partition;
		ret->rec.offset = r->eof;
		r->clock_ms = -1;
		return true;
	}
	return false;
}

static enum log_result error_event(struct kafka_log *k, const rd_kafka_message_t *m, struct err *err)
{
	char text[256];
	rd_kafka_resp_err_t fatal = rd_kafka_fatal_error(k->consumer, text, sizeof(text));

	if (fatal == RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID)
		return kafka_fail(err, LOG_FENCED, "another instance has our name", fatal);
	if (fatal != RD_KAFKA_RESP_ERR_NO_ERROR)
		return kafka_fail(err, LOG_FATAL, text, fatal);
	switch (m->err) {
	case RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID:
		return kafka_fail(err, LOG_FENCED, "another instance has our name", m->err);
	case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
	case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
		return kafka_fail(
		    err, LOG_FATAL,
		    "the committed offset is not in the topic any more: records were lost to its retention", m->err);
	case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
	case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
	case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
		return kafka_fail(err, LOG_FATAL, rd_kafka_message_errstr(m), m->err);
	default:
		return kafka_fail(err, LOG_RETRY, rd_kafka_message_errstr(m), m->err);
	}
}

static enum log_result message_event(struct kafka_log *k, struct log_event *ret, struct err *err)
{
	rd_kafka_message_t *m = k->message;

	if (m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
		struct kafka_read *r = find_read(k, kafka_topic_number(k, rd_kafka_topic_name(m->rkt)), m->partition);
		if (r == NULL)
			return LOG_OK;
		r->eof = m->offset;
		if (k->c.tell_ends) {
			ret->kind = LOG_EOF;
			ret->rec.topic = r->topic;
			ret->rec.partition = r->partition;
			ret->rec.offset = m->offset;
		}
		return LOG_OK;
	}
	if (m->err != RD_KAFKA_RESP_ERR_NO_ERROR)
		return error_event(k, m, err);
	ret->kind = LOG_RECORD;
	kafka_record(k, m, &ret->rec);
	struct kafka_read *r = find_read(k, ret->rec.topic, ret->rec.partition);
	if (r == NULL)
		ret->kind = LOG_NOTHING; /* of an assignment that is gone */
	else
		r->eof = r->clock_ms = -1;
	return LOG_OK;
}

enum log_result kafka_poll(struct log *log, int timeout_ms, struct log_event *ret, struct err *err)
{
	struct kafka_log *k = (struct kafka_log *)log;

	*ret = (struct log_event){.kind = LOG_NOTHING};
	drop_message(&k->message);
	/* not only when nothing comes: a busy partition must not hold up the clock of an idle one */
	if (k->c.idle_wall)
		ask_ends(k);
	if (group_event(k, ret) || clock_event(k, ret))
		return LOG_OK;
	do {
		drop_message(&k->message);
		k->message = rd_kafka_consumer_poll(k->consumer, timeout_ms);
		if (group_event(k, ret))
			return LOG_OK; /* a message that came with it is of the old assignment */
		if (k->message == NULL)
			return LOG_OK;
		enum log_result result = message_event(k, ret, err);
		if (result != LOG_OK)
			return result;
		timeout_ms = 0;
	} while (ret->kind == LOG_NOTHING);
	return LOG_OK;
}

static rd_kafka_topic_partition_list_t *list_of(const struct kafka_log *k, const struct log_position *at, size_t n)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)n + 1);

	for (size_t i = 0; i < n; i++)
		rd_kafka_topic_partition_list_add(list, k->c.topics[at[i].topic].name, at[i].partition)->offset =
		    at[i].offset < 0 ? RD_KAFKA_OFFSET_BEGINNING : at[i].offset;
	return list;
}

enum log_result kafka_committed(struct log *log, struct log_position *inout, size_t n, struct err *err)
{
	struct kafka_log *k = (struct kafka_log *)log;

	if (k->committed != NULL)
		rd_kafka_topic_partition_list_destroy(k->committed);
	k->committed = list_of(k, inout, n);
	if (n == 0)
		return LOG_OK;
	rd_kafka_resp_err_t code = rd_kafka_committed(k->consumer, k->committed, QUERY_MS);
	if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
		return kafka_fail(err, LOG_RETRY, "cannot get the committed offsets", code);
	for (size_t i = 0; i < n; i++) {
		const rd_kafka_topic_partition_t *p = rd_kafka_topic_partition_list_find(
		    k->committed, k->c.topics[inout[i].topic].name, inout[i].partition);
		if (p->err != RD_KAFKA_RESP_ERR_NO_ERROR)
			return kafka_fail(err, LOG_RETRY, "cannot get the committed offsets", p->err);
		inout[i].offset = p->offset < 0 ? -1 : p->offset;
		inout[i].meta = str_of(p->metadata == NULL ? "" : p->metadata, p->metadata_size);
	}
	return LOG_OK;
}

enum log_result kafka_watermark(struct log *log, int topic, int partition, int64_t *ret, struct err *err)
{
	struct kafka_log *k = (struct kafka_log *)log;
	int64_t low;
	rd_kafka_resp_err_t code =
	    rd_kafka_query_watermark_offsets(k->ends, k->c.topics[topic].name, partition, &low, ret, QUERY_MS);

	if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
		return kafka_fail(err, LOG_RETRY, "cannot get the end of a state topic", code);
	if (low == *ret)
		*ret = 0; /* nothing in it */
	return LOG_OK;
}

enum log_result kafka_seek(struct log *log, const struct log_position *at, size_t n, struct err *err)
{
	struct kafka_log *k = (struct kafka_log *)log;
	rd_kafka_topic_partition_list_t *list = list_of(k, at, n);
	rd_kafka_resp_err_t code = rd_kafka_assign(k->consumer, list);

	rd_kafka_topic_partition_list_destroy(list);
	drop_message(&k->message);
	if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
		return kafka_fail(err, LOG_RETRY, "cannot assign partitions", code);
	k->reads = xrealloc(k->reads, (n + 1) * sizeof(*k->reads));
	k->n_reads = n;
	for (size_t i = 0; i < n; i++)
		k->reads[i] = (struct kafka_read){at[i].topic, at[i].partition, -1, -1};
	return LOG_OK;
}

enum log_result kafka_assign(struct log *log, const struct log_position *at, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++)
		kafka_pause(log, at[i].topic, at[i].partition, false);
	return kafka_seek(log, at, n, err);
}

void kafka_pause(struct log *log, int topic, int partition, bool on)
{
	struct kafka_log *k = (struct kafka_log *)log;
	const struct log_position at = {topic, partition, 0, STR_NONE};
	rd_kafka_topic_partition_list_t *list = list_of(k, &at, 1);

	if (on)
		rd_kafka_pause_partitions(k->consumer, list);
	else
		rd_kafka_resume_partitions(k->consumer, list);
	rd_kafka_topic_partition_list_destroy(list);
}
