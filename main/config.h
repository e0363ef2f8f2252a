/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config - what the user has set: defaults, then the YAML file, then the command line
 *
 * Scalars are described by one table, main/options.def, from which the defaults, the
 * parser, `qlapse check`, --help and docs/OPTIONS.md come. Everything a config points to
 * lives in its arena.
 */
#ifndef QLAPSE_MAIN_CONFIG_H
#define QLAPSE_MAIN_CONFIG_H

#include "alert/alert_stage.h"
#include "classify/catalog.h"
#include "classify/remedies.h"
#include "emit/event.h"
#include "emit/redact.h"
#include "ingest/line.h"
#include "lib/base/arena.h"
#include "lib/base/err.h"
#include "lib/mail/connector.h"
#include "lib/mail/topics.h"
#include "queue/queue_stage.h"
#include "track/track.h"

struct setting { /* a librdkafka setting that is passed through */
	const char *name, *value;
};

struct raw_topic {
	const char *name;
	int partitions; /* pinned; 0: not given, taken from the broker at start */
};

enum stage_id { STAGE_INGEST, STAGE_TRACK, STAGE_QUEUE, STAGE_ALERT, STAGE_N };

struct config {
	struct arena arena;
	const char *file; /* NULL: none was read */

	/* run */
	const char *app;      /* group.id and transactional.id begin with it: "qlapse" */
	const char *prefix;   /* of our topics: "qlapse" gives qlapse.alerts.v1 */
	const char *instance; /* stable name of this process; default: host name */
	unsigned stages;      /* bits 1 << STAGE_… */
	int threads;          /* per stage */
	int partitions;       /* of the inner topics, pinned */
	int replication;      /* of topics that we create; -1: the broker's default */
	bool idle_hold;       /* ingest.idle: hold instead of wall */
	int batch;
	int64_t linger_ms, tick_interval_ms, tick_refresh_ms, stall_after_ms, skew_ms, txn_timeout_ms;
	struct raw_topic *raw;
	size_t n_raw;
	struct setting *kafka; /* bootstrap.servers among them */
	size_t n_kafka;
	enum encoding encodings[TOPIC_N];

	enum language language; /* of advice in words */

	/* ingest and classify */
	struct str site, host;
	int64_t zone_offset_ms;
	struct str *internal_hops;
	size_t n_internal_hops;
	struct catalog_files catalog;

	/* policy */
	struct connector *connectors;
	size_t n_connectors;
	struct track_config track; /* rules, steps and connectors point into the config */
	struct queue_config queue;
	struct alert_config alert;

	/* emit */
	struct event_config events;  /* source NULL: made of app */
	int local_parts;             /* enum local_parts */
	const char *key_file;        /* NULL: none */
	struct redaction *redaction; /* NULL until config_load_key, and for clear */

	/* what is told over HTTP */
	const char *http_listen; /* NULL: nothing */
	int metrics_groups;      /* destination groups that have numbers of their own */

	/* test seams, settable only by the hidden options of `run` */
	int abort_every;
	int kill_after; /* the process kills itself at this cycle; 0: never */
};

void config_default(struct config *c);
void config_release(struct config *c);
/* Reads a YAML file over what is there. err names file:line, and for an unknown key the nearest known one. */
int config_read(struct config *c, const char *path, struct err *err);
/* The same for one "path=value" of the command line, the value as in YAML: --set track.lifetime=5d. */
int config_set(struct config *c, const char *assignment, struct err *err);
/* Takes the key for local parts out of its file. It must be there for hmac and drop, but for what stays on this machine:
 * without a key file that has addresses in clear. */
int config_load_key(struct config *c, bool stays_here, struct err *err);
/* Checks what no single option can see (stages without their topics, lifetimes longer than forget_after …). */
int config_check(const struct config *c, struct err *err);

#endif
