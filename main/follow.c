/* SPDX-License-Identifier: Apache-2.0 */
/* follow - see follow.h */
#include "main/follow.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/check.h"
#include "lib/base/timefmt.h"

struct followed {
	const char *path;
	bool is_file;
	int fd;
	struct line_reader reader;
	struct line_clock clock;
	struct line line;
	bool has_line; /* read, and not given yet */
	bool done;
};

struct follow {
	struct followed *files;
	size_t n;
	struct line_options options;
	bool once;
	struct err err;
};

/* Takes up reading of an open file at its start. */
static int begin_file(struct follow *f, struct followed *s, int fd, struct err *err)
{
	struct stat st;

	line_reader_release(&s->reader);
	if (s->fd > STDERR_FILENO)
		close(s->fd);
	s->fd = fd;
	if (fstat(fd, &st) < 0)
		return err_set(err, ERR_FATAL, "cannot read '%s': %s", s->path, strerror(errno));
	if (S_ISDIR(st.st_mode))
		return err_set(err, ERR_FATAL, "cannot read '%s': %s", s->path, strerror(EISDIR));
	s->is_file = S_ISREG(st.st_mode);
	line_reader_init(&s->reader, fd);
	s->reader.no_wait = !s->is_file && !f->once;
	line_clock_init(&s->clock, f->options.year, s->is_file ? (int64_t)st.st_mtim.tv_sec * 1000 : f->options.now_ms,
	                f->options.zone_ms);
	if (!s->reader.no_wait && line_reader_prime(&s->reader, &s->clock, err) < 0)
		return err_prefix(err, "'%s'", s->path);
	return 0;
}

static int begin_path(struct follow *f, struct followed *s, const char *path, struct err *err)
{
	int fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);

	s->path = path;
	if (fd < 0)
		return err_set(err, ERR_FATAL, "cannot read '%s': %s", path, strerror(errno));
	return begin_file(f, s, fd, err);
}

struct follow *follow_open(const char *const *paths, size_t n, const struct line_options *o, bool once, struct err *err)
{
	struct follow *f = xcalloc(1, sizeof(*f));

	*f = (struct follow){.files = xcalloc(n ? n : 1, sizeof(*f->files)), .options = *o, .once = once};
	while (f->n < n) {
		struct followed *s = &f->files[f->n];

		s->fd = -1;
		s->line = (struct line){.source = f->n++, .number = -1, .ts_ms = TIME_NONE, .p_ms = TIME_NONE};
		if (begin_path(f, s, paths[s->line.source], err) < 0) {
			follow_close(f);
			return NULL;
		}
	}
	return f;
}

void follow_close(struct follow *f)
{
	for (size_t i = 0; i < f->n; i++) {
		line_reader_release(&f->files[i].reader);
		if (f->files[i].fd > STDERR_FILENO)
			close(f->files[i].fd);
	}
	free(f->files);
	free(f);
}

/* Has another file, with something in it, taken the name? Then it is opened. -1: no. */
static int open_successor(const struct followed *s)
{
	struct stat ours, theirs;
	int fd;

	if (fstat(s->fd, &ours) < 0 || stat(s->path, &theirs) < 0 || !theirs.st_size ||
	    (ours.st_ino == theirs.st_ino && ours.st_dev == theirs.st_dev))
		return -1;
	fd = open(s->path, O_RDONLY | O_CLOEXEC);
	return fd;
}

static bool has_shrunk(const struct followed *s)
{
	struct stat st;

	return fstat(s->fd, &st) == 0 && st.st_size < s->reader.bytes;
}

static int rewind_file(struct follow *f, struct followed *s)
{
	int fd = dup(s->fd);

	if (fd < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return err_set(&f->err, ERR_FATAL, "cannot go back in '%s': %s", s->path, strerror(errno));
	return begin_file(f, s, fd, &f->err);
}

static void take_line(struct followed *s, int64_t now_ms)
{
	struct line *line = &s->line;

	line->number++;
	line->ts_ms = line_time(&s->clock, line->text);
	if (line->ts_ms == TIME_NONE || line->ts_ms > now_ms)
		line->ts_ms = now_ms;
	if (line->ts_ms > line->p_ms)
		line->p_ms = line->ts_ms;
	s->has_line = true;
}

/* A line, be it one without newline if nothing more will come behind it. */
static enum line_read next_line(struct follow *f, struct followed *s, bool last, int64_t now_ms)
{
	enum line_read got = line_reader_next(&s->reader, last, &s->line.text, &f->err);

	if (got == LINE_READ_FAILED)
		err_prefix(&f->err, "'%s'", s->path);
	if (got == LINE_READ_ONE)
		take_line(s, now_ms);
	return got;
}

/* At the end of a file for now. 1: there is more to read, 0: there is not, -1: failed. */
static int go_on(struct follow *f, struct followed *s, int64_t now_ms)
{
	int fd;
	enum line_read got;

	if (has_shrunk(s))
		return rewind_file(f, s) < 0 ? -1 : 1;
	fd = open_successor(s);
	if (fd < 0)
		return 0;
	got = next_line(f, s, true, now_ms); /* what the writer added before it changed over */
	if (got == LINE_READ_END)
		return begin_file(f, s, fd, &f->err) < 0 ? -1 : 1;
	close(fd);
	return got == LINE_READ_ONE ? 0 : -1;
}

static int read_line(struct follow *f, struct followed *s, int64_t now_ms)
{
	int more = 1;

	while (more > 0) {
		enum line_read got = next_line(f, s, f->once, now_ms);

		if (got != LINE_READ_END)
			return got == LINE_READ_ONE ? 0 : -1;
		if (f->once || !s->is_file) {
			s->done = f->once || (s->reader.closed && next_line(f, s, true, now_ms) == LINE_READ_END);
			return 0;
		}
		more = go_on(f, s, now_ms);
	}
	return more;
}

bool follow_next(struct follow *f, int64_t now_ms, struct line *ret)
{
	struct followed *first = NULL;

	if (f->err.kind != ERR_NONE)
		return false;
	for (size_t i = 0; i < f->n; i++) {
		struct followed *s = &f->files[i];

		if (!s->has_line && !s->done && read_line(f, s, now_ms) < 0)
			return false;
		if (s->has_line && (!first || s->line.p_ms < first->line.p_ms))
			first = s;
	}
	if (!first)
		return false;
	first->has_line = false;
	*ret = first->line;
	return true;
}

bool follow_ended(const struct follow *f)
{
	for (size_t i = 0; i < f->n; i++)
		if (!f->files[i].done || f->files[i].has_line)
			return false;
	return true;
}

int follow_status(const struct follow *f, struct err *err)
{
	if (f->err.kind == ERR_NONE)
		return 0;
	if (err)
		*err = f->err;
	return -1;
}
