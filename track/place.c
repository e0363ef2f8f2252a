/* SPDX-License-Identifier: Apache-2.0 */
/* place - see place.h */
#include "lib/base/own.h"
#include "track/place.h"

static int64_t minute(int64_t ms)
{
	return ms / 60000;
}

static bool rule_fits(const struct lifetime_rule *rule, const struct telling *w)
{
	if (rule->host.n > 0 && !str_eq_nocase(rule->host, w->k->host))
		return false;
	if (rule->mta != MTA_UNKNOWN && rule->mta != w->t->mta)
		return false;
	return rule->null_sender < 0 || (rule->null_sender == 1) == w->t->null_sender;
}

static int64_t lifetime(const struct telling *w, struct str connector, enum basis *ret)
{
	const struct connector *c =
	    connector.n == 0 ? NULL : connector_find(w->c->connectors, w->c->n_connectors, connector);

	*ret = BASIS_CONFIGURED;
	if (c != NULL && c->lifetime_ms >= 0)
		return c->lifetime_ms;
	for (size_t i = 0; i < w->c->n_rules; i++)
		if (rule_fits(&w->c->rules[i], w))
			return w->c->rules[i].lifetime_ms;
	*ret = BASIS_DEFAULT;
	return w->c->default_lifetime_ms;
}

int64_t place_expires(const struct telling *w, const struct tracked_recipient *r, enum basis *ret)
{
	if (r->record_expires_ms != TIME_NONE) {
		*ret = BASIS_RECORD;
		return r->record_expires_ms;
	}
	return tracked_since(w->t).base_ms + lifetime(w, r->connector, ret);
}

/* A place that borrows the recipient's group. */
static struct place place_now(const struct telling *w, const struct tracked_recipient *r)
{
	bool counts = !w->t->held && !r->mismatched;

	return (struct place){
	    .group = r->group,
	    .class = r->class,
	    .queued_minute = minute(tracked_since(w->t).at_ms),
	    .expires_minute = counts ? minute(r->expires_ms) : -1,
	    .held = w->t->held,
	    .overdue = r->overdue,
	    .mismatched = r->mismatched,
	    .null_sender = w->t->null_sender,
	    .basis = r->basis,
	};
}

static bool same_place(const struct place *a, const struct place *b)
{
	return a->class == b->class && a->queued_minute == b->queued_minute && a->expires_minute == b->expires_minute &&
	       a->held == b->held && a->overdue == b->overdue && a->mismatched == b->mismatched &&
	       a->null_sender == b->null_sender && a->basis == b->basis && str_eq(a->group, b->group);
}

/* Is another recipient of the message told to be at that group and class? */
static bool shares_row(const struct tracked *t, const struct tracked_recipient *self, const struct place *p)
{
	for (size_t i = 0; i < t->n_recipients; i++) {
		const struct tracked_recipient *r = &t->recipients[i];
		if (r != self && r->placed && r->place.class == p->class && str_eq(r->place.group, p->group))
			return true;
	}
	return false;
}

static void begin(struct telling *w, enum change change, struct transition *x)
{
	record_clear(&transition_record, x);
	x->seq = ++w->t->seq;
	x->at_ms = w->at_ms;
	x->time_ms = w->time_ms;
	x->change = (int)change;
	x->host = w->k->host;
	x->mta = (int)w->t->mta;
	x->recipients_delta = x->messages_delta = 0;
}

static void put_place(struct transition *x, const struct tracked_recipient *r, const struct place *p)
{
	x->recipient = r->address;
	x->destination = r->destination;
	x->group = p->group;
	x->class = (int)p->class;
	x->queued_minute = p->queued_minute;
	x->expires_minute = p->expires_minute;
	x->held = p->held;
	x->overdue = p->overdue;
	x->mismatched = p->mismatched;
	x->null_sender = p->null_sender;
	x->basis = (int)p->basis;
}

static void put_route(struct transition *x, const struct tracked_recipient *r)
{
	x->connector = r->connector;
	x->kind = (int)r->kind;
	x->provider = r->provider;
}

static void put_cause(struct transition *x, const struct tracked_recipient *r)
{
	put_route(x, r);
	x->next_hop = r->next_hop;
	x->next_hop_ip = r->next_hop_ip;
	x->text = r->text;
	x->detail = r->detail;
	x->microsoft_code = r->microsoft_code;
	x->owner = (int)r->owner;
	x->side = (int)r->side;
	x->suspended = r->suspended;
	x->permanent_reply = r->permanent_reply;
	x->likely_lifetime_ms = r->mismatched ? r->likely_lifetime_ms : -1;
}

static void tell(struct telling *w, struct transition *x)
{
	struct buf name = BUF_INIT;

	buf_fmt(&name, "%.*s#%lld", STR_FMT(w->k->key), (long long)w->t->ordinal);
	x->message = buf_view(&name);
	w->sink->transition(w->sink, x);
	buf_release(&name);
}

void place_leave(struct telling *w, struct tracked_recipient *r, enum reason reason, bool waited)
{
	struct transition x;

	if (!r->placed)
		return;
	begin(w, CHANGE_LEAVE, &x);
	put_place(&x, r, &r->place);
	x.reason = (int)reason;
	x.recipients_delta = -1;
	r->placed = false;
	x.messages_delta = shares_row(w->t, r, &r->place) ? 0 : -1;
	if (waited) {
		x.waited_ms = w->time_ms - tracked_since(w->t).at_ms;
		if (x.waited_ms < 0)
			x.waited_ms = 0;
	}
	tell(w, &x);
}

static void enter(struct telling *w, struct tracked_recipient *r, const struct place *p, enum reason reason)
{
	struct transition x;

	begin(w, CHANGE_ENTER, &x);
	put_place(&x, r, p);
	put_cause(&x, r);
	x.reason = (int)reason;
	x.recipients_delta = 1;
	x.messages_delta = shares_row(w->t, r, p) ? 0 : 1;
	struct str owned = r->place.group;
	r->place = *p;
	r->place.group = owned;
	own_set(&r->place.group, p->group);
	r->placed = true;
	tell(w, &x);
}

void place_refresh(struct telling *w)
{
	for (size_t i = 0; i < w->t->n_recipients; i++) {
		struct tracked_recipient *r = &w->t->recipients[i];
		if (r->state != RCPT_STATE_WAITING)
			continue;
		r->expires_ms = place_expires(w, r, &r->basis);
		struct place now = place_now(w, r);
		if (!r->placed) {
			enter(w, r, &now, REASON_DEFERRED);
			w->entered = true;
		} else if (!same_place(&now, &r->place)) {
			place_leave(w, r, REASON_MOVED, false);
			enter(w, r, &now, REASON_MOVED);
		}
	}
}

void place_retry(struct telling *w, const struct tracked_recipient *r)
{
	struct transition x;

	begin(w, CHANGE_RETRY, &x);
	put_place(&x, r, &r->place);
	put_cause(&x, r);
	tell(w, &x);
}

void place_step(struct telling *w, const struct tracked_recipient *r, struct str step)
{
	struct transition x;

	begin(w, CHANGE_STEP, &x);
	put_place(&x, r, &r->place);
	put_route(&x, r);
	x.step = step;
	tell(w, &x);
}

void place_success(struct telling *w, const struct delivery *d)
{
	struct transition x;

	begin(w, CHANGE_SUCCESS, &x);
	x.recipient = d->recipient;
	x.destination = d->destination;
	x.group = d->group;
	x.connector = d->connector;
	x.kind = d->kind;
	x.provider = d->provider;
	x.next_hop = d->next_hop;
	x.next_hop_ip = d->next_hop_ip;
	tell(w, &x);
}
