/* SPDX-License-Identifier: Apache-2.0 */
/* place - see place.h */
#include <stdio.h>
#include <string.h>

#include "lib/base/check.h"
#include "lib/base/own.h"
#include "track/lifetime.h"
#include "track/place.h"

static int64_t minute(int64_t ms)
{
	return ms / 60000 - (ms % 60000 < 0);
}

/* A place that borrows the recipient's group. */
static struct place place_now(const struct telling *w, const struct tracked_wait *x)
{
	bool counts = !w->t->held && !x->mismatched;

	return (struct place){
	    .group = x->texts.group,
	    .class = x->class,
	    .queued_minute = minute(lifetime_since(w->t).at_ms),
	    .expires_minute = counts ? minute(x->expires_ms) : -1,
	    .held = w->t->held,
	    .overdue = x->overdue,
	    .mismatched = x->mismatched,
	    .null_sender = w->t->null_sender,
	    .basis = x->basis,
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
		if (r != self && r->wait != NULL && r->wait->placed && r->wait->place.class == p->class &&
		    str_eq(r->wait->place.group, p->group))
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
	x->destination = r->wait->texts.destination;
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

static void put_route(struct transition *x, const struct tracked_wait *w)
{
	x->connector = w->texts.connector;
	x->kind = (int)w->kind;
	x->provider = w->texts.provider;
}

static void put_cause(struct transition *x, const struct tracked_wait *w)
{
	put_route(x, w);
	x->next_hop = w->texts.next_hop;
	x->next_hop_ip = w->texts.next_hop_ip;
	x->text = w->texts.text;
	x->detail = w->texts.detail;
	x->microsoft_code = w->texts.microsoft_code;
	x->owner = (int)w->owner;
	x->side = (int)w->side;
	x->suspended = w->suspended;
	x->permanent_reply = w->permanent_reply;
	x->likely_lifetime_ms = w->likely_lifetime_ms;
}

static void tell(struct telling *w, struct transition *x)
{
	if (w->id_n == 0) {
		char ordinal[24];
		int n = snprintf(ordinal, sizeof(ordinal), "#%lld", (long long)w->t->ordinal);

		CHECK(w->k->key.n <= TRACK_KEY_MAX);
		char *end = mempcpy(w->id, w->k->key.p, w->k->key.n);
		memcpy(end, ordinal, (size_t)n);
		w->id_n = w->k->key.n + (size_t)n;
	}
	x->message = str_of(w->id, w->id_n);
	w->sink->transition(w->sink, x);
}

void place_leave(struct telling *w, struct tracked_recipient *r, enum reason reason, bool waited)
{
	struct place *told = &r->wait->place;
	struct transition x;

	CHECK(r->wait->placed);
	begin(w, CHANGE_LEAVE, &x);
	put_place(&x, r, told);
	x.reason = (int)reason;
	x.recipients_delta = -1;
	x.messages_delta = shares_row(w->t, r, told) ? 0 : -1;
	if (waited) {
		x.waited_ms = w->time_ms - lifetime_since(w->t).at_ms;
		if (x.waited_ms < 0)
			x.waited_ms = 0;
	}
	r->wait->placed = false;
	tell(w, &x);
}

static void enter(struct telling *w, struct tracked_recipient *r, const struct place *p, enum reason reason)
{
	struct transition x;

	begin(w, CHANGE_ENTER, &x);
	put_place(&x, r, p);
	put_cause(&x, r->wait);
	x.reason = (int)reason;
	x.recipients_delta = 1;
	x.messages_delta = shares_row(w->t, r, p) ? 0 : 1;
	struct str owned = r->wait->place.group;
	own_set(&owned, p->group);
	r->wait->place = *p;
	r->wait->place.group = owned;
	r->wait->placed = true;
	tell(w, &x);
}

void place_renew_expiries(struct telling *w)
{
	for (size_t i = 0; i < w->t->n_recipients; i++) {
		struct tracked_recipient *r = &w->t->recipients[i];
		if (tracked_is_waiting(r))
			r->wait->expires_ms = lifetime_expires_ms(w->c, w->k->host, w->t, r->wait, &r->wait->basis);
	}
}

void place_refresh(struct telling *w)
{
	place_renew_expiries(w);
	for (size_t i = 0; i < w->t->n_recipients; i++) {
		struct tracked_recipient *r = &w->t->recipients[i];
		if (!tracked_is_waiting(r))
			continue;
		struct place now = place_now(w, r->wait);
		if (!r->wait->placed) {
			enter(w, r, &now, REASON_DEFERRED);
		} else if (!same_place(&now, &r->wait->place)) {
			place_leave(w, r, REASON_MOVED, false);
			enter(w, r, &now, REASON_MOVED);
		}
	}
}

void place_retry(struct telling *w, const struct tracked_recipient *r)
{
	struct transition x;

	begin(w, CHANGE_RETRY, &x);
	put_place(&x, r, &r->wait->place);
	put_cause(&x, r->wait);
	tell(w, &x);
}

void place_step(struct telling *w, const struct tracked_recipient *r, struct str step)
{
	struct transition x;

	begin(w, CHANGE_STEP, &x);
	put_place(&x, r, &r->wait->place);
	put_route(&x, r->wait);
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
