/* SPDX-License-Identifier: Apache-2.0 */
/* track - see track.h */
#include "lib/base/check.h"
#include "lib/base/own.h"
#include "lib/base/hash.h"
#include "track/place.h"
#include "track/track.h"

#define HOUR_MS ((int64_t)3600 * 1000)
#define DAY_MS  (24 * HOUR_MS)

enum { SLACK_MS = 1000 }; /* stamps of a second say no more */

static const struct track_step default_steps[] = {
    {{"4h", 2}, 4 * HOUR_MS, 0}, {{"50%", 3}, -1, 50},   {{"75%", 3}, -1, 75},
    {{"90%", 3}, -1, 90},        {{"100%", 4}, -1, 100},
};

void track_config_default(struct track_config *c)
{
	*c = (struct track_config){
	    .default_lifetime_ms = 48 * HOUR_MS,
	    .grace_ms = 72 * 60000,
	    .closed_keep_ms = HOUR_MS,
	    .forget_after_ms = 7 * DAY_MS,
	    .steps = default_steps,
	    .n_steps = sizeof(default_steps) / sizeof(*default_steps),
	    .transitions_encoding = ENC_MSGPACK,
	    .messages_encoding = ENC_MSGPACK,
	};
}

static bool opens(int event)
{
	return event == EVENT_ARRIVED || event == EVENT_QUEUED || event == EVENT_DELIVERED || event == EVENT_DEFERRED ||
	       event == EVENT_BOUNCED || event == EVENT_HANDED_ON || event == EVENT_DISCARDED || event == EVENT_HELD;
}

bool track_opens(const struct track_config *c, const struct delivery *d, int64_t p_ms, struct track_sink *sink)
{
	if (p_ms - d->time_ms > c->closed_keep_ms) {
		sink->count(sink, "track.too_late");
		return false;
	}
	if (!opens(d->event)) {
		sink->count(sink, "track.unknown_message");
		return false;
	}
	return true;
}

static bool has_arrival(const struct delivery *d)
{
	return d->arrival_source != SINCE_UNKNOWN && d->arrival_ms != TIME_NONE;
}

/* A closed entry: does the line belong to a later message of the same queue id? */
static bool reuses_closed(const struct tracked *t, const struct delivery *d)
{
	if (!opens(d->event) || d->time_ms <= t->closed_ms + SLACK_MS)
		return false;
	return !has_arrival(d) || d->arrival_ms + d->arrival_error_ms >= t->closed_ms;
}

static bool ended_unseen(const struct tracked *t, const struct delivery *d)
{
	if (t->last_line_ms == TIME_NONE)
		return false;
	if (d->event == EVENT_ARRIVED && d->time_ms > t->last_line_ms + SLACK_MS)
		return true;
	return d->arrival_source == SINCE_DELAY && has_arrival(d) &&
	       d->arrival_ms - d->arrival_error_ms > t->last_line_ms + SLACK_MS;
}

static void all_leave(struct telling *w, enum reason reason, bool waited, enum rcpt_state state)
{
	for (size_t i = 0; i < w->t->n_recipients; i++) {
		struct tracked_recipient *r = &w->t->recipients[i];
		if (r->state != RCPT_STATE_WAITING)
			continue;
		place_leave(w, r, reason, waited);
		r->state = state;
	}
}

static enum track_verdict close_entry(struct telling *w, const struct delivery *d)
{
	w->t->closed = true;
	w->t->closed_ms = d->time_ms;
	tracked_forget_recipients(w->t);
	return w->t->ever_waiting ? TRACK_KEEP : TRACK_REMOVE;
}

/* 1.2: what the line says of the beginning. */
static void take_beginning(struct tracked *t, const struct delivery *d)
{
	if (t->first_seen_ms == TIME_NONE)
		t->first_seen_ms = d->time_ms;
	if (d->event == EVENT_ARRIVED && has_arrival(d) && t->own_source != SINCE_EXPLICIT) {
		t->own_ms = d->arrival_ms;
		t->own_error_ms = d->arrival_error_ms;
		t->own_source = SINCE_EXPLICIT;
	}
	if (t->own_source == SINCE_UNKNOWN && d->id_time_ms != TIME_NONE) {
		t->own_ms = d->id_time_ms;
		t->own_error_ms = 0;
		t->own_source = SINCE_QUEUE_ID;
	}
	if (d->arrival_source == SINCE_DELAY && has_arrival(d) &&
	    (t->delay_error_ms < 0 || d->arrival_error_ms < t->delay_error_ms)) {
		t->delay_ms = d->arrival_ms;
		t->delay_error_ms = d->arrival_error_ms;
	}
}

static uint64_t line_hash(const struct delivery *d)
{
	struct buf b = BUF_INIT;

	buf_fmt(&b, "%d %lld %lld ", d->event, (long long)d->time_ms, (long long)d->delay_ms);
	buf_fmt(&b, "%.*s %.*s ", STR_FMT(d->dsn), STR_FMT(d->relay));
	buf_str(&b, d->text);
	uint64_t hash = hash64(buf_view(&b), 1);
	buf_release(&b);
	return hash;
}

static void take_group(struct tracked_recipient *r, const struct delivery *d)
{
	if (d->next_hop.n == 0 && d->connector.n == 0 && d->family != FAMILY_LOCAL && r->group.n > 0)
		return;
	own_set(&r->group, d->group);
	own_set(&r->connector, d->connector);
	own_set(&r->provider, d->provider);
	own_set(&r->next_hop, d->next_hop);
	own_set(&r->next_hop_ip, d->next_hop_ip);
	r->kind = (enum kind)d->kind;
}

static void take_class(struct tracked_recipient *r, const struct delivery *d)
{
	if (d->class == CLASS_unreachable && str_eq(d->detail, STR("ipv6_no_route")) &&
	    r->state == RCPT_STATE_WAITING && r->class != CLASS_unreachable)
		return;
	r->class = d->class == CLASS_none ? CLASS_other : (enum class)d->class;
	own_set(&r->detail, d->detail);
	own_set(&r->microsoft_code, d->microsoft_code);
	r->owner = (enum owner)d->owner;
	r->side = (enum side)d->side;
}

/* Five days is Postfix's own default; beyond it the next whole day. */
static int64_t likely_lifetime(int64_t age_ms)
{
	return age_ms < 5 * DAY_MS ? 5 * DAY_MS : (age_ms / DAY_MS + 1) * DAY_MS;
}

static void test_mismatch(struct telling *w, struct tracked_recipient *r, const struct delivery *d)
{
	int64_t grace_ms = w->t->longest_gap_ms > w->c->grace_ms ? w->t->longest_gap_ms : w->c->grace_ms;
	enum basis basis;

	if (w->t->held || r->mismatched || d->time_ms <= place_expires(w, r, &basis) + grace_ms)
		return;
	r->mismatched = true;
	r->likely_lifetime_ms = likely_lifetime(d->time_ms - tracked_since(w->t).base_ms);
}

/* Is the deferral nothing new? Counts it then. */
static bool is_old(const struct telling *w, const struct tracked_recipient *r, const struct delivery *d, uint64_t hash)
{
	const char *count = NULL;

	if (r->state == RCPT_STATE_WAITING) {
		if (d->time_ms < r->last_line_ms)
			count = "track.stale";
		else if (d->time_ms == r->last_line_ms && hash == r->last_line_hash)
			count = "track.duplicate";
	} else if (r->state != RCPT_STATE_UNKNOWN && d->time_ms <= r->last_line_ms) {
		count = "track.duplicate";
	}
	if (count != NULL)
		w->sink->count(w->sink, count);
	return count != NULL;
}

static void deferred(struct telling *w, const struct delivery *d)
{
	struct tracked_recipient *r = tracked_add(w->t, d->recipient);
	uint64_t hash = line_hash(d);
	int64_t gap_ms = r->state == RCPT_STATE_WAITING ? d->time_ms - r->last_line_ms : 0;

	if (is_old(w, r, d, hash)) {
		place_refresh(w);
		return;
	}
	take_group(r, d);
	take_class(r, d);
	if (r->state != RCPT_STATE_WAITING) {
		r->state = RCPT_STATE_WAITING;
		r->steps_crossed = 0;
		r->mismatched = false;
	}
	own_set(&r->text, d->text);
	own_set(&r->destination, d->destination);
	r->suspended = d->suspended;
	r->permanent_reply = d->permanent_reply;
	r->attempts += !d->suspended;
	if (r->first_deferral_ms == TIME_NONE)
		r->first_deferral_ms = d->time_ms;
	if (d->expires_ms != TIME_NONE)
		r->record_expires_ms = d->expires_ms;
	r->overdue = false;
	test_mismatch(w, r, d);
	if (gap_ms > w->t->longest_gap_ms)
		w->t->longest_gap_ms = gap_ms;
	r->last_line_ms = d->time_ms;
	r->last_line_hash = hash;
	w->t->ever_waiting = true;
	bool first = !r->placed;
	place_refresh(w);
	if (!d->suspended && !first)
		place_retry(w, r);
}

static void finished(struct telling *w, const struct delivery *d, enum rcpt_state state, enum reason reason)
{
	struct tracked_recipient *r = tracked_add(w->t, d->recipient);

	if (r->state != RCPT_STATE_WAITING && r->state != RCPT_STATE_UNKNOWN) {
		w->sink->count(w->sink, "track.duplicate");
		place_refresh(w);
		return;
	}
	if (r->state == RCPT_STATE_WAITING)
		place_leave(w, r, reason, true);
	r->state = state;
	r->overdue = false;
	r->last_line_ms = d->time_ms;
	own_set(&r->destination, d->destination);
	place_refresh(w);
	if (state == RCPT_STATE_DELIVERED)
		place_success(w, d);
}

static bool anyone_waits(const struct tracked *t)
{
	for (size_t i = 0; i < t->n_recipients; i++)
		if (t->recipients[i].state == RCPT_STATE_WAITING)
			return true;
	return false;
}

static void expired(struct telling *w)
{
	if (!anyone_waits(w->t))
		w->sink->count(w->sink, "track.expired_unknown");
	all_leave(w, REASON_EXPIRED, true, RCPT_STATE_EXPIRED);
}

static enum track_verdict take_event(struct telling *w, const struct delivery *d)
{
	switch (d->event) {
	case EVENT_DEFERRED:
		deferred(w, d);
		return TRACK_KEEP;
	case EVENT_DELIVERED:
		finished(w, d, RCPT_STATE_DELIVERED, REASON_DELIVERED);
		return TRACK_KEEP;
	case EVENT_BOUNCED:
		finished(w, d, RCPT_STATE_BOUNCED, REASON_BOUNCED);
		return TRACK_KEEP;
	case EVENT_HANDED_ON:
		finished(w, d, RCPT_STATE_HANDED_ON, REASON_HANDED_ON);
		return TRACK_KEEP;
	case EVENT_DISCARDED:
		finished(w, d, RCPT_STATE_DISCARDED, REASON_DISCARDED);
		return TRACK_KEEP;
	case EVENT_EXPIRED:
		expired(w);
		break;
	case EVENT_HELD:
	case EVENT_RELEASED:
		w->t->held = d->event == EVENT_HELD;
		break;
	case EVENT_REQUEUED:
	case EVENT_DELETED:
		all_leave(w, d->event == EVENT_REQUEUED ? REASON_REQUEUED : REASON_DELETED, true, RCPT_STATE_UNKNOWN);
		return close_entry(w, d);
	case EVENT_REMOVED:
		all_leave(w, REASON_CLOSED_UNKNOWN, true, RCPT_STATE_UNKNOWN);
		return close_entry(w, d);
	case EVENT_QUEUED:
		w->t->null_sender = d->null_sender;
		own_set(&w->t->sender, d->sender);
		break;
	default:
		break;
	}
	place_refresh(w);
	return TRACK_KEEP;
}

enum track_verdict track_apply(const struct track_config *c, const struct track_key *k, struct tracked *t,
                               const struct delivery *d, int64_t p_ms, struct track_sink *sink)
{
	struct telling w = {c, k, t, sink, p_ms, d->time_ms, false};

	if (t->last_line_ms == TIME_NONE && !t->closed) {
		sink->count(sink, "track.opened");
	} else if (t->closed) {
		if (!reuses_closed(t, d)) {
			sink->count(sink, "track.late");
			return TRACK_KEEP;
		}
		tracked_reuse(t);
		sink->count(sink, "track.opened");
	} else if (ended_unseen(t, d)) {
		w.time_ms = TIME_NONE;
		all_leave(&w, REASON_CLOSED_UNKNOWN, false, RCPT_STATE_UNKNOWN);
		w.time_ms = d->time_ms;
		tracked_reuse(t);
		sink->count(sink, "track.opened");
	}
	t->mta = (enum mta)d->mta;
	t->last_p_ms = p_ms;
	if (d->time_ms > t->last_line_ms)
		t->last_line_ms = d->time_ms;
	take_beginning(t, d);
	return take_event(&w, d);
}

/* 1.6: when a step of a recipient is crossed. */
static int64_t step_ms(const struct tracked *t, const struct tracked_recipient *r, const struct track_step *step)
{
	struct since since = tracked_since(t);

	if (step->age_ms >= 0)
		return since.at_ms + step->age_ms;
	return since.base_ms + (r->expires_ms - since.base_ms) * step->percent / 100;
}

static int64_t overdue_ms(const struct track_config *c, const struct tracked *t, const struct tracked_recipient *r)
{
	return r->expires_ms + (t->longest_gap_ms > c->grace_ms ? t->longest_gap_ms : c->grace_ms);
}

static int64_t recipient_due(const struct track_config *c, const struct tracked *t, const struct tracked_recipient *r)
{
	int64_t due_ms = TIME_NEVER;

	if (r->state != RCPT_STATE_WAITING || r->mismatched)
		return due_ms;
	for (size_t i = 0; i < c->n_steps; i++)
		if (!(r->steps_crossed & (1u << i)) && step_ms(t, r, &c->steps[i]) < due_ms)
			due_ms = step_ms(t, r, &c->steps[i]);
	if (!r->overdue && overdue_ms(c, t, r) < due_ms)
		due_ms = overdue_ms(c, t, r);
	return due_ms;
}

int64_t track_due(const struct track_config *c, const struct tracked *t)
{
	if (t->closed || !anyone_waits(t))
		return t->last_p_ms + c->closed_keep_ms;
	int64_t due_ms = t->last_p_ms + c->forget_after_ms;
	for (size_t i = 0; i < t->n_recipients && !t->held; i++) {
		int64_t r_ms = recipient_due(c, t, &t->recipients[i]);
		if (r_ms < due_ms)
			due_ms = r_ms;
	}
	return due_ms > t->last_p_ms ? due_ms : t->last_p_ms;
}

static void cross_steps(struct telling *w, struct tracked_recipient *r)
{
	for (size_t i = 0; i < w->c->n_steps; i++) {
		const struct track_step *step = &w->c->steps[i];
		if ((r->steps_crossed & (1u << i)) || step_ms(w->t, r, step) > w->at_ms)
			continue;
		r->steps_crossed |= 1u << i;
		place_step(w, r, step->name);
	}
}

enum track_verdict track_fire(const struct track_config *c, const struct track_key *k, struct tracked *t, int64_t at_ms,
                              struct track_sink *sink)
{
	struct telling w = {c, k, t, sink, at_ms, TIME_NONE, false};

	if (t->closed || !anyone_waits(t))
		return TRACK_REMOVE;
	if (at_ms >= t->last_p_ms + c->forget_after_ms) {
		all_leave(&w, REASON_FORGOTTEN, false, RCPT_STATE_UNKNOWN);
		sink->count(sink, "track.forgotten");
		return TRACK_REMOVE;
	}
	for (size_t i = 0; i < t->n_recipients; i++) {
		struct tracked_recipient *r = &t->recipients[i];
		if (r->state != RCPT_STATE_WAITING || r->mismatched)
			continue;
		cross_steps(&w, r);
		if (overdue_ms(c, t, r) <= at_ms)
			r->overdue = true;
	}
	place_refresh(&w);
	return TRACK_KEEP;
}

bool track_is_overdue(const struct tracked *t)
{
	for (size_t i = 0; i < t->n_recipients; i++)
		if (t->recipients[i].state == RCPT_STATE_WAITING && t->recipients[i].overdue)
			return true;
	return false;
}

enum message_state track_state(const struct tracked *t)
{
	if (t->closed)
		return MESSAGE_STATE_CLOSED;
	if (t->held)
		return MESSAGE_STATE_HELD;
	if (track_is_overdue(t))
		return MESSAGE_STATE_OVERDUE;
	if (anyone_waits(t))
		return MESSAGE_STATE_WAITING;
	return t->n_recipients > 0 ? MESSAGE_STATE_DONE : MESSAGE_STATE_ACTIVE;
}

bool track_is_queued(const struct tracked *t)
{
	enum message_state s = track_state(t);
	return s != MESSAGE_STATE_CLOSED && s != MESSAGE_STATE_DONE;
}
