/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metrics - the table of metrics (metrics.def), and how they are written: Prometheus' text format, version 0.0.4
 *
 * The format wants all samples of a metric together, so they are written in the order of the table; anything else aborts.
 * Label values may be any bytes: what the format does not take is escaped or cleaned here.
 */
#ifndef QLAPSE_MAIN_METRICS_H
#define QLAPSE_MAIN_METRICS_H

#include "lib/base/buf.h"

enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

enum metric_id {
#define METRIC(id, type, unit, labels, prose) METRIC_##id,
#include "main/metrics.def"
#undef METRIC
	METRIC_N
};

struct metric {
	const char *name;
	enum metric_type type;
	const char *unit;   /* "", seconds, bytes */
	const char *labels; /* joined by commas */
	const char *prose;
};

extern const struct metric metrics[METRIC_N];

#define METRICS_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

struct exposition {
	struct buf *out;
	int last; /* metric that was written last; -1: none yet */
};

/* One sample; values: one per label, in the table's order. */
void metric_add(struct exposition *e, enum metric_id id, const struct str *values, int64_t n);
void metric_add_ms(struct exposition *e, enum metric_id id, const struct str *values, int64_t ms); /* told in seconds */

enum { SPAN_BUCKETS = 12 };

struct spans { /* a histogram of how long something took */
	int64_t buckets[SPAN_BUCKETS + 1], n, sum_us;
};

void spans_add(struct spans *s, int64_t us);
void metric_add_spans(struct exposition *e, enum metric_id id, const struct str *values, const struct spans *s);

/* A destination group as a label: itself, or, where it is nothing to print or could be taken for the label of all
 * others, in an escaped form that no other group has. */
#define METRIC_OTHER_GROUPS "~other"
void metric_group(struct buf *out, struct str group);

void metrics_markdown(struct buf *out); /* docs/METRICS.md */

#endif
