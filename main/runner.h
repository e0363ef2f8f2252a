/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runner - the threads of `qlapse run`: one per stage and worker, each with its own log, stage and counters
 *
 * Threads share the configuration, the rules and the flags for signals, nothing else. The
 * first that fails stops all; a stop from outside lets each end its transaction first.
 */
#ifndef QLAPSE_MAIN_RUNNER_H
#define QLAPSE_MAIN_RUNNER_H

#include "lib/kafka/kafka_log.h"
#include "main/board.h"
#include "main/pipeline.h"
#include "main/rules.h"

struct runner {
	const struct config *c;
	const struct topic_list *topics;
	struct rules *rules;
	struct kafka_client client;
	const char *instance;
	int64_t (*clock_ms)(void);
	void (*log)(const char *level, const char *text); /* from any thread */
	struct board *board;                              /* what is told over HTTP; NULL: nothing */
};

/* Runs until stop is asked for or a worker fails; returns an exit status. */
int runner_run(const struct runner *r);

/* Both async-signal-safe. */
void runner_stop(void);
void runner_reload(void); /* of the rules */

#endif
