/* SPDX-License-Identifier: Apache-2.0 */
/* classify_remedies_test - every class has advice for every kind, and none of it loses mail or blames the wrong side */
#include "classify/remedies.h"
#include "tests/unit/support.h"

static struct remedies *load(void)
{
	struct err err = {0};
	struct remedies *r = remedies_load("en", &err);

	expect(r != NULL, err.msg);
	return r;
}

static void test_whole(void **state)
{
	static const char *const forbidden[] = {"postsuper -d", "-Mrm", "$false", "exim -M", "rm -", "Remove-Message"};
	struct remedies *r = load();
	struct arena a = ARENA_INIT;

	(void)state;
	for (int c = CLASS_none + 1; c < CLASS_N; c++) {
		for (int kind = KIND_UNKNOWN; kind <= KIND_INTERNET; kind++) {
			for (int worked = WORKED_UNKNOWN; worked <= WORKED_BEFORE; worked++) {
				struct str text =
				    remedies_text(r, (enum class)c, (enum kind)kind, (enum worked)worked, &a);
				expect(text.n > 60 && text.n < 1200, class_names[c]);
				expect(text.p[text.n - 1] == '.' && str_find(text, STR("..")) < 0, class_names[c]);
				expect(str_find(text, STR("  ")) < 0, class_names[c]);
				for (size_t i = 0; i < LEN(forbidden); i++)
					expect(str_find(text, str_from(forbidden[i])) < 0, class_names[c]);
				bool partner = str_find(text, STR("ontact the partner")) >= 0;
				expect(partner == (kind == KIND_PARTNER), class_names[c]);
			}
		}
	}
	expect_str(remedies_text(r, CLASS_none, KIND_OWN, WORKED_UNKNOWN, &a), STR_NONE, "no class");
	expect_i64(remedies_look_again(r, CLASS_none), -1, "no class");
	arena_release(&a);
	remedies_free(r);
}

/* What must be said, and what must not, in which case. */
static void test_content(void **state)
{
	static const struct {
		enum class class;
		enum kind kind;
		enum worked worked;
		const char *words;
		bool want;
	} rows[] = {
	    {CLASS_dns_failure, KIND_OWN, 0, "DNS has a fault", true},
	    {CLASS_dns_failure, KIND_OWN, 0, "expired lately", true},
	    {CLASS_dns_failure, KIND_OWN, 0, "resolver still holds the old", true},
	    {CLASS_dns_failure, KIND_OWN, 0, "DNS hosting service", true},
	    {CLASS_connect_timeout, KIND_OWN, 0, "the server is down", true},
	    {CLASS_connect_timeout, KIND_OWN, 0, "wrong address", true},
	    {CLASS_connect_timeout, KIND_OWN, WORKED_BEFORE, "new provider means new addresses", true},
	    {CLASS_connect_timeout, KIND_OWN, WORKED_NEVER, "new provider means new addresses", false},
	    {CLASS_connect_timeout, KIND_OWN, WORKED_UNKNOWN, "worked before", false},
	    {CLASS_connect_refused, KIND_OWN, 0, "TCP port 25", true},
	    {CLASS_connect_refused, KIND_OWN, 0, "bounces to its senders", true},
	    {CLASS_connect_refused, KIND_OWN, 0, "can hit normal delivery", true},
	    {CLASS_connect_refused, KIND_OWN, 0, "turn the connector off or delete it", true},
	    {CLASS_connect_refused, KIND_OWN, 0, "authoritative instead of internal relay", true},
	    {CLASS_connect_refused, KIND_OWN, 0, "30 to 60 minutes", true},
	    {CLASS_connect_refused, KIND_OWN, 0, "after an hour", true},
	    {CLASS_connect_refused, KIND_INTERNET, 0, "connector", false},
	    {CLASS_connect_refused, KIND_PARTNER, 0, "connector", false},
	    {CLASS_connect_refused, KIND_PARTNER, 0, "a cloud service of a third party", true},
	    {CLASS_connect_refused, KIND_PARTNER, 0, "theirs to mend", true},
	    {CLASS_session_refused, KIND_OWN, 0, "TLS settings and certificates", true},
	    {CLASS_tls_unavailable, KIND_OWN, 0, "our connector requires TLS", true},
	    {CLASS_unreachable, KIND_OWN, 0, "network team", true},
	    {CLASS_unreachable, KIND_OWN, 0, "TLS", false},
	    {CLASS_session_dropped, KIND_OWN, 0, "inspects SMTP", true},
	    {CLASS_session_dropped, KIND_OWN, 0, "short of resources", true},
	    {CLASS_session_dropped, KIND_OWN, 0, "network team", true},
	    {CLASS_certificate_invalid, KIND_OWN, 0, "it has expired", true},
	    {CLASS_certificate_invalid, KIND_OWN, 0, "does not match the server's name", true},
	    {CLASS_certificate_invalid, KIND_OWN, 0, "no longer valid", true},
	    {CLASS_certificate_invalid, KIND_OWN, 0, "connector's settings", true},
	    {CLASS_tls_policy_failure, KIND_OWN, 0, "renew both together", true},
	    {CLASS_other, KIND_OWN, 0, "destination server", true},
	    {CLASS_other, KIND_OWN, 0, "connector", true},
	    {CLASS_rate_limited, KIND_PARTNER, 0, "Slow down", true},
	    {CLASS_rate_limited, KIND_PARTNER, 0, "theirs to mend", false},
	    {CLASS_local_config, KIND_PARTNER, 0, "on our side", true},
	    {CLASS_local_config, KIND_PARTNER, 0, "theirs to mend", false},
	};
	struct remedies *r = load();
	struct arena a = ARENA_INIT;

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		struct str text = remedies_text(r, rows[i].class, rows[i].kind, rows[i].worked, &a);
		if ((str_find(text, str_from(rows[i].words)) >= 0) != rows[i].want)
			fail_msg("%s, %s: \"%s\" in: %.*s", class_names[rows[i].class], kind_names[rows[i].kind],
			         rows[i].words, STR_FMT(text));
	}
	expect_i64(remedies_look_again(r, CLASS_connect_refused), 3600000, "a refused connection");
	arena_release(&a);
	remedies_free(r);
}

static void test_language(void **state)
{
	struct err err = {0};

	(void)state;
	assert_null(remedies_load("xx", &err));
	assert_string_equal(err.msg, "there are no remedies in language \"xx\"");
	assert_int_equal(err.kind, ERR_CONFIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_whole),
	    cmocka_unit_test(test_content),
	    cmocka_unit_test(test_language),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
