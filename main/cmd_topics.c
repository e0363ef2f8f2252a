/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_topics - make, check and read the topics, and see how far each stage has come */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "main/commands.h"
#include "main/nearest.h"
#include "main/topics.h"

/* A topic that was made is known to every broker a moment later. */
static int wait_for_topics(struct topics_job *j, struct err *err)
{
	const struct timespec pause = {0, 100 * 1000 * 1000};
	int result = -1;

	for (int tries = 0; tries < 100; tries++) {
		result = broker_check_topics(j->admin, &j->cli->config, &j->list, err);
		if (result == 0 || err->kind != ERR_RETRY)
			break;
		nanosleep(&pause, NULL);
	}
	return result;
}

static int create(struct topics_job *j)
{
	struct err err = {0};

	for (size_t i = 0; i < j->list.n; i++) {
		struct kafka_topic t = broker_topic(&j->cli->config, &j->list, i, j->arena);
		int made = kafka_admin_create(j->admin, &t, &err);

		if (made < 0)
			return cli_fail_err(EX_UNAVAILABLE, &err);
		if (made)
			printf("made     %s, %d partitions\n", t.name, t.partitions);
		else
			printf("is there %s\n", t.name);
	}
	return wait_for_topics(j, &err) < 0 ? cli_fail_err(EX_UNAVAILABLE, &err) : EX_OK;
}

/* Partitions that a topic must have; 0: any number. */
static int partitions_wanted(const struct topics_job *j, size_t i)
{
	bool dlq = i >= TOPIC_N + j->list.n_raw;

	return dlq ? 0 : j->list.items[i].partitions;
}

/* Tells all that is wrong, not only the first. */
static int check(struct topics_job *j)
{
	int status = EX_OK;
	struct err err = {0};

	for (size_t i = 0; i < j->list.n; i++) {
		const char *name = j->list.items[i].name;
		int want = partitions_wanted(j, i), n = kafka_admin_partitions(j->admin, name, &err);

		if (n < 0)
			return cli_fail_err(EX_UNAVAILABLE, &err);
		if (!n) {
			printf("missing  %s\n", name);
			status = status == EX_OK ? EX_UNAVAILABLE : status;
		} else if (want && n != want) {
			printf("wrong    %s: %d partitions, configured are %d\n", name, n, want);
			status = EX_CONFIG;
		} else {
			printf("right    %s, %d partitions\n", name, n);
		}
	}
	if (status == EX_UNAVAILABLE)
		return cli_fail(status, "topics are missing; 'qlapse topics create' makes them");
	if (status == EX_CONFIG)
		return cli_fail(status,
		                "topics have another number of partitions than configured; it is pinned: set it right, "
		                "or take a new prefix and read the raw topics afresh");
	return status;
}

static const struct {
	const char *name;
	size_t n_args; /* behind it */
	int (*run)(struct topics_job *j);
} actions[] = {
    {"create", 0, create},
    {"check", 0, check},
    {"read", 1, topics_read},
    {"clocks", 0, topics_clocks},
};

enum { N_ACTIONS = sizeof(actions) / sizeof(*actions) };

static int find_action(const struct cli *cli)
{
	struct nearest near = nearest_to(str_from(cli->args[0]));

	for (int i = 0; i < N_ACTIONS; i++) {
		if (strcmp(actions[i].name, cli->args[0]) == 0)
			return i;
		nearest_try(&near, actions[i].name);
	}
	cli_misused(cli, "unknown action '%s'%s%s%s", cli->args[0], near.best ? "; did you mean '" : "",
	            near.best ? near.best : "", near.best ? "'?" : "");
	return -1;
}

static int run(struct cli *cli)
{
	int action = find_action(cli);
	struct arena arena = ARENA_INIT;
	struct topics_job j = {.cli = cli, .arena = &arena};
	struct err err = {0};
	int status;

	if (action < 0)
		return EX_USAGE;
	if (cli->n_args != 1 + actions[action].n_args)
		return cli_misused(
		    cli, actions[action].n_args ? "'%s' wants the name of a topic" : "'%s' takes no arguments",
		    actions[action].name);
	j.client = broker_client(&cli->config, &arena);
	topic_list_make(&j.list, &cli->config, cli->config.partitions, &arena);
	j.admin = kafka_admin_open(&j.client, BROKER_ANSWER_MS, &err);
	status = j.admin ? actions[action].run(&j) : cli_fail_err(EX_UNAVAILABLE, &err);
	kafka_admin_close(j.admin);
	arena_release(&arena);
	return status;
}

static const struct cli_option options[] = {
    {"follow", NULL, NULL, "read: go on with what comes, instead of ending where the topic ends now."},
    {"from-beginning", NULL, NULL, "read: begin with the oldest record; the default."},
    {"from-end", NULL, NULL, "read: begin with what comes from now on; goes with --follow."},
    {"ticks", NULL, NULL, "read: print ticks, too: the records by which time passes from stage to stage."},
    {"with-order", NULL, NULL, "read: print pipeline time and key beside each record, and deletions too."},
    {"with-headers", NULL, NULL, "read: print the headers beside each record."},
    {"json", NULL, NULL, "clocks: print one JSON object a line."},
    {NULL, NULL, NULL, NULL},
};

const struct cli_command cmd_topics = {
    .name = "topics",
    .group = "Run on Kafka",
    .args = "create|check|read TOPIC|clocks",
    .summary = "make, check and read the topics; see how far each stage is",
    .about = "create  makes the topics that are missing: qlapse's own, the raw topics of the\n"
             "        configuration and their dead letters\n"
             "check   says of each whether it is there with the right number of partitions\n"
             "read    prints committed records of a topic, one JSON object a line, whichever\n"
             "        encoding they have; own topics by their short names, too (alerts)\n"
             "clocks  prints how far each stage has come, by input partition: the offset it\n"
             "        goes on from after a restart, what it has not read yet, and its clock,\n"
             "        up to which all has been taken into account\n",
    .examples = "qlapse topics create --config qlapse.yaml\n"
                "    before the first run\n"
                "qlapse topics read alerts --config qlapse.yaml --follow | jq -r .title\n"
                "    alerts as they come\n",
    .options = options,
    .least_args = 1,
    .most_args = 2,
    .run = run,
};
