/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_topics - qlapse topics: make them, check them, read one, tell how far each stage has come */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "emit/record_printer.h"
#include "lib/base/timefmt.h"
#include "lib/kafka/kafka_reader.h"
#include "lib/stream/progress.h"
#include "main/broker.h"
#include "main/commands.h"

struct topics_call {
	struct cli *cli;
	struct arena arena;
	struct kafka_client client;
	struct kafka_admin *admin;
	struct topic_list list;
};

static int status_of(const struct err *err)
{
	return err->kind == ERR_CONFIG ? EX_CONFIG : EX_UNAVAILABLE;
}

static int create(struct topics_call *t, struct err *err)
{
	for (size_t i = 0; i < t->list.n; i++) {
		struct kafka_topic topic = broker_topic(&t->cli->config, &t->list, i, &t->arena);
		int made = kafka_admin_create(t->admin, &topic, err);
		if (made < 0)
			return status_of(err);
		printf("%-30s %s\n", topic.name, made ? "made" : "was there");
	}
	return EX_OK;
}

static int check(struct topics_call *t, struct err *err)
{
	if (broker_check_topics(t->admin, &t->cli->config, &t->list, err) < 0)
		return status_of(err);
	for (size_t i = 0; i < t->list.n; i++)
		printf("%-30s %3d partitions\n", t->list.items[i].name, t->list.items[i].partitions);
	return EX_OK;
}

/* "alerts" or "alerts.v1" stands for the topic behind the prefix, anything else for itself. */
static const char *full_name(struct topics_call *t, const char *name)
{
	for (int i = 0; i < TOPIC_N; i++) {
		struct str known = str_from(topics[i].name), given = str_from(name);
		if (str_eq(known, given) || str_eq(str_head(known, known.n - 3), given))
			return t->list.items[i].name;
	}
	return name;
}

static int print_records(struct kafka_reader *reader, struct record_printer *printer, bool dead, bool ticks,
                         bool follow, struct err *err)
{
	struct buf line = BUF_INIT;
	struct log_record rec;
	bool ended = false;
	int n = 0;

	while (n >= 0 && (follow || !ended)) {
		n = kafka_reader_next(reader, 200, &rec, &ended, err);
		if (n <= 0 || (rec.tick.n > 0 && !ticks))
			continue;
		buf_clear(&line);
		if (record_print(printer, &rec, !dead, true, &line))
			fwrite(line.p, 1, line.n, stdout);
		if (follow)
			fflush(stdout);
	}
	buf_release(&line);
	return n < 0 ? EX_UNAVAILABLE : fflush(stdout) == 0 ? EX_OK : EX_IOERR;
}

static int read_topic(struct topics_call *t, struct err *err)
{
	if (t->cli->n_args < 2)
		return cli_misused(t->cli, "read which topic?");
	const char *name = full_name(t, t->cli->args[1]);
	int partitions = kafka_admin_partitions(t->admin, name, err);
	if (partitions == 0)
		err_set(err, ERR_RETRY, "there is no topic \"%s\"", name);
	if (partitions <= 0)
		return EX_UNAVAILABLE;
	struct kafka_reader *reader =
	    kafka_reader_open(&t->client, name, partitions, cli_value(t->cli, "from-end") == NULL, err);
	if (reader == NULL)
		return status_of(err);
	struct record_printer *printer = record_printer_new(cli_value(t->cli, "with-order") != NULL);
	int status = print_records(reader, printer, str_ends(str_from(name), STR(".dlq")),
	                           cli_value(t->cli, "ticks") != NULL, cli_value(t->cli, "follow") != NULL, err);
	record_printer_free(printer);
	kafka_reader_close(reader);
	return status;
}

static int print_clock(struct topics_call *t, enum stage_id id, int topic, int partition, struct err *err)
{
	struct progress p = PROGRESS_INIT;
	struct buf meta = BUF_INIT;
	int64_t offset = -1, end = 0;
	char group[128], clock[25] = "-";

	snprintf(group, sizeof(group), "%s-%s", t->cli->config.app, stage_names[id]);
	int result =
	    kafka_admin_committed(t->admin, group, t->list.items[topic].name, partition, &offset, &meta, &end, err);
	if (result == 0 && progress_read(buf_view(&meta), &p) && p.clock_ms != TIME_NONE)
		time_format(p.clock_ms, clock);
	if (result == 0)
		printf("%-7s %-30s %4d  clock %-24s  offset %-10" PRId64 " behind %" PRId64 "\n", stage_names[id],
		       t->list.items[topic].name, partition, clock, offset, end - (offset < 0 ? 0 : offset));
	progress_release(&p);
	buf_release(&meta);
	return result;
}

static int clocks(struct topics_call *t, struct err *err)
{
	if (broker_check_topics(t->admin, &t->cli->config, &t->list, err) < 0)
		return status_of(err);
	for (int id = 0; id < STAGE_N; id++) {
		const int *inputs;
		size_t n = stage_inputs((enum stage_id)id, &t->list, &inputs);
		for (size_t i = 0; i < n; i++)
			for (int p = 0; p < t->list.items[inputs[i]].partitions; p++)
				if (print_clock(t, (enum stage_id)id, inputs[i], p, err) < 0)
					return EX_UNAVAILABLE;
	}
	return EX_OK;
}

static int run(struct cli *cli)
{
	static const struct {
		const char *name;
		int (*run)(struct topics_call *t, struct err *err);
	} actions[] = {{"create", create}, {"check", check}, {"read", read_topic}, {"clocks", clocks}};
	struct topics_call t = {.cli = cli};
	struct err err = {0};
	int status = -1;

	t.client = broker_client(&cli->config, &t.arena);
	topic_list_make(&t.list, &cli->config, cli->config.partitions, &t.arena);
	for (size_t i = 0; i < sizeof(actions) / sizeof(*actions); i++) {
		if (strcmp(actions[i].name, cli->args[0]) != 0)
			continue;
		if (kafka_check_settings(&t.client, &err) == 0)
			t.admin = kafka_admin_open(&t.client, BROKER_ANSWER_MS, &err);
		status = t.admin == NULL ? status_of(&err) : actions[i].run(&t, &err);
		if (status != EX_OK && err.msg[0] != '\0')
			cli_fail_err(status, &err);
	}
	if (status < 0)
		status = cli_misused(cli, "\"%s\" is none of create, check, read and clocks", cli->args[0]);
	kafka_admin_close(t.admin);
	arena_release(&t.arena);
	return status;
}

static const struct cli_option options[] = {
    {"follow", NULL, NULL, "read: go on with what comes."},
    {"from-end", NULL, NULL, "read: only what comes from now on, with --follow."},
    {"with-order", NULL, NULL, "read: pipeline time and key beside each record, and deletions too."},
    {"ticks", NULL, NULL, "read: the records by which stages tell each other the time, too."},
    {NULL, NULL, NULL, NULL},
};

const struct cli_command cmd_topics = {
    .name = "topics",
    .group = "Run on Kafka",
    .args = "create|check|read|clocks [TOPIC]",
    .summary = "make, check and read topics; tell how far each stage has come",
    .about = "create  makes the topics that are missing: qlapse's own, and the raw ones\n"
             "check   compares the topics with the configuration\n"
             "read    prints the records of a topic as JSON lines, whichever encoding they have\n"
             "clocks  prints how far each stage has come, in time and in offsets\n",
    .examples = "qlapse topics create --config qlapse.yaml\n"
                "    once, before the first run\n"
                "qlapse topics read alerts --follow --config qlapse.yaml | jq -r .summary\n"
                "    alerts as they come\n",
    .options = options,
    .least_args = 1,
    .most_args = 2,
    .run = run,
};
