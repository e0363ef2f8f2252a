/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_replay - qlapse replay: files through the whole pipeline, as fast as may be, always with the same result
 *
 * What is printed depends on the lines alone: not on clock, locale, time zone or batch
 * size. Records of several files are sorted by their stamps within a batch, and batches follow
 * each other in time; messages are printed as they stand at the end.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/check.h"
#include "lib/base/timefmt.h"
#include "lib/codec/record_codec.h"
#include "main/commands.h"
#include "emit/record_printer.h"
#include "main/lines.h"
#include "main/memory.h"
#include "main/summary.h"

enum summary_form { SUMMARY_TEXT, SUMMARY_JSON, SUMMARY_NONE };

/* A record that waits to be printed in order. */
struct kept {
	struct str order, line;
};

struct replay {
	struct config *config;
	struct memory_pipeline m;
	struct record_printer *printer;
	int emit; /* topic; -1: nothing; TOPIC_N: dead letters */
	bool with_order, with_headers;
	enum summary_form summary;
	int year;
	int64_t until_ms; /* TIME_NONE: the end of the files */
	struct summary *counts;
	struct arena kept_arena;
	struct kept *kept;
	size_t n_kept, cap_kept;
	struct table latest; /* messages: key to the last line */
	struct buf line;
};

static const char *const emit_names[] = {"deliveries", "transitions", "messages", "queues",
                                         "alerts",     "incidents",   "dlq",      NULL};
static const int emit_topics[] = {TOPIC_DELIVERIES, TOPIC_TRANSITIONS, TOPIC_MESSAGES, TOPIC_QUEUES,
                                  TOPIC_ALERTS,     TOPIC_INCIDENTS,   TOPIC_N};

static void keep_line(struct replay *r, struct str order, struct str line)
{
	if (r->n_kept == r->cap_kept) {
		r->cap_kept = r->cap_kept == 0 ? 1024 : 2 * r->cap_kept;
		r->kept = xrealloc(r->kept, r->cap_kept * sizeof(*r->kept));
	}
	r->kept[r->n_kept++] = (struct kept){arena_dup(&r->kept_arena, order), arena_dup(&r->kept_arena, line)};
}

/* Messages: the last one of each key counts. */
static void keep_latest(struct replay *r, const struct log_record *rec, struct str line)
{
	struct kept *k = table_get(&r->latest, rec->key);

	if (k == NULL) {
		k = xmalloc(sizeof(*k) + rec->key.n + 1);
		memcpy(k + 1, rec->key.p, rec->key.n);
		*k = (struct kept){str_of(k + 1, rec->key.n), STR_NONE};
		table_put(&r->latest, k->order, k);
	}
	if (k->line.n > 0)
		free((char *)(uintptr_t)k->line.p);
	k->line = STR_NONE;
	if (rec->value.p == NULL)
		return;
	char *copy = xmalloc(line.n);
	memcpy(copy, line.p, line.n);
	k->line = str_of(copy, line.n);
}

static void tap(void *arg, const struct log_record *rec)
{
	struct replay *r = arg;
	bool dead = rec->topic == r->m.topics.dlq[0];

	if (r->counts != NULL && rec->topic == TOPIC_DELIVERIES)
		summary_delivery(r->counts, rec->value);
	if (r->emit < 0 || rec->topic != (r->emit == TOPIC_N ? r->m.topics.dlq[0] : r->emit))
		return;
	buf_clear(&r->line);
	bool sorted = dead || rec->topic == TOPIC_DELIVERIES;
	bool printed = record_print(r->printer, rec, !dead, sorted, &r->line);
	if (rec->topic == TOPIC_MESSAGES)
		keep_latest(r, rec, buf_view(&r->line));
	else if (sorted && printed)
		keep_line(r, rec->order, buf_view(&r->line));
	else if (printed)
		fwrite(r->line.p, 1, r->line.n, stdout);
}

static int by_order(const void *a, const void *b)
{
	const struct kept *x = a, *y = b;
	return str_cmp(x->order, y->order);
}

static void print_kept(struct replay *r)
{
	if (r->n_kept > 1)
		qsort(r->kept, r->n_kept, sizeof(*r->kept), by_order);
	for (size_t i = 0; i < r->n_kept; i++)
		fwrite(r->kept[i].line.p, 1, r->kept[i].line.n, stdout);
	r->n_kept = 0;
	arena_reset(&r->kept_arena);
}

/* The table of messages at the end, by key. */
static void print_latest(struct replay *r)
{
	size_t at = 0;
	void *value;

	while (table_next(&r->latest, &at, &value)) {
		struct kept *k = value;
		if (k->line.n > 0)
			keep_line(r, k->order, k->line);
		if (k->line.n > 0)
			free((char *)(uintptr_t)k->line.p);
		free(k);
	}
	table_release(&r->latest);
	print_kept(r);
}

static void show_progress(const struct line_merge *lines)
{
	int64_t done, total;

	if (!isatty(STDERR_FILENO))
		return;
	merge_progress(lines, &done, &total);
	if (total > 0)
		fprintf(stderr, "\r%3d %% of %lld MiB", (int)(100 * done / total), (long long)(total >> 20));
}

static int pump(struct replay *r, int64_t front_ms, struct err *err)
{
	memory_time(&r->m, front_ms);
	int result = memory_pump(&r->m, err);
	print_kept(r);
	return result;
}

static int run_lines(struct replay *r, struct line_merge *lines, struct err *err)
{
	struct line line;
	int64_t front_ms = 0;
	int n = 0;

	while (merge_next(lines, &line)) {
		if (r->until_ms != TIME_NONE && line.p_ms > r->until_ms)
			break;
		memory_line(&r->m, line.source, line.text, line.ts_ms);
		front_ms = line.p_ms;
		if (++n < r->config->batch)
			continue;
		n = 0;
		show_progress(lines);
		if (pump(r, front_ms, err) < 0)
			return -1;
	}
	if (merge_status(lines, err) < 0 || pump(r, front_ms, err) < 0)
		return -1;
	if (isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
	return pump(r, r->until_ms != TIME_NONE ? r->until_ms : memory_after(&r->m, front_ms), err);
}

static int run_files(struct replay *r, const char *const *paths, size_t n, struct err *err)
{
	const struct line_options lo = {r->year, r->config->zone_offset_ms, (int64_t)time(NULL) * 1000};
	struct line_merge *lines = merge_open(paths, n, &lo, err);

	if (lines == NULL)
		return EX_NOINPUT;
	int result = memory_start(&r->m, r->config, n, tap, r, err) < 0 ? EX_CONFIG
	             : run_lines(r, lines, err) < 0                     ? EX_SOFTWARE
	                                                                : EX_OK;
	if (result == EX_OK && r->emit == TOPIC_MESSAGES)
		print_latest(r);
	if (result == EX_OK && r->counts != NULL)
		summary_print(r->counts, &r->m, r->summary == SUMMARY_JSON, stdout);
	merge_close(lines);
	memory_stop(&r->m);
	return result;
}

/* 0, or an exit status. */
static int read_options(struct replay *r, const struct cli *cli)
{
	const char *until = cli_value(cli, "until");
	int64_t year;
	int emit = cli_choice(cli, "emit", -1);

	if (cli_number(cli, "year", 1970, 9999, 0, &year) < 0)
		return EX_USAGE;
	if (until != NULL && !time_parse(str_from(until), &r->until_ms))
		return cli_misused(cli, "--until wants a time such as 2026-11-24T08:00:00Z, not \"%s\"", until);
	r->year = (int)year;
	r->emit = emit < 0 ? -1 : emit_topics[emit];
	r->with_order = cli_value(cli, "with-order") != NULL;
	r->with_headers = cli_value(cli, "with-headers") != NULL;
	r->summary = (enum summary_form)cli_choice(cli, "summary", emit < 0 ? SUMMARY_TEXT : SUMMARY_NONE);
	return 0;
}

static int run(struct cli *cli)
{
	struct replay r = {.config = &cli->config, .until_ms = TIME_NONE};
	struct err err = {0};

	table_init(&r.latest, 0);
	int result = read_options(&r, cli);
	if (result == 0) {
		r.printer = record_printer_new(r.with_order, r.with_headers);
		if (!r.with_headers)
			cli->config.events.form = EVENT_OFF;
		r.counts = r.summary == SUMMARY_NONE ? NULL : summary_new();
		result = run_files(&r, (const char *const *)cli->args, cli->n_args, &err);
		if (result != EX_OK)
			cli_fail_err(result, &err);
		else if (fflush(stdout) != 0 || ferror(stdout))
			result = cli_fail(EX_IOERR, "cannot write the output");
	}
	record_printer_free(r.printer);
	summary_free(r.counts);
	arena_release(&r.kept_arena);
	free(r.kept);
	table_release(&r.latest);
	buf_release(&r.line);
	return result;
}

static const char *const forms[] = {"text", "json", NULL};

static const struct cli_option options[] = {
    {"emit", "KIND", emit_names, "Print these records, one JSON object a line, instead of a summary."},
    {"with-order", NULL, NULL, "Print pipeline time and key beside each record, and deletions too."},
    {"with-headers", NULL, NULL, "Print the headers beside each record, as they would be on Kafka."},
    {"summary", "FORM", forms, "Print a summary in this form; with --emit behind the records."},
    {"year", "YEAR", NULL, "Year of the first stamp without one; by default that of the file's own time."},
    {"until", "TIME", NULL, "Stop there, as if each file ended in a line of that time."},
    {NULL, NULL, NULL, NULL},
};

const struct cli_command cmd_replay = {
    .name = "replay",
    .group = "Work on log files, without Kafka",
    .args = "FILE...",
    .summary = "read log files through the whole pipeline at once",
    .about = "Reads log files (- is standard input) through all four stages in this process.\n"
             "The result depends on the lines alone: the same files give the same output.\n"
             "Without --emit it prints what failed, why, and what still waits.\n",
    .examples = "qlapse replay /var/log/mail.log\n"
                "    what failed, why, and what still waits\n"
                "qlapse replay --emit alerts /var/log/mail.log | jq -r .title\n"
                "    what would have been alerted\n"
                "qlapse replay --summary json /var/log/mail.log\n"
                "    the summary as one JSON object\n",
    .options = options,
    .least_args = 1,
    .most_args = 1000,
    .run = run,
};
