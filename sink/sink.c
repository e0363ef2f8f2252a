/* SPDX-License-Identifier: Apache-2.0 */
/* sink - see sink.h */
#include "sink/sink.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/base/check.h"
#include "lib/base/timefmt.h"
#include "sink/offsets.h"
#include "sink/schema.h"

#define DAY_MS INT64_C(86400000)

enum {
	POLL_MS = 100,
	WAIT_LEAST_MS = 250, /* between two attempts while the database is away, doubled up to ... */
	WAIT_MOST_MS = 15000,
	IDLE_COMMIT_MS = 5000, /* offsets that moved without rows (ticks, ends) are stored this often */
	BYTES_MOST = 32 << 20, /* of a batch */
	STATUS_EVERY_MS = 60000,
	TELL_EVERY_MS = 10000,
	DROP_EVERY_MS = 3600000,
};

struct place { /* of a record */
	int topic, partition;
	int64_t offset; /* -1: none */
};

struct sink {
	const struct sink_config *c;
	struct log *log;
	struct pg *pg;
	struct batch *batch;
	struct sink_part *parts;
	size_t n_parts;
	bool assigned; /* the group has told us our partitions */
	bool reading;  /* they are being read, from what the database says */
	int64_t first_ms, moved_ms; /* when the batch got its first row, when the first offset moved; TIME_NONE: not */
	int limit;                  /* rows per transaction for now: less while a bad one is looked for */
	struct place last;          /* read record that has a row */
	struct place refused;       /* record that PostgreSQL would not take ... */
	char why[480];              /* ... and its reason */
	/* the database */
	int64_t trouble_ms;        /* it has been away since; TIME_NONE: it is well */
	int64_t retry_ms, wait_ms; /* next attempt, its distance */
	bool probing;              /* the next transaction is to show whether it takes anything */
	bool introduced;           /* the log knows where it is */
	int64_t drop_ms, oldest_ms[SINK_TABLES];
	/* to tell */
	struct batch_counts total;
	int64_t transactions, status_ms, told_ms;
	struct err err; /* why it ends */
	enum sink_end end;
	bool ending;
};

static int64_t now(const struct sink *s)
{
	return s->c->pg.clock_ms();
}

static void note(const struct sink *s, const char *level, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

static void note(const struct sink *s, const char *level, const char *fmt, ...)
{
	char text[640];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	s->c->note(s->c->arg, level, text);
}

static void end(struct sink *s, enum sink_end how)
{
	s->ending = true;
	s->end = how;
}

/* What was read and not written is dropped; it is read again. */
static void drop_batch(struct sink *s)
{
	batch_clear(s->batch);
	s->first_ms = s->moved_ms = TIME_NONE;
	s->reading = false;
}

static void recovered(struct sink *s)
{
	if (s->trouble_ms != TIME_NONE)
		note(s, "info", "the database takes records again, after %" PRId64 " s", (now(s) - s->trouble_ms) / 1000);
	s->trouble_ms = TIME_NONE;
	s->wait_ms = WAIT_LEAST_MS;
	s->probing = false;
}

static void back_off(struct sink *s, const struct err *err)
{
	if (s->trouble_ms == TIME_NONE) {
		note(s, "error", "%s; nothing is lost, trying again up to every %d s", err->msg, WAIT_MOST_MS / 1000);
		s->trouble_ms = now(s);
	}
	for (size_t i = 0; i < s->n_parts; i++) /* until assign() */
		s->log->ops->pause(s->log, s->parts[i].topic, s->parts[i].partition, true);
	s->probing = true;
	s->retry_ms = now(s) + s->wait_ms;
	s->wait_ms = s->wait_ms * 2 < WAIT_MOST_MS ? s->wait_ms * 2 : WAIT_MOST_MS;
}

static struct sink_part *find_part(struct sink *s, int topic, int partition)
{
	for (size_t i = 0; i < s->n_parts; i++)
		if (s->parts[i].topic == topic && s->parts[i].partition == partition)
			return &s->parts[i];
	return NULL;
}

/* PostgreSQL would not take one of these records: smaller and smaller batches show which, and it is set apart. */
static void narrow(struct sink *s, const struct err *err)
{
	size_t rows = batch_rows(s->batch);

	if (s->limit > 1 && rows > 1) {
		s->limit = rows / 2 < (size_t)s->limit ? (int)(rows / 2) : s->limit / 2;
		return;
	}
	s->refused = s->last;
	snprintf(s->why, sizeof(s->why), "%s", err->msg);
}

/* After any failure: drop, and by its kind wait, look for the record, or end. */
static void failed(struct sink *s, const struct err *err)
{
	switch (err->kind) {
	case ERR_RETRY:
		back_off(s, err);
		break;
	case ERR_SKIP:
		narrow(s, err);
		break;
	default:
		s->err = *err;
		end(s, SINK_FAILED);
		break;
	}
	drop_batch(s);
}

static int prepare_database(struct sink *s, struct err *err)
{
	struct buf where = BUF_INIT;
	int from, latest = schema_latest();

	if (pg_connect(s->pg, err) < 0 || schema_migrate(s->pg, latest, &from, err) < 0)
		return -1;
	if (from < latest)
		note(s, "info", "tables migrated from version %d to %d", from, latest);
	if (s->c->reader && schema_grant(s->pg, s->c->reader, err) < 0)
		return -1;
	if (offsets_check_prefix(s->pg, s->c->prefix, err) < 0)
		return -1;
	if (!s->introduced) {
		pg_where(s->pg, &where);
		note(s, "info", "writing to %s", buf_z(&where));
		buf_release(&where);
	}
	s->introduced = true;
	return 0;
}

/* The whole assignment, from where the database says. */
static int start_reading(struct sink *s, struct err *err)
{
	struct log_position *at = xcalloc(s->n_parts + 1, sizeof(*at));
	int result = offsets_load(s->pg, s->c->topics, s->parts, s->n_parts, err);

	for (size_t i = 0; i < s->n_parts; i++) {
		s->parts[i].ended = false;
		at[i] = (struct log_position){s->parts[i].topic, s->parts[i].partition, s->parts[i].stored, STR_NONE};
	}
	if (result == 0 && s->log->ops->assign(s->log, at, s->n_parts, err) != LOG_OK)
		result = -1;
	free(at);
	return result;
}

static void take_up(struct sink *s)
{
	struct err err = {0};

	if (!s->assigned || s->reading || now(s) < s->retry_ms)
		return;
	drop_batch(s);
	if ((!pg_is_open(s->pg) && prepare_database(s, &err) < 0) || start_reading(s, &err) < 0) {
		failed(s, &err);
		return;
	}
	s->reading = true;
}

static void add_counts(struct batch_counts *to, const struct batch_counts *n)
{
	to->records += n->records;
	to->ticks += n->ticks;
	to->rejected += n->rejected;
	to->repaired += n->repaired;
	to->too_old += n->too_old;
}

/* 1 written, 0 another one was faster, -1 err. */
static int transaction(struct sink *s, struct err *err)
{
	int moved;

	if (schema_ensure_days(s->pg, s->batch, err) < 0 || pg_script(s->pg, "BEGIN", err) < 0)
		return -1;
	moved = offsets_move(s->pg, s->c->topics, s->parts, s->n_parts, s->probing, err);
	if (moved <= 0)
		return moved;
	if (s->c->split && pg_script(s->pg, "COMMIT; BEGIN", err) < 0)
		return -1;
	if (batch_write(s->batch, s->pg, err) < 0 || pg_script(s->pg, "COMMIT", err) < 0)
		return -1;
	return 1;
}

static bool is_written(struct sink *s, const struct place *r)
{
	const struct sink_part *p = find_part(s, r->topic, r->partition);

	return !p || p->stored > r->offset;
}

static void written(struct sink *s)
{
	const struct batch_counts *n = batch_counts(s->batch);

	if (n->rejected)
		note(s, "warning", "%" PRId64 " records did not fit their table; they are in qlapse.rejected", n->rejected);
	if (n->repaired)
		note(s, "warning", "%" PRId64 " texts held U+0000, which PostgreSQL cannot hold; U+FFFD is there instead",
		     n->repaired);
	add_counts(&s->total, n);
	s->transactions++;
	recovered(s);
	for (size_t i = 0; i < s->n_parts; i++)
		s->parts[i].stored = s->parts[i].next;
	if (s->refused.offset >= 0 && is_written(s, &s->refused))
		s->refused.offset = -1;
	s->limit = s->limit < s->c->batch / 2 ? 2 * s->limit : s->c->batch;
	batch_clear(s->batch);
	s->first_ms = s->moved_ms = TIME_NONE;
}

static void write_batch(struct sink *s)
{
	struct err err = {0};
	int result = transaction(s, &err);

	if (result > 0) {
		written(s);
		return;
	}
	if (result < 0) {
		failed(s, &err);
		return;
	}
	note(s, "warning", "another sink has written from these offsets; going on behind it");
	pg_close(s->pg);
	drop_batch(s);
	s->retry_ms = now(s) + WAIT_LEAST_MS;
}

static bool moved(const struct sink *s)
{
	return s->first_ms != TIME_NONE || s->moved_ms != TIME_NONE;
}

static bool all_ended(const struct sink *s)
{
	for (size_t i = 0; i < s->n_parts; i++)
		if (!s->parts[i].ended)
			return false;
	return s->reading;
}

static bool is_due(const struct sink *s)
{
	if (!s->reading)
		return false;
	if (batch_rows(s->batch) >= (size_t)s->limit || batch_bytes(s->batch) >= BYTES_MOST)
		return true;
	if (s->first_ms != TIME_NONE && now(s) - s->first_ms >= s->c->linger_ms)
		return true;
	if (s->moved_ms != TIME_NONE && now(s) - s->moved_ms >= IDLE_COMMIT_MS)
		return true;
	return s->probing && all_ended(s);
}

static bool is_refused(const struct sink *s, const struct log_record *rec)
{
	const struct place *r = &s->refused;

	return r->offset == rec->offset && r->topic == rec->topic && r->partition == rec->partition;
}

static void take_record(struct sink *s, const struct log_record *rec)
{
	struct sink_part *p = find_part(s, rec->topic, rec->partition);
	size_t rows = batch_rows(s->batch);

	if (!s->reading || !p || rec->offset < p->next) /* of an assignment that is gone */
		return;
	if (is_refused(s, rec))
		batch_reject(s->batch, rec, str_from(s->why));
	else
		batch_add(s->batch, rec, s->oldest_ms);
	p->next = rec->offset + 1;
	if (s->moved_ms == TIME_NONE)
		s->moved_ms = now(s);
	if (batch_rows(s->batch) == rows)
		return;
	if (s->first_ms == TIME_NONE)
		s->first_ms = now(s);
	s->last = (struct place){rec->topic, rec->partition, rec->offset};
}

static void take_end(struct sink *s, const struct log_record *rec)
{
	struct sink_part *p = find_part(s, rec->topic, rec->partition);

	if (!s->reading || !p)
		return;
	p->ended = true;
	if (rec->offset > p->next) {
		p->next = rec->offset;
		if (s->moved_ms == TIME_NONE)
			s->moved_ms = now(s);
	}
}

static void take_assignment(struct sink *s, const struct log_event *e)
{
	drop_batch(s);
	s->parts = xrealloc(s->parts, (e->n_parts + 1) * sizeof(*s->parts));
	s->n_parts = e->n_parts;
	for (size_t i = 0; i < e->n_parts; i++)
		s->parts[i] = (struct sink_part){e->parts[i].topic, e->parts[i].partition, -1, -1, false};
	s->assigned = true;
	note(s, "info", "%zu partitions are ours", s->n_parts);
}

static void take_event(struct sink *s, const struct log_event *e)
{
	switch (e->kind) {
	case LOG_RECORD:
		take_record(s, &e->rec);
		break;
	case LOG_EOF:
		take_end(s, &e->rec);
		break;
	case LOG_ASSIGNED:
		take_assignment(s, e);
		break;
	case LOG_REVOKED: /* a last transaction, for the next owner to go on behind it */
		if (s->reading && moved(s))
			write_batch(s);
		drop_batch(s);
		s->assigned = false;
		break;
	case LOG_LOST:
		drop_batch(s);
		s->assigned = false;
		break;
	default:
		break;
	}
}

static void log_failed(struct sink *s, enum log_result result, const struct err *err)
{
	if (result == LOG_RETRY) {
		if (now(s) - s->told_ms >= TELL_EVERY_MS)
			note(s, "warning", "%s; trying again", err->msg);
		s->told_ms = now(s);
		return;
	}
	s->err = *err;
	end(s, result == LOG_FENCED ? SINK_FENCED : SINK_FAILED);
}

static void tell_status(struct sink *s)
{
	int64_t lag = 0, end_offset;
	struct err err;

	if (now(s) - s->status_ms < STATUS_EVERY_MS || !s->reading)
		return;
	s->status_ms = now(s);
	for (size_t i = 0; i < s->n_parts; i++)
		if (s->log->ops->watermark(s->log, s->parts[i].topic, s->parts[i].partition, &end_offset,
		                                                 &err) == LOG_OK)
			lag += end_offset > s->parts[i].next ? end_offset - (s->parts[i].next < 0 ? 0 : s->parts[i].next) : 0;
	note(s, "info",
	     "partitions=%zu records=%" PRId64 " ticks=%" PRId64 " transactions=%" PRId64 " lag=%" PRId64 " rejected=%" PRId64
	     " too_old=%" PRId64,
	     s->n_parts, s->total.records, s->total.ticks, s->transactions, lag, s->total.rejected, s->total.too_old);
}

/* Where each table by day begins to be wanted. It moves with the day. */
static void set_oldest(struct sink *s)
{
	for (size_t i = 0; i < SINK_TABLES; i++)
		s->oldest_ms[i] = sink_tables[i].kind != TABLE_DAYS || s->c->keep_ms[i] == TIME_NEVER
		                      ? TIME_NONE
		                      : (now(s) - s->c->keep_ms[i]) / DAY_MS * DAY_MS;
}

static void drop_old(struct sink *s)
{
	struct err err = {0};

	if (!s->reading || moved(s) || (s->drop_ms != TIME_NONE && now(s) - s->drop_ms < DROP_EVERY_MS))
		return;
	s->drop_ms = now(s);
	set_oldest(s);
	for (size_t i = 0; i < SINK_TABLES; i++) {
		int64_t n = s->oldest_ms[i] == TIME_NONE
		                ? 0
		                : schema_drop_days(s->pg, sink_tables[i].name, s->oldest_ms[i], &err);

		if (n > 0)
			note(s, "info", "dropped %" PRId64 " days of qlapse.%s", n, sink_tables[i].name);
		if (n < 0) { /* whoever reads there is not to be waited for: next hour again */
			note(s, "warning", "days of qlapse.%s that are too old stay for now: %s", sink_tables[i].name, err.msg);
			drop_batch(s);
			return;
		}
	}
}

static void loop(struct sink *s)
{
	struct log_event e;
	struct err err = {0};

	while (!s->ending && !s->c->pg.stopping()) {
		take_up(s);
		drop_old(s);
		enum log_result result = s->log->ops->poll(s->log, POLL_MS, &e, &err);

		if (result != LOG_OK)
			log_failed(s, result, &err);
		else
			take_event(s, &e);
		if (is_due(s) || (s->c->once && all_ended(s) && moved(s)))
			write_batch(s);
		if (s->c->once && all_ended(s) && !moved(s) && !s->probing)
			end(s, SINK_STOPPED);
		tell_status(s);
	}
	if (!s->ending && s->reading && moved(s))
		write_batch(s);
}

enum sink_end sink_run(const struct sink_config *c, struct log *log, struct err *err)
{
	struct sink s = {
	    .c = c,
	    .log = log,
	    .pg = pg_new(&c->pg),
	    .batch = batch_new(c->topics),
	    .first_ms = TIME_NONE,
	    .moved_ms = TIME_NONE,
	    .limit = c->batch,
	    .refused = {.offset = -1},
	    .trouble_ms = TIME_NONE,
	    .wait_ms = WAIT_LEAST_MS,
	    .drop_ms = TIME_NONE,
	    .end = SINK_STOPPED,
	};

	s.status_ms = now(&s);
	set_oldest(&s);
	loop(&s);
	note(&s, "info", "records=%" PRId64 " ticks=%" PRId64 " transactions=%" PRId64 " rejected=%" PRId64 " too_old=%" PRId64,
	     s.total.records, s.total.ticks, s.transactions, s.total.rejected, s.total.too_old);
	*err = s.err;
	batch_free(s.batch);
	pg_free(s.pg);
	free(s.parts);
	return s.end;
}
