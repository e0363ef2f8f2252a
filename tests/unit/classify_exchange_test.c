/* SPDX-License-Identifier: Apache-2.0 */
/* classify_exchange_test - what Exchange writes around an error: words, codes, scope and next hop of each form */
#include "classify/exchange.h"
#include "tests/unit/support.h"

static const struct {
	const char *text;
	enum scope scope;
	int code;
	const char *enhanced, *host, *ip;
	int port;
	const char *words; /* NULL: the whole text */
} rows[] = {
    {"Reason: [{LED=450 4.4.316 Connection refused [Message=Socket error code 10061] "
     "[LastAttemptedServerName=mx.example.org] [LastAttemptedIP=192.0.2.1:25] [SmtpSecurity=-1;-1] [x y "
     "z]};{MSG=};{FQDN=};{IP=};{LRT=11/3/2025 10:21:07 AM}]. OutboundProxyTargetIP: 192.0.2.1",
     SCOPE_REPLY, 450, "4.4.316", "mx.example.org", "192.0.2.1", 25, "Socket error code 10061"},
    {"450 4.4.317 Cannot connect to remote server [Message=421 4.3.2 no [a] b] "
     "[LastAttemptedServerName=mx.example.org] [LastAttemptedIP=[2001:db8::1]:25](421 4.3.2 no [a] b)",
     SCOPE_GREETING, 421, "4.3.2", "mx.example.org", "2001:db8::1", 25, "421 4.3.2 no [a] b"},
    {"550 5.4.317 Message expired, cannot connect to remote server(421 no (a))", SCOPE_GREETING, 421, "", "", "", -1,
     "421 no (a)"},
    {"host mx.example.org[192.0.2.1] said: 450 4.4.315 Connection timed out [Message=ErrorRetry] "
     "[LastAttemptedServerName=far.example.org] [LastAttemptedIP=192.0.2.9:25]",
     SCOPE_REPLY, 450, "4.4.315", "mx.example.org", "192.0.2.1", -1, "ErrorRetry"},
    {"450 4.4.318 Connection was closed abruptly [Message=cut", SCOPE_REPLY, 450, "4.4.318", "", "", -1, "cut"},
    {"450 4.4.318 Connection was closed abruptly (cut", SCOPE_REPLY, 450, "4.4.318", "", "", -1, "cut"},
    {"450 4.4.318 Closed [", SCOPE_REPLY, 450, "4.4.318", "", "", -1, "Closed ["},
    {"[{LED=450 4.2.2 a};{FQDN=evil};{IP=192.0.2.66};{MSG=b};{FQDN=mx.example.org};{IP=192.0.2.1};{LRT=}]", SCOPE_REPLY,
     450, "4.2.2", "mx.example.org", "192.0.2.1", -1, "450 4.2.2 a};{FQDN=evil};{IP=192.0.2.66"},
    {"{[{LRT=x};{LED=451 4.3.0 no};{FQDN=mx.example.org};{IP=2001:db8::1}]}", SCOPE_REPLY, 451, "4.3.0",
     "mx.example.org", "2001:db8::1", -1, "451 4.3.0 no"},
    {"[{LED=};{MSG=451 4.3.0 no};{FQDN=a b};{IP=};{LRT=}]", SCOPE_REPLY, 451, "4.3.0", "", "", -1, "451 4.3.0 no"},
    {"[{LED=450 4.2.0 cut", SCOPE_REPLY, 450, "4.2.0", "", "", -1, "450 4.2.0 cut"},
    {"[{ABC=450 4.2.0 no}]", SCOPE_OWN, -1, "", "", "", -1, NULL},
    {"441 4.4.1 Error encountered while communicating with primary target IP address: \"Failed to connect. Winsock "
     "error code: 10060.\" Attempted failover to alternate host, but no. The last endpoint attempted was "
     "192.0.2.1:25",
     SCOPE_OWN, 441, "4.4.1", "", "192.0.2.1", 25, "Failed to connect. Winsock error code: 10060"},
    {"450 4.7.0 Proxy session setup failed on Frontend with '451 4.4.0 Primary target IP address responded with: \"421 "
     "4.4.2 Connection \"dropped.\" Attempted failover to alternate host. The last endpoint attempted was "
     "2001:db8::1:25'",
     SCOPE_GREETING, 421, "4.4.2", "", "2001:db8::1", 25, "421 4.4.2 Connection \"dropped"},
    {"451 4.4.0 Primary target IP address responded with: \"421 cut", SCOPE_GREETING, 421, "", "", "", -1, "421 cut"},
    {"441 4.4.1 Error communicating with target host: \"Failed to connect.\" Last endpoint attempted was 192.0.2.1:25",
     SCOPE_OWN, 441, "4.4.1", "", "192.0.2.1", 25, "Failed to connect"},
    {"451 4.4.397 Error communicating with target host. -> 421 4.2.1 Unable to connect -> SocketTimedout: x", SCOPE_OWN,
     421, "4.2.1", "", "", -1, "Unable to connect -> SocketTimedout: x"},
    {"451 4.4.0 DNS query failed. The error was: x", SCOPE_OWN, 451, "4.4.0", "", "", -1,
     "DNS query failed. The error was: x"},
    {"451 4.4.395 Target host responded with error. -> 421 4.3.2 no", SCOPE_GREETING, 421, "4.3.2", "", "", -1,
     "421 4.3.2 no"},
    {"Remote Server at mx.example.org (192.0.2.1) returned '400 4.4.7 no", SCOPE_REPLY, 400, "4.4.7", "mx.example.org",
     "192.0.2.1", -1, "400 4.4.7 no"},
    {"421 4.4.1 [internal] no banner", SCOPE_OWN, 421, "4.4.1", "", "", -1, "[internal] no banner"},
    {"4.1.2 - Bad host ('000', ['DNS'])", SCOPE_OWN, -1, "4.1.2", "", "", -1, NULL},
    {"4.3.2 - Not now ('421', ['busy'])", SCOPE_REPLY, -1, "4.3.2", "", "", -1, "busy'])"},
};

/* A copy of its own length, so that the sanitizer sees each read beyond it. */
static struct str exact(struct str s, char **ret_owned)
{
	*ret_owned = malloc(s.n + (s.n == 0));
	memcpy(*ret_owned, s.p, s.n);
	return str_of(*ret_owned, s.n);
}

static void test_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		const char *text = rows[i].text;
		struct reply r;
		char *owned;
		reply_read(MTA_UNKNOWN, exact(str_from(text), &owned), &r);
		expect_i64(r.scope, rows[i].scope, text);
		expect_i64(r.code, rows[i].code, text);
		expect_str(r.enhanced, str_from(rows[i].enhanced), text);
		expect_str(r.host, str_from(rows[i].host), text);
		expect_str(r.ip, str_from(rows[i].ip), text);
		expect_i64(r.port, rows[i].port, text);
		expect_str(r.words, str_from(rows[i].words ? rows[i].words : text), text);
		free(owned);
	}
}

/* The code of mail flow is the frame, whatever is told within; who reports it is known by who wrapped it. */
static void test_frame(void **state)
{
	static const struct {
		const char *text, *frame;
		int code;
		bool reported;
	} list[] = {
	    {"450 4.4.317 No [Message=421 4.3.2 no]", "4.4.317", 450, false},
	    {"550 5.4.316 Message expired, no(x)", "4.4.316", 550, false},
	    {"host mx.example.org[192.0.2.1] said: 450 4.7.320 no", "4.7.320", 450, true},
	    {"451 4.4.395 Target host responded with error. -> 450 4.4.312 no", "4.4.312", 450, true},
	    {"stat=Deferred: 450 4.4.316 Connection refused [Message=x] [LastAttemptedServerName=mx...", "4.4.316", 450,
	     true},
	    {"450 4.4.397 no", "", -1, false},
	    {"450 4.7.230 no", "", -1, false},
	    {"450 4.2.1 no [Message=421 4.4.317 x]", "", -1, false},
	    {"450 no", "", -1, false},
	    {"no", "", -1, false},
	};

	(void)state;
	for (size_t i = 0; i < LEN(list); i++) {
		struct reply r;
		char frame[16];
		reply_read(MTA_UNKNOWN, str_from(list[i].text), &r);
		reply_rule_frame(&r, frame);
		expect_str(str_from(frame), str_from(list[i].frame), list[i].text);
		expect_i64(r.frame_code, list[i].code, list[i].text);
		expect(r.reported == list[i].reported, list[i].text);
	}
}

static bool within(struct str s, struct str text)
{
	return s.n == 0 || (s.p >= text.p && s.p + s.n <= text.p + text.n);
}

/* No text, however made, leads outside of it. */
static void test_random(void **state)
{
	static const char *const pieces[] = {"[{LED=",
	                                     "};{MSG=",
	                                     "};{IP=",
	                                     "};{FQDN=",
	                                     "}]",
	                                     "450 ",
	                                     "4.4.317 ",
	                                     "4.4.397 ",
	                                     "[Message=",
	                                     "] [LastAttemptedIP=",
	                                     "[LastAttemptedServerName=",
	                                     "]",
	                                     "(",
	                                     ")",
	                                     " -> ",
	                                     "Message expired",
	                                     "Primary target IP address responded with: \"",
	                                     "\" Attempted failover to alternate host",
	                                     " The last endpoint attempted was ",
	                                     "192.0.2.1",
	                                     ":25",
	                                     ".",
	                                     "'",
	                                     "\"",
	                                     " ",
	                                     "x",
	                                     "\xff",
	                                     "Error communicating with target host",
	                                     "Proxy session setup failed on Frontend with '"};
	struct buf text = BUF_INIT;
	uint64_t seed = 3;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		struct reply r;
		char *owned;
		buf_clear(&text);
		for (size_t n = random_below(&seed, 12); n > 0; n--)
			buf_str(&text, str_from(pieces[random_below(&seed, LEN(pieces))]));
		struct str s = exact(buf_view(&text), &owned);
		reply_read(MTA_EXCHANGE, s, &r);
		assert_true(within(r.words, s) && within(r.host, s) && within(r.ip, s) && within(r.frame, s));
		free(owned);
	}
	buf_release(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_read),
	    cmocka_unit_test(test_frame),
	    cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
