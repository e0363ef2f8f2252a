/* SPDX-License-Identifier: Apache-2.0 */
/* ingest_envelope - heads of every form; years that are not written; queue ids that hold a time */
#include "ingest/envelope.h"

#include "ingest/linetime.h"
#include "ingest/queueid.h"
#include "ingest/stamp.h"
#include "ingest_support.h"

static void heads(void **state)
{
	static const struct {
		const char *label, *line, *time, *host, *program, *text;
		enum ts_quality quality;
	} cases[] = {
	    {"RFC 3164", "Nov 24 08:00:00 mx1 postfix/smtp[4711]: x y", "2026-11-24T08:00:00Z", "mx1", "postfix/smtp",
	     "x y", TS_QUALITY_YEAR_GUESSED},
	    {"one digit of day", "Nov  4 08:00:00 mx1 postfix/smtp[4711]: x", "2026-11-04T08:00:00Z", "mx1",
	     "postfix/smtp", "x", TS_QUALITY_YEAR_GUESSED},
	    {"two digits of day", "Nov 04 08:00:00 mx1 postfix/smtp[4711]: x", "2026-11-04T08:00:00Z", "mx1",
	     "postfix/smtp", "x", TS_QUALITY_YEAR_GUESSED},
	    {"fraction", "Nov 24 08:00:00.25 mx1 postfix/smtp[4711]: x", "2026-11-24T08:00:00.250Z", "mx1",
	     "postfix/smtp", "x", TS_QUALITY_YEAR_GUESSED},
	    {"PRI", "<22>Nov 24 08:00:00 mx1 postfix/smtp[4711]: x", "2026-11-24T08:00:00Z", "mx1", "postfix/smtp", "x",
	     TS_QUALITY_YEAR_GUESSED},
	    {"no pid", "Nov 24 08:00:00 mx1 postfix/smtp: x", "2026-11-24T08:00:00Z", "mx1", "postfix/smtp", "x",
	     TS_QUALITY_YEAR_GUESSED},
	    {"no host, from the log socket", "<22>Nov 24 08:00:00 postfix/smtp[4711]: 4F1A2B3C4D: x",
	     "2026-11-24T08:00:00Z", "", "postfix/smtp", "4F1A2B3C4D: x", TS_QUALITY_YEAR_GUESSED},
	    {"host is an address", "Nov 24 08:00:00 2001:db8::1 postfix/smtp[1]: x", "2026-11-24T08:00:00Z",
	     "2001:db8::1", "postfix/smtp", "x", TS_QUALITY_YEAR_GUESSED},
	    {"year in front", "2013 Jun 10 06:28:18.123 mx1 postfix/smtp[1]: x", "2013-06-10T06:28:18.123Z", "mx1",
	     "postfix/smtp", "x", TS_QUALITY_EXACT},
	    {"year in front, whole seconds", "2013 Jun 10 06:28:18 mx1 postfix/smtp[1]: x", "2013-06-10T06:28:18Z",
	     "mx1", "postfix/smtp", "x", TS_QUALITY_SECOND},
	    {"RFC 3339", "2025-08-07T18:24:58.401157+05:00 mx1 postfix/smtp[1]: x", "2025-08-07T13:24:58.401Z", "mx1",
	     "postfix/smtp", "x", TS_QUALITY_EXACT},
	    {"RFC 3339, whole seconds, west", "2025-08-07T18:24:58-07:00 mx1 postfix/smtp[1]: x",
	     "2025-08-08T01:24:58Z", "mx1", "postfix/smtp", "x", TS_QUALITY_SECOND},
	    {"zone without a colon", "2025-08-07T18:24:58+0530 mx1 postfix/smtp[1]: x", "2025-08-07T12:54:58Z", "mx1",
	     "postfix/smtp", "x", TS_QUALITY_SECOND},
	    {"no zone, a space for the T", "2025-08-07 18:24:58 mx1 postfix/smtp[1]: x", "2025-08-07T18:24:58Z", "mx1",
	     "postfix/smtp", "x", TS_QUALITY_SECOND},
	    {"PRI and RFC 3339", "<22>2025-08-07T18:24:58Z mx1 postfix/smtp[1]: x", "2025-08-07T18:24:58Z", "mx1",
	     "postfix/smtp", "x", TS_QUALITY_SECOND},
	    {"RFC 5424", "<22>1 2026-01-01T00:00:00.000Z mx1 postfix/smtp 123 - - x y", "2026-01-01T00:00:00Z", "mx1",
	     "postfix/smtp", "x y", TS_QUALITY_EXACT},
	    {"RFC 5424 without PRI", "1 2026-01-01T00:00:00Z mx1 postfix 123 - - x", "2026-01-01T00:00:00Z", "mx1",
	     "postfix", "x", TS_QUALITY_SECOND},
	    {"RFC 5424, no stamp, no host", "<22>1 - - postfix/smtp - - - x", "2026-11-24T08:00:01Z", "",
	     "postfix/smtp", "x", TS_QUALITY_RECORD},
	    {"RFC 5424, structured data, mark",
	     "<22>1 2026-01-01T00:00:00Z mx1 postfix/smtp 1 ID [a@1 b=\"]\\\"\"][c d=\"e\"] \xef\xbb\xbfx",
	     "2026-01-01T00:00:00Z", "mx1", "postfix/smtp", "x", TS_QUALITY_SECOND},
	    {"bare tag", "postfix/smtp[1]: x", "2026-11-24T08:00:01Z", "", "postfix/smtp", "x", TS_QUALITY_RECORD},
	    {"bare queue id", "4F1A2B3C4D: to=<a>", "2026-11-24T08:00:01Z", "", "", "4F1A2B3C4D: to=<a>",
	     TS_QUALITY_RECORD},
	    {"mark of a file's start", "\xef\xbb\xbfNov 24 08:00:00 mx1 postfix/smtp[1]: x", "2026-11-24T08:00:00Z",
	     "mx1", "postfix/smtp", "x", TS_QUALITY_YEAR_GUESSED},
	    {"no tag", "Nov 24 08:00:00 mx1 last message repeated 2 times", "2026-11-24T08:00:00Z", "mx1", "-",
	     "last message repeated 2 times", TS_QUALITY_YEAR_GUESSED},
	    {"leap second", "2016-12-31T23:59:60Z mx1 a: x", "2016-12-31T23:59:59Z", "mx1", "a", "x",
	     TS_QUALITY_SECOND},
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct envelope env;

		expect(envelope_read(str_from(cases[i].line), at("2026-11-24T08:00:01Z"), 0, &env), cases[i].label);
		expect_i64(env.time_ms, at(cases[i].time), cases[i].label);
		expect_str(env.host, str_from(cases[i].host), cases[i].label);
		expect_str(env.program, str_from(cases[i].program), cases[i].label);
		expect_str(env.text, str_from(cases[i].text), cases[i].label);
		expect_i64(env.quality, cases[i].quality, cases[i].label);
	}
}

static void no_heads(void **state)
{
	static const char *const lines[] = {
	    "",
	    "<",
	    "<22>",
	    "<22>1 ",
	    "hello world",
	    "Nov 31 08:00:00 mx1 postfix/smtp[1] x",
	    "Nov 24 08:00:00",
	    "Nov 24 08:00:00 ",
	    "Nov 24 08:00:00 mx1",
	    "Nov 24 08:00:00 mx1 postfix/smtp[471",
	    "<22>1 2026-01-01T00:00:00Z mx1 postfix/smtp 1 ID [a b=\"",
	    "<22>1 2026-01-01T00:00:00Z mx1 postfix/smtp 1 ID [a]x",
	    "<22>1 2026-01-01T00:00:00Z mx1",
	    "postfix/smtp[1",
	    "postfix/smtp[1] x",
	};

	(void)state;
	for (size_t i = 0; i < LEN(lines); i++) {
		struct envelope env;

		expect(!envelope_read(str_from(lines[i]), at("2026-11-24T08:00:01Z"), 0, &env), lines[i]);
	}
}

static void years(void **state)
{
	static const struct {
		const char *label, *stamp, *record, *want;
		int64_t zone_h;
	} cases[] = {
	    {"same day", "Nov 24 08:00:00", "2026-11-24T08:00:01Z", "2026-11-24T08:00:00Z", 0},
	    {"a little later than the record", "Nov 24 08:00:00", "2026-11-24T07:59:00Z", "2026-11-24T08:00:00Z", 0},
	    {"last year's", "Dec 31 23:59:59", "2026-01-01T00:00:05Z", "2025-12-31T23:59:59Z", 0},
	    {"next year's", "Jan  1 00:00:01", "2025-12-31T23:59:58Z", "2026-01-01T00:00:01Z", 0},
	    {"five months back", "Jun 30 00:00:00", "2026-11-24T08:00:00Z", "2026-06-30T00:00:00Z", 0},
	    {"seven months back is five ahead", "Apr 20 00:00:00", "2026-11-24T08:00:00Z", "2027-04-20T00:00:00Z", 0},
	    {"leap day", "Feb 29 12:00:00", "2024-03-01T00:00:00Z", "2024-02-29T12:00:00Z", 0},
	    {"leap day, the year after", "Feb 29 12:00:00", "2025-01-10T00:00:00Z", "2024-02-29T12:00:00Z", 0},
	    {"leap day, two years after", "Feb 29 12:00:00", "2026-03-10T00:00:00Z", "2028-02-29T12:00:00Z", 0},
	    {"zone east", "Jan  1 01:00:00", "2025-12-31T23:00:05Z", "2025-12-31T23:00:00Z", 2},
	    {"zone west", "Dec 31 20:00:00", "2026-01-01T03:00:05Z", "2026-01-01T03:00:00Z", -7},
	    {"a record without a time", "Jan  2 00:00:00", NULL, "1970-01-02T00:00:00Z", 0},
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct str text = str_from(cases[i].stamp);
		struct stamp stamp;

		expect(stamp_eat(&text, cases[i].zone_h * 3600000, &stamp) && text.n == 0, cases[i].label);
		int64_t record_ms = cases[i].record ? at(cases[i].record) : TIME_NONE;
		expect_i64(stamp_time(&stamp, record_ms), at(cases[i].want), cases[i].label);
	}
}

struct file_case {
	const char *label;
	int year;
	const char *mtime;
	int64_t zone_h;
	const char *lines[6], *want[6]; /* want NULL: TIME_NONE */
};

static void file_times(void **state)
{
	static const struct file_case cases[] = {
	    {"this year",
	     0,
	     "2026-11-24T09:00:00Z",
	     0,
	     {"Nov 24 08:00:00 h a: x", "Nov 24 08:00:01 h a: x"},
	     {"2026-11-24T08:00:00Z", "2026-11-24T08:00:01Z"}},
	    {"over New Year",
	     0,
	     "2026-01-05T09:00:00Z",
	     0,
	     {"Dec 31 23:59:59 h a: x", "Jan  1 00:00:00 h a: x", "Jan  2 00:00:00 h a: x"},
	     {"2025-12-31T23:59:59Z", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"}},
	    {"a day after the file's time is still that year",
	     0,
	     "2026-11-24T09:00:00Z",
	     0,
	     {"Nov 25 08:00:00 h a: x"},
	     {"2026-11-25T08:00:00Z"}},
	    {"two days after it is the year before",
	     0,
	     "2026-11-24T09:00:00Z",
	     0,
	     {"Nov 26 08:00:00 h a: x"},
	     {"2025-11-26T08:00:00Z"}},
	    {"year asked for",
	     2019,
	     "2026-11-24T09:00:00Z",
	     0,
	     {"Dec 31 23:00:00 h a: x", "Jan  1 00:00:00 h a: x"},
	     {"2019-12-31T23:00:00Z", "2020-01-01T00:00:00Z"}},
	    {"a little disorder is no new year",
	     2019,
	     NULL,
	     0,
	     {"Jun 10 00:00:02 h a: x", "Jun 10 00:00:01 h a: x", "Jan 10 00:00:00 h a: x"},
	     {"2019-06-10T00:00:02Z", "2019-06-10T00:00:01Z", "2019-01-10T00:00:00Z"}},
	    {"lines without a stamp take the one before",
	     2019,
	     NULL,
	     0,
	     {"postfix/smtp[1]: x", "Jun 10 00:00:02 h a: x", "  at line 3", ""},
	     {NULL, "2019-06-10T00:00:02Z", "2019-06-10T00:00:02Z", "2019-06-10T00:00:02Z"}},
	    {"stamps with a year need none",
	     0,
	     NULL,
	     0,
	     {"2025-08-07T18:24:58+05:00 h a: x", "<22>1 2026-01-01T00:00:00Z h a - - - x",
	      "<22>2013 Jun 10 06:28:18 h a: x"},
	     {"2025-08-07T13:24:58Z", "2026-01-01T00:00:00Z", "2013-06-10T06:28:18Z"}},
	    {"zone", 2019, NULL, 2, {"Jan  1 01:00:00 h a: x"}, {"2018-12-31T23:00:00Z"}},
	    {"leap day", 0, "2025-01-10T00:00:00Z", 0, {"Feb 29 12:00:00 h a: x"}, {"2024-02-29T12:00:00Z"}},
	    {"leap day of a year that has none", 2023, NULL, 0, {"Feb 29 12:00:00 h a: x"}, {"2023-02-28T12:00:00Z"}},
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		const struct file_case *c = &cases[i];
		struct line_clock clock;

		line_clock_init(&clock, c->year, c->mtime ? at(c->mtime) : TIME_NONE, c->zone_h * 3600000);
		for (size_t j = 0; j < LEN(c->lines) && c->lines[j]; j++)
			expect_i64(line_time(&clock, str_from(c->lines[j])), c->want[j] ? at(c->want[j]) : TIME_NONE,
			           c->label);
	}
}

static void queue_ids(void **state)
{
	static const struct {
		const char *label, *id;
		bool ok;
		const char *time; /* NULL: holds none */
	} cases[] = {
	    {"short", "4F1A2B3C4D", true, NULL},
	    {"shortest", "4F1A2", true, NULL},
	    {"too short", "4F1A", false, NULL},
	    {"longest", "4F1A2B3C4D4F1A2B3C4D4F1A2B3C4D12", true, NULL},
	    {"too long", "4F1A2B3C4D4F1A2B3C4D4F1A2B3C4D123", false, NULL},
	    {"other characters", "4F1A-B3C4D", false, NULL},
	    {"empty", "", false, NULL},
	    {"long", "4jYYbN0sf8zQJ2B", true, "2026-11-24T07:00:00.123Z"},
	    {"long, older", "3mPVKl0Mhjz7sXv", true, "2015-07-05T12:52:11.053Z"},
	    {"z in the seconds", "3zPVKl0Mhjz7sXv", true, "2018-01-21T09:55:07.053Z"},
	    {"a vowel", "3mPVKa0Mhjz7sXv", true, NULL},
	    {"too few before z", "3mPVKlMhjz7sXv", true, NULL},
	    {"nothing behind z", "3mPVKl0Mhjz", true, NULL},
	    {"over a million microseconds", "3mPVKlzzzyz7sXv", true, NULL},
	    {"no seconds of any calendar", "ZZZZZZZZZZZ0Mhjz7sXv", true, NULL},
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct str id = str_from(cases[i].id);
		int64_t ms = TIME_NONE;

		expect_i64(queueid_ok(id), cases[i].ok, cases[i].label);
		expect_i64(queueid_time(id, &ms), cases[i].time != NULL, cases[i].label);
		expect_i64(ms, cases[i].time ? at(cases[i].time) : TIME_NONE, cases[i].label);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(heads),      cmocka_unit_test(no_heads),  cmocka_unit_test(years),
	    cmocka_unit_test(file_times), cmocka_unit_test(queue_ids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
