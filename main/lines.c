/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lines - see lines.h
 *
 * A reader's buffer holds one line as a rule, LINE_READ_MAX and a chunk at most: what is longer is given cut, and
 * the rest up to the newline is dropped as it is read.
 */
#include "main/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/check.h"
#include "lib/base/heap.h"
#include "lib/base/timefmt.h"

enum { CHUNK = 64 << 10 };

void line_reader_init(struct line_reader *r, int fd)
{
	*r = (struct line_reader){.fd = fd, .buf = BUF_INIT};
}

void line_reader_release(struct line_reader *r)
{
	buf_release(&r->buf);
}

static struct str rest_of(const struct line_reader *r)
{
	return str_skip(buf_view(&r->buf), r->at);
}

/* What has been given makes room, at most once per chunk read. */
static void compact(struct line_reader *r)
{
	if (!r->at)
		return;
	memmove(r->buf.p, r->buf.p + r->at, r->buf.n - r->at);
	r->buf.n -= r->at;
	r->scanned -= r->at;
	r->at = 0;
}

/* With no_wait: is there something to read, be it the end? */
static bool is_ready(const struct line_reader *r)
{
	struct pollfd p = {.fd = r->fd, .events = POLLIN};

	return !r->no_wait || poll(&p, 1, 0) != 0;
}

static int fill(struct line_reader *r, struct err *err)
{
	ssize_t n;

	compact(r);
	buf_reserve(&r->buf, CHUNK);
	r->ended = !is_ready(r);
	if (r->ended)
		return 0;
	do {
		n = read(r->fd, r->buf.p + r->buf.n, CHUNK);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_set(err, ERR_FATAL, "reading failed: %s", strerror(errno));
	r->ended = r->closed = n == 0;
	r->buf.n += (size_t)n;
	r->bytes += n;
	return 0;
}

/* Takes what stands before index end of the buffer, and one newline behind it. */
static struct str take(struct line_reader *r, size_t end, bool newline)
{
	struct str line = str_of(r->buf.p + r->at, end - r->at);

	r->at = end + newline;
	r->scanned = r->at;
	return str_head(line, LINE_READ_MAX);
}

/* A line out of what has been read. */
static bool take_buffered(struct line_reader *r, struct str *ret)
{
	for (;;) {
		char *from = r->buf.p + r->scanned;
		char *newline = r->buf.n > r->scanned ? memchr(from, '\n', r->buf.n - r->scanned) : NULL;

		if (newline) {
			struct str line = take(r, (size_t)(newline - r->buf.p), true);

			if (!r->skipping) {
				*ret = line;
				return true;
			}
			r->skipping = false;
			continue;
		}
		r->scanned = r->buf.n;
		if (r->skipping) {
			r->at = r->buf.n;
		} else if (r->buf.n - r->at > LINE_READ_MAX) {
			*ret = take(r, r->buf.n, false);
			r->skipping = true;
			return true;
		}
		return false;
	}
}

enum line_read line_reader_next(struct line_reader *r, bool last, struct str *ret, struct err *err)
{
	do {
		if (take_buffered(r, ret))
			return LINE_READ_ONE;
		if (fill(r, err) < 0)
			return LINE_READ_FAILED;
	} while (!r->ended);
	if (!last || r->at == r->buf.n)
		return LINE_READ_END;
	*ret = take(r, r->buf.n, false);
	return LINE_READ_ONE;
}

/* Sets the clock by the first stamp in what has been read. */
static bool take_first_stamp(const struct line_reader *r, struct line_clock *clock)
{
	struct str ahead = rest_of(r), line;
	bool more = true;

	while (more) {
		struct line_clock tried = *clock;

		more = str_cut(&ahead, '\n', &line);
		if (!more && !r->ended)
			return false;
		if (line_time(&tried, more ? line : ahead) != TIME_NONE) {
			*clock = tried;
			return true;
		}
	}
	return false;
}

int line_reader_prime(struct line_reader *r, struct line_clock *clock, struct err *err)
{
	while (!r->ended && r->buf.n < LINE_LOOK_AHEAD) {
		if (fill(r, err) < 0)
			return -1;
		if (take_first_stamp(r, clock))
			break;
	}
	return 0;
}

struct line_source {
	struct heap_node node;
	const char *path;
	int fd;
	int64_t size; /* -1: a pipe */
	int64_t own_ms;
	struct line_reader reader;
	struct line_clock clock;
	struct line line; /* the next one to be given */
};

struct line_merge {
	struct heap heap;
	struct line_source *sources, *given; /* given: its line was handed out and is to be replaced */
	size_t n;
	struct err err;
};

static struct line_source *source_of(const struct heap_node *node)
{
	return (struct line_source *)((char *)node - offsetof(struct line_source, node));
}

static int compare(const struct heap_node *x, const struct heap_node *y)
{
	const struct line *a = &source_of(x)->line, *b = &source_of(y)->line;

	if (a->p_ms != b->p_ms)
		return a->p_ms < b->p_ms ? -1 : 1;
	return a->source < b->source ? -1 : a->source > b->source;
}

static int source_open(struct line_source *s, const char *path, const struct line_options *o, struct err *err)
{
	struct stat st;

	s->path = path;
	s->fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	if (s->fd < 0 || fstat(s->fd, &st) < 0)
		return err_set(err, ERR_FATAL, "cannot read '%s': %s", path, strerror(errno));
	if (S_ISDIR(st.st_mode))
		return err_set(err, ERR_FATAL, "cannot read '%s': %s", path, strerror(EISDIR));
	s->size = S_ISREG(st.st_mode) ? st.st_size : -1;
	s->own_ms = s->size < 0 ? o->now_ms : (int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000;
	line_reader_init(&s->reader, s->fd);
	line_clock_init(&s->clock, o->year, s->own_ms, o->zone_ms);
	if (line_reader_prime(&s->reader, &s->clock, err) < 0)
		return err_prefix(err, "'%s'", path);
	return 0;
}

/* Reads the next line of s and puts it where it belongs, or takes s out at its end. */
static int advance(struct line_merge *m, struct line_source *s)
{
	enum line_read got = line_reader_next(&s->reader, true, &s->line.text, &m->err);

	if (got == LINE_READ_FAILED)
		return err_prefix(&m->err, "'%s'", s->path);
	if (got == LINE_READ_END) {
		heap_remove(&m->heap, &s->node);
		return 0;
	}
	s->line.number++;
	s->line.ts_ms = line_time(&s->clock, s->line.text);
	if (s->line.ts_ms == TIME_NONE)
		s->line.ts_ms = s->own_ms;
	if (s->line.ts_ms > s->line.p_ms)
		s->line.p_ms = s->line.ts_ms;
	if (s->node.at)
		heap_moved(&m->heap, &s->node);
	else
		heap_insert(&m->heap, &s->node);
	return 0;
}

struct line_merge *merge_open(const char *const *paths, size_t n, const struct line_options *o, struct err *err)
{
	struct line_merge *m = xcalloc(1, sizeof(*m));

	heap_init(&m->heap, compare);
	m->sources = xcalloc(n ? n : 1, sizeof(*m->sources));
	for (; m->n < n; m->n++) {
		struct line_source *s = &m->sources[m->n];

		s->fd = -1;
		s->line = (struct line){.source = m->n, .number = -1, .ts_ms = TIME_NONE, .p_ms = TIME_NONE};
		if (source_open(s, paths[m->n], o, err) < 0) {
			m->n++;
			merge_close(m);
			return NULL;
		}
	}
	for (size_t i = 0; i < n; i++) {
		if (advance(m, &m->sources[i]) < 0) {
			if (err)
				*err = m->err;
			merge_close(m);
			return NULL;
		}
	}
	return m;
}

void merge_close(struct line_merge *m)
{
	for (size_t i = 0; i < m->n; i++) {
		line_reader_release(&m->sources[i].reader);
		if (m->sources[i].fd > STDERR_FILENO)
			close(m->sources[i].fd);
	}
	heap_release(&m->heap);
	free(m->sources);
	free(m);
}

bool merge_next(struct line_merge *m, struct line *ret)
{
	struct heap_node *top;

	if (m->err.kind != ERR_NONE)
		return false;
	if (m->given && advance(m, m->given) < 0)
		return false;
	m->given = NULL;
	top = heap_top(&m->heap);
	if (!top)
		return false;
	m->given = source_of(top);
	*ret = m->given->line;
	return true;
}

int merge_status(const struct line_merge *m, struct err *err)
{
	if (m->err.kind == ERR_NONE)
		return 0;
	if (err)
		*err = m->err;
	return -1;
}

void merge_progress(const struct line_merge *m, int64_t *ret_done, int64_t *ret_total)
{
	*ret_done = *ret_total = 0;
	for (size_t i = 0; i < m->n; i++) {
		*ret_done += m->sources[i].reader.bytes;
		if (m->sources[i].size < 0)
			*ret_total = -1;
		else if (*ret_total >= 0)
			*ret_total += m->sources[i].size;
	}
}
