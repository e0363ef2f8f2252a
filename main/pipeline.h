/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pipeline - puts the four stages together from a config: topics, stage configs, workers
 *
 * The only place that knows all stages. `run` gives each worker a Kafka log and a
 * thread, `replay` and `watch` run all four over memory in one thread.
 */
#ifndef QLAPSE_MAIN_PIPELINE_H
#define QLAPSE_MAIN_PIPELINE_H

#include "classify/classify.h"
#include "lib/stream/worker.h"
#include "main/config.h"

/* The program's list of topics: ours (enum topic), then raw topics, then their dead letters. */
struct topic_list {
	struct log_topic *items;
	size_t n;
	int *raw, *dlq; /* indices, n_raw of each */
	size_t n_raw;
};

/* inner: partitions of the inner topics. Names live in the arena. */
void topic_list_make(struct topic_list *ret, const struct config *c, int inner, struct arena *a);

/* One stage of one thread: its own classifier, scratch and configs, so that threads share only the config. */
struct stage_instance;
struct stage_instance *stage_instance_new(enum stage_id id, const struct config *c, const struct topic_list *list,
                                          const struct catalog *catalog, struct err *err);
void stage_instance_free(struct stage_instance *s);

/* What the alert stage sums up of the whole fleet; NULL for other stages, and while nobody asks over HTTP. */
const struct fleet *stage_instance_fleet(const struct stage_instance *s);

bool stage_classifies(enum stage_id id);
/* Between two transactions: goes on with other rules, or, -1, with those that it had. For stages that classify. */
int stage_instance_change(struct stage_instance *s, const struct catalog *catalog, struct err *err);

/* Fills a worker's config for Kafka, all but name, seed, note, count and arg. */
void stage_instance_worker(const struct stage_instance *s, struct worker_config *ret);

size_t stage_inputs(enum stage_id id, const struct topic_list *list, const int **ret); /* topic numbers */
int stage_state_topic(enum stage_id id);                                               /* -1: none */

extern const char *const stage_names[STAGE_N + 1];

#endif
