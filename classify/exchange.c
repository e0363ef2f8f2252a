/* SPDX-License-Identifier: Apache-2.0 */
/* exchange - see exchange.h */
#include <string.h>

#include "classify/exchange.h"
#include "classify/form.h"

enum key { KEY_LED, KEY_MSG, KEY_FQDN, KEY_IP, KEY_LRT, N_KEYS };

static ssize_t find_last(struct str s, struct str needle)
{
	for (size_t i = s.n < needle.n ? 0 : s.n - needle.n + 1; i > 0; i--)
		if (str_starts(str_skip(s, i - 1), needle))
			return (ssize_t)i - 1;
	return -1;
}

/* N_KEYS: none is there. */
static enum key eat_key(struct str *s)
{
	static const char *const names[N_KEYS] = {"LED=", "MSG=", "FQDN=", "IP=", "LRT="};

	for (enum key k = KEY_LED; k < N_KEYS; k++)
		if (str_eat(s, str_from(names[k])))
			return k;
	return N_KEYS;
}

/* Each key once, from the right; what is left belongs to the first one. */
static void split_list(struct str s, enum key first, struct str values[N_KEYS])
{
	struct str scan = s;
	bool taken[N_KEYS] = {false};

	taken[first] = true;
	for (ssize_t at; (at = find_last(scan, STR("};{"))) >= 0;) {
		struct str value = str_skip(s, (size_t)at + 3);
		scan = str_head(scan, (size_t)at);
		enum key k = eat_key(&value);
		if (k == N_KEYS)
			continue;
		if (taken[k])
			break;
		taken[k] = true;
		values[k] = value;
		s = scan;
	}
	values[first] = s;
}

static bool is_name(struct str s)
{
	return s.n > 0 && str_chr(s, ' ') < 0;
}

bool exchange_list(struct str s, struct reply *r)
{
	struct str values[N_KEYS] = {STR_NONE, STR_NONE, STR_NONE, STR_NONE, STR_NONE};
	enum key first = eat_key(&s);

	if (first == N_KEYS)
		return false;
	ssize_t end = str_rchr(s, '}');
	if (end >= 0)
		s = str_head(s, (size_t)end);
	if (str_ends(s, STR("}]"))) /* of "{[{...}]}" */
		s.n -= 2;
	split_list(s, first, values);
	struct str led = str_trim(values[KEY_LED]);
	r->words = led.n > 0 ? led : str_trim(values[KEY_MSG]);
	if (is_name(values[KEY_FQDN]))
		r->host = values[KEY_FQDN];
	if (is_name(values[KEY_IP]))
		r->ip = values[KEY_IP];
	return true;
}

/* "192.0.2.1:25", "2001:db8::1:25", "[2001:db8::1]:25": the port comes last. */
static void read_endpoint(struct str s, struct reply *r)
{
	size_t n = 0;

	while (n < s.n && s.p[n] != '\0' && strchr(" '\"})", s.p[n]) == NULL)
		n++;
	s = str_head(s, n);
	while (str_ends(s, STR(".")))
		s.n--;
	ssize_t colon = str_rchr(s, ':');
	if (colon <= 0 || !str_i64(str_skip(s, (size_t)colon + 1), &r->port))
		return;
	r->ip = str_head(s, (size_t)colon);
	if (str_starts(r->ip, STR("[")) && str_ends(r->ip, STR("]")))
		r->ip = str_head(str_skip(r->ip, 1), r->ip.n - 2);
}

static struct str without_quotes(struct str s)
{
	s = str_trim(s);
	while (str_eat(&s, STR("\"")))
		;
	while (str_ends(s, STR("\"")) || str_ends(s, STR("'")))
		s.n--;
	if (str_ends(s, STR(".")))
		s.n--;
	return s;
}

void exchange_quoted(struct str s, struct reply *r)
{
	static const struct str endpoint = {"ast endpoint attempted was ", 27};
	ssize_t tail = find_last(s, STR("Attempted failover to alternate")), at = find_last(s, endpoint);

	if (at >= 0)
		read_endpoint(str_skip(s, (size_t)at + endpoint.n), r);
	if (tail < 0 && at > 0)
		tail = at - 1;
	r->words = without_quotes(tail < 0 ? s : str_head(s, (size_t)tail));
}

bool exchange_is_code(struct str code)
{
	static const char *const codes[] = {"4.4.310", "4.4.312", "4.4.315", "4.4.316", "4.4.317", "4.4.318", "4.7.230",
	                                    "4.7.320", "4.7.321", "4.7.322", "4.7.323", "4.7.324", "4.7.325", NULL};

	for (size_t i = 0; codes[i] != NULL; i++)
		if (str_eq(code, str_from(codes[i])))
			return true;
	return false;
}

/* "4.4.316", "5.7.320"; not 4.4.39x, which frame an error of their own. */
static bool is_flow_code(struct str code)
{
	return code.n == 7 && code.p[0] != '2' &&
	       (str_starts(str_skip(code, 1), STR(".4.31")) || str_starts(str_skip(code, 1), STR(".7.32")));
}

/* "[LastAttemptedIP=192.0.2.1:25]": a "]" within is followed by a port. */
static bool eat_pair(struct str *s, struct reply *r)
{
	size_t n = 1;

	if (!str_starts(*s, STR("[")))
		return false;
	while (n < s->n && !(s->p[n] == ']' && !(n + 1 < s->n && s->p[n + 1] == ':')))
		n++;
	if (n == s->n)
		return false; /* cut off */
	struct str pair = str_head(str_skip(*s, 1), n - 1);
	*s = str_trim(str_skip(*s, n + 1));
	if (r->reported)
		return true; /* not the host that we talked to */
	if (str_eat(&pair, STR("LastAttemptedServerName=")))
		r->host = pair;
	else if (str_eat(&pair, STR("LastAttemptedIP=")))
		read_endpoint(pair, r);
	return true;
}

/* Ends where the next pair begins, or the text. */
static struct str message_of(struct str *s)
{
	static const char *const next[] = {"] [LastAttemptedServerName=", "] [LastAttemptedIP=", "] [SmtpSecurity="};
	ssize_t end = -1;

	for (size_t i = 0; i < 3 && end < 0; i++)
		end = str_find(*s, str_from(next[i]));
	if (end < 0)
		end = str_rchr(*s, ']');
	struct str message = end < 0 ? *s : str_head(*s, (size_t)end);
	*s = end < 0 ? STR_NONE : str_trim(str_skip(*s, (size_t)end + 1));
	return message;
}

/* What is told of the attempt behind the phrase of the code; empty: nothing. */
static struct str detail_of(struct str s, struct reply *r)
{
	struct str detail = STR_NONE;
	size_t n = 0;

	while (n < s.n && s.p[n] != '[' && s.p[n] != '(' && !str_starts(str_skip(s, n), STR(" -> ")))
		n++;
	s = str_skip(s, n);
	if (str_eat(&s, STR(" -> ")))
		return str_trim(s);
	if (str_eat(&s, STR("("))) {
		ssize_t end = str_rchr(s, ')');
		return end < 0 ? s : str_head(s, (size_t)end);
	}
	if (str_eat(&s, STR("[Message=")))
		detail = message_of(&s);
	while (eat_pair(&s, r))
		;
	return str_trim(detail);
}

/* Is a bare error of mail flow in a log of mta Exchange's own? Postfix wraps all that others say; of the rest many log
 * replies bare. */
static bool writes_itself(enum mta mta)
{
	return mta == MTA_UNKNOWN || mta == MTA_POSTFIX || mta == MTA_EXCHANGE || mta == MTA_EXCHANGE_ONLINE;
}

void exchange_frame(struct reply *r)
{
	struct reply outer = *r;
	struct str rest = r->words;

	if (!form_eat_codes(&rest, &outer) || !is_flow_code(outer.enhanced))
		return;
	r->frame_code = outer.code;
	r->frame = outer.enhanced;
	r->reported = r->wrapped || !writes_itself(r->mta);
	if (str_ends(r->frame, STR(".4.317"))) /* the session did not begin */
		r->scope = SCOPE_GREETING;
	struct str detail = detail_of(rest, r);
	r->words = detail.n > 0 ? detail : rest;
	form_eat_codes(&detail, r);
}
