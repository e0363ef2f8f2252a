/* SPDX-License-Identifier: Apache-2.0 */
/* lifetime - see lifetime.h */
#include "track/lifetime.h"

#define DAY_MS ((int64_t)24 * 3600 * 1000)

/* A delay that tells of an arrival this much before the queue id began means a requeued message. */
enum { REQUEUE_SLACK_MS = 2000 };

bool lifetime_has_arrival(const struct delivery *d)
{
	return d->arrival_source != SINCE_UNKNOWN && d->arrival_ms != TIME_NONE;
}

int64_t lifetime_arrival_error_ms(const struct delivery *d)
{
	return d->arrival_error_ms < 0 ? 0 : d->arrival_error_ms;
}

void lifetime_take_line(struct tracked *t, const struct delivery *d)
{
	if (t->first_seen_ms == TIME_NONE)
		t->first_seen_ms = d->time_ms;
	if (d->event == EVENT_ARRIVED && lifetime_has_arrival(d) && t->own_source != SINCE_EXPLICIT) {
		t->own_ms = d->arrival_ms;
		t->own_error_ms = lifetime_arrival_error_ms(d);
		t->own_source = SINCE_EXPLICIT;
	}
	if (t->own_source == SINCE_UNKNOWN && d->id_time_ms != TIME_NONE) {
		t->own_ms = d->id_time_ms;
		t->own_error_ms = 0;
		t->own_source = SINCE_QUEUE_ID;
	}
	if (d->arrival_source == SINCE_DELAY && lifetime_has_arrival(d) &&
	    (t->delay_error_ms < 0 || lifetime_arrival_error_ms(d) < t->delay_error_ms)) {
		t->delay_ms = d->arrival_ms;
		t->delay_error_ms = lifetime_arrival_error_ms(d);
	}
}

struct since lifetime_since(const struct tracked *t)
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

static bool rule_fits(const struct lifetime_rule *rule, struct str host, const struct tracked *t)
{
	if (rule->host.n > 0 && !str_eq_nocase(rule->host, host))
		return false;
	if (rule->mta != MTA_UNKNOWN && rule->mta != t->mta)
		return false;
	return rule->null_sender < 0 || (rule->null_sender == 1) == t->null_sender;
}

static int64_t policy_ms(const struct track_config *c, struct str host, const struct tracked *t, struct str connector,
                         enum basis *ret_basis)
{
	const struct connector *route =
	    connector.n == 0 ? NULL : connector_find(c->connectors, c->n_connectors, connector);

	*ret_basis = BASIS_CONFIGURED;
	if (route != NULL && route->lifetime_ms >= 0)
		return route->lifetime_ms;
	for (size_t i = 0; i < c->n_rules; i++)
		if (rule_fits(&c->rules[i], host, t))
			return c->rules[i].lifetime_ms;
	*ret_basis = BASIS_DEFAULT;
	return c->default_lifetime_ms;
}

int64_t lifetime_expires_ms(const struct track_config *c, struct str host, const struct tracked *t,
                            const struct tracked_wait *w, enum basis *ret_basis)
{
	if (w->record_expires_ms == TIME_NONE)
		return lifetime_since(t).base_ms + policy_ms(c, host, t, w->texts.connector, ret_basis);
	*ret_basis = BASIS_RECORD;
	return w->record_expires_ms;
}

int64_t lifetime_grace_ms(const struct track_config *c, const struct tracked *t)
{
	return t->longest_gap_ms > c->grace_ms ? t->longest_gap_ms : c->grace_ms;
}

/* Five days is Postfix's own default; beyond it the next whole day. */
int64_t lifetime_likely_ms(int64_t age_ms)
{
	return age_ms < 5 * DAY_MS ? 5 * DAY_MS : (age_ms / DAY_MS + 1) * DAY_MS;
}

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

int64_t lifetime_step_ms(const struct since *since, const struct tracked_wait *w, const struct track_step *step)
{
	if (step->age_ms >= 0)
		return since->at_ms + step->age_ms;
	return since->base_ms + floor_div((w->expires_ms - since->base_ms) * step->percent, 100);
}
