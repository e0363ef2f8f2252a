/* SPDX-License-Identifier: Apache-2.0 */
/* board - see board.h: what is kept; board_page.c writes it */
#include <stdlib.h>

#include "lib/base/check.h"
#include "lib/kafka/kafka_log.h"
#include "main/board_priv.h"

enum { SEE_EVERY_MS = 1000, HANGS_AFTER_MS = 120000 };

/* Counters that are watched for a rise must be there before the first one. */
static const char *const counts_from_start[] = {
#define NOISE(id, prose)
#define DEAD(id, prose) "dead." #id,
#include "ingest/words.def"
#undef NOISE
#undef DEAD
    "event.delivered", "event.deferred", "event.bounced", "event.expired", "alert.opened", "alert.resolved",
};

struct board *board_new(const struct log_topic *list, int64_t wall_ms)
{
	struct board *b = xcalloc(1, sizeof(*b));

	b->topics = list;
	b->since_ms = wall_ms;
	CHECK(pthread_mutex_init(&b->lock, NULL) == 0);
	counts_init(&b->counts);
	for (size_t i = 0; i < sizeof(counts_from_start) / sizeof(*counts_from_start); i++)
		counts_add(&b->counts, str_from(counts_from_start[i]), 0);
	return b;
}

void board_free(struct board *b)
{
	if (b == NULL)
		return;
	for (size_t i = 0; i < b->n_seats; i++)
		free(b->seats[i].parts);
	free(b->seats);
	counts_release(&b->counts);
	fleet_view_release(&b->fleet);
	pthread_mutex_destroy(&b->lock);
	free(b);
}

size_t board_seat(struct board *b, enum stage_id stage, int number, int64_t steady_ms)
{
	b->seats = xrealloc(b->seats, (b->n_seats + 1) * sizeof(*b->seats));
	b->seats[b->n_seats] = (struct board_seat){
	    .stage = stage,
	    .number = number,
	    .phase = {.words = "connects to the log"},
	    .seen_ms = TIME_NONE,
	};
	atomic_store(&b->seats[b->n_seats].beat_ms, steady_ms);
	return b->n_seats++;
}

void board_beat(struct board *b, size_t seat, int64_t steady_ms)
{
	atomic_store_explicit(&b->seats[seat].beat_ms, steady_ms, memory_order_relaxed);
}

static void see_partitions(struct board_seat *s, const struct worker *w, const struct log *kafka)
{
	s->n_parts = worker_tasks(w);
	s->parts = xrealloc(s->parts, (s->n_parts + 1) * sizeof(*s->parts));
	for (size_t i = 0; i < s->n_parts; i++) {
		const struct worker_task t = worker_task(w, i);
		int64_t end = kafka == NULL || !t.running ? -1 : kafka_log_end(kafka, t.topic, t.partition);

		s->parts[i] = (struct board_partition){
		    .task = t,
		    .lag = end < 0          ? -1
		           : end > t.offset ? end - t.offset
		                            : 0,
		};
		s->parts[i].task.store = NULL; /* not ours to look into later */
	}
}

/* Combinations that have been there once are told for ever: a curve that ends is no curve that falls to nought. */
static void remember_incidents(struct board *b)
{
	for (int s = 0; s <= SEVERITY_CRITICAL; s++)
		for (int f = 0; f < FLEET_FAMILIES; f++)
			for (int k = 0; k < FLEET_SIDES; k++)
				b->incident_seen[s][f][k] |= b->fleet.incidents[s][f][k] > 0;
}

/* Of the workers of alert only the one that has the partition knows the fleet; it may be another one later. */
static void see_fleet(struct board *b, size_t seat, const struct fleet *fleet)
{
	const struct board_seat *s = &b->seats[seat];

	if (s->phase.running && s->n_parts > 0) {
		b->fleet_known = true;
		b->fleet_seat = seat;
		fleet_look(fleet, &b->fleet);
		remember_incidents(b);
	} else if (b->fleet_seat == seat) {
		b->fleet_known = false;
	}
}

void board_see(struct board *b, size_t seat, const struct worker *w, const struct log *kafka, const struct fleet *fleet,
               int64_t steady_ms)
{
	struct board_seat *s = &b->seats[seat];
	struct worker_phase phase = worker_phase(w);

	board_beat(b, seat, steady_ms);
	/* seen_ms and phase are written by this thread alone */
	if (s->seen_ms != TIME_NONE && steady_ms - s->seen_ms < SEE_EVERY_MS && phase.words == s->phase.words)
		return;
	pthread_mutex_lock(&b->lock);
	s->seen_ms = steady_ms;
	s->phase = phase;
	s->stats = *worker_stats(w);
	see_partitions(s, w, kafka);
	if (fleet != NULL)
		see_fleet(b, seat, fleet);
	pthread_mutex_unlock(&b->lock);
}

void board_count(struct board *b, const char *name, int64_t n)
{
	pthread_mutex_lock(&b->lock);
	counts_add(&b->counts, str_from(name), n);
	pthread_mutex_unlock(&b->lock);
}

void board_commit_took(struct board *b, size_t seat, int64_t us)
{
	pthread_mutex_lock(&b->lock);
	spans_add(&b->seats[seat].commits, us);
	pthread_mutex_unlock(&b->lock);
}

void board_wait(struct board *b, const char *words)
{
	pthread_mutex_lock(&b->lock);
	b->waits_for = words;
	pthread_mutex_unlock(&b->lock);
}

static void tell_unready(const struct board_seat *s, struct buf *out)
{
	buf_fmt(out, "not ready: %s/%d %s", stage_names[s->stage], s->number, s->phase.words);
	if (s->phase.restoring > 0)
		buf_fmt(out, ": %zu partitions to go, %lld records so far", s->phase.restoring,
		        (long long)s->stats.restored);
	buf_chr(out, '\n');
}

bool board_ready(struct board *b, struct buf *why_not)
{
	size_t before = why_not->n;

	pthread_mutex_lock(&b->lock);
	for (size_t i = 0; i < b->n_seats; i++)
		if (!b->seats[i].phase.running)
			tell_unready(&b->seats[i], why_not);
	if (b->waits_for != NULL)
		buf_fmt(why_not, "not ready: %s\n", b->waits_for);
	pthread_mutex_unlock(&b->lock);
	return why_not->n == before;
}

bool board_healthy(struct board *b, int64_t steady_ms, struct buf *why_not)
{
	size_t before = why_not->n;

	for (size_t i = 0; i < b->n_seats; i++) {
		int64_t silent_ms = steady_ms - atomic_load(&b->seats[i].beat_ms);
		if (silent_ms > HANGS_AFTER_MS)
			buf_fmt(why_not, "%s/%d has not come round for %lld s\n", stage_names[b->seats[i].stage],
			        b->seats[i].number, (long long)silent_ms / 1000);
	}
	return why_not->n == before;
}
