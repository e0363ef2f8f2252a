/* SPDX-License-Identifier: Apache-2.0 */
/* kafka_reader - see kafka_reader.h */
#include <stdlib.h>
#include <string.h>

#include "lib/base/check.h"
#include "lib/kafka/kafka_priv.h"
#include "lib/kafka/kafka_reader.h"

enum { FLUSH_MS = 60000 };

struct kafka_reader {
	struct kafka_client c;
	rd_kafka_t *rk;
	rd_kafka_message_t *message;
	struct log_topic topic;
	struct kafka_log naming; /* so that records are read as those of a log */
	bool *ended;             /* by partition */
};

struct kafka_reader *kafka_reader_open(const struct kafka_client *c, const char *topic, int partitions,
                                       bool from_beginning, struct err *err)
{
	struct kafka_reader *r = xcalloc(1, sizeof(*r));
	const char *const ours[] = {"group.id",
	                            "qlapse-reader",
	                            "enable.auto.commit",
	                            "false",
	                            "isolation.level",
	                            "read_committed",
	                            "auto.offset.reset",
	                            "earliest",
	                            "enable.partition.eof",
	                            "true",
	                            NULL};

	r->c = *c;
	r->topic = (struct log_topic){topic, partitions};
	r->naming.c.topics = &r->topic;
	r->naming.c.n_topics = 1;
	r->ended = xcalloc((size_t)partitions, sizeof(*r->ended));
	rd_kafka_conf_t *conf = kafka_conf(c, ours, err);
	if (conf != NULL) {
		rd_kafka_conf_set_opaque(conf, &r->c);
		r->rk = kafka_handle(RD_KAFKA_CONSUMER, conf, err);
	}
	if (r->rk == NULL) {
		kafka_reader_close(r);
		return NULL;
	}
	rd_kafka_poll_set_consumer(r->rk);
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(partitions);
	for (int p = 0; p < partitions; p++)
		rd_kafka_topic_partition_list_add(list, topic, p)->offset =
		    from_beginning ? RD_KAFKA_OFFSET_BEGINNING : RD_KAFKA_OFFSET_END;
	rd_kafka_assign(r->rk, list);
	rd_kafka_topic_partition_list_destroy(list);
	return r;
}

void kafka_reader_close(struct kafka_reader *r)
{
	if (r == NULL)
		return;
	if (r->message != NULL)
		rd_kafka_message_destroy(r->message);
	if (r->rk != NULL) {
		rd_kafka_consumer_close(r->rk);
		rd_kafka_destroy(r->rk);
	}
	free(r->ended);
	free(r);
}

static bool all_ended(const struct kafka_reader *r)
{
	for (int p = 0; p < r->topic.partitions; p++)
		if (!r->ended[p])
			return false;
	return true;
}

/* Every header, in their order, as far as there is room. */
static void all_headers(const rd_kafka_message_t *m, struct log_record *rec)
{
	rd_kafka_headers_t *headers;
	const char *name;
	const void *p;
	size_t n;

	rec->n_headers = 0;
	if (rd_kafka_message_headers(m, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR)
		return;
	for (size_t i = 0; rec->n_headers < LOG_HEADERS_MAX &&
	                   rd_kafka_header_get_all(headers, i, &name, &p, &n) == RD_KAFKA_RESP_ERR_NO_ERROR;
	     i++)
		rec->headers[rec->n_headers++] = (struct log_header){name, str_of(p == NULL ? "" : p, n)};
}

int kafka_reader_next(struct kafka_reader *r, int timeout_ms, struct log_record *ret, bool *ret_ended, struct err *err)
{
	if (r->message != NULL)
		rd_kafka_message_destroy(r->message);
	const rd_kafka_message_t *m = r->message = rd_kafka_consumer_poll(r->rk, timeout_ms);
	bool is_eof = m != NULL && m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF;

	if (m != NULL && !is_eof && m->err != RD_KAFKA_RESP_ERR_NO_ERROR)
		return err_set(err, ERR_RETRY, "%s", rd_kafka_message_errstr(m));
	if (m != NULL)
		r->ended[m->partition] = is_eof;
	*ret_ended = all_ended(r);
	if (m == NULL || is_eof)
		return 0;
	kafka_record(&r->naming, m, ret);
	all_headers(m, ret);
	return 1;
}

struct kafka_writer {
	struct kafka_client c;
	rd_kafka_t *rk;
	rd_kafka_resp_err_t failed;
};

static void report(rd_kafka_t *rk, const rd_kafka_message_t *m, void *opaque)
{
	struct kafka_writer *w = opaque;

	(void)rk;
	if (m->err != RD_KAFKA_RESP_ERR_NO_ERROR && w->failed == RD_KAFKA_RESP_ERR_NO_ERROR)
		w->failed = m->err;
}

struct kafka_writer *kafka_writer_open(const struct kafka_client *c, struct err *err)
{
	struct kafka_writer *w = xcalloc(1, sizeof(*w));
	const char *const ours[] = {"enable.idempotence", "true", "acks", "all", NULL};

	w->c = *c;
	rd_kafka_conf_t *conf = kafka_conf(c, ours, err);
	if (conf != NULL) {
		rd_kafka_conf_set_log_cb(conf, NULL);
		rd_kafka_conf_set_dr_msg_cb(conf, report);
		rd_kafka_conf_set_opaque(conf, w);
		w->rk = kafka_handle(RD_KAFKA_PRODUCER, conf, err);
	}
	if (w->rk == NULL) {
		kafka_writer_close(w);
		return NULL;
	}
	return w;
}

int kafka_writer_put(struct kafka_writer *w, const char *topic, const struct log_record *rec, struct err *err)
{
	rd_kafka_error_t *e = kafka_send(w->rk, topic, rec);

	rd_kafka_poll(w->rk, 0);
	if (e == NULL)
		return 0;
	err_set(err, ERR_RETRY, "topic \"%s\": %s", topic, rd_kafka_error_string(e));
	rd_kafka_error_destroy(e);
	return -1;
}

int kafka_writer_flush(struct kafka_writer *w, struct err *err)
{
	rd_kafka_resp_err_t code = rd_kafka_flush(w->rk, FLUSH_MS);

	if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
		code = w->failed;
	if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
		return 0;
	return err_set(err, ERR_RETRY, "some records were not taken: %s", rd_kafka_err2str(code));
}

void kafka_writer_close(struct kafka_writer *w)
{
	if (w == NULL)
		return;
	if (w->rk != NULL)
		rd_kafka_destroy(w->rk);
	free(w);
}
