/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kafka_log - the log interface (lib/stream/log.h) on Kafka
 *
 * One consumer with static membership and one transactional producer (KIP-447). Group
 * metadata is taken in the assign callback and kept, so that a stale batch is fenced. Commits
 * have a limit; when it passes the producer is destroyed and never called again, because librdkafka
 * would go on retrying in hiding. With brokers that do not know KIP-890 such a commit may still
 * take effect later: docs/ARCHITECTURE.md says what that means.
 */
#ifndef QLAPSE_KAFKA_KAFKA_LOG_H
#define QLAPSE_KAFKA_KAFKA_LOG_H

#include "lib/kafka/kafka_client.h"
#include "lib/stream/log.h"

enum { KAFKA_COMMIT_LIMIT_MS = 15000, KAFKA_OPEN_LIMIT_MS = 60000 };

struct kafka_log_config {
	struct kafka_client client;
	const struct log_topic *topics; /* the program's list */
	size_t n_topics;
	const int *inputs;
	size_t n_inputs;
	const char *group_id, *instance_id; /* the latter is transactional.id, too */
	int64_t txn_timeout_ms;
	bool idle_wall;            /* LOG_CLOCK for inputs that are read to their end */
	int64_t idle_every_ms;     /* at most one round of them per this */
	int64_t (*clock_ms)(void); /* wall clock */
	int open_limit_ms;         /* how long to wait for a broker that takes the producer; 0: KAFKA_OPEN_LIMIT_MS */
	void (*commit_took)(void *arg, int64_t us); /* each commit that succeeded; NULL: nobody asks */
	void *arg;                                  /* of commit_took */
	int abort_every;                            /* tests: every n-th commit is aborted; 0: none */
};

/* What config points to must outlive the log. ERR_RETRY if no broker takes us within the limit; ERR_CONFIG
 * if it refuses us, as with a transaction timeout above its own limit. */
int kafka_log_open(const struct kafka_log_config *config, struct log **ret, struct err *err);

/* The end of an input partition as the last fetch told it; the broker is not asked. -1: not known. */
int64_t kafka_log_end(const struct log *log, int topic, int partition);

#endif
