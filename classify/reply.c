/* SPDX-License-Identifier: Apache-2.0 */
/* reply - see reply.h */
#include <string.h>

#include "classify/reply.h"
#include "lib/base/text.h"

enum { NORMALISED_MAX = 600 };

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* "HOST[IP]" or "HOST[IP]:PORT" at the start of *s, which is moved behind it. */
static bool eat_peer(struct str *s, struct reply *r)
{
	ssize_t open = str_chr(str_head(*s, 256), '[');

	if (open <= 0 || str_chr(str_head(*s, (size_t)open), ' ') >= 0)
		return false;
	ssize_t close = str_chr(str_head(str_skip(*s, (size_t)open), 256), ']');
	if (close < 0)
		return false;
	r->host = str_head(*s, (size_t)open);
	r->ip = str_head(str_skip(*s, (size_t)open + 1), (size_t)close - 1);
	*s = str_skip(*s, (size_t)(open + close) + 1);
	struct str port = *s;
	if (str_eat(&port, STR(":"))) {
		size_t n = 0;
		while (n < port.n && n < 5 && is_digit(port.p[n]))
			n++;
		if (n > 0 && str_i64(str_head(port, n), &r->port))
			*s = str_skip(port, n);
	}
	return true;
}

/* "450 4.2.1 ", "421-4.7.0 ", "450 " */
static void read_codes(struct reply *r)
{
	struct str s = r->words;

	if (s.n < 3 || !is_digit(s.p[0]) || !is_digit(s.p[1]) || !is_digit(s.p[2]) ||
	    (s.n > 3 && s.p[3] != ' ' && s.p[3] != '-') || s.p[0] < '2' || s.p[0] > '5')
		return;
	str_i64(str_head(s, 3), &r->code);
	s = str_skip(s, 4);
	size_t n = 0, dots = 0;
	while (n < s.n && n < 11 && (is_digit(s.p[n]) || s.p[n] == '.'))
		dots += s.p[n++] == '.';
	if (n >= 5 && dots == 2 && s.p[1] == '.' && s.p[n - 1] != '.')
		r->enhanced = str_head(s, n);
}

static void unwrap(struct reply *r)
{
	struct str s = r->words;

	if (!str_eat(&s, STR("host ")) || !eat_peer(&s, r))
		return;
	if (str_eat(&s, STR(" said: "))) {
		r->scope = SCOPE_REPLY;
		ssize_t tail = str_rchr(s, '(');
		if (tail > 0 && str_starts(str_skip(s, (size_t)tail), STR("(in reply to ")))
			s = str_head(s, (size_t)tail);
	} else if (str_eat(&s, STR(" refused to talk to me: "))) {
		r->scope = SCOPE_GREETING;
	} else {
		return;
	}
	r->wrapped = true;
	r->words = str_trim(s);
}

/* In the MTA's own words the host stands behind one of these beginnings and nowhere else. */
static void find_host(struct reply *r)
{
	static const char *const starts[] = {
	    "connect to ",
	    "lost connection with ",
	    "conversation with ",
	    "TLS is required, but was not offered by host ",
	    "TLS is required, but host ",
	    "SASL authentication failed; server ",
	    "SASL authentication failed; cannot authenticate to server ",
	};
	struct str s = r->words;

	for (size_t i = 0; i < sizeof(starts) / sizeof(*starts); i++) {
		struct str rest = s;
		if (str_eat(&rest, str_from(starts[i]))) {
			eat_peer(&rest, r);
			return;
		}
	}
	str_eat(&s, STR("Host or domain name not found. "));
	if (str_eat(&s, STR("Name service error for name=")))
		r->host = str_head(s, strcspn(s.p, " ") < s.n ? strcspn(s.p, " ") : s.n);
}

void reply_read(struct str text, struct reply *ret)
{
	*ret = (struct reply){
	    .scope = SCOPE_OWN, .host = STR_NONE, .ip = STR_NONE, .port = -1, .code = -1, .enhanced = STR_NONE};
	ret->suspended = str_eat(&text, STR("delivery temporarily suspended: "));
	ret->words = text;
	unwrap(ret);
	if (!ret->wrapped)
		find_host(ret);
	read_codes(ret);
	if (!ret->wrapped && ret->code >= 0)
		ret->scope = SCOPE_REPLY; /* a bare reply */
	if (ret->scope == SCOPE_OWN)
		ret->code = -1;
}

/* "450-4.2.1" or "450" or "4.2.1": a code, wherever a multi-line reply repeats it. */
static bool is_code(struct str w)
{
	size_t n = 0;

	while (n < w.n && (is_digit(w.p[n]) || w.p[n] == '.' || (w.p[n] == '-' && n == 3)))
		n++;
	if (n != w.n)
		return false;
	if (w.n == 3 || (w.n == 4 && w.p[3] == '-'))
		return w.p[0] == '4' || w.p[0] == '5';
	struct str e = w.n > 4 && w.p[3] == '-' ? str_skip(w, 4) : w;
	return e.n >= 5 && e.p[1] == '.' && (e.p[0] == '4' || e.p[0] == '5' || e.p[0] == '2');
}

/* "mx.example.org", "mx[192.0.2.1]:25", "https://...": a dot or colon between letters or digits, and no sentence's end. */
static bool is_host(struct str w)
{
	static const char *const no_hosts[] = {"STOREDRV.", "RFC.", NULL}; /* words of servers that hold a dot */

	for (const char *const *no = no_hosts; *no != NULL; no++)
		if (str_starts_nocase(w, str_from(*no)))
			return false;
	if (str_find(w, STR("://")) >= 0 || str_chr(w, '@') >= 0)
		return true;
	for (size_t i = 1; i + 1 < w.n; i++) {
		if (w.p[i] == '[' && (is_letter(w.p[i - 1]) || is_digit(w.p[i - 1])))
			return true;
		if (w.p[i] == '.' && is_letter(w.p[i + 1]) && w.n > 4)
			return true;
	}
	return false;
}

static bool is_address_like(struct str w)
{
	size_t digits = 0;

	for (size_t i = 0; i < w.n; i++) {
		if ((w.p[i] >= 'g' && w.p[i] <= 'z') || (w.p[i] >= 'G' && w.p[i] <= 'Z'))
			return false;
		digits += is_digit(w.p[i]);
	}
	return digits >= 4 && (str_chr(w, '.') >= 0 || str_chr(w, ':') >= 0) && w.n >= 7 && w.p[0] != '(';
}

/* "<...>" is one word, spaces or not: it is an address or an id, and a stranger's. */
static struct str next_word(struct str *s)
{
	size_t n = 0;

	if (s->p[0] == '<') {
		ssize_t end = str_chr(*s, '>');
		n = end < 0 ? s->n : (size_t)end + 1;
	}
	while (n < s->n && s->p[n] != ' ')
		n++;
	struct str w = str_head(*s, n);
	*s = str_skip(*s, n);
	while (s->n > 0 && s->p[0] == ' ')
		*s = str_skip(*s, 1);
	return w;
}

static void add_word(struct buf *out, struct str w)
{
	size_t at;

	if (out->n > 0 && out->p[out->n - 1] != ' ')
		buf_chr(out, ' ');
	if (w.p[0] == '<') {
		buf_str(out, STR("<>"));
		ssize_t end = str_rchr(w, '>');
		w = end < 0 ? STR_NONE : str_skip(w, (size_t)end + 1);
	} else if (is_host(w)) {
		char last = w.p[w.n - 1];
		buf_str(out, STR("host"));
		w = last == ':' || last == ',' || last == ';' ? str_skip(w, w.n - 1) : STR_NONE;
	} else if (is_address_like(w)) {
		buf_str(out, STR("ip"));
		w = STR_NONE;
	}
	at = out->n;
	buf_str(out, w);
	text_lower(out->p + at, out->n - at);
}

/* "name=HOST", "Domain HOST", "for HOST" of own words; a bare word without a dot would be taken for one of ours. */
static bool is_named_host(const struct reply *r, struct str w)
{
	return r->scope == SCOPE_OWN && (str_starts(w, STR("name=")) || (r->host.n > 0 && str_eq(w, r->host)));
}

void reply_normalise(const struct reply *r, struct buf *out)
{
	struct str s = str_trim(r->words);

	buf_clear(out);
	for (bool first = true; s.n > 0 && out->n < NORMALISED_MAX; first = false) {
		struct str w = next_word(&s);
		if (is_code(w) && (first || r->scope != SCOPE_OWN))
			continue;
		if (is_named_host(r, w))
			w = STR("host.name");
		add_word(out, w);
	}
	if (out->n > NORMALISED_MAX)
		out->n = NORMALISED_MAX;
}

void reply_rule_code(const struct reply *r, struct str normalised, char ret[16])
{
	size_t n = r->enhanced.n < 15 ? r->enhanced.n : 15;

	memcpy(ret, r->enhanced.p, n);
	ret[n] = '\0';
	if (ret[0] == '5' && str_find(normalised, STR("message expired")) >= 0)
		ret[0] = '4';
	if (ret[0] == '5') /* a permanent code that was deferred means the same trouble */
		ret[0] = '4';
}
