/* SPDX-License-Identifier: Apache-2.0 */
/* memlog - see memlog.h */
#include <stdlib.h>
#include <string.h>

#include "lib/base/buf.h"
#include "lib/base/check.h"
#include "lib/base/timefmt.h"
#include "lib/stream/memlog.h"

struct item {
	struct item *next;
	struct log_record rec; /* views point behind the item */
	int64_t clock_ms;      /* not TIME_NONE: no record but a word about time */
};

struct partition {
	struct item *first, *last;
	struct item **next_read; /* where the reader's next item hangs */
	int64_t next_offset;
	size_t unread;
	bool read; /* some log has it as an input */
};

struct membus {
	const struct log_topic *topics;
	size_t n_topics;
	struct partition **partitions; /* by topic */
	membus_tap_fn *tap;
	void *tap_arg;
};

struct memlog {
	struct log log;
	struct membus *bus;
	struct log_position *parts; /* all partitions of the inputs; meta unused */
	size_t n_parts, turn;       /* the partition to be read next */
	struct buf *metas;          /* committed metadata by part */
	int64_t *offsets;           /* committed offsets by part */
	struct item *pending, **pending_end;
	bool told_assignment, assigned;
	struct log_event ev;
};

static struct partition *part_of(const struct membus *bus, int topic, int partition)
{
	CHECK(topic >= 0 && (size_t)topic < bus->n_topics && partition < bus->topics[topic].partitions);
	return &bus->partitions[topic][partition];
}

struct membus *membus_new(const struct log_topic *topics, size_t n_topics)
{
	struct membus *bus = xcalloc(1, sizeof(*bus));

	bus->topics = topics;
	bus->n_topics = n_topics;
	bus->partitions = xcalloc(n_topics + 1, sizeof(*bus->partitions));
	for (size_t t = 0; t < n_topics; t++) {
		bus->partitions[t] = xcalloc((size_t)topics[t].partitions + 1, sizeof(struct partition));
		for (int p = 0; p < topics[t].partitions; p++)
			bus->partitions[t][p].next_read = &bus->partitions[t][p].first;
	}
	return bus;
}

void membus_free(struct membus *bus)
{
	if (bus == NULL)
		return;
	for (size_t t = 0; t < bus->n_topics; t++) {
		for (int p = 0; p < bus->topics[t].partitions; p++) {
			struct item *next, *item = bus->partitions[t][p].first;
			for (; item != NULL; item = next) {
				next = item->next;
				free(item);
			}
		}
		free(bus->partitions[t]);
	}
	free(bus->partitions);
	free(bus);
}

void membus_tap(struct membus *bus, membus_tap_fn *tap, void *arg)
{
	bus->tap = tap;
	bus->tap_arg = arg;
}

static struct str place(char **at, struct str s)
{
	if (s.p == NULL)
		return s;
	memcpy(*at, s.p, s.n);
	struct str copy = {*at, s.n};
	*at += s.n;
	return copy;
}

static struct item *copy_of(const struct log_record *rec)
{
	size_t n = rec->key.n + rec->value.n + rec->order.n + rec->tick.n + 1;

	for (size_t i = 0; i < rec->n_headers; i++)
		n += rec->headers[i].value.n;
	struct item *item = xmalloc(sizeof(*item) + n);
	char *at = (char *)(item + 1);
	*item = (struct item){.rec = *rec, .clock_ms = TIME_NONE};
	item->rec.key = place(&at, rec->key);
	item->rec.value = place(&at, rec->value);
	item->rec.order = place(&at, rec->order);
	item->rec.tick = place(&at, rec->tick);
	for (size_t i = 0; i < rec->n_headers; i++)
		item->rec.headers[i].value = place(&at, rec->headers[i].value);
	return item;
}

static void hang(struct partition *p, struct item *item)
{
	if (p->last != NULL)
		p->last->next = item;
	else
		p->first = item;
	p->last = item;
	p->unread++;
}

/* Takes item. */
static void append(struct membus *bus, struct item *item)
{
	struct partition *p = part_of(bus, item->rec.topic, item->rec.partition);

	item->rec.offset = p->next_offset++;
	if (bus->tap != NULL && item->rec.tick.n == 0)
		bus->tap(bus->tap_arg, &item->rec);
	if (p->read)
		hang(p, item);
	else
		free(item);
}

void membus_append(struct membus *bus, const struct log_record *rec)
{
	append(bus, copy_of(rec));
}

void membus_clock(struct membus *bus, int topic, int partition, int64_t clock_ms)
{
	struct partition *p = part_of(bus, topic, partition);
	struct item *item = xcalloc(1, sizeof(*item));

	item->rec.topic = topic;
	item->rec.partition = partition;
	item->rec.offset = p->next_offset; /* takes none */
	item->clock_ms = clock_ms;
	hang(p, item);
}

size_t membus_unread(const struct membus *bus, int topic, int partition)
{
	return part_of(bus, topic, partition)->unread;
}

static struct memlog *self(struct log *log)
{
	return (struct memlog *)log;
}

static bool next_item(struct memlog *m, struct log_event *ret)
{
	const struct log_position *at = &m->parts[m->turn];
	struct partition *p = part_of(m->bus, at->topic, at->partition);
	struct item *item = *p->next_read;

	if (item == NULL)
		return false;
	p->next_read = &item->next;
	p->unread--;
	*ret = (struct log_event){
	    .kind = item->clock_ms == TIME_NONE ? LOG_RECORD : LOG_CLOCK, .rec = item->rec, .clock_ms = item->clock_ms};
	return true;
}

static enum log_result mem_poll(struct log *log, int timeout_ms, struct log_event *ret, struct err *err)
{
	struct memlog *m = self(log);

	(void)timeout_ms, (void)err;
	*ret = (struct log_event){.kind = LOG_NOTHING};
	if (!m->told_assignment) {
		m->told_assignment = true;
		*ret = (struct log_event){.kind = LOG_ASSIGNED, .parts = m->parts, .n_parts = m->n_parts};
		return LOG_OK;
	}
	for (size_t i = 0; m->assigned && i < m->n_parts; i++, m->turn = (m->turn + 1) % m->n_parts)
		if (next_item(m, ret))
			break;
	return LOG_OK;
}

static size_t index_of(const struct memlog *m, const struct log_position *at)
{
	for (size_t i = 0; i < m->n_parts; i++)
		if (m->parts[i].topic == at->topic && m->parts[i].partition == at->partition)
			return i;
	CHECK(!"a partition that is no input of this log");
	return 0;
}

static enum log_result mem_committed(struct log *log, struct log_position *inout, size_t n, struct err *err)
{
	struct memlog *m = self(log);

	(void)err;
	for (size_t i = 0; i < n; i++) {
		size_t k = index_of(m, &inout[i]);
		inout[i].offset = m->offsets[k];
		inout[i].meta = buf_view(&m->metas[k]);
	}
	return LOG_OK;
}

/* No state outlives the process, so there is none to restore. */
static enum log_result mem_watermark(struct log *log, int topic, int partition, int64_t *ret, struct err *err)
{
	(void)log, (void)topic, (void)partition, (void)err;
	*ret = 0;
	return LOG_OK;
}

static enum log_result mem_seek(struct log *log, const struct log_position *at, size_t n, struct err *err)
{
	struct memlog *m = self(log);

	(void)err;
	for (size_t i = 0; i < n; i++) {
		struct partition *p = part_of(m->bus, at[i].topic, at[i].partition);
		for (p->next_read = &p->first; *p->next_read != NULL; p->next_read = &(*p->next_read)->next)
			if ((*p->next_read)->rec.offset >= at[i].offset)
				break;
		p->unread = 0;
		for (const struct item *item = *p->next_read; item != NULL; item = item->next)
			p->unread++;
	}
	return LOG_OK;
}

static enum log_result mem_assign(struct log *log, const struct log_position *at, size_t n, struct err *err)
{
	self(log)->assigned = true;
	return mem_seek(log, at, n, err);
}

static void mem_pause(struct log *log, int topic, int partition, bool on)
{
	(void)log, (void)topic, (void)partition, (void)on;
}

static enum log_result mem_restore_open(struct log *log, const struct log_position *at, size_t n, struct err *err)
{
	(void)log, (void)at, (void)n;
	err_set(err, ERR_FATAL, "memory has no state to restore");
	return LOG_FATAL;
}

static enum log_result mem_restore_poll(struct log *log, int timeout_ms, struct log_event *ret, struct err *err)
{
	(void)timeout_ms, (void)ret;
	return mem_restore_open(log, NULL, 0, err);
}

static void mem_restore_close(struct log *log)
{
	(void)log;
}

static enum log_result mem_nothing(struct log *log, struct err *err)
{
	(void)log, (void)err;
	return LOG_OK;
}

static enum log_result mem_produce(struct log *log, const struct log_record *rec, struct err *err)
{
	struct memlog *m = self(log);
	struct item *item = copy_of(rec);

	(void)err;
	*m->pending_end = item;
	m->pending_end = &item->next;
	return LOG_OK;
}

static void trim(struct partition *p, int64_t offset)
{
	while (p->first != NULL && p->next_read != &p->first && p->first->rec.offset < offset) {
		struct item *item = p->first;
		p->first = item->next;
		if (p->next_read == &item->next)
			p->next_read = &p->first;
		if (p->last == item)
			p->last = NULL;
		free(item);
	}
}

static enum log_result mem_send_offsets(struct log *log, const struct log_position *at, size_t n, struct err *err)
{
	struct memlog *m = self(log);

	(void)err;
	for (size_t i = 0; i < n; i++) {
		size_t k = index_of(m, &at[i]);
		m->offsets[k] = at[i].offset;
		buf_clear(&m->metas[k]);
		buf_str(&m->metas[k], at[i].meta);
	}
	return LOG_OK;
}

static enum log_result mem_commit(struct log *log, struct err *err)
{
	struct memlog *m = self(log);
	struct item *next, *item = m->pending;

	(void)err;
	m->pending = NULL;
	m->pending_end = &m->pending;
	for (; item != NULL; item = next) {
		next = item->next;
		item->next = NULL;
		append(m->bus, item);
	}
	for (size_t i = 0; i < m->n_parts; i++)
		trim(part_of(m->bus, m->parts[i].topic, m->parts[i].partition), m->offsets[i]);
	return LOG_OK;
}

static enum log_result mem_abort(struct log *log, struct err *err)
{
	struct memlog *m = self(log);
	struct item *next, *item = m->pending;

	(void)err;
	for (; item != NULL; item = next) {
		next = item->next;
		free(item);
	}
	m->pending = NULL;
	m->pending_end = &m->pending;
	return LOG_OK;
}

static void mem_close(struct log *log)
{
	struct memlog *m = self(log);
	struct err err;

	mem_abort(log, &err);
	for (size_t i = 0; i < m->n_parts; i++)
		buf_release(&m->metas[i]);
	free(m->metas);
	free(m->offsets);
	free(m->parts);
	free(m);
}

static const struct log_ops mem_ops = {
    .poll = mem_poll,
    .committed = mem_committed,
    .watermark = mem_watermark,
    .assign = mem_assign,
    .seek = mem_seek,
    .pause = mem_pause,
    .restore_open = mem_restore_open,
    .restore_poll = mem_restore_poll,
    .restore_close = mem_restore_close,
    .begin = mem_nothing,
    .produce = mem_produce,
    .send_offsets = mem_send_offsets,
    .commit = mem_commit,
    .abort = mem_abort,
    .reopen = mem_nothing,
    .close = mem_close,
};

struct log *membus_open(struct membus *bus, const int *inputs, size_t n_inputs)
{
	struct memlog *m = xcalloc(1, sizeof(*m));

	m->log.ops = &mem_ops;
	m->bus = bus;
	m->pending_end = &m->pending;
	for (size_t i = 0; i < n_inputs; i++)
		m->n_parts += (size_t)bus->topics[inputs[i]].partitions;
	m->parts = xcalloc(m->n_parts + 1, sizeof(*m->parts));
	m->metas = xcalloc(m->n_parts + 1, sizeof(*m->metas));
	m->offsets = xcalloc(m->n_parts + 1, sizeof(*m->offsets));
	size_t k = 0;
	for (size_t i = 0; i < n_inputs; i++) {
		for (int p = 0; p < bus->topics[inputs[i]].partitions; p++) {
			m->offsets[k] = -1;
			m->parts[k++] = (struct log_position){inputs[i], p, -1, STR_NONE};
			bus->partitions[inputs[i]][p].read = true;
		}
	}
	return &m->log;
}
