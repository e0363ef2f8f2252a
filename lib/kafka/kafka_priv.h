/* SPDX-License-Identifier: Apache-2.0 */
/* kafka_priv - what the files of this folder share */
#ifndef QLAPSE_KAFKA_KAFKA_PRIV_H
#define QLAPSE_KAFKA_KAFKA_PRIV_H

#include <librdkafka/rdkafka.h>

#include "lib/kafka/kafka_log.h"

/* A configuration whose handle has the client as its opaque (else replace the log callback), with the user's settings and then ours, pairs of name and value up to NULL. NULL and err on failure. */
rd_kafka_conf_t *kafka_conf(const struct kafka_client *c, const char *const *ours, struct err *err);
void kafka_tell(const struct kafka_client *c, int level, const char *facility, const char *text);
/* Ours instead of librdkafka's default; what the user has set stays. */
void kafka_conf_unless_set(rd_kafka_conf_t *conf, const char *name, const char *its_default, const char *ours);
/* Takes conf. */
rd_kafka_t *kafka_handle(rd_kafka_type_t type, rd_kafka_conf_t *conf, struct err *err);

struct kafka_read { /* an assigned partition */
	int topic, partition;
	int64_t eof;      /* offset at which its end was seen; -1: more may come */
	int64_t clock_ms; /* of a LOG_CLOCK to be told; -1: none */
};

struct kafka_log {
	struct log log;
	struct kafka_log_config c;
	rd_kafka_t *consumer, *ends, *restorer, *producer; /* ends: read_uncommitted, for watermarks */
	/* of the assignment that was told, and of one that is to be: taken in its callback, where no later one can be meant */
	rd_kafka_consumer_group_metadata_t *generation, *next_generation;
	/* consumer */
	enum log_event_kind loss; /* LOG_REVOKED or LOG_LOST is to be told; LOG_NOTHING: neither */
	bool assigned;            /* LOG_ASSIGNED is to be told */
	bool closing;
	bool member; /* has been assigned something, and its session has not run out since */
	int rejoins; /* new consumers since the last assignment */
	struct log_position *parts;
	size_t n_parts;
	struct kafka_read *reads;
	size_t n_reads;
	int64_t asked_ms;                       /* wall time of the last round of end queries; TIME_NONE: none yet */
	rd_kafka_message_t *message, *restored; /* handed out last */
	rd_kafka_topic_partition_list_t *committed;
	/* producer */
	rd_kafka_resp_err_t refused; /* the first delivery report that says a record will never be taken */
	int commits;
};

/* Log callback of handles whose opaque is the log. */
void kafka_log_text(const rd_kafka_t *rk, int level, const char *facility, const char *text);
int kafka_topic_number(const struct kafka_log *k, const char *name); /* -1: none of ours */
enum log_result kafka_fail(struct err *err, enum log_result result, const char *what, rd_kafka_resp_err_t code);
/* Key, value and our headers of a message; views are valid as long as it. */
void kafka_record(const struct kafka_log *k, const rd_kafka_message_t *m, struct log_record *ret);

/* kafka_consumer.c */
int kafka_consumer_open(struct kafka_log *k, struct err *err);
void kafka_consumer_close(struct kafka_log *k);
enum log_result kafka_poll(struct log *log, int timeout_ms, struct log_event *ret, struct err *err);
enum log_result kafka_committed(struct log *log, struct log_position *inout, size_t n, struct err *err);
enum log_result kafka_watermark(struct log *log, int topic, int partition, int64_t *ret, struct err *err);
enum log_result kafka_assign(struct log *log, const struct log_position *at, size_t n, struct err *err);
enum log_result kafka_seek(struct log *log, const struct log_position *at, size_t n, struct err *err);
void kafka_stop_reading(struct kafka_log *k); /* until the next assign() */
void kafka_pause(struct log *log, int topic, int partition, bool on);

/* kafka_restore.c */
enum log_result kafka_restore_open(struct log *log, const struct log_position *at, size_t n, struct err *err);
enum log_result kafka_restore_poll(struct log *log, int timeout_ms, struct log_event *ret, struct err *err);
void kafka_restore_close(struct log *log);

/* kafka_producer.c */
int kafka_producer_open(struct kafka_log *k, struct err *err);
void kafka_producer_close(struct kafka_log *k);
enum log_result kafka_begin(struct log *log, struct err *err);
/* Queues a copy of a record; waits while the queue is full. NULL, or why not: the caller's to destroy. */
rd_kafka_error_t *kafka_send(rd_kafka_t *rk, const char *topic, const struct log_record *rec);
enum log_result kafka_produce(struct log *log, const struct log_record *rec, struct err *err);
enum log_result kafka_send_offsets(struct log *log, const struct log_position *at, size_t n, struct err *err);
enum log_result kafka_commit(struct log *log, struct err *err);
enum log_result kafka_abort(struct log *log, struct err *err);
enum log_result kafka_reopen(struct log *log, struct err *err);

#endif
