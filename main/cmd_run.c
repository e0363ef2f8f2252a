/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_run - qlapse run: the stages on Kafka, until told to stop */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/timefmt.h"
#include "main/broker.h"
#include "main/clock.h"
#include "main/commands.h"
#include "main/runner.h"

static void log_line(const char *level, const char *text)
{
	char stamp[25];

	time_format(clock_wall_ms(), stamp);
	fprintf(stderr, "%s %s %s\n", stamp, level, text); /* one call: lines of threads do not mix */
}

/* librdkafka's own words; what it repeats by the second is not told again. */
static void client_log(void *arg, int level, const char *text)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static char last[256];
	static int64_t last_ms;

	(void)arg;
	pthread_mutex_lock(&lock);
	bool again = strncmp(last, text, sizeof(last) - 1) == 0 && clock_wall_ms() - last_ms < 60000;
	if (!again) {
		snprintf(last, sizeof(last), "%s", text);
		last_ms = clock_wall_ms();
	}
	pthread_mutex_unlock(&lock);
	if (!again)
		log_line(level <= 3 ? "error" : level == 4 ? "warning" : "info", text);
}

static void on_signal(int signal)
{
	(void)signal;
	runner_stop();
}

/* How many are in force, at the start. */
static void tell_rules(struct rules *rules)
{
	char text[64];
	unsigned generation;
	const struct catalog *catalog = rules_take(rules, &generation);

	snprintf(text, sizeof(text), "rules: %zu in force", catalog_rules(catalog));
	rules_give(rules, catalog);
	log_line("info", text);
}

static void on_hangup(int signal)
{
	(void)signal;
	runner_reload();
}

static void catch_signals(void)
{
	struct sigaction action = {.sa_handler = on_signal}, hangup = {.sa_handler = on_hangup};

	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGHUP, &hangup, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* Exit status, 0 where all is as it must be. */
static int check_broker(struct cli *cli, const struct kafka_client *client, struct topic_list *list, struct err *err)
{
	if (kafka_check_settings(client, err) < 0)
		return EX_CONFIG;
	struct kafka_admin *admin = kafka_admin_open(client, BROKER_ANSWER_MS, err);
	if (admin == NULL)
		return err->kind == ERR_CONFIG ? EX_CONFIG : EX_UNAVAILABLE;
	int result = broker_check_topics(admin, &cli->config, list, err);
	kafka_admin_close(admin);
	return result == 0 ? 0 : err->kind == ERR_CONFIG ? EX_CONFIG : EX_UNAVAILABLE;
}

static int run(struct cli *cli)
{
	struct config *c = &cli->config;
	struct arena arena = ARENA_INIT;
	struct topic_list list;
	struct err err = {0};
	char host[256] = "";
	int64_t abort_every;

	if (cli_number(cli, "abort-every", 0, 1000000, 0, &abort_every) < 0)
		return EX_USAGE;
	c->abort_every = (int)abort_every;
	if (c->n_raw == 0)
		return cli_fail(EX_CONFIG, "no raw_topics are configured: where do the log lines come from?");
	if (config_load_key(c, false, &err) < 0)
		return cli_fail_err(EX_CONFIG, &err);
	gethostname(host, sizeof(host) - 1);
	topic_list_make(&list, c, c->partitions, &arena);
	struct runner r = {
	    .c = c,
	    .topics = &list,
	    .client = broker_client(c, &arena),
	    .instance = c->instance != NULL ? c->instance : host,
	    .clock_ms = clock_wall_ms,
	    .log = log_line,
	};
	r.client.log = client_log;
	r.rules = rules_open(&c->catalog, &err);
	int status = r.rules == NULL ? EX_CONFIG : check_broker(cli, &r.client, &list, &err);
	if (status != 0) {
		cli_fail_err(status, &err);
	} else {
		catch_signals();
		tell_rules(r.rules);
		r.board = c->http_listen == NULL ? NULL : board_new(list.items, clock_wall_ms());
		status = runner_run(&r);
		board_free(r.board);
		log_line("info", status == EX_OK ? "stopped" : "stopped after an error");
	}
	rules_close(r.rules);
	arena_release(&arena);
	return status;
}

static const struct cli_option options[] = {
    {"abort-every", "N", NULL, NULL},
    {NULL, NULL, NULL, NULL},
};

const struct cli_command cmd_run = {
    .name = "run",
    .group = "Run on Kafka",
    .args = "",
    .summary = "run the stages on Kafka until told to stop",
    .about = "Reads raw log lines from Kafka, and writes deliveries, transitions, messages,\n"
             "queues, incidents and alerts to topics of its own, each exactly once. SIGTERM\n"
             "ends it after the running transactions. SIGHUP has the rules read again; if there\n"
             "is anything wrong with them, the old ones stay, and the log says why.\n"
             "With the option http.listen it answers /metrics, /healthz, /readyz and /version.\n",
    .examples = "qlapse run --config /etc/qlapse.yaml\n"
                "    all four stages in this process\n"
                "qlapse run --config /etc/qlapse.yaml --set threads=4 --set instance=worker-0\n"
                "    more workers, and a name that stays the same over restarts\n",
    .options = options,
    .run = run,
};
