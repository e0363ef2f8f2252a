/* SPDX-License-Identifier: Apache-2.0 */
/* sim_priv - what the halves of the simulated broker share */
#ifndef QLAPSE_TESTS_SIM_PRIV_H
#define QLAPSE_TESTS_SIM_PRIV_H

#include "lib/base/check.h"
#include "tests/sim/sim.h"

enum { SIM_TXN_TIMEOUT_MS = 3000, SIM_SESSION_MS = 1000, SIM_MEMBERS_MAX = 16, SIM_GROUPS_MAX = 8 };

enum txn_state { TXN_OPEN, TXN_COMMITTED, TXN_ABORTED };

struct sim_offset {
	int topic, partition;
	int64_t offset;
	char *meta;
	size_t n_meta;
};

struct sim_txn {
	struct sim_txn *next;
	uint64_t owner; /* hash of the transactional id */
	enum txn_state state;
	int64_t began_ms;
	struct sim_group *group; /* of its offsets; NULL: none sent */
	struct sim_offset *offsets;
	size_t n_offsets;
};

struct sim_item {
	struct log_record rec; /* views into copy */
	char *copy;
	struct sim_txn *txn; /* NULL: none */
	bool marker;
};

struct sim_part {
	struct sim_item *items;
	size_t n, cap;
	size_t stable; /* no open transaction below */
};

struct sim_group {
	char name[32];
	int generation;
	bool rebalancing;
	int64_t rebalance_began_ms;
	struct sim_log *members[SIM_MEMBERS_MAX]; /* by name; dead ones stay until their session ends */
	size_t n_members;
	struct sim_offset *offsets;
	size_t n_offsets;
};

struct sim_read {
	int topic, partition;
	int64_t at;
	int64_t told_eof;
};

struct sim_log {
	struct log log;
	struct sim *s;
	struct sim_group *group;
	char name[32];
	uint64_t id;
	const int *inputs;
	size_t n_inputs;
	bool dead, fenced, broken;
	int64_t died_ms;
	struct sim_txn *txn;
	struct sim_item *buffer; /* produced, not at the broker yet */
	size_t n_buffer, cap_buffer;
	int commits;
	/* group */
	int generation;        /* that our assignment came with; -1: none */
	bool member, joined;   /* known to the group; has rejoined the rebalance that is going on */
	bool holds;            /* has an assignment that it has not given up */
	bool must_lose, fresh; /* to be told: LOST; ASSIGNED */
	struct log_position *scratch;
	size_t n_scratch;
	struct sim_read *reads, *restores;
	size_t n_reads, n_restores, turn;
};

struct sim {
	const struct log_topic *topics;
	size_t n_topics;
	uint64_t random;
	struct sim_faults faults;
	bool calm, in_meanwhile;
	int64_t now_ms;
	struct sim_part **parts;
	struct sim_txn *open, *ended;
	struct sim_group groups[SIM_GROUPS_MAX];
	size_t n_groups;
	void (*meanwhile)(void *arg, const struct log *self);
	void *meanwhile_arg;
};

bool sim_chance(struct sim *s, int per_10000);
bool sim_visible(const struct sim_item *item);
int64_t sim_stable_end(const struct sim *s, int topic, int partition);
void sim_end_txn(struct sim *s, struct sim_txn *t, bool commit);
enum log_result sim_call(struct sim_log *l);
void sim_init_producer(struct sim_log *l);

enum log_result sim_begin(struct log *log, struct err *err);
enum log_result sim_produce(struct log *log, const struct log_record *rec, struct err *err);
enum log_result sim_send_offsets(struct log *log, const struct log_position *at, size_t n, struct err *err);
enum log_result sim_commit(struct log *log, struct err *err);
enum log_result sim_abort(struct log *log, struct err *err);
enum log_result sim_reopen(struct log *log, struct err *err);
void sim_close(struct log *log);

/* sim_group.c */
void sim_store_offsets(struct sim *s, const struct sim_txn *t);
bool sim_is_current(const struct sim_log *l); /* its assignment is of the group's generation */
void sim_expel(struct sim_log *l);
void sim_leave(struct sim_log *l);
void sim_forget(struct sim_log *l);
void sim_groups_pass(struct sim *s);
void sim_groups_free(struct sim *s);

#endif
