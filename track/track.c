/* SPDX-License-Identifier: Apache-2.0 */
/* track - see track.h */
#include "lib/base/check.h"
#include "lib/base/hash.h"
#include "track/lifetime.h"
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

struct event_rule {
	bool opens; /* may be the first that is heard of a message */
	enum track_verdict (*take)(struct telling *w, const struct delivery *d, const struct event_rule *rule);
	enum rcpt_state state; /* of recipients that it finishes … */
	enum reason reason;    /* … and why they leave */
};

static const struct event_rule *event_rule(int event);

/* A closed entry: does the line belong to a later message of the same queue id? */
static bool reuses(const struct tracked *t, const struct delivery *d)
{
	if (!event_rule(d->event)->opens || d->time_ms <= t->closed_ms + SLACK_MS)
		return false;
	return !lifetime_has_arrival(d) || d->arrival_ms + lifetime_arrival_error_ms(d) >= t->closed_ms;
}

bool track_takes(const struct track_config *c, const struct tracked *t, const struct delivery *d, int64_t p_ms,
                 struct track_sink *sink)
{
	const char *why = NULL;

	if (t == NULL && p_ms - d->time_ms > c->closed_keep_ms)
		why = "track.too_late";
	else if (t == NULL && !event_rule(d->event)->opens)
		why = "track.unknown_message";
	else if (t != NULL && t->closed && !reuses(t, d))
		why = "track.late";
	if (why != NULL)
		sink->count(sink, why);
	return why == NULL;
}

/* An open entry: does the line belong to a later message, whose predecessor's end was not logged? */
static bool ended_unseen(const struct tracked *t, const struct delivery *d)
{
	if (d->event == EVENT_ARRIVED && d->time_ms > t->last_line_ms + SLACK_MS)
		return true;
	return d->arrival_source == SINCE_DELAY && lifetime_has_arrival(d) &&
	       d->arrival_ms - lifetime_arrival_error_ms(d) > t->last_line_ms + SLACK_MS;
}

/* The recipient waits no longer: it is finished, or forgotten with its entry. */
static void leave(struct telling *w, struct tracked_recipient *r, enum rcpt_state state, enum reason reason)
{
	if (tracked_is_waiting(r))
		place_leave(w, r, reason, w->time_ms != TIME_NONE);
	r->state = state;
	if (w->time_ms > r->last_line_ms)
		r->last_line_ms = w->time_ms;
}

static void all_leave(struct telling *w, enum rcpt_state state, enum reason reason)
{
	for (size_t i = 0; i < w->t->n_recipients; i++)
		if (tracked_is_waiting(&w->t->recipients[i]))
			leave(w, &w->t->recipients[i], state, reason);
}

static enum track_verdict close_entry(struct telling *w, const struct delivery *d, const struct event_rule *rule)
{
	all_leave(w, rule->state, rule->reason);
	w->t->closed = true;
	w->t->closed_ms = d->time_ms;
	tracked_forget_recipients(w->t);
	return w->t->ever_waiting ? TRACK_KEEP : TRACK_REMOVE;
}

/* Of two deferrals at the same time: what must be equal for the second to be a copy of the first. */
static uint64_t line_hash(const struct delivery *d)
{
	return hash64(d->text, hash64(d->relay, hash64(d->dsn, (uint64_t)d->delay_ms)));
}

/* Is the deferral nothing new? Counts it then. */
static bool is_old(const struct telling *w, const struct tracked_recipient *r, const struct delivery *d)
{
	const char *count = NULL;

	if (tracked_is_waiting(r)) {
		if (d->time_ms < r->last_line_ms)
			count = "track.stale";
		else if (d->time_ms == r->last_line_ms && line_hash(d) == r->wait->line_hash)
			count = "track.duplicate";
	} else if (r->state != RCPT_STATE_UNKNOWN && d->time_ms <= r->last_line_ms) {
		count = "track.duplicate";
	}
	if (count != NULL)
		w->sink->count(w->sink, count);
	return count != NULL;
}

/* A line without a next hop says nothing new of where the message was to go. */
static void take_group(struct tracked_wait *x, const struct delivery *d, union wait_texts *texts)
{
	if (d->next_hop.n == 0 && d->connector.n == 0 && d->family != FAMILY_LOCAL && texts->group.n > 0)
		return;
	texts->group = d->group;
	texts->connector = d->connector;
	texts->provider = d->provider;
	texts->next_hop = d->next_hop;
	texts->next_hop_ip = d->next_hop_ip;
	x->kind = (enum kind)d->kind;
}

/* That there is no IPv6 here is told of hosts which failed over IPv4 for a better reason, and "not tried
 * again yet" repeats none. */
static bool says_less(const struct tracked_wait *x, const struct delivery *d)
{
	if (d->suspended && (d->class == CLASS_other || d->class == CLASS_none))
		return true;
	return d->class == CLASS_unreachable && str_eq(d->detail, STR("ipv6_no_route")) &&
	       x->class != CLASS_unreachable;
}

static void take_class(struct tracked_wait *x, bool waits, const struct delivery *d, union wait_texts *texts)
{
	if (waits && says_less(x, d))
		return;
	x->class = d->class == CLASS_none ? CLASS_other : (enum class)d->class;
	texts->detail = d->detail;
	texts->microsoft_code = d->microsoft_code;
	x->owner = (enum owner)d->owner;
	x->side = (enum side)d->side;
}

static void take_cause(struct tracked_wait *x, bool waits, const struct delivery *d)
{
	union wait_texts texts = x->texts;

	if (!waits)
		texts.group = STR_NONE;
	take_group(x, d, &texts);
	take_class(x, waits, d, &texts);
	texts.text = d->text;
	texts.destination = d->destination;
	tracked_set_texts(x, &texts);
	x->line_hash = line_hash(d);
	x->suspended = d->suspended;
	x->permanent_reply = d->permanent_reply;
	x->attempts += !d->suspended;
	if (x->first_deferral_ms == TIME_NONE)
		x->first_deferral_ms = d->time_ms;
}

static void test_mismatch(struct telling *w, struct tracked_wait *x, const struct delivery *d)
{
	enum basis basis;
	int64_t end_ms = lifetime_expires_ms(w->c, w->k->host, w->t, x, &basis) + lifetime_grace_ms(w->c, w->t);

	if (!w->t->held && d->time_ms > end_ms)
		x->mismatched = true;
	if (x->mismatched)
		x->likely_lifetime_ms = lifetime_likely_ms(d->time_ms - lifetime_since(w->t).base_ms);
}

/* Of an earlier wait only the first deferral and the attempts are remembered. */
static void wait_again(struct tracked_wait *x)
{
	x->record_expires_ms = TIME_NONE;
	x->mismatched = false;
	x->likely_lifetime_ms = -1;
	x->steps_crossed = 0;
}

static enum track_verdict deferred(struct telling *w, const struct delivery *d, const struct event_rule *rule)
{
	struct tracked_recipient *r = tracked_add(w->t, d->recipient);

	(void)rule;
	if (is_old(w, r, d)) {
		place_refresh(w);
		return TRACK_KEEP;
	}
	struct tracked_wait *x = tracked_wait(r);
	bool waited = tracked_is_waiting(r);
	if (!waited)
		wait_again(x);
	take_cause(x, waited, d);
	if (d->expires_ms != TIME_NONE)
		x->record_expires_ms = d->expires_ms;
	x->overdue = false;
	test_mismatch(w, x, d);
	if (waited && d->time_ms - r->last_line_ms > w->t->longest_gap_ms)
		w->t->longest_gap_ms = d->time_ms - r->last_line_ms;
	r->state = RCPT_STATE_WAITING;
	r->last_line_ms = d->time_ms;
	w->t->ever_waiting = true;
	place_refresh(w);
	if (waited && !d->suspended)
		place_retry(w, r);
	return TRACK_KEEP;
}

static enum track_verdict finish(struct telling *w, const struct delivery *d, const struct event_rule *rule)
{
	struct tracked_recipient *r = tracked_add(w->t, d->recipient);
	bool again = r->state != RCPT_STATE_UNKNOWN && !tracked_is_waiting(r);

	if (again)
		w->sink->count(w->sink, "track.duplicate");
	else
		leave(w, r, rule->state, rule->reason);
	place_refresh(w);
	if (!again && rule->state == RCPT_STATE_DELIVERED)
		place_success(w, d);
	return TRACK_KEEP;
}

static enum track_verdict expire(struct telling *w, const struct delivery *d, const struct event_rule *rule)
{
	(void)d;
	if (!tracked_anyone_waits(w->t))
		w->sink->count(w->sink, "track.expired_unknown");
	all_leave(w, rule->state, rule->reason);
	place_refresh(w);
	return TRACK_KEEP;
}

static enum track_verdict hold(struct telling *w, const struct delivery *d, const struct event_rule *rule)
{
	(void)rule;
	w->t->held = d->event == EVENT_HELD;
	place_refresh(w);
	return TRACK_KEEP;
}

static enum track_verdict take_sender(struct telling *w, const struct delivery *d, const struct event_rule *rule)
{
	(void)rule;
	w->t->null_sender = d->null_sender;
	tracked_set_sender(w->t, d->sender);
	place_refresh(w);
	return TRACK_KEEP;
}

static enum track_verdict take_nothing(struct telling *w, const struct delivery *d, const struct event_rule *rule)
{
	(void)d;
	(void)rule;
	place_refresh(w);
	return TRACK_KEEP;
}

static const struct event_rule event_rules[] = {
    [EVENT_NONE] = {false, take_nothing, 0, 0},
    [EVENT_DELIVERED] = {true, finish, RCPT_STATE_DELIVERED, REASON_DELIVERED},
    [EVENT_DEFERRED] = {true, deferred, 0, 0},
    [EVENT_BOUNCED] = {true, finish, RCPT_STATE_BOUNCED, REASON_BOUNCED},
    [EVENT_EXPIRED] = {false, expire, RCPT_STATE_EXPIRED, REASON_EXPIRED},
    [EVENT_HANDED_ON] = {true, finish, RCPT_STATE_HANDED_ON, REASON_HANDED_ON},
    [EVENT_DISCARDED] = {true, finish, RCPT_STATE_DISCARDED, REASON_DISCARDED},
    [EVENT_HELD] = {true, hold, 0, 0},
    [EVENT_RELEASED] = {false, hold, 0, 0},
    [EVENT_REQUEUED] = {false, close_entry, RCPT_STATE_UNKNOWN, REASON_REQUEUED},
    [EVENT_DELETED] = {false, close_entry, RCPT_STATE_UNKNOWN, REASON_DELETED},
    [EVENT_ARRIVED] = {true, take_nothing, 0, 0},
    [EVENT_QUEUED] = {true, take_sender, 0, 0},
    [EVENT_MESSAGE_ID] = {false, take_nothing, 0, 0},
    [EVENT_REMOVED] = {false, close_entry, RCPT_STATE_UNKNOWN, REASON_CLOSED_UNKNOWN},
    [EVENT_NOTIFIED] = {false, take_nothing, 0, 0},
    [EVENT_EXPIRY_ORDERED] = {false, take_nothing, 0, 0},
};

static const struct event_rule *event_rule(int event)
{
	CHECK((size_t)event < sizeof(event_rules) / sizeof(*event_rules));
	return &event_rules[event];
}

static void begin(struct telling *w, const struct track_config *c, const struct track_key *k, struct tracked *t,
                  struct track_sink *sink)
{
	w->c = c;
	w->k = k;
	w->t = t;
	w->sink = sink;
	w->id_n = 0;
	w->time_ms = TIME_NONE;
}

enum track_verdict track_apply(const struct track_config *c, const struct track_key *k, struct tracked *t,
                               const struct delivery *d, int64_t p_ms, struct track_sink *sink)
{
	struct telling w;
	bool fresh = t->first_seen_ms == TIME_NONE;
	bool reused = !fresh && (t->closed || ended_unseen(t, d));

	begin(&w, c, k, t, sink);
	w.at_ms = p_ms;
	if (reused) {
		all_leave(&w, RCPT_STATE_UNKNOWN, REASON_CLOSED_UNKNOWN);
		tracked_reuse(t);
		w.id_n = 0;
	}
	if (fresh || reused)
		sink->count(sink, "track.opened");
	t->mta = (enum mta)d->mta;
	t->last_p_ms = p_ms;
	if (d->time_ms > t->last_line_ms)
		t->last_line_ms = d->time_ms;
	lifetime_take_line(t, d);
	w.time_ms = d->time_ms;
	const struct event_rule *rule = event_rule(d->event);
	return rule->take(&w, d, rule);
}

static int64_t overdue_ms(const struct track_config *c, const struct tracked *t, const struct tracked_wait *x)
{
	return x->expires_ms + lifetime_grace_ms(c, t);
}

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static bool is_timed(const struct tracked *t, const struct tracked_recipient *r)
{
	return !t->held && tracked_is_waiting(r) && !r->wait->mismatched;
}

static int64_t recipient_due(const struct track_config *c, const struct tracked *t, const struct since *since,
                             const struct tracked_wait *x)
{
	int64_t due_ms = x->overdue ? TIME_NEVER : overdue_ms(c, t, x);

	for (size_t i = 0; i < c->n_steps; i++)
		if (!(x->steps_crossed & (1u << i)))
			due_ms = least(due_ms, lifetime_step_ms(since, x, &c->steps[i]));
	return due_ms;
}

int64_t track_due(const struct track_config *c, const struct tracked *t)
{
	if (t->closed || !tracked_anyone_waits(t))
		return t->last_p_ms + c->closed_keep_ms;
	int64_t due_ms = t->last_p_ms + c->forget_after_ms;
	struct since since = lifetime_since(t);
	for (size_t i = 0; i < t->n_recipients; i++)
		if (is_timed(t, &t->recipients[i]))
			due_ms = least(due_ms, recipient_due(c, t, &since, t->recipients[i].wait));
	return due_ms > t->last_p_ms ? due_ms : t->last_p_ms;
}

static void pass_time(struct telling *w, struct tracked_recipient *r)
{
	struct since since = lifetime_since(w->t);

	for (size_t i = 0; i < w->c->n_steps; i++) {
		const struct track_step *step = &w->c->steps[i];
		if ((r->wait->steps_crossed & (1u << i)) || lifetime_step_ms(&since, r->wait, step) > w->at_ms)
			continue;
		r->wait->steps_crossed |= 1u << i;
		place_step(w, r, step->name);
	}
	if (overdue_ms(w->c, w->t, r->wait) <= w->at_ms)
		r->wait->overdue = true;
}

enum track_verdict track_fire(const struct track_config *c, const struct track_key *k, struct tracked *t, int64_t at_ms,
                              struct track_sink *sink)
{
	struct telling w;

	if (t->closed || !tracked_anyone_waits(t))
		return TRACK_REMOVE;
	begin(&w, c, k, t, sink);
	w.at_ms = at_ms;
	if (at_ms >= t->last_p_ms + c->forget_after_ms) {
		all_leave(&w, RCPT_STATE_UNKNOWN, REASON_FORGOTTEN);
		sink->count(sink, "track.forgotten");
		return TRACK_REMOVE;
	}
	place_renew_expiries(&w);
	for (size_t i = 0; i < t->n_recipients; i++)
		if (is_timed(t, &t->recipients[i]))
			pass_time(&w, &t->recipients[i]);
	place_refresh(&w);
	return TRACK_KEEP;
}

bool track_is_overdue(const struct tracked *t)
{
	for (size_t i = 0; i < t->n_recipients; i++)
		if (tracked_is_waiting(&t->recipients[i]) && t->recipients[i].wait->overdue)
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
	if (tracked_anyone_waits(t))
		return MESSAGE_STATE_WAITING;
	return t->n_recipients > 0 ? MESSAGE_STATE_DONE : MESSAGE_STATE_ACTIVE;
}

bool track_is_queued(const struct tracked *t)
{
	return !t->closed && (t->n_recipients == 0 || tracked_anyone_waits(t));
}
