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

static void eat_port(struct str *s, struct reply *r)
{
	struct str port = *s;
	size_t n = 0;

	if (!str_eat(&port, STR(":")))
		return;
	while (n < port.n && n < 5 && is_digit(port.p[n]))
		n++;
	if (n > 0 && str_i64(str_head(port, n), &r->port))
		*s = str_skip(port, n);
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
	eat_port(s, r);
	return true;
}

/* Length of a code of RFC 3463 at the start, or 0: "4.2.1", numbers of up to three digits, the first 2, 4 or 5. */
static size_t enhanced_length(struct str s)
{
	size_t n = 0;

	if (s.n < 5 || (s.p[0] != '2' && s.p[0] != '4' && s.p[0] != '5'))
		return 0;
	for (int part = 0; part < 3; part++) {
		size_t from = n;
		while (n < s.n && n < from + (part == 0 ? 1 : 3) && is_digit(s.p[n]))
			n++;
		if (n == from || (part < 2 && (n == s.n || s.p[n++] != '.')))
			return 0;
	}
	return n < s.n && (is_digit(s.p[n]) || is_letter(s.p[n]) || s.p[n] == '.') ? 0 : n;
}

/* "450 4.2.1 ", "421-4.7.0 ", "421 #4.4.5 ", "450 " */
static void read_codes(struct reply *r)
{
	struct str s = r->words;

	if (s.n < 3 || !is_digit(s.p[0]) || !is_digit(s.p[1]) || !is_digit(s.p[2]) ||
	    (s.n > 3 && s.p[3] != ' ' && s.p[3] != '-') || s.p[0] < '2' || s.p[0] > '5')
		return;
	str_i64(str_head(s, 3), &r->code);
	s = str_skip(s, 4);
	str_eat(&s, STR("#"));
	if (s.n > 0 && s.p[0] != '2')
		r->enhanced = str_head(s, enhanced_length(s));
}

/* What the commands that open a session are answered with is as good as a greeting. */
static bool is_hello(struct str command)
{
	return str_starts(command, STR("EHLO ")) || str_starts(command, STR("HELO ")) ||
	       str_starts(command, STR("LHLO "));
}

/* Takes "(in reply to X command)" off the end of *s. A reply may hold the same words; Postfix's own come last. */
static void cut_command(struct str *s, struct reply *r)
{
	ssize_t tail = str_rchr(*s, '(');

	if (tail < 0 || !str_ends(*s, STR(" command)")))
		return;
	struct str command = str_skip(*s, (size_t)tail);
	if (!str_eat(&command, STR("(in reply to ")))
		return;
	*s = str_head(*s, (size_t)tail);
	if (is_hello(command))
		r->scope = SCOPE_GREETING;
}

static void unwrap(struct reply *r)
{
	struct str s = r->words;

	if (!str_eat(&s, STR("host ")) || !eat_peer(&s, r))
		return;
	if (str_eat(&s, STR(" said: "))) {
		r->scope = SCOPE_REPLY;
		cut_command(&s, r);
	} else if (str_eat(&s, STR(" refused to talk to me: "))) {
		r->scope = SCOPE_GREETING;
	} else {
		return;
	}
	r->wrapped = true;
	r->words = str_trim(s);
}

/* A name that ends at a space, a comma, or a colon that is no part of it. */
static struct str name_at(struct str s)
{
	size_t n = 0;

	while (n < s.n && n < 256 && s.p[n] != ' ' && s.p[n] != ',' && s.p[n] != ';')
		n++;
	struct str name = str_head(s, n);
	ssize_t colon = str_rchr(name, ':');
	bool ipv6 = colon > 0 && str_chr(name, ':') != colon;
	return colon >= 0 && !ipv6 ? str_head(name, (size_t)colon) : name;
}

/* In the MTA's own words the host stands behind one of these beginnings and nowhere else. */
static const struct {
	const char *start;
	bool peer; /* "HOST[IP]"; else the name alone */
} host_places[] = {
    {"connect to ", true},
    {"lost connection with ", true},
    {"conversation with ", true},
    {"TLS is required, but was not offered by host ", true},
    {"TLS is required, but host ", true},
    {"SASL authentication failed; server ", true},
    {"SASL authentication failed; cannot authenticate to server ", true},
    {"SMTPUTF8 is required, but was not offered by host ", true},
    {"Host or domain name not found. Name service error for name=", false},
    {"Name service error for name=", false},
    {"unable to look up host ", false},
    {"TLSA lookup error for ", false},
};

static void find_host(struct reply *r)
{
	for (size_t i = 0; i < sizeof(host_places) / sizeof(*host_places); i++) {
		struct str rest = r->words;
		if (!str_eat(&rest, str_from(host_places[i].start)))
			continue;
		if (host_places[i].peer)
			eat_peer(&rest, r);
		else
			r->host = name_at(rest);
		return;
	}
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

/* "450", "450-4.2.1", "4.2.1", "#4.2.1": a code, wherever a multi-line reply repeats it. */
static bool is_code(struct str w)
{
	if (w.n >= 3 && (w.p[0] == '4' || w.p[0] == '5') && is_digit(w.p[1]) && is_digit(w.p[2]) &&
	    (w.n == 3 || w.p[3] == '-'))
		w = str_skip(w, 4);
	str_eat(&w, STR("#"));
	return w.n == 0 || (w.n >= 5 && enhanced_length(w) == w.n);
}

/* "mx.example.org", "mx[192.0.2.1]:25", "https://...", "anna@...": a dot before a letter is no sentence's end. */
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

/* The host that own words are about may lack a dot ("name=relay"): it must not be taken for one of the words. */
static bool is_named_host(const struct reply *r, struct str w)
{
	if (r->scope != SCOPE_OWN || r->host.n == 0)
		return false;
	str_eat(&w, STR("name="));
	return str_eat(&w, r->host) && (w.n == 0 || w.p[0] == ':' || w.p[0] == ',');
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
			w = str_ends(w, STR(":")) ? STR("host.name:") : STR("host.name");
		add_word(out, w);
	}
	if (out->n > NORMALISED_MAX)
		out->n = NORMALISED_MAX;
}

void reply_rule_code(const struct reply *r, char ret[16])
{
	size_t n = r->enhanced.n < 15 ? r->enhanced.n : 15;

	memcpy(ret, r->enhanced.p, n);
	ret[n] = '\0';
	if (ret[0] == '5')
		ret[0] = '4';
}
