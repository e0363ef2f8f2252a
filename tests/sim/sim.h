/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sim - a broker in memory with everything that can go wrong, driven by a seed
 *
 * What the protocol of lib/stream rests on is modelled as Kafka and its client do it:
 *   - partitions are arrays of records; a transaction's end takes an offset of its own (the control marker);
 *   - what is produced waits in the client and reaches the broker at random, at the latest with the commit;
 *   - read_committed: a reader sees up to the last stable offset, the first record of the oldest open transaction;
 *   - a newer instance of a transactional id fences the old one and aborts what it left open;
 *   - groups have generations; offsets sent in a transaction are refused if the sender's assignment came with another
 *     generation than the group's. Nothing else of a stale member is refused;
 *   - committed() is unstable (LOG_RETRY) while an open transaction holds offsets of the group;
 *   - rebalances are eager: all members give up, rejoin by polling, and those that do not poll are expelled;
 *   - a dead producer's open transaction is aborted only after its timeout.
 * Time is virtual. Faults come from the seed: aborted transactions, commits whose outcome the client does not learn,
 * calls that do nothing, expulsion between sending the offsets and the commit, the end of the process at any call
 * (all calls of that log answer LOG_FENCED from then on, and do nothing).
 */
#ifndef QLAPSE_TESTS_SIM_H
#define QLAPSE_TESTS_SIM_H

#include "lib/stream/log.h"

struct sim;

struct sim_faults { /* chances per call, in 1/10000 */
	int crash, abort, retry, lost_commit, expel;
	int abort_every; /* every n-th commit of a log is aborted; 0: never */
};

struct sim *sim_new(const struct log_topic *topics, size_t n_topics, uint64_t seed, const struct sim_faults *faults);
void sim_free(struct sim *s); /* all logs are closed */

uint32_t sim_random(struct sim *s, uint32_t below);
int64_t sim_now(const struct sim *s);
void sim_pass(struct sim *s, int64_t ms); /* time goes on: timeouts of transactions and members */
void sim_calm(struct sim *s);             /* no more faults */

/* Called within a commit, so that others move between its steps; it must not step the worker of this log. */
void sim_on_commit(struct sim *s, void (*meanwhile)(void *arg, const struct log *self), void *arg);

/* A member of a group, with a transactional id, under a stable name; fences an older one of that name. */
struct log *sim_open(struct sim *s, const char *group, const char *name, const int *inputs, size_t n_inputs);
void sim_kill(struct log *log); /* the process ends: no more calls have an effect; close() frees the log as ever */
bool sim_is_dead(const struct log *log);

void sim_append(struct sim *s, const struct log_record *rec); /* a raw record, committed at once */
/* Committed records of a partition in order, markers left out; false at the end. *at starts at 0. */
bool sim_next(const struct sim *s, int topic, int partition, size_t *at, const struct log_record **ret);
/* Committed position of a group; offset -1: none. */
struct log_position sim_committed(const struct sim *s, const char *group, int topic, int partition);

#endif
