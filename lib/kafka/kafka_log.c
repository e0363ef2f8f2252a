/* SPDX-License-Identifier: Apache-2.0 */
/* kafka_log - see kafka_log.h: opening, closing, and what consumer and producer share */
#include <stdlib.h>
#include <string.h>

#include "lib/base/check.h"
#include "lib/base/timefmt.h"
#include "lib/kafka/kafka_priv.h"
#include "lib/stream/trace.h"

void kafka_log_text(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
	const struct kafka_log *k = rd_kafka_opaque(rk);
	kafka_tell(&k->c.client, level, facility, text);
}

int kafka_topic_number(const struct kafka_log *k, const char *name)
{
	for (size_t i = 0; i < k->c.n_topics; i++)
		if (strcmp(k->c.topics[i].name, name) == 0)
			return (int)i;
	return -1;
}

enum log_result kafka_fail(struct err *err, enum log_result result, const char *what, rd_kafka_resp_err_t code)
{
	err_set(err, result == LOG_FATAL ? ERR_FATAL : ERR_RETRY, "%s: %s", what, rd_kafka_err2str(code));
	return result;
}

static struct str header(const rd_kafka_headers_t *headers, const char *name)
{
	const void *p;
	size_t n;

	if (rd_kafka_header_get_last(headers, name, &p, &n) != RD_KAFKA_RESP_ERR_NO_ERROR || p == NULL)
		return STR_NONE;
	return str_of(p, n);
}

/* Of a record from outside: a stage's own carry none that another stage wants. */
static void add_trace(const rd_kafka_headers_t *headers, struct log_record *ret)
{
	for (size_t i = 0; i < TRACE_HEADERS; i++) {
		struct str value = header(headers, trace_names[i]);
		if (value.n > 0)
			ret->headers[ret->n_headers++] = (struct log_header){trace_names[i], value};
	}
}

void kafka_record(const struct kafka_log *k, const rd_kafka_message_t *m, struct log_record *ret)
{
	rd_kafka_timestamp_type_t type;
	rd_kafka_headers_t *headers;
	int64_t ts_ms = rd_kafka_message_timestamp(m, &type);

	*ret = (struct log_record){
	    .topic = kafka_topic_number(k, rd_kafka_topic_name(m->rkt)),
	    .partition = m->partition,
	    .offset = m->offset,
	    .ts_ms = type == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE || ts_ms < 0 ? TIME_NONE : ts_ms,
	    .key = str_of(m->key == NULL ? "" : m->key, m->key_len),
	    .value = {m->payload, m->len},
	    .order = STR_NONE,
	    .tick = STR_NONE,
	};
	if (rd_kafka_message_headers(m, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR) {
		ret->order = header(headers, "qlapse_order");
		ret->tick = header(headers, "qlapse_tick");
		if (ret->order.n == 0 && ret->tick.n == 0)
			add_trace(headers, ret);
	}
}

static void kafka_close(struct log *log)
{
	struct kafka_log *k = (struct kafka_log *)log;

	kafka_restore_close(log);
	kafka_producer_close(k);
	kafka_consumer_close(k);
	free(k->parts);
	free(k->reads);
	free(k);
}

static const struct log_ops ops = {
    .poll = kafka_poll,
    .committed = kafka_committed,
    .watermark = kafka_watermark,
    .assign = kafka_assign,
    .seek = kafka_seek,
    .pause = kafka_pause,
    .restore_open = kafka_restore_open,
    .restore_poll = kafka_restore_poll,
    .restore_close = kafka_restore_close,
    .begin = kafka_begin,
    .produce = kafka_produce,
    .send_offsets = kafka_send_offsets,
    .commit = kafka_commit,
    .abort = kafka_abort,
    .reopen = kafka_reopen,
    .close = kafka_close,
};

int kafka_log_open(const struct kafka_log_config *config, struct log **ret, struct err *err)
{
	struct kafka_log *k = xcalloc(1, sizeof(*k));

	k->log.ops = &ops;
	k->c = *config;
	k->asked_ms = TIME_NONE;
	if (kafka_producer_open(k, err) < 0 || kafka_consumer_open(k, err) < 0) {
		kafka_close(&k->log);
		return -1;
	}
	*ret = &k->log;
	return 0;
}
