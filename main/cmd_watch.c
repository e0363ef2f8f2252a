/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_watch - the whole pipeline in this process, on the wall clock: for a host without Kafka
 *
 * First comes what the files hold already, in their own time and without a word; then the state of things is told,
 * and from then on every alert as it comes.
 */
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "alert/words.h"
#include "emit/record_printer.h"
#include "lib/base/check.h"
#include "lib/base/table.h"
#include "lib/base/timefmt.h"
#include "lib/codec/record_codec.h"
#include "main/clock.h"
#include "main/commands.h"
#include "main/follow.h"
#include "main/layout.h"
#include "main/memory.h"
#include "main/web.h"
#include "track/track_stage.h"

enum { POLL_MS = 250 };

/* An incident as it stands, and its last alert, for the advice in it. */
struct known {
	struct str id;
	struct buf record, alert;
	bool open;
};

struct watch {
	struct config *c;
	struct memory_pipeline m;
	struct table known;
	struct record_printer *printer;
	bool json, live;
	int64_t fixed_now_ms; /* TIME_NONE: the clock */
	int64_t lines;
	struct board *board; /* what is told over HTTP; NULL: nothing */
	struct web_source source;
	struct http_server *web;
	size_t on_board[STAGE_N];
	struct arena arena;
	struct buf out;
};

static volatile sig_atomic_t stopped;

static void on_signal(int signal)
{
	(void)signal;
	stopped = 1;
}

static int64_t now_ms(const struct watch *w)
{
	struct timespec now;

	if (w->fixed_now_ms != TIME_NONE)
		return w->fixed_now_ms;
	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* a: the alert with the advice, NULL: none. */
static void add_advice(struct watch *w, const struct alert *a)
{
	bool zh_tw = w->c->language == LANGUAGE_ZH_TW;
	struct str text = zh_tw ? a->remedy_zh_tw : a->remedy;
	const struct link *links = a->links.items;

	if (text.n) {
		buf_str(&w->out, STR("    What to do:"));
		layout_wrap(&w->out, text, 15, 4, LAYOUT_WIDTH);
	}
	layout_fixes(&w->out, a->fix_now, zh_tw, 4);
	for (size_t i = 0; i < a->links.n; i++)
		buf_fmt(&w->out, "    See: %.*s\n", STR_FMT(links[i].url));
}

static void add_incident(struct watch *w, struct str title, struct str summary, const struct alert *a)
{
	buf_fmt(&w->out, "%.*s\n", STR_FMT(title));
	layout_wrap(&w->out, summary, 0, 4, LAYOUT_WIDTH);
	if (a)
		add_advice(w, a);
	buf_chr(&w->out, '\n');
}

static void flush(struct watch *w)
{
	if (!w->out.n)
		return;
	fwrite(w->out.p, 1, w->out.n, stdout);
	fflush(stdout);
	buf_clear(&w->out);
}

static struct known *know(struct watch *w, struct str id)
{
	struct known *k = table_get(&w->known, id);

	if (k)
		return k;
	k = xcalloc(1, sizeof(*k) + id.n + 1);
	memcpy(k + 1, id.p, id.n);
	k->id = str_of(k + 1, id.n);
	table_put(&w->known, k->id, k);
	return k;
}

static void forget(struct watch *w, struct str id)
{
	struct known *k = table_remove(&w->known, id);

	if (!k)
		return;
	buf_release(&k->record);
	buf_release(&k->alert);
	free(k);
}

static void take_alert(struct watch *w, const struct log_record *rec)
{
	struct alert a;
	struct err err;
	char when[25];

	if (record_decode(encoding_of(rec->value), rec->value, &alert_record, &w->arena, &a, &err) < 0)
		return;
	struct known *k = know(w, a.incident);

	buf_clear(&k->alert);
	buf_str(&k->alert, rec->value);
	if (w->live && w->json) {
		record_print(w->printer, rec, true, false, &w->out);
	} else if (w->live) {
		time_format(a.at_ms, when);
		buf_fmt(&w->out, "%.19sZ %s\n", when, alert_event_names[a.event]);
		add_incident(w, a.title, a.summary, a.event == ALERT_RESOLVED ? NULL : &a);
	}
	flush(w);
}

static void take_incident(struct watch *w, const struct log_record *rec)
{
	struct incident inc;
	struct err err;

	if (!rec->value.p) {
		forget(w, rec->key);
		return;
	}
	if (record_decode(encoding_of(rec->value), rec->value, &incident_record, &w->arena, &inc, &err) < 0)
		return;
	struct known *k = know(w, inc.incident);

	k->open = inc.state == INCIDENT_STATE_OPEN;
	buf_clear(&k->record);
	buf_str(&k->record, rec->value);
}

static void tap(void *arg, const struct log_record *rec)
{
	struct watch *w = arg;

	if (rec->topic == TOPIC_ALERTS)
		take_alert(w, rec);
	else if (rec->topic == TOPIC_INCIDENTS)
		take_incident(w, rec);
	arena_reset(&w->arena);
}

static int by_id(const void *a, const void *b)
{
	const struct known *const *x = a, *const *y = b;

	return str_cmp((*x)->id, (*y)->id);
}

/* Open ones, by id; free() the array. */
static struct known **list_open(const struct watch *w, size_t *ret_n)
{
	struct known **list = xcalloc(w->known.n + 1, sizeof(struct known *));
	size_t at = 0, n = 0;
	void *value;

	while (table_next(&w->known, &at, &value))
		if (((struct known *)value)->open)
			list[n++] = value;
	if (n > 1)
		qsort(list, n, sizeof(struct known *), by_id);
	*ret_n = n;
	return list;
}

static void add_open(struct watch *w, const struct known *k)
{
	const struct log_record rec = {.topic = TOPIC_INCIDENTS, .key = k->id, .value = buf_view(&k->record)};
	int64_t lifetime_ms = w->m.c->track.default_lifetime_ms;
	struct buf title = BUF_INIT, summary = BUF_INIT;
	struct str value = buf_view(&k->alert);
	struct incident inc;
	struct alert a;
	struct err err;

	if (w->json) {
		record_print(w->printer, &rec, true, false, &w->out);
		return;
	}
	if (record_decode(encoding_of(rec.value), rec.value, &incident_record, &w->arena, &inc, &err) < 0)
		return;
	words_title(&inc, ALERT_UPDATED, lifetime_ms, &title);
	words_summary(&inc, ALERT_UPDATED, lifetime_ms, &summary);
	bool advised = value.n > 0 && record_decode(encoding_of(value), value, &alert_record, &w->arena, &a, &err) == 0;
	add_incident(w, buf_view(&title), buf_view(&summary), advised ? &a : NULL);
	buf_release(&title);
	buf_release(&summary);
}

static void add_waiting(struct watch *w)
{
	struct track_summary sum = {0, 0};

	for (size_t i = 0; i < worker_tasks(w->m.workers[STAGE_TRACK]); i++)
		track_summarise(worker_task(w->m.workers[STAGE_TRACK], i).store, &sum);
	buf_fmt(&w->out, "%" PRId64 " lines read; messages in the queue as far as is known: %" PRId64, w->lines,
	        sum.queued);
	buf_fmt(&w->out, ", overdue: %" PRId64 ".\n", sum.overdue);
}

/* What is wrong now. */
static void tell_state(struct watch *w)
{
	size_t n;
	struct known **list = list_open(w, &n);

	for (size_t i = 0; i < n; i++)
		add_open(w, list[i]);
	if (!w->json) {
		if (!n)
			buf_str(&w->out, STR("Nothing is wrong. "));
		add_waiting(w);
	}
	arena_reset(&w->arena);
	free(list);
	flush(w);
}

/* For those who ask over HTTP. */
static void post(const struct watch *w)
{
	int64_t now = clock_steady_ms();

	for (int id = 0; w->board != NULL && id < STAGE_N; id++)
		board_see(w->board, w->on_board[id], w->m.workers[id], NULL, stage_instance_fleet(w->m.stages[id]),
		          now);
}

/* Exit status. */
static int open_web(struct watch *w, struct err *err)
{
	if (w->c->http_listen == NULL)
		return EX_OK;
	w->m.board = w->board = board_new(w->m.topics.items, clock_wall_ms());
	for (int id = 0; id < STAGE_N; id++)
		w->on_board[id] = board_seat(w->board, (enum stage_id)id, 0, clock_steady_ms());
	board_wait(w->board, "reads what the files hold already");
	w->source = web_of_board(w->board);
	w->web = web_open(w->c->http_listen, &w->source, err);
	if (w->web == NULL)
		return err->kind == ERR_CONFIG ? EX_CONFIG : EX_OSERR;
	fprintf(stderr, "qlapse: metrics and probes at http://%s/\n", http_listens_on(w->web));
	return EX_OK;
}

static void close_web(struct watch *w)
{
	http_close(w->web);
	board_free(w->board);
}

/* Feeds all that there is now, in time's order. p of the last line goes to *ret_front. */
static int take_lines(struct watch *w, struct follow *f, int64_t *inout_front, struct err *err)
{
	struct line line;
	int n = 0;

	while (!stopped && follow_next(f, now_ms(w), &line)) {
		memory_line(&w->m, line.source, line.text, line.ts_ms);
		w->lines++;
		if (line.p_ms > *inout_front)
			*inout_front = line.p_ms;
		if (++n < w->c->batch)
			continue;
		n = 0;
		memory_time(&w->m, *inout_front);
		if (memory_pump(&w->m, err) < 0)
			return -1;
		post(w);
	}
	return follow_status(f, err);
}

static int run_once(struct watch *w, struct follow *f, int64_t *inout_front, struct err *err)
{
	int64_t now = now_ms(w);

	if (take_lines(w, f, inout_front, err) < 0)
		return -1;
	if (now > *inout_front)
		*inout_front = now;
	memory_time(&w->m, *inout_front);
	if (memory_pump(&w->m, err) < 0)
		return -1;
	post(w);
	return 0;
}

static int run_all(struct watch *w, struct follow *f, bool once, struct err *err)
{
	int64_t front = 0;

	if (run_once(w, f, &front, err) < 0)
		return -1;
	tell_state(w);
	w->live = true;
	if (w->board != NULL)
		board_wait(w->board, NULL);
	while (!once && !stopped && !follow_ended(f)) {
		poll(NULL, 0, POLL_MS);
		if (run_once(w, f, &front, err) < 0)
			return -1;
	}
	return 0;
}

static int watch(struct watch *w, const struct cli *cli, const struct line_options *o)
{
	bool once = cli_value(cli, "once");
	struct err err = {0};
	struct follow *f = follow_open((const char *const *)cli->args, cli->n_args, o, once, &err);
	int status = EX_OK;

	if (!f)
		return cli_fail_err(EX_NOINPUT, &err);
	if (memory_start(&w->m, w->c, cli->n_args, tap, w, &err) < 0)
		status = cli_fail_err(EX_SOFTWARE, &err);
	else if (!once && (status = open_web(w, &err)) != EX_OK)
		cli_fail_err(status, &err);
	else if (run_all(w, f, once, &err) < 0)
		status = cli_fail_err(follow_status(f, NULL) < 0 ? EX_NOINPUT : EX_SOFTWARE, &err);
	close_web(w);
	memory_stop(&w->m);
	follow_close(f);
	return status;
}

static void release(struct watch *w)
{
	size_t at = 0;
	void *value;

	while (table_next(&w->known, &at, &value)) {
		struct known *k = value;

		buf_release(&k->record);
		buf_release(&k->alert);
		free(k);
	}
	table_release(&w->known);
	record_printer_free(w->printer);
	arena_release(&w->arena);
	buf_release(&w->out);
}

static int run(struct cli *cli)
{
	struct watch w = {.c = &cli->config, .json = cli_value(cli, "json"), .fixed_now_ms = TIME_NONE};
	const char *now = cli_value(cli, "now");
	struct sigaction action = {.sa_handler = on_signal};
	struct line_options o;
	int64_t year;
	int status;

	if (cli_number(cli, "year", 1970, 9999, 0, &year) < 0)
		return EX_USAGE;
	if (now && !time_parse(str_from(now), &w.fixed_now_ms))
		return cli_misused(cli, "--now wants a time such as 2026-11-24T08:00:00Z, not '%s'", now);
	if (now && !cli_value(cli, "once"))
		return cli_misused(cli, "--now goes with --once: time stands still");
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	table_init(&w.known, 0);
	w.printer = record_printer_new(false, false);
	cli->config.events.form = EVENT_OFF;
	o = (struct line_options){(int)year, w.c->zone_offset_ms, now_ms(&w)};
	status = watch(&w, cli, &o);
	release(&w);
	return status;
}

static const struct cli_option options[] = {
    {"once", NULL, NULL, "Read to the end, say what is wrong now, and end."},
    {"json", NULL, NULL, "Print JSON objects, one a line: incidents that are open, then alerts."},
    {"year", "YEAR", NULL, "Year of the first stamp without one; by default that of the file's own time."},
    {"now", "TIME", NULL, "With --once: take this for the present time, for an old log."},
    {NULL, NULL, NULL, NULL},
};

const struct cli_command cmd_watch = {
    .name = "watch",
    .group = "Work on log files, without Kafka",
    .args = "FILE...",
    .summary = "follow log files and tell what goes wrong, as it happens",
    .about = "Reads what the files hold (- is standard input), says what is wrong now, and then\n"
             "follows them, through rotation and truncation, and prints alerts as they come. The\n"
             "same four stages as on Kafka, in this process and on the wall clock; nothing is\n"
             "kept on disk. Ends with status 0 whether something is wrong or not; SIGINT and\n"
             "SIGTERM end it, too. With the option http.listen, and without --once, it answers\n"
             "/metrics, /healthz, /readyz and /version.\n",
    .examples = "qlapse watch --once /var/log/mail.log\n"
                "    what is wrong now?\n"
                "qlapse watch --json /var/log/mail.log | while read -r alert; do notify \"$alert\"; done\n"
                "    a command of your own for each alert\n"
                "journalctl -fu postfix@- -o short-iso | qlapse watch -\n"
                "    from the journal\n",
    .options = options,
    .least_args = 1,
    .most_args = 1000,
    .run = run,
};
