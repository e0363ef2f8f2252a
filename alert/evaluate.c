/* SPDX-License-Identifier: Apache-2.0 */
/* evaluate - see evaluate.h; the numbers in comments are the steps of docs/SEMANTICS.md, section 3 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alert/evaluate.h"
#include "lib/base/hash.h"
#include "lib/base/own.h"
#include "lib/base/timefmt.h"

enum { SOURCES_MAX = 10, SAMPLES_MAX = 3 };

/* Numbers that are sums over the rows; null_sender is one, too, but no member of an incident. */
#define SUMS(X)                                                                                                        \
	X(messages)                                                                                                    \
	X(recipients)                                                                                                  \
	X(held)                                                                                                        \
	X(overdue)                                                                                                     \
	X(mismatched)                                                                                                  \
	X(expiring_1h)                                                                                                 \
	X(expiring_6h)                                                                                                 \
	X(expiring_24h)                                                                                                \
	X(attempts)                                                                                                    \
	X(permanent_replies)                                                                                           \
	X(delivered)                                                                                                   \
	X(bounced)                                                                                                     \
	X(expired)

/* And those that are the least or the greatest. */
#define EXTREMES(X)                                                                                                    \
	X(since_ms)                                                                                                    \
	X(oldest_ms)                                                                                                   \
	X(first_expiry_ms)                                                                                             \
	X(last_failure_ms)                                                                                             \
	X(last_success_ms)                                                                                             \
	X(longest_wait_ms)

struct totals {
	int64_t messages, recipients, held, overdue, mismatched, null_sender, expiring_1h, expiring_6h, expiring_24h,
	    attempts, permanent_replies, delivered, bounced, expired;
	int64_t volume; /* messages that count for over_volume */
	int64_t since_ms, oldest_ms, first_expiry_ms, last_failure_ms, last_success_ms, longest_wait_ms;
	int basis;
};

static int64_t earlier(int64_t a, int64_t b)
{
	return a == TIME_NONE ? b : b == TIME_NONE ? a : a < b ? a : b;
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int weaker(int a, int b)
{
	return a == 0 ? b : b == 0 ? a : a < b ? a : b;
}

static void add_up(const struct evaluation *e, struct totals *t)
{
	*t = (struct totals){.since_ms = TIME_NONE,
	                     .oldest_ms = TIME_NONE,
	                     .first_expiry_ms = TIME_NONE,
	                     .last_failure_ms = TIME_NONE,
	                     .last_success_ms = TIME_NONE,
	                     .longest_wait_ms = -1};
	for (size_t i = 0; i < e->n_rows; i++) {
		const struct row *r = &e->rows[i];
#define X(m) t->m += r->m;
		SUMS(X)
		X(null_sender)
#undef X
		int64_t volume = r->messages - r->held - r->null_sender;
		t->volume += volume > 0 ? volume : 0; /* messages less recipients: not below nothing */
		t->last_failure_ms = later(t->last_failure_ms, r->last_failure_ms);
		t->last_success_ms = later(t->last_success_ms, r->last_success_ms);
		t->longest_wait_ms = later(t->longest_wait_ms, r->longest_wait_ms);
		if (r->recipients == 0)
			continue;
		t->since_ms = earlier(t->since_ms, r->since_ms);
		t->oldest_ms = earlier(t->oldest_ms, r->oldest_ms);
		t->first_expiry_ms = earlier(t->first_expiry_ms, r->first_expiry_ms);
		t->basis = weaker(t->basis, r->expiry_basis);
	}
}

static int by_weight(const void *a, const void *b)
{
	const struct row *const *x = a, *const *y = b;

	if ((*x)->messages != (*y)->messages)
		return (*x)->messages > (*y)->messages ? -1 : 1;
	if ((*x)->recipients != (*y)->recipients)
		return (*x)->recipients > (*y)->recipients ? -1 : 1;
	return strcmp(class_names[(*x)->class], class_names[(*y)->class]);
}

/* Rows that wait, heaviest first. */
static const struct row **waiting_rows(const struct evaluation *e, struct arena *a, size_t *ret_n)
{
	const struct row **rows = arena_alloc(a, (e->n_rows + 1) * sizeof(*rows));
	size_t n = 0;

	for (size_t i = 0; i < e->n_rows; i++)
		if (e->rows[i].recipients > 0)
			rows[n++] = &e->rows[i];
	if (n > 1)
		qsort(rows, n, sizeof(*rows), by_weight);
	*ret_n = n;
	return rows;
}

/* 1 */
static void choose_title(struct pair *p, const struct evaluation *e, int candidate)
{
	if (!p->open)
		p->title = candidate;
	else if (candidate != CLASS_none && candidate == p->candidate)
		p->title = candidate;
	p->candidate = candidate;
	for (size_t i = 0; i < e->n_rows; i++) {
		const struct row *r = &e->rows[i];
		if (r->class != p->title)
			continue;
#define X(m) own_set(&p->m, r->m);
		PAIR_TITLE_TEXTS(X)
#undef X
#define X(m) p->m = r->m;
		PAIR_TITLE_ENUMS(X)
#undef X
	}
}

static const struct connector *connector_of(const struct alert_config *c, const struct pair *p)
{
	return p->connector.n == 0 ? NULL : connector_find(c->connectors, c->n_connectors, p->connector);
}

static struct alert_kind_config settings(const struct alert_config *c, const struct pair *p)
{
	struct alert_kind_config s = c->kinds[p->kind == KIND_UNKNOWN ? KIND_INTERNET : p->kind];
	const struct connector *k = connector_of(c, p);

	if (k == NULL)
		return s;
	s.volume_messages = k->volume_messages >= 0 ? k->volume_messages : s.volume_messages;
	s.volume_over_ms = k->volume_over_ms >= 0 ? k->volume_over_ms : s.volume_over_ms;
	s.near_expiry_ms = k->near_expiry_ms >= 0 ? k->near_expiry_ms : s.near_expiry_ms;
	return s;
}

/* 2 */
static void test_volume(struct pair *p, const struct alert_kind_config *s, const struct totals *t, int64_t at_ms)
{
	int64_t v = t->volume;

	if (v >= s->volume_messages && p->over_since_ms < 0)
		p->over_since_ms = at_ms;
	else if (v < s->volume_messages && !p->over_volume)
		p->over_since_ms = -1;
	if (p->over_since_ms >= 0 && at_ms - p->over_since_ms >= s->volume_over_ms)
		p->over_volume = true;
	if (2 * v < s->volume_messages) {
		p->over_volume = false;
		p->over_since_ms = -1;
	}
}

static bool within(const struct totals *t, int64_t at_ms, int64_t span_ms)
{
	return t->first_expiry_ms != TIME_NONE && t->first_expiry_ms - at_ms <= span_ms;
}

/* 3 */
static bool is_near_expiry(const struct alert_config *c, const struct pair *p, const struct alert_kind_config *s,
                           const struct totals *t, int64_t at_ms)
{
	int64_t real = t->recipients - t->null_sender;

	if (real <= 0 || (t->overdue == 0 && !within(t, at_ms, s->near_expiry_ms)))
		return false;
	if (p->kind == KIND_OWN || p->kind == KIND_PARTNER || real >= c->internet_min)
		return true;
	return t->last_success_ms != TIME_NONE && at_ms - t->last_success_ms <= c->internet_success_ms;
}

static int by_recipients(const void *a, const void *b)
{
	const struct row_source *x = a, *y = b;
	if (x->recipients != y->recipients)
		return x->recipients > y->recipients ? -1 : 1;
	return str_cmp(x->host, y->host);
}

static struct record_list merge_sources(const struct row **rows, size_t n, struct arena *a)
{
	struct row_source *items = arena_alloc(a, (n * SOURCES_MAX + 1) * sizeof(*items));
	size_t k = 0;

	for (size_t i = 0; i < n; i++) {
		const struct row_source *from = rows[i]->sources.items;
		for (size_t j = 0; j < rows[i]->sources.n; j++) {
			size_t at = 0;
			while (at < k && !str_eq(items[at].host, from[j].host))
				at++;
			if (at == k)
				items[k++] = from[j];
			else
				items[at].recipients += from[j].recipients;
		}
	}
	qsort(items, k, sizeof(*items), by_recipients);
	return (struct record_list){items, k < SOURCES_MAX ? k : SOURCES_MAX};
}

static struct record_list merge_samples(const struct row **rows, size_t n, struct arena *a)
{
	struct sample *items = arena_alloc(a, (SAMPLES_MAX + 1) * sizeof(*items));
	size_t k = 0;

	for (size_t i = 0; i < n; i++) {
		const struct sample *from = rows[i]->samples.items;
		for (size_t j = 0; j < rows[i]->samples.n && k < SAMPLES_MAX; j++)
			items[k++] = from[j];
	}
	return (struct record_list){items, k};
}

static void fill_numbers(struct incident *inc, const struct totals *t)
{
#define X(m) inc->m = t->m;
	SUMS(X)
	EXTREMES(X)
#undef X
	inc->expiry_basis = t->basis;
}

static void fill_lists(struct incident *inc, const struct row **rows, size_t n, struct arena *a)
{
	struct incident_class *classes = arena_alloc(a, (n + 1) * sizeof(*classes));

	for (size_t i = 0; i < n; i++)
		classes[i] = (struct incident_class){rows[i]->class, rows[i]->messages, rows[i]->recipients};
	inc->classes = (struct record_list){classes, n};
	inc->sources = merge_sources(rows, n, a);
	inc->samples = merge_samples(rows, n, a);
}

static void fill_state(struct incident *inc, const struct pair *p, const struct evaluation *e)
{
	inc->incident = p->incident;
	inc->seq = p->seq;
	inc->state = INCIDENT_STATE_OPEN;
	inc->group = e->group;
	inc->family = (int)e->family;
	inc->class = p->title;
	inc->over_volume = p->over_volume;
	inc->opened_ms = p->opened_ms;
	inc->updated_ms = e->at_ms;
#define X(m) inc->m = p->m;
	PAIR_TITLE_TEXTS(X)
	PAIR_TITLE_ENUMS(X)
#undef X
}

/* What the operator has said of the route. */
static void fill_connector(struct incident *inc, const struct connector *k, struct arena *a)
{
	if (k == NULL)
		return;
	struct egress *items = arena_alloc(a, (k->n_egress + 1) * sizeof(*items));
	for (size_t i = 0; i < k->n_egress; i++)
		items[i] = (struct egress){k->egress[i]};
	inc->contact = k->contact;
	inc->runbook = k->runbook;
	inc->egress = (struct record_list){items, k->n_egress};
}

static void open_incident(struct pair *p, const struct evaluation *e)
{
	struct buf text = BUF_INIT;
	char id[17];

	buf_fmt(&text, "%.*s|%s|%" PRId64, STR_FMT(e->group), family_names[e->family], e->at_ms);
	snprintf(id, sizeof(id), "%016" PRIx64, hash64(buf_view(&text), 0));
	buf_release(&text);
	own_set(&p->incident, str_from(id));
	p->open = true;
	p->opened_ms = e->at_ms;
	p->seq = 0;
	p->clear_since_ms = -1;
}

static bool has_changed(const struct pair *p, int severity, bool near)
{
	return p->title != p->alerted_title || severity != p->alerted_severity || p->over_volume != p->alerted_volume ||
	       near != p->alerted_near;
}

static bool numbers_differ(const struct pair *p, const struct totals *t)
{
	return t->messages != p->alerted_messages || t->recipients != p->alerted_recipients ||
	       t->delivered != p->alerted_delivered || t->bounced != p->alerted_bounced ||
	       t->expired != p->alerted_expired;
}

static void remember_alert(struct pair *p, const struct totals *t, int severity, bool near, int64_t at_ms)
{
	p->seq++;
	p->alerted_ms = at_ms;
	p->alerted_title = p->title;
	p->alerted_severity = severity;
	p->alerted_volume = p->over_volume;
	p->alerted_near = near;
	p->alerted_messages = t->messages;
	p->alerted_recipients = t->recipients;
	p->alerted_delivered = t->delivered;
	p->alerted_bounced = t->bounced;
	p->alerted_expired = t->expired;
}

struct situation {
	const struct alert_config *c;
	struct pair *p;
	const struct evaluation *e;
	struct alert_kind_config s;
	struct totals t;
	bool near;
	int severity;
	bool wanted; /* an update that was not sent */
};

/* 5, while open and with a condition */
static enum alert_event update(struct situation *x)
{
	struct pair *p = x->p;
	int64_t at_ms = x->e->at_ms;
	bool rose = x->severity == SEVERITY_CRITICAL && p->alerted_severity != SEVERITY_CRITICAL;

	p->clear_since_ms = -1;
	bool wanted = has_changed(p, x->severity, x->near) ||
	              (at_ms >= p->alerted_ms + x->c->update_every_ms && numbers_differ(p, &x->t));
	if (!wanted)
		return ALERT_UNKNOWN;
	if (at_ms >= p->alerted_ms + x->c->update_min_ms || rose)
		return ALERT_UPDATED;
	x->wanted = true;
	return ALERT_UNKNOWN;
}

/* 5, while open and without a condition */
static enum alert_event clear(struct situation *x)
{
	struct pair *p = x->p;

	if (p->clear_since_ms < 0)
		p->clear_since_ms = x->e->at_ms;
	if (x->t.recipients == 0 || x->e->at_ms >= p->clear_since_ms + x->c->clear_after_ms)
		return ALERT_RESOLVED;
	return ALERT_UNKNOWN;
}

static enum alert_event decide(struct situation *x)
{
	bool condition = x->p->over_volume || x->near;

	if (!x->p->open && !condition)
		return ALERT_UNKNOWN;
	if (!x->p->open) {
		open_incident(x->p, x->e);
		return ALERT_OPENED;
	}
	return condition ? update(x) : clear(x);
}

static void consider(int64_t *next_ms, int64_t ms, int64_t after_ms)
{
	if (ms > after_ms && (*next_ms < 0 || ms < *next_ms))
		*next_ms = ms;
}

/* 7 */
static int64_t next_evaluation(const struct situation *x)
{
	const struct pair *p = x->p;
	int64_t next_ms = -1, at_ms = x->e->at_ms;

	if (p->over_since_ms >= 0 && !p->over_volume)
		consider(&next_ms, p->over_since_ms + x->s.volume_over_ms, at_ms);
	if (p->clear_since_ms >= 0)
		consider(&next_ms, p->clear_since_ms + x->c->clear_after_ms, at_ms);
	if (x->wanted)
		consider(&next_ms, p->alerted_ms + x->c->update_min_ms, at_ms);
	if (p->open)
		consider(&next_ms, p->alerted_ms + x->c->update_every_ms, at_ms);
	if (x->t.first_expiry_ms != TIME_NONE) {
		consider(&next_ms, x->t.first_expiry_ms - x->s.near_expiry_ms, at_ms);
		consider(&next_ms, x->t.first_expiry_ms - x->c->critical_expiry_ms, at_ms);
	}
	return next_ms;
}

static void resolve(struct pair *p)
{
	p->open = p->over_volume = false;
	p->over_since_ms = p->clear_since_ms = -1;
}

void evaluate(const struct alert_config *c, struct pair *p, const struct evaluation *e, struct arena *a,
              struct verdict *ret)
{
	struct situation x = {.c = c, .p = p, .e = e};
	size_t n;
	const struct row **rows = waiting_rows(e, a, &n);

	choose_title(p, e, n == 0 ? CLASS_none : rows[0]->class);
	add_up(e, &x.t);
	x.s = settings(c, p);
	test_volume(p, &x.s, &x.t, e->at_ms);
	x.near = is_near_expiry(c, p, &x.s, &x.t, e->at_ms);
	x.severity = x.t.overdue > 0 || x.t.expired > 0 || within(&x.t, e->at_ms, c->critical_expiry_ms)
	                 ? SEVERITY_CRITICAL
	                 : SEVERITY_WARNING;
	ret->alert = decide(&x);
	ret->write = p->open;
	if (ret->alert != ALERT_UNKNOWN)
		remember_alert(p, &x.t, x.severity, x.near, e->at_ms);
	record_clear(&incident_record, &ret->incident);
	fill_state(&ret->incident, p, e);
	fill_numbers(&ret->incident, &x.t);
	fill_lists(&ret->incident, rows, n, a);
	fill_connector(&ret->incident, connector_of(c, p), a);
	ret->incident.severity = x.severity;
	ret->incident.near_expiry = x.near;
	if (ret->alert == ALERT_RESOLVED) {
		ret->incident.state = INCIDENT_STATE_RESOLVED;
		ret->incident.resolved_ms = e->at_ms;
		resolve(p);
	}
	p->evaluated_ms = e->at_ms;
	p->next_ms = next_evaluation(&x);
}
