/* SPDX-License-Identifier: Apache-2.0 */
/* redact - see redact.h; HMAC-SHA-256 (RFC 2104) over address and salt, cut to 64 bits */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "emit/redact.h"
#include "lib/base/buf.h"
#include "lib/base/check.h"
#include "lib/base/text.h"

/* As long as ingest's own texts may be: a value is longer than what it stands for. */
enum { TEXT_MAX = 512, ADDRESS_MAX = 512, DIGEST_BYTES = 8, VALUE_SIZE = 2 + 2 * DIGEST_BYTES + 1, KNOWN_MAX = 3 };

const char *const local_parts_names[] = {"hmac", "clear", "drop", NULL};

struct redaction {
	enum local_parts how;
	crypto_auth_hmacsha256_state begun; /* the key has been taken in */
};

struct redaction *redaction_new(enum local_parts how, struct str key, struct err *err)
{
	key = str_trim(key);
	if (how != LOCAL_PARTS_CLEAR && (key.n < REDACT_KEY_MIN || key.n > REDACT_KEY_MAX)) {
		err_set(err, ERR_CONFIG, "the key for local parts has %zu bytes; it wants from %d to %d", key.n,
		        REDACT_KEY_MIN, REDACT_KEY_MAX);
		return NULL;
	}
	CHECK(sodium_init() >= 0);
	struct redaction *r = xcalloc(1, sizeof(*r));
	r->how = how;
	if (how != LOCAL_PARTS_CLEAR)
		crypto_auth_hmacsha256_init(&r->begun, (const unsigned char *)key.p, key.n);
	return r;
}

void redaction_free(struct redaction *r)
{
	if (r == NULL)
		return;
	sodium_memzero(r, sizeof(*r));
	free(r);
}

/* An address, or what is left of one. */
struct address {
	struct str local, domain; /* without an @ all is the local part */
};

/* One delivery. */
struct job {
	const struct redaction *r;
	struct str salt[3];              /* of a message: site, host and queue id; empty where values hold everywhere */
	struct address known[KNOWN_MAX]; /* those of the line's own fields */
	size_t n_known;
	struct buf out;
};

static void digest_part(crypto_auth_hmacsha256_state *h, struct str part)
{
	crypto_auth_hmacsha256_update(h, (const unsigned char *)part.p, part.n);
	crypto_auth_hmacsha256_update(h, (const unsigned char *)"", 1); /* a NUL: none is in the parts */
}

static bool is_host_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (unsigned char)c >= 0x80 ||
	       (c != '\0' && strchr(".-_[]:", c) != NULL);
}

/* Neither case of a domain counts nor what a text has put behind it. */
static void digest_domain(crypto_auth_hmacsha256_state *h, struct str domain)
{
	char lower[ADDRESS_MAX];
	size_t n = 0;

	for (; n < domain.n && n < sizeof(lower) && is_host_char(domain.p[n]); n++)
		lower[n] = domain.p[n];
	text_lower(lower, n);
	while (n > 0 && (lower[n - 1] == '.' || lower[n - 1] == ':'))
		n--;
	digest_part(h, str_of(lower, n));
}

static void make_value(const struct job *j, struct address address, char ret[VALUE_SIZE])
{
	crypto_auth_hmacsha256_state h = j->r->begun;
	unsigned char digest[crypto_auth_hmacsha256_BYTES];

	digest_part(&h, address.local);
	digest_domain(&h, address.domain);
	for (size_t i = 0; i < 3; i++)
		if (j->salt[i].n > 0)
			digest_part(&h, j->salt[i]);
	crypto_auth_hmacsha256_final(&h, digest);
	ret[0] = 'h';
	ret[1] = '.';
	sodium_bin2hex(ret + 2, VALUE_SIZE - 2, digest, DIGEST_BYTES);
}

/* Splits at the last @. */
static struct address address_of(struct str s)
{
	ssize_t at = str_rchr(s, '@');

	if (at < 0)
		return (struct address){s, STR_NONE};
	return (struct address){str_head(s, (size_t)at), str_skip(s, (size_t)at + 1)};
}

/* Shorter ones would be found in any text. */
static void know(struct job *j, struct str s)
{
	struct address address = address_of(s);

	if (address.local.n >= 3)
		j->known[j->n_known++] = address;
}

static const struct address *find_known(const struct job *j, struct str word)
{
	for (size_t i = 0; i < j->n_known; i++)
		if (str_eq_nocase(j->known[i].local, word))
			return &j->known[i];
	return NULL;
}

/* What may stand in an address outside of quotes (RFC 5322 atext, dots, RFC 6531's other letters). */
static bool is_address_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (unsigned char)c >= 0x80 ||
	       (c != '\0' && strchr("@.!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

/* The length of a quoted local part at the start of s ("john doe"@), 0 if there is none. */
static size_t quoted_run(struct str s)
{
	enum { QUOTED_MAX = 130 };

	for (size_t i = 1; i + 1 < s.n && i < QUOTED_MAX && s.p[0] == '"'; i++) {
		if (s.p[i] == '\\')
			i++;
		else if (s.p[i] == '"')
			return s.p[i + 1] == '@' ? i + 1 : 0;
	}
	return 0;
}

/* The next run of address characters; empty if s does not begin with one. */
static struct str token_of(struct str s)
{
	size_t n = 0;

	while (n < s.n) {
		size_t quoted = quoted_run(str_skip(s, n));

		if (quoted == 0 && !is_address_char(s.p[n]))
			break;
		n += quoted > 0 ? quoted : 1;
	}
	return str_head(s, n);
}

/* In texts: to out. */
static void add_local(struct job *j, struct address address)
{
	char value[VALUE_SIZE];

	if (j->r->how == LOCAL_PARTS_DROP)
		return;
	make_value(j, address, value);
	buf_str(&j->out, str_from(value));
}

static bool is_punctuation(char c)
{
	return c == '\'' || c == '`' || c == '.' || c == '!' || c == '?';
}

/* A word without an @ may be a local part that the line has named, in quotes or at the end of a sentence. */
static void add_word(struct job *j, struct str token)
{
	size_t start = 0, end = token.n;

	while (start < end && is_punctuation(token.p[start]))
		start++;
	while (end > start && is_punctuation(token.p[end - 1]))
		end--;
	const struct address *known = find_known(j, str_of(token.p + start, end - start));
	if (known == NULL) {
		buf_str(&j->out, token);
		return;
	}
	buf_str(&j->out, str_head(token, start));
	add_local(j, *known);
	buf_str(&j->out, str_skip(token, end));
}

static void add_token(struct job *j, struct str token)
{
	if (str_chr(token, '@') < 0) {
		add_word(j, token);
		return;
	}
	while (token.p[0] == '\'') { /* quotes of the text; there is an @ to stop at */
		buf_chr(&j->out, '\'');
		token = str_skip(token, 1);
	}
	struct address address = address_of(token);
	if (address.local.n > 0)
		add_local(j, address);
	buf_str(&j->out, str_skip(token, address.local.n));
}

static struct str redact_text(struct job *j, struct str text, struct arena *a)
{
	struct str rest = text;

	buf_clear(&j->out);
	while (rest.n > 0) {
		struct str token = token_of(rest);

		if (token.n == 0) {
			buf_chr(&j->out, rest.p[0]);
			rest = str_skip(rest, 1);
			continue;
		}
		rest = str_skip(rest, token.n);
		if (rest.n > 0 || text.n + 4 <= TEXT_MAX || str_chr(token, '@') >= 0)
			add_token(j, token); /* else cut off, and so perhaps half a local part */
	}
	if (str_eq(buf_view(&j->out), text))
		return text;
	struct buf cut = BUF_INIT;
	text_clean(&cut, buf_view(&j->out), TEXT_MAX);
	struct str redacted = arena_dup(a, buf_view(&cut));
	buf_release(&cut);
	return redacted;
}

static struct str redact_address(const struct job *j, struct str s, bool told_apart, struct arena *a)
{
	struct address address = address_of(s);
	struct str rest = str_skip(s, address.local.n);
	char value[VALUE_SIZE] = "";

	if (address.local.n == 0)
		return s;
	if (j->r->how == LOCAL_PARTS_HMAC || told_apart)
		make_value(j, address, value);
	return arena_fmt(a, "%s%.*s", value, STR_FMT(rest));
}

static void redact(void *arg, struct delivery *d, struct arena *a)
{
	struct job j = {.r = arg};

	if (j.r->how == LOCAL_PARTS_DROP) {
		j.salt[0] = d->site;
		j.salt[1] = d->host;
		j.salt[2] = d->queue_id;
	}
	know(&j, d->recipient);
	know(&j, d->orig_recipient);
	know(&j, d->sender);
	d->text = redact_text(&j, d->text, a);
	d->recipient = redact_address(&j, d->recipient, true, a);
	d->orig_recipient = redact_address(&j, d->orig_recipient, true, a);
	d->sender = redact_address(&j, d->sender, false, a);
	buf_release(&j.out);
}

struct redactor redaction_hook(const struct redaction *r)
{
	if (r == NULL || r->how == LOCAL_PARTS_CLEAR)
		return (struct redactor){NULL, NULL};
	return (struct redactor){redact, (void *)(uintptr_t)r};
}
