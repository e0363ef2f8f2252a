/* SPDX-License-Identifier: Apache-2.0 */
/* stream_trace_test - which traces are handed on, and that they outlive the waiting of their record */
#include "lib/stream/trace.h"

#include "lib/stream/waiting.h"
#include "support.h"

#define PARENT "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
#define LONG   "0123456789012345678901234567890123456789012345678901234567890123456789"

static const struct {
	const char *label, *parent, *state;
	size_t want;
} cases[] = {
    {"both", PARENT, "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE", 2},
    {"no state", PARENT, "", 1},
    {"state alone", "", "a=1", 0},
    {"a later version with more behind it", "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more", "", 1},
    {"a later version run on", "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01more", "", 0},
    {"more behind version 0", PARENT "-more", "", 0},
    {"version ff", "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "", 0},
    {"upper case", "00-4BF92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "", 0},
    {"no trace id", "00-00000000000000000000000000000000-00f067aa0ba902b7-01", "", 0},
    {"no parent id", "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", "", 0},
    {"cut off", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0", "", 0},
    {"another separator", "00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "", 0},
    {"too long", "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-" LONG LONG LONG LONG, "", 0},
    {"state with a control character", PARENT, "a=1\033[31m", 1},
    {"state with other letters", PARENT, "a=\xc3\xa4", 1},
    {"state too long", PARENT, LONG LONG LONG LONG LONG LONG LONG LONG, 1},
};

static struct log_record record(const char *parent, const char *state)
{
	return (struct log_record){
	    .headers = {{"x", STR("y")}, {"traceparent", str_from(parent)}, {"tracestate", str_from(state)}},
	    .n_headers = 3,
	};
}

static void only_what_is_well_formed(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < LEN(cases); i++) {
		const struct log_record rec = record(cases[i].parent, cases[i].state);
		struct log_header got[TRACE_HEADERS];
		size_t n = trace_headers(&rec, got);

		if (n != cases[i].want)
			fail_msg("%s: %zu headers", cases[i].label, n);
		for (size_t k = 0; k < n; k++) {
			assert_string_equal(got[k].name, trace_names[k]);
			assert_true(str_eq(got[k].value, rec.headers[1 + k].value));
		}
	}
}

static void waits_with_its_record(void **unused)
{
	struct log_record rec = record(PARENT, "a=1");
	struct log_header got[TRACE_HEADERS];
	struct waiting w;

	(void)unused;
	waiting_init(&w);
	char *text = strdup(PARENT);
	rec.headers[1].value = str_from(text);
	waiting_add(&w, &rec, 5);
	memset(text, 'x', strlen(text));
	free(text);
	assert_int_equal(trace_headers(&waiting_first(&w)->rec, got), 2);
	assert_true(str_eq(got[0].value, STR(PARENT)));
	rec = record(PARENT, "");
	rec.order = STR("12345678rest");
	waiting_add(&w, &rec, 6); /* another stage's: nobody asks for its headers */
	waiting_drop(&w, waiting_first(&w));
	assert_int_equal(waiting_first(&w)->rec.n_headers, 0);
	waiting_release(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(only_what_is_well_formed),
	    cmocka_unit_test(waits_with_its_record),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
