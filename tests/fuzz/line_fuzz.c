/* SPDX-License-Identifier: Apache-2.0 */
/*
 * line_fuzz - any bytes as a log line: what line_read promises must hold
 *
 * Exactly one of event, fact, noise, dead letter; words of the list; text clean and
 * within bounds, so that the record can be encoded; the same again from the same bytes.
 *
 * With clang -fsanitize=fuzzer,address,undefined a fuzzer; with replay_main.c a test over tests/fuzz/corpus/line.
 */
#include <string.h>

#include "ingest/envelope.h"
#include "ingest/line.h"
#include "ingest/linetime.h"
#include "ingest/queueid.h"
#include "lib/base/check.h"
#include "lib/base/text.h"
#include "lib/base/timefmt.h"
#include "lib/codec/record_codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define RECORD_MS ((int64_t)1795507200000) /* 2026-11-24T08:00:00Z */

static bool is_word(const char *word, bool dead)
{
#define NOISE(id, prose)                                                                                               \
	if (!dead && strcmp(word, #id) == 0)                                                                           \
		return true;
#define DEAD(id, prose)                                                                                                \
	if (dead && strcmp(word, #id) == 0)                                                                            \
		return true;
#include "ingest/words.def"
#undef NOISE
#undef DEAD
	return false;
}

static void check_text(const struct delivery *d)
{
	for (size_t i = 0; i < delivery_record.n_fields; i++) {
		const struct field *f = &delivery_record.fields[i];
		struct str value;

		if (f->kind != FIELD_STR)
			continue;
		memcpy(&value, (const char *)d + f->at, sizeof(value));
		CHECK(text_is_clean(value, LINE_TEXT_MAX));
	}
	CHECK(d->host.n > 0 && d->host.n <= 255 && d->relay.n <= 255 && d->relay_ip.n <= 255 && d->dsn.n <= 11);
	CHECK(queueid_ok(d->queue_id));
	CHECK(d->new_queue_id.n == 0 || queueid_ok(d->new_queue_id));
	CHECK(d->orig_queue_id.n == 0 || queueid_ok(d->orig_queue_id));
}

static void check_delivery(const struct line_result *r, struct buf *out)
{
	struct writer *w = writer_new(ENC_JSON);
	const struct delivery *d = &r->d;
	struct err err;

	CHECK(d->event != EVENT_NONE && event_is_fact(d->event) == (r->kind == LINE_FACT));
	CHECK(r->word == NULL && r->detail == NULL);
	check_text(d);
	CHECK(d->time_ms >= 0 && d->ts_quality != TS_QUALITY_UNKNOWN);
	CHECK((d->arrival_ms == TIME_NONE) == (d->arrival_source == SINCE_UNKNOWN));
	CHECK(d->arrival_ms == TIME_NONE || (d->arrival_ms <= d->time_ms && d->arrival_error_ms > 0));
	CHECK(d->relay_port == -1 || (d->relay_port > 0 && d->relay_port < 65536));
	CHECK(record_encode(w, &delivery_record, d, out, &err) == 0);
	writer_free(w);
}

/* What the line came to, as bytes to compare. */
static void read_line(struct str line, struct buf *out)
{
	struct ingest_config c;
	struct arena scratch = ARENA_INIT;
	struct line_result r;

	ingest_config_default(&c);
	line_read(&c, line, RECORD_MS, &scratch, &r);
	if (r.kind == LINE_EVENT || r.kind == LINE_FACT) {
		check_delivery(&r, out);
	} else {
		CHECK(r.kind == LINE_NOISE || r.kind == LINE_DEAD);
		CHECK(is_word(r.word, r.kind == LINE_DEAD));
		buf_fmt(out, "%d %s %s", r.kind, r.word, r.detail ? r.detail : "");
	}
	arena_release(&scratch);
}

/* The clock of files never goes astray, whatever stands in them. */
static void read_times(struct str text)
{
	struct line_clock clock;
	struct str line;

	line_clock_init(&clock, 0, RECORD_MS, 0);
	while (str_cut(&text, '\n', &line)) {
		int64_t ms = line_time(&clock, line);
		CHECK(ms == TIME_NONE || ms >= 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str line = str_of(data, size);
	struct buf once = BUF_INIT, again = BUF_INIT;

	read_line(line, &once);
	read_line(line, &again);
	CHECK(str_eq(buf_view(&once), buf_view(&again)));
	read_times(line);
	buf_release(&once);
	buf_release(&again);
	return 0;
}
