/* SPDX-License-Identifier: Apache-2.0 */
/* stream_gen - see stream_gen.h */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/base/timefmt.h"
#include "tests/sim/stream_gen.h"

#define HOUR_MS ((int64_t)3600 * 1000)
#define BASE_MS ((int64_t)200 * 24 * HOUR_MS)

enum { LINES_MAX = 4096 };

struct gen {
	uint64_t random;
	struct arena *a;
	struct gen_stream *s;
	int n_partitions;
};

static uint32_t pick(struct gen *g, uint32_t below)
{
	g->random ^= g->random << 13;
	g->random ^= g->random >> 7;
	g->random ^= g->random << 17;
	return (uint32_t)((g->random >> 20) % below);
}

struct mail {
	int host, domain;
	char id[24];
	int64_t at_ms, arrived_ms;
};

__attribute__((format(printf, 4, 5))) static void line(struct gen *g, const struct mail *m, const char *service,
                                                       const char *fmt, ...)
{
	char stamp[25], text[512];
	va_list args;

	if (g->s->n == LINES_MAX)
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	time_format(m->at_ms, stamp);
	int last = g->n_partitions > 1 ? g->n_partitions - 1 : 1;
	g->s->lines[g->s->n++] = (struct gen_line){
	    .partition = (int)pick(g, (uint32_t)last),
	    .ts_ms = m->at_ms,
	    .text = arena_fmt(g->a, "%s mx%d postfix/%s[7]: %s: %s", stamp, m->host, service, m->id, text),
	};
	if (pick(g, 25) == 0) { /* shippers repeat lines */
		struct gen_line again = g->s->lines[g->s->n - 1];
		again.partition = (int)pick(g, (uint32_t)last);
		if (g->s->n < LINES_MAX)
			g->s->lines[g->s->n++] = again;
	}
}

static const char *cause(struct gen *g, const struct mail *m, char *text, size_t n)
{
	static const char *const forms[] = {
	    "connect to mx.d%d.example[192.0.2.%d]:25: Connection timed out",
	    "connect to mx.d%d.example[192.0.2.%d]:25: Connection refused",
	    "lost connection with mx.d%d.example[192.0.2.%d] while sending RCPT TO",
	    "delivery temporarily suspended: connect to mx.d%d.example[192.0.2.%d]:25: Connection refused",
	    "host mx.d%d.example[192.0.2.%d] said: 452 4.2.2 Mailbox full (in reply to RCPT TO command)",
	};
	snprintf(text, n, forms[pick(g, 5)], m->domain, 10 + m->domain);
	return text;
}

static void attempt(struct gen *g, const struct mail *m, int recipient, const char *status, const char *dsn)
{
	char text[256];
	long long delay = (m->at_ms - m->arrived_ms) / 1000;

	line(g, m, "smtp", "to=<u%d@d%d.example>, relay=none, delay=%lld, delays=%lld/0/0/0, dsn=%s, status=%s (%s)",
	     recipient, m->domain, delay, delay, dsn, status,
	     dsn[0] == '2' ? "250 2.0.0 Ok" : cause(g, m, text, sizeof(text)));
}

static void later(struct gen *g, struct mail *m)
{
	static const int64_t spans[] = {0, 1000, 2000, 300000, 900000, 4000000, 20 * HOUR_MS};
	m->at_ms += spans[pick(g, pick(g, 6) == 0 ? 7 : 6)];
}

static void operator_acts(struct gen *g, struct mail *m)
{
	static const char *const words[] = {"placed on hold", "released from hold", "requeued", "removed", "expired"};
	line(g, m, "postsuper", "%s", words[pick(g, 5)]);
}

static void mail(struct gen *g, int i)
{
	struct mail m = {.host = 1 + (int)pick(g, 2), .domain = (int)pick(g, 3)};
	int recipients = 1 + (int)pick(g, 3), tries = (int)pick(g, 6);

	m.at_ms = m.arrived_ms = BASE_MS + (int64_t)pick(g, 40) * 1000 + (int64_t)pick(g, 3) * HOUR_MS;
	snprintf(m.id, sizeof(m.id), "%06X", 0xA00000 + (pick(g, 8) == 0 ? 1 : i)); /* some ids are used again */
	line(g, &m, "smtpd", "client=c.example[192.0.2.99]");
	line(g, &m, "qmgr", "from=<%s>, size=9, nrcpt=%d (queue active)", pick(g, 6) == 0 ? "" : "s@x.example",
	     recipients);
	for (int t = 0; t < tries; t++) {
		for (int r = 0; r < recipients; r++)
			attempt(g, &m, r, "deferred", "4.4.1");
		if (pick(g, 8) == 0)
			operator_acts(g, &m);
		later(g, &m);
	}
	switch (pick(g, 5)) {
	case 0:
		return; /* still there */
	case 1:
		line(g, &m, "qmgr", "from=<s@x.example>, status=expired, returned to sender");
		break;
	case 2:
		attempt(g, &m, 0, "bounced", "5.0.0");
		break;
	default:
		for (int r = 0; r < recipients; r++)
			attempt(g, &m, r, "sent", "2.0.0");
	}
	line(g, &m, "qmgr", "removed");
}

static int by_place(const void *a, const void *b)
{
	const struct gen_line *x = a, *y = b;

	if (x->partition != y->partition)
		return x->partition - y->partition;
	if (x->ts_ms != y->ts_ms)
		return x->ts_ms < y->ts_ms ? -1 : 1;
	return str_cmp(x->text, y->text);
}

void gen_make(struct gen_stream *ret, uint64_t seed, int messages, int n_partitions, struct arena *a)
{
	struct gen g = {.random = seed * 0x9e3779b97f4a7c15u + 99, .a = a, .s = ret, .n_partitions = n_partitions};

	*ret = (struct gen_stream){.lines = arena_alloc(a, LINES_MAX * sizeof(*ret->lines))};
	for (int i = 0; i < 8; i++)
		pick(&g, 2);
	for (int i = 0; i < messages; i++)
		mail(&g, i);
	qsort(ret->lines, ret->n, sizeof(*ret->lines), by_place);
	for (size_t i = 1; i < ret->n; i++) { /* and now and then out of order */
		struct gen_line *x = &ret->lines[i - 1], *y = &ret->lines[i], swap = *x;
		if (x->partition == y->partition && pick(&g, 20) == 0) {
			*x = *y;
			*y = swap;
		}
		if (ret->lines[i].ts_ms > ret->end_ms)
			ret->end_ms = ret->lines[i].ts_ms;
	}
	ret->end_ms += 1000 * (int64_t)(1 + pick(&g, 5)) + (int64_t)pick(&g, 3) * 30 * HOUR_MS;
}
