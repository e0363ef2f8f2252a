/* SPDX-License-Identifier: Apache-2.0 */
/* metrics - see metrics.h */
#include <inttypes.h>
#include <string.h>

#include "lib/base/check.h"
#include "lib/base/text.h"
#include "main/metrics.h"

const struct metric metrics[METRIC_N] = {
#define METRIC(id, type, unit, labels, prose) {"qlapse_" #id, METRIC_##type, unit, labels, prose},
#include "main/metrics.def"
#undef METRIC
};

static const char *const type_names[] = {"counter", "gauge", "histogram"};

static const int64_t span_limits_us[SPAN_BUCKETS] = {5000,   10000,   25000,   50000,   100000,   250000,
                                                     500000, 1000000, 2500000, 5000000, 10000000, 15000000};

enum { GROUP_MAX = 300 };

/* Help texts: backslash and newline are escaped; ours have neither, which a test holds. */
static void begin(struct exposition *e, enum metric_id id)
{
	const struct metric *m = &metrics[id];

	CHECK(e->last <= (int)id);
	if (e->last == (int)id)
		return;
	e->last = (int)id;
	buf_fmt(e->out, "# HELP %s %s\n# TYPE %s %s\n", m->name, m->prose, m->name, type_names[m->type]);
}

static void add_value(struct buf *out, struct str value)
{
	size_t from = out->n;

	text_clean(out, value, (size_t)4 * GROUP_MAX);
	for (size_t i = from; i < out->n; i++) {
		if (out->p[i] != '"' && out->p[i] != '\\')
			continue;
		buf_chr(out, ' ');
		memmove(out->p + i + 1, out->p + i, out->n - 1 - i);
		out->p[i++] = '\\';
	}
}

/* "{a="x",b="y"}", with an upper limit of a bucket where there is one. */
static void add_labels(struct buf *out, const char *names, const struct str *values, const char *le)
{
	struct str rest = str_from(names), name;

	if (rest.n == 0 && le == NULL)
		return;
	buf_chr(out, '{');
	for (size_t i = 0; rest.n > 0; i++) {
		if (!str_cut(&rest, ',', &name)) {
			name = rest;
			rest = STR_NONE;
		}
		buf_fmt(out, "%s%.*s=\"", i == 0 ? "" : ",", STR_FMT(name));
		add_value(out, values[i]);
		buf_chr(out, '"');
	}
	if (le != NULL)
		buf_fmt(out, "%sle=\"%s\"", names[0] == '\0' ? "" : ",", le);
	buf_chr(out, '}');
}

void metric_add(struct exposition *e, enum metric_id id, const struct str *values, int64_t n)
{
	begin(e, id);
	buf_fmt(e->out, "%s", metrics[id].name);
	add_labels(e->out, metrics[id].labels, values, NULL);
	buf_fmt(e->out, " %" PRId64 "\n", n);
}

/* A decimal fraction without trailing noughts: 1.5, 0.025, 15. */
static void add_fraction(struct buf *out, int64_t n, int64_t unit)
{
	uint64_t size = n < 0 ? (uint64_t)-n : (uint64_t)n, rest = size % (uint64_t)unit;

	buf_fmt(out, "%s%" PRIu64, n < 0 ? "-" : "", size / (uint64_t)unit);
	if (rest > 0)
		buf_chr(out, '.');
	for (; rest > 0; rest %= (uint64_t)unit) {
		rest *= 10;
		buf_chr(out, (char)('0' + rest / (uint64_t)unit));
	}
}

void metric_add_ms(struct exposition *e, enum metric_id id, const struct str *values, int64_t ms)
{
	begin(e, id);
	buf_fmt(e->out, "%s", metrics[id].name);
	add_labels(e->out, metrics[id].labels, values, NULL);
	buf_chr(e->out, ' ');
	add_fraction(e->out, ms, 1000);
	buf_chr(e->out, '\n');
}

void spans_add(struct spans *s, int64_t us)
{
	size_t i = 0;

	while (i < SPAN_BUCKETS && us > span_limits_us[i])
		i++;
	s->buckets[i]++;
	s->n++;
	s->sum_us += us;
}

void metric_add_spans(struct exposition *e, enum metric_id id, const struct str *values, const struct spans *s)
{
	const struct metric *m = &metrics[id];
	struct buf limit = BUF_INIT;
	int64_t n = 0;

	begin(e, id);
	for (size_t i = 0; i <= SPAN_BUCKETS; i++) {
		n += s->buckets[i];
		buf_clear(&limit);
		if (i < SPAN_BUCKETS)
			add_fraction(&limit, span_limits_us[i], 1000000);
		else
			buf_str(&limit, STR("+Inf"));
		buf_fmt(e->out, "%s_bucket", m->name);
		add_labels(e->out, m->labels, values, buf_z(&limit));
		buf_fmt(e->out, " %" PRId64 "\n", n);
	}
	buf_release(&limit);
	buf_fmt(e->out, "%s_sum", m->name);
	add_labels(e->out, m->labels, values, NULL);
	buf_chr(e->out, ' ');
	add_fraction(e->out, s->sum_us, 1000000);
	buf_fmt(e->out, "\n%s_count", m->name);
	add_labels(e->out, m->labels, values, NULL);
	buf_fmt(e->out, " %" PRId64 "\n", s->n);
}

void metric_group(struct buf *out, struct str group)
{
	bool plain = text_is_clean(group, GROUP_MAX) && str_chr(group, '%') < 0;

	for (size_t i = 0; i < group.n; i++) {
		unsigned char c = (unsigned char)group.p[i];

		if ((i == 0 && c == '~') || (!plain && (c <= ' ' || c >= 0x7f || c == '%')))
			buf_fmt(out, "%%%02X", c);
		else
			buf_chr(out, (char)c);
	}
}

void metrics_markdown(struct buf *out)
{
	buf_str(
	    out,
	    STR("# Metrics\n"
	        "\n"
	        "Made by `qlapse check --print-metrics` from the table that the program itself writes by\n"
	        "(main/metrics.def); a test fails when this file is stale.\n"
	        "\n"
	        "Told at `/metrics` of the address that `http.listen` names. Numbers of workers and partitions come\n"
	        "from the process that has them; numbers of the fleet (`qlapse_waiting_messages` and all below it)\n"
	        "from the one whose alert worker is at work. [OPERATIONS.md](OPERATIONS.md) says what to watch.\n"
	        "\n"
	        "| metric | type | labels | what it tells |\n| --- | --- | --- | --- |\n"));
	for (int i = 0; i < METRIC_N; i++)
		buf_fmt(out, "| `%s` | %s | %s | %s |\n", metrics[i].name, type_names[metrics[i].type],
		        metrics[i].labels[0] == '\0' ? "" : metrics[i].labels, metrics[i].prose);
}
