/* SPDX-License-Identifier: Apache-2.0 */
/* classify_text_test - texts as Postfix logs them, class by class: class, owner, detail and Microsoft code of each */
#include "tests/unit/classify_support.h"

/* A reply in mid-session, at the greeting. */
#define SAID(reply)     "host mx.example.org[192.0.2.10] said: " reply " (in reply to RCPT TO command)"
#define GREETING(reply) "host mx.example.org[192.0.2.10] refused to talk to me: " reply

struct text {
	const char *text;
	enum class class;
	const char *detail;    /* NULL: none */
	const char *microsoft; /* NULL: the class's */
	enum owner owner;      /* OWNER_UNKNOWN: the class's */
};

/* Text and class; with a detail; with a Microsoft code. */
#define T(text, class)                                                                                                 \
	{                                                                                                              \
		text, CLASS_##class, NULL, NULL, OWNER_UNKNOWN                                                         \
	}
#define D(text, class, detail)                                                                                         \
	{                                                                                                              \
		text, CLASS_##class, detail, NULL, OWNER_UNKNOWN                                                       \
	}
#define M(text, class, code)                                                                                           \
	{                                                                                                              \
		text, CLASS_##class, NULL, code, OWNER_UNKNOWN                                                         \
	}

/* What Postfix itself says. */
static const struct text own[] = {
    T("Host or domain name not found. Name service error for name=mx.example.org type=A: Host not found, try again",
      dns_failure),
    T("Host or domain name not found. Name service error for name=example.org type=MX: Host not found, try again",
      dns_failure),
    T("Host or domain name not found. Name service error for name=example.org type=MX: Malformed or unexpected name "
      "server reply",
      dns_failure),
    T("Host or domain name not found. Name service error for name=smart type=AAAA: Host not found", dns_failure),
    T("Host or domain name not found. Name service error for name=mx.example.org type=AAAA: Host found but no data "
      "record of requested type",
      dns_failure),
    T("Name service error for name=example.org type=MX: Host not found, try again", dns_failure),
    T("unable to look up host relay.example.org: Temporary failure in name resolution", dns_failure),
    T("unable to look up host relay: Name or service not known", dns_failure),
    T("delivery temporarily suspended: Host or domain name not found. Name service error for name=example.org type=MX: "
      "Host not found, try again",
      dns_failure),
    D("Domain example.org does not accept mail (nullMX)", dns_failure, "null_mx"),
    T("no MX host for example.org has a valid address record", dns_failure),

    T("connect to mx.example.org[192.0.2.10]:25: Connection timed out", connect_timeout),
    T("connect to mx.example.org[192.0.2.10]:25: Operation timed out", connect_timeout),
    T("connect to mx.example.org[2001:db8::25]:25: Connection timed out", connect_timeout),
    T("connect to relay[192.0.2.10]:587: Connection timed out", connect_timeout),
    T("connect to 192.0.2.10[192.0.2.10]:25: Connection timed out", connect_timeout),
    T("delivery temporarily suspended: connect to mx.example.org[192.0.2.10]:25: Connection timed out",
      connect_timeout),

    T("connect to mx.example.org[192.0.2.10]:25: Connection refused", connect_refused),
    T("connect to mx.example.org[2001:db8::25]:25: Connection refused", connect_refused),
    T("connect to 127.0.0.1[127.0.0.1]:10024: Connection refused", connect_refused),
    T("connect to mail.example.org[private/lmtp]: Connection refused", connect_refused),
    T("delivery temporarily suspended: connect to 127.0.0.1[127.0.0.1]:10024: Connection refused", connect_refused),

    T("connect to mx.example.org[192.0.2.10]:25: No route to host", unreachable),
    T("connect to mx.example.org[2001:db8::25]:25: No route to host", unreachable),
    T("connect to mx.example.org[192.0.2.10]:25: Network is unreachable", unreachable),
    T("connect to mx.example.org[192.0.2.10]:25: Host is unreachable", unreachable),
    T("connect to mx.example.org[192.0.2.10]:25: Host is down", unreachable),
    {"connect to mx.example.org[2001:db8::25]:25: Network is unreachable", CLASS_unreachable, "ipv6_no_route", NULL,
     OWNER_SENDER},
    T("connect to mx.example.org[2001:db8::25]:25: Network unreachable", connect_failed),
    T("connect to mx.example.org[192.0.2.10]:25: Protocol error", connect_failed),

    T("lost connection with mx.example.org[192.0.2.10] while receiving the initial server greeting", session_dropped),
    T("lost connection with mx.example.org[192.0.2.10] while performing the EHLO handshake", session_dropped),
    T("lost connection with mx.example.org[192.0.2.10] while sending MAIL FROM", session_dropped),
    T("lost connection with mx.example.org[192.0.2.10] while sending RCPT TO", session_dropped),
    T("lost connection with mx.example.org[192.0.2.10] while sending message body", session_dropped),
    T("lost connection with mail.example.org[private/lmtp] while receiving the initial server greeting",
      session_dropped),
    T("connect to mx.example.org[192.0.2.10]:25: Connection reset by peer", session_dropped),
    T("delivery temporarily suspended: lost connection with mx.example.org[192.0.2.10] while receiving the initial "
      "server greeting",
      session_dropped),

    T("conversation with mx.example.org[192.0.2.10] timed out while receiving the initial server greeting",
      session_timeout),
    T("conversation with mx.example.org[192.0.2.10] timed out while performing the HELO handshake", session_timeout),
    T("conversation with mx.example.org[192.0.2.10] timed out while sending end of data -- message may be sent more "
      "than once",
      session_timeout),
    T("conversation with relay[2001:db8::1] timed out while sending RCPT TO", session_timeout),

    D("TLS is required, but was not offered by host mx.example.org[192.0.2.10]", tls_unavailable, "required_by=us"),
    D("TLS is required, but host mx.example.org[192.0.2.10] refused to start TLS: 454 4.7.0 TLS not available",
      tls_unavailable, "required_by=us"),
    D("TLS is required, but host mx.example.org[192.0.2.10] refused to start TLS: 451 4.7.1 Greylisted",
      tls_unavailable, "required_by=us"),
    D("delivery temporarily suspended: TLS is required, but was not offered by host mx.example.org[192.0.2.10]",
      tls_unavailable, "required_by=us"),
    T("Cannot start TLS: handshake failure", tls_failure),
    D("Server certificate not trusted", certificate_invalid, "untrusted"),
    D("Server certificate not verified", certificate_invalid, "name_mismatch"),
    D("Server certificate has expired", certificate_invalid, "expired"),
    D("Server certificate is not yet valid", certificate_invalid, "not_yet_valid"),
    D("Server certificate was revoked", certificate_invalid, "revoked"),
    D("certificate verification failed for mx.example.org[192.0.2.10]:25: self-signed certificate", certificate_invalid,
      "untrusted"),
    D("TLSA lookup error for mx.example.org:25", tls_policy_failure, "dane"),
    D("non DNSSEC destination", tls_policy_failure, "dane"),
    D("no TLSA records found", tls_policy_failure, "dane"),

    D("connect to mx.example.org[192.0.2.10]:25: Operation not permitted", local_config, "own_firewall"),
    D("connect to mx.example.org[192.0.2.10]:25: Permission denied", local_config, "own_firewall"),
    D("connect to mail.example.org[private/lmtp]: No such file or directory", local_config, "socket"),
    D("TLS is required, but our TLS engine is unavailable", local_config, "own_tls"),
    D("client TLS configuration problem", local_config, "own_tls"),
    D("SASL authentication failed; server relay.example.org[192.0.2.10] said: 535 5.7.8 Error: authentication failed",
      local_config, "own_login"),
    D("SASL authentication failed; cannot authenticate to server relay.example.org[192.0.2.10]: no mechanism available",
      local_config, "own_login"),
    D("unknown mail transport error", local_config, "transport"),
    D("mail transport unavailable", local_config, "transport"),
    D("delivery temporarily suspended: unknown mail transport error", local_config, "transport"),
    D("user lookup error", local_config, "lookup"),
    D("alias database unavailable", local_config, "lookup"),
    D("mail system configuration error", local_config, "lookup"),
    D("temporary failure. Command output: lda(anna): Error: the user database does not answer", local_config,
      "delivery_command"),
    D("Command time limit exceeded: \"/usr/local/bin/filter\"", local_config, "delivery_command"),
    D("cannot update mailbox /var/mail/anna for user anna. unable to create lock file /var/mail/anna.lock: Permission "
      "denied",
      local_config, "mailbox_access"),
    D("maildir delivery failed: create maildir file /srv/anna/tmp/1.V1.mail1: Permission denied", local_config,
      "mailbox_access"),
    T("deferred transport", local_throttle),
    T("delivery temporarily suspended: deferred transport", local_throttle),
    T("connect to mx.example.org[192.0.2.10]:25: Cannot assign requested address", local_resources),
    T("connect to mx.example.org[192.0.2.10]:25: Too many open files", local_resources),
    T("cannot update mailbox /var/mail/anna for user anna. error writing message: No space left on device",
      local_resources),
    T("queue file write error", local_resources),
    T("cannot update mailbox /var/mail/anna for user anna. error writing message: Disk quota exceeded", mailbox_full),
    T("maildir delivery failed: error writing message: Disk quota exceeded", mailbox_full),
    T("temporary failure. Command output: Quota exceeded (mailbox for user is full)", mailbox_full),
    T("mail for example.org loops back to myself", routing_loop),
    T("mail forwarding loop for anna@example.org", routing_loop),
    D("SMTPUTF8 is required, but was not offered by host mx.example.org[192.0.2.10]", protocol_error, "smtputf8"),
    T("message size 31457280 exceeds size limit 10485760 of server mx.example.org[192.0.2.10]", message_too_large),
    T("User unknown in virtual mailbox table", mailbox_unavailable),
    T("something that nobody has heard of", other),
    T("", other),
};

/* Exchange's codes, from Exchange itself and through a next hop that is one. */
static const struct text exchange[] = {
    M("450 4.4.312 DNS query failed", dns_failure, "4.4.312"),
    M(SAID("450 4.4.312 DNS query failed"), dns_failure, "4.4.312"),
    M(SAID("450 4.4.312 DNS query failed [Message=InfoDomainNonexistent] [LastAttemptedServerName=mail.example.net]"),
      dns_failure, "4.4.312"),
    M("550 5.4.312 Message expired, DNS query failed(InfoNoRecords)", dns_failure, "4.4.312"),
    M("450 4.4.315 Connection timed out", connect_timeout, "4.4.315"),
    M(SAID("450 4.4.315 Connection timed out [Message=Socket error code 10060] [LastAttemptedIP=192.0.2.9:25]"),
      connect_timeout, "4.4.315"),
    M("550 5.4.315 Message expired, connection timed out(Socket error code 10060)", connect_timeout, "4.4.315"),
    M("450 4.4.316 Connection refused", connect_refused, "4.4.316"),
    M(SAID("450 4.4.316 Connection refused [Message=Socket error code 10061]"), connect_refused, "4.4.316"),
    M("550 5.4.316 Message expired, connection refused(Socket error code 10061)", connect_refused, "4.4.316"),
    M("450 4.4.317 Cannot connect to remote server", session_refused, "4.4.317"),
    M("450 4.4.317 Cannot establish session with remote server", session_refused, "4.4.317"),
    M(SAID("450 4.4.317 Cannot connect to remote server [Message=421 4.3.2 Service not available] "
           "[LastAttemptedServerName=mail.example.net]"),
      session_refused, "4.4.317"),
    {SAID("450 4.4.317 Cannot connect to remote server [Message=451 5.7.3 STARTTLS is required to send mail]"),
     CLASS_tls_unavailable, "required_by=them", "4.4.317", OWNER_SENDER},
    {SAID("450 4.4.317 Cannot connect to remote server [Message=451 4.4.0 SubjectMismatch Expected Subject: "
          "mail.example.net]"),
     CLASS_certificate_invalid, "name_mismatch", "4.4.317", OWNER_UNKNOWN},
    {SAID("450 4.4.317 Cannot connect to remote server [Message=451 4.4.0 CertificateExpired]"),
     CLASS_certificate_invalid, "expired", "4.4.317", OWNER_UNKNOWN},
    M(SAID("450 4.4.317 Cannot connect to remote server [Message=TLS negotiation failed with error IllegalMessage]"),
      tls_failure, "4.4.317"),
    M(SAID("450 4.4.317 Cannot connect to remote server [Message=Socket error code 10065]"), unreachable, "4.4.317"),
    M(SAID("450 4.4.317 Cannot connect to remote server [Message=Socket error code 10051]"), unreachable, "4.4.317"),
    M("550 5.4.317 Message expired, cannot connect to remote server(451 4.7.0 Temporary server error)", session_refused,
      "4.4.317"),
    M("450 4.4.318 Connection was closed abruptly", session_dropped, "4.4.318"),
    M(SAID("450 4.4.318 Connection was closed abruptly (SuspiciousRemoteServerError)"), session_dropped, "4.4.318"),
    M("550 5.4.318 Message expired, connection was closed abruptly(SuspiciousRemoteServerError)", session_dropped,
      "4.4.318"),
    M("450 4.7.320 Certificate validation failed", certificate_invalid, "4.7.320"),
    {SAID("450 4.7.320 Certificate validation failed [Message=CertificateExpired]"), CLASS_certificate_invalid,
     "expired", "4.7.320", OWNER_UNKNOWN},
    {SAID("450 4.7.320 Certificate validation failed [Message=SubjectMismatch]"), CLASS_certificate_invalid,
     "name_mismatch", "4.7.320", OWNER_UNKNOWN},
    {SAID("450 4.7.320 Certificate validation failed [Message=UntrustedRoot]"), CLASS_certificate_invalid, "untrusted",
     "4.7.320", OWNER_UNKNOWN},
    {SAID("450 4.7.320 Certificate validation failed [Message=Revoked]"), CLASS_certificate_invalid, "revoked",
     "4.7.320", OWNER_UNKNOWN},
    {SAID("450 4.7.320 Certificate is no longer valid"), CLASS_certificate_invalid, "expired", "4.7.320",
     OWNER_UNKNOWN},
    M("550 5.7.320 Message expired, certificate validation failed", certificate_invalid, "4.7.320"),
    {SAID("450 4.7.321 starttls-not-supported: the server offers no TLS"), CLASS_tls_unavailable, "required_by=us",
     "4.7.321", OWNER_UNKNOWN},
    {SAID("450 4.7.322 certificate-expired: the certificate is out of date"), CLASS_certificate_invalid, "expired",
     "4.7.322", OWNER_UNKNOWN},
    {SAID("450 4.7.323 tlsa-invalid: no record fits"), CLASS_tls_policy_failure, "dane", "4.7.323", OWNER_UNKNOWN},
    {SAID("450 4.7.324 dnssec-invalid: the zone is bogus"), CLASS_tls_policy_failure, "dane", "4.7.324", OWNER_UNKNOWN},
    {SAID("450 4.7.325 certificate-host-mismatch: another name"), CLASS_certificate_invalid, "name_mismatch", "4.7.325",
     OWNER_UNKNOWN},
    D(SAID("451 4.4.8 MX hosts of example.net failed MTA-STS validation"), tls_policy_failure, "mta_sts"),
    M(SAID("450 4.7.230 The connecting Exchange server is out of date and throttled"), outdated_server, "4.7.230"),
};

/* What servers say that are no provider's. */
static const struct text heard[] = {
    T(GREETING("421 4.3.2 Service not available"), session_refused),
    T(GREETING("421 4.7.0 Not allowed."), session_refused),
    T(GREETING("554 mx.example.org"), session_refused),
    T(GREETING("450 4.2.0 come back"), session_refused),
    T(GREETING("452 4.3.1 hmm"), session_refused),
    T("delivery temporarily suspended: " GREETING("421 4.3.2 Service not available"), session_refused),
    T("host mx.example.org[192.0.2.10] said: 421 Service not available (in reply to EHLO command)", session_refused),
    T("host mx.example.org[192.0.2.10] said: 502 no such command here (in reply to HELO command)", session_refused),
    T(GREETING("421 4.7.0 mx.example.org Error: too many connections from 203.0.113.1"), too_many_connections),
    T(GREETING("421 4.3.2 All screening ports are busy"), too_many_connections),
    T(GREETING("554 5.7.1 203.0.113.1 is listed at dnsbl.example"), ip_reputation),
    T(GREETING("450 4.7.1 Greylisted, try again in 5 minutes"), greylisted),
    T(GREETING("421 4.7.1 no PTR record for 203.0.113.1"), reverse_dns_missing),

    T(SAID("450 4.3.2 Service currently unavailable"), greylisted),
    T(SAID("450 4.2.0 <anna@example.org>: Recipient address rejected: Greylisted, see the help page"), greylisted),
    T(SAID("451 4.7.1 Greylisting in action, please come back in 00:04:59"), greylisted),
    T(SAID("451 Temporarily graylisted, please try again later"), greylisted),
    T(SAID("450 4.2.0 patience"), greylisted),
    T(SAID("421 4.3.2 All server ports are busy"), too_many_connections),
    T(SAID("421 #4.4.5 Too many connections from your host."), too_many_connections),
    T(SAID("450 4.7.1 Too many concurrent SMTP connections; please try again later"), too_many_connections),
    T(SAID("451 4.7.1 Rate limit exceeded, try again later"), rate_limited),
    T(SAID("450 4.7.1 Error: too much mail from 203.0.113.1"), rate_limited),
    T(SAID("450 4.7.1 Error: too many recipients from 203.0.113.1"), rate_limited),
    T(SAID("451 4.7.1 Throttled for now"), rate_limited),
    T(SAID("450 4.7.28 slow"), rate_limited),
    T(SAID("450 4.7.1 Service unavailable; Client host [203.0.113.1] blocked using bl.example.net"), ip_reputation),
    T(SAID("451 4.7.1 Your IP has a poor reputation"), ip_reputation),
    T(SAID("421 4.7.1 Connection from a blacklisted address"), ip_reputation),
    T(SAID("451 4.7.1 Deferred because of the very low reputation of the sending domain"), domain_reputation),
    T(SAID("451 4.7.24 SPF lookup of the sender failed for now"), authentication_failed),
    T(SAID("421 4.7.0 DMARC does not pass"), authentication_failed),
    T(SAID("451 4.7.26 checks did not pass"), authentication_failed),
    T(SAID("450 4.7.25 Client host rejected: cannot find your hostname, [203.0.113.1]"), reverse_dns_missing),
    T(SAID("450 4.7.1 Client host rejected: cannot find your reverse hostname, [203.0.113.1]"), reverse_dns_missing),
    T(SAID("450 4.7.1 <mail1>: Helo command rejected: Host not found"), reverse_dns_missing),
    T(SAID("451 4.7.1 This looks like spam"), spam_content),
    T(SAID("450 4.7.1 Not by our policy"), policy),
    T(SAID("450 4.7.1 not today"), policy),
    T(SAID("421 4.7.0 Closing"), policy),
    T(SAID("452 4.2.2 <anna@example.org>: Mailbox is full"), mailbox_full),
    T(SAID("452 4.1.1 <anna@example.org> user is over quota, please try again later"), mailbox_full),
    T(SAID("452 4.2.2 Quota exceeded (mailbox for user is full)"), mailbox_full),
    T(SAID("450-4.2.1 This user is receiving mail too quickly. 450 4.2.1 Try later"), recipient_throttled),
    T(SAID("450 4.2.1 Mailbox temporarily disabled"), mailbox_unavailable),
    T(SAID("450 4.1.1 <anna@example.org>: Recipient address rejected: User unknown in local recipient table"),
      mailbox_unavailable),
    D(SAID("450 4.1.1 <anna@example.org>: Recipient address rejected: unverified address: Address verification in "
           "progress"),
      mailbox_unavailable, "verification"),
    D(SAID("450 4.1.1 <anna@example.org>: Recipient address rejected: unverified address: host "
           "in.example.org[10.0.0.1] said: 550 5.1.1 no such user"),
      mailbox_unavailable, "verification"),
    T(SAID("450 4.2.1 later"), mailbox_unavailable),
    T(SAID("450 4.1.8 <bob@sender.example>: Sender address rejected: Domain not found"), sender_rejected),
    T(SAID("451 Domain of sender address bob@sender.example does not resolve"), sender_rejected),
    T(SAID("452 4.3.1 Insufficient system resources (UsedVersionBuckets[C:\\\\])"), remote_overloaded),
    T(SAID("452 4.3.1 Insufficient system storage"), remote_overloaded),
    T(SAID("421 4.3.2 The server is too busy"), remote_overloaded),
    T(SAID("452 4.3.1 no"), remote_overloaded),
    T(SAID("452 hmm"), remote_overloaded),
    T(SAID("451 4.3.0 <anna@example.org>: Temporary lookup failure"), remote_error),
    T(SAID("451 4.7.1 Service unavailable - try again later"), remote_error),
    T(SAID("421 4.7.1 Service unavailable - try again later"), remote_error),
    T(SAID("451 4.3.5 Server configuration problem"), remote_error),
    T(SAID("451 Requested action aborted: local error in processing"), remote_error),
    T(SAID("451 4.4.2 Timeout - closing connection"), remote_error),
    T(SAID("451 4.5.0 Error in processing, id=12345-06"), remote_error),
    T(SAID("451 hmm"), remote_error),
    T(SAID("452 4.5.3 Error: too many recipients"), too_many_recipients),
    T(SAID("452 4.3.4 Message size exceeds the limit for now"), message_too_large),
    T(SAID("451 4.5.0 out of order"), protocol_error),
    T(SAID("451 4.4.6 Mail loop found"), routing_loop),
    T(SAID("454 4.7.1 <anna@example.org>: Relay access denied"), relay_denied),
    {SAID("451 5.7.3 STARTTLS is required to send mail"), CLASS_tls_unavailable, "required_by=them", NULL,
     OWNER_SENDER},
    {SAID("530 5.7.0 Must issue a STARTTLS command first"), CLASS_tls_unavailable, "required_by=them", NULL,
     OWNER_SENDER},
    M(SAID("450 4.1.2 <anna@gone.example>: Recipient address rejected: Domain not found"), dns_failure, "other"),
    T(SAID("450 hmm"), other),
    T(SAID("421 bye"), other),
    T("delivery temporarily suspended: " SAID("452 4.2.2 Over quota"), mailbox_full),
};

static void check_texts(const struct text *rows, size_t n)
{
	static const struct destination_config none;
	struct fixture f;

	fixture_init(&f, &none);
	for (int round = 0; round < 2; round++) { /* the second one from memory */
		for (size_t i = 0; i < n; i++) {
			const struct text *r = &rows[i];
			struct delivery d;
			deferral(&d, r->text, NULL);
			run(&f, &d);
			expect_str(str_from(class_names[d.class]), str_from(class_names[r->class]), r->text);
			expect_str(d.detail, str_from(r->detail), r->text);
			expect_str(d.microsoft_code,
			           str_from(r->microsoft ? r->microsoft : class_microsoft_code(r->class)), r->text);
			expect_i64(d.owner, r->owner ? r->owner : class_owner(r->class), r->text);
			expect_i64(d.family, class_family(r->class), r->text);
			expect(d.rule.n > 0 && d.tier != TIER_NONE, r->text);
			expect(d.suspended == (strncmp(r->text, "delivery temp", 13) == 0), r->text);
		}
	}
	fixture_release(&f);
}

static void test_own(void **state)
{
	(void)state;
	check_texts(own, LEN(own));
}

static void test_exchange(void **state)
{
	(void)state;
	check_texts(exchange, LEN(exchange));
}

static void test_heard(void **state)
{
	(void)state;
	check_texts(heard, LEN(heard));
	assert_true(LEN(own) + LEN(exchange) + LEN(heard) >= 150);
	print_message("texts: %zu\n", LEN(own) + LEN(exchange) + LEN(heard));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_own),
	    cmocka_unit_test(test_exchange),
	    cmocka_unit_test(test_heard),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
