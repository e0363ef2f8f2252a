/* SPDX-License-Identifier: Apache-2.0 */
/*
 * topics_clocks - how far each stage has come, from the committed offsets of its group and what travels with them
 *
 * The offset is that of the first record which still waits; everything below read_upto has been read
 * (lib/stream/progress.h), so the lag is counted from there.
 */
#include <inttypes.h>
#include <stdio.h>

#include "lib/base/timefmt.h"
#include "lib/codec/writer.h"
#include "lib/stream/progress.h"
#include "main/topics.h"

struct stage_clock {
	const char *stage, *topic;
	int partition;
	int64_t offset; /* -1: nothing committed yet */
	int64_t lag;
	int64_t clock_ms; /* TIME_NONE: none yet */
};

static void print_words(const struct stage_clock *c)
{
	char when[25] = "-";

	if (c->clock_ms != TIME_NONE)
		time_format(c->clock_ms, when);
	printf("%-7s %-28s %9d %12" PRId64 " %10" PRId64 " %s\n", c->stage, c->topic, c->partition, c->offset, c->lag,
	       when);
}

static void write_or_null(struct writer *w, const char *key, int64_t value)
{
	writer_key(w, key);
	if (value < 0)
		writer_null(w);
	else
		writer_i64(w, value);
}

static void print_json(struct writer *w, const struct stage_clock *c)
{
	struct buf out = BUF_INIT;
	struct err err;
	char when[25];

	writer_map(w);
	writer_key(w, "stage");
	writer_str(w, str_from(c->stage));
	writer_key(w, "topic");
	writer_str(w, str_from(c->topic));
	writer_key(w, "partition");
	writer_i64(w, c->partition);
	write_or_null(w, "offset", c->offset);
	write_or_null(w, "lag", c->lag);
	writer_key(w, "clock");
	if (c->clock_ms == TIME_NONE) {
		writer_null(w);
	} else {
		time_format(c->clock_ms, when);
		writer_str(w, str_from(when));
	}
	writer_end(w);
	if (writer_finish(w, &out, &err) == 0)
		printf("%.*s\n", STR_FMT(buf_view(&out)));
	buf_release(&out);
}

static int ask(struct topics_job *j, const char *group, struct stage_clock *c, struct err *err)
{
	struct buf meta = BUF_INIT;
	struct progress progress = PROGRESS_INIT;
	int64_t end, from;
	int result = kafka_admin_committed(j->admin, group, c->topic, c->partition, &c->offset, &meta, &end, err);

	if (result == 0 && !progress_read(buf_view(&meta), &progress))
		result = err_set(err, ERR_CONFIG,
		                 "group '%s' has metadata of another version or program at partition %d of '%s'", group,
		                 c->partition, c->topic);
	from = progress.read_upto > c->offset ? progress.read_upto : c->offset;
	c->lag = result == 0 && end > from && from >= 0 ? end - from : 0;
	c->clock_ms = progress.clock_ms;
	progress_release(&progress);
	buf_release(&meta);
	return result;
}

static int print_input(struct topics_job *j, enum stage_id id, const char *topic, struct writer *json, struct err *err)
{
	const char *group = arena_fmt(j->arena, "%s-%s", j->cli->config.app, stage_names[id]).p;
	int n = kafka_admin_partitions(j->admin, topic, err);

	if (n == 0)
		return err_set(err, ERR_RETRY, "there is no topic '%s'; 'qlapse topics create' makes it", topic);
	for (int p = 0; p < n; p++) {
		struct stage_clock c = {.stage = stage_names[id], .topic = topic, .partition = p};

		if (ask(j, group, &c, err) < 0)
			return -1;
		if (json)
			print_json(json, &c);
		else
			print_words(&c);
	}
	return n < 0 ? -1 : 0;
}

int topics_clocks(struct topics_job *j)
{
	struct writer *json = cli_value(j->cli, "json") ? writer_new(ENC_JSON) : NULL;
	struct err err = {0};
	int result = 0;

	if (!json)
		printf("%-7s %-28s %9s %12s %10s %s\n", "stage", "topic", "partition", "offset", "lag", "clock");
	for (int id = 0; id < STAGE_N && result == 0; id++) {
		const int *inputs;
		size_t n = stage_inputs((enum stage_id)id, &j->list, &inputs);

		for (size_t i = 0; i < n && result == 0; i++)
			result = print_input(j, (enum stage_id)id, j->list.items[inputs[i]].name, json, &err);
	}
	if (json)
		writer_free(json);
	return result < 0 ? cli_fail_err(EX_UNAVAILABLE, &err) : EX_OK;
}
