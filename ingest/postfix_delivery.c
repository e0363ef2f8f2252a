/* SPDX-License-Identifier: Apache-2.0 */
/*
 * postfix_delivery - "to=<a>, relay=b, delay=c, delays=d, dsn=e, status=f (reason)"
 *
 * Up to Postfix 3.4 addresses are logged unquoted, so a recipient may hold what looks like the
 * rest of the record, and a reply may hold what looks like a whole one. From left to
 * right the first reading is taken; where a second one is possible, neither is to be trusted.
 */
#include "ingest/postfix.h"
#include "lib/base/timefmt.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool postfix_eat_address(struct str *s, struct str *ret)
{
	size_t i = 1;

	if (s->n == 0 || s->p[0] != '<')
		return false;
	if (i < s->n && s->p[i] == '"') {
		for (i++; i < s->n && s->p[i] != '"'; i++)
			if (s->p[i] == '\\')
				i++;
	}
	while (i < s->n && s->p[i] != '>')
		i++;
	if (i >= s->n)
		return false;
	*ret = str_skip(str_head(*s, i), 1);
	*s = str_skip(*s, i + 1);
	return true;
}

/* A value that ends at ", "; not at the end of the line. */
static bool eat_value(struct str *s, struct str *ret)
{
	for (size_t i = 0; i + 1 < s->n; i++) {
		if (s->p[i] != ',' || s->p[i + 1] != ' ')
			continue;
		*ret = str_head(*s, i);
		*s = str_skip(*s, i + 2);
		return true;
	}
	return false;
}

/* Decimal seconds to milliseconds; the last digit's worth to *ret_step_ms. */
static bool seconds(struct str s, int64_t *ret_ms, int64_t *ret_step_ms)
{
	int64_t v = 0, step = 1000;
	size_t i = 0;

	for (; i < s.n && is_digit(s.p[i]); i++) {
		if (v > INT64_MAX / 100000)
			return false;
		v = v * 10 + (s.p[i] - '0');
	}
	if (i == 0)
		return false;
	v *= 1000;
	if (i < s.n && s.p[i] == '.') {
		for (i++; i < s.n && is_digit(s.p[i]); i++) {
			if (step == 1)
				continue;
			step /= 10;
			v += (s.p[i] - '0') * step;
		}
	}
	*ret_ms = v;
	*ret_step_ms = step;
	return i == s.n;
}

/* "a/b/c/d", seconds each */
static bool delays_ok(struct str s)
{
	struct str part;
	int64_t ms, step;
	int n = 0;

	while (str_cut(&s, '/', &part)) {
		if (!seconds(part, &ms, &step))
			return false;
		n++;
	}
	return n == 3 && seconds(s, &ms, &step);
}

static bool dsn_ok(struct str s)
{
	size_t dots = 0;

	if (s.n < 5 || s.n > 11 || (s.p[0] != '2' && s.p[0] != '4' && s.p[0] != '5') || s.p[1] != '.')
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '.')
			dots++;
		else if (!is_digit(s.p[i]))
			return false;
	}
	return dots == 2;
}

struct fields {
	struct str to, orig_to, relay, delay, delays, dsn, status, reason;
};

/* Everything behind the recipient. False: no record. */
static bool eat_fields(struct str *s, struct fields *f)
{
	struct str ignored;

	if (!str_eat(s, STR(", ")))
		return false;
	if (str_eat(s, STR("orig_to=")) && (!postfix_eat_address(s, &f->orig_to) || !str_eat(s, STR(", "))))
		return false;
	if (!str_eat(s, STR("relay=")) || !eat_value(s, &f->relay))
		return false;
	if (str_eat(s, STR("conn_use=")) && !eat_value(s, &ignored))
		return false;
	if (!str_eat(s, STR("delay=")) || !eat_value(s, &f->delay))
		return false;
	if (str_eat(s, STR("delays=")) && !eat_value(s, &f->delays)) /* not before 2.3 */
		return false;
	if (str_eat(s, STR("tls=")) && !eat_value(s, &ignored))
		return false;
	if (str_eat(s, STR("dsn=")) && !eat_value(s, &f->dsn))
		return false;
	if (!str_eat(s, STR("status=")))
		return false;
	size_t n = 0;
	while (n < s->n && s->p[n] != ' ')
		n++;
	f->status = str_head(*s, n);
	*s = str_skip(*s, n);
	str_eat(s, STR(" "));
	return true;
}

/* Could the fields as well begin behind a later '>'? */
static bool stands_twice(struct str rest)
{
	for (;;) {
		ssize_t at = str_find(rest, STR(">, "));
		if (at < 0)
			return false;
		rest = str_skip(rest, (size_t)at + 1);
		struct fields f = {.to = STR_NONE};
		struct str s = rest;
		if (eat_fields(&s, &f) && f.status.n > 0)
			return true;
	}
}

/* The reason stands in brackets up to the last one of the line; a cut line has no last one. */
static struct str reason_of(struct str s)
{
	if (!str_eat(&s, STR("(")))
		return str_trim(s);
	if (s.n > 0 && s.p[s.n - 1] == ')')
		s.n--;
	return s;
}

/* "none", "local", "host[ip]:port", "host[private/socket]" */
static void read_relay(struct str relay, struct delivery *d)
{
	ssize_t open = str_chr(relay, '['), close = str_rchr(relay, ']');

	if (str_eq(relay, STR("none")))
		return;
	d->relay = relay;
	if (open <= 0 || close <= open)
		return;
	d->relay = str_head(relay, (size_t)open);
	d->relay_ip = str_skip(str_head(relay, (size_t)close), (size_t)open + 1);
	struct str port = str_skip(relay, (size_t)close + 1);
	if (str_eat(&port, STR(":")))
		str_i64(port, &d->relay_port);
}

static bool is_ip(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_digit(s.p[i]) && s.p[i] != '.' && s.p[i] != ':' && !(s.p[i] >= 'a' && s.p[i] <= 'f') &&
		    !(s.p[i] >= 'A' && s.p[i] <= 'F'))
			return false;
	return s.n > 0;
}

/* SMTP to an internal hop is never the end of the way; LMTP is, unless the hop says that it queued the message. */
static bool is_handed_on(const struct ingest_config *c, struct str service, const struct delivery *d)
{
	if (!line_is_internal_hop(c, d->relay, d->relay_ip))
		return false;
	if (str_ends(service, STR("lmtp")))
		return str_find(d->text, STR(" queued as ")) >= 0;
	return str_ends(service, STR("smtp"));
}

/* "250 2.0.0 Ok ...", "forwarded as ID" */
static void read_sent(const struct ingest_config *c, struct str service, struct delivery *d)
{
	struct str id = d->text;

	d->event = EVENT_DELIVERED;
	if (str_eat(&id, STR("forwarded as "))) {
		d->event = EVENT_HANDED_ON;
		d->new_queue_id = postfix_clean(str_head(id, 32), 32, NULL);
	} else if (str_ends(service, STR("discard"))) {
		d->event = EVENT_DISCARDED;
	} else if (d->relay.n > 0 && is_handed_on(c, service, d)) {
		d->event = EVENT_HANDED_ON;
	}
}

static bool read_status(const struct ingest_config *c, struct str service, struct str status, struct delivery *d)
{
	if (str_eq(status, STR("sent"))) {
		read_sent(c, service, d);
	} else if (str_eq(status, STR("deferred"))) {
		d->event = EVENT_DEFERRED;
		d->suspended = str_starts(d->text, STR("delivery temporarily suspended: "));
	} else if (str_eq(status, STR("bounced"))) {
		d->event = EVENT_BOUNCED;
	} else if (str_eq(status, STR("SOFTBOUNCE"))) {
		d->event = EVENT_DEFERRED;
		d->permanent_reply = true;
	} else {
		return false;
	}
	return true;
}

static const char *check_fields(const struct fields *f)
{
	int64_t ms, step;

	if (f->to.n > POSTFIX_ADDRESS_MAX || f->orig_to.n > POSTFIX_ADDRESS_MAX || f->relay.n > 2 * POSTFIX_HOST_MAX)
		return "field_too_long";
	if (!seconds(f->delay, &ms, &step) || (f->delays.n > 0 && !delays_ok(f->delays)))
		return "bad_delivery";
	if (f->dsn.n > 0 && !dsn_ok(f->dsn))
		return "bad_delivery";
	return NULL;
}

static void fill(const struct envelope *env, const struct fields *f, struct arena *scratch, struct delivery *d)
{
	int64_t step_ms;

	seconds(f->delay, &d->delay_ms, &step_ms);
	d->arrival_ms = env->time_ms - d->delay_ms;
	d->arrival_source = SINCE_DELAY;
	d->arrival_error_ms = env->resolution_ms + step_ms;
	if (d->arrival_ms < 0) { /* nonsense: the message cannot be older than time */
		d->arrival_ms = TIME_NONE;
		d->arrival_source = SINCE_UNKNOWN;
		d->arrival_error_ms = -1;
	}
	d->recipient = postfix_clean(f->to, POSTFIX_ADDRESS_MAX, scratch);
	d->orig_recipient = postfix_clean(f->orig_to, POSTFIX_ADDRESS_MAX, scratch);
	read_relay(f->relay, d);
	d->relay = postfix_clean(d->relay, POSTFIX_HOST_MAX, scratch);
	d->relay_ip = postfix_clean(d->relay_ip, POSTFIX_HOST_MAX, scratch);
	d->dsn = f->dsn;
	d->text = postfix_clean(f->reason, LINE_TEXT_MAX, scratch);
}

void postfix_delivery(const struct ingest_config *c, const struct envelope *env, struct str service, struct str text,
                      struct arena *scratch, struct line_result *ret)
{
	struct fields f = {0};
	struct str s = text;

	if (!str_eat(&s, STR("to="))) {
		postfix_dead(ret, "bad_delivery");
		return;
	}
	if (!(s.n > 0 && s.p[0] == '<' ? postfix_eat_address(&s, &f.to) : eat_value(&s, &f.to))) {
		postfix_dead(ret, "cut_line");
		return;
	}
	if (text.p[3] != '<') /* local(8) of old: eat_value took the comma */
		s = (struct str){s.p - 2, s.n + 2};
	struct str behind = s;
	if (!eat_fields(&s, &f)) {
		postfix_dead(ret, str_find(behind, STR("status=")) < 0 ? "cut_line" : "bad_delivery");
		return;
	}
	const char *wrong = stands_twice(behind) ? "ambiguous" : check_fields(&f);
	if (wrong != NULL) {
		postfix_dead(ret, wrong);
		return;
	}
	if (str_eq(f.status, STR("deliverable")) || str_eq(f.status, STR("undeliverable"))) {
		postfix_noise(ret, "verify_probe");
		return;
	}
	f.reason = reason_of(s);
	fill(env, &f, scratch, &ret->d);
	if (!read_status(c, service, f.status, &ret->d)) {
		postfix_dead(ret, f.status.n == 0 ? "cut_line" : "bad_status");
		return;
	}
	if (ret->d.relay_ip.n > 0 && !is_ip(ret->d.relay_ip))
		ret->d.relay_ip = STR_NONE; /* a socket */
	ret->kind = LINE_EVENT;
}
