/* SPDX-License-Identifier: Apache-2.0 */
/* main_metrics_test - the table of metrics keeps to the conventions; the format, whatever a label holds; the reference */
#include <stdio.h>

#include "main/metrics.h"
#include "support.h"

static bool is_name(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!(s.p[i] >= 'a' && s.p[i] <= 'z') && s.p[i] != '_' && !(i > 0 && s.p[i] >= '0' && s.p[i] <= '9'))
			return false;
	return s.n > 0;
}

/* What is wrong with a metric, or NULL. https://prometheus.io/docs/practices/naming/ */
static const char *fault(const struct metric *m)
{
	static const char *const units[] = {"", "seconds", "bytes"};
	struct str name = str_from(m->name), prose = str_from(m->prose), labels = str_from(m->labels), label;
	char end[20];
	bool known = false, total = str_ends(name, STR("_total"));

	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		known |= strcmp(units[i], m->unit) == 0;
	snprintf(end, sizeof(end), "_%s%s", m->unit, total ? "_total" : "");
	if (!str_starts(name, STR("qlapse_")) || !is_name(name))
		return "name";
	if (total != (m->type == METRIC_COUNTER))
		return "counters end in _total, and nothing else does";
	if (str_ends(name, STR("_count")) || str_ends(name, STR("_sum")) || str_ends(name, STR("_bucket")))
		return "the end of a histogram's part";
	if (!known || (m->unit[0] != '\0' && !str_ends(name, str_from(end))))
		return "a base unit ends the name";
	if (m->unit[0] == '\0' && (str_find(name, STR("seconds")) >= 0 || str_find(name, STR("bytes")) >= 0))
		return "the name has a unit that the row has not";
	if (str_find(name, STR("_ms")) >= 0 || str_find(name, STR("milli")) >= 0)
		return "no base unit";
	if (prose.n < 10 || !str_ends(prose, STR(".")) || str_chr(prose, '\\') >= 0 || str_chr(prose, '\n') >= 0)
		return "prose";
	while (labels.n > 0) {
		if (!str_cut(&labels, ',', &label)) {
			label = labels;
			labels = STR_NONE;
		}
		if (!is_name(label) || str_eq(label, STR("le")) || str_eq(label, STR("job")) ||
		    str_eq(label, STR("instance")))
			return "label";
	}
	return NULL;
}

static void names_keep_to_the_conventions(void **state)
{
	static const struct metric bad[] = {
	    {"lapse_x", METRIC_GAUGE, "", "", "A long enough prose."},
	    {"qlapse_x", METRIC_COUNTER, "", "", "A long enough prose."},
	    {"qlapse_x_total", METRIC_GAUGE, "", "", "A long enough prose."},
	    {"qlapse_x_count", METRIC_GAUGE, "", "", "A long enough prose."},
	    {"qlapse_x", METRIC_GAUGE, "seconds", "", "A long enough prose."},
	    {"qlapse_x_seconds", METRIC_GAUGE, "", "", "A long enough prose."},
	    {"qlapse_x_ms", METRIC_GAUGE, "", "", "A long enough prose."},
	    {"qlapse_x_minutes", METRIC_GAUGE, "minutes", "", "A long enough prose."},
	    {"qlapse_X", METRIC_GAUGE, "", "", "A long enough prose."},
	    {"qlapse_x", METRIC_GAUGE, "", "a,le", "A long enough prose."},
	    {"qlapse_x", METRIC_GAUGE, "", "a b", "A long enough prose."},
	    {"qlapse_x", METRIC_GAUGE, "", "", "No end"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (fault(&bad[i]) == NULL)
			fail_msg("no rule catches bad metric %zu", i);
	for (int i = 0; i < METRIC_N; i++) {
		if (fault(&metrics[i]) != NULL)
			fail_msg("%s: %s", metrics[i].name, fault(&metrics[i]));
		for (int k = 0; k < i; k++)
			assert_string_not_equal(metrics[i].name, metrics[k].name);
	}
}

static void assert_text(const struct buf *got, const char *want)
{
	if (!str_eq(buf_view(got), str_from(want)))
		fail_msg("got:\n%.*s\nwant:\n%s", STR_FMT(buf_view(got)), want);
}

static void samples_are_written_as_the_format_wants(void **state)
{
	struct buf out = BUF_INIT;
	struct exposition e = {&out, -1};
	struct spans s = {.n = 0};

	(void)state;
	metric_add_ms(&e, METRIC_start_time_seconds, NULL, 1795581445520);
	metric_add_ms(&e, METRIC_worker_silent_seconds, (struct str[]){STR("a\\\"\n\xff"), STR("")}, -2005);
	metric_add_ms(&e, METRIC_worker_silent_seconds, (struct str[]){STR("\"\""), STR("\\")}, 10);
	metric_add(&e, METRIC_destinations, NULL, 7);
	assert_text(&out, "# HELP qlapse_start_time_seconds When this process began, as Unix time.\n"
	                  "# TYPE qlapse_start_time_seconds gauge\n"
	                  "qlapse_start_time_seconds 1795581445.52\n"
	                  "# HELP qlapse_worker_silent_seconds Since the worker's loop last came round: fractions of a "
	                  "second, or it hangs in a call.\n"
	                  "# TYPE qlapse_worker_silent_seconds gauge\n"
	                  "qlapse_worker_silent_seconds{stage=\"a\\\\\\\" \xef\xbf\xbd\",worker=\"\"} -2.005\n"
	                  "qlapse_worker_silent_seconds{stage=\"\\\"\\\"\",worker=\"\\\\\"} 0.01\n"
	                  "# HELP qlapse_destinations Destination groups that messages wait for.\n"
	                  "# TYPE qlapse_destinations gauge\n"
	                  "qlapse_destinations 7\n");
	buf_clear(&out);
	e.last = -1;
	for (int64_t us = 5000; us <= 50000000; us *= 10)
		spans_add(&s, us);
	metric_add_spans(&e, METRIC_commit_seconds, (struct str[]){STR("s"), STR("0")}, &s);
	assert_true(str_find(buf_view(&out), STR("{stage=\"s\",worker=\"0\",le=\"0.005\"} 1\n")) > 0);
	assert_true(str_find(buf_view(&out), STR("le=\"0.025\"} 1\n")) > 0);
	assert_true(str_find(buf_view(&out), STR("le=\"0.05\"} 2\n")) > 0);
	assert_true(str_find(buf_view(&out), STR("le=\"15\"} 4\n")) > 0);
	assert_true(str_find(buf_view(&out), STR("le=\"+Inf\"} 5\n")) > 0);
	assert_true(str_ends(buf_view(&out), STR("_sum{stage=\"s\",worker=\"0\"} 55.555\n"
	                                         "qlapse_commit_seconds_count{stage=\"s\",worker=\"0\"} 5\n")));
	buf_release(&out);
}

static void add_out_of_order(void)
{
	struct buf out = BUF_INIT;
	struct exposition e = {&out, -1};

	metric_add(&e, METRIC_destinations, NULL, 1);
	metric_add_ms(&e, METRIC_start_time_seconds, NULL, 1);
}

static void samples_of_a_metric_stay_together(void **state)
{
	(void)state;
	assert_true(aborts(add_out_of_order));
}

static void no_group_is_taken_for_another(void **state)
{
	static const struct {
		struct str group;
		const char *want;
	} table[] = {
	    {STR("far.example"), "far.example"},
	    {STR("local:127.0.0.1"), "local:127.0.0.1"},
	    {STR("m\xc3\xbcnchen.example"), "m\xc3\xbcnchen.example"},
	    {STR("~other"), "%7Eother"},
	    {STR("%7Eother"), "%257Eother"},
	    {STR("a~b"), "a~b"},
	    {STR("a\nb"), "a%0Ab"},
	    {STR("a b"), "a b"},
	    {STR("a b\xff"), "a%20b%FF"},
	    {STR("a\"b\\c"), "a\"b\\c"},
	    {STR("\xe2\x80\xae.example"), "%E2%80%AE.example"},
	    {STR(""), ""},
	};
	struct buf out = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		buf_clear(&out);
		metric_group(&out, table[i].group);
		assert_text(&out, table[i].want);
		assert_false(str_eq(buf_view(&out), STR(METRIC_OTHER_GROUPS)));
	}
	buf_release(&out);
}

/* docs/METRICS.md is what the table says. */
static void reference_is_fresh(void **state)
{
	struct buf want = BUF_INIT, got = BUF_INIT;
	FILE *f = fopen(QLAPSE_SOURCE_DIR "/docs/METRICS.md", "rb");

	(void)state;
	assert_non_null(f);
	buf_reserve(&got, 1 << 20);
	got.n = fread(got.p, 1, got.cap, f);
	fclose(f);
	metrics_markdown(&want);
	if (!str_eq(buf_view(&got), buf_view(&want))) {
		print_message("stale: make it anew with `qlapse check --print-metrics >docs/METRICS.md`\n");
		fail();
	}
	buf_release(&want);
	buf_release(&got);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names_keep_to_the_conventions),
	    cmocka_unit_test(samples_are_written_as_the_format_wants),
	    cmocka_unit_test(samples_of_a_metric_stay_together),
	    cmocka_unit_test(no_group_is_taken_for_another),
	    cmocka_unit_test(reference_is_fresh),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
