/* SPDX-License-Identifier: Apache-2.0 */
/* runner - see runner.h */
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#include "lib/base/check.h"
#include "lib/base/timefmt.h"
#include "main/clock.h"
#include "main/runner.h"
#include "main/web.h"

enum { POLL_MS = 20, STATUS_EVERY_MS = 60000, TELL_RETRY_EVERY_MS = 10000 };

static atomic_bool stopping, reloading;

void runner_stop(void)
{
	atomic_store(&stopping, true);
}

void runner_reload(void)
{
	atomic_store(&reloading, true);
}

struct seat { /* of one worker */
	const struct runner *r;
	enum stage_id id;
	int number;
	pthread_t thread;
	int status;
	char instance[256], group[128];
	struct stage_instance *stage;
	struct worker *worker;
	struct log *log;               /* the worker's */
	size_t on_board;               /* its place there */
	const struct catalog *catalog; /* taken; NULL where nothing is classified */
	unsigned generation;           /* of it */
	int64_t status_ms, retry_ms;   /* when they were last told */
};

static void tell(const struct seat *s, const char *level, const char *text)
{
	char line[640];

	snprintf(line, sizeof(line), "%s/%d: %s", stage_names[s->id], s->number, text);
	s->r->log(level, line);
}

static void note(void *arg, enum worker_note_level level, const char *text)
{
	static const char *const levels[] = {"debug", "info", "warning"};
	tell(arg, levels[level], text);
}

static void count(void *arg, const char *name, int64_t n)
{
	board_count(((const struct seat *)arg)->r->board, name, n);
}

static void commit_took(void *arg, int64_t us)
{
	const struct seat *s = arg;
	board_commit_took(s->r->board, s->on_board, us);
}

/* For those who ask over HTTP. No transaction is open. */
static void post(const struct seat *s)
{
	if (s->r->board != NULL)
		board_see(s->r->board, s->on_board, s->worker, s->log, stage_instance_fleet(s->stage),
		          clock_steady_ms());
}

static struct log *open_log(struct seat *s, const struct worker_config *wc, struct err *err)
{
	const struct config *c = s->r->c;
	const struct kafka_log_config kc = {
	    .client = s->r->client,
	    .topics = wc->topics,
	    .n_topics = wc->n_topics,
	    .inputs = wc->inputs,
	    .n_inputs = wc->n_inputs,
	    .group_id = s->group,
	    .instance_id = s->instance,
	    .txn_timeout_ms = c->txn_timeout_ms,
	    .idle_wall = s->id == STAGE_INGEST && !c->idle_hold,
	    .idle_every_ms = c->tick_interval_ms,
	    .clock_ms = s->r->clock_ms,
	    .commit_took = s->r->board == NULL ? NULL : commit_took,
	    .arg = s,
	    .abort_every = c->abort_every,
	};
	struct log *log;

	return kafka_log_open(&kc, &log, err) < 0 ? NULL : log;
}

static int open_seat(struct seat *s, struct err *err)
{
	struct worker_config wc;

	if (stage_classifies(s->id))
		s->catalog = rules_take(s->r->rules, &s->generation);
	s->stage = stage_instance_new(s->id, s->r->c, s->r->topics, s->catalog, err);
	if (s->stage == NULL)
		return -1;
	stage_instance_worker(s->stage, &wc);
	wc.name = str_from(s->instance);
	wc.note = note;
	wc.count = s->r->board == NULL ? NULL : count;
	wc.arg = s;
	wc.seed = (uint64_t)s->r->clock_ms();
	s->log = open_log(s, &wc, err);
	if (s->log == NULL)
		return -1;
	s->worker = worker_new(&wc, s->log);
	return 0;
}

/* How far it has come, once in a while. */
static void tell_status(struct seat *s, int64_t now_ms)
{
	const struct worker_stats *w = worker_stats(s->worker);
	int64_t clock_ms = TIME_NEVER;
	size_t waiting = 0, entries = 0, stalled = 0;
	char text[400], clock[25] = "none";

	if (now_ms - s->status_ms < STATUS_EVERY_MS)
		return;
	s->status_ms = now_ms;
	for (size_t i = 0; i < worker_tasks(s->worker); i++) {
		struct worker_task t = worker_task(s->worker, i);
		clock_ms = t.clock_ms < clock_ms ? t.clock_ms : clock_ms;
		waiting += t.waiting;
		entries += t.entries;
		stalled = t.stalled > stalled ? t.stalled : stalled; /* each task hears of all sources */
	}
	if (clock_ms != TIME_NEVER && clock_ms != TIME_NONE)
		time_format(clock_ms, clock);
	snprintf(text, sizeof(text),
	         "partitions=%zu clock=%s behind_s=%" PRId64 " records=%" PRId64
	         " waiting=%zu entries=%zu commits=%" PRId64 " aborts=%" PRId64,
	         worker_tasks(s->worker), clock,
	         clock_ms == TIME_NEVER || clock_ms == TIME_NONE ? -1 : (now_ms - clock_ms) / 1000, w->records, waiting,
	         entries, w->commits, w->aborts);
	tell(s, "info", text);
	if (stalled > 0) {
		snprintf(text, sizeof(text), "time goes on without %zu sources: they were silent for stall_after",
		         stalled);
		tell(s, "warning", text);
	}
}

/* By whichever thread sees the wish first. */
static void reload_rules(struct seat *s)
{
	struct err err = {0};
	char text[640];
	size_t n;

	if (!atomic_exchange(&reloading, false))
		return;
	if (rules_reload(s->r->rules, &n, &err) < 0) {
		snprintf(text, sizeof(text), "rules not reloaded, the %zu that there were stay: %s", n, err.msg);
		s->r->log("error", text);
	} else {
		snprintf(text, sizeof(text), "rules reloaded: %zu in force", n);
		s->r->log("info", text);
	}
}

/* No transaction is open, and nothing points into the old catalogue. */
static void change_rules(struct seat *s)
{
	struct err err = {0};
	unsigned generation;

	if (s->catalog == NULL || rules_generation(s->r->rules) == s->generation)
		return;
	const struct catalog *old = s->catalog, *fresh = rules_take(s->r->rules, &generation);
	s->generation = generation;
	if (stage_instance_change(s->stage, fresh, &err) < 0) {
		tell(s, "error", err.msg);
		old = fresh;
	} else {
		s->catalog = fresh;
	}
	rules_give(s->r->rules, old);
}

static int work(struct seat *s, struct err *err)
{
	while (!atomic_load(&stopping)) {
		reload_rules(s);
		change_rules(s);
		int64_t now_ms = s->r->clock_ms();
		err->msg[0] = '\0';
		enum worker_result result = worker_step(s->worker, now_ms, POLL_MS, err);
		if (result == WORKER_FENCED)
			return EX_TEMPFAIL;
		if (result == WORKER_FATAL)
			return err->kind == ERR_CONFIG  ? EX_CONFIG
			       : err->kind == ERR_RETRY ? EX_UNAVAILABLE
			                                : EX_SOFTWARE;
		if (err->msg[0] != '\0' && now_ms - s->retry_ms > TELL_RETRY_EVERY_MS) {
			s->retry_ms = now_ms;
			tell(s, "warning", err->msg);
		}
		tell_status(s, now_ms);
		post(s);
	}
	return EX_OK;
}

static void *run_seat(void *arg)
{
	struct seat *s = arg;
	struct err err = {0};

	if (open_seat(s, &err) < 0)
		s->status = err.kind == ERR_CONFIG ? EX_CONFIG : EX_UNAVAILABLE;
	else
		s->status = work(s, &err);
	if (s->status != EX_OK) {
		tell(s, "error", err.msg);
		runner_stop();
	}
	worker_free(s->worker);
	stage_instance_free(s->stage);
	rules_give(s->r->rules, s->catalog);
	return NULL;
}

static int take_seats(const struct runner *r, struct seat *seats)
{
	int n = 0;

	for (int id = 0; id < STAGE_N; id++) {
		for (int k = 0; k < r->c->threads && (r->c->stages & (1u << id)); k++) {
			struct seat *s = &seats[n++];
			*s = (struct seat){.r = r, .id = (enum stage_id)id, .number = k};
			snprintf(s->group, sizeof(s->group), "%s-%s", r->c->app, stage_names[id]);
			snprintf(s->instance, sizeof(s->instance), "%s-%s-%s-%d", r->c->app, stage_names[id],
			         r->instance, k);
			if (r->board != NULL)
				s->on_board = board_seat(r->board, s->id, k, clock_steady_ms());
		}
	}
	return n;
}

/* Exit status. */
static int open_web(const struct runner *r, const struct web_source *source, struct http_server **ret)
{
	struct err err = {0};
	char text[400];

	*ret = NULL;
	if (r->board == NULL)
		return EX_OK;
	*ret = web_open(r->c->http_listen, source, &err);
	if (*ret == NULL) {
		r->log("error", err.msg);
		return err.kind == ERR_CONFIG ? EX_CONFIG : EX_OSERR;
	}
	snprintf(text, sizeof(text), "metrics and probes at http://%s/", http_listens_on(*ret));
	r->log("info", text);
	return EX_OK;
}

int runner_run(const struct runner *r)
{
	struct seat *seats = xcalloc(STAGE_N * (size_t)r->c->threads, sizeof(*seats));
	const struct web_source source = web_of_board(r->board);
	struct http_server *web;
	int n = take_seats(r, seats), status = open_web(r, &source, &web);

	if (status != EX_OK)
		n = 0;
	for (int i = 0; i < n; i++)
		CHECK(pthread_create(&seats[i].thread, NULL, run_seat, &seats[i]) == 0);
	for (int i = 0; i < n; i++) {
		pthread_join(seats[i].thread, NULL);
		if (status == EX_OK)
			status = seats[i].status;
	}
	http_close(web);
	free(seats);
	return status;
}
