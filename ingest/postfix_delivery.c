/* SPDX-License-Identifier: Apache-2.0 */
/*
 * postfix_delivery - "to=<a>[, orig_to=<b>], relay=c, … delay=d, … dsn=e, status=f (reason)"
 *
 * Two strangers write into this line: whoever chose the addresses, which may be logged
 * unquoted, and the server behind the reason. So the fields from relay= to status= (the
 * tail) are looked for wherever they could stand, and must be readable in one place
 * only: where there are two, one is forged, and nothing tells which.
 */
#include "ingest/postfix.h"
#include "ingest/queueid.h"
#include "lib/base/timefmt.h"

enum { PORT_MAX = 65535 };

struct fields {
	struct str to, orig_to, relay, delay, delays, dsn, status, reason;
	bool whole; /* the reason has begun */
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
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

/* Decimal seconds to milliseconds; the worth of the last digit to *ret_step_ms. */
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

/* "5.1.1": RFC 3463, up to three digits each */
static bool dsn_ok(struct str s)
{
	size_t dots = 0, digits = 0;

	if (s.n < 5 || (s.p[0] != '2' && s.p[0] != '4' && s.p[0] != '5') || s.p[1] != '.')
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '.') {
			if (digits == 0)
				return false;
			dots++;
			digits = 0;
		} else if (!is_digit(s.p[i]) || ++digits > 3) {
			return false;
		}
	}
	return dots == 2 && digits > 0;
}

/* "relay=… status=WORD (" at the start of *s; what follows is the reason. Before Postfix 2.3: no delays=, no dsn=. */
static bool eat_tail(struct str *s, struct fields *f)
{
	struct str ignored;
	size_t n = 0;

	if (!str_eat(s, STR("relay=")) || !eat_value(s, &f->relay))
		return false;
	if (str_eat(s, STR("conn_use=")) && !eat_value(s, &ignored))
		return false;
	if (!str_eat(s, STR("delay=")) || !eat_value(s, &f->delay))
		return false;
	if (str_eat(s, STR("delays=")) && !eat_value(s, &f->delays))
		return false;
	if (str_eat(s, STR("tls=")) && !eat_value(s, &ignored))
		return false;
	if (str_eat(s, STR("dsn=")) && !eat_value(s, &f->dsn))
		return false;
	if (!str_eat(s, STR("status=")))
		return false;
	while (n < s->n && s->p[n] != ' ')
		n++;
	f->status = str_head(*s, n);
	*s = str_skip(*s, n);
	f->whole = str_eat(s, STR(" ("));
	f->reason = *s;
	return true;
}

/* The places where a tail can be read, two at most; the first one to *f, what stands before it to *ret_head. mark:
 * ", relay=" with what ends an address in front. */
static int find_tails(struct str text, struct str mark, struct fields *f, struct str *ret_head)
{
	int n = 0;
	size_t from = 0;

	while (n < 2) {
		ssize_t at = str_find(str_skip(text, from), mark);
		struct fields found = {0};

		if (at < 0)
			break;
		size_t start = from + (size_t)at;
		struct str s = str_skip(text, start + mark.n - (sizeof("relay=") - 1));
		if (eat_tail(&s, &found) && n++ == 0) {
			*f = found;
			*ret_head = str_head(text, start);
		}
		from = start + 1;
	}
	return n;
}

/* Is it "local part"@domain as a whole, whatever stands between the quotes? */
static bool is_quoted(struct str address)
{
	size_t i = 1;

	if (address.n == 0 || address.p[0] != '"')
		return false;
	for (; i < address.n && address.p[i] != '"'; i++)
		if (address.p[i] == '\\')
			i++;
	return i + 1 < address.n && address.p[i + 1] == '@' && str_chr(str_skip(address, i + 1), '"') < 0;
}

/* "a", "a>, orig_to=<b"; false if that can be read in two ways. */
static bool split_addresses(struct str head, struct str mark, struct fields *f)
{
	ssize_t at = str_find(head, mark);

	f->to = head;
	f->orig_to = STR_NONE;
	if (at < 0)
		return true;
	f->to = str_head(head, (size_t)at);
	f->orig_to = str_skip(head, (size_t)at + mark.n);
	return !is_quoted(head) && str_find(f->orig_to, mark) < 0;
}

/* The reason stands in brackets up to the last one of the line; a line that was cut in it has no last one. */
static struct str reason_of(struct str s)
{
	return str_ends(s, STR(")")) ? str_head(s, s.n - 1) : s;
}

/* "none", "local", "host[ip]:port", "host[private/socket]" */
static bool read_relay(struct str relay, struct delivery *d)
{
	ssize_t open = str_chr(relay, '['), close = str_rchr(relay, ']');

	if (str_eq(relay, STR("none")))
		return true;
	d->relay = relay;
	if (open > 0 && close > open) {
		d->relay = str_head(relay, (size_t)open);
		d->relay_ip = str_skip(str_head(relay, (size_t)close), (size_t)open + 1);
		struct str port = str_skip(relay, (size_t)close + 1);
		if (str_eat(&port, STR(":")) &&
		    (!str_i64(port, &d->relay_port) || d->relay_port <= 0 || d->relay_port > PORT_MAX))
			d->relay_port = -1;
	}
	return d->relay.n <= GRAMMAR_HOST_MAX && d->relay_ip.n <= GRAMMAR_HOST_MAX;
}

static bool is_ip(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_digit(s.p[i]) && s.p[i] != '.' && s.p[i] != ':' && !(s.p[i] >= 'a' && s.p[i] <= 'f') &&
		    !(s.p[i] >= 'A' && s.p[i] <= 'F'))
			return false;
	return s.n > 0;
}

/* SMTP to an internal hop is never the end of the way; LMTP is, unless the hop says that it queued the message. Where
 * the line does not name the agent, a socket is taken for LMTP. */
static bool is_handed_on(const struct ingest_config *c, struct str agent, const struct delivery *d)
{
	bool lmtp = str_eq(agent, STR("lmtp")) || (agent.n == 0 && str_chr(d->relay_ip, '/') >= 0);

	if (!line_is_internal_hop(c, d->relay, d->relay_ip))
		return false;
	if (lmtp)
		return str_find(d->text, STR(" queued as ")) >= 0;
	return str_eq(agent, STR("smtp")) || (agent.n == 0 && d->relay_ip.n > 0);
}

/* "250 2.0.0 Ok ...", "forwarded as ID" */
static void read_sent(const struct ingest_config *c, struct str agent, struct delivery *d)
{
	struct str id = d->text;
	bool forwarded = (agent.n == 0 || str_eq(agent, STR("local"))) && str_eat(&id, STR("forwarded as "));

	d->event = EVENT_DELIVERED;
	if (forwarded && queueid_ok(id)) {
		d->event = EVENT_HANDED_ON;
		d->new_queue_id = id;
	} else if (str_eq(agent, STR("discard"))) {
		d->event = EVENT_DISCARDED;
	} else if (d->relay.n > 0 && is_handed_on(c, agent, d)) {
		d->event = EVENT_HANDED_ON;
	}
}

/* What the line says in the end. */
static void read_status(const struct ingest_config *c, struct str agent, struct str status, struct line_result *ret)
{
	struct delivery *d = &ret->d;

	if (str_eq(status, STR("sent"))) {
		read_sent(c, agent, d);
	} else if (str_eq(status, STR("deferred"))) {
		d->event = EVENT_DEFERRED;
		d->suspended = str_starts(d->text, STR("delivery temporarily suspended: "));
	} else if (str_eq(status, STR("bounced"))) {
		d->event = EVENT_BOUNCED;
	} else if (str_eq(status, STR("SOFTBOUNCE"))) {
		d->event = EVENT_DEFERRED;
		d->permanent_reply = true;
	} else if (str_eq(status, STR("deliverable")) || str_eq(status, STR("undeliverable"))) {
		grammar_noise(ret, "verify_probe");
		return;
	} else {
		grammar_dead(ret, "bad_status", NULL);
		return;
	}
	grammar_tells(ret, d->event);
}

/* The name of a field that is out of bounds or of form; *ret_word says which of the two. */
static const char *wrong_field(const struct fields *f, struct delivery *d, const char **ret_word)
{
	int64_t ms, step;

	*ret_word = "field_too_long";
	if (f->to.n > GRAMMAR_ADDRESS_MAX)
		return "recipient";
	if (f->orig_to.n > GRAMMAR_ADDRESS_MAX)
		return "orig_recipient";
	if (!read_relay(f->relay, d))
		return "relay";
	*ret_word = "bad_delivery";
	if (!seconds(f->delay, &ms, &step))
		return "delay";
	if (f->delays.n > 0 && !delays_ok(f->delays))
		return "delays";
	return f->dsn.n > 0 && !dsn_ok(f->dsn) ? "dsn" : NULL;
}

static void fill(const struct envelope *env, const struct fields *f, struct arena *scratch, struct delivery *d)
{
	int64_t step_ms;

	seconds(f->delay, &d->delay_ms, &step_ms);
	if (env->time_ms >= d->delay_ms) { /* else nonsense: no message is older than time */
		d->arrival_ms = env->time_ms - d->delay_ms;
		d->arrival_source = SINCE_DELAY;
		d->arrival_error_ms = env->resolution_ms + step_ms;
	}
	d->recipient = grammar_clean(f->to, GRAMMAR_ADDRESS_MAX, scratch);
	d->orig_recipient = grammar_clean(f->orig_to, GRAMMAR_ADDRESS_MAX, scratch);
	d->relay = grammar_clean(d->relay, GRAMMAR_HOST_MAX, scratch);
	d->dsn = f->dsn;
	d->text = grammar_clean(reason_of(f->reason), LINE_TEXT_MAX, scratch);
}

/* Reads the fields, or says what is wrong. */
static bool read_fields(struct str text, struct fields *f, struct line_result *ret)
{
	bool brackets = str_eat(&text, STR("to=<"));
	struct str tail_mark = brackets ? STR(">, relay=") : STR(", relay="), head;
	struct str orig_mark = brackets ? STR(">, orig_to=<") : STR(", orig_to=<");

	if (!brackets)
		str_eat(&text, STR("to=")); /* local(8) of old */
	int n = find_tails(text, tail_mark, f, &head);
	if (n == 0)
		grammar_dead(ret, str_find(text, STR(" status=")) < 0 ? "cut_line" : "bad_delivery", NULL);
	else if (n > 1 || !split_addresses(head, orig_mark, f))
		grammar_dead(ret, "ambiguous", n > 1 ? "relay" : "recipient");
	else if (!f->whole)
		grammar_dead(ret, "cut_line", "status");
	else
		return true;
	return false;
}

void postfix_delivery(const struct ingest_config *c, const struct envelope *env, struct str agent, struct str text,
                      struct arena *scratch, struct line_result *ret)
{
	struct fields f = {0};
	const char *word;

	if (!read_fields(text, &f, ret))
		return;
	const char *field = wrong_field(&f, &ret->d, &word);
	if (field != NULL) {
		grammar_dead(ret, word, field);
		return;
	}
	fill(env, &f, scratch, &ret->d);
	read_status(c, agent, f.status, ret);
	if (ret->d.relay_ip.n > 0 && !is_ip(ret->d.relay_ip))
		ret->d.relay_ip = STR_NONE; /* a socket */
}
