/* SPDX-License-Identifier: Apache-2.0 */
/* restamp - each form of a stamp, and the times in long queue ids */
#include "main/restamp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "ingest/queueid.h"
#include "lib/base/timefmt.h"

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

static int64_t ms(const char *text)
{
	int64_t at;

	assert_true(time_parse(str_from(text), &at));
	return at;
}

static void moves_stamps_of_every_form(void **state)
{
	(void)state;
	static const struct {
		const char *label, *line, *ts;
		int64_t zone_min, shift_s;
		const char *want;
	} cases[] = {
	    {"no year", "Nov 24 08:00:01 mx1 x: y", "2025-11-24T08:00:01Z", 0, 86400, "Nov 25 08:00:01 mx1 x: y"},
	    {"one digit of a day", "Nov 30 23:59:59 mx1 x", "2025-11-30T23:59:59Z", 0, 2, "Dec  1 00:00:01 mx1 x"},
	    {"back, over a leap day", "Mar  1 00:00:00 mx1 x", "2024-03-01T00:00:00Z", 0, -1, "Feb 29 23:59:59 mx1 x"},
	    {"the year is that of the line in its zone", "Mar  1 00:00:00 mx1 x", "2024-02-29T23:00:00Z", 60, -1,
	     "Feb 29 23:59:59 mx1 x"},
	    {"priority", "<22>Nov 24 08:00:01 mx1 x", "2025-11-24T08:00:01Z", 0, 1, "<22>Nov 24 08:00:02 mx1 x"},
	    {"RFC 5424", "<22>1 2025-11-24T08:00:01.123456+01:00 mx1 x - - - y", "2025-11-24T07:00:01.123Z", 0, 3600,
	     "<22>1 2025-11-24T09:00:01.123456+01:00 mx1 x - - - y"},
	    {"RFC 3339", "2025-12-31T23:59:59Z mx1 x", "2025-12-31T23:59:59Z", 0, 1, "2026-01-01T00:00:00Z mx1 x"},
	    {"with a space", "2025-12-31 23:59:59,5 mx1 x", "2025-12-31T23:59:59Z", 0, 1,
	     "2026-01-01 00:00:00,5 mx1 x"},
	    {"year in front", "2013 Jun 10 06:28:18.123 mx1 x", "2013-06-10T06:28:18.123Z", 0, 60,
	     "2013 Jun 10 06:29:18.123 mx1 x"},
	    {"none", "postfix/smtp[1]: 3F2A17: to=<a@example.org>", "2025-11-24T08:00:01Z", 0, 60,
	     "postfix/smtp[1]: 3F2A17: to=<a@example.org>"},
	    {"no such day", "Feb 30 08:00:01 mx1 x", "2025-03-01T08:00:01Z", 0, 60, "Feb 30 08:00:01 mx1 x"},
	    {"cut short", "Nov 24 08:0", "2025-11-24T08:00:01Z", 0, 60, "Nov 24 08:0"},
	    {"empty", "", "2025-11-24T08:00:01Z", 0, 60, ""},
	};

	for (size_t i = 0; i < LEN(cases); i++) {
		struct buf got = BUF_INIT;

		print_message("%s\n", cases[i].label);
		restamp(&got, str_from(cases[i].line), ms(cases[i].ts), cases[i].zone_min * 60000,
		        cases[i].shift_s * 1000);
		assert_string_equal(buf_z(&got), cases[i].want);
		buf_release(&got);
	}
}

/* An id moves with the lines of about the time that it holds, and stays in others. */
static void moves_long_queue_ids(void **state)
{
	(void)state;
	static const char id[] = "4G1Q3J0kZFzKwt";
	struct buf got = BUF_INIT, line = BUF_INIT;
	int64_t at, moved;

	assert_true(queueid_time(str_from(id), &at));
	char when[25];

	time_format(at, when);
	buf_fmt(&line, "%.19sZ mx1 postfix/qmgr[1]: %s: forwarded as %s, %s9", when, id, id, id);
	restamp(&got, buf_view(&line), at, 0, 86400 * 1000);
	ssize_t from = str_find(buf_view(&got), STR("]: "));
	struct str word = str_head(str_skip(buf_view(&got), (size_t)from + 3), strlen(id));

	assert_true(queueid_time(word, &moved));
	assert_int_equal(moved, at + 86400 * 1000);
	assert_true(str_eq(str_skip(word, 6), str_from(id + 6)));
	buf_clear(&line);
	buf_fmt(&line, ": %.*s: forwarded as %.*s, %.*s9", STR_FMT(word), STR_FMT(word), STR_FMT(word));
	assert_true(str_ends(buf_view(&got), buf_view(&line)));
	buf_clear(&got);
	buf_clear(&line);
	buf_fmt(&line, "mx1 %s", id);
	restamp(&got, buf_view(&line), at + (int64_t)31 * 86400 * 1000, 0, 1000);
	assert_true(str_eq(buf_view(&got), buf_view(&line)));
	buf_release(&got);
	buf_release(&line);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(moves_stamps_of_every_form),
	    cmocka_unit_test(moves_long_queue_ids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
