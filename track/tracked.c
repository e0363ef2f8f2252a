/* SPDX-License-Identifier: Apache-2.0 */
/* tracked - see tracked.h */
#include <stdlib.h>
#include <string.h>

#include "lib/base/check.h"
#include "lib/base/own.h"
#include "track/tracked.h"

_Static_assert(sizeof(union wait_texts) == WAIT_TEXTS_N * sizeof(struct str), "WAIT_TEXTS_N is not their number");

/* All but the room and the array of recipients. */
static void blank(struct tracked *t, int64_t ordinal, int64_t seq)
{
	t->ordinal = ordinal;
	t->seq = seq;
	t->closed = t->held = t->ever_waiting = t->null_sender = false;
	t->mta = MTA_UNKNOWN;
	t->closed_ms = t->last_p_ms = t->last_line_ms = t->first_seen_ms = TIME_NONE;
	t->longest_gap_ms = 0;
	t->own_source = SINCE_UNKNOWN;
	t->own_ms = t->delay_ms = TIME_NONE;
	t->own_error_ms = t->delay_error_ms = -1;
	t->sender = STR_NONE;
}

static void no_recipients(struct tracked *t)
{
	t->recipients = &t->first;
	t->n_recipients = 0;
	t->cap_recipients = 1;
}

struct tracked *tracked_new(void)
{
	struct tracked *t = xmalloc(sizeof(*t));

	blank(t, 1, 0);
	no_recipients(t);
	t->room_used = 0;
	return t;
}

static bool in_room(const struct tracked *t, struct str s)
{
	return (uintptr_t)s.p >= (uintptr_t)t->room && (uintptr_t)s.p < (uintptr_t)(t->room + TRACKED_ROOM);
}

/* A copy of s, in the room while there is some. Room is not taken back before the message ends: little of it changes. */
static struct str keep(struct tracked *t, struct str s)
{
	char *p;

	if (s.n == 0)
		return STR_NONE;
	if (s.n <= TRACKED_ROOM - t->room_used) {
		p = t->room + t->room_used;
		t->room_used += s.n;
	} else {
		p = xmalloc(s.n);
	}
	memcpy(p, s.p, s.n);
	return str_of(p, s.n);
}

static void drop(struct tracked *t, struct str *s)
{
	if (in_room(t, *s))
		*s = STR_NONE;
	else
		own_drop(s);
}

static void wait_free(struct tracked_wait *w)
{
	if (w == NULL)
		return;
	own_drop(&w->place.group);
	free(w->block);
	free(w);
}

void tracked_forget_recipients(struct tracked *t)
{
	for (size_t i = 0; i < t->n_recipients; i++) {
		drop(t, &t->recipients[i].address);
		wait_free(t->recipients[i].wait);
	}
	if (t->recipients != &t->first)
		free(t->recipients);
	no_recipients(t);
}

void tracked_free(struct tracked *t)
{
	if (t == NULL)
		return;
	tracked_forget_recipients(t);
	drop(t, &t->sender);
	free(t);
}

void tracked_reuse(struct tracked *t)
{
	tracked_forget_recipients(t);
	drop(t, &t->sender);
	t->room_used = 0;
	blank(t, t->ordinal + 1, t->seq);
}

void tracked_set_sender(struct tracked *t, struct str sender)
{
	if (str_eq(t->sender, sender))
		return;
	drop(t, &t->sender);
	t->sender = keep(t, sender);
}

/* Where the address stands, or would. */
static size_t search(const struct tracked *t, struct str address)
{
	size_t low = 0, high = t->n_recipients;

	while (low < high) {
		size_t mid = (low + high) / 2;
		if (str_cmp(t->recipients[mid].address, address) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static bool stands_at(const struct tracked *t, size_t i, struct str address)
{
	return i < t->n_recipients && str_eq(t->recipients[i].address, address);
}

struct tracked_recipient *tracked_find(const struct tracked *t, struct str address)
{
	size_t i = search(t, address);

	return stands_at(t, i, address) ? &t->recipients[i] : NULL;
}

static void make_room_for_one(struct tracked *t)
{
	if (t->n_recipients < t->cap_recipients)
		return;
	size_t cap = 2 * t->cap_recipients;
	struct tracked_recipient *old = t->recipients == &t->first ? NULL : t->recipients;
	struct tracked_recipient *grown = xrealloc(old, cap * sizeof(*grown));
	if (old == NULL)
		grown[0] = t->first;
	t->recipients = grown;
	t->cap_recipients = cap;
}

struct tracked_recipient *tracked_add(struct tracked *t, struct str address)
{
	size_t i = search(t, address);

	if (stands_at(t, i, address))
		return &t->recipients[i];
	make_room_for_one(t);
	struct tracked_recipient *r = &t->recipients[i];
	memmove(r + 1, r, (t->n_recipients - i) * sizeof(*r));
	t->n_recipients++;
	*r = (struct tracked_recipient){.address = keep(t, address), .last_line_ms = TIME_NONE};
	return r;
}

struct tracked_wait *tracked_wait(struct tracked_recipient *r)
{
	if (r->wait != NULL)
		return r->wait;
	r->wait = xcalloc(1, sizeof(*r->wait));
	for (size_t i = 0; i < WAIT_TEXTS_N; i++)
		r->wait->texts.all[i] = STR_NONE;
	r->wait->first_deferral_ms = r->wait->record_expires_ms = r->wait->expires_ms = TIME_NONE;
	r->wait->likely_lifetime_ms = -1;
	r->wait->place.group = STR_NONE;
	r->wait->place.queued_minute = r->wait->place.expires_minute = -1;
	return r->wait;
}

void tracked_set_texts(struct tracked_wait *w, const union wait_texts *texts)
{
	size_t n = 0;
	bool same = true;

	for (size_t i = 0; i < WAIT_TEXTS_N; i++) {
		n += texts->all[i].n;
		same = same && str_eq(texts->all[i], w->texts.all[i]);
	}
	if (same)
		return;
	char *block = n == 0 ? NULL : xmalloc(n);
	char *end = block;
	for (size_t i = 0; i < WAIT_TEXTS_N; i++) {
		struct str s = texts->all[i];
		w->texts.all[i] = s.n == 0 ? STR_NONE : str_of(end, s.n);
		if (s.n > 0)
			end = mempcpy(end, s.p, s.n);
	}
	free(w->block); /* only now: texts may have been views of it */
	w->block = block;
}

bool tracked_is_waiting(const struct tracked_recipient *r)
{
	return r->state == RCPT_STATE_WAITING;
}

bool tracked_anyone_waits(const struct tracked *t)
{
	for (size_t i = 0; i < t->n_recipients; i++)
		if (tracked_is_waiting(&t->recipients[i]))
			return true;
	return false;
}
