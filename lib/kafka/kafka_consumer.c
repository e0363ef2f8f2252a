/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kafka_consumer - the inputs: group, assignment, records, and the ends of idle partitions
 *
 * In the rebalance callback the new assignment is acknowledged with an empty list, so that nothing is
 * fetched and the group does not wait for our restore; the real list follows with assign(). Going back
 * after an abort assigns the same list again: that drops whatever had been fetched. librdkafka keeps a
 * partition paused over both, and over a rebalance; only for the first is that wanted.
 *
 * A consumer that has fenced itself is replaced by another (see fatal_event): for the caller the group
 * has lost a member and taken it in again, as after any session that ran out.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/base/check.h"
#include "lib/base/timefmt.h"
#include "lib/kafka/kafka_priv.h"

enum { QUERY_MS = 5000, REJOINS_MAX = 3 };

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
	k->assigned = k->member = true;
	k->rejoins = 0;
}

/* The group's name for the consumer, which librdkafka's thread tells; it forgets it when the session has run out. */
static bool has_member_id(const struct kafka_log *k)
{
	char *id = rd_kafka_memberid(k->consumer);
	bool has = id != NULL && *id != '\0';

	if (id != NULL)
		rd_kafka_mem_free(k->consumer, id);
	return has;
}

/*
 * Replaces what is read. librdkafka stops the old partitions later in its own thread, and aborts the process if they are
 * taken away once more before that: a rewind and, close behind it, a revocation. So this waits until that thread has
 * come to them: a question that it answers in turn finds the stops done, a second one the news of them taken in.
 */
static rd_kafka_resp_err_t replace(const struct kafka_log *k, const rd_kafka_topic_partition_list_t *list)
{
	rd_kafka_resp_err_t code = rd_kafka_assign(k->consumer, list);

	for (int i = 0; i < 2 && !k->closing; i++) /* nothing follows a close, and it might not answer then */
		has_member_id(k);
	return code;
}

void kafka_stop_reading(struct kafka_log *k)
{
	rd_kafka_topic_partition_list_t *none = rd_kafka_topic_partition_list_new(0);

	k->n_reads = 0;
	replace(k, none);
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
	k->member = !k->closing && has_member_id(k);
	k->n_reads = 0;
	replace(k, NULL);
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

static int join(struct kafka_log *k, struct err *err)
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
	                            k->c.idle_wall ? "true" : "false",
	                            NULL};
	rd_kafka_conf_t *conf = kafka_conf(&k->c.client, ours, err);

	if (conf == NULL)
		return -1;
	/* its default is too much for many workers in one process */
	kafka_conf_unless_set(conf, "queued.max.messages.kbytes", "65536", "8192");
	rd_kafka_conf_set_rebalance_cb(conf, rebalance);
	rd_kafka_conf_set_log_cb(conf, kafka_log_text);
	rd_kafka_conf_set_opaque(conf, k);
	k->consumer = kafka_handle(RD_KAFKA_CONSUMER, conf, err);
	if (k->consumer == NULL)
		return -1;
	rd_kafka_poll_set_consumer(k->consumer);
	return subscribe(k, err);
}

int kafka_consumer_open(struct kafka_log *k, struct err *err)
{
	if (join(k, err) < 0)
		return -1;
	k->ends = open_ends(k, err);
	return k->ends == NULL ? -1 : 0;
}

int64_t kafka_log_end(const struct log *log, int topic, int partition)
{
	const struct kafka_log *k = (const struct kafka_log *)log;
	int64_t begin, end;

	if (k->consumer == NULL) /* joining anew failed */
		return -1;
	if (rd_kafka_get_watermark_offsets(k->consumer, k->c.topics[topic].name, partition, &begin, &end) !=
	    RD_KAFKA_RESP_ERR_NO_ERROR)
		return -1;
	return end < 0 ? -1 : end;
}

static void drop_message(rd_kafka_message_t **m)
{
	if (*m != NULL)
		rd_kafka_message_destroy(*m);
	*m = NULL;
}

static void leave(struct kafka_log *k)
{
	drop_message(&k->message);
	k->closing = true;
	if (k->consumer != NULL) {
		rd_kafka_consumer_close(k->consumer);
		rd_kafka_destroy(k->consumer);
	}
	k->consumer = NULL;
	k->closing = k->member = false;
	drop_generation(&k->generation);
	drop_generation(&k->next_generation);
}

void kafka_consumer_close(struct kafka_log *k)
{
	leave(k);
	if (k->ends != NULL)
		rd_kafka_destroy(k->ends);
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

static void refresh_topic(struct kafka_log *k, const char *name)
{
	rd_kafka_topic_t *topic = rd_kafka_topic_new(k->ends, name, NULL);
	const struct rd_kafka_metadata *m = NULL;

	if (topic == NULL)
		return;
	if (rd_kafka_metadata(k->ends, 0, topic, &m, QUERY_MS) == RD_KAFKA_RESP_ERR_NO_ERROR)
		rd_kafka_metadata_destroy(m);
	rd_kafka_topic_destroy(topic);
}

/* A broker that is just starting leaves partitions out of what it says of a topic, and librdkafka takes its word for
 * metadata.max.age.ms, 15 minutes: the next try is to find it corrected. */
static rd_kafka_resp_err_t query_ends(struct kafka_log *k, int topic, int partition, int64_t *ret_low,
                                      int64_t *ret_high)
{
	const char *name = k->c.topics[topic].name;
	rd_kafka_resp_err_t code =
	    rd_kafka_query_watermark_offsets(k->ends, name, partition, ret_low, ret_high, QUERY_MS);

	if (code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION)
		refresh_topic(k, name);
	return code;
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
		if (query_ends(k, r->topic, r->partition, &low, &high) != RD_KAFKA_RESP_ERR_NO_ERROR)
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

/* Whether the consumer has failed for good; not before its queue has given up what comes first: the assignment's loss. */
static bool is_over(const struct kafka_log *k)
{
	return (k->message == NULL || k->message->err == RD_KAFKA_RESP_ERR__FATAL) &&
	       rd_kafka_fatal_error(k->consumer, NULL, 0) != RD_KAFKA_RESP_ERR_NO_ERROR;
}

/*
 * The consumer will not go on, and all that it had to say of its assignment has been told.
 *
 * A consumer whose session has run out may fence itself. It forgets its member id at once, yet sends heartbeats under
 * its instance's name until poll has served the loss; a broker that still has the member, as one that was started anew
 * does, takes them for a second instance's. Or a broker that hung takes its first request to join after its second.
 * librdkafka calls both fatal and joins no more (2.0 to 2.8; its issue 3437), so a new consumer does. Only a member can
 * have lost its name to another instance; and a name that is fought for is left to the other after a few times.
 */
static enum log_result fatal_event(struct kafka_log *k, struct err *err)
{
	char text[256];
	rd_kafka_resp_err_t fatal = rd_kafka_fatal_error(k->consumer, text, sizeof(text));

	if (fatal != RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID)
		return kafka_fail(err, LOG_FATAL, text, fatal);
	if (k->member || k->rejoins++ == REJOINS_MAX)
		return kafka_fail(err, LOG_FENCED, "another instance has our name", fatal);
	kafka_tell(&k->c.client, 4, "REJOIN", "the group's session ran out: joining the group with a new consumer");
	leave(k);
	return join(k, err) < 0 ? LOG_FATAL : kafka_fail(err, LOG_RETRY, "joining the group anew", fatal);
}

static enum log_result error_event(const rd_kafka_message_t *m, struct err *err)
{
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
		if (r != NULL)
			r->eof = m->offset;
		return LOG_OK;
	}
	if (m->err != RD_KAFKA_RESP_ERR_NO_ERROR)
		return error_event(m, err);
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
			return LOG_OK; /* a record that came with it is of the old assignment; no fatal error is lost so */
		if (is_over(k))
			return fatal_event(k, err);
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
	rd_kafka_resp_err_t code = query_ends(k, topic, partition, &low, ret);

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
	rd_kafka_resp_err_t code = replace(k, list);

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
