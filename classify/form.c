/* SPDX-License-Identifier: Apache-2.0 */
/* form - see form.h; forms.def has the patterns and says what they mean */
#include <string.h>

#include "classify/exchange.h"
#include "classify/form.h"

enum { NAME_MAX_BYTES = 256, PHASE_MAX_BYTES = 1024, SUSPENDED = 8 };

static const struct form {
	enum mta mta;
	unsigned says;
	const char *pattern;
} forms[] = {
#define MORE                     FORM_MORE
#define OWN                      FORM_OWN
#define REPLY                    FORM_REPLY
#define GREETING                 FORM_GREETING
#define FORM(mta, says, pattern) {mta, says, pattern},
#include "classify/forms.def"
#undef FORM
#undef GREETING
#undef REPLY
#undef OWN
#undef MORE
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
}

size_t form_enhanced_length(struct str s)
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

static bool is_blank(const struct reply *r, char c)
{
	return c == ' ' || (r->underscores && c == '_');
}

static void eat_blanks(const struct reply *r, struct str *s)
{
	while (s->n > 0 && is_blank(r, s->p[0]))
		*s = str_skip(*s, 1);
}

static bool eat_reply_code(struct str *s, struct reply *r)
{
	if (s->n < 3 || s->p[0] < '2' || s->p[0] > '5' || !is_digit(s->p[1]) || !is_digit(s->p[2]) ||
	    (s->n > 3 && s->p[3] != '-' && s->p[3] != ':' && !is_blank(r, s->p[3])))
		return false;
	str_i64(str_head(*s, 3), &r->code);
	*s = str_skip(*s, 4);
	return true;
}

bool form_eat_codes(struct str *s, struct reply *r)
{
	struct str rest = *s;
	bool coded = eat_reply_code(&rest, r);

	if (coded) {
		r->enhanced = STR_NONE;
		eat_blanks(r, &rest);
	}
	str_eat(&rest, STR("#"));
	size_t n = form_enhanced_length(rest);
	if (n > 0 && rest.p[0] != '2') {
		r->enhanced = str_head(rest, n);
		rest = str_skip(rest, n);
		coded = true;
	}
	if (!coded)
		return false;
	eat_blanks(r, &rest);
	*s = rest;
	return true;
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

/* What stands between open and close at the start of *s. */
static bool eat_enclosed(struct str *s, char open, char close, struct str *ret)
{
	if (s->n == 0 || s->p[0] != open)
		return false;
	struct str inside = str_skip(*s, 1);
	ssize_t end = str_chr(str_head(inside, NAME_MAX_BYTES), close);
	if (end < 0)
		return false;
	*ret = str_head(inside, (size_t)end);
	*s = str_skip(inside, (size_t)end + 1);
	return true;
}

static size_t name_length(struct str s, const char *ends)
{
	size_t n = 0;

	while (n < s.n && n < NAME_MAX_BYTES && strchr(ends, s.p[n]) == NULL && s.p[n] != '\0')
		n++;
	return n;
}

static bool eat_peer(struct str *s, struct reply *r)
{
	struct str rest = *s, host, ip;
	size_t n = name_length(rest, " [");

	host = str_head(rest, n);
	rest = str_skip(rest, n);
	if (str_starts(rest, STR(" DS [")))
		rest = str_skip(rest, 3); /* Exim: the name came with DNSSEC */
	str_eat(&rest, STR(" "));
	if (!eat_enclosed(&rest, '[', ']', &ip))
		return false;
	if (str_starts(host, STR("(")) && str_ends(host, STR(")")))
		host = str_head(str_skip(host, 1), host.n - 2);
	r->host = host;
	r->ip = ip;
	eat_port(&rest, r);
	*s = rest;
	return true;
}

static bool is_address(struct str s)
{
	size_t digits = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (!is_digit(s.p[i]) && !(lower(s.p[i]) >= 'a' && lower(s.p[i]) <= 'f') && s.p[i] != '.' &&
		    s.p[i] != ':')
			return false;
		digits += is_digit(s.p[i]);
	}
	return digits > 0 && (str_chr(s, '.') >= 0 || str_chr(s, ':') != str_rchr(s, ':'));
}

static bool eat_pair(struct str *s, struct reply *r)
{
	struct str rest = *s, first, second;
	size_t n = name_length(rest, " (");

	first = str_head(rest, n);
	rest = str_skip(rest, n);
	str_eat(&rest, STR(" "));
	if (n == 0 || !eat_enclosed(&rest, '(', ')', &second))
		return false;
	r->host = is_address(first) ? second : first;
	r->ip = is_address(first) ? first : second;
	*s = rest;
	return true;
}

/* A name ends at a blank or a mark, or at a colon that is no part of it. */
static bool eat_host(struct str *s, struct reply *r)
{
	struct str name = str_head(*s, name_length(*s, r->underscores ? "_ ,;\"'()[]<>" : " ,;\"'()[]<>"));
	ssize_t colon = str_rchr(name, ':');
	bool ipv6 = colon > 0 && str_chr(name, ':') != colon;

	if (colon >= 0 && !ipv6)
		name = str_head(name, (size_t)colon);
	while (ipv6 && str_ends(name, STR(":")))
		name.n--;
	if (name.n == 0)
		return false;
	*s = str_skip(*s, name.n);
	while (str_ends(name, STR(".")) && name.n > 1)
		name.n--;
	r->host = name;
	return true;
}

static bool eat_ip(struct str *s, struct reply *r)
{
	struct str rest = *s, ip;

	if (!eat_enclosed(&rest, '[', ']', &ip)) {
		size_t n = 0;
		while (n < rest.n && n < 46 &&
		       (is_digit(rest.p[n]) || rest.p[n] == '.' || rest.p[n] == ':' ||
		        (lower(rest.p[n]) >= 'a' && lower(rest.p[n]) <= 'f')))
			n++;
		ip = str_head(rest, n);
		while (ip.n > 0 && (ip.p[ip.n - 1] == '.' || ip.p[ip.n - 1] == ':'))
			ip.n--;
		/* "192.0.2.1:25" */
		ssize_t colon = str_chr(ip, ':');
		if (colon > 0 && colon == str_rchr(ip, ':') && str_chr(ip, '.') >= 0)
			ip = str_head(ip, (size_t)colon);
		rest = str_skip(rest, ip.n);
	}
	if (!is_address(ip))
		return false;
	r->ip = ip;
	eat_port(&rest, r);
	*s = rest;
	return true;
}

static bool eat_number(struct str *s)
{
	struct str rest = *s;
	size_t n = 0;

	str_eat(&rest, STR("-"));
	while (n < rest.n && is_digit(rest.p[n]))
		n++;
	if (n == 0)
		return false;
	*s = str_skip(rest, n);
	return true;
}

static bool eat_word(struct str *s)
{
	struct str quoted;
	size_t n = name_length(*s, " ");

	if (eat_enclosed(s, '"', '"', &quoted))
		return true;
	*s = str_skip(*s, n);
	return n > 0;
}

/* A value of Exim's: "quoted", or up to a blank or to a colon that ends it. */
static void eat_value(struct str *s)
{
	struct str quoted;
	size_t n = 0;

	if (eat_enclosed(s, '"', '"', &quoted))
		return;
	while (n < s->n && s->p[n] != ' ' && !(s->p[n] == ':' && (n + 1 == s->n || s->p[n + 1] == ' ')))
		n++;
	*s = str_skip(*s, n);
}

/* "* I=[192.0.2.2]:40112 TFO X=TLS1.3:… CV=yes DN="…" DT=1.2s": what Exim tells of a connection. */
static void eat_elements(struct str *s)
{
	static const char *const names[] = {
	    " PRX=", " I=", " TFO", " PS=", " X=", " CV=", " DN=", " DT=", " QT=", NULL};
	const char *const *name = names;

	str_eat(s, STR("*"));
	while (*name != NULL) {
		if (!str_eat(s, str_from(*name))) {
			name++;
			continue;
		}
		eat_value(s);
		name = names;
	}
	if (str_starts(*s, STR(" :")))
		*s = str_skip(*s, 1);
}

static const struct {
	const char *words;
	enum phase phase;
} phases[] = {
    {"initial connection", PHASE_GREETING},
    {"initial banner", PHASE_GREETING},
    {"EHLO", PHASE_HELLO},
    {"HELO", PHASE_HELLO},
    {"LHLO", PHASE_HELLO},
    {"STARTTLS", PHASE_STARTTLS},
    {"AUTH", PHASE_AUTH},
    {"MAIL", PHASE_MAIL},
    {"RCPT", PHASE_RCPT},
    {"end of data", PHASE_END},
    {"DATA", PHASE_DATA},
    {"sending data", PHASE_DATA},
    {"message", PHASE_END},
};

static enum phase phase_of(struct str s)
{
	if (str_starts_nocase(s, STR("pipelined ")))
		s = str_skip(s, 10);
	for (size_t i = 0; i < sizeof(phases) / sizeof(*phases); i++)
		if (str_starts_nocase(s, str_from(phases[i].words)))
			return phases[i].phase;
	return PHASE_NONE;
}

/* "<anna@example.org>", a ">" within quotation marks is part of it; length 0 if it does not end. */
static size_t path_length(struct str s)
{
	bool quoted = false;

	for (size_t i = 1; i < s.n && i < PHASE_MAX_BYTES; i++) {
		if (s.p[i] == '\\' && quoted)
			i++;
		else if (s.p[i] == '"')
			quoted = !quoted;
		else if (s.p[i] == '>' && !quoted)
			return i + 1;
	}
	return 0;
}

/* "to=<...>, relay=mx.example.org[192.0.2.1]:25, delay=1, " up to "status=": what precedes a verdict of Postfix. */
static void eat_attributes(struct str *s, struct reply *r)
{
	struct str rest = *s, key, peer;

	while (!str_starts(rest, STR("status="))) {
		key = str_head(rest, name_length(rest, "= ,<("));
		rest = peer = str_skip(rest, key.n);
		if (key.n == 0 || !str_eat(&rest, STR("=")))
			return;
		str_eat(&peer, STR("="));
		if (str_eq(key, STR("relay")))
			eat_peer(&peer, r);
		rest = str_skip(rest, str_starts(rest, STR("<")) ? path_length(rest) : name_length(rest, ", "));
		if (!str_eat(&rest, STR(", ")))
			return;
		*s = rest;
	}
}

/* "421" of a record of a reply. */
static bool eat_code(struct str *s, struct reply *r)
{
	if (s->n < 3 || !is_digit(s->p[0]) || !str_i64(str_head(*s, 3), &r->code))
		return false;
	*s = str_skip(*s, 3);
	return true;
}

/* Up to the quotation mark that ends a string in which others are escaped. */
static struct str escaped_string(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\\')
			i++;
		else if (s.p[i] == '"')
			return str_head(s, i);
	}
	return s;
}

/* Up to a ": " that is not part of an address. */
static bool eat_phase(struct str *s, struct reply *r)
{
	struct str rest = *s;

	r->phase = phase_of(rest);
	while (rest.n > 0 && !(rest.p[0] == ':' && (rest.n == 1 || rest.p[1] == ' '))) {
		size_t n = rest.p[0] == '<' ? path_length(rest) : 1;
		rest = str_skip(rest, n > 0 ? n : 1);
		if (s->n - rest.n > PHASE_MAX_BYTES)
			return false;
	}
	if (rest.n == s->n)
		return false;
	*s = rest;
	return true;
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
	r->phase = phase_of(command);
}

static void set_words(struct reply *r, struct str words)
{
	r->words = str_trim(words);
}

static void cut_at_last(struct reply *r, struct str s, char mark)
{
	ssize_t end = str_rchr(s, mark);

	set_words(r, end < 0 ? s : str_head(s, (size_t)end));
}

/* One placeholder; *ret_done: the pattern ends with it. */
static bool eat_place(char place, struct str *s, struct reply *r, bool *ret_done)
{
	switch (place) {
	case 'p':
		return eat_peer(s, r);
	case 'P':
		return eat_pair(s, r);
	case 'h':
		return eat_host(s, r);
	case 'i':
		return eat_ip(s, r);
	case 'n':
		return eat_number(s);
	case 'w':
		return eat_word(s);
	case 'c':
		return eat_phase(s, r);
	case 'd':
		form_eat_codes(s, r);
		return true;
	case 'e':
		eat_elements(s);
		return true;
	case '/':
		while (s->n > 0 && (s->p[0] == '/' || is_blank(r, s->p[0])))
			*s = str_skip(*s, 1);
		return true;
	case '$':
		return s->n == 0;
	case 'C':
		return eat_code(s, r);
	case 'o':
		eat_port(s, r);
		return true;
	case 'A':
		eat_attributes(s, r);
		return true;
	case '=':
		set_words(r, *s);
		return true;
	case '!':
		set_words(r, str_head(r->words, (size_t)(s->p - r->words.p)));
		return true;
	default:
		break;
	}
	if (place == 'R' && s->n == 0)
		return false;
	*ret_done = true;
	if (place == 'l')
		return exchange_list(*s, r);
	if (place == 'a') {
		exchange_quoted(*s, r);
		return true;
	}
	if (place == 'k')
		cut_command(s, r);
	if (place == 'E')
		set_words(r, escaped_string(*s));
	else if (place == 'q' || place == 'b')
		cut_at_last(r, *s, place == 'q' ? '"' : ')');
	else
		set_words(r, *s);
	return true;
}

static bool eat_char(const struct reply *r, char want, struct str *s)
{
	if (s->n == 0 && want == ' ')
		return true; /* blanks at the end were cut off */
	if (s->n == 0 || !(want == ' ' ? is_blank(r, s->p[0]) : lower(s->p[0]) == lower(want)))
		return false;
	*s = str_skip(*s, 1);
	return true;
}

static bool match(const char *p, struct str s, struct reply *r);

/* "Can't assign requested address", "Input/output error", "Read-only file system" */
static bool in_error_words(char c)
{
	return is_letter(c) || c == ' ' || c == '\'' || c == '/' || c == '-';
}

/* The system's words for an error: as few letters and blanks as let the rest of the pattern fit. */
static bool match_error_words(const char *p, struct str s, struct reply *r)
{
	for (size_t n = 0; n < s.n && n < NAME_MAX_BYTES && in_error_words(s.p[n]); n++) {
		struct reply try = *r;
		if (lower(s.p[n + 1 < s.n ? n + 1 : n]) == lower(*p) && match(p, str_skip(s, n + 1), &try)) {
			*r = try;
			return true;
		}
	}
	return false;
}

static bool match(const char *p, struct str s, struct reply *r)
{
	bool done = false;

	while (*p != '\0' && !done) {
		if (*p != '%') {
			if (!eat_char(r, *p++, &s))
				return false;
			continue;
		}
		if (p[1] == 's')
			return match_error_words(p + 2, s, r);
		if (!eat_place(p[1], &s, r, &done))
			return false;
		p += 2;
	}
	return true;
}

bool form_speaks(enum mta whose, enum mta mta)
{
	return whose == MTA_UNKNOWN || whose == mta || (whose == MTA_EXCHANGE && mta == MTA_EXCHANGE_ONLINE);
}

static bool may_start(const struct form *f, const struct reply *r)
{
	char c = f->pattern[0];

	return c == '%' || (r->words.n > 0 && lower(r->words.p[0]) == lower(c));
}

enum form_says form_read(enum mta mta, struct reply *ret)
{
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		struct reply r = *ret;
		if ((mta != MTA_UNKNOWN && !form_speaks(forms[i].mta, mta)) || !may_start(&forms[i], ret) ||
		    !match(forms[i].pattern, r.words, &r))
			continue;
		*ret = r;
		if (forms[i].mta != MTA_UNKNOWN)
			ret->mta = ret->mta == MTA_UNKNOWN ? forms[i].mta : ret->mta;
		ret->suspended |= (forms[i].says & SUSPENDED) != 0;
		return (enum form_says)(forms[i].says & ~(unsigned)SUSPENDED);
	}
	return FORM_NONE;
}
