/* SPDX-License-Identifier: Apache-2.0 */
/* topics - what `qlapse topics` shares between its actions */
#ifndef QLAPSE_MAIN_TOPICS_H
#define QLAPSE_MAIN_TOPICS_H

#include "main/broker.h"
#include "main/cli.h"

struct topics_job {
	struct cli *cli;
	struct kafka_client client;
	struct kafka_admin *admin;
	struct topic_list list;
	struct arena *arena;
};

/* Index in the list of the topic of that name, or of our own whose short name it is ("alerts", "alerts.v1"). n:
 * none. */
size_t topics_find(const struct topic_list *list, const char *name);

/* Each an action; returns an exit status. */
int topics_read(struct topics_job *j);
int topics_clocks(struct topics_job *j);

#endif
