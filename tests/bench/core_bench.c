/* SPDX-License-Identifier: Apache-2.0 */
/*
 * core_bench - lines per second and core for parse, classify and track, in one process, without a log
 *
 * usage: core_bench [MESSAGES]     prints one line per step, the best of five rounds each
 * The mix: 85 of 100 messages are delivered at once (7 lines each, connect and disconnect among them), 15 are deferred
 * three times and then delivered. Not a test: nothing passes or fails by time.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "classify/classify.h"
#include "ingest/line.h"
#include "lib/base/check.h"
#include "lib/base/table.h"
#include "lib/base/timefmt.h"
#include "track/track.h"

#define BASE_MS ((int64_t)1795000000000)

enum { ROUNDS = 5 };

struct mix {
	struct arena arena;
	struct str *lines;
	size_t n, cap, deferrals;
};

static void add(struct mix *m, int64_t second, const char *rest)
{
	int64_t ms = BASE_MS + second * 1000;
	char stamp[25];

	time_format(ms, stamp);
	if (m->n == m->cap) {
		m->cap = m->cap == 0 ? 4096 : 2 * m->cap;
		m->lines = xrealloc(m->lines, m->cap * sizeof(*m->lines));
	}
	m->lines[m->n++] = arena_fmt(&m->arena, "%s mx%lld postfix/%s", stamp, (long long)(second % 7), rest);
}

static void add_message(struct mix *m, int i)
{
	int64_t at = i / 50;
	char text[400];

	add(m, at, "smtpd[71]: connect from c.example[192.0.2.7]");
	snprintf(text, sizeof(text), "smtpd[71]: %X: client=c.example[192.0.2.7]", 0x200000 + i);
	add(m, at, text);
	snprintf(text, sizeof(text), "cleanup[72]: %X: message-id=<%d.abc@c.example>", 0x200000 + i, i);
	add(m, at, text);
	snprintf(text, sizeof(text), "qmgr[73]: %X: from=<a@c.example>, size=4711, nrcpt=1 (queue active)",
	         0x200000 + i);
	add(m, at, text);
	for (int k = 1; k <= 3 && i % 100 >= 85; k++, m->deferrals++) {
		snprintf(text, sizeof(text),
		         "smtp[74]: %X: to=<u%d@d%d.example>, relay=none, delay=%d, delays=%d/0.01/30/0, dsn=4.4.1, "
		         "status=deferred (connect to mx%d.d%d.example[198.51.100.%d]:25: Connection timed out)",
		         0x200000 + i, i % 977, i % 400, 300 * k, 300 * k, k, i % 400, i % 250);
		add(m, at + 300 * (int64_t)k, text);
	}
	snprintf(text, sizeof(text),
	         "smtp[74]: %X: to=<u%d@d%d.example>, relay=mx.d%d.example[198.51.100.%d]:25, delay=1.2, "
	         "delays=0.1/0/0.8/0.3, "
	         "dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 9F3A)",
	         0x200000 + i, i % 977, i % 400, i % 400, i % 250);
	add(m, at + 1000, text);
	snprintf(text, sizeof(text), "qmgr[73]: %X: removed", 0x200000 + i);
	add(m, at + 1000, text);
	add(m, at, "smtpd[71]: disconnect from c.example[192.0.2.7] ehlo=1 mail=1 rcpt=1 data=1 quit=1 commands=5");
}

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

struct entry {
	struct tracked *t;
	size_t n;
	char key[];
};

struct run {
	struct track_sink sink; /* first */
	struct ingest_config ic;
	struct classifier classifier;
	struct track_config tc;
	struct table messages;
	struct arena scratch;
	int64_t transitions;
	int depth; /* 1 parse, 2 and classify, 3 and track */
};

static void count_transition(struct track_sink *sink, const struct transition *t)
{
	(void)t;
	((struct run *)sink)->transitions++;
}

static void count(struct track_sink *sink, const char *name)
{
	(void)sink, (void)name;
}

static void track(struct run *r, const struct delivery *d)
{
	char text[400];
	int n =
	    snprintf(text, sizeof(text), "%.*s/%.*s/%.*s", STR_FMT(d->site), STR_FMT(d->host), STR_FMT(d->queue_id));
	struct str key = str_of(text, (size_t)n);
	struct entry *e = table_get(&r->messages, key);

	if (!track_takes(&r->tc, e == NULL ? NULL : e->t, d, d->time_ms, &r->sink))
		return;
	if (e == NULL) {
		e = xmalloc(sizeof(*e) + key.n + 1);
		memcpy(e->key, text, key.n + 1);
		e->n = key.n;
		e->t = tracked_new();
		table_put(&r->messages, str_of(e->key, e->n), e);
	}
	const struct track_key k = {str_of(e->key, e->n), d->site, d->host, d->queue_id};
	if (track_apply(&r->tc, &k, e->t, d, d->time_ms, &r->sink) == TRACK_REMOVE) {
		table_remove(&r->messages, k.key);
		tracked_free(e->t);
		free(e);
	}
}

static void one_line(struct run *r, struct str line)
{
	struct line_result result;

	line_read(&r->ic, line, BASE_MS, &r->scratch, &result);
	if (r->depth > 1 && result.kind == LINE_EVENT)
		r->classifier.classify(r->classifier.arg, &result.d, &r->scratch);
	if (r->depth > 2 && (result.kind == LINE_EVENT || result.kind == LINE_FACT))
		track(r, &result.d);
	arena_reset(&r->scratch);
}

static void clear(struct run *r)
{
	size_t at = 0;
	void *value;

	while (table_next(&r->messages, &at, &value)) {
		struct entry *e = value;
		tracked_free(e->t);
		free(e);
	}
	table_clear(&r->messages);
}

static double round_of(struct run *r, const struct mix *m)
{
	double start = now_s();

	for (size_t i = 0; i < m->n; i++)
		one_line(r, m->lines[i]);
	double took = now_s() - start;
	clear(r);
	return took;
}

int main(int argc, char **argv)
{
	static const char *const steps[] = {"", "parse", "parse + classify", "parse + classify + track"};
	int messages = argc > 1 ? atoi(argv[1]) : 100000;
	struct mix m = {.arena = ARENA_INIT};
	struct run r = {.sink = {count_transition, count}};
	const struct destination_config dc = {NULL, 0, NULL, 0};
	struct err err;

	for (int i = 0; i < messages; i++)
		add_message(&m, i);
	struct catalog *catalog = catalog_load(NULL, &err);
	CHECK(catalog != NULL);
	struct classify *classify = classify_new(catalog, &dc, &err);
	CHECK(classify != NULL);
	ingest_config_default(&r.ic);
	track_config_default(&r.tc);
	table_init(&r.messages, 1);
	r.classifier = classify_hook(classify);
	printf("%zu lines, %zu of them deferrals\n", m.n, m.deferrals);
	for (r.depth = 1; r.depth <= 3; r.depth++) {
		double best = 1e9;
		for (int i = 0; i < ROUNDS; i++) {
			double took = round_of(&r, &m);
			best = took < best ? took : best;
		}
		printf("%-26s %10.0f lines/s  %6.0f ns a line\n", steps[r.depth], (double)m.n / best,
		       best / (double)m.n * 1e9);
	}
	classify_free(classify);
	catalog_free(catalog);
	table_release(&r.messages);
	arena_release(&r.scratch);
	arena_release(&m.arena);
	free(m.lines);
	return 0;
}
