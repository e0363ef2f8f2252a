/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_feed - the lines of files into a raw topic, in the order in which replay would read them
 *
 * A record's time is the line's. Without keys the lines are scattered over the partitions as most shippers do it,
 * but in a fixed way: line n of all goes to partition n mod N.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ingest/envelope.h"
#include "lib/base/hash.h"
#include "lib/kafka/kafka_reader.h"
#include "main/broker.h"
#include "main/commands.h"
#include "main/lines.h"
#include "main/restamp.h"

enum key { KEY_NONE, KEY_HOST };

struct feeder {
	const struct config *c;
	struct line_options lines;
	const char *topic;
	int partitions;
	int64_t partition; /* -1: all */
	enum key key;
	int64_t rate; /* lines a second; 0: as fast as may be */
	int64_t shift_ms, n;
	struct timespec start;
	struct kafka_writer *writer;
	struct buf text;
};

static const char *const key_names[] = {"none", "host", NULL};

static int64_t wall_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Line n is not written before n / rate seconds have passed. */
static void keep_pace(const struct feeder *f)
{
	struct timespec due = f->start;

	if (!f->rate)
		return;
	due.tv_sec += f->n / f->rate;
	due.tv_nsec += f->n % f->rate * 1000000000 / f->rate;
	if (due.tv_nsec >= 1000000000) {
		due.tv_sec++;
		due.tv_nsec -= 1000000000;
	}
	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
}

static struct str host_of(const struct feeder *f, const struct line *line)
{
	struct envelope env;

	if (!envelope_read(line->text, line->ts_ms, f->c->zone_offset_ms, &env) || !env.host.n)
		return f->c->host;
	return env.host;
}

static int feed_line(struct feeder *f, const struct line *line, struct err *err)
{
	struct log_record rec = {.ts_ms = line->ts_ms + f->shift_ms, .value = line->text};

	if (f->key == KEY_HOST)
		rec.key = host_of(f, line);
	if (f->partition >= 0)
		rec.partition = (int)f->partition;
	else if (f->key == KEY_HOST)
		rec.partition = hash_partition(rec.key, f->partitions);
	else
		rec.partition = (int)(f->n % f->partitions);
	if (f->shift_ms) {
		buf_clear(&f->text);
		restamp(&f->text, line->text, line->ts_ms, f->c->zone_offset_ms, f->shift_ms);
		rec.value = buf_view(&f->text);
	}
	if (!rec.value.n)
		rec.value.p = ""; /* an empty line is no tombstone */
	keep_pace(f);
	f->n++;
	return kafka_writer_put(f->writer, f->topic, &rec, err);
}

/* Exit status. */
static int feed_files(struct feeder *f, const struct cli *cli)
{
	struct err err = {0};
	struct line_merge *m = merge_open((const char *const *)cli->args, cli->n_args, &f->lines, &err);
	struct line line;
	int status = EX_OK;

	if (!m)
		return cli_fail_err(EX_NOINPUT, &err);
	clock_gettime(CLOCK_MONOTONIC, &f->start);
	while (status == EX_OK && merge_next(m, &line))
		if (feed_line(f, &line, &err) < 0)
			status = EX_UNAVAILABLE;
	if (status == EX_OK && merge_status(m, &err) < 0)
		status = EX_NOINPUT;
	if (status == EX_OK && kafka_writer_flush(f->writer, &err) < 0)
		status = EX_UNAVAILABLE;
	merge_close(m);
	return status == EX_OK ? EX_OK : cli_fail_err(status, &err);
}

/* The shift, in whole seconds, that makes the last line one of now. */
static int find_shift(struct feeder *f, const struct cli *cli)
{
	struct err err = {0};
	struct line_merge *m;
	struct line line;
	int64_t last_ms = -1;

	for (size_t i = 0; i < cli->n_args; i++)
		if (strcmp(cli->args[i], "-") == 0)
			return cli_misused(cli, "--shift-to-now reads the files twice, which standard input cannot be");
	m = merge_open((const char *const *)cli->args, cli->n_args, &f->lines, &err);
	if (!m)
		return cli_fail_err(EX_NOINPUT, &err);
	while (merge_next(m, &line))
		last_ms = line.p_ms;
	merge_close(m);
	f->shift_ms = last_ms < 0 ? 0 : (f->lines.now_ms - last_ms) / 1000 * 1000;
	return EX_OK;
}

/* The topic asked for, or the only one there is. */
static int choose_topic(struct feeder *f, const struct cli *cli)
{
	f->topic = cli_value(cli, "topic");
	if (!f->topic && f->c->n_raw == 1)
		f->topic = f->c->raw[0].name;
	if (!f->topic)
		return cli_misused(cli, f->c->n_raw ? "several raw_topics are configured: --topic says which"
		                                    : "no raw_topics are configured: --topic says which");
	return EX_OK;
}

static int open_writer(struct feeder *f, const struct kafka_client *client)
{
	struct err err = {0};
	struct kafka_admin *admin = kafka_admin_open(client, BROKER_ANSWER_MS, &err);

	if (!admin)
		return cli_fail_err(EX_UNAVAILABLE, &err);
	f->partitions = kafka_admin_partitions(admin, f->topic, &err);
	kafka_admin_close(admin);
	if (f->partitions < 0)
		return cli_fail_err(EX_UNAVAILABLE, &err);
	if (!f->partitions)
		return cli_fail(EX_UNAVAILABLE,
		                "there is no topic '%s'; 'qlapse topics create' makes those of the configuration",
		                f->topic);
	if (f->partition >= f->partitions)
		return cli_fail(EX_USAGE, "topic '%s' has %d partitions, from 0 on: there is no %d", f->topic,
		                f->partitions, (int)f->partition);
	f->writer = kafka_writer_open(client, &err);
	return f->writer ? EX_OK : cli_fail_err(EX_UNAVAILABLE, &err);
}

static int run(struct cli *cli)
{
	struct feeder f = {.c = &cli->config, .key = (enum key)cli_choice(cli, "key", KEY_NONE), .text = BUF_INIT};
	struct arena arena = ARENA_INIT;
	const struct kafka_client client = broker_client(f.c, &arena);
	int64_t year = 0;
	int status = EX_USAGE;

	if (cli_number(cli, "year", 1970, 9999, 0, &year) == 0 &&
	    cli_number(cli, "rate", 1, 1000000, 0, &f.rate) == 0 &&
	    cli_number(cli, "partition", 0, 9999, -1, &f.partition) == 0)
		status = choose_topic(&f, cli);
	f.lines = (struct line_options){(int)year, f.c->zone_offset_ms, wall_ms()};
	if (status == EX_OK && cli_value(cli, "shift-to-now"))
		status = find_shift(&f, cli);
	if (status == EX_OK)
		status = open_writer(&f, &client);
	if (status == EX_OK)
		status = feed_files(&f, cli);
	if (status == EX_OK)
		fprintf(stderr, "qlapse: %lld lines fed to '%s'\n", (long long)f.n, f.topic);
	kafka_writer_close(f.writer);
	buf_release(&f.text);
	arena_release(&arena);
	return status;
}

static const struct cli_option options[] = {
    {"topic", "RAW", NULL, "Raw topic to write to; by default the only one that is configured."},
    {"key", "KIND", key_names,
     "With host the lines of a host stay together, in the partition of that key; with none, the default, line n goes "
     "to "
     "partition n mod N."},
    {"partition", "N", NULL, "Write all to this partition."},
    {"rate", "N", NULL, "Write this many lines a second at most."},
    {"shift-to-now", NULL, NULL,
     "Move all stamps, and the times within long queue ids, as if the last line were written now."},
    {"year", "YEAR", NULL, "Year of the first stamp without one; by default that of the file's own time."},
    {NULL, NULL, NULL, NULL},
};

const struct cli_command cmd_feed = {
    .name = "feed",
    .group = "Run on Kafka",
    .args = "FILE...",
    .summary = "write the lines of log files to a raw topic",
    .about = "Writes lines, merged by their time as replay reads them, to a raw topic: for trials,\n"
             "tests and back-filling. The time of each record is that of its line. Not exactly\n"
             "once: fed twice, lines are there twice (and are taken for duplicates by the\n"
             "pipeline).\n",
    .examples = "qlapse feed --config qlapse.yaml --shift-to-now /var/log/mail.log.1\n"
                "    yesterday's log as if it happened now\n"
                "qlapse feed --set kafka.bootstrap.servers=localhost:9092 --topic mail-log - <mail.log\n"
                "    from standard input, without a configuration file\n",
    .options = options,
    .least_args = 1,
    .most_args = SIZE_MAX,
    .run = run,
};
