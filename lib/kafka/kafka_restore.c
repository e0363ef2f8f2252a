/* SPDX-License-Identifier: Apache-2.0 */
/* kafka_restore - reads state topics from the beginning, beside the inputs and without a group */
#include <stdio.h>

#include "lib/kafka/kafka_priv.h"

enum log_result kafka_restore_open(struct log *log, const struct log_position *at, size_t n, struct err *err)
{
	struct kafka_log *k = (struct kafka_log *)log;
	char group[256];
	const char *const ours[] = {"group.id",
	                            group,
	                            "enable.auto.commit",
	                            "false",
	                            "isolation.level",
	                            "read_committed",
	                            "auto.offset.reset",
	                            "earliest",
	                            "enable.partition.eof",
	                            "true",
	                            "queued.max.messages.kbytes",
	                            "8192",
	                            NULL};

	kafka_restore_close(log);
	snprintf(group, sizeof(group), "%s-restore", k->c.group_id); /* librdkafka wants one; it is never joined */
	rd_kafka_conf_t *conf = kafka_conf(&k->c.client, ours, err);
	if (conf == NULL)
		return LOG_FATAL;
	rd_kafka_conf_set_opaque(conf, &k->c.client);
	k->restorer = kafka_handle(RD_KAFKA_CONSUMER, conf, err);
	if (k->restorer == NULL)
		return LOG_FATAL;
	rd_kafka_poll_set_consumer(k->restorer);
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)n);
	for (size_t i = 0; i < n; i++)
		rd_kafka_topic_partition_list_add(list, k->c.topics[at[i].topic].name, at[i].partition)->offset =
		    RD_KAFKA_OFFSET_BEGINNING;
	rd_kafka_resp_err_t code = rd_kafka_assign(k->restorer, list);
	rd_kafka_topic_partition_list_destroy(list);
	return code == RD_KAFKA_RESP_ERR_NO_ERROR ? LOG_OK
	                                          : kafka_fail(err, LOG_RETRY, "cannot read the state topic", code);
}

enum log_result kafka_restore_poll(struct log *log, int timeout_ms, struct log_event *ret, struct err *err)
{
	struct kafka_log *k = (struct kafka_log *)log;
	rd_kafka_message_t *m;

	*ret = (struct log_event){.kind = LOG_NOTHING};
	if (k->restored != NULL)
		rd_kafka_message_destroy(k->restored);
	m = k->restored = rd_kafka_consumer_poll(k->restorer, timeout_ms);
	if (m == NULL)
		return LOG_OK;
	if (m->err != RD_KAFKA_RESP_ERR_NO_ERROR && m->err != RD_KAFKA_RESP_ERR__PARTITION_EOF)
		return kafka_fail(err, LOG_RETRY, "cannot read the state topic", m->err);
	ret->kind = m->err == RD_KAFKA_RESP_ERR_NO_ERROR ? LOG_RECORD : LOG_EOF;
	if (ret->kind == LOG_RECORD) {
		kafka_record(k, m, &ret->rec);
		return LOG_OK;
	}
	ret->rec.topic = kafka_topic_number(k, rd_kafka_topic_name(m->rkt));
	ret->rec.partition = m->partition;
	ret->rec.offset = m->offset;
	return LOG_OK;
}

void kafka_restore_close(struct log *log)
{
	struct kafka_log *k = (struct kafka_log *)log;

	if (k->restored != NULL)
		rd_kafka_message_destroy(k->restored);
	k->restored = NULL;
	if (k->restorer == NULL)
		return;
	rd_kafka_consumer_close(k->restorer);
	rd_kafka_destroy(k->restorer);
	k->restorer = NULL;
}
