/* SPDX-License-Identifier: Apache-2.0 */
/* follow - what is there, what comes, renames, truncation, pipes */
#include "main/follow.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/timefmt.h"

static char dir[] = "/tmp/qlapse_follow_XXXXXX";
static char a[64], b[64], old[64];
static const struct line_options options = {.year = 2026};
static int64_t now;

static int set_up(void **state)
{
	(void)state;
	strcpy(dir + strlen(dir) - 6, "XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(a, sizeof(a), "%s/a.log", dir);
	snprintf(b, sizeof(b), "%s/b.log", dir);
	snprintf(old, sizeof(old), "%s/a.log.1", dir);
	assert_true(time_parse(STR("2026-11-24T12:00:00Z"), &now));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	unlink(a);
	unlink(b);
	unlink(old);
	return rmdir(dir);
}

static void append(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

/* All lines that are there now, as "source.number text\n". */
static void expect(struct follow *f, const char *want)
{
	struct buf got = BUF_INIT;
	struct line line;

	while (follow_next(f, now, &line))
		buf_fmt(&got, "%zu.%d %.*s\n", line.source, (int)line.number, STR_FMT(line.text));
	assert_int_equal(follow_status(f, NULL), 0);
	assert_string_equal(buf_z(&got), want);
	buf_release(&got);
}

static struct follow *open_both(bool once)
{
	const char *const paths[] = {a, b};
	struct follow *f = follow_open(paths, 2, &options, once, NULL);

	assert_non_null(f);
	return f;
}

static struct follow *open_one(const char *path)
{
	struct follow *f = follow_open(&path, 1, &options, false, NULL);

	assert_non_null(f);
	return f;
}

static void merges_what_is_there_and_what_comes(void **state)
{
	(void)state;
	append(a, "Nov 24 10:00:02 h a\nNov 24 10:00:04 h a\n");
	append(b, "Nov 24 10:00:01 h b\nNov 24 10:00:03 h b\n");
	struct follow *f = open_both(false);

	expect(f,
	       "1.0 Nov 24 10:00:01 h b\n0.0 Nov 24 10:00:02 h a\n1.1 Nov 24 10:00:03 h b\n0.1 Nov 24 10:00:04 h a\n");
	expect(f, "");
	append(a, "Nov 24 10:00:07 h a\n");
	append(b, "Nov 24 10:00:06 h b\nNov 24 10:00:0");
	expect(f, "1.2 Nov 24 10:00:06 h b\n0.2 Nov 24 10:00:07 h a\n");
	append(b, "8 h b\n");
	expect(f, "1.3 Nov 24 10:00:08 h b\n");
	assert_false(follow_ended(f));
	follow_close(f);
}

static void ends_once_with_the_files(void **state)
{
	(void)state;
	append(a, "Nov 24 10:00:02 h a");
	append(b, "");
	struct follow *f = open_both(true);

	assert_false(follow_ended(f));
	expect(f, "0.0 Nov 24 10:00:02 h a\n");
	assert_true(follow_ended(f));
	append(b, "Nov 24 10:00:03 h b\n");
	expect(f, "");
	follow_close(f);
}

/* The old file is read to its end, with the line that will not be ended any more; the new one from its start. */
static void follows_a_rename(void **state)
{
	(void)state;
	append(a, "one\n");
	struct follow *f = open_one(a);

	expect(f, "0.0 one\n");
	assert_int_equal(rename(a, old), 0);
	append(old, "two\n");
	expect(f, "0.1 two\n");
	append(a, ""); /* made, and not used yet: the writer has the old one open */
	append(old, "three\nfo");
	expect(f, "0.2 three\n");
	append(old, "ur");
	append(a, "five\n");
	expect(f, "0.3 four\n0.4 five\n");
	append(a, "six\n");
	append(old, "lost\n");
	expect(f, "0.5 six\n");
	follow_close(f);
}

static void follows_a_truncation(void **state)
{
	(void)state;
	append(a, "one, a long line\ntwo\n");
	struct follow *f = open_one(a);

	expect(f, "0.0 one, a long line\n0.1 two\n");
	assert_int_equal(truncate(a, 0), 0);
	expect(f, "");
	append(a, "three\n");
	expect(f, "0.2 three\n");
	follow_close(f);
}

static void waits_while_a_file_is_gone(void **state)
{
	(void)state;
	append(a, "one\n");
	struct follow *f = open_one(a);

	expect(f, "0.0 one\n");
	assert_int_equal(unlink(a), 0);
	expect(f, "");
	append(a, "two\n");
	expect(f, "0.1 two\n");
	follow_close(f);
}

static void no_line_is_later_than_now(void **state)
{
	(void)state;
	append(a, "no stamp\nNov 24 11:59:59 h a\nNov 24 12:00:01 h a\nNov 24 11:00:00 h a\n");
	struct follow *f = open_one(a);
	static const int64_t want[][2] = {{-1, -1}, {-1, -1}, {0, 0}, {-3600, 0}}; /* own and pipeline time, from now */
	struct line line;

	for (size_t i = 0; i < 4; i++) {
		assert_true(follow_next(f, now, &line));
		assert_int_equal(line.ts_ms, now + want[i][0] * 1000);
		assert_int_equal(line.p_ms, now + want[i][1] * 1000);
	}
	assert_false(follow_next(f, now, &line));
	follow_close(f);
}

/* A pipe is never waited for; its end is the end. */
static void follows_a_pipe(void **state)
{
	(void)state;
	int fds[2], keep = dup(STDIN_FILENO);

	assert_int_equal(pipe(fds), 0);
	dup2(fds[0], STDIN_FILENO);
	close(fds[0]);
	struct follow *f = open_one("-");

	expect(f, "");
	assert_int_equal(write(fds[1], "one\ntw", 6), 6);
	expect(f, "0.0 one\n");
	assert_false(follow_ended(f));
	assert_int_equal(write(fds[1], "o\nthree", 7), 7);
	close(fds[1]);
	expect(f, "0.1 two\n0.2 three\n");
	expect(f, "");
	assert_true(follow_ended(f));
	follow_close(f);
	dup2(keep, STDIN_FILENO);
	close(keep);
}

static void says_what_cannot_be_read(void **state)
{
	(void)state;
	const char *const paths[] = {a, "/nonexistent/mail.log"};
	struct err err = {0};

	append(a, "one\n");
	assert_null(follow_open(paths, 2, &options, false, &err));
	assert_string_equal(err.msg, "cannot read '/nonexistent/mail.log': No such file or directory");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(merges_what_is_there_and_what_comes),
	    TEST(ends_once_with_the_files),
	    TEST(follows_a_rename),
	    TEST(follows_a_truncation),
	    TEST(waits_while_a_file_is_gone),
	    TEST(no_line_is_later_than_now),
	    TEST(follows_a_pipe),
	    TEST(says_what_cannot_be_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
