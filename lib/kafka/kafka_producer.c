/* SPDX-License-Identifier: Apache-2.0 */
/* kafka_producer - transactions; errors are read in this order: requires abort, retriable, fenced, the rest */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/base/check.h"
#include "lib/base/timefmt.h"
#include "lib/kafka/kafka_priv.h"

enum { OFFSETS_LIMIT_MS = 10000, ABORT_FLUSH_MS = 2000 };

static bool is_refusal(rd_kafka_resp_err_t code)
{
	return code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE || code == RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE ||
	       code == RD_KAFKA_RESP_ERR_INVALID_RECORD || code == RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP ||
	       code == RD_KAFKA_RESP_ERR_INVALID_MSG;
}

static void report(rd_kafka_t *rk, const rd_kafka_message_t *m, void *opaque)
{
	struct kafka_log *k = opaque;

	(void)rk;
	if (is_refusal(m->err) && k->refused == RD_KAFKA_RESP_ERR_NO_ERROR)
		k->refused = m->err;
}

static bool is_fenced(rd_kafka_resp_err_t code)
{
	return code == RD_KAFKA_RESP_ERR__FENCED || code == RD_KAFKA_RESP_ERR_PRODUCER_FENCED ||
	       code == RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH;
}

/* What an error of a transactional call means; takes it. */
static enum log_result settle(struct kafka_log *k, rd_kafka_error_t *e, const char *what, struct err *err)
{
	enum log_result result;

	if (e == NULL)
		return LOG_OK;
	rd_kafka_resp_err_t code = rd_kafka_error_code(e);
	if (rd_kafka_error_txn_requires_abort(e))
		result = k->refused != RD_KAFKA_RESP_ERR_NO_ERROR ? LOG_REFUSED : LOG_ABORT;
	else if (code == RD_KAFKA_RESP_ERR__TIMED_OUT)
		result = LOG_RESTART;
	else if (rd_kafka_error_is_retriable(e))
		result = LOG_RETRY;
	else if (is_fenced(code))
		result = LOG_FENCED;
	else
		result = LOG_RESTART;
	if (result == LOG_FENCED)
		err_set(err, ERR_FATAL, "%s: transaction timed out, or another instance is named \"%s\"", what,
		        k->c.instance_id);
	else
		err_set(err, ERR_RETRY, "%s: %s%s%s", what, rd_kafka_error_string(e),
		        k->refused != RD_KAFKA_RESP_ERR_NO_ERROR ? ": " : "",
		        k->refused != RD_KAFKA_RESP_ERR_NO_ERROR ? rd_kafka_err2str(k->refused) : "");
	rd_kafka_error_destroy(e);
	return result;
}

/* The broker has understood and will not: asking again is of no use. */
static bool is_our_mistake(rd_kafka_resp_err_t code)
{
	return code == RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT ||
	       code == RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED ||
	       code == RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED;
}

static int init(struct kafka_log *k, struct err *err)
{
	int limit_ms = k->c.open_limit_ms > 0 ? k->c.open_limit_ms : KAFKA_OPEN_LIMIT_MS;
	rd_kafka_error_t *e = rd_kafka_init_transactions(k->producer, limit_ms);

	if (e == NULL)
		return 0;
	err_set(err, is_our_mistake(rd_kafka_error_code(e)) ? ERR_CONFIG : ERR_RETRY,
	        "no broker takes the producer \"%s\": %s", k->c.instance_id, rd_kafka_error_string(e));
	rd_kafka_error_destroy(e);
	return -1;
}

int kafka_producer_open(struct kafka_log *k, struct err *err)
{
	char timeout[24];
	const char *const ours[] = {"transactional.id",
	                            k->c.instance_id,
	                            "transaction.timeout.ms",
	                            timeout,
	                            "enable.idempotence",
	                            "true",
	                            "acks",
	                            "all",
	                            NULL};

	snprintf(timeout, sizeof(timeout), "%lld", (long long)k->c.txn_timeout_ms);
	rd_kafka_conf_t *conf = kafka_conf(&k->c.client, ours, err);
	if (conf == NULL)
		return -1;
	kafka_conf_unless_set(conf, "message.max.bytes", "1000000", "16777216"); /* what the topics take, they decide */
	rd_kafka_conf_set_dr_msg_cb(conf, report);
	rd_kafka_conf_set_log_cb(conf, kafka_log_text);
	rd_kafka_conf_set_opaque(conf, k);
	k->producer = kafka_handle(RD_KAFKA_PRODUCER, conf, err);
	return k->producer == NULL ? -1 : init(k, err);
}

void kafka_producer_close(struct kafka_log *k)
{
	if (k->producer == NULL)
		return;
	rd_kafka_purge(k->producer, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
	rd_kafka_destroy(k->producer);
	k->producer = NULL;
}

enum log_result kafka_begin(struct log *log, struct err *err)
{
	struct kafka_log *k = (struct kafka_log *)log;

	k->refused = RD_KAFKA_RESP_ERR_NO_ERROR;
	return settle(k, rd_kafka_begin_transaction(k->producer), "begin", err);
}

static void add_header(rd_kafka_headers_t *headers, const char *name, struct str value)
{
	if (value.n > 0)
		rd_kafka_header_add(headers, name, -1, value.p, (ssize_t)value.n);
}

/* One try; the headers are librdkafka's afterwards if it took the record. */
static rd_kafka_error_t *produce_once(rd_kafka_t *rk, const char *topic, const struct log_record *rec,
                                      rd_kafka_headers_t *headers)
{
	const rd_kafka_vu_t vus[] = {
	    {.vtype = RD_KAFKA_VTYPE_TOPIC, .u.cstr = topic},
	    {.vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = rec->partition},
	    {.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY},
	    {.vtype = RD_KAFKA_VTYPE_TIMESTAMP, .u.i64 = rec->ts_ms == TIME_NONE ? 0 : rec->ts_ms}, /* 0: now */
	    {.vtype = RD_KAFKA_VTYPE_KEY,
	     .u.mem = {(void *)(uintptr_t)(rec->key.n > 0 ? rec->key.p : NULL), rec->key.n}},
	    {.vtype = RD_KAFKA_VTYPE_VALUE, .u.mem = {(void *)(uintptr_t)rec->value.p, rec->value.n}},
	    {.vtype = RD_KAFKA_VTYPE_HEADERS, .u.headers = headers},
	};
	return rd_kafka_produceva(rk, vus, sizeof(vus) / sizeof(*vus));
}

rd_kafka_error_t *kafka_send(rd_kafka_t *rk, const char *topic, const struct log_record *rec)
{
	rd_kafka_headers_t *headers = rd_kafka_headers_new(rec->n_headers + 2);
	rd_kafka_error_t *e;

	add_header(headers, "qlapse_order", rec->order);
	add_header(headers, "qlapse_tick", rec->tick);
	for (size_t i = 0; i < rec->n_headers; i++)
		add_header(headers, rec->headers[i].name, rec->headers[i].value);
	while ((e = produce_once(rk, topic, rec, headers)) != NULL &&
	       rd_kafka_error_code(e) == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
		rd_kafka_error_destroy(e);
		rd_kafka_poll(rk, 100);
	}
	if (e != NULL)
		rd_kafka_headers_destroy(headers);
	return e;
}

enum log_result kafka_produce(struct log *log, const struct log_record *rec, struct err *err)
{
	struct kafka_log *k = (struct kafka_log *)log;
	rd_kafka_error_t *e = kafka_send(k->producer, k->c.topics[rec->topic].name, rec);

	if (e == NULL)
		return LOG_OK;
	rd_kafka_resp_err_t code = rd_kafka_error_code(e);
	rd_kafka_error_destroy(e);
	if (is_refusal(code)) {
		k->refused = code;
		return kafka_fail(err, LOG_REFUSED, "produce", code);
	}
	if (is_fenced(code))
		return kafka_fail(err, LOG_FENCED, "transaction timed out, or another instance has our name", code);
	return kafka_fail(err, LOG_ABORT, "produce", code);
}

enum log_result kafka_send_offsets(struct log *log, const struct log_position *at, size_t n, struct err *err)
{
	struct kafka_log *k = (struct kafka_log *)log;
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)n + 1);

	rd_kafka_poll(k->producer, 0);
	for (size_t i = 0; i < n; i++) {
		rd_kafka_topic_partition_t *p =
		    rd_kafka_topic_partition_list_add(list, k->c.topics[at[i].topic].name, at[i].partition);
		p->offset = at[i].offset;
		p->metadata = xmalloc(at[i].meta.n + 1); /* freed with the list */
		memcpy(p->metadata, at[i].meta.p, at[i].meta.n);
		((char *)p->metadata)[at[i].meta.n] = '\0';
		p->metadata_size = at[i].meta.n;
	}
	rd_kafka_error_t *e = rd_kafka_send_offsets_to_transaction(k->producer, list, k->generation, OFFSETS_LIMIT_MS);
	rd_kafka_topic_partition_list_destroy(list);
	return settle(k, e, "send offsets", err);
}

static int64_t steady_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

enum log_result kafka_commit(struct log *log, struct err *err)
{
	struct kafka_log *k = (struct kafka_log *)log;

	if (k->c.abort_every > 0 && ++k->commits % k->c.abort_every == 0) {
		err_set(err, ERR_RETRY, "aborted by the test");
		return LOG_ABORT;
	}
	int64_t begun_us = steady_us();
	enum log_result result =
	    settle(k, rd_kafka_commit_transaction(k->producer, KAFKA_COMMIT_LIMIT_MS), "commit", err);
	if (result == LOG_OK && k->c.commit_took != NULL)
		k->c.commit_took(k->c.arg, steady_us() - begun_us);
	return result;
}

enum log_result kafka_abort(struct log *log, struct err *err)
{
	struct kafka_log *k = (struct kafka_log *)log;

	/* An abort that reaches the coordinator before the transaction's first record has been announced, as right after
	 * another commit, is an error that costs the producer. What is flushed has been announced. */
	rd_kafka_flush(k->producer, ABORT_FLUSH_MS);
	return settle(k, rd_kafka_abort_transaction(k->producer, KAFKA_COMMIT_LIMIT_MS), "abort", err);
}

enum log_result kafka_reopen(struct log *log, struct err *err)
{
	struct kafka_log *k = (struct kafka_log *)log;

	kafka_stop_reading(k);
	kafka_producer_close(k);
	return kafka_producer_open(k, err) < 0 ? LOG_FATAL : LOG_OK;
}
