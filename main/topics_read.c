/* SPDX-License-Identifier: Apache-2.0 */
/* topics_read - prints the records of a topic as NDJSON */
#include <stdio.h>
#include <string.h>

#include "emit/record_printer.h"
#include "lib/base/timefmt.h"
#include "lib/kafka/kafka_reader.h"
#include "lib/stream/tick.h"
#include "main/topics.h"

enum { POLL_MS = 200 };

struct topic_reader {
	const char *topic;
	bool is_document, source_order;
	bool follow, ticks;
	struct record_printer *printer;
	struct writer *tick_writer;
	struct buf out;
};

size_t topics_find(const struct topic_list *list, const char *name)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->items[i].name, name) == 0)
			return i;
	for (size_t i = 0; i < TOPIC_N; i++) {
		size_t short_n = strcspn(topics[i].name, ".");

		if (strcmp(topics[i].name, name) == 0 ||
		    (strlen(name) == short_n && memcmp(topics[i].name, name, short_n) == 0))
			return i;
	}
	return list->n;
}

/* {"tick": number of sources, "clocks": {source: time}} */
static void print_tick(struct topic_reader *t, struct str tick)
{
	struct writer *w = t->tick_writer;
	struct tick_head head;
	uint32_t source;
	int64_t clock_ms;
	struct err err;

	if (!tick_read(&tick, &head))
		return;
	writer_map(w);
	writer_key(w, "tick");
	writer_i64(w, head.n_sources);
	writer_key(w, "clocks");
	writer_map(w);
	while (tick_next(&tick, &source, &clock_ms)) {
		char name[16], when[25];

		snprintf(name, sizeof(name), "%u", source);
		time_format(clock_ms, when);
		writer_key(w, name);
		writer_str(w, str_from(when));
	}
	writer_end(w);
	writer_end(w);
	if (writer_finish(w, &t->out, &err) == 0)
		buf_chr(&t->out, '\n');
}

static void print_record(struct topic_reader *t, const struct log_record *rec)
{
	buf_clear(&t->out);
	if (!rec->tick.n)
		record_print(t->printer, rec, t->is_document, t->source_order, &t->out);
	else if (t->ticks)
		print_tick(t, rec->tick);
	if (t->out.n)
		fwrite(t->out.p, 1, t->out.n, stdout);
}

static int read_all(struct topic_reader *t, struct kafka_reader *r, struct err *err)
{
	struct log_record rec;
	bool ended = false;
	int got = 0;

	while (got >= 0 && !ferror(stdout) && (t->follow || !ended)) {
		got = kafka_reader_next(r, POLL_MS, &rec, &ended, err);
		if (got > 0)
			print_record(t, &rec);
		if (got == 0)
			fflush(stdout);
	}
	return got < 0 ? -1 : 0;
}

static int read_topic(struct topic_reader *t, struct topics_job *j, bool from_beginning)
{
	struct err err = {0};
	struct kafka_reader *r;
	int status = EX_OK, n = kafka_admin_partitions(j->admin, t->topic, &err);

	if (n < 0)
		return cli_fail_err(EX_UNAVAILABLE, &err);
	if (!n)
		return cli_fail(EX_UNAVAILABLE, "there is no topic '%s'", t->topic);
	r = kafka_reader_open(&j->client, t->topic, n, from_beginning, &err);
	if (!r || read_all(t, r, &err) < 0)
		status = cli_fail_err(EX_UNAVAILABLE, &err);
	kafka_reader_close(r);
	return status;
}

int topics_read(struct topics_job *j)
{
	const char *name = j->cli->args[1];
	size_t i = topics_find(&j->list, name);
	bool known = i < j->list.n;
	struct topic_reader t = {
	    .topic = known ? j->list.items[i].name : name,
	    .is_document = !known || i < TOPIC_N,
	    .source_order = i == TOPIC_DELIVERIES || (known && i >= TOPIC_N),
	    .follow = cli_value(j->cli, "follow"),
	    .ticks = cli_value(j->cli, "ticks"),
	    .printer = record_printer_new(cli_value(j->cli, "with-order"), cli_value(j->cli, "with-headers")),
	    .tick_writer = writer_new(ENC_JSON),
	    .out = BUF_INIT,
	};
	int status = read_topic(&t, j, !cli_value(j->cli, "from-end"));

	record_printer_free(t.printer);
	writer_free(t.tick_writer);
	buf_release(&t.out);
	return status;
}
