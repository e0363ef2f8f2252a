/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lines - lines of log files, one after the other, with the time that each was written
 *
 * A reader takes lines from one descriptor: without their newline, NUL bytes and all, a last one without newline
 * too. A line longer than LINE_READ_MAX is given once, cut there. A merge gives the lines of several files in the
 * order of pipeline time: p of a line is its own time or that of a line before it in the same file, if later; ties
 * go by the place of the file.
 *
 * Lines before the first stamp take that stamp, if it comes within LINE_LOOK_AHEAD bytes; lines of a file without
 * stamps the file's own time. No clock is read here: the caller says what now is.
 */
#ifndef QLAPSE_MAIN_LINES_H
#define QLAPSE_MAIN_LINES_H

#include "ingest/linetime.h"
#include "lib/base/buf.h"
#include "lib/base/err.h"

/* With key and headers still below the limits that Kafka and librdkafka have by default: fed and replayed, a
 * line is the same. */
enum { LINE_READ_MAX = 960 << 10, LINE_LOOK_AHEAD = 64 << 10 };

struct line_reader {
	int fd; /* not owned */
	struct buf buf;
	size_t at;      /* in buf: what has been given already lies before it */
	size_t scanned; /* in buf: no newline between at and here */
	bool no_wait;   /* set by the owner: what is not there yet is the end for now */
	bool ended;     /* the last read found the end, for now; a file that is followed may grow */
	bool closed;    /* it was the end of the file, and of a pipe for good */
	bool skipping;  /* the rest of a cut line comes next */
	int64_t bytes;  /* read so far */
};

enum line_read { LINE_READ_ONE, LINE_READ_END, LINE_READ_FAILED };

void line_reader_init(struct line_reader *r, int fd);
void line_reader_release(struct line_reader *r);
/* The view is valid until the next call. last: what stands at the end without a newline is a line; without it,
 * it waits for its rest. END may be followed by more when the file has grown. */
enum line_read line_reader_next(struct line_reader *r, bool last, struct str *ret, struct err *err);

/* Sets the clock by the first stamp in what comes next, so that lines before it get a time by it, and the year
 * is that of a stamp. Reads ahead, and may wait for it. */
int line_reader_prime(struct line_reader *r, struct line_clock *clock, struct err *err);

struct line_options {
	int year;        /* of the first stamp without one; 0: from the file's own time */
	int64_t zone_ms; /* of stamps without a zone, east positive */
	int64_t now_ms;  /* stands for the own time of a pipe */
};

struct line {
	size_t source;  /* index of its file */
	int64_t number; /* in its file, from 0 */
	int64_t ts_ms;  /* its own time */
	int64_t p_ms;   /* pipeline time: never goes back in a merge */
	struct str text;
};

struct line_merge;

/* "-" is standard input. NULL and err if one of the files cannot be read. */
struct line_merge *merge_open(const char *const *paths, size_t n, const struct line_options *o, struct err *err);
void merge_close(struct line_merge *m);

/* The text is valid until the next call. False at the end of all files, and after a failure. */
bool merge_next(struct line_merge *m, struct line *ret);
/* -1 if reading failed; the lines given before are good. */
int merge_status(const struct line_merge *m, struct err *err);
/* Bytes read, and their number where it is known (-1 with a pipe among the files). */
void merge_progress(const struct line_merge *m, int64_t *ret_done, int64_t *ret_total);

#endif
