/* SPDX-License-Identifier: Apache-2.0 */
/* board_page - the board as a page for Prometheus: every number that is on it, and no other */
#include <stdio.h>
#include <unistd.h>

#include "lib/kafka/kafka_client.h"
#include "main/board_priv.h"

struct page {
	struct board *b;
	struct exposition e;
	int64_t wall_ms, steady_ms;
};

static void add(struct page *p, enum metric_id id, const struct str *values, int64_t n)
{
	metric_add(&p->e, id, values, n);
}

/* Pages of memory; 0 where there is no /proc. */
static int64_t resident_bytes(void)
{
	FILE *f = fopen("/proc/self/statm", "re");
	long long pages = 0;

	if (f == NULL)
		return 0;
	if (fscanf(f, "%*s %lld", &pages) != 1) // NOLINT(cert-err34-c): the kernel's own number
		pages = 0;
	fclose(f);
	return pages * sysconf(_SC_PAGESIZE);
}

static void add_process(struct page *p)
{
	const struct str version[] = {STR(QLAPSE_VERSION), str_from(kafka_version())};

	add(p, METRIC_build_info, version, 1);
	metric_add_ms(&p->e, METRIC_start_time_seconds, NULL, p->b->since_ms);
	add(p, METRIC_resident_memory_bytes, NULL, resident_bytes());
}

struct seat_labels {
	char number[12];
	struct str values[3]; /* stage, worker, and room for one more */
};

static struct str *label_seat(const struct board_seat *s, struct seat_labels *ret)
{
	int n = snprintf(ret->number, sizeof(ret->number), "%d", s->number);

	ret->values[0] = str_from(stage_names[s->stage]);
	ret->values[1] = str_of(ret->number, (size_t)n);
	return ret->values;
}

/* A counter that a worker keeps of itself. */
static const struct {
	enum metric_id id;
	size_t at; /* in struct worker_stats */
} worker_counters[] = {
    {METRIC_records_total, offsetof(struct worker_stats, records)},
    {METRIC_records_applied_total, offsetof(struct worker_stats, applied)},
    {METRIC_records_written_total, offsetof(struct worker_stats, produced)},
    {METRIC_records_late_total, offsetof(struct worker_stats, late)},
    {METRIC_records_skipped_total, offsetof(struct worker_stats, skipped)},
    {METRIC_records_refused_total, offsetof(struct worker_stats, rejected)},
    {METRIC_timers_fired_total, offsetof(struct worker_stats, fired)},
    {METRIC_transactions_total, 0}, /* two of them, below */
    {METRIC_commit_seconds, 0},     /* a histogram, below */
    {METRIC_assignments_total, offsetof(struct worker_stats, assignments)},
    {METRIC_restored_records_total, offsetof(struct worker_stats, restored)},
};

static void add_transactions(struct page *p, const struct board_seat *s, struct str *values)
{
	values[2] = STR("committed");
	add(p, METRIC_transactions_total, values, s->stats.commits);
	values[2] = STR("aborted");
	add(p, METRIC_transactions_total, values, s->stats.aborts);
}

static void add_worker_counter(struct page *p, size_t i, const struct board_seat *s)
{
	struct seat_labels labels;
	struct str *values = label_seat(s, &labels);

	if (worker_counters[i].id == METRIC_transactions_total)
		add_transactions(p, s, values);
	else if (worker_counters[i].id == METRIC_commit_seconds && s->commits.n == 0)
		return; /* nothing was committed to Kafka, or this is not on Kafka */
	else if (worker_counters[i].id == METRIC_commit_seconds)
		metric_add_spans(&p->e, METRIC_commit_seconds, values, &s->commits);
	else
		add(p, worker_counters[i].id, values,
		    *(const int64_t *)((const char *)&s->stats + worker_counters[i].at));
}

static void add_workers(struct page *p)
{
	const struct board *b = p->b;
	struct seat_labels labels;

	for (size_t i = 0; i < b->n_seats; i++)
		add(p, METRIC_worker_ready, label_seat(&b->seats[i], &labels), b->seats[i].phase.running);
	for (size_t i = 0; i < b->n_seats; i++)
		metric_add_ms(&p->e, METRIC_worker_silent_seconds, label_seat(&b->seats[i], &labels),
		              p->steady_ms - atomic_load(&b->seats[i].beat_ms));
	for (size_t k = 0; k < sizeof(worker_counters) / sizeof(*worker_counters); k++)
		for (size_t i = 0; i < b->n_seats; i++)
			add_worker_counter(p, k, &b->seats[i]);
	for (size_t i = 0; i < b->n_seats; i++)
		add(p, METRIC_restoring_partitions, label_seat(&b->seats[i], &labels),
		    (int64_t)b->seats[i].phase.restoring);
}

static void add_clock(struct page *p, const struct board_partition *t, const struct str *values)
{
	if (t->task.clock_ms != TIME_NONE)
		metric_add_ms(&p->e, METRIC_partition_clock_timestamp_seconds, values, t->task.clock_ms);
}

static void add_behind(struct page *p, const struct board_partition *t, const struct str *values)
{
	int64_t behind_ms = p->wall_ms - t->task.clock_ms;

	if (t->task.clock_ms != TIME_NONE)
		metric_add_ms(&p->e, METRIC_partition_behind_seconds, values, behind_ms > 0 ? behind_ms : 0);
}

static void add_lag(struct page *p, const struct board_partition *t, const struct str *values)
{
	if (t->lag >= 0)
		add(p, METRIC_partition_lag_records, values, t->lag);
}

static void add_waiting(struct page *p, const struct board_partition *t, const struct str *values)
{
	add(p, METRIC_partition_waiting_records, values, (int64_t)t->task.waiting);
}

static void add_entries(struct page *p, const struct board_partition *t, const struct str *values)
{
	add(p, METRIC_partition_entries, values, (int64_t)t->task.entries);
}

static void add_stalled(struct page *p, const struct board_partition *t, const struct str *values)
{
	add(p, METRIC_partition_stalled_sources, values, t->task.stalled);
}

static void (*const partition_metrics[])(struct page *, const struct board_partition *, const struct str *) = {
    add_clock, add_behind, add_lag, add_waiting, add_entries, add_stalled,
};

static void add_partition(struct page *p, size_t k, const struct board_seat *s, const struct board_partition *t)
{
	char number[12];
	int n = snprintf(number, sizeof(number), "%d", t->task.partition);
	const struct str values[] = {str_from(stage_names[s->stage]), str_from(p->b->topics[t->task.topic].name),
	                             str_of(number, (size_t)n)};

	partition_metrics[k](p, t, values);
}

static void add_partitions(struct page *p)
{
	const struct board *b = p->b;

	for (size_t k = 0; k < sizeof(partition_metrics) / sizeof(*partition_metrics); k++)
		for (size_t i = 0; i < b->n_seats; i++)
			for (size_t j = 0; j < b->seats[i].n_parts; j++)
				add_partition(p, k, &b->seats[i], &b->seats[i].parts[j]);
}

/* Which counts of the stages a metric is made of; the first that fits takes a count. */
static const struct {
	const char *prefix;
	enum metric_id id;
	int labels; /* 0: the prefix is the whole name. 1: what is behind it. 2: stage, and what is behind the dot */
} count_metrics[] = {
    {"event.", METRIC_events_total, 1},
    {"fact.", METRIC_facts_total, 1},
    {"noise.", METRIC_noise_lines_total, 1},
    {"dead.", METRIC_dead_letters_total, 1},
    {"track.opened", METRIC_messages_tracked_total, 0},
    {"alert.opened", METRIC_alerts_total, 2},
    {"alert.updated", METRIC_alerts_total, 2},
    {"alert.resolved", METRIC_alerts_total, 2},
    {"", METRIC_anomalies_total, 2},
};

enum { N_COUNT_METRICS = sizeof(count_metrics) / sizeof(*count_metrics) };

static size_t metric_of(struct str name)
{
	size_t i = 0;

	while (!str_starts(name, str_from(count_metrics[i].prefix)))
		i++;
	return i;
}

static void add_count(struct page *p, size_t i, const struct count *c)
{
	struct str what = c->name, stage = STR_NONE;

	str_cut(&what, '.', &stage);
	const struct str both[] = {stage, what};
	bool only_what = count_metrics[i].labels == 1 || count_metrics[i].id == METRIC_alerts_total;
	add(p, count_metrics[i].id, only_what ? &what : both, c->n);
}

static void add_counts(struct page *p)
{
	for (size_t i = 0; i < N_COUNT_METRICS; i++) {
		size_t at = 0;
		void *value;

		while (table_next(&p->b->counts.table, &at, &value)) {
			const struct count *c = value;
			if (metric_of(c->name) == i)
				add_count(p, i, c);
		}
	}
}

static const struct {
	enum metric_id by_kind;
	size_t at; /* in struct fleet_sum */
} sums[] = {
    {METRIC_waiting_messages, offsetof(struct fleet_sum, messages)},
    {METRIC_waiting_recipients, offsetof(struct fleet_sum, recipients)},
    {METRIC_held_recipients, offsetof(struct fleet_sum, held)},
    {METRIC_overdue_recipients, offsetof(struct fleet_sum, overdue)},
    {METRIC_mismatched_recipients, offsetof(struct fleet_sum, mismatched)},
};

/* Kind 0 is that of rows without one: told only where there are any. */
static bool is_told(const struct fleet_view *v, int kind)
{
	return kind != KIND_UNKNOWN || v->kinds[kind].recipients > 0;
}

static void add_expiring(struct page *p, enum metric_id id, struct str whose, const struct fleet_sum *sum)
{
	const struct str within[][2] = {{whose, STR("1h")}, {whose, STR("6h")}, {whose, STR("24h")}};

	add(p, id, within[0], sum->expiring_1h);
	add(p, id, within[1], sum->expiring_6h);
	add(p, id, within[2], sum->expiring_24h);
}

static void add_time(struct page *p, enum metric_id id, struct str label, int64_t at_ms)
{
	if (at_ms != TIME_NONE)
		metric_add_ms(&p->e, id, &label, at_ms);
}

static void add_kinds(struct page *p)
{
	const struct fleet_view *v = &p->b->fleet;

	for (size_t i = 0; i < sizeof(sums) / sizeof(*sums); i++) {
		for (int k = 0; k < FLEET_KINDS; k++) {
			const struct str kind = str_from(kind_names[k]);
			if (is_told(v, k))
				add(p, sums[i].by_kind, &kind,
				    *(const int64_t *)((const char *)&v->kinds[k] + sums[i].at));
		}
	}
	for (int k = 0; k < FLEET_KINDS; k++)
		if (is_told(v, k))
			add_expiring(p, METRIC_expiring_recipients, str_from(kind_names[k]), &v->kinds[k]);
	for (int k = 0; k < FLEET_KINDS; k++)
		add_time(p, METRIC_first_expiry_timestamp_seconds, str_from(kind_names[k]), v->ends[k].first_expiry_ms);
	for (int k = 0; k < FLEET_KINDS; k++)
		add_time(p, METRIC_oldest_wait_timestamp_seconds, str_from(kind_names[k]), v->ends[k].oldest_ms);
}

static void add_classes(struct page *p)
{
	for (int recipients = 0; recipients <= 1; recipients++) {
		for (int c = CLASS_none + 1; c < CLASS_N; c++) {
			const struct fleet_sum *sum = &p->b->fleet.classes[c];
			const struct str values[] = {str_from(class_names[c]),
			                             str_from(family_names[class_family((enum class)c)])};
			add(p, recipients ? METRIC_class_recipients : METRIC_class_messages, values,
			    recipients ? sum->recipients : sum->messages);
		}
	}
}

/* The groups that are shown, then all others as one; labels are ready. */
struct destinations {
	struct buf text;
	size_t *ends; /* of the labels in text */
	size_t n;     /* all others included */
};

static void label_destinations(const struct fleet_view *v, struct destinations *ret, struct arena *a)
{
	ret->n = v->n_shown + 1;
	ret->ends = arena_alloc(a, ret->n * sizeof(*ret->ends));
	for (size_t i = 0; i < v->n_shown; i++) {
		metric_group(&ret->text, v->shown[i].group);
		ret->ends[i] = ret->text.n;
	}
	buf_str(&ret->text, STR(METRIC_OTHER_GROUPS));
	ret->ends[v->n_shown] = ret->text.n;
}

static struct str label_of(const struct destinations *d, size_t i)
{
	size_t from = i == 0 ? 0 : d->ends[i - 1];
	return str_of(d->text.p + from, d->ends[i] - from);
}

static void add_destination_sums(struct page *p, const struct destinations *d, enum metric_id id)
{
	const struct fleet_view *v = &p->b->fleet;

	for (size_t i = 0; i < d->n; i++) {
		const struct fleet_sum *sum = i < v->n_shown ? &v->shown[i].sum : &v->rest;
		const struct str group = label_of(d, i);

		if (id == METRIC_destination_expiring_recipients)
			add_expiring(p, id, group, sum);
		else
			add(p, id, &group,
			    id == METRIC_destination_messages     ? sum->messages
			    : id == METRIC_destination_recipients ? sum->recipients
			                                          : sum->overdue);
	}
}

static void add_destinations(struct page *p)
{
	const struct fleet_view *v = &p->b->fleet;
	struct destinations d = {.text = BUF_INIT};
	struct arena arena = ARENA_INIT;

	label_destinations(v, &d, &arena);
	add(p, METRIC_destinations, NULL, v->groups);
	for (int id = METRIC_destination_messages; id <= METRIC_destination_expiring_recipients; id++)
		add_destination_sums(p, &d, (enum metric_id)id);
	for (size_t i = 0; i < v->n_shown; i++)
		add_time(p, METRIC_destination_first_expiry_timestamp_seconds, label_of(&d, i),
		         v->shown[i].ends.first_expiry_ms);
	for (size_t i = 0; i < v->n_shown; i++)
		add_time(p, METRIC_destination_oldest_wait_timestamp_seconds, label_of(&d, i),
		         v->shown[i].ends.oldest_ms);
	buf_release(&d.text);
	arena_release(&arena);
}

static void add_incidents(struct page *p)
{
	for (int s = 0; s <= SEVERITY_CRITICAL; s++) {
		for (int f = 0; f < FLEET_FAMILIES; f++) {
			for (int k = 0; k < FLEET_SIDES; k++) {
				const struct str values[] = {str_from(severity_names[s]), str_from(family_names[f]),
				                             str_from(side_names[k])};
				if (p->b->incident_seen[s][f][k])
					add(p, METRIC_open_incidents, values, p->b->fleet.incidents[s][f][k]);
			}
		}
	}
}

void board_metrics(struct board *b, int64_t wall_ms, int64_t steady_ms, struct buf *out)
{
	struct page p = {b, {out, -1}, wall_ms, steady_ms};

	pthread_mutex_lock(&b->lock);
	add_process(&p);
	add_workers(&p);
	add_partitions(&p);
	add_counts(&p);
	if (b->fleet_known) {
		add_kinds(&p);
		add_classes(&p);
		add_destinations(&p);
		add_incidents(&p);
	}
	pthread_mutex_unlock(&b->lock);
}
