/* SPDX-License-Identifier: Apache-2.0 */
/* tracked - see tracked.h */
#include <stdlib.h>
#include <string.h>

#include "lib/base/check.h"
#include "lib/base/own.h"
#include "track/tracked.h"

/* Slack between an own and a delayed beginning before the message is taken for a requeued one. */
enum { REQUEUE_SLACK_MS = 2000 };

static void blank(struct tracked *t)
{
	*t = (struct tracked){
	    .ordinal = 1,
	    .closed_ms = TIME_NONE,
	    .last_p_ms = TIME_NONE,
	    .last_line_ms = TIME_NONE,
	    .own_ms = TIME_NONE,
	    .own_error_ms = -1,
	    .delay_ms = TIME_NONE,
	    .delay_error_ms = -1,
	    .first_seen_ms = TIME_NONE,
	    .sender = STR_NONE,
	};
}

struct tracked *tracked_new(void)
{
	struct tracked *t = xmalloc(sizeof(*t));
	blank(t);
	return t;
}

static void drop_recipient(struct tracked_recipient *r)
{
	struct str *texts[] = {&r->address,  &r->place.group,    &r->group,       &r->connector,
	                       &r->provider, &r->next_hop,       &r->next_hop_ip, &r->text,
	                       &r->detail,   &r->microsoft_code, &r->destination};
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		own_drop(texts[i]);
}

void tracked_forget_recipients(struct tracked *t)
{
	for (size_t i = 0; i < t->n_recipients; i++)
		drop_recipient(&t->recipients[i]);
	free(t->recipients);
	t->recipients = NULL;
	t->n_recipients = 0;
}

void tracked_free(struct tracked *t)
{
	if (t == NULL)
		return;
	tracked_forget_recipients(t);
	own_drop(&t->sender);
	free(t);
}

void tracked_reuse(struct tracked *t)
{
	int64_t ordinal = t->ordinal, seq = t->seq;

	tracked_forget_recipients(t);
	own_drop(&t->sender);
	blank(t);
	t->ordinal = ordinal + 1;
	t->seq = seq;
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

struct tracked_recipient *tracked_find(const struct tracked *t, struct str address)
{
	size_t i = search(t, address);
	return i < t->n_recipients && str_eq(t->recipients[i].address, address) ? &t->recipients[i] : NULL;
}

struct tracked_recipient *tracked_add(struct tracked *t, struct str address)
{
	size_t i = search(t, address);

	if (i < t->n_recipients && str_eq(t->recipients[i].address, address))
		return &t->recipients[i];
	t->recipients = xrealloc(t->recipients, (t->n_recipients + 1) * sizeof(*t->recipients));
	struct tracked_recipient *r = &t->recipients[i];
	memmove(r + 1, r, (t->n_recipients - i) * sizeof(*r));
	t->n_recipients++;
	*r = (struct tracked_recipient){
	    .first_deferral_ms = TIME_NONE,
	    .last_line_ms = TIME_NONE,
	    .record_expires_ms = TIME_NONE,
	    .expires_ms = TIME_NONE,
	    .likely_lifetime_ms = -1,
	};
	own_set(&r->address, address);
	return r;
}

struct since tracked_since(const struct tracked *t)
{
	struct since delayed = {t->delay_ms, t->delay_error_ms, SINCE_DELAY, t->delay_ms};
	struct since own = {t->own_ms, t->own_error_ms, t->own_source, t->own_ms};

	if (t->own_source != SINCE_UNKNOWN) {
		if (t->delay_error_ms < 0 || t->delay_ms + t->delay_error_ms + REQUEUE_SLACK_MS >= t->own_ms)
			return own;
		delayed.base_ms = t->own_ms;
		return delayed;
	}
	if (t->delay_error_ms >= 0)
		return delayed;
	return (struct since){t->first_seen_ms, -1, SINCE_FIRST_SEEN, t->first_seen_ms};
}
