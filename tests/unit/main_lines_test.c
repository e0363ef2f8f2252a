/* SPDX-License-Identifier: Apache-2.0 */
/* lines - what is read from files, and in which order */
#include "main/lines.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/check.h"
#include "lib/base/timefmt.h"

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

struct file {
	char path[64];
};

static struct file file_make(struct str text)
{
	struct file f = {"/tmp/qlapse_lines_XXXXXX"};
	int fd = mkstemp(f.path);

	assert_true(fd >= 0);
	for (size_t at = 0; at < text.n;) {
		ssize_t n = write(fd, text.p + at, text.n - at);

		assert_true(n > 0);
		at += (size_t)n;
	}
	close(fd);
	return f;
}

static int64_t ms(const char *text)
{
	int64_t at;

	assert_true(time_parse(str_from(text), &at));
	return at;
}

static void set_mtime(const struct file *f, const char *when)
{
	int64_t at = ms(when);
	struct timespec times[2] = {{.tv_sec = at / 1000}, {.tv_sec = at / 1000}};

	assert_int_equal(utimensat(AT_FDCWD, f->path, times, 0), 0);
}

static void reads_whole_lines(void **state)
{
	(void)state;
	static const struct {
		const char *label;
		struct str input;
		struct str want[4];
		size_t n;
	} cases[] = {
	    {"empty", STR(""), {{0}}, 0},
	    {"one", STR("a\n"), {STR("a")}, 1},
	    {"last without newline", STR("a\nbc"), {STR("a"), STR("bc")}, 2},
	    {"empty lines", STR("\n\nx\n"), {STR(""), STR(""), STR("x")}, 3},
	    {"NUL and CR stay", STR("a\0b\r\n\0"), {STR("a\0b\r"), STR("\0")}, 2},
	};

	for (size_t i = 0; i < LEN(cases); i++) {
		struct file f = file_make(cases[i].input);
		struct line_reader r;
		struct str line;
		int fd = open(f.path, O_RDONLY);

		print_message("%s\n", cases[i].label);
		line_reader_init(&r, fd);
		for (size_t k = 0; k < cases[i].n; k++) {
			assert_int_equal(line_reader_next(&r, true, &line, NULL), LINE_READ_ONE);
			assert_true(str_eq(line, cases[i].want[k]));
		}
		assert_int_equal(line_reader_next(&r, true, &line, NULL), LINE_READ_END);
		assert_int_equal(line_reader_next(&r, true, &line, NULL), LINE_READ_END);
		assert_int_equal(r.bytes, cases[i].input.n);
		line_reader_release(&r);
		close(fd);
		unlink(f.path);
	}
}

/* Lengths around the chunk, the limit, and far over it: each line once, cut at the limit, its neighbours untouched. */
static void cuts_long_lines_once(void **state)
{
	(void)state;
	static const size_t lengths[] = {65535,
	                                 65536,
	                                 65537,
	                                 LINE_READ_MAX - 1,
	                                 LINE_READ_MAX,
	                                 LINE_READ_MAX + 1,
	                                 LINE_READ_MAX + 65536,
	                                 3 * LINE_READ_MAX + 17};

	for (size_t i = 0; i < 2 * LEN(lengths); i++) {
		size_t n = lengths[i / 2], want = n < LINE_READ_MAX ? n : LINE_READ_MAX;
		bool newline = i % 2;
		struct buf text = BUF_INIT;
		struct line_reader r;
		struct str line;

		buf_str(&text, STR("before\n"));
		buf_reserve(&text, n);
		memset(text.p + text.n, 'x', n);
		text.n += n;
		if (newline)
			buf_str(&text, STR("\nbehind\n"));
		struct file f = file_make(buf_view(&text));
		int fd = open(f.path, O_RDONLY);

		line_reader_init(&r, fd);
		assert_int_equal(line_reader_next(&r, true, &line, NULL), LINE_READ_ONE);
		assert_true(str_eq(line, STR("before")));
		assert_int_equal(line_reader_next(&r, true, &line, NULL), LINE_READ_ONE);
		assert_int_equal(line.n, want);
		assert_true(line.p[0] == 'x' && line.p[want - 1] == 'x');
		if (newline) {
			assert_int_equal(line_reader_next(&r, true, &line, NULL), LINE_READ_ONE);
			assert_true(str_eq(line, STR("behind")));
		}
		assert_int_equal(line_reader_next(&r, true, &line, NULL), LINE_READ_END);
		line_reader_release(&r);
		close(fd);
		unlink(f.path);
		buf_release(&text);
	}
}

static void waits_for_the_rest_of_a_line(void **state)
{
	(void)state;
	struct file f = file_make(STR("one\ntw"));
	int fd = open(f.path, O_RDONLY), out = open(f.path, O_WRONLY | O_APPEND);
	struct line_reader r;
	struct str line;

	line_reader_init(&r, fd);
	assert_int_equal(line_reader_next(&r, false, &line, NULL), LINE_READ_ONE);
	assert_int_equal(line_reader_next(&r, false, &line, NULL), LINE_READ_END);
	assert_int_equal(write(out, "o\nth", 4), 4);
	assert_int_equal(line_reader_next(&r, false, &line, NULL), LINE_READ_ONE);
	assert_true(str_eq(line, STR("two")));
	assert_int_equal(line_reader_next(&r, false, &line, NULL), LINE_READ_END);
	assert_int_equal(line_reader_next(&r, true, &line, NULL), LINE_READ_ONE);
	assert_true(str_eq(line, STR("th")));
	line_reader_release(&r);
	close(fd);
	close(out);
	unlink(f.path);
}

static void says_why_reading_failed(void **state)
{
	(void)state;
	const struct line_options o = {.now_ms = 0};
	struct file f = file_make(STR("x\n"));
	const char *paths[] = {f.path, "/tmp"}, *gone[] = {"/nonexistent/mail.log"};
	struct line_reader r;
	struct str line;
	struct err err = {0};

	assert_null(merge_open(paths, 2, &o, &err));
	assert_string_equal(err.msg, "cannot read '/tmp': Is a directory");
	assert_null(merge_open(gone, 1, &o, &err));
	assert_string_equal(err.msg, "cannot read '/nonexistent/mail.log': No such file or directory");
	line_reader_init(&r, -1);
	assert_int_equal(line_reader_next(&r, true, &line, &err), LINE_READ_FAILED);
	assert_non_null(strstr(err.msg, "reading failed"));
	line_reader_release(&r);
	unlink(f.path);
}

/* want: one line per line of the merge: source, number, own time, pipeline time, text. */
static void merges_by_pipeline_time(void **state)
{
	(void)state;
	static const struct {
		const char *label;
		int year;
		const char *mtime;
		const char *files[3];
		const char *want;
	} cases[] = {
	    {"no file", 0, "2026-11-24T00:00:00Z", {NULL}, ""},
	    {"empty files", 0, "2026-11-24T00:00:00Z", {"", ""}, ""},
	    {"ties in file order, lines of one file in theirs",
	     0,
	     "2026-11-24T00:00:00Z",
	     {"Nov 23 10:00:01 h a: 1\nNov 23 10:00:01 h a: 2\n", "Nov 23 10:00:01 h b: 1\nNov 23 10:00:00 h b: 2\n",
	      "Nov 23 10:00:00 h c: 1\n"},
	     "2.0 2026-11-23T10:00:00.000Z 2026-11-23T10:00:00.000Z Nov 23 10:00:00 h c: 1\n"
	     "0.0 2026-11-23T10:00:01.000Z 2026-11-23T10:00:01.000Z Nov 23 10:00:01 h a: 1\n"
	     "0.1 2026-11-23T10:00:01.000Z 2026-11-23T10:00:01.000Z Nov 23 10:00:01 h a: 2\n"
	     "1.0 2026-11-23T10:00:01.000Z 2026-11-23T10:00:01.000Z Nov 23 10:00:01 h b: 1\n"
	     "1.1 2026-11-23T10:00:00.000Z 2026-11-23T10:00:01.000Z Nov 23 10:00:00 h b: 2\n"},
	    {"unstamped lines: the line before, at the start the first stamp",
	     0,
	     "2026-11-24T00:00:00Z",
	     {"no stamp\n\n2026-11-23T10:00:01Z h a: x\nnor here\n2026-11-23T10:00:03Z h a: y\n",
	      "2026-11-23T10:00:00Z h b: z\n2026-11-23T10:00:02Z h b: z"},
	     "1.0 2026-11-23T10:00:00.000Z 2026-11-23T10:00:00.000Z 2026-11-23T10:00:00Z h b: z\n"
	     "0.0 2026-11-23T10:00:01.000Z 2026-11-23T10:00:01.000Z no stamp\n"
	     "0.1 2026-11-23T10:00:01.000Z 2026-11-23T10:00:01.000Z \n"
	     "0.2 2026-11-23T10:00:01.000Z 2026-11-23T10:00:01.000Z 2026-11-23T10:00:01Z h a: x\n"
	     "0.3 2026-11-23T10:00:01.000Z 2026-11-23T10:00:01.000Z nor here\n"
	     "1.1 2026-11-23T10:00:02.000Z 2026-11-23T10:00:02.000Z 2026-11-23T10:00:02Z h b: z\n"
	     "0.4 2026-11-23T10:00:03.000Z 2026-11-23T10:00:03.000Z 2026-11-23T10:00:03Z h a: y\n"},
	    {"a file without stamps has its own time",
	     0,
	     "2026-11-23T10:00:01Z",
	     {"a\nb", "Nov 23 10:00:00 h c: x\n"},
	     "1.0 2026-11-23T10:00:00.000Z 2026-11-23T10:00:00.000Z Nov 23 10:00:00 h c: x\n"
	     "0.0 2026-11-23T10:00:01.000Z 2026-11-23T10:00:01.000Z a\n"
	     "0.1 2026-11-23T10:00:01.000Z 2026-11-23T10:00:01.000Z b\n"},
	    {"the year is that of the first stamp, not of a line before it",
	     0,
	     "2026-01-02T00:00:00Z",
	     {"log begins\nDec 31 23:59:59 h a: x\nJan  1 00:00:00 h a: y\n"},
	     "0.0 2025-12-31T23:59:59.000Z 2025-12-31T23:59:59.000Z log begins\n"
	     "0.1 2025-12-31T23:59:59.000Z 2025-12-31T23:59:59.000Z Dec 31 23:59:59 h a: x\n"
	     "0.2 2026-01-01T00:00:00.000Z 2026-01-01T00:00:00.000Z Jan  1 00:00:00 h a: y\n"},
	    {"the year asked for",
	     2019,
	     "2026-01-02T00:00:00Z",
	     {"Dec 31 23:59:59 h a: x\nJan  1 00:00:00 h a: y"},
	     "0.0 2019-12-31T23:59:59.000Z 2019-12-31T23:59:59.000Z Dec 31 23:59:59 h a: x\n"
	     "0.1 2020-01-01T00:00:00.000Z 2020-01-01T00:00:00.000Z Jan  1 00:00:00 h a: y\n"},
	};

	for (size_t i = 0; i < LEN(cases); i++) {
		struct line_options o = {.year = cases[i].year};
		struct file files[3];
		const char *paths[3];
		struct buf got = BUF_INIT;
		struct line line;
		size_t n = 0;

		print_message("%s\n", cases[i].label);
		for (; n < 3 && cases[i].files[n]; n++) {
			files[n] = file_make(str_from(cases[i].files[n]));
			set_mtime(&files[n], cases[i].mtime);
			paths[n] = files[n].path;
		}
		struct line_merge *m = merge_open(paths, n, &o, NULL);

		assert_non_null(m);
		while (merge_next(m, &line)) {
			char own[25], p[25];

			time_format(line.ts_ms, own);
			time_format(line.p_ms, p);
			buf_fmt(&got, "%zu.%lld %s %s %.*s\n", line.source, (long long)line.number, own, p,
			        STR_FMT(line.text));
		}
		assert_int_equal(merge_status(m, NULL), 0);
		assert_string_equal(buf_z(&got), cases[i].want);
		int64_t done, total;

		merge_progress(m, &done, &total);
		assert_int_equal(done, total);
		merge_close(m);
		buf_release(&got);
		for (size_t k = 0; k < n; k++)
			unlink(files[k].path);
	}
}

/* A pipe's bytes come in pieces, its size is not known, and its own time is what the caller says. */
static void reads_standard_input(void **state)
{
	(void)state;
	const struct line_options o = {.now_ms = ms("2026-11-24T00:00:00Z")};
	const char *paths[] = {"-"};
	struct line line;
	int64_t done, total;
	int fds[2], keep = dup(STDIN_FILENO);

	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], "one\ntwo", 7), 7);
	close(fds[1]);
	dup2(fds[0], STDIN_FILENO);
	close(fds[0]);
	struct line_merge *m = merge_open(paths, 1, &o, NULL);

	assert_non_null(m);
	assert_true(merge_next(m, &line));
	assert_int_equal(line.ts_ms, o.now_ms);
	assert_true(merge_next(m, &line));
	assert_true(str_eq(line.text, STR("two")));
	assert_false(merge_next(m, &line));
	assert_false(merge_next(m, &line));
	merge_progress(m, &done, &total);
	assert_int_equal(done, 7);
	assert_int_equal(total, -1);
	merge_close(m);
	dup2(keep, STDIN_FILENO);
	close(keep);
}

/* Random files against a sort of all their lines. */
static void merges_as_a_stable_sort_does(void **state)
{
	(void)state;
	enum { FILES = 5, LINES = 400 };
	const struct line_options o = {.year = 2026};
	unsigned seed = 7;

	for (int round = 0; round < 20; round++) {
		struct file files[FILES];
		const char *paths[FILES];
		int64_t p[FILES][LINES];
		size_t at[FILES] = {0};
		struct line line;

		for (int f = 0; f < FILES; f++) {
			struct buf text = BUF_INIT;
			int64_t max = 0, second = 0;

			for (int i = 0; i < LINES; i++) {
				char when[25];

				second += rand_r(&seed) % 4 - 1;
				time_format(ms("2026-06-01T00:00:00Z") + second * 1000, when);
				max = second > max || !i ? second : max;
				p[f][i] = ms("2026-06-01T00:00:00Z") + max * 1000;
				buf_fmt(&text, "%s h x: %d.%d\n", when, f, i);
			}
			files[f] = file_make(buf_view(&text));
			paths[f] = files[f].path;
			buf_release(&text);
		}
		struct line_merge *m = merge_open(paths, FILES, &o, NULL);

		for (int k = 0; k < FILES * LINES; k++) {
			size_t best = FILES;

			for (size_t f = 0; f < FILES; f++)
				if (at[f] < LINES && (best == FILES || p[f][at[f]] < p[best][at[best]]))
					best = f;
			assert_true(merge_next(m, &line));
			assert_int_equal(line.source, best);
			assert_int_equal(line.number, at[best]);
			assert_int_equal(line.p_ms, p[best][at[best]]);
			at[best]++;
		}
		assert_false(merge_next(m, &line));
		merge_close(m);
		for (int f = 0; f < FILES; f++)
			unlink(files[f].path);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_whole_lines),
	    cmocka_unit_test(cuts_long_lines_once),
	    cmocka_unit_test(waits_for_the_rest_of_a_line),
	    cmocka_unit_test(says_why_reading_failed),
	    cmocka_unit_test(merges_by_pipeline_time),
	    cmocka_unit_test(reads_standard_input),
	    cmocka_unit_test(merges_as_a_stable_sort_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
