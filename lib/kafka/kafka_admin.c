/* SPDX-License-Identifier: Apache-2.0 */
/* kafka_admin - see kafka_admin.h */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/check.h"
#include "lib/kafka/kafka_admin.h"
#include "lib/kafka/kafka_priv.h"

enum { CALL_MS = 15000 };

struct kafka_admin {
	struct kafka_client c;
	rd_kafka_t *rk;
	char trouble[200]; /* the last that was heard of a connection */
};

static void log_text(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
	const struct kafka_admin *a = rd_kafka_opaque(rk);
	kafka_tell(&a->c, level, facility, text);
}

/* Called from rd_kafka_poll(). That all brokers are down says less than why the last one is. */
static void take_trouble(rd_kafka_t *rk, int code, const char *reason, void *opaque)
{
	struct kafka_admin *a = opaque;

	(void)rk;
	if (code != RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
		snprintf(a->trouble, sizeof(a->trouble), "%s", reason);
}

static const char *bootstrap_of(const struct kafka_client *c)
{
	const char *servers = "";

	for (size_t i = 0; i < c->n_settings; i++)
		if (strcmp(c->settings[i].name, "bootstrap.servers") == 0 ||
		    strcmp(c->settings[i].name, "metadata.broker.list") == 0)
			servers = c->settings[i].value;
	return servers;
}

struct kafka_admin *kafka_admin_open(const struct kafka_client *c, int limit_ms, struct err *err)
{
	struct kafka_admin *a = xcalloc(1, sizeof(*a));
	const char *const ours[] = {NULL};
	const struct rd_kafka_metadata *meta = NULL;

	a->c = *c;
	rd_kafka_conf_t *conf = kafka_conf(c, ours, err);
	if (conf != NULL) {
		rd_kafka_conf_set_log_cb(conf, log_text);
		rd_kafka_conf_set_error_cb(conf, take_trouble);
		rd_kafka_conf_set_opaque(conf, a);
		a->rk = kafka_handle(RD_KAFKA_PRODUCER, conf, err);
	}
	if (a->rk == NULL)
		goto failed;
	rd_kafka_resp_err_t code = rd_kafka_metadata(a->rk, 0, NULL, &meta, limit_ms);
	if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
		rd_kafka_metadata_destroy(meta);
		return a;
	}
	rd_kafka_poll(a->rk, 0);
	err_set(err, ERR_RETRY, "no broker answers at \"%s\": %s", bootstrap_of(c),
	        a->trouble[0] != '\0' ? a->trouble : rd_kafka_err2str(code));
failed:
	kafka_admin_close(a);
	return NULL;
}

void kafka_admin_close(struct kafka_admin *a)
{
	if (a == NULL)
		return;
	if (a->rk != NULL)
		rd_kafka_destroy(a->rk);
	free(a);
}

int kafka_admin_partitions(struct kafka_admin *a, const char *topic, struct err *err)
{
	const struct rd_kafka_metadata *meta;
	rd_kafka_resp_err_t code = rd_kafka_metadata(a->rk, 1, NULL, &meta, CALL_MS);
	int n = 0;

	if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
		return err_set(err, ERR_RETRY, "cannot ask for topics: %s", rd_kafka_err2str(code));
	for (int i = 0; i < meta->topic_cnt; i++)
		if (strcmp(meta->topics[i].topic, topic) == 0 && meta->topics[i].err == RD_KAFKA_RESP_ERR_NO_ERROR)
			n = meta->topics[i].partition_cnt;
	rd_kafka_metadata_destroy(meta);
	return n;
}

/* Sends one admin request and waits for its event; the caller destroys it. */
static rd_kafka_event_t *wait_for(rd_kafka_queue_t *queue, struct err *err)
{
	rd_kafka_event_t *ev = rd_kafka_queue_poll(queue, CALL_MS);

	if (ev == NULL) {
		err_set(err, ERR_RETRY, "the broker does not answer");
		return NULL;
	}
	if (rd_kafka_event_error(ev) == RD_KAFKA_RESP_ERR_NO_ERROR)
		return ev;
	err_set(err, ERR_RETRY, "%s", rd_kafka_event_error_string(ev));
	rd_kafka_event_destroy(ev);
	return NULL;
}

static int created(rd_kafka_event_t *ev, const char *name, struct err *err)
{
	size_t n;
	const rd_kafka_topic_result_t **results =
	    rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(ev), &n);
	rd_kafka_resp_err_t code = n == 1 ? rd_kafka_topic_result_error(results[0]) : RD_KAFKA_RESP_ERR__BAD_MSG;

	if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
		return 1;
	if (code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
		return 0;
	return err_set(err, ERR_RETRY, "topic \"%s\": %s", name,
	               n == 1 ? rd_kafka_topic_result_error_string(results[0]) : rd_kafka_err2str(code));
}

int kafka_admin_create(struct kafka_admin *a, const struct kafka_topic *t, struct err *err)
{
	char why[256];
	rd_kafka_NewTopic_t *topic = rd_kafka_NewTopic_new(t->name, t->partitions, t->replication, why, sizeof(why));
	int result = -1;

	if (topic == NULL)
		return err_set(err, ERR_CONFIG, "topic \"%s\": %s", t->name, why);
	for (size_t i = 0; i < t->n_config; i++)
		rd_kafka_NewTopic_set_config(topic, t->config[i].name, t->config[i].value);
	rd_kafka_queue_t *queue = rd_kafka_queue_new(a->rk);
	rd_kafka_CreateTopics(a->rk, &topic, 1, NULL, queue);
	rd_kafka_event_t *ev = wait_for(queue, err);
	if (ev != NULL) {
		result = created(ev, t->name, err);
		rd_kafka_event_destroy(ev);
	}
	rd_kafka_queue_destroy(queue);
	rd_kafka_NewTopic_destroy(topic);
	return result;
}

int kafka_admin_committed(struct kafka_admin *a, const char *group, const char *topic, int partition,
                          int64_t *ret_offset, struct buf *meta, int64_t *ret_end, struct err *err)
{
	const char *const ours[] = {"group.id", group, "isolation.level", "read_committed", NULL};
	rd_kafka_conf_t *conf = kafka_conf(&a->c, ours, err);
	int64_t low;

	if (conf == NULL)
		return -1;
	rd_kafka_conf_set_opaque(conf, &a->c);
	rd_kafka_t *rk = kafka_handle(RD_KAFKA_CONSUMER, conf, err);
	if (rk == NULL)
		return -1;
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
	rd_kafka_topic_partition_t *p = rd_kafka_topic_partition_list_add(list, topic, partition);
	rd_kafka_resp_err_t code = rd_kafka_committed(rk, list, CALL_MS);
	if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
		code = p->err;
	if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
		code = rd_kafka_query_watermark_offsets(rk, topic, partition, &low, ret_end, CALL_MS);
	if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
		*ret_offset = p->offset < 0 ? -1 : p->offset;
		buf_add(meta, p->metadata == NULL ? "" : p->metadata, p->metadata_size);
	}
	rd_kafka_topic_partition_list_destroy(list);
	rd_kafka_destroy(rk);
	return code == RD_KAFKA_RESP_ERR_NO_ERROR ? 0
	                                          : err_set(err, ERR_RETRY, "group \"%s\" at \"%s/%d\": %s", group,
	                                                    topic, partition, rd_kafka_err2str(code));
}
