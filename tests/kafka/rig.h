/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rig - a log on a real broker, and what a test of it needs
 *
 * The broker's folder is in QLAPSE_KAFKA_DIR (deploy/kafka/kafka.sh start --dir). Every rig has topics, group and
 * instances under a prefix of its own, so that tests can share the broker. Every helper fails the test when
 * what it is to bring about has not come within its limit; nothing sleeps.
 */
#ifndef QLAPSE_TESTS_KAFKA_RIG_H
#define QLAPSE_TESTS_KAFKA_RIG_H

#include "lib/base/buf.h"
#include "lib/base/timefmt.h"
#include "lib/kafka/kafka_admin.h"
#include "lib/kafka/kafka_log.h"
#include "lib/kafka/kafka_reader.h"
#include "tests/unit/support.h"

enum { IN, OUT, STATE, N_TOPICS, RIG_SETTINGS_MAX = 8, RIG_LIMIT_MS = 30000 };

struct rig {
	char prefix[64], names[N_TOPICS][80], group[80];
	struct log_topic topics[N_TOPICS];
	struct kafka_setting settings[RIG_SETTINGS_MAX];
	struct kafka_client client;
	struct kafka_admin *admin;
	struct kafka_writer *writer;
	struct kafka_log_config config; /* of the logs that rig_open makes; a test may change it before */
};

/* Ends the program with 77 if there is no broker. */
const char *rig_bootstrap(void);
void rig_start(struct rig *r, int partitions); /* makes the topics */
void rig_set(struct rig *r, const char *name, const char *value);
void rig_end(struct rig *r);
void rig_make_topic(struct rig *r, const char *name, int partitions, const struct kafka_setting *config, size_t n);

/* A log under this instance name. What r->config points to must outlive it. */
struct log *rig_open(struct rig *r, const char *instance);
struct log *rig_open_other(struct rig *r, const char *instance); /* in another group: to write with */
void rig_close(struct log *log);

/* Polls until an event of this kind comes; others, and retriable errors, are passed over. */
struct log_event rig_wait(struct log *log, enum log_event_kind kind);
/* Polls until an error comes. */
enum log_result rig_wait_error(struct log *log, struct err *err);
/* Nothing but LOG_NOTHING comes within this time. */
void rig_quiet(struct log *log, int ms);
/* Waits for an assignment and takes it up from what is committed. Returns how many partitions it has. */
size_t rig_take_up(struct log *log);
size_t rig_take_up_parts(struct log *log, const struct log_event *ev);
void rig_committed(struct log *log, struct log_position *inout, size_t n);

/* Writes n records "v0".. to a partition, outside of any transaction. */
void rig_write(struct rig *r, int topic, int partition, int first, int n);
/* The next record is this one of rig_write. */
void rig_want(struct log *log, int partition, int number);
void rig_wants(struct log *log, int partition, int first, int n);

void rig_produce(struct log *log, int topic, int partition, const char *key, const char *value);
void rig_begin(struct log *log);
void rig_commit(struct log *log);
void rig_abort(struct log *log);
/* "key=value" of what a topic holds, committed only, partition by partition, with a space between. */
void rig_content(struct rig *r, int topic, struct buf *ret);
void rig_holds(struct rig *r, int topic, const char *want);

int64_t rig_now_ms(void); /* monotonic */
int64_t rig_wall_ms(void);

#endif
