/* SPDX-License-Identifier: Apache-2.0 */
/* board_priv - what is on the board: written in board.c, told in board_page.c */
#ifndef QLAPSE_MAIN_BOARD_PRIV_H
#define QLAPSE_MAIN_BOARD_PRIV_H

#include <pthread.h>
#include <stdatomic.h>

#include "lib/base/timefmt.h"
#include "main/board.h"
#include "main/counts.h"
#include "main/metrics.h"
#include "main/pipeline.h"

struct board_partition {
	struct worker_task task;
	int64_t lag; /* -1: not known */
};

struct board_seat {
	enum stage_id stage;
	int number;
	_Atomic int64_t beat_ms; /* the only thing here that is read without the lock */
	int64_t seen_ms;         /* TIME_NONE: not yet */
	struct worker_phase phase;
	struct worker_stats stats;
	struct spans commits;
	struct board_partition *parts;
	size_t n_parts;
};

struct board {
	pthread_mutex_t lock;
	const struct log_topic *topics;
	int64_t since_ms;
	struct board_seat *seats;
	size_t n_seats;
	struct count_set counts;
	const char *waits_for;
	bool fleet_known;
	size_t fleet_seat; /* whose it is */
	struct fleet_view fleet;
	bool incident_seen[SEVERITY_CRITICAL + 1][FLEET_FAMILIES][FLEET_SIDES];
};

#endif
