/* SPDX-License-Identifier: Apache-2.0 */
/* kafka_reader - a plain reader of one topic and a plain idempotent writer, for `qlapse topics read` and `qlapse feed` */
#ifndef QLAPSE_KAFKA_KAFKA_READER_H
#define QLAPSE_KAFKA_KAFKA_READER_H

#include "lib/kafka/kafka_client.h"
#include "lib/stream/log.h"

struct kafka_reader;

/* read_committed, all partitions, from the beginning or the end. */
struct kafka_reader *kafka_reader_open(const struct kafka_client *c, const char *topic, int partitions,
                                       bool from_beginning, struct err *err);
void kafka_reader_close(struct kafka_reader *r);
/* 1 a record, headers and all, valid until the next call; 0 nothing within the time; -1 err.
 * *ret_ended: every partition has been read to its present end. */
int kafka_reader_next(struct kafka_reader *r, int timeout_ms, struct log_record *ret, bool *ret_ended, struct err *err);

struct kafka_writer;

struct kafka_writer *kafka_writer_open(const struct kafka_client *c, struct err *err);
/* Key, value, time (TIME_NONE: now), partition and headers of rec; copies. */
int kafka_writer_put(struct kafka_writer *w, const char *topic, const struct log_record *rec, struct err *err);
/* Waits until all has been taken; -1 and err if something was not. */
int kafka_writer_flush(struct kafka_writer *w, struct err *err);
void kafka_writer_close(struct kafka_writer *w);

#endif
