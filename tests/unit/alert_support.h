/* SPDX-License-Identifier: Apache-2.0 */
/* alert_support - rows for the tests of alert, written as a line of text, and what the stage says to them as lines */
#ifndef QLAPSE_TESTS_ALERT_SUPPORT_H
#define QLAPSE_TESTS_ALERT_SUPPORT_H

#include "alert/alert_stage.h"
#include "lib/mail/records.h"
#include "lib/mail/topics.h"
#include "stage_support.h"

/* "mx1:3:exim,mx2:1:-"; the mta may be left out */
static inline struct record_list read_sources(struct str list, struct arena *a)
{
	struct row_source *items = arena_alloc(a, (list.n + 1) * sizeof(*items));
	size_t n = 0;

	while (list.n > 0) {
		struct str item;

		if (!str_cut(&list, ',', &item)) {
			item = list;
			list = STR_NONE;
		}
		assert_true(str_cut(&item, ':', &items[n].host));
		struct str count = item;
		items[n].mta = 0;
		if (str_cut(&item, ':', &count) && !str_eq(item, STR("-")))
			items[n].mta = names_find(mta_names, item);
		assert_true(str_i64(count, &items[n].recipients) && items[n].mta >= 0);
		n++;
	}
	return (struct record_list){items, n};
}

/* "A,B" */
static inline struct record_list read_samples(struct str list, struct arena *a)
{
	struct sample *items = arena_alloc(a, (list.n + 1) * sizeof(*items));
	size_t n = 0;

	while (list.n > 0) {
		if (!str_cut(&list, ',', &items[n++].message)) {
			items[n - 1].message = list;
			list = STR_NONE;
		}
	}
	return (struct record_list){items, n};
}

/* "field=value …"; what is not said: group g, connect_timeout, an own connector's, as many recipients as messages. */
static inline void read_row(struct str words, int64_t p_ms, struct row *row, struct arena *a)
{
	record_clear(&row_record, row);
	row->group = STR("g");
	row->class = CLASS_connect_timeout;
	row->at_ms = p_ms;
	row->kind = KIND_OWN;
	row->messages = row->held = row->overdue = row->mismatched = row->null_sender = 0;
	row->expiring_1h = row->expiring_6h = row->expiring_24h = 0;
	row->attempts = row->permanent_replies = row->entered = row->delivered = row->bounced = row->expired = 0;
	row->resolution_min = 1;
	while (words.n > 0) {
		struct str word = eat_word(&words);

		if (str_eat(&word, STR("sources=")))
			row->sources = read_sources(word, a);
		else if (str_eat(&word, STR("samples=")))
			row->samples = read_samples(word, a);
		else
			read_fields(&row_record, word, row);
	}
	if (row->recipients < 0)
		row->recipients = row->messages;
	row->family = (int)class_family((enum class)row->class);
}

/* As it comes over the topic; gone: its tombstone. */
static inline void apply_row(struct stage_run *r, int64_t p_ms, const struct row *row, bool gone)
{
	struct writer *w = writer_new(ENC_JSON);
	struct buf key = BUF_INIT, value = BUF_INIT;
	struct err err;

	buf_fmt(&key, "%.*s|%s", STR_FMT(row->group), class_names[row->class]);
	assert_int_equal(record_encode(w, &row_record, row, &value, &err), 0);
	run_apply(r, p_ms, buf_view(&key), gone ? (struct str){NULL, 0} : buf_view(&value));
	buf_release(&key);
	buf_release(&value);
	writer_free(w);
}

/* A line each: "TIME row field=…", "TIME gone field=…" or "TIME until", up to which evaluations come. */
static inline void play_rows(struct stage_run *r, struct str script)
{
	struct arena a = ARENA_INIT;

	while (script.n > 0) {
		struct str line;
		struct row row;

		if (!str_cut(&script, '\n', &line)) {
			line = script;
			script = STR_NONE;
		}
		int64_t p_ms = read_span(eat_word(&line));
		struct str word = eat_word(&line);
		if (str_eq(word, STR("until"))) {
			run_until(r, p_ms + 1); /* an evaluation as of M is due at M + 1 */
			continue;
		}
		read_row(line, p_ms, &row, &a);
		apply_row(r, p_ms, &row, str_eq(word, STR("gone")));
	}
	arena_release(&a);
}

#endif
