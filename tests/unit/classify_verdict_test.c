/* SPDX-License-Identifier: Apache-2.0 */
/* classify_verdict_test - what else a verdict says: side, marks, codes, rule and tier; bounces; remedies; the trail */
#include "classify/engine.h"
#include "tests/unit/classify_support.h"

#define SAID(reply) "host mx.example.org[192.0.2.10] said: " reply " (in reply to RCPT TO command)"

static struct str own_domain[] = {{"own.example", 11}};
static struct str partner_domain[] = {{"partner.example", 15}};
static const struct connector connectors[] = {
    {.name = {"own", 3}, .kind = KIND_OWN, .domains = own_domain, .n_domains = 1},
    {.name = {"partner", 7}, .kind = KIND_PARTNER, .domains = partner_domain, .n_domains = 1},
};
static const struct destination_config config = {connectors, LEN(connectors), NULL, 0};

static void test_side(void **state)
{
	static const struct {
		const char *recipient, *text;
		enum owner owner;
		enum side side;
	} rows[] = {
	    {"a@b.example", "connect to mx.b.example[192.0.2.1]:25: Connection refused", OWNER_RECIPIENT_ORG,
	     SIDE_THEM},
	    {"a@own.example", "connect to mx.b.example[192.0.2.1]:25: Connection refused", OWNER_RECIPIENT_ORG,
	     SIDE_US},
	    {"a@partner.example", "connect to mx.b.example[192.0.2.1]:25: Connection refused", OWNER_RECIPIENT_ORG,
	     SIDE_PARTNER},
	    {"a@b.example", SAID("452 4.2.2 over quota"), OWNER_RECIPIENT, SIDE_THEM},
	    {"a@own.example", SAID("452 4.2.2 over quota"), OWNER_RECIPIENT, SIDE_US},
	    {"a@partner.example", SAID("452 4.2.2 over quota"), OWNER_RECIPIENT, SIDE_PARTNER},
	    {"a@b.example", SAID("451 4.7.1 rate limit reached"), OWNER_SENDER, SIDE_US},
	    {"a@partner.example", SAID("451 4.7.1 rate limit reached"), OWNER_SENDER, SIDE_US},
	    {"a@b.example", "connect to mx.b.example[192.0.2.1]:25: No route to host", OWNER_NETWORK, SIDE_NETWORK},
	    {"a@own.example", "connect to mx.b.example[192.0.2.1]:25: No route to host", OWNER_NETWORK, SIDE_NETWORK},
	    {"a@b.example", SAID("450 4.2.0 greylisted"), OWNER_NOBODY, SIDE_NOBODY},
	    {"a@partner.example", SAID("450 4.2.0 greylisted"), OWNER_NOBODY, SIDE_NOBODY},
	    {"a@b.example", "mystery", OWNER_UNKNOWN, SIDE_UNKNOWN},
	    {"a@own.example", "mystery", OWNER_UNKNOWN, SIDE_UNKNOWN},
	    {"a@b.example", "unknown mail transport error", OWNER_SENDER, SIDE_US},
	    {"a@b.example", "connect to mx.b.example[2001:db8::1]:25: Network is unreachable", OWNER_SENDER, SIDE_US},
	};
	struct fixture f;

	(void)state;
	fixture_init(&f, &config);
	for (size_t i = 0; i < LEN(rows); i++) {
		struct delivery d;
		deferral(&d, rows[i].text, NULL);
		d.recipient = str_from(rows[i].recipient);
		run(&f, &d);
		expect_i64(d.owner, rows[i].owner, rows[i].text);
		expect_i64(d.side, rows[i].side, rows[i].text);
	}
	fixture_release(&f);
}

static void test_marks(void **state)
{
	static const struct {
		const char *text;
		enum event event;
		const char *rule;
		enum tier tier;
		int reply_code;
		const char *enhanced;
		bool suspended, permanent, reported;
	} rows[] = {
	    {"connect to mx.b.example[192.0.2.1]:25: Connection refused", EVENT_DEFERRED, "own.connect.refused",
	     TIER_EXACT, -1, "", false, false, false},
	    {"delivery temporarily suspended: connect to mx.b.example[192.0.2.1]:25: Connection refused",
	     EVENT_DEFERRED, "own.connect.refused", TIER_EXACT, -1, "", true, false, false},
	    {SAID("450 4.2.0 come back"), EVENT_DEFERRED, "code.2.0", TIER_CODE, 450, "4.2.0", false, false, false},
	    {SAID("450 greylisted"), EVENT_DEFERRED, "text.greylist", TIER_TEXT, 450, "", false, false, false},
	    {SAID("451 hmm"), EVENT_DEFERRED, "guess.error", TIER_GUESS, 451, "", false, false, false},
	    {SAID("550 5.7.1 not by our policy"), EVENT_DEFERRED, "text.policy", TIER_TEXT, 550, "5.7.1", false, true,
	     false},
	    {"host mx.example.org[192.0.2.10] refused to talk to me: 554 5.7.1 no", EVENT_DEFERRED, "greeting.any",
	     TIER_TEXT, 554, "5.7.1", false, true, false},
	    {"Domain b.example does not accept mail (nullMX)", EVENT_DEFERRED, "own.dns.null_mx", TIER_EXACT, -1, "",
	     false, true, false},
	    {SAID("450 4.4.316 Connection refused"), EVENT_DEFERRED, "exchange.refused", TIER_EXACT, 450, "4.4.316",
	     false, false, true},
	    {"450 4.4.316 Connection refused", EVENT_DEFERRED, "exchange.refused", TIER_EXACT, 450, "4.4.316", false,
	     false, false},
	    {SAID("450 4.1.2 <a@b.example>: Recipient address rejected: Domain not found"), EVENT_DEFERRED,
	     "text.next_hop_dns", TIER_TEXT, 450, "4.1.2", false, false, true},
	    {SAID("550 5.1.1 <a@b.example>: user unknown"), EVENT_BOUNCED, "text.user", TIER_TEXT, 550, "5.1.1", false,
	     false, false},
	    {"unknown user: \"anna\"", EVENT_BOUNCED, "own.user", TIER_EXACT, -1, "", false, false, false},
	    {"550 5.4.316 Message expired, connection refused(Socket error code 10061)", EVENT_EXPIRED,
	     "exchange.refused", TIER_EXACT, 550, "5.4.316", false, false, false},
	};
	struct fixture f;

	(void)state;
	fixture_init(&f, &config);
	for (size_t i = 0; i < LEN(rows); i++) {
		struct delivery d;
		deferral(&d, rows[i].text, NULL);
		d.event = (int)rows[i].event;
		run(&f, &d);
		expect_str(d.rule, str_from(rows[i].rule), rows[i].text);
		expect_i64(d.tier, rows[i].tier, rows[i].text);
		expect_i64(d.reply_code, rows[i].reply_code, rows[i].text);
		expect_str(d.enhanced_code, str_from(rows[i].enhanced), rows[i].text);
		expect(d.suspended == rows[i].suspended, rows[i].text);
		expect(d.permanent_reply == rows[i].permanent, rows[i].text);
		expect(d.reported_by_next_hop == rows[i].reported, rows[i].text);
	}
	fixture_release(&f);
}

/* Who wrote the line decides for one text: a transport named retry holds mail back, unless it repeats a reason. */
static void test_service(void **state)
{
	static const struct {
		const char *service, *text;
		enum class class;
		enum mta mta;
	} rows[] = {
	    {"retry", "not before Monday", CLASS_local_throttle, MTA_POSTFIX},
	    {"out/retry", "not before Monday", CLASS_local_throttle, MTA_POSTFIX},
	    {"retry", "450 4.2.0 greylisted", CLASS_local_throttle, MTA_POSTFIX},
	    {"retry", "delivery temporarily suspended: connect to mx.b.example[192.0.2.1]:25: Connection refused",
	     CLASS_connect_refused, MTA_POSTFIX},
	    {"retry", "delivery temporarily suspended: mystery", CLASS_other, MTA_POSTFIX},
	    {"smtp", "not before Monday", CLASS_other, MTA_POSTFIX},
	    {"retryx", "not before Monday", CLASS_other, MTA_POSTFIX},
	    {"", "not before Monday", CLASS_other, MTA_POSTFIX},
	    {"retry", "not before Monday", CLASS_other, MTA_UNKNOWN},
	};
	struct fixture f;

	(void)state;
	fixture_init(&f, &config);
	for (size_t i = 0; i < LEN(rows); i++) {
		struct delivery d;
		deferral(&d, rows[i].text, NULL);
		d.service = str_from(rows[i].service);
		d.mta = (int)rows[i].mta;
		run(&f, &d);
		expect_str(str_from(class_names[d.class]), str_from(class_names[rows[i].class]), rows[i].text);
	}
	fixture_release(&f);
}

/* An end of the wait without a word has no verdict; what ingest has marked stays marked. */
static void test_absent(void **state)
{
	struct fixture f;
	struct delivery d;

	(void)state;
	fixture_init(&f, &config);
	deferral(&d, "", NULL);
	d.event = EVENT_EXPIRED;
	run(&f, &d);
	expect_i64(d.class, CLASS_none, "expired");
	expect_str(d.rule, STR_NONE, "expired");
	deferral(&d, SAID("450 4.2.0 greylisted"), NULL);
	d.permanent_reply = true; /* as of SOFTBOUNCE */
	run(&f, &d);
	expect(d.permanent_reply, "SOFTBOUNCE");
	fixture_release(&f);
}

static void test_explain(void **state)
{
	struct fixture f;
	struct delivery d;
	struct verdict_trail t;

	(void)state;
	fixture_init(&f, &config);
	deferral(&d, SAID("450 4.2.0 <a@b.example>: Greylisted"), NULL);
	run(&f, &d);
	classify_explain(f.classify, &d, &f.arena, &t);
	assert_non_null(t.rule);
	expect_str(t.rule->id, d.rule, "rule");
	expect_str(t.words, STR("450 4.2.0 <a@b.example>: Greylisted"), "words");
	expect_str(t.normalised, STR("<>: greylisted"), "normalised");
	assert_string_equal(t.scope, "a reply of the remote server");
	assert_true(t.tried > 1);
	deferral(&d, "250 ok", NULL);
	d.event = EVENT_DELIVERED;
	run(&f, &d);
	classify_explain(f.classify, &d, &f.arena, &t);
	assert_null(t.rule);
	assert_string_equal(t.scope, "none");
	fixture_release(&f);
}

/* The memory of texts decides nothing: full or empty, the answers are those of a fresh classifier. */
static void test_memory(void **state)
{
	struct fixture f;
	uint64_t seed = 3;

	(void)state;
	fixture_init(&f, &config);
	struct engine *fresh = engine_new(f.catalog, true, NULL);
	struct buf normalised = BUF_INIT;
	for (int round = 0; round < 20000; round++) {
		static const char *const hosts[] = {
		    "", "host mx.google.com[192.0.2.1] said: ", "host mx.example.org[192.0.2.1] said: ",
		    "host mx.example.org[192.0.2.1] refused to talk to me: "};
		static const char *const relays[] = {NULL, "mx.google.com", "mx.example.org", "mx.icloud.com"};
		static const char *const words[] = {"spam",   "greylisted", "quota exceeded",
		                                    "policy", "rate limit", "hmm"};
		char text[160], code[16];
		struct reply reply;
		struct delivery d;
		snprintf(text, sizeof(text), "%s45%d 4.%d.%d %s w%d", hosts[random_below(&seed, LEN(hosts))],
		         (int)random_below(&seed, 3), (int)random_below(&seed, 8), (int)random_below(&seed, 30),
		         words[random_below(&seed, LEN(words))], (int)random_below(&seed, 60));
		deferral(&d, text, relays[random_below(&seed, LEN(relays))]);
		d.service = random_below(&seed, 8) ? STR("smtp") : STR("retry");
		run(&f, &d);
		reply_read(MTA_POSTFIX, str_from(text), &reply);
		reply_normalise(&reply, &normalised);
		reply_rule_code(&reply, code);
		const struct question q = {&reply,      buf_view(&normalised),
		                           code,        catalog_provider(f.catalog, d.next_hop),
		                           MTA_POSTFIX, d.service};
		expect_str(d.rule, engine_find(fresh, &q, NULL)->id, text);
		if (round % 512 == 0)
			arena_reset(&f.arena);
	}
	buf_release(&normalised);
	engine_free(fresh);
	fixture_release(&f);
}

static void test_remedy_source(void **state)
{
	static const struct row_source sources[] = {{{"a", 1}, 9, MTA_EXIM},     {{"b", 1}, 8, MTA_UNKNOWN},
	                                            {{"c", 1}, 7, MTA_EXCHANGE}, {{"d", 1}, 6, MTA_EXIM},
	                                            {{"e", 1}, 5, MTA_KUMOMTA},  {{"f", 1}, 4, MTA_SENDMAIL}};
	struct remedy never, worked;
	struct delivery d;
	struct fixture f;
	struct incident inc;

	(void)state;
	fixture_init(&f, &config);
	record_clear(&delivery_record, &d);
	const struct remedy_source source = classify_remedies(f.classify);
	record_clear(&incident_record, &inc);
	inc.class = CLASS_connect_timeout;
	inc.kind = KIND_OWN;
	inc.mta = MTA_POSTFIX;
	inc.sources = (struct record_list){sources, LEN(sources)};
	source.find(source.arg, &inc, &f.arena, &never);
	inc.last_success_ms = 1000;
	source.find(source.arg, &inc, &f.arena, &worked);
	expect(str_find(never.text, STR("No delivery to this destination is known")) >= 0, "never");
	expect(str_find(worked.text, STR("worked before")) >= 0, "worked");
	expect(str_find(worked.text, STR("No delivery")) < 0, "not both");
	expect_i64(worked.look_again_ms, 30 * 60000, "look again");
	const struct fix *fixes = worked.fix_now.items;
	expect(worked.fix_now.n == 12, "commands of three MTAs, none of the incident's own or of one without commands");
	expect(fixes[0].mta == MTA_EXIM && fixes[4].mta == MTA_EXCHANGE && fixes[8].mta == MTA_KUMOMTA, "their order");
	inc.sources = (struct record_list){NULL, 0};
	source.find(source.arg, &inc, &f.arena, &worked);
	fixes = worked.fix_now.items;
	expect(worked.fix_now.n == 4 && fixes[0].mta == MTA_POSTFIX, "without sources that of the last attempt");
	inc.class = CLASS_greylisted;
	source.find(source.arg, &inc, &f.arena, &worked);
	expect_i64(worked.look_again_ms, -1, "nothing to look for");
	d.class = CLASS_connect_timeout;
	d.mta = MTA_EXIM;
	d.destination = d.group = STR("far.example");
	classify_remedy(f.classify, &d, &f.arena, &worked);
	fixes = worked.fix_now.items;
	expect(str_find(worked.text, STR("worked before")) < 0 && str_find(worked.text, STR("No delivery")) < 0,
	       "unknown");
	expect_str(fixes[0].command, STR("exiqgrep -i -r '@far[.]example$' | xargs -r exim -M"), "of a delivery");
	fixture_release(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_side),          cmocka_unit_test(test_marks),   cmocka_unit_test(test_service),
	    cmocka_unit_test(test_absent),        cmocka_unit_test(test_explain), cmocka_unit_test(test_memory),
	    cmocka_unit_test(test_remedy_source),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
