/* SPDX-License-Identifier: Apache-2.0 */
/*
 * classify_trap_test - what looks like one cause and is another
 *
 * Names, addresses and links that hold words of rules; words of connections within replies; phrases that stand in texts
 * of several classes; codes that a provider uses in its own way.
 */
#include "tests/unit/classify_support.h"

#define SAID(reply)     "host mx.example.org[192.0.2.10] said: " reply " (in reply to RCPT TO command)"
#define GREETING(reply) "host mx.example.org[192.0.2.10] refused to talk to me: " reply

static const struct trap {
	const char *text, *relay; /* relay NULL: mx.example.org where a server speaks */
	enum class class;
} traps[] = {
    /* words within a reply are no connection of ours */
    {SAID("450 4.1.1 <a@example.org>: Recipient address rejected: unverified address: connect to "
          "in.example.org[10.0.0.1]:25: Connection timed out"),
     NULL, CLASS_remote_error},
    {SAID("450 4.1.1 <a@example.org>: Recipient address rejected: unverified address: connect to "
          "in.example.org[10.0.0.1]:25: Connection refused"),
     NULL, CLASS_remote_error},
    {SAID("450 4.1.1 <a@example.org>: Recipient address rejected: unverified address: lost connection with "
          "in.example.org[10.0.0.1] while sending RCPT TO"),
     NULL, CLASS_remote_error},
    {SAID("450 4.1.1 <a@example.org>: Recipient address rejected: unverified address: conversation with "
          "in.example.org[10.0.0.1] timed out while sending RCPT TO"),
     NULL, CLASS_remote_error},
    {SAID("450 4.1.1 <a@example.org>: Recipient address rejected: unverified address: Host or domain name not found. "
          "Name service error for name=in.example.org type=A: Host not found, try again"),
     NULL, CLASS_remote_error},
    {SAID("450 4.1.1 <a@example.org>: Recipient address rejected: unverified address: Cannot start TLS: handshake "
          "failure"),
     NULL, CLASS_remote_error},
    {SAID("450 4.1.1 <a@example.org>: Recipient address rejected: unverified address: Server certificate not trusted"),
     NULL, CLASS_remote_error},
    {SAID("451 4.4.2 Timeout - closing connection"), NULL, CLASS_remote_error},
    {SAID("451 4.4.1 Connection timed out"), NULL, CLASS_remote_error},
    {SAID("451 4.4.1 Connection refused by the store"), NULL, CLASS_remote_error},
    {SAID("451 4.4.3 DNS failure"), NULL, CLASS_remote_error},
    {SAID("451 4.3.0 Connection refused"), NULL, CLASS_remote_error},
    {SAID("451 4.3.0 lost connection with database"), NULL, CLASS_remote_error},
    {SAID("450 Network is unreachable"), NULL, CLASS_other},
    {SAID("450 certificate expired"), NULL, CLASS_other},
    {SAID("450 Name service error for name=example.org"), NULL, CLASS_other},
    /* names and addresses that a stranger chose */
    {"connect to timeout.example.org[192.0.2.10]:25: Connection refused", NULL, CLASS_connect_refused},
    {"connect to refused[192.0.2.10]:25: Connection timed out", NULL, CLASS_connect_timeout},
    {"connect to connection-refused.example[192.0.2.10]:25: No route to host", NULL, CLASS_unreachable},
    {"lost connection with timed-out.example.org[192.0.2.10] while sending RCPT TO", NULL, CLASS_session_dropped},
    {"Host or domain name not found. Name service error for name=quota type=A: Host not found", NULL,
     CLASS_dns_failure},
    {"Host or domain name not found. Name service error for name=spam.example type=A: Host not found", NULL,
     CLASS_dns_failure},
    {SAID("450 4.7.1 greylist.example.org: no"), NULL, CLASS_policy},
    {SAID("450 4.3.0 spamfilter01: failure 17"), NULL, CLASS_remote_error},
    {SAID("450 4.3.0 antispam gateway failed"), NULL, CLASS_remote_error},
    {SAID("451 4.3.0 <over.quota@example.org>: no luck"), NULL, CLASS_remote_error},
    {SAID("451 4.3.0 <\"mailbox full\"@example.org>: no luck"), NULL, CLASS_remote_error},
    {SAID("451 4.3.0 <greylisted@spam.example>: no luck"), NULL, CLASS_remote_error},
    {SAID("451 4.3.0 blacklist@example.org has no luck"), NULL, CLASS_remote_error},
    {SAID("451 4.3.0 no luck, see https://example.org/spam/greylisting?over=quota"), NULL, CLASS_remote_error},
    {SAID("451 4.3.0 no luck, see http://www.example.org/rate-limit"), NULL, CLASS_remote_error},
    {SAID("450 header rejected, Subject: your certificate ends soon"), NULL, CLASS_other},
    {SAID("450 4.2.0 overdns.example says come back"), NULL, CLASS_greylisted},
    {SAID("451 4.3.0 spfilter failed"), NULL, CLASS_remote_error},
    /* phrases of several classes */
    {SAID("451 4.7.1 Rate limit reached, please try again later"), NULL, CLASS_rate_limited},
    {SAID("451 4.7.1 Greylisted, please try again later"), NULL, CLASS_greylisted},
    {SAID("451 4.7.1 Service unavailable - try again later"), NULL, CLASS_remote_error},
    {SAID("450 4.3.2 Service currently unavailable"), NULL, CLASS_greylisted},
    {SAID("451 4.7.650 The mail server has been temporarily rate limited due to IP reputation. (S775)"), NULL,
     CLASS_ip_reputation},
    {SAID("452 4.5.3 Too many recipients"), NULL, CLASS_too_many_recipients},
    {SAID("450 4.7.1 Error: too many recipients from 203.0.113.1"), NULL, CLASS_rate_limited},
    {SAID("450 4.7.1 <mail1>: Helo command rejected: Host not found"), NULL, CLASS_reverse_dns_missing},
    {SAID("450 4.1.8 <a@example.net>: Sender address rejected: Domain not found"), NULL, CLASS_sender_rejected},
    {SAID("450 4.1.2 <a@example.net>: Recipient address rejected: Domain not found"), NULL, CLASS_dns_failure},
    {SAID("450 4.1.1 <a@example.org>: Recipient address rejected: User unknown in relay recipient table"), NULL,
     CLASS_mailbox_unavailable},
    {SAID("421 4.3.2 All server ports are busy"), NULL, CLASS_too_many_connections},
    {GREETING("421 4.3.2 Service not available"), NULL, CLASS_session_refused},
    {GREETING("421 4.7.0 [TS01] Messages from 203.0.113.1 are deferred"), NULL, CLASS_rate_limited},
    {GREETING("421 4.4.2 Timeout"), NULL, CLASS_session_refused},
    /* Postfix gives 4.4.1 to all of these, and a host may hold the words of another reply's end */
    {"host mx.example.org[192.0.2.10] said: 451 4.3.0 no (in reply to EHLO command) luck (in reply to RCPT TO command)",
     NULL, CLASS_remote_error},
    {"host mx.example.org[192.0.2.10] said: 451 4.3.0 no refused to talk to me: 421 4.3.2 Service not available", NULL,
     CLASS_remote_error},
    {"TLS is required, but host mx.example.org[192.0.2.10] refused to start TLS: 451 4.2.2 mailbox full", NULL,
     CLASS_tls_unavailable},
    {SAID("450 4.4.317 Cannot connect to remote server [LastAttemptedServerName=tls-negotiation-failed.example]"), NULL,
     CLASS_session_refused},
    {"550 5.7.320 Message expired, certificate validation failed", NULL, CLASS_certificate_invalid},
    /* codes as a provider means them */
    {SAID("450-4.2.1 Peak SMTP relay limit exceeded for customer. 450 4.2.1 bye"), "aspmx.l.google.com",
     CLASS_rate_limited},
    {SAID("450 4.2.1 The user is receiving mail too quickly"), "aspmx.l.google.com", CLASS_recipient_throttled},
    {SAID("421 4.7.23 The sending address has no fitting name"), "aspmx.l.google.com", CLASS_reverse_dns_missing},
    {SAID("451 4.7.23 checks say no"), NULL, CLASS_authentication_failed},
    {SAID("421 4.7.27 SPF did not pass"), "aspmx.l.google.com", CLASS_authentication_failed},
    {SAID("450 4.7.27 no answer could reach you"), NULL, CLASS_sender_rejected},
    {SAID("421 4.7.29 not over TLS"), "aspmx.l.google.com", CLASS_tls_unavailable},
    {SAID("421 4.7.30 DKIM did not pass"), "aspmx.l.google.com", CLASS_authentication_failed},
    {SAID("421 4.7.0 TLS required for RCPT domain, closing connection"), "aspmx.l.google.com", CLASS_tls_unavailable},
    {SAID("421 4.7.0 very low reputation of the sending IP address"), "aspmx.l.google.com", CLASS_ip_reputation},
    {SAID("421 4.7.0 very low reputation of the sending domain"), "aspmx.l.google.com", CLASS_domain_reputation},
    {SAID("451 4.7.500 Server busy, later please"), "x.mail.protection.outlook.com", CLASS_rate_limited},
    {SAID("451 4.3.2 Server busy, later please"), NULL, CLASS_remote_overloaded},
    {SAID("451 4.7.550 Access denied, please try again later"), "x.mail.protection.outlook.com", CLASS_rate_limited},
    {SAID("451 4.7.1 Access denied"), NULL, CLASS_policy},
    {SAID("432 4.3.2 STOREDRV.Deliver; recipient thread limit exceeded"), "x.mail.protection.outlook.com",
     CLASS_recipient_throttled},
    {SAID("451 Internal resources are temporarily unavailable"), "eu-smtp-inbound-1.mimecast.com", CLASS_greylisted},
    {SAID("451 Message temporarily deferred due to unresolvable RFC.5321 from domain"), "mta5.am0.yahoodns.net",
     CLASS_sender_rejected},
    {SAID("421 mwinf5c01 ME Trop de connexions. OFR004_104"), "smtp-in.orange.fr", CLASS_too_many_connections},
    {SAID("450 Requested mail action not taken: mailbox unavailable. RLY:B1"), "mx00.gmx.net", CLASS_rate_limited},
    {SAID("421 Service refused. OFR006_103"), "smtp-in.orange.fr", CLASS_ip_reputation},
};

static void test_traps(void **state)
{
	static const struct destination_config none;
	struct fixture f;

	(void)state;
	fixture_init(&f, &none);
	for (size_t i = 0; i < LEN(traps); i++) {
		struct delivery d;
		deferral(&d, traps[i].text, traps[i].relay);
		run(&f, &d);
		expect_str(str_from(class_names[d.class]), str_from(class_names[traps[i].class]), traps[i].text);
	}
	assert_true(LEN(traps) >= 40);
	print_message("traps: %zu\n", LEN(traps));
	fixture_release(&f);
}

/* Whatever a name is, a text of one form has one verdict. */
static void test_names_decide_nothing(void **state)
{
	static const char *const names[] = {"spam",
	                                    "greylist.example",
	                                    "timeout",
	                                    "quota-exceeded.example",
	                                    "blacklist",
	                                    "tls",
	                                    "connection-refused",
	                                    "certificate.example",
	                                    "rate-limit.example",
	                                    "4.4.315.example"};
	static const struct {
		const char *form;
		enum class class;
	} forms[] = {
	    {"connect to %s[192.0.2.10]:25: No route to host", CLASS_unreachable},
	    {"connect to %s[192.0.2.10]:25: Connection refused", CLASS_connect_refused},
	    {"lost connection with %s[192.0.2.10] while sending MAIL FROM", CLASS_session_dropped},
	    {"conversation with %s[192.0.2.10] timed out while sending MAIL FROM", CLASS_session_timeout},
	    {"Host or domain name not found. Name service error for name=%s type=MX: Host not found, try again",
	     CLASS_dns_failure},
	    {"TLS is required, but was not offered by host %s[192.0.2.10]", CLASS_tls_unavailable},
	    {"host %s[192.0.2.10] said: 452 4.3.1 no room (in reply to MAIL FROM command)", CLASS_remote_overloaded},
	    {"host %s[192.0.2.10] refused to talk to me: 421 4.3.2 Service not available", CLASS_session_refused},
	    {"host mx.example.org[192.0.2.10] said: 451 4.3.0 <%s@example.org>: hmm (in reply to RCPT TO command)",
	     CLASS_remote_error},
	};
	static const struct destination_config none;
	struct fixture f;

	(void)state;
	fixture_init(&f, &none);
	for (size_t i = 0; i < LEN(forms); i++) {
		for (size_t k = 0; k < LEN(names); k++) {
			char text[256];
			struct delivery d;
			snprintf(text, sizeof(text), forms[i].form, names[k]);
			deferral(&d, text, NULL);
			run(&f, &d);
			expect_str(str_from(class_names[d.class]), str_from(class_names[forms[i].class]), text);
		}
	}
	fixture_release(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_traps),
	    cmocka_unit_test(test_names_decide_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
