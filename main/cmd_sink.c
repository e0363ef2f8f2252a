/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_sink - qlapse sink postgres: the public topics into a database, until told to stop */
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/kafka/kafka_log.h"
#include "main/broker.h"
#include "main/commands.h"
#include "main/log_lines.h"
#include "main/sink_setup.h"
#include "sink/schema.h"
#include "sink/sink.h"

static atomic_bool stopping;

static bool is_stopping(void)
{
	return atomic_load(&stopping);
}

static void on_signal(int signal)
{
	(void)signal;
	atomic_store(&stopping, true);
}

static void catch_signals(void)
{
	struct sigaction action = {.sa_handler = on_signal};

	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static void note(void *arg, const char *level, const char *text)
{
	char line[720];

	(void)arg;
	snprintf(line, sizeof(line), "sink: %s", text);
	log_line(level, line);
}

/* Exit status. Waits for nothing: whoever starts it knows better whether to try again. */
static int migrate(const struct config *c, int to)
{
	const struct pg_config pc = sink_pg_config(c, wall_clock, is_stopping);
	struct pg *g = pg_new(&pc);
	struct err err = {0};
	int from = 0, result = pg_connect(g, &err);

	if (result == 0)
		result = schema_migrate(g, to, &from, &err);
	if (result == 0 && c->sink.reader)
		result = schema_grant(g, c->sink.reader, &err);
	pg_free(g);
	if (result < 0)
		return cli_fail_err(EX_UNAVAILABLE, &err);
	if (from < to)
		printf("migrated from version %d to %d\n", from, to);
	else
		printf("is at version %d\n", from);
	return EX_OK;
}

static int check_broker(struct config *c, const struct kafka_client *client, struct topic_list *list, struct err *err)
{
	struct kafka_admin *admin;
	int result = 0;

	if (kafka_check_settings(client, err) < 0)
		return -1;
	admin = kafka_admin_open(client, BROKER_ANSWER_MS, err);
	if (!admin)
		return -1;
	for (int t = 0; t < TOPIC_N && result == 0; t++) {
		if (!(c->sink.topics & 1u << t))
			continue;
		int n = kafka_admin_partitions(admin, list->items[t].name, err);

		if (n > 0)
			list->items[t].partitions = n;
		else
			result = n < 0 ? -1
			               : err_set(err, ERR_RETRY, "there is no topic '%s'; 'qlapse topics create' makes it",
			                         list->items[t].name);
	}
	kafka_admin_close(admin);
	return result;
}

static int read_until_stopped(struct cli *cli, const struct kafka_client *client, const struct topic_list *list,
                              struct arena *a, struct err *err)
{
	static const int statuses[] = {
	    [SINK_STOPPED] = EX_OK, [SINK_FENCED] = EX_TEMPFAIL, [SINK_FAILED] = EX_SOFTWARE};
	struct config *c = &cli->config;
	char host[256] = "";
	int inputs[TOPIC_N];
	size_t n_inputs = 0;
	struct log *log;

	for (int t = 0; t < TOPIC_N; t++)
		if (c->sink.topics & 1u << t)
			inputs[n_inputs++] = t;
	gethostname(host, sizeof(host) - 1);
	const struct kafka_log_config kc = {
	    .client = *client,
	    .topics = list->items,
	    .n_topics = list->n,
	    .inputs = inputs,
	    .n_inputs = n_inputs,
	    .group_id = arena_fmt(a, "%s-sink", c->app).p,
	    .instance_id = arena_fmt(a, "%s-sink-%s", c->app, c->instance ? c->instance : host).p,
	    .clock_ms = wall_clock,
	    .read_only = true,
	    .tell_ends = true,
	};
	struct sink_config sc = sink_config_of(c, list->items, wall_clock, is_stopping);
	sc.once = cli_value(cli, "once");
	sc.split = cli_value(cli, "split");
	sc.note = note;
	if (kafka_log_open(&kc, &log, err) < 0)
		return EX_UNAVAILABLE;
	enum sink_end how = sink_run(&sc, log, err);
	log->ops->close(log);
	return how == SINK_FAILED && err->kind == ERR_CONFIG ? EX_CONFIG : statuses[how];
}

static int run_sink(struct cli *cli)
{
	struct config *c = &cli->config;
	struct arena arena = ARENA_INIT;
	struct kafka_client client = broker_client(c, &arena);
	struct topic_list list;
	struct err err = {0};
	int status = EX_UNAVAILABLE;

	client.log = log_client;
	topic_list_make(&list, c, c->partitions, &arena);
	if (check_broker(c, &client, &list, &err) == 0) {
		catch_signals();
		status = read_until_stopped(cli, &client, &list, &arena, &err);
	}
	if (status != EX_OK)
		status = cli_fail_err(status, &err);
	else
		log_line("info", "sink: stopped");
	arena_release(&arena);
	return status;
}

static int print_tables(void)
{
	struct buf out = BUF_INIT;

	sink_tables_markdown(&out);
	fwrite(out.p, 1, out.n, stdout);
	buf_release(&out);
	return EX_OK;
}

static int run(struct cli *cli)
{
	const struct pg_config pc = sink_pg_config(&cli->config, wall_clock, is_stopping);
	struct err err = {0};
	int64_t to;

	if (strcmp(cli->args[0], "postgres") != 0)
		return cli_misused(cli, "unknown kind of sink '%s'; there is postgres", cli->args[0]);
	if (cli_value(cli, "print-tables"))
		return print_tables();
	if (cli_number(cli, "migrate-to", 1, schema_latest(), schema_latest(), &to) < 0)
		return EX_USAGE;
	if (!cli->config.sink.topics)
		return cli_fail(EX_CONFIG, "sink.topics is empty: there is nothing to write");
	if (pg_check_config(&pc, &err) < 0)
		return cli_fail_err(EX_CONFIG, &err);
	if (cli_value(cli, "migrate-only") || cli_value(cli, "migrate-to"))
		return migrate(&cli->config, (int)to);
	return run_sink(cli);
}

static const struct cli_option options[] = {
    {"once", NULL, NULL, "End where the topics end now, instead of going on with what comes."},
    {"migrate-only", NULL, NULL, "Make the tables, or bring them up to date, and end."},
    {"print-tables", NULL, NULL, "Print what the tables hold, as in docs/SINK.md."},
    {"migrate-to", "VERSION", NULL, NULL},
    {"split", NULL, NULL, NULL},
    {NULL, NULL, NULL, NULL},
};

const struct cli_command cmd_sink = {
    .name = "sink",
    .group = "Run on Kafka",
    .args = "postgres",
    .summary = "write the public topics to PostgreSQL until told to stop",
    .about = "Each record is in its table exactly once: rows, and where to go on in Kafka, are\n"
             "written in one transaction. Tables are made and brought up to date at the start;\n"
             "docs/SINK.md tells of them. While the database is away it waits, and goes on from\n"
             "where it was. Several may run, each with an instance of its own: they share the\n"
             "partitions. SIGTERM ends it after a last transaction.\n",
    .examples = "qlapse sink postgres --config /etc/qlapse.yaml\n"
                "    with sink.postgres.conninfo set in it\n"
                "qlapse sink postgres --config /etc/qlapse.yaml --migrate-only\n"
                "    the tables alone, before a first start or an upgrade\n",
    .options = options,
    .least_args = 1,
    .most_args = 1,
    .run = run,
};
