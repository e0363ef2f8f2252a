/* SPDX-License-Identifier: Apache-2.0 */
/* classify_domain_test - one form for all spellings of a domain, whatever stands in front of it; names by suffix */
#include "classify/domain.h"
#include "classify/route.h"
#include "classify/suffix.h"
#include "tests/unit/count_mallocs.h"
#include "tests/unit/support.h"

static void test_addresses(void **state)
{
	static const struct {
		const char *label, *address, *want;
	} rows[] = {
	    {"plain", "anna@example.org", "example.org"},
	    {"case", "anna@Mail.EXAMPLE.org", "mail.example.org"},
	    {"final dot", "anna@example.org.", "example.org"},
	    {"no at sign", "root", ""},
	    {"nothing", "", ""},
	    {"at sign at the end", "anna@", ""},
	    {"only a dot", "anna@.", ""},
	    {"only a domain", "@example.org", "example.org"},
	    {"angle brackets", "<anna@example.org>", "example.org"},
	    {"null sender", "<>", ""},
	    {"quoted local part", "\"anna b\"@example.org", "example.org"},
	    {"at sign in quotes", "\"a@x.example\"@example.org", "example.org"},
	    {"all in quotes", "\"a@x.example\"", ""},
	    {"escaped quote", "\"a\\\"@x.example\"@example.org", "example.org"},
	    {"quotes that do not end", "\"a@example.org", "example.org"},
	    {"at sign in a local part", "a@b@example.org", "example.org"},
	    {"source route", "@a.example,@b.example:anna@example.org", "example.org"},
	    {"source route in brackets", "<@a.example:anna@Example.org>", "example.org"},
	    {"source route, quoted", "@a.example:\"x@y.example\"@example.org", "example.org"},
	    {"route without a mailbox", "@a.example:anna", "a.example:anna"},
	    {"IPv4 literal", "anna@[192.0.2.1]", "[192.0.2.1]"},
	    {"IPv6 literal", "anna@[IPv6:2001:DB8:0:0::1]", "[ipv6:2001:db8::1]"},
	    {"IPv6 literal, lower case", "anna@[ipv6:2001:db8::1]", "[ipv6:2001:db8::1]"},
	    {"literal alone", "@[IPv6:2001:db8::1]", "[ipv6:2001:db8::1]"},
	    {"at sign in a literal", "anna@[x@y]", "[x@y]"},
	    {"literal of another kind", "anna@[X-Tag:Abc]", "[x-tag:abc]"},
	    {"IPv4 that is none", "anna@[192.0.2.256]", "[192.0.2.256]"},
	    {"IPv6 without its tag", "anna@[2001:DB8::1]", "[2001:db8::1]"},
	    {"U-label", "anna@m\xc3\xbcller.example", "xn--mller-kva.example"},
	    {"U-label, capital", "anna@M\xc3\x9cLLER.Example", "xn--mller-kva.example"},
	    {"U-label, decomposed", "anna@mu\xcc\x88ller.example", "xn--mller-kva.example"},
	    {"A-label", "anna@XN--MLLER-KVA.example", "xn--mller-kva.example"},
	    {"U-label, final dot", "anna@m\xc3\xbcller.example.", "xn--mller-kva.example"},
	    {"ideographic dots",
	     "anna@m\xc3\xbcller\xe3\x80\x82"
	     "example\xe3\x80\x82",
	     "xn--mller-kva.example"},
	    {"full width", "anna@\xef\xbc\xa5\xef\xbd\x98.example", "ex.example"},
	    {"sharp s is a letter of its own", "anna@fa\xc3\x9f.example", "xn--fa-hia.example"},
	    {"Chinese", "anna@\xe4\xbe\x8b\xe5\xad\x90.example", "xn--fsqu00a.example"},
	    {"Arabic, from right to left", "anna@\xd9\x85\xd8\xab\xd8\xa7\xd9\x84.example", "xn--mgbh0fb.example"},
	    {"mixed", "anna@m\xc3\xbcller.XN--FSQU00A.example", "xn--mller-kva.xn--fsqu00a.example"},
	    {"A-label that is none", "anna@XN--99999999.example", "xn--99999999.example"},
	    {"underscore", "anna@_DMARC.example", "_dmarc.example"},
	    {"not UTF-8", "anna@\xff\xfe.Example", "\xff\xfe.example"},
	    {"what no domain holds", "anna@b|c\xc3\xa4 d.Example", "b|c\xc3\xa4 d.example"},
	    {"what no domain holds, in full width", "anna@b\xef\xbd\x9c\xc3\xa4.Example",
	     "b\xef\xbd\x9c\xc3\xa4.example"},
	    {"underscore beside a U-label", "anna@_x.m\xc3\xbcller.Example", "_x.xn--mller-kva.example"},
	    {"emoji", "anna@\xe2\x98\x83.Example", NULL},
	    {"empty label", "anna@m\xc3\xbcller..Example", "xn--mller-kva..example"},
	    {"a hyphen in front", "anna@-\xc3\xbc.Example", "-\xc3\xbc.example"},
	};
	struct arena a = ARENA_INIT;

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		struct str got = domain_of(str_from(rows[i].address), &a);
		if (rows[i].want == NULL) /* one of two, by the version of libidn2 */
			expect(str_eq(got, STR("xn--n3h.example")) || str_eq(got, STR("\xe2\x98\x83.example")),
			       rows[i].label);
		else
			expect_str(got, str_from(rows[i].want), rows[i].label);
		expect_str(domain_fold(got, &a), got, "folded twice");
	}
	arena_release(&a);
}

/* Whatever comes, the result is bounded by what came, and folding it again changes nothing. */
static void test_anything(void **state)
{
	struct arena a = ARENA_INIT;
	uint64_t seed = 11;

	(void)state;
	for (int round = 0; round < 5000; round++) {
		static const char *const parts[] = {"\xc3\xbc",
		                                    "\xe3\x80\x82",
		                                    "xn--",
		                                    ".",
		                                    "a",
		                                    "@",
		                                    "\"",
		                                    "[",
		                                    "]",
		                                    "\xcc\x88",
		                                    "\xd9\x85",
		                                    "1",
		                                    ":",
		                                    "-",
		                                    "\\",
		                                    "\xff",
		                                    "\xef\xbc\xa5",
		                                    "\xf0\x9f\x98\x80"};
		char text[2048];
		size_t n = 0, want = random_below(&seed, sizeof(text) - 8);
		while (n < want) {
			struct str part = str_from(parts[random_below(&seed, LEN(parts))]);
			memcpy(text + n, part.p, part.n);
			n += part.n;
		}
		struct str got = domain_of(str_of(text, n), &a);
		assert_true(got.n <= n || got.n <= 255);
		expect_str(domain_fold(got, &a), got, "folded twice");
		arena_reset(&a);
	}
	arena_release(&a);
}

static void test_ascii_allocates_nothing_but_its_copy(void **state)
{
	struct arena a = ARENA_INIT;

	(void)state;
	domain_of(STR("x@y.example"), &a);
	size_t before = a.used;
	count_mallocs();
	size_t mallocs = n_mallocs;
	domain_of(STR("anna@XN--MLLER-KVA.Example."), &a);
	assert_int_equal(n_mallocs - mallocs, 0);
	assert_true(a.used - before <= 32);
	arena_release(&a);
}

static void test_suffixes(void **state)
{
	static const struct {
		const char *host;
		ssize_t want;
	} rows[] = {
	    {"example.org", 2},
	    {"mx.example.org", 1},
	    {"a.mx.example.org", 0},
	    {"b.a.mx.example.org", 0},
	    {"notexample.org", -1},
	    {"x.notexample.org", -1},
	    {"org", -1},
	    {"", -1},
	    {".", -1},
	    {".example.org", 1},
	    {"example.net", 4},
	    {"x.example.net", 3},
	    {"x.org.example.net", 3},
	    {"example.org.x", -1},
	};
	struct suffixes s;

	(void)state;
	suffixes_init(&s);
	assert_int_equal(suffixes_find(&s, STR("example.org")), -1);
	suffixes_add(&s, STR("mx.example.org"), SUFFIX_BELOW, 0);
	suffixes_add(&s, STR("example.org"), SUFFIX_BELOW, 1);
	suffixes_add(&s, STR("example.org"), SUFFIX_ITSELF, 2);
	suffixes_add(&s, STR("example.org"), SUFFIX_ITSELF | SUFFIX_BELOW, 5);
	suffixes_add(&s, STR("example.net"), SUFFIX_BELOW, 3);
	suffixes_add(&s, STR("example.net"), SUFFIX_ITSELF, 4);
	for (size_t i = 0; i < LEN(rows); i++)
		expect_i64(suffixes_find(&s, str_from(rows[i].host)), rows[i].want, rows[i].host);
	suffixes_release(&s);
}

/* Two connectors of one condition each: does the first hide the second? */
static void test_hidden(void **state)
{
	enum { DOMAIN, HOP, NETWORK, TRANSPORT };
	static const struct {
		const char *label;
		int kind_a;
		const char *a;
		int kind_b;
		const char *b;
		bool want;
	} rows[] = {
	    {"the same domain", DOMAIN, "example.org", DOMAIN, "example.org", true},
	    {"another domain", DOMAIN, "example.org", DOMAIN, "example.net", false},
	    {"below", DOMAIN, ".example.org", DOMAIN, "x.example.org", true},
	    {"below, itself", DOMAIN, ".example.org", DOMAIN, "example.org", true},
	    {"below, all of it", DOMAIN, ".example.org", DOMAIN, ".x.example.org", true},
	    {"itself is not all", DOMAIN, "example.org", DOMAIN, ".example.org", false},
	    {"narrower is not all", DOMAIN, ".x.example.org", DOMAIN, ".example.org", false},
	    {"only looks alike", DOMAIN, ".example.org", DOMAIN, "notexample.org", false},
	    {"of another kind", DOMAIN, "example.org", HOP, "example.org", false},
	    {"next hop", HOP, ".example.org", HOP, "mx.example.org", true},
	    {"network", NETWORK, "192.0.2.0/24", NETWORK, "192.0.2.128/25", true},
	    {"address", NETWORK, "192.0.2.0/24", NETWORK, "192.0.2.7", true},
	    {"wider network", NETWORK, "192.0.2.128/25", NETWORK, "192.0.2.0/24", false},
	    {"network beside", NETWORK, "192.0.2.0/25", NETWORK, "192.0.2.128/25", false},
	    {"network of another family", NETWORK, "::/0", NETWORK, "192.0.2.1", false},
	    {"all IPv6", NETWORK, "::/0", NETWORK, "2001:db8::/32", true},
	    {"transport", TRANSPORT, "relay", TRANSPORT, "relay/smtp", true},
	    {"part of a transport", TRANSPORT, "relay/smtp", TRANSPORT, "relay", false},
	};

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		struct str texts[2] = {str_from(rows[i].a), str_from(rows[i].b)};
		const int kinds[2] = {rows[i].kind_a, rows[i].kind_b};
		struct connector list[2] = {{.name = STR("a")}, {.name = STR("b")}};
		for (int k = 0; k < 2; k++) {
			list[k].domains = list[k].next_hops = list[k].networks = list[k].transports = &texts[k];
			list[k].n_domains = kinds[k] == DOMAIN;
			list[k].n_next_hops = kinds[k] == HOP;
			list[k].n_networks = kinds[k] == NETWORK;
			list[k].n_transports = kinds[k] == TRANSPORT;
		}
		expect((route_hidden_by(list, 1) == &list[0]) == rows[i].want, rows[i].label);
		expect(route_hidden_by(list, 0) == NULL, "the first one");
	}
}

/* Hidden by two together, and not if one condition is left. */
static void test_hidden_by_several(void **state)
{
	struct str one[] = {{"a.example", 9}}, two[] = {{"b.example", 9}},
	           both[] = {{"b.example", 9}, {"a.example", 9}, {"c.example", 9}};
	const struct connector list[] = {
	    {.name = {"one", 3}, .domains = one, .n_domains = 1},
	    {.name = {"two", 3}, .domains = two, .n_domains = 1},
	    {.name = {"both", 4}, .domains = both, .n_domains = 2},
	    {.name = {"more", 4}, .domains = both, .n_domains = 3},
	};

	(void)state;
	assert_ptr_equal(route_hidden_by(list, 2), &list[0]);
	assert_null(route_hidden_by(list, 3));
	assert_null(route_hidden_by(list, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_addresses),
	    cmocka_unit_test(test_anything),
	    cmocka_unit_test(test_ascii_allocates_nothing_but_its_copy),
	    cmocka_unit_test(test_suffixes),
	    cmocka_unit_test(test_hidden),
	    cmocka_unit_test(test_hidden_by_several),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
