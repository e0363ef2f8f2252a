/* SPDX-License-Identifier: Apache-2.0 */
/* classify_templates_test - what varies in a text gives way, counts hold, memory is bounded; rules proposed do load */
#include "classify/proposal.h"
#include "tests/unit/classify_support.h"

#define REPLY(text) "host mx.example.org[192.0.2.1] said: " text " (in reply to RCPT TO command)"

/* A text that only its code decided, from a destination of that number. */
static void unknown(struct delivery *d, const char *text, int destination)
{
	static char domains[200][32];

	deferral(d, text, "mx.example.org");
	d->class = CLASS_other;
	d->tier = TIER_GUESS;
	d->rule = STR("guess.other");
	snprintf(domains[destination], sizeof(domains[0]), "d%d.example", destination);
	d->destination = str_from(domains[destination]);
}

static const struct template *only(const struct templates *t, struct arena *a)
{
	size_t n;
	const struct template **list = templates_list(t, 10, a, &n);

	assert_int_equal(n, 1);
	return list[0];
}

static void test_what_varies_gives_way(void **state)
{
	static const struct {
		const char *label, *text, *want;
	} rows[] = {
	    {"words", REPLY("450 Please wait"), "please wait"},
	    {"number", REPLY("450 wait 300 seconds"), "wait {n} seconds"},
	    {"numbers side by side", REPLY("450 wait 300 of 600 seconds"), "wait {n} of {n} seconds"},
	    {"id", REPLY("450 queued as 4f3A-77x there"), "queued as {id} there"},
	    {"id and number side by side", REPLY("450 queue 7 4f3A-77x there"), "queue {id} there"},
	    {"number in brackets", REPLY("450 busy (17)"), "busy {n}"},
	    {"host", REPLY("450 ask mx.other.example now"), "ask host now"},
	    {"IPv4", REPLY("450 from 192.0.2.77 now"), "from ip now"},
	    {"IPv6", REPLY("450 from 2001:db8::77 now"), "from ip now"},
	    {"address", REPLY("450 <anna@example.org>: later"), "<>: later"},
	    {"bare address", REPLY("450 user anna@example.org later"), "user host later"},
	    {"URL", REPLY("450 see https://example.org/a?b=c for more"), "see host for more"},
	    {"time of day", REPLY("450 until 12:30:05 at least"), "until ip at least"},
	    {"short time of day", REPLY("450 until 12:30 at least"), "until {time} at least"},
	    {"date", REPLY("450 on Tue, 24 Nov 2026 07:00:00 +0000 it was"), "on {n} ip {n} it was"},
	    {"date of another day", REPLY("450 on Sat, 5 Dec 2026 17:10:00 +0000 it was"), "on {n} ip {n} it was"},
	    {"month first", REPLY("450 on Tue Nov 24 07:00:00 2026 it was"), "on {n} ip {n} it was"},
	    {"ISO stamp", REPLY("450 at 2026-11-24T07:00:00Z sharp"), "at {id} sharp"},
	    {"may is a word", REPLY("450 you may come back"), "you may come back"},
	    {"double quotes", REPLY("450 rule \"any of it\" hit"), "rule {quoted} hit"},
	    {"single quotes", REPLY("450 rule 'any of it' hit"), "rule {quoted} hit"},
	    {"back quotes", REPLY("450 rule `any of it' hit"), "rule {quoted} hit"},
	    {"an apostrophe is none", REPLY("450 we can't take it, don't ask"), "we can't take it, don't ask"},
	    {"hexadecimal letters", REPLY("450 key deadbeefcafe is odd"), "key {id} is odd"},
	    {"a word of such letters", REPLY("450 the facade is odd"), "the facade is odd"},
	    {"base64", REPLY("450 key dGhpcyBpcyBub3Q= is odd"), "key {id} is odd"},
	    {"letters in no order", REPLY("450 key qwrtpsdfghklmn is odd"), "key {id} is odd"},
	    {"a long word", REPLY("450 Verbindungsaufbau gescheitert"), "verbindungsaufbau gescheitert"},
	    {"key and value", REPLY("450 id=abcdef is odd"), "{id} is odd"},
	    {"number between Chinese words", REPLY("450 \xe8\xaf\xb7\xe7\xad\x89 5\xe7\xa7\x92"),
	     "\xe8\xaf\xb7\xe7\xad\x89 {n}\xe7\xa7\x92"},
	    {"codes of lines", REPLY("450-4.7.1 one 450 4.7.1 two"), "one two"},
	    {"nothing", REPLY("450 4.7.1"), ""},
	    {"own words", "mystery of process 4711", "mystery of process {n}"},
	};
	struct arena a = ARENA_INIT;

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		struct templates *t = templates_new(4);
		struct delivery d;
		unknown(&d, rows[i].text, 0);
		assert_true(templates_add(t, &d));
		expect_str(only(t, &a)->text, str_from(rows[i].want), rows[i].label);
		expect_str(only(t, &a)->example, d.text, rows[i].label);
		templates_free(t);
	}
	arena_release(&a);
}

static void test_what_is_taken(void **state)
{
	static const struct {
		const char *label;
		enum class class;
		enum tier tier;
		bool want;
	} rows[] = {
	    {"other", CLASS_other, TIER_GUESS, true},        {"by code", CLASS_greylisted, TIER_CODE, true},
	    {"guessed", CLASS_greylisted, TIER_GUESS, true}, {"other, by a text", CLASS_other, TIER_TEXT, true},
	    {"by text", CLASS_greylisted, TIER_TEXT, false}, {"exact", CLASS_greylisted, TIER_EXACT, false},
	    {"no deferral", CLASS_none, TIER_NONE, false},
	};
	struct templates *t = templates_new(4);

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		struct delivery d;
		unknown(&d, REPLY("450 Please wait"), 0);
		d.class = (int)rows[i].class;
		d.tier = (int)rows[i].tier;
		expect(templates_add(t, &d) == rows[i].want, rows[i].label);
	}
	assert_int_equal(templates_taken(t), 4);
	templates_free(t);
}

static void test_counts(void **state)
{
	struct templates *t = templates_new(8);
	struct arena a = ARENA_INIT;
	struct delivery d;
	char text[100];
	size_t n;

	(void)state;
	for (int i = 0; i < 100; i++) {
		snprintf(text, sizeof(text), "%d 4.7.%d Wait %d", 450 + i % 2, i % 3, i);
		unknown(&d, text, i % 70);
		d.mta = i % 10 == 0 ? MTA_EXIM : MTA_POSTFIX;
		templates_add(t, &d);
	}
	unknown(&d, REPLY("450 something else"), 0);
	templates_add(t, &d);
	/* the same words, but the server's greeting */
	unknown(&d, "host mx.example.org[192.0.2.1] refused to talk to me: 450 something else", 0);
	templates_add(t, &d);
	const struct template **list = templates_list(t, 10, &a, &n);
	assert_int_equal(n, 3);
	assert_int_equal(list[0]->count, 100);
	assert_int_equal(list[0]->count_over, 0);
	assert_int_equal(list[0]->destinations, TEMPLATE_DESTINATIONS);
	assert_int_equal(list[0]->n_codes, 6);
	assert_false(list[0]->more_codes);
	assert_string_equal(list[0]->codes[1], "451 4.7.1");
	assert_int_equal(list[0]->mtas, 1u << MTA_EXIM | 1u << MTA_POSTFIX);
	assert_int_equal(list[1]->destinations, 1);
	expect_str(list[1]->text, list[2]->text, "one text");
	assert_true(list[1]->scope == SCOPE_REPLY && list[2]->scope == SCOPE_GREETING);
	list = templates_list(t, 1, &a, &n);
	assert_int_equal(n, 1);
	assert_int_equal(list[0]->count, 100);
	templates_free(t);
	arena_release(&a);
}

static const char *word(size_t i)
{
	static const char *const words[] = {"alpha", "bravo", "kilo", "delta", "echo", "foxtrot", "golf", "hotel"};
	return words[i % LEN(words)];
}

/* Space-saving: with room for m, whatever makes more than 1/m of all stays, and no count is too low. */
static void test_memory_is_bounded(void **state)
{
	enum { ROOM = 16, ROUNDS = 6000 };
	struct templates *t = templates_new(ROOM), *again = templates_new(ROOM);
	struct arena a = ARENA_INIT;
	uint64_t seed = 3;
	size_t n, m;
	int64_t frequent = 0, sum = 0;

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		struct delivery d;
		char text[200];
		bool rare = random_below(&seed, 10) != 0;
		frequent += !rare;
		snprintf(text, sizeof(text), REPLY("450 %s %s %s %s"), rare ? word(random_below(&seed, 8)) : "the",
		         rare ? word(random_below(&seed, 8)) : "frequent", rare ? word(random_below(&seed, 8)) : "text",
		         rare ? word(random_below(&seed, 8)) : "here");
		unknown(&d, text, 0);
		templates_add(t, &d);
		templates_add(again, &d);
	}
	const struct template **list = templates_list(t, SIZE_MAX, &a, &n);
	const struct template **other = templates_list(again, SIZE_MAX, &a, &m);
	assert_true(n == ROOM && m == ROOM);
	assert_true(templates_forgotten(t) > 0);
	assert_int_equal(templates_taken(t), ROUNDS);
	expect_str(list[0]->text, STR("the frequent text here"), "the most frequent one");
	assert_in_range(frequent, list[0]->count - list[0]->count_over, list[0]->count);
	for (size_t i = 0; i < n; i++) {
		sum += list[i]->count;
		expect_str(other[i]->text, list[i]->text, "twice the same");
		assert_int_equal(other[i]->count, list[i]->count);
	}
	assert_int_equal(sum, ROUNDS);
	templates_free(t);
	templates_free(again);
	arena_release(&a);
}

static void put_file(const char *path, struct str text)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(text.p, 1, text.n, f), text.n);
	fclose(f);
}

/* As a user would: the rules in a file of their own, before the built-in ones, behind them, or named by itself. */
static void check_pasted(struct str rules)
{
	char dir[] = "/tmp/qlapse_unknown_XXXXXX";
	char path[sizeof(dir) + 20], *paths[] = {path};
	const struct catalog_files places[] = {{.before = dir}, {.after = dir}, {.files = paths, .n_files = 1}};
	struct buf report = BUF_INIT;
	struct err err = {0};

	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/mine.yaml", dir);
	put_file(path, rules);
	for (size_t i = 0; i < LEN(places); i++) {
		struct catalog *c = catalog_load(&places[i], &err);
		expect(c != NULL, err.msg);
		if (catalog_test(c, &report) != 0 || catalog_lint(c, &report) != 0)
			fail_msg("place %zu: %s", i, buf_z(&report));
		catalog_free(c);
	}
	buf_release(&report);
	unlink(path);
	rmdir(dir);
}

static void check_proposals(struct templates *t, size_t want_rules, size_t want_covered)
{
	struct err err = {0};
	struct catalog *c = catalog_load(NULL, &err);
	struct proposals *p = proposals_new(c);
	struct arena a = ARENA_INIT;
	struct buf out = BUF_INIT;
	size_t n, count[3] = {0};
	const struct template **list = templates_list(t, SIZE_MAX, &a, &n);

	for (size_t i = 0; i < n; i++)
		count[proposal_add(p, list[i], &out)]++;
	print_message("%.*s", STR_FMT(buf_view(&out)));
	if (want_rules != SIZE_MAX) {
		assert_int_equal(count[PROPOSAL_RULE], want_rules);
		assert_int_equal(count[PROPOSAL_COVERED], want_covered);
	}
	assert_true(count[PROPOSAL_RULE] > 0);
	check_pasted(buf_view(&out));
	buf_release(&out);
	proposals_free(p);
	catalog_free(c);
	arena_release(&a);
}

static void test_rules_can_be_pasted(void **state)
{
	static const struct {
		enum mta mta;
		const char *text;
	} rows[] = {
	    {MTA_POSTFIX, REPLY("450 Frobnication queue 17 is wobbling")},
	    {MTA_POSTFIX, REPLY("450 \"quotes\" and \\backslashes\\ of frobnication: {a} #b 'c' *d*")},
	    {MTA_POSTFIX, REPLY("450 *starred frobnications*")},
	    {MTA_POSTFIX, REPLY("450 \xe8\xaf\xb7\xe7\xa8\x8d\xe5\x90\x8e 5 \xe5\x88\x86\xe9\x92\x9f\xe5\x86\x8d")},
	    {MTA_POSTFIX, REPLY("450 line\xe2\x80\xa8separators \xef\xbb\xbfmarks frobnicate")},
	    {MTA_POSTFIX, REPLY("450 4.7.1")},
	    {MTA_POSTFIX, REPLY("450 nay 17")},
	    {MTA_POSTFIX, "gyration of the frobnicator failed"},
	    {MTA_EXIM,
	     "SMTP error from remote mail server after RCPT TO:<anna@example.org>: 450 zymurgical frobnicator"},
	    {MTA_SENDMAIL, "450 4.9.9 yonder frobnicator sulks"},
	    {MTA_QMAIL, "192.0.2.1_does_not_like_recipient./Remote_host_said:_450_frobnicator_on_strike/"},
	    {MTA_POSTFIX, REPLY("450 the whole Frobnication queue is down, Frobnication queue 99 first")},
	};
	struct templates *t = templates_new(64);

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		struct delivery d;
		for (size_t k = 0; k <= LEN(rows) - i; k++) { /* so that the order is that of the rows */
			unknown(&d, rows[i].text, 0);
			d.mta = (int)rows[i].mta;
			templates_add(t, &d);
		}
	}
	/* "450 4.7.1" and "450 nay 17" have no words to tell them by, the last one has those of the first. */
	check_proposals(t, LEN(rows) - 3, 1);
	templates_free(t);
}

/* Texts of a real classifier's other and code-only verdicts, made of pieces that mean something to YAML or to us. */
static void test_any_rules_can_be_pasted(void **state)
{
	static const char *const pieces[] = {
	    "temporarily", "rejected", "mailbox", "frobnicate", "try again", "later",        "17",       "\"",
	    "'",           "\\",       "*",       ":",          "#",         "- ",           "%",        "{x}",
	    "[y]",         "&z",       "!tag",    "queue",      "policy",    "host.",        "<a@b.cc>", "~",
	    "null",        "true",     "4.7.1",   "450",        "\xc3\xbc",  "\xe7\xa7\x92", "user",     "connection",
	    "timed",       "out",      "service", "greylisted",
	};
	struct templates *t = templates_new(300);
	struct fixture f;
	uint64_t seed = 17;

	(void)state;
	static const struct destination_config none;
	fixture_init(&f, &none);
	for (int i = 0; i < 600; i++) {
		struct buf text = BUF_INIT;
		struct delivery d;
		buf_str(&text, STR("host mx.example.org[192.0.2.1] said: 450 "));
		for (size_t k = 2 + random_below(&seed, 8); k > 0; k--)
			buf_fmt(&text, "%s%s", pieces[random_below(&seed, LEN(pieces))],
			        random_below(&seed, 4) ? " " : "");
		deferral(&d, "", "mx.example.org");
		d.text = buf_view(&text);
		run(&f, &d);
		templates_add(t, &d);
		buf_release(&text);
		arena_reset(&f.arena);
	}
	check_proposals(t, SIZE_MAX, 0);
	templates_free(t);
	fixture_release(&f);
}

static void test_hostile_texts(void **state)
{
	struct templates *t = templates_new(8);
	struct arena a = ARENA_INIT;
	uint64_t seed = 23;
	size_t n;

	(void)state;
	for (int i = 0; i < 3000; i++) {
		char bytes[9000];
		size_t want = 1 + random_below(&seed, i % 50 == 0 ? sizeof(bytes) - 1 : 700);
		struct delivery d;
		random_bytes(&seed, bytes, want);
		for (size_t k = 0; i % 3 == 0 && k < want; k++)
			bytes[k] = " \"'`<>(.:=4a"[(unsigned char)bytes[k] % 12];
		unknown(&d, "", 0);
		d.text = str_of(bytes, want);
		assert_true(templates_add(t, &d));
	}
	const struct template **list = templates_list(t, SIZE_MAX, &a, &n);
	for (size_t i = 0; i < n; i++)
		assert_true(list[i]->text.n <= TEMPLATE_BYTES && list[i]->example.n <= TEMPLATE_EXAMPLE_BYTES);
	templates_free(t);
	arena_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_what_varies_gives_way),
	    cmocka_unit_test(test_what_is_taken),
	    cmocka_unit_test(test_counts),
	    cmocka_unit_test(test_memory_is_bounded),
	    cmocka_unit_test(test_rules_can_be_pasted),
	    cmocka_unit_test(test_any_rules_can_be_pasted),
	    cmocka_unit_test(test_hostile_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
