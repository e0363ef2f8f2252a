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

static void add_cause(struct buf *out, const struct incident *inc)
{
	buf_fmt(out, "%s", class_prose((enum class)inc->class));
	if (inc->detail.n > 0)
		buf_fmt(out, " (%.*s)", STR_FMT(inc->detail));
	if (inc->microsoft_code.n > 0 && !str_eq(inc->microsoft_code, STR("other")))
		buf_fmt(out, " [%.*s]", STR_FMT(inc->microsoft_code));
}

void words_title(const struct incident *inc, enum alert_event event, struct buf *out)
{
	if (event == ALERT_RESOLVED) {
		buf_fmt(out, "Resolved: mail to %.*s", STR_FMT(inc->group));
		return;
	}
	buf_fmt(out, "%s: %s to %.*s, ", inc->severity == SEVERITY_CRITICAL ? "Critical" : "Warning",
	        class_names[inc->class], STR_FMT(inc->group));
	add_count(out, inc->messages, "message waits", "messages wait");
	if (inc->first_expiry_ms != TIME_NONE) {
		buf_str(out, STR(", first expires in "));
		duration_words(inc->first_expiry_ms > inc->updated_ms ? inc->first_expiry_ms - inc->updated_ms : 0,
		               out);
	}
}

static const char *side_words(int side)
{
	static const char *const words[] = {
	    [SIDE_UNKNOWN] = "It is not known whose it is to mend.",   [SIDE_US] = "It is ours to mend.",
	    [SIDE_THEM] = "It is the destination's to mend.",          [SIDE_PARTNER] = "It is the partner's to mend.",
	    [SIDE_NETWORK] = "The fault lies in the network between.", [SIDE_NOBODY] = "It passes by itself.",
	};
	return words[side];
}

/* Only what the MTA or the operator has said is called a bounce to come. */
static void add_expiry(struct buf *out, const struct incident *inc)
{
	bool sure = inc->expiry_basis == BASIS_RECORD || inc->expiry_basis == BASIS_CONFIGURED;

	if (inc->first_expiry_ms == TIME_NONE)
		return;
	buf_str(out,
	        sure ? STR(" The first one expires and bounces at ") : STR(" The first one reaches its limit at "));
	add_time(out, inc->first_expiry_ms);
	buf_fmt(out, " (%s); within 1 h %" PRId64 ", 6 h %" PRId64 ", 24 h %" PRId64 ".",
	        inc->expiry_basis == BASIS_DEFAULT ? "the 48 h limit is assumed" : basis_names[inc->expiry_basis],
	        inc->expiring_1h, inc->expiring_6h, inc->expiring_24h);
}

static void add_marks(struct buf *out, const struct incident *inc)
{
	if (inc->overdue > 0) {
		buf_chr(out, ' ');
		add_count(out, inc->overdue, "recipient is", "recipients are");
		buf_str(out, STR(" past the limit without a word from the mail server (inferred)."));
	}
	if (inc->expired > 0) {
		buf_chr(out, ' ');
		add_count(out, inc->expired, "recipient has", "recipients have");
		buf_str(out, STR(" expired, says the log."));
	}
	if (inc->mismatched > 0) {
		buf_chr(out, ' ');
		add_count(out, inc->mismatched, "recipient was", "recipients were");
		buf_str(out, STR(" retried beyond the limit: the lifetime setting is too short for this mail server."));
	}
	if (inc->held > 0) {
		buf_chr(out, ' ');
		add_count(out, inc->held, "recipient is", "recipients are");
		buf_str(out, STR(" on hold."));
	}
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
		buf_fmt(out, " Last error: %.*s.", STR_FMT(inc->last_error));
	if (inc->last_success_ms != TIME_NONE) {
		buf_str(out, STR(" It last worked at "));
		add_time(out, inc->last_success_ms);
		buf_chr(out, '.');
	} else {
		buf_str(out, STR(" It was never seen working."));
	}
	for (size_t i = 0; i < inc->sources.n; i++)
		buf_fmt(out, "%s%.*s (%" PRId64 ")", i == 0 ? " Waiting at: " : ", ", STR_FMT(sources[i].host),
		        sources[i].recipients);
	if (inc->sources.n > 0)
		buf_chr(out, '.');
}

static void resolved_summary(const struct incident *inc, struct buf *out)
{
	buf_fmt(out, "Mail to %.*s flows again or nothing waits any more: ", STR_FMT(inc->group));
	buf_fmt(out, "%" PRId64 " delivered late, %" PRId64 " bounced, %" PRId64 " expired", inc->delivered,
	        inc->bounced, inc->expired);
	if (inc->longest_wait_ms >= 0) {
		buf_str(out, STR("; the longest wait was "));
		duration_words(inc->longest_wait_ms, out);
	}
	buf_str(out, STR(". Open since "));
	add_time(out, inc->opened_ms);
	buf_chr(out, '.');
}

void words_summary(const struct incident *inc, enum alert_event event, struct buf *out)
{
	if (event == ALERT_RESOLVED) {
		resolved_summary(inc, out);
		return;
	}
	buf_fmt(out, "Mail to %.*s is deferred: ", STR_FMT(inc->group));
	add_cause(out, inc);
	buf_fmt(out, ". %s ", side_words(inc->side));
	add_count(out, inc->messages, "message", "messages");
	buf_str(out, STR(" for "));
	add_count(out, inc->recipients, "recipient", "recipients");
	buf_str(out, inc->messages == 1 ? STR(" waits") : STR(" wait"));
	if (inc->since_ms != TIME_NONE) {
		buf_str(out, STR(", failing since "));
		add_time(out, inc->since_ms);
	}
	buf_chr(out, '.');
	add_expiry(out, inc);
	add_marks(out, inc);
	add_where(out, inc);
}
