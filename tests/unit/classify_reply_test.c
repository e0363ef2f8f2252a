/* SPDX-License-Identifier: Apache-2.0 */
/* classify_reply_test - who speaks, codes and hosts of a text, and the form in which it is matched */
#include "classify/reply.h"
#include "tests/unit/support.h"

static const struct {
	const char *text;
	enum scope scope;
	int code;
	const char *enhanced, *host, *ip;
	int port;
	const char *words; /* NULL: the whole text */
} rows[] = {
    {"host mx.example.org[192.0.2.1] said: 450 4.2.1 no (in reply to RCPT TO command)", SCOPE_REPLY, 450, "4.2.1",
     "mx.example.org", "192.0.2.1", -1, "450 4.2.1 no"},
    {"host mx.example.org[2001:db8::1]:587 said: 421 no", SCOPE_REPLY, 421, "", "mx.example.org", "2001:db8::1", 587,
     "421 no"},
    {"host mail[private/lmtp] said: 452-4.2.2 full 452 4.2.2 still (in reply to end of DATA command)", SCOPE_REPLY, 452,
     "4.2.2", "mail", "private/lmtp", -1, "452-4.2.2 full 452 4.2.2 still"},
    {"host mx.example.org[192.0.2.1] refused to talk to me: 554 5.7.1 go", SCOPE_GREETING, 554, "5.7.1",
     "mx.example.org", "192.0.2.1", -1, "554 5.7.1 go"},
    {"host mx.example.org[192.0.2.1] said: 421 no (in reply to EHLO command)", SCOPE_GREETING, 421, "",
     "mx.example.org", "192.0.2.1", -1, "421 no"},
    {"host mx.example.org[192.0.2.1] said: 421 no (in reply to LHLO command)", SCOPE_GREETING, 421, "",
     "mx.example.org", "192.0.2.1", -1, "421 no"},
    {"host mx.example.org[192.0.2.1] said: 450 no (in reply to EHLO command", SCOPE_REPLY, 450, "", "mx.example.org",
     "192.0.2.1", -1, "450 no (in reply to EHLO command"},
    {"host mx.example.org[192.0.2.1] said: 450 (a) no (b)", SCOPE_REPLY, 450, "", "mx.example.org", "192.0.2.1", -1,
     "450 (a) no (b)"},
    {"host mx.example.org[192.0.2.1] said: hmm", SCOPE_REPLY, -1, "", "mx.example.org", "192.0.2.1", -1, "hmm"},
    {"host mx.example.org[192.0.2.1] said: ", SCOPE_REPLY, -1, "", "mx.example.org", "192.0.2.1", -1, ""},
    {"450 4.2.1 no", SCOPE_REPLY, 450, "4.2.1", "", "", -1, NULL},
    {"450-no", SCOPE_REPLY, 450, "", "", "", -1, NULL},
    {"450", SCOPE_REPLY, 450, "", "", "", -1, NULL},
    {"4500 no", SCOPE_OWN, -1, "", "", "", -1, NULL},
    {"150 no", SCOPE_OWN, -1, "", "", "", -1, NULL},
    {"450 4.2.1.9 no", SCOPE_REPLY, 450, "", "", "", -1, NULL},
    {"450 4.2 no", SCOPE_REPLY, 450, "", "", "", -1, NULL},
    {"450 4..1 no", SCOPE_REPLY, 450, "", "", "", -1, NULL},
    {"450 4.1234.1 no", SCOPE_REPLY, 450, "", "", "", -1, NULL},
    {"450 2.2.1 no", SCOPE_REPLY, 450, "", "", "", -1, NULL},
    {"450 4.2.1", SCOPE_REPLY, 450, "4.2.1", "", "", -1, NULL},
    {"421 #4.4.5 no", SCOPE_REPLY, 421, "4.4.5", "", "", -1, NULL},
    {"451 5.7.3: no", SCOPE_REPLY, 451, "5.7.3", "", "", -1, NULL},
    {"connect to mx.example.org[192.0.2.1]:25: Connection refused", SCOPE_OWN, -1, "", "mx.example.org", "192.0.2.1",
     25, NULL},
    {"connect to mx.example.org[2001:db8::1]:25: no", SCOPE_OWN, -1, "", "mx.example.org", "2001:db8::1", 25, NULL},
    {"connect to mail[private/lmtp]: no", SCOPE_OWN, -1, "", "mail", "private/lmtp", -1, NULL},
    {"connect to nowhere", SCOPE_OWN, -1, "", "", "", -1, NULL},
    {"connect to a b[192.0.2.1]:25: no", SCOPE_OWN, -1, "", "", "", -1, NULL},
    {"connect to mx.example.org[192.0.2.1", SCOPE_OWN, -1, "", "", "", -1, NULL},
    {"lost connection with mx.example.org[192.0.2.1] while sending DATA command", SCOPE_OWN, -1, "", "mx.example.org",
     "192.0.2.1", -1, NULL},
    {"conversation with mx.example.org[192.0.2.1] timed out while sending DATA command", SCOPE_OWN, -1, "",
     "mx.example.org", "192.0.2.1", -1, NULL},
    {"TLS is required, but was not offered by host mx.example.org[192.0.2.1]", SCOPE_OWN, -1, "", "mx.example.org",
     "192.0.2.1", -1, NULL},
    {"TLS is required, but host mx.example.org[192.0.2.1] refused to start TLS: 454 no", SCOPE_OWN, -1, "",
     "mx.example.org", "192.0.2.1", -1, NULL},
    {"SASL authentication failed; server mx.example.org[192.0.2.1] said: 535 no", SCOPE_OWN, -1, "", "mx.example.org",
     "192.0.2.1", -1, NULL},
    {"Host or domain name not found. Name service error for name=mx.example.org type=A: Host not found", SCOPE_OWN, -1,
     "", "mx.example.org", "", -1, NULL},
    {"Name service error for name=example.org type=MX: no", SCOPE_OWN, -1, "", "example.org", "", -1, NULL},
    {"Name service error for name=", SCOPE_OWN, -1, "", "", "", -1, NULL},
    {"Name service error for name=example.org", SCOPE_OWN, -1, "", "example.org", "", -1, NULL},
    {"unable to look up host relay.example.org: no", SCOPE_OWN, -1, "", "relay.example.org", "", -1, NULL},
    {"TLSA lookup error for mx.example.org:25", SCOPE_OWN, -1, "", "mx.example.org", "", 25, NULL},
    {"Sender requested REQUIRETLS, but host mx.example.org[192.0.2.1] refused to start TLS: 454 no", SCOPE_OWN, -1, "",
     "mx.example.org", "192.0.2.1", -1, NULL},
    {"message requires SMTPUTF8, but no server was found that supports SMTPUTF8. The last attempted server was "
     "mx.example.org[192.0.2.1]",
     SCOPE_OWN, -1, "", "mx.example.org", "192.0.2.1", -1, NULL},
    /* the whole tail of a line of Postfix; a stranger's address does not end it */
    {"to=<\"a, status=deferred (\"@example.org>, relay=mx.example.org[192.0.2.1]:587, delay=1, dsn=4.3.0, "
     "status=deferred (local data error)",
     SCOPE_OWN, -1, "", "mx.example.org", "192.0.2.1", 587, "local data error"},
    {"to=<a@example.org>, relay=none, dsn=4.2.2, status=SOFTBOUNCE (host mx.example.org[192.0.2.1] said: 550 5.2.2 no)",
     SCOPE_REPLY, 550, "5.2.2", "mx.example.org", "192.0.2.1", -1, "550 5.2.2 no"},
    {"to=<a@example.org, relay=none, status=deferred (no end of the address)", SCOPE_OWN, -1, "", "", "", -1, NULL},
    /* KumoMTA */
    {"400 KumoMTA internal: ready queue throttled", SCOPE_OWN, 400, "", "", "", -1, "ready queue throttled"},
    {"451 4.4.4 MX didn't resolve to any hosts", SCOPE_OWN, 451, "4.4.4", "", "", -1, "MX didn't resolve to any hosts"},
    {"400 KumoMTA internal: failed to connect to any candidate hosts: connect to [2001:db8::1]:25 and read initial "
     "banner: deadline has elapsed",
     SCOPE_OWN, 400, "", "", "2001:db8::1", 25, "deadline has elapsed"},
    {"400 KumoMTA internal: failed to connect to any candidate hosts: connect to 192.0.2.1:25 and read initial banner: "
     "Command rejected Response { code: 554, enhanced_code: Some(EnhancedStatusCode { class: 5, subject: 7, detail: 1 "
     "}), content: \"not \\\"you\\\"\", command: None }, and more",
     SCOPE_GREETING, 554, "", "", "192.0.2.1", 25, "not \\\"you\\\""},
    {"192.0.2.1:25: EHLO after banner: Command rejected Response { code: 421, enhanced_code: None, content: \"bye\", "
     "command: None }",
     SCOPE_GREETING, 421, "", "", "192.0.2.1", 25, "bye"},
    /* ZoneMTA, Haraka, Go, Node */
    {"Network error: Network error when connecting to MX server mx.example.org[192.0.2.1] for example.org: no",
     SCOPE_OWN, -1, "", "mx.example.org", "192.0.2.1", -1, "no"},
    {"Network error: Error connecting to mx.example.org. Timeout", SCOPE_OWN, -1, "", "mx.example.org", "", -1,
     "Timeout"},
    {"Invalid greeting. response=421 no", SCOPE_GREETING, 421, "", "", "", -1, "421 no"},
    {"Message failed: 451 4.3.0 no", SCOPE_REPLY, 451, "4.3.0", "", "", -1, "451 4.3.0 no"},
    {"Ongoing connection failed to mx.example.org:25 : Error: no", SCOPE_OWN, -1, "", "mx.example.org", "", 25,
     "Error: no"},
    {"Upstream error: 450 4.2.0 no", SCOPE_REPLY, 450, "4.2.0", "", "", -1, "450 4.2.0 no"},
    {"dial tcp [2001:db8::1]:25: connect: no", SCOPE_OWN, -1, "", "", "2001:db8::1", 25, "connect: no"},
    {"connect ECONNREFUSED 192.0.2.1:25", SCOPE_OWN, -1, "", "", "192.0.2.1", 25, NULL},
    {"mail for example.org loops back to myself", SCOPE_OWN, -1, "", "", "", -1, NULL},
    {"R=r T=t defer (111): Connection refused H=mx.example.org [192.0.2.1]:25 I=[192.0.2.7]:4711 DT=1s", SCOPE_OWN, -1,
     "", "mx.example.org", "192.0.2.1", 25,
     "Connection refused H=mx.example.org [192.0.2.1]:25 I=[192.0.2.7]:4711 DT=1s"},
    {"defer (110): Connection timed out H=mx.example.org [192.0.2.1]* TFO DT=1s: SMTP timeout after DATA", SCOPE_OWN,
     -1, "", "mx.example.org", "192.0.2.1", -1, "SMTP timeout after DATA"},
    {"defer (32): Broken pipe H=mx.example.org [192.0.2.1]: mx.example.org [192.0.2.1]", SCOPE_OWN, -1, "",
     "mx.example.org", "192.0.2.1", -1, "Broken pipe H=mx.example.org [192.0.2.1]: mx.example.org [192.0.2.1]"},
    {"R=r T=t H=mx.example.org DS [2001:db8::1] X=TLS1.3:A:256 CV=yes DN=\"CN=a b: c\" : SMTP error from remote mail "
     "server after RCPT TO:<a: b@example.org>: 450 4.2.1 no",
     SCOPE_REPLY, 450, "4.2.1", "mx.example.org", "2001:db8::1", -1, "450 4.2.1 no"},
    {"SMTP error from remote mail server after initial connection: host mx.example.org [192.0.2.1]: 421 no",
     SCOPE_GREETING, 421, "", "mx.example.org", "192.0.2.1", -1, "421 no"},
    {"H=mx.example.org [192.0.2.1]: Malformed SMTP reply in response to HELO a: 450 4.2.2 full", SCOPE_OWN, -1, "",
     "mx.example.org", "192.0.2.1", -1, "Malformed SMTP reply"},
    {"Remote host mx.example.org [192.0.2.1] closed connection in response to HELO a", SCOPE_OWN, -1, "",
     "mx.example.org", "192.0.2.1", -1, "Remote host mx.example.org [192.0.2.1] closed connection in response to"},
    {"failed to lookup IP address for mx.example.org", SCOPE_OWN, -1, "", "mx.example.org", "", -1, NULL},
    {"relay=mx.example.org. [192.0.2.1], dsn=4.0.0, stat=Deferred: No route to host", SCOPE_OWN, -1, "",
     "mx.example.org.", "192.0.2.1", -1, "No route to host"},
    {"stat=Deferred: mx.example.org.: No route to host", SCOPE_OWN, -1, "", "mx.example.org", "", -1,
     "No route to host"},
    {"stat=Deferred: Connection refused by relay", SCOPE_OWN, -1, "", "relay", "", -1, "Connection refused by relay"},
    {"Deferred: Name server: relay: host name lookup failure", SCOPE_OWN, -1, "", "relay", "", -1,
     "Name server: relay: host name lookup failure"},
    {"Name server: host name lookup failure", SCOPE_OWN, -1, "", "", "", -1, NULL},
    {"Deferred: 403 4.7.0 no", SCOPE_OWN, -1, "", "", "", -1, "4.7.0 no"},
    {"Deferred: 451 4.4.1 reply: read error from mx.example.org.", SCOPE_OWN, -1, "", "mx.example.org", "", -1,
     "reply: read error from mx.example.org."},
    {"relay=\"192.0.2.1 (mx.example.org)\" delay=0s result=\"TempFail\" stat=\"BANNER rejected: 421 no\"",
     SCOPE_GREETING, 421, "", "mx.example.org", "192.0.2.1", -1, "421 no"},
    {"Bad response: 452 full", SCOPE_OWN, -1, "", "", "", -1, "Bad response"},
    {"Connected_to_192.0.2.1_but_greeting_failed./Remote_host_said:_421_no/", SCOPE_GREETING, 421, "", "", "192.0.2.1",
     -1, "421_no/"},
    {"mx.example.org_does_not_like_recipient./Remote_host_said:_450_4.2.1_no/", SCOPE_REPLY, 450, "4.2.1",
     "mx.example.org", "", -1, "450_4.2.1_no/"},
    {"Connected to 192.0.2.1 but connection died. (#4.4.2)", SCOPE_OWN, -1, "", "", "192.0.2.1", -1, NULL},
    {"host mx.example.org[192.0.2.1] wonders", SCOPE_OWN, -1, "", "mx.example.org", "192.0.2.1", -1, NULL},
    {"host", SCOPE_OWN, -1, "", "", "", -1, NULL},
    {"", SCOPE_OWN, -1, "", "", "", -1, NULL},
};

/* A copy of its own length, so that the sanitizer sees each read beyond it. */
static struct str exact(const char *z, char **ret_owned)
{
	size_t n = strlen(z);

	*ret_owned = malloc(n + (n == 0));
	memcpy(*ret_owned, z, n);
	return str_of(*ret_owned, n);
}

static void check_row(size_t i, bool suspended)
{
	struct reply r;
	char *owned, text[512];

	snprintf(text, sizeof(text), "%s%s", suspended ? "delivery temporarily suspended: " : "", rows[i].text);
	reply_read(MTA_UNKNOWN, exact(text, &owned), &r);
	expect_i64(r.scope, rows[i].scope, text);
	expect_i64(r.code, rows[i].code, text);
	expect_str(r.enhanced, str_from(rows[i].enhanced), text);
	expect_str(r.host, str_from(rows[i].host), text);
	expect_str(r.ip, str_from(rows[i].ip), text);
	expect_i64(r.port, rows[i].port, text);
	expect_str(r.words, str_from(rows[i].words ? rows[i].words : rows[i].text), text);
	expect(r.suspended == suspended, text);
	expect(r.wrapped == (rows[i].words != NULL && rows[i].scope != SCOPE_OWN), text);
	free(owned);
}

static void test_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		check_row(i, false);
		if (strchr(rows[i].text, ' ') != NULL || strchr(rows[i].text, '_') == NULL)
			check_row(i, true);
	}
}

static void test_normalise(void **state)
{
	static const struct {
		const char *text, *want;
	} list[] = {
	    {"connect to MX.Example.org[192.0.2.1]:25: Connection refused", "connect to host: connection refused"},
	    {"connect to relay[192.0.2.1]:25: Connection refused", "connect to host: connection refused"},
	    {"connect to 192.0.2.1[192.0.2.1]:25: No route to host", "connect to host: no route to host"},
	    {"connect to mail[private/lmtp]: No such file or directory", "connect to host: no such file or directory"},
	    {"Name service error for name=relay type=A: Host not found",
	     "name service error for host type=a: host not found"},
	    {"unable to look up host relay: no", "unable to look up host host: no"},
	    {"450-4.2.1 one 450-4.2.1 two 450 4.2.1 three", "one two three"},
	    {"450 <a b@example.org>: no", "<>: no"},
	    {"450 <unended no", "<>"},
	    {"450 anna@example.org: no", "host: no"},
	    {"450 see https://example.org/spam", "see host"},
	    {"450 from 192.0.2.1 and 2001:db8::1", "from ip and ip"},
	    {"450 Blocked - see mx.example.org, please", "blocked - see host, please"},
	    {"450 wait 300 seconds", "wait 300 seconds"},
	    {"450 STOREDRV.Deliver; busy", "storedrv.deliver; busy"},
	    {"450-4.2.1 one\\n450-4.2.1 two\\n450 4.2.1 three", "one two three"},
	    {"192.0.2.1_does_not_like_recipient./Remote_host_said:_450-4.2.1_one/450_4.2.1_two/", "one two/"},
	    {"450", ""},
	    {"450   two   spaces", "two spaces"},
	    {"", ""},
	};
	struct buf out = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < LEN(list); i++) {
		struct reply r;
		char *owned;
		reply_read(MTA_UNKNOWN, exact(list[i].text, &owned), &r);
		reply_normalise(&r, &out);
		expect_str(buf_view(&out), str_from(list[i].want), list[i].text);
		free(owned);
	}
	buf_release(&out);
}

static void test_rule_code(void **state)
{
	static const struct {
		const char *text, *want;
	} list[] = {
	    {"450 4.7.1 no", "4.7.1"}, {"550 5.4.316 Message expired", "4.4.316"},
	    {"550 5.7.1 no", "4.7.1"}, {"450 no", ""},
	    {"own words", ""},         {"450 4.999.999 no", "4.999.999"},
	};

	(void)state;
	for (size_t i = 0; i < LEN(list); i++) {
		struct reply r;
		char code[16];
		reply_read(MTA_UNKNOWN, str_from(list[i].text), &r);
		reply_rule_code(&r, code);
		assert_string_equal(code, list[i].want);
	}
}

/* No text, however made, leads outside of it, and nothing that comes out is longer than it may be. */
static void test_random(void **state)
{
	static const char *const pieces[] = {"host ",
	                                     "[",
	                                     "]",
	                                     " said: ",
	                                     " refused to talk to me: ",
	                                     "450",
	                                     "-",
	                                     " ",
	                                     "4.2.1",
	                                     "<",
	                                     ">",
	                                     "connect to ",
	                                     "a.b",
	                                     ":",
	                                     "25",
	                                     "(in reply to ",
	                                     "EHLO ",
	                                     " command)",
	                                     "\xff",
	                                     "name=",
	                                     "Name service error for ",
	                                     "delivery temporarily suspended: ",
	                                     "#",
	                                     "x"};
	struct buf text = BUF_INIT, out = BUF_INIT;
	uint64_t seed = 11;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		struct reply r;
		char *owned, code[16];
		buf_clear(&text);
		for (size_t n = random_below(&seed, 14); n > 0; n--)
			buf_str(&text, str_from(pieces[random_below(&seed, LEN(pieces))]));
		reply_read(MTA_UNKNOWN, exact(buf_z(&text), &owned), &r);
		reply_normalise(&r, &out);
		reply_rule_code(&r, code);
		assert_true(out.n <= 600);
		assert_true(strlen(code) < 12);
		assert_true(r.scope == SCOPE_OWN || r.scope == SCOPE_REPLY || r.scope == SCOPE_GREETING);
		free(owned);
	}
	buf_release(&text);
	buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_read),
	    cmocka_unit_test(test_normalise),
	    cmocka_unit_test(test_rule_code),
	    cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
