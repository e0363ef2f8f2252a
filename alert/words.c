/* SPDX-License-Identifier: Apache-2.0 */
/* words - see words.h */
#include <inttypes.h>

#include "alert/words.h"
#include "lib/base/timefmt.h"

static void add_count(struct buf *out, int64_t n, const char *one, const char *many)
{
	buf_fmt(out, "%" PRId64 " %s", n, n == 1 ? one : many);
}

/* "2026-11-24 08:05 UTC" */
static void add_time(struct buf *out, int64_t ms)
{
	char text[25];

	time_format(ms, text);
	buf_fmt(out, "%.10s %.5s UTC", text, text + 11);
}

/* "expires and bounces", or what may be said instead */
static void add_end(struct buf *out, const struct incident *inc, int64_t default_lifetime_ms, const char *sure)
{
	switch ((enum basis)inc->expiry_basis) {
	case BASIS_RECORD:
	case BASIS_CONFIGURED:
		buf_fmt(out, "%s", sure);
		return;
	case BASIS_OBSERVED:
		buf_str(out, STR("reaches the limit seen so far"));
		return;
	case BASIS_DEFAULT:
	case BASIS_UNKNOWN:
		break;
	}
	buf_str(out, STR("reaches the "));
	if (default_lifetime_ms % (3600 * 1000) == 0)
		buf_fmt(out, "%" PRId64 " h", default_lifetime_ms / (3600 * 1000));
	else
		duration_words(default_lifetime_ms, out);
	buf_str(out, STR(" limit"));
}

static void add_first_end(struct buf *out, const struct incident *inc, int64_t default_lifetime_ms)
{
	buf_str(out, STR(", the first "));
	add_end(out, inc, default_lifetime_ms, "expires");
	if (inc->first_expiry_ms <= inc->updated_ms) {
		buf_str(out, STR(" now"));
		return;
	}
	buf_str(out, STR(" in "));
	duration_words(inc->first_expiry_ms - inc->updated_ms, out);
}

static void resolved_title(const struct incident *inc, struct buf *out)
{
	buf_fmt(out, "Resolved: mail to %.*s (%s)", STR_FMT(inc->group), class_names[inc->class]);
	if (inc->messages > 0) {
		buf_str(out, STR(", "));
		add_count(out, inc->messages, "message still waits", "messages still wait");
	}
}

void words_title(const struct incident *inc, enum alert_event event, int64_t default_lifetime_ms, struct buf *out)
{
	if (event == ALERT_RESOLVED) {
		resolved_title(inc, out);
		return;
	}
	buf_str(out, inc->severity == SEVERITY_CRITICAL ? STR("Critical: ") : STR("Warning: "));
	add_count(out, inc->messages, "message waits for ", "messages wait for ");
	buf_fmt(out, "%.*s (%s)", STR_FMT(inc->group), class_names[inc->class]);
	if (inc->first_expiry_ms != TIME_NONE)
		add_first_end(out, inc, default_lifetime_ms);
	if (inc->overdue > 0)
		buf_fmt(out, ", %" PRId64 " overdue", inc->overdue);
	if (inc->expired > 0)
		buf_fmt(out, ", %" PRId64 " expired", inc->expired);
}

static void add_cause(struct buf *out, const struct incident *inc)
{
	buf_fmt(out, "Mail to %.*s is deferred: %s", STR_FMT(inc->group), class_prose((enum class)inc->class));
	if (inc->detail.n > 0)
		buf_fmt(out, " (%.*s)", STR_FMT(inc->detail));
	if (inc->microsoft_code.n > 0 && !str_eq(inc->microsoft_code, STR("other")))
		buf_fmt(out, " [%.*s]", STR_FMT(inc->microsoft_code));
	buf_chr(out, '.');
}

static void add_side(struct buf *out, int side)
{
	static const char *const words[] = {
	    [SIDE_UNKNOWN] = "It is not known whose it is to mend.",   [SIDE_US] = "It is ours to mend.",
	    [SIDE_THEM] = "It is the destination's to mend.",          [SIDE_PARTNER] = "It is the partner's to mend.",
	    [SIDE_NETWORK] = "The fault lies in the network between.", [SIDE_NOBODY] = "It passes by itself.",
	};

	buf_fmt(out, " %s", words[side]);
}

static void add_waiting(struct buf *out, const struct incident *inc)
{
	const struct incident_class *classes = inc->classes.items;

	buf_chr(out, ' ');
	add_count(out, inc->messages, "message for ", "messages for ");
	add_count(out, inc->recipients, "recipient", "recipients");
	buf_str(out, inc->messages == 1 ? STR(" waits") : STR(" wait"));
	if (inc->oldest_ms != TIME_NONE) {
		buf_str(out, STR(", the oldest since "));
		add_time(out, inc->oldest_ms);
	}
	if (inc->since_ms != TIME_NONE) {
		buf_str(out, STR("; it has been failing since "));
		add_time(out, inc->since_ms);
	}
	buf_chr(out, '.');
	for (size_t i = 0; i < inc->classes.n && inc->classes.n > 1; i++)
		buf_fmt(out, "%s%s %" PRId64, i == 0 ? " By cause: " : ", ", class_names[classes[i].class],
		        classes[i].messages);
	if (inc->classes.n > 1)
		buf_chr(out, '.');
}

static void add_expiry(struct buf *out, const struct incident *inc, int64_t default_lifetime_ms)
{
	if (inc->first_expiry_ms == TIME_NONE)
		return;
	buf_str(out, STR(" The first one "));
	add_end(out, inc, default_lifetime_ms, "expires and bounces");
	buf_str(out, STR(" at "));
	add_time(out, inc->first_expiry_ms);
	if (inc->expiry_basis == BASIS_DEFAULT)
		buf_str(out, STR(" (that limit is assumed, not configured)"));
	buf_fmt(out, "; recipients that get there within 1 h: %" PRId64 ", 6 h: %" PRId64 ", 24 h: %" PRId64 ".",
	        inc->expiring_1h, inc->expiring_6h, inc->expiring_24h);
}

static void add_marks(struct buf *out, const struct incident *inc)
{
	const struct {
		int64_t n;
		const char *one, *many, *rest;
	} marks[] = {
	    {inc->overdue, "recipient is", "recipients are",
	     "overdue: past the limit without a word from the mail server (inferred)"},
	    {inc->expired, "recipient has", "recipients have", "expired, says the log"},
	    {inc->mismatched, "recipient was", "recipients were",
	     "retried beyond the limit: the lifetime set for this mail server seems to be wrong"},
	    {inc->held, "recipient is", "recipients are", "on hold"},
	    {inc->permanent_replies, "attempt", "attempts", "got a permanent reply, which a retry seldom changes"},
	};

	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++) {
		if (marks[i].n <= 0)
			continue;
		buf_chr(out, ' ');
		add_count(out, marks[i].n, marks[i].one, marks[i].many);
		buf_fmt(out, " %s.", marks[i].rest);
	}
}

static void add_success(struct buf *out, const struct incident *inc)
{
	if (inc->last_success_ms == TIME_NONE) {
		buf_str(out, STR(" It was never seen working."));
		return;
	}
	if (inc->since_ms != TIME_NONE && inc->last_success_ms > inc->since_ms)
		buf_str(out, STR(" Some mail gets through, the last one at "));
	else
		buf_str(out, STR(" It worked until "));
	add_time(out, inc->last_success_ms);
	buf_chr(out, '.');
}

static void add_where(struct buf *out, const struct incident *inc)
{
	const struct row_source *sources = inc->sources.items;

	if (inc->next_hop.n > 0) {
		buf_fmt(out, " Destination server: %.*s", STR_FMT(inc->next_hop));
		if (inc->next_hop_ip.n > 0)
			buf_fmt(out, " [%.*s]", STR_FMT(inc->next_hop_ip));
		buf_chr(out, '.');
	}
	if (inc->last_error.n > 0)
		buf_fmt(out, " Last error: \"%.*s\".", STR_FMT(inc->last_error));
	for (size_t i = 0; i < inc->sources.n; i++)
		buf_fmt(out, "%s%.*s (%" PRId64 ")", i == 0 ? " Waiting at: " : ", ", STR_FMT(sources[i].host),
		        sources[i].recipients);
	if (inc->sources.n > 0)
		buf_chr(out, '.');
}

/* Whom to call, and what they will want to know. */
static void add_help(struct buf *out, const struct incident *inc)
{
	const struct egress *egress = inc->egress.items;

	if (inc->contact.n > 0)
		buf_fmt(out, " Contact: %.*s.", STR_FMT(inc->contact));
	for (size_t i = 0; i < inc->egress.n; i++)
		buf_fmt(out, "%s%.*s", i == 0 ? " The other side must let our mail through from " : ", ",
		        STR_FMT(egress[i].address));
	if (inc->egress.n > 0)
		buf_chr(out, '.');
	if (inc->runbook.n > 0) /* last, and no full stop: it is to be clicked on */
		buf_fmt(out, " Runbook: %.*s", STR_FMT(inc->runbook));
}

static void resolved_summary(const struct incident *inc, struct buf *out)
{
	if (inc->recipients == 0) {
		buf_fmt(out, "Nothing waits for %.*s any more for this cause or one like it.", STR_FMT(inc->group));
	} else {
		buf_fmt(out, "Mail to %.*s is below its limits again; ", STR_FMT(inc->group));
		add_count(out, inc->recipients, "recipient still waits.", "recipients still wait.");
	}
	buf_fmt(out,
	        " Recipients that had waited: %" PRId64 " delivered late, %" PRId64 " bounced, %" PRId64 " expired",
	        inc->delivered, inc->bounced, inc->expired);
	if (inc->longest_wait_ms >= 0) {
		buf_str(out, STR("; the longest wait was "));
		duration_words(inc->longest_wait_ms, out);
	}
	buf_str(out, STR(". The incident was open from "));
	add_time(out, inc->opened_ms);
	buf_str(out, STR(" to "));
	add_time(out, inc->resolved_ms);
	buf_chr(out, '.');
}

void words_summary(const struct incident *inc, enum alert_event event, int64_t default_lifetime_ms, struct buf *out)
{
	if (event == ALERT_RESOLVED) {
		resolved_summary(inc, out);
		return;
	}
	add_cause(out, inc);
	add_side(out, inc->side);
	add_waiting(out, inc);
	add_expiry(out, inc, default_lifetime_ms);
	add_marks(out, inc);
	add_success(out, inc);
	add_where(out, inc);
	add_help(out, inc);
}
