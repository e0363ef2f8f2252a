/* SPDX-License-Identifier: Apache-2.0 */
/* emit_redact_test - which local parts go, what comes in their place, and what is left alone */
#include "emit/redact.h"

#include "lib/base/text.h"
#include "support.h"

#define KEY "0123456789abcdef0123456789abcdef"

/* In what is wanted, R is the value of the recipient, H any other. */
static const struct {
	const char *label, *recipient, *text, *want;
} texts[] = {
    {"no address", "ann@example.org", "Connection refused", "Connection refused"},
    {"in angle brackets", "ann@example.org", "550 <ann@example.org>: unknown", "550 <R@example.org>: unknown"},
    {"case of the domain", "ann@example.org", "<ann@Example.ORG> unknown", "<R@Example.ORG> unknown"},
    {"case of the local part", "ann@example.org", "<Ann@example.org>", "<H@example.org>"},
    {"bare", "ann@example.org", "user ann@example.org is unknown", "user R@example.org is unknown"},
    {"end of a sentence", "ann@example.org", "no such user ann@example.org.", "no such user R@example.org."},
    {"in quotes", "ann@example.org", "for 'ann@example.org'", "for 'R@example.org'"},
    {"behind a colon", "ann@example.org", "rcpt:ann@example.org,bob@example.org", "rcpt:R@example.org,H@example.org"},
    {"another", "ann@example.org", "<bob@example.org>", "<H@example.org>"},
    {"quoted local part", "ann@example.org", "<\"john r. doe\"@example.org>", "<H@example.org>"},
    {"quoted with an @", "ann@example.org", "<\"john@doe\"@example.org>", "<H@example.org>"},
    {"a quote that is none", "ann@example.org", "said \"bob\" and \"x", "said \"bob\" and \"x"},
    {"no domain behind it", "ann@example.org", "<bob@> and bob@ too", "<H@> and H@ too"},
    {"no local part", "ann@example.org", "<@example.org> a @ b", "<@example.org> a @ b"},
    {"two @", "ann@example.org", "<bob@x@example.org>", "<H@example.org>"},
    {"a source route", "ann@example.org", "<@a.example:bob@example.org>", "<@a.example:H@example.org>"},
    {"a sender that holds an address", "ann@example.org", "<bounce-ann=example.org@list.example>", "<H@list.example>"},
    {"other letters", "ann@example.org", "<j\xc3\xb6rg@example.org>", "<H@example.org>"},
    {"an address literal", "ann@example.org", "<bob@[192.0.2.1]>", "<H@[192.0.2.1]>"},
    {"the local part by itself", "ann@example.org", "mailbox ann is full", "mailbox R is full"},
    {"the same, ended by a dot", "ann@example.org", "no mailbox 'Ann'.", "no mailbox 'R'."},
    {"part of a word", "ann@example.org", "annex is full", "annex is full"},
    {"too short to be looked for", "a@example.org", "such a mailbox", "such a mailbox"},
    {"a recipient without a domain", "root", "mailbox root is full", "mailbox R is full"},
};

static struct redaction *with_key(enum local_parts how, const char *key)
{
	struct err err;
	struct redaction *r = redaction_new(how, str_from(key), &err);

	if (r == NULL)
		fail_msg("%s", err.msg);
	return r;
}

static struct delivery line(const char *recipient, const char *text)
{
	struct delivery d;

	record_clear(&delivery_record, &d);
	d.site = STR("default");
	d.host = STR("mx1");
	d.queue_id = STR("4F1A2B3C4D");
	d.recipient = str_from(recipient);
	d.text = str_from(text);
	return d;
}

static struct delivery redacted(const struct redaction *r, struct delivery d, struct arena *a)
{
	const struct redactor hook = redaction_hook(r);

	hook.redact(hook.arg, &d, a);
	return d;
}

static struct str value_of(struct str address)
{
	ssize_t at = str_rchr(address, '@');
	return at < 0 ? address : str_head(address, (size_t)at);
}

static bool is_value(struct str s)
{
	struct buf out = BUF_INIT;
	bool is = s.n == 18 && str_eat(&s, STR("h.")) && text_unhex(&out, s);

	buf_release(&out);
	return is;
}

/* Values become the letters of the table. */
static void show(struct str text, struct str recipient, struct buf *out)
{
	buf_clear(out);
	while (text.n > 0) {
		struct str value = str_head(text, 18);

		if (is_value(value)) {
			buf_chr(out, str_eq(value, recipient) ? 'R' : 'H');
			text = str_skip(text, 18);
		} else {
			buf_chr(out, text.p[0]);
			text = str_skip(text, 1);
		}
	}
}

static void addresses_in_texts(void **unused)
{
	struct redaction *r = with_key(LOCAL_PARTS_HMAC, KEY);
	struct arena a = ARENA_INIT;
	struct buf out = BUF_INIT;

	(void)unused;
	for (size_t i = 0; i < LEN(texts); i++) {
		const struct delivery d = redacted(r, line(texts[i].recipient, texts[i].text), &a);

		show(d.text, value_of(d.recipient), &out);
		if (strcmp(buf_z(&out), texts[i].want) != 0)
			fail_msg("%s: %s, not %s", texts[i].label, buf_z(&out), texts[i].want);
	}
	buf_release(&out);
	arena_release(&a);
	redaction_free(r);
}

static void every_field_with_an_address(void **unused)
{
	struct redaction *r = with_key(LOCAL_PARTS_HMAC, KEY);
	struct arena a = ARENA_INIT;
	struct delivery d = line("ann@example.org", "");

	(void)unused;
	d.orig_recipient = STR("Ann@example.org");
	d.sender = STR("ann@example.org");
	d.message_id = STR("20261124@example.com");
	d = redacted(r, d, &a);
	assert_true(is_value(value_of(d.recipient)));
	assert_true(str_ends(d.recipient, STR("@example.org")));
	assert_true(str_eq(d.recipient, d.sender));
	assert_true(is_value(value_of(d.orig_recipient)));
	assert_false(str_eq(d.recipient, d.orig_recipient)); /* case counts */
	assert_true(str_eq(d.message_id, STR("20261124@example.com")));
	d = redacted(r, line("", "x"), &a);
	assert_int_equal(d.sender.n + d.recipient.n, 0);
	arena_release(&a);
	redaction_free(r);
}

/* RFC 2104 by hand: openssl dgst -sha256 -hmac over "ann NUL example.org NUL". It must never change. */
static void value_is_the_hmac(void **unused)
{
	struct redaction *r = with_key(LOCAL_PARTS_HMAC, " " KEY "\n"), *other = with_key(LOCAL_PARTS_HMAC, KEY "0");
	struct arena a = ARENA_INIT;
	const struct delivery d = redacted(r, line("ann@Example.org", ""), &a);

	(void)unused;
	assert_string_equal(arena_dup(&a, d.recipient).p, "h.92ae8ba9fa7b05ba@Example.org");
	assert_false(str_eq(d.recipient, redacted(other, line("ann@Example.org", ""), &a).recipient));
	assert_false(str_eq(value_of(d.recipient), value_of(redacted(r, line("ann@example.com", ""), &a).recipient)));
	arena_release(&a);
	redaction_free(r);
	redaction_free(other);
}

static void drop_tells_recipients_apart_within_a_message_only(void **unused)
{
	struct redaction *r = with_key(LOCAL_PARTS_DROP, KEY);
	struct arena a = ARENA_INIT;
	struct delivery in = line("ann@example.org", "<ann@example.org>: ann is full"), other;

	(void)unused;
	in.sender = STR("bob@example.com");
	const struct delivery ann = redacted(r, in, &a);
	assert_true(is_value(value_of(ann.recipient)));
	assert_true(str_eq(ann.recipient, redacted(r, in, &a).recipient));
	assert_false(str_eq(ann.recipient, redacted(r, line("bob@example.org", ""), &a).recipient));
	assert_true(str_eq(ann.sender, STR("@example.com")));
	assert_true(str_eq(ann.text, STR("<@example.org>:  is full")));
	other = in;
	other.queue_id = STR("4F1A2B3C4E");
	assert_false(str_eq(ann.recipient, redacted(r, other, &a).recipient));
	other = in;
	other.host = STR("mx2");
	assert_false(str_eq(ann.recipient, redacted(r, other, &a).recipient));
	arena_release(&a);
	redaction_free(r);
}

static void clear_and_short_keys(void **unused)
{
	struct redaction *r = with_key(LOCAL_PARTS_CLEAR, "");
	struct err err;

	(void)unused;
	assert_null(redaction_hook(r).redact);
	assert_null(redaction_hook(NULL).redact);
	redaction_free(r);
	assert_null(redaction_new(LOCAL_PARTS_HMAC, STR("  0123456789abcde \n"), &err));
	assert_int_equal(err.kind, ERR_CONFIG);
	assert_null(redaction_new(LOCAL_PARTS_DROP, STR_NONE, &err));
}

/* Whatever a text is made of: valid UTF-8, clean, short, and no word of the recipient's left before an @. */
static void hostile_texts(void **unused)
{
	static const char *const pieces[] = {"ann@example.org", "ann", "@", "\"", "\\", "\"@", " ", "<",    ">",
	                                     "\xc3\xb6",        ".",   "'", "a@", "@b", ",",   "=", "\x7f", "x"};
	struct redaction *r = with_key(LOCAL_PARTS_HMAC, KEY);
	struct arena a = ARENA_INIT;
	struct buf text = BUF_INIT, clean = BUF_INIT;
	uint64_t seed = 5;

	(void)unused;
	for (int i = 0; i < 20000; i++) {
		buf_clear(&text);
		buf_clear(&clean);
		for (size_t n = random_below(&seed, 120); n > 0; n--)
			buf_str(&text, str_from(pieces[random_below(&seed, LEN(pieces))]));
		text_clean(&clean, buf_view(&text), 512);
		struct delivery d = line("ann@example.org", "");
		d.text = buf_view(&clean);
		d = redacted(r, d, &a);
		assert_true(text_is_clean(d.text, 512));
		assert_int_equal(str_find(d.text, STR("ann@")), -1);
		assert_int_equal(str_find(d.text, STR(" ann ")), -1);
		arena_reset(&a);
	}
	buf_release(&text);
	buf_release(&clean);
	arena_release(&a);
	redaction_free(r);
}

static void a_word_that_the_cut_has_left_goes(void **unused)
{
	struct redaction *r = with_key(LOCAL_PARTS_HMAC, KEY);
	struct arena a = ARENA_INIT;
	char text[513];

	(void)unused;
	memset(text, ' ', 512);
	memcpy(text, "no", 2);
	memcpy(text + 506, "barbar", 7);
	const struct delivery d = redacted(r, line("barbara.smith@example.org", text), &a);
	assert_int_equal(str_find(d.text, STR("barbar")), -1);
	assert_true(str_starts(d.text, STR("no ")));
	arena_release(&a);
	redaction_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(addresses_in_texts),
	    cmocka_unit_test(every_field_with_an_address),
	    cmocka_unit_test(value_is_the_hmac),
	    cmocka_unit_test(drop_tells_recipients_apart_within_a_message_only),
	    cmocka_unit_test(clear_and_short_keys),
	    cmocka_unit_test(hostile_texts),
	    cmocka_unit_test(a_word_that_the_cut_has_left_goes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
