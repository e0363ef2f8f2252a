/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memlog - the log in memory: all stages in one process, without Kafka (replay, watch)
 *
 * One bus holds the topics; each worker opens its log on it and owns all partitions of its
 * inputs. Records are kept until the reader has committed past them; a topic that nobody reads keeps
 * nothing. One thread. There is no second process, so nothing is fenced and no state is restored.
 */
#ifndef QLAPSE_STREAM_MEMLOG_H
#define QLAPSE_STREAM_MEMLOG_H

#include "lib/stream/log.h"

struct membus;

struct membus *membus_new(const struct log_topic *topics, size_t n_topics); /* the list must outlive the bus */
void membus_free(struct membus *bus);                                       /* after all its logs were closed */

struct log *membus_open(struct membus *bus, const int *inputs, size_t n_inputs);

/* From outside any transaction: a raw record, or the word that nothing before clock_ms will come to a partition. */
void membus_append(struct membus *bus, const struct log_record *rec);
void membus_clock(struct membus *bus, int topic, int partition, int64_t clock_ms);
size_t membus_unread(const struct membus *bus, int topic, int partition);

/* Called with every record (ticks left out) of every topic as it is committed, in the order of producing. */
typedef void membus_tap_fn(void *arg, const struct log_record *rec);
void membus_tap(struct membus *bus, membus_tap_fn *tap, void *arg);

#endif
