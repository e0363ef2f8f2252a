/* SPDX-License-Identifier: Apache-2.0 */
/* kafka_admin - topics: how many partitions they have, making them, what groups have committed */
#ifndef QLAPSE_KAFKA_KAFKA_ADMIN_H
#define QLAPSE_KAFKA_KAFKA_ADMIN_H

#include "lib/base/buf.h"
#include "lib/kafka/kafka_client.h"
#include "lib/stream/log.h"

struct kafka_admin;

/* NULL and err if no broker answers within limit_ms (ERR_RETRY), or the settings are wrong (ERR_CONFIG). */
struct kafka_admin *kafka_admin_open(const struct kafka_client *c, int limit_ms, struct err *err);
void kafka_admin_close(struct kafka_admin *a);

/* Number of partitions; 0: there is no such topic. -1 err. */
int kafka_admin_partitions(struct kafka_admin *a, const char *topic, struct err *err);

struct kafka_topic {
	const char *name;
	int partitions, replication; /* replication -1: the broker's default */
	const struct kafka_setting *config;
	size_t n_config;
};

/* 1 made, 0 it was there already, -1 err. */
int kafka_admin_create(struct kafka_admin *a, const struct kafka_topic *t, struct err *err);

/* Committed offset (-1: none) and metadata (appended to meta) of a group at a partition, and the partition's end. */
int kafka_admin_committed(struct kafka_admin *a, const char *group, const char *topic, int partition,
                          int64_t *ret_offset, struct buf *meta, int64_t *ret_end, struct err *err);

#endif
