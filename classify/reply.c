/* SPDX-License-Identifier: Apache-2.0 */
/* reply - see reply.h */
#include <string.h>

#include "classify/exchange.h"
#include "classify/form.h"
#include "classify/reply.h"
#include "lib/base/text.h"

enum { NORMALISED_MAX = 600, FRAMES_MAX = 16 };

const char *const phase_names[] = {"none", "greeting", "hello", "starttls", "auth",
                                   "mail", "rcpt",     "data",  "end",      NULL};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* qmail writes its reasons without a blank. */
static bool has_underscores(enum mta mta, struct str text)
{
	size_t n = 0;

	ssize_t reason = str_find(text, STR("deferral: "));
	if (reason >= 0 && (reason == 0 || str_starts(text, STR("delivery "))))
		text = str_skip(text, (size_t)reason + 10);
	if (mta == MTA_QMAIL)
		return str_chr(text, ' ') < 0;
	for (size_t i = 0; mta == MTA_UNKNOWN && i < text.n; i++) {
		if (text.p[i] == ' ')
			return false;
		n += text.p[i] == '_';
	}
	return n > 2;
}

/* Frame by frame, from the outside; own words may be framed, a reply is not looked into any further. */
static enum form_says unwrap(enum mta mta, struct reply *r)
{
	enum form_says says = FORM_NONE;

	for (int i = 0; i < FRAMES_MAX; i++) {
		enum form_says next = form_read(mta, r);
		if (next != FORM_NONE)
			says = next;
		if (next != FORM_MORE)
			break;
	}
	return says;
}

static void read_reply(struct reply *r, bool greeting)
{
	struct str rest = r->words;

	form_eat_codes(&rest, r);
	r->scope = greeting || r->phase == PHASE_GREETING || r->phase == PHASE_HELLO ? SCOPE_GREETING : SCOPE_REPLY;
}

void reply_read(enum mta mta, struct str text, struct reply *ret)
{
	*ret = (struct reply){
	    .scope = SCOPE_OWN,
	    .host = STR_NONE,
	    .ip = STR_NONE,
	    .port = -1,
	    .code = -1,
	    .enhanced = STR_NONE,
	    .frame_code = -1,
	    .frame = STR_NONE,
	    .mta = mta,
	};
	ret->words = str_trim(text);
	ret->underscores = has_underscores(mta, text);
	enum form_says says = unwrap(mta, ret);
	if (says == FORM_OWN)
		return;
	ret->wrapped = says == FORM_REPLY || says == FORM_GREETING;
	ret->bare = says == FORM_NONE;
	struct str rest = ret->words;
	if (ret->wrapped)
		read_reply(ret, says == FORM_GREETING);
	else if (form_eat_codes(&rest, ret))
		read_reply(ret, false); /* a bare reply */
	exchange_frame(ret);
}

void reply_move(struct reply *r, uintptr_t from, const char *to)
{
	struct str *const views[] = {&r->words, &r->host, &r->ip, &r->enhanced, &r->frame};

	for (size_t i = 0; i < sizeof(views) / sizeof(*views); i++)
		if (views[i]->n > 0)
			views[i]->p = to + ((uintptr_t)views[i]->p - from);
}

/* What most words are: neither a host nor an address nor a code, as nothing in it could make it one. */
static bool is_plain(struct str w)
{
	for (size_t i = 0; i < w.n; i++)
		if (!is_letter(w.p[i]) && w.p[i] != '-' && w.p[i] != ',')
			return false;
	return true;
}

/* "450", "450-4.2.1", "4.2.1", "(#4.2.1)": a code, wherever a multi-line reply repeats it. */
static bool is_code(struct str w)
{
	str_eat(&w, STR("("));
	while (w.n > 0 && (w.p[w.n - 1] == ')' || w.p[w.n - 1] == '/'))
		w.n--;
	if (w.n >= 3 && (w.p[0] == '4' || w.p[0] == '5') && is_digit(w.p[1]) && is_digit(w.p[2]) &&
	    (w.n == 3 || w.p[3] == '-'))
		w = str_skip(w, 4);
	str_eat(&w, STR("#"));
	return w.n == 0 || (w.n >= 5 && form_enhanced_length(w) == w.n);
}

/* "mx.example.org", "mx[192.0.2.1]:25", "https://...", "anna@...": a dot before a letter is no sentence's end. */
static bool is_host(struct str w)
{
	static const char *const no_hosts[] = {
	    "STOREDRV.",     "SMTPSEND.",      "RESOLVER.", "ROUTING.", "QUEUE.",
	    "NONSMTPGW.",    "DELIVERYAGENT.", "RFC.",      "java.",    "javax.",
	    "com.sun.mail.", "sun.security.",  "System.",   NULL}; /* words that hold a dot */

	for (const char *const *no = no_hosts; *no != NULL; no++)
		if (str_starts_nocase(w, str_from(*no)))
			return false;
	if (str_chr(w, '@') >= 0 || (str_chr(w, ':') >= 0 && str_find(w, STR("://")) >= 0))
		return true;
	if (str_find(w, STR(".c:")) >= 0)
		return false; /* OpenSSL names its source: "failed:ssl/statem/statem_clnt.c:1890:self-signed" */
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

/* What ends a word: a blank; "\n", where Exim joins the lines of a reply, or "/", where qmail does. */
static size_t gap_length(struct str s, bool underscores)
{
	if (s.p[0] == ' ' || (underscores && s.p[0] == '_'))
		return 1;
	if (s.p[0] == '\\')
		return s.n > 1 && s.p[1] == 'n' ? 2 : 0;
	return underscores && s.p[0] == '/' && s.n > 3 && is_digit(s.p[1]) && is_digit(s.p[2]) && is_digit(s.p[3]);
}

/* "<...>" is one word, spaces or not: it is an address or an id, and a stranger's. */
static struct str next_word(struct str *s, bool underscores)
{
	size_t n = 0;

	if (s->p[0] == '<') {
		ssize_t end = str_chr(*s, '>');
		n = end < 0 ? s->n : (size_t)end + 1;
	}
	while (n < s->n && gap_length(str_skip(*s, n), underscores) == 0)
		n++;
	struct str w = str_head(*s, n);
	*s = str_skip(*s, n);
	for (size_t gap = 1; s->n > 0 && gap > 0; *s = str_skip(*s, gap))
		gap = gap_length(*s, underscores);
	return w;
}

/* A page or a zone of a well-known list of bad senders' addresses: the one kind of host that says why. */
static bool is_blocklist(struct str w)
{
	static const char *const domains[] = {"spamhaus.org",
	                                      "spamhaus.net",
	                                      "sorbs.net",
	                                      "spamcop.net",
	                                      "barracudacentral.org",
	                                      "uceprotect.net",
	                                      "abuseat.org",
	                                      "spamrats.com",
	                                      "mailspike.net",
	                                      "surriel.com",
	                                      "njabl.org",
	                                      "senderscore.com",
	                                      "abusix.zone",
	                                      "abusix.com",
	                                      "gbudb.net",
	                                      "nixspam.org",
	                                      "manitu.net",
	                                      NULL};

	for (const char *const *d = domains; *d != NULL && str_chr(w, '@') < 0; d++) {
		ssize_t at = str_find(w, str_from(*d));
		if (at < 0 || (at > 0 && w.p[at - 1] != '.' && w.p[at - 1] != '/' && w.p[at - 1] != '('))
			continue;
		struct str rest = str_skip(w, (size_t)at + strlen(*d));
		if (rest.n == 0 || (!is_letter(rest.p[0]) && !is_digit(rest.p[0]) && rest.p[0] != '-' &&
		                    (rest.p[0] != '.' || rest.n == 1)))
			return true;
	}
	return false;
}

static void add_word(const struct reply *r, struct buf *out, struct str w, bool plain)
{
	size_t at;

	if (out->n > 0 && out->p[out->n - 1] != ' ')
		buf_chr(out, ' ');
	if (w.p[0] == '<') {
		buf_str(out, STR("<>"));
		ssize_t end = str_rchr(w, '>');
		w = end < 0 ? STR_NONE : str_skip(w, (size_t)end + 1);
	} else if (!plain && is_host(w)) {
		char last = w.p[w.n - 1];
		if (r->scope != SCOPE_OWN && is_blocklist(w))
			buf_str(out, STR("dnsbl."));
		buf_str(out, STR("host"));
		w = last == ':' || last == ',' || last == ';' ? str_skip(w, w.n - 1) : STR_NONE;
	} else if (!plain && is_address_like(w)) {
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
		struct str w = next_word(&s, r->underscores);
		if (w.n == 0)
			continue;
		bool plain = is_plain(w);
		if (!plain && is_code(w) && (first || r->scope != SCOPE_OWN))
			continue;
		if (is_named_host(r, w))
			add_word(r, out, str_ends(w, STR(":")) ? STR("host.name:") : STR("host.name"), false);
		else
			add_word(r, out, w, plain);
	}
	if (out->n > NORMALISED_MAX)
		out->n = NORMALISED_MAX;
}

static void rule_code(struct str code, char ret[16])
{
	size_t n = code.n < 15 ? code.n : 15;

	memcpy(ret, code.p, n);
	ret[n] = '\0';
	if (ret[0] == '5')
		ret[0] = '4';
}

void reply_rule_code(const struct reply *r, char ret[16])
{
	rule_code(r->enhanced, ret);
}

void reply_rule_frame(const struct reply *r, char ret[16])
{
	rule_code(r->frame, ret);
}
