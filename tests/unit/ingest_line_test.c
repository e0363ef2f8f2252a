/* SPDX-License-Identifier: Apache-2.0 */
/* ingest_line - every form of a Postfix line, every noise, and the traps that strangers can lay */
#include "ingest/line.h"

#include "ingest_support.h"

/* A head and the service; most lines of the tables have this one. */
#define L(service) "Nov 24 08:00:00 mx1 postfix/" service "[4711]: "
#define DELAYS     ", delay=5, delays=4/0/1/0, "
#define REMOTE     ", relay=mx.example.net[192.0.2.7]:25" DELAYS
#define NONE       ", relay=none" DELAYS
#define R_REMOTE   " relay=mx.example.net relay_ip=192.0.2.7 relay_port=25"

struct line_case {
	const char *label, *line, *want;
};

/* Checked apart, or the same in every line. */
static const char *const common[] = {"site",       "host", "mta",     "instance",       "service",
                                     "ts_quality", "time", "arrival", "arrival_source", "arrival_error_ms",
                                     "delay_ms",   NULL};

static void read_one(const char *line, size_t n, struct arena *a, struct line_result *ret)
{
	struct ingest_config c;

	ingest_config_default(&c);
	line_read(&c, str_of(line, n), at("2026-11-24T08:00:01Z"), a, ret);
}

static void run(const struct line_case *cases, size_t n)
{
	struct arena a = ARENA_INIT;
	struct buf out = BUF_INIT;

	for (size_t i = 0; i < n; i++) {
		struct line_result r;

		read_one(cases[i].line, strlen(cases[i].line), &a, &r);
		expect_str(str_from(show(&r, common, &out)), str_from(cases[i].want), cases[i].label);
		arena_reset(&a);
	}
	arena_release(&a);
	buf_release(&out);
}

static void statuses(void **state)
{
	static const struct line_case cases[] = {
	    {"sent",
	     L("smtp") "4F1A2B3C4D: to=<ann@example.org>" REMOTE "dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 99)",
	     "event delivered queue_id=4F1A2B3C4D recipient=ann@example.org" R_REMOTE
	     " dsn=2.0.0 text=250 2.0.0 Ok: queued as 99"},
	    {"deferred",
	     L("smtp") "4F1A2B3C4D: to=<ann@example.org>" NONE
	               "dsn=4.4.1, status=deferred (connect to mx.example.net[192.0.2.7]:25: Connection timed out)",
	     "event deferred queue_id=4F1A2B3C4D recipient=ann@example.org dsn=4.4.1 text=connect to "
	     "mx.example.net[192.0.2.7]:25: Connection timed out"},
	    {"bounced",
	     L("smtp") "4F1A2B3C4D: to=<ann@example.org>" REMOTE
	               "dsn=5.1.1, status=bounced (host mx.example.net[192.0.2.7] said: 550 5.1.1 <ann@example.org> "
	               "(who?) (in "
	               "reply to RCPT TO command))",
	     "event bounced queue_id=4F1A2B3C4D recipient=ann@example.org" R_REMOTE
	     " dsn=5.1.1 text=host mx.example.net[192.0.2.7] said: 550 5.1.1 <ann@example.org> (who?) (in reply to "
	     "RCPT TO command)"},
	    {"soft bounce is a deferral with a permanent reply",
	     L("smtp") "4F1A2B3C4D: to=<ann@example.org>" REMOTE "dsn=4.1.1, status=SOFTBOUNCE (said: 550 no)",
	     "event deferred queue_id=4F1A2B3C4D recipient=ann@example.org" R_REMOTE
	     " dsn=4.1.1 text=said: 550 no permanent_reply"},
	    {"suspended by error",
	     L("error") "4F1A2B3C4D: to=<ann@example.org>" NONE
	                "dsn=4.4.1, status=deferred (delivery temporarily suspended: connect to h[192.0.2.7]:25: "
	                "Connection refused)",
	     "event deferred queue_id=4F1A2B3C4D recipient=ann@example.org dsn=4.4.1 text=delivery temporarily "
	     "suspended: connect "
	     "to h[192.0.2.7]:25: Connection refused suspended"},
	    {"suspended by retry",
	     L("retry") "4F1A2B3C4D: to=<ann@example.org>" NONE
	                "dsn=4.3.0, status=deferred (delivery temporarily suspended: x)",
	     "event deferred queue_id=4F1A2B3C4D recipient=ann@example.org dsn=4.3.0 text=delivery temporarily "
	     "suspended: x suspended"},
	    {"a server that talks of suspension is not suspended",
	     L("smtp") "4F1A2B3C4D: to=<ann@example.org>" REMOTE
	               "dsn=4.0.0, status=deferred (host h[192.0.2.7] said: 450 delivery temporarily suspended: x)",
	     "event deferred queue_id=4F1A2B3C4D recipient=ann@example.org" R_REMOTE
	     " dsn=4.0.0 text=host h[192.0.2.7] said: 450 delivery temporarily suspended: x"},
	    {"probe, deliverable",
	     L("smtp") "4F1A2B3C4D: to=<ann@example.org>" REMOTE "dsn=2.1.5, status=deliverable (250 Ok)",
	     "noise verify_probe"},
	    {"probe, undeliverable",
	     L("smtp") "4F1A2B3C4D: to=<ann@example.org>" REMOTE "dsn=5.1.1, status=undeliverable (550 No)",
	     "noise verify_probe"},
	    {"unknown status", L("smtp") "4F1A2B3C4D: to=<ann@example.org>" REMOTE "dsn=2.0.0, status=teleported (x)",
	     "dead bad_status"},
	    {"statuses are as Postfix writes them",
	     L("smtp") "4F1A2B3C4D: to=<ann@example.org>" REMOTE "dsn=2.0.0, status=Sent (x)", "dead bad_status"},
	    {"empty reason", L("discard") "4F1A2B3C4D: to=<ann@example.org>" NONE "dsn=2.0.0, status=sent ()",
	     "event discarded queue_id=4F1A2B3C4D recipient=ann@example.org dsn=2.0.0"},
	    {"qmgr says it, too",
	     L("qmgr") "4F1A2B3C4D: to=<ann@example.org>" NONE
	               "dsn=4.3.0, status=deferred (mail transport unavailable)",
	     "event deferred queue_id=4F1A2B3C4D recipient=ann@example.org dsn=4.3.0 text=mail transport unavailable"},
	    {"cleanup bounces",
	     L("cleanup") "4F1A2B3C4D: to=<ann@example.org>" NONE "dsn=5.7.1, status=bounced (content rejected)",
	     "event bounced queue_id=4F1A2B3C4D recipient=ann@example.org dsn=5.7.1 text=content rejected"},
	    {"a service of the operator's own",
	     L("spamgate") "4F1A2B3C4D: to=<ann@example.org>" NONE "dsn=2.0.0, status=sent (x)",
	     "event delivered queue_id=4F1A2B3C4D recipient=ann@example.org dsn=2.0.0 text=x"},
	};

	(void)state;
	run(cases, LEN(cases));
}

static void fields(void **state)
{
	static const struct line_case cases[] = {
	    {"conn_use",
	     L("smtp") "4F1A2B3C4D: to=<a@b.example>, relay=mx.example.net[192.0.2.7]:25, conn_use=12" DELAYS
	               "dsn=2.0.0, status=sent (250 Ok)",
	     "event delivered queue_id=4F1A2B3C4D recipient=a@b.example" R_REMOTE " dsn=2.0.0 text=250 Ok"},
	    {"tls",
	     L("smtp") "4F1A2B3C4D: to=<a@b.example>" REMOTE "tls=dane/requiretls, dsn=2.0.0, status=sent (250 Ok)",
	     "event delivered queue_id=4F1A2B3C4D recipient=a@b.example" R_REMOTE " dsn=2.0.0 text=250 Ok"},
	    {"orig_to",
	     L("local") "4F1A2B3C4D: to=<a@b.example>, orig_to=<root>, relay=local" DELAYS
	                "dsn=2.0.0, status=sent (delivered to mailbox)",
	     "event delivered queue_id=4F1A2B3C4D recipient=a@b.example orig_recipient=root relay=local dsn=2.0.0 "
	     "text=delivered to "
	     "mailbox"},
	    {"before 2.3: neither delays nor dsn",
	     L("smtp") "4F1A2B3C4D: to=<a@b.example>, relay=mx.example.net[192.0.2.7], delay=61, status=sent (250 Ok)",
	     "event delivered queue_id=4F1A2B3C4D recipient=a@b.example relay=mx.example.net relay_ip=192.0.2.7 "
	     "text=250 Ok"},
	    {"old local without brackets",
	     L("local") "4F1A2B3C4D: to=ann@b.example, relay=local, delay=1, status=sent (mailbox)",
	     "event delivered queue_id=4F1A2B3C4D recipient=ann@b.example relay=local text=mailbox"},
	    {"IPv6",
	     L("smtp") "4F1A2B3C4D: to=<a@b.example>, relay=mx.example.net[2001:db8::25]:2525" DELAYS
	               "dsn=2.0.0, status=sent (250 Ok)",
	     "event delivered queue_id=4F1A2B3C4D recipient=a@b.example relay=mx.example.net relay_ip=2001:db8::25 "
	     "relay_port=2525 "
	     "dsn=2.0.0 text=250 Ok"},
	    {"a port out of range is none",
	     L("smtp") "4F1A2B3C4D: to=<a@b.example>, relay=mx.example.net[192.0.2.7]:99999" DELAYS
	               "dsn=2.0.0, status=sent (250 Ok)",
	     "event delivered queue_id=4F1A2B3C4D recipient=a@b.example relay=mx.example.net relay_ip=192.0.2.7 "
	     "dsn=2.0.0 text=250 Ok"},
	    {"null recipient", L("smtp") "4F1A2B3C4D: to=<>" NONE "dsn=4.0.0, status=deferred (x)",
	     "event deferred queue_id=4F1A2B3C4D dsn=4.0.0 text=x"},
	    {"quoted local part",
	     L("smtp") "4F1A2B3C4D: to=<\"a b, c>d\\\"e\"@b.example>" NONE "dsn=4.0.0, status=deferred (x)",
	     "event deferred queue_id=4F1A2B3C4D recipient=\"a b, c>d\\\"e\"@b.example dsn=4.0.0 text=x"},
	    {"unquoted bracket", L("smtp") "4F1A2B3C4D: to=<a>b@b.example>" NONE "dsn=4.0.0, status=deferred (x)",
	     "event deferred queue_id=4F1A2B3C4D recipient=a>b@b.example dsn=4.0.0 text=x"},
	    {"UTF-8 recipient",
	     L("smtp") "4F1A2B3C4D: to=<j\xc3\xb6rg@b.example>" NONE "dsn=4.0.0, status=deferred (x)",
	     "event deferred queue_id=4F1A2B3C4D recipient=j\xc3\xb6rg@b.example dsn=4.0.0 text=x"},
	    {"broken UTF-8 is cleaned",
	     L("smtp") "4F1A2B3C4D: to=<j\xf6rg@b.example>" NONE "dsn=4.0.0, status=deferred (\xff\x1b[1m)",
	     "event deferred queue_id=4F1A2B3C4D recipient=j\xef\xbf\xbdrg@b.example dsn=4.0.0 text=\xef\xbf\xbd [1m"},
	    {"a reason cut by the shipper is kept",
	     L("smtp") "4F1A2B3C4D: to=<a@b.example>" REMOTE
	               "dsn=4.0.0, status=deferred (host h[192.0.2.7] said: 450 (try la",
	     "event deferred queue_id=4F1A2B3C4D recipient=a@b.example" R_REMOTE
	     " dsn=4.0.0 text=host h[192.0.2.7] said: 450 (try la"},
	    {"white space at the end",
	     L("smtp") "4F1A2B3C4D: to=<a@b.example>" NONE "dsn=4.0.0, status=deferred (x) \r\n",
	     "event deferred queue_id=4F1A2B3C4D recipient=a@b.example dsn=4.0.0 text=x"},
	    {"long queue id", L("smtp") "4jYYbN0sf8zQJ2B: to=<a@b.example>" NONE "dsn=4.0.0, status=deferred (x)",
	     "event deferred queue_id=4jYYbN0sf8zQJ2B id_time=2026-11-24T07:00:00.123Z recipient=a@b.example dsn=4.0.0 "
	     "text=x"},
	    {"five days from now is no arrival",
	     L("smtp") "4jcdM40001zQJ2B: to=<a@b.example>" NONE "dsn=4.0.0, status=deferred (x)",
	     "event deferred queue_id=4jcdM40001zQJ2B recipient=a@b.example dsn=4.0.0 text=x"},
	};

	(void)state;
	run(cases, LEN(cases));
}

static void handed_on(void **state)
{
	static const struct line_case cases[] = {
	    {"filter on loopback",
	     L("smtp") "4F1A2B3C4D: to=<a@b.example>, relay=127.0.0.1[127.0.0.1]:10024" DELAYS
	               "dsn=2.0.0, status=sent (250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as "
	               "4F1A2B3C5E)",
	     "event handed_on queue_id=4F1A2B3C4D recipient=a@b.example relay=127.0.0.1 relay_ip=127.0.0.1 "
	     "relay_port=10024 dsn=2.0.0 "
	     "text=250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as 4F1A2B3C5E"},
	    {"all of 127.0.0.0/8",
	     L("smtp") "4F1A2B3C4D: to=<a@b.example>, relay=f.example[127.3.2.1]:25" DELAYS
	               "dsn=2.0.0, status=sent (250 Ok)",
	     "event handed_on queue_id=4F1A2B3C4D recipient=a@b.example relay=f.example relay_ip=127.3.2.1 "
	     "relay_port=25 dsn=2.0.0 "
	     "text=250 Ok"},
	    {"IPv6 loopback",
	     L("relay/smtp") "4F1A2B3C4D: to=<a@b.example>, relay=localhost[::1]:25" DELAYS
	                     "dsn=2.0.0, status=sent (250 Ok)",
	     "event handed_on queue_id=4F1A2B3C4D recipient=a@b.example relay=localhost relay_ip=::1 relay_port=25 "
	     "dsn=2.0.0 text=250 Ok"},
	    {"a filter that speaks LMTP",
	     L("lmtp") "4F1A2B3C4D: to=<a@b.example>, relay=127.0.0.1[127.0.0.1]:10024" DELAYS
	               "dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 4F1A2B3C5E)",
	     "event handed_on queue_id=4F1A2B3C4D recipient=a@b.example relay=127.0.0.1 relay_ip=127.0.0.1 "
	     "relay_port=10024 dsn=2.0.0 "
	     "text=250 2.0.0 Ok: queued as 4F1A2B3C5E"},
	    {"a mail store that speaks LMTP is the end",
	     L("lmtp") "4F1A2B3C4D: to=<a@b.example>, relay=mx1.example.org[private/dovecot-lmtp]" DELAYS
	               "dsn=2.0.0, status=sent (250 2.0.0 <a@b.example> Saved)",
	     "event delivered queue_id=4F1A2B3C4D recipient=a@b.example relay=mx1.example.org dsn=2.0.0 text=250 2.0.0 "
	     "<a@b.example> Saved"},
	    {"smtp to a socket",
	     L("smtp") "4F1A2B3C4D: to=<a@b.example>, relay=mx1.example.org[private/filter]" DELAYS
	               "dsn=2.0.0, status=sent (250 Ok)",
	     "event handed_on queue_id=4F1A2B3C4D recipient=a@b.example relay=mx1.example.org dsn=2.0.0 text=250 Ok"},
	    {"a deferral by the filter stays one",
	     L("smtp") "4F1A2B3C4D: to=<a@b.example>, relay=127.0.0.1[127.0.0.1]:10024" DELAYS
	               "dsn=4.5.0, status=deferred (said: 451 4.5.0 busy)",
	     "event deferred queue_id=4F1A2B3C4D recipient=a@b.example relay=127.0.0.1 relay_ip=127.0.0.1 "
	     "relay_port=10024 dsn=4.5.0 "
	     "text=said: 451 4.5.0 busy"},
	    {"forwarded",
	     L("local") "4F1A2B3C4D: to=<a@b.example>, relay=local" DELAYS
	                "dsn=2.0.0, status=sent (forwarded as 4F1A2B3C5E)",
	     "event handed_on queue_id=4F1A2B3C4D recipient=a@b.example relay=local dsn=2.0.0 text=forwarded as "
	     "4F1A2B3C5E "
	     "new_queue_id=4F1A2B3C5E"},
	    {"a server does not forward",
	     L("smtp") "4F1A2B3C4D: to=<a@b.example>" REMOTE "dsn=2.0.0, status=sent (forwarded as 4F1A2B3C5E)",
	     "event delivered queue_id=4F1A2B3C4D recipient=a@b.example" R_REMOTE
	     " dsn=2.0.0 text=forwarded as 4F1A2B3C5E"},
	    {"forwarded as what is no id",
	     L("local") "4F1A2B3C4D: to=<a@b.example>, relay=local" DELAYS
	                "dsn=2.0.0, status=sent (forwarded as someone else)",
	     "event delivered queue_id=4F1A2B3C4D recipient=a@b.example relay=local dsn=2.0.0 text=forwarded as "
	     "someone else"},
	    {"virtual",
	     L("virtual") "4F1A2B3C4D: to=<a@b.example>, relay=virtual" DELAYS
	                  "dsn=2.0.0, status=sent (delivered to maildir)",
	     "event delivered queue_id=4F1A2B3C4D recipient=a@b.example relay=virtual dsn=2.0.0 text=delivered to "
	     "maildir"},
	    {"pipe",
	     L("pipe") "4F1A2B3C4D: to=<a@b.example>, relay=dovecot" DELAYS
	               "dsn=2.0.0, status=sent (delivered via dovecot service)",
	     "event delivered queue_id=4F1A2B3C4D recipient=a@b.example relay=dovecot dsn=2.0.0 text=delivered via "
	     "dovecot service"},
	    {"discard transport",
	     L("discard") "4F1A2B3C4D: to=<a@b.example>" NONE "dsn=2.0.0, status=sent (test.example)",
	     "event discarded queue_id=4F1A2B3C4D recipient=a@b.example dsn=2.0.0 text=test.example"},
	    {"no service named, loopback",
	     "4F1A2B3C4D: to=<a@b.example>, relay=f[127.0.0.1]:10024" DELAYS "dsn=2.0.0, status=sent (250 Ok)",
	     "event handed_on queue_id=4F1A2B3C4D recipient=a@b.example relay=f relay_ip=127.0.0.1 relay_port=10024 "
	     "dsn=2.0.0 text=250 Ok"},
	    {"no service named, socket",
	     "4F1A2B3C4D: to=<a@b.example>, relay=h[private/dovecot-lmtp]" DELAYS "dsn=2.0.0, status=sent (250 Saved)",
	     "event delivered queue_id=4F1A2B3C4D recipient=a@b.example relay=h dsn=2.0.0 text=250 Saved"},
	};

	(void)state;
	run(cases, LEN(cases));
}

static void life_cycle(void **state)
{
	static const struct line_case cases[] = {
	    {"client", L("smtpd") "4F1A2B3C4D: client=app.example.com[198.51.100.9]",
	     "fact arrived queue_id=4F1A2B3C4D"},
	    {"client with a login",
	     L("submission/smtpd") "4F1A2B3C4D: client=u[198.51.100.9], sasl_method=PLAIN, sasl_username=ann",
	     "fact arrived queue_id=4F1A2B3C4D"},
	    {"back from a filter is an arrival in this queue",
	     L("smtpd") "4F1A2B3C5E: client=localhost[127.0.0.1], orig_queue_id=4F1A2B3C4D, "
	                "orig_client=app[198.51.100.9]",
	     "fact arrived queue_id=4F1A2B3C5E"},
	    {"pickup", L("pickup") "4F1A2B3C4D: uid=1000 from=<ann>", "fact arrived queue_id=4F1A2B3C4D sender=ann"},
	    {"pickup of a bounce", L("pickup") "4F1A2B3C4D: uid=1000 from=<>",
	     "fact arrived queue_id=4F1A2B3C4D null_sender"},
	    {"requeued", L("pickup") "4F1A2B3C5E: uid=89 from=<ann@example.com> orig_id=4F1A2B3C4D",
	     "fact arrived queue_id=4F1A2B3C5E sender=ann@example.com orig_queue_id=4F1A2B3C4D"},
	    {"a sender that looks requeued", L("pickup") "4F1A2B3C5E: uid=89 from=<a> orig_id=4F1A2B3C4D@example.com>",
	     "fact arrived queue_id=4F1A2B3C5E sender=a> orig_id=4F1A2B3C4D@example.com"},
	    {"pickup cut", L("pickup") "4F1A2B3C5E: uid=89 from=<ann@exam", "dead cut_line"},
	    {"message id", L("cleanup") "4F1A2B3C4D: message-id=<20261124.1@example.com>",
	     "fact message_id queue_id=4F1A2B3C4D message_id=<20261124.1@example.com>"},
	    {"no message id", L("cleanup") "4F1A2B3C4D: message-id=<>",
	     "fact message_id queue_id=4F1A2B3C4D message_id=<>"},
	    {"message id without brackets", L("cleanup") "4F1A2B3C4D: message-id=a b c",
	     "fact message_id queue_id=4F1A2B3C4D message_id=a b c"},
	    {"nothing at all for a message id",
	     L("cleanup") "4F1A2B3C4D: message-id=", "fact message_id queue_id=4F1A2B3C4D"},
	    {"resent", L("cleanup") "4F1A2B3C4D: resent-message-id=<1@example.com>", "noise other_postfix"},
	    {"two-part cleanup", L("sender-cleanup/cleanup") "4F1A2B3C4D: message-id=<1@example.com>",
	     "fact message_id queue_id=4F1A2B3C4D message_id=<1@example.com>"},
	    {"queued", L("qmgr") "4F1A2B3C4D: from=<ann@example.com>, size=1234, nrcpt=2 (queue active)",
	     "fact queued queue_id=4F1A2B3C4D sender=ann@example.com size=1234 recipient_count=2"},
	    {"queued, null sender", L("qmgr") "4F1A2B3C4D: from=<>, size=5, nrcpt=1 (queue active)",
	     "fact queued queue_id=4F1A2B3C4D null_sender size=5 recipient_count=1"},
	    {"queued, cut", L("qmgr") "4F1A2B3C4D: from=<ann@example.com>, size=1234, nrcpt=1", "dead cut_line"},
	    {"queued, cut earlier", L("qmgr") "4F1A2B3C4D: from=<ann@exa", "dead cut_line"},
	    {"expired", L("qmgr") "4F1A2B3C4D: from=<ann@example.com>, status=expired, returned to sender",
	     "event expired queue_id=4F1A2B3C4D sender=ann@example.com"},
	    {"expired by order", L("qmgr") "4F1A2B3C4D: from=<>, status=force-expired, returned to sender",
	     "event expired queue_id=4F1A2B3C4D null_sender forced"},
	    {"a sender that looks expired",
	     L("qmgr") "4F1A2B3C4D: from=<a>, status=expired, returned to sender@example.com>, size=9, nrcpt=1 (queue "
	               "active)",
	     "fact queued queue_id=4F1A2B3C4D sender=a>, status=expired, returned to sender@example.com size=9 "
	     "recipient_count=1"},
	    {"a sender that looks queued",
	     L("qmgr") "4F1A2B3C4D: from=<a>, size=1, nrcpt=1 (queue active)>, status=expired, returned to sender",
	     "event expired queue_id=4F1A2B3C4D sender=a>, size=1, nrcpt=1 (queue active)"},
	    {"removed", L("qmgr") "4F1A2B3C4D: removed", "fact removed queue_id=4F1A2B3C4D"},
	    {"old queue manager", L("nqmgr") "4F1A2B3C4D: removed", "fact removed queue_id=4F1A2B3C4D"},
	    {"skipped", L("qmgr") "4F1A2B3C4D: skipped, still being delivered", "noise other_postfix"},
	    {"bounce", L("bounce") "4F1A2B3C4D: sender non-delivery notification: 4F1A2B3C5E",
	     "fact notified queue_id=4F1A2B3C4D new_queue_id=4F1A2B3C5E"},
	    {"warning", L("bounce") "4F1A2B3C4D: sender delay notification: 4F1A2B3C5E",
	     "fact notified queue_id=4F1A2B3C4D new_queue_id=4F1A2B3C5E"},
	    {"success notice", L("bounce") "4F1A2B3C4D: sender delivery status notification: 4F1A2B3C5E",
	     "fact notified queue_id=4F1A2B3C4D new_queue_id=4F1A2B3C5E"},
	    {"to the postmaster", L("bounce") "4F1A2B3C4D: postmaster non-delivery notification: 4F1A2B3C5E",
	     "fact notified queue_id=4F1A2B3C4D new_queue_id=4F1A2B3C5E"},
	    {"notice with a cut id", L("bounce") "4F1A2B3C4D: sender non-delivery notification: 4F",
	     "dead bad_queue_id new_queue_id"},
	    {"another word of bounce",
	     L("bounce") "4F1A2B3C4D: not sending trace/success notification for double-bounce message",
	     "noise other_postfix"},
	    {"hold by header",
	     L("cleanup") "4F1A2B3C4D: hold: header Subject: x from localhost[127.0.0.1]; from=<a> to=<b>: wait",
	     "event held queue_id=4F1A2B3C4D"},
	    {"hold by milter",
	     L("cleanup") "4F1A2B3C4D: milter-hold: END-OF-MESSAGE from h[192.0.2.1]: quarantine; from=<a>",
	     "event held queue_id=4F1A2B3C4D"},
	    {"hold by access", L("smtpd") "4F1A2B3C4D: hold: RCPT from h[192.0.2.1]: <a>: x; from=<a> to=<b>",
	     "event held queue_id=4F1A2B3C4D"},
	    {"discard by header",
	     L("cleanup") "4F1A2B3C4D: discard: header Subject: x from h[192.0.2.1]; from=<a> to=<b>",
	     "event discarded queue_id=4F1A2B3C4D"},
	    {"discard by access", L("smtpd") "4F1A2B3C4D: discard: RCPT from h[192.0.2.1]: <a>: x",
	     "event discarded queue_id=4F1A2B3C4D"},
	    {"discard by milter", L("cleanup") "4F1A2B3C4D: milter-discard: END-OF-MESSAGE from h[192.0.2.1]: x",
	     "event discarded queue_id=4F1A2B3C4D"},
	};

	(void)state;
	run(cases, LEN(cases));
}

static void operator_actions(void **state)
{
	static const struct line_case cases[] = {
	    {"deleted", L("postsuper") "4F1A2B3C4D: removed", "event deleted queue_id=4F1A2B3C4D"},
	    {"requeued", L("postsuper") "4F1A2B3C4D: requeued", "event requeued queue_id=4F1A2B3C4D"},
	    {"held", L("postsuper") "4F1A2B3C4D: placed on hold", "event held queue_id=4F1A2B3C4D"},
	    {"released", L("postsuper") "4F1A2B3C4D: released from hold", "event released queue_id=4F1A2B3C4D"},
	    {"expiry ordered", L("postsuper") "4F1A2B3C4D: expired", "fact expiry_ordered queue_id=4F1A2B3C4D"},
	    {"total", L("postsuper") "Deleted: 3 messages", "noise other_postfix"},
	    {"no form of it", L("postsuper") "4F1A2B3C4D: removed twice", "noise other_postfix"},
	    {"another instance", "Nov 24 08:00:00 mx1 postfix-out/postsuper[1]: 4F1A2B3C4D: requeued",
	     "event requeued queue_id=4F1A2B3C4D"},
	    {"two parts", "Nov 24 08:00:00 mx1 out/admin/postsuper[1]: 4F1A2B3C4D: removed",
	     "event deleted queue_id=4F1A2B3C4D"},
	    {"a name of one's own", "Nov 24 08:00:00 mx1 mail-postsuper[1]: 4F1A2B3C4D: removed",
	     "event deleted queue_id=4F1A2B3C4D"},
	    {"removed by smtp means nothing", L("smtp") "4F1A2B3C4D: removed", "noise attempt"},
	};

	(void)state;
	run(cases, LEN(cases));
}

/* rsyslog's RFC 5424 cuts the tag at the slash: what the line says must do. */
static void without_service(void **state)
{
#define S "<22>1 2026-11-24T08:00:00Z mx1 postfix 4711 - - 4F1A2B3C4D: "
	static const struct line_case cases[] = {
	    {"delivery", S "to=<a@b.example>" REMOTE "dsn=2.0.0, status=sent (250 Ok)",
	     "event delivered queue_id=4F1A2B3C4D recipient=a@b.example" R_REMOTE " dsn=2.0.0 text=250 Ok"},
	    {"queued", S "from=<a@b.example>, size=1, nrcpt=1 (queue active)",
	     "fact queued queue_id=4F1A2B3C4D sender=a@b.example size=1 recipient_count=1"},
	    {"expired", S "from=<>, status=expired, returned to sender",
	     "event expired queue_id=4F1A2B3C4D null_sender"},
	    {"client", S "client=h[192.0.2.1]", "fact arrived queue_id=4F1A2B3C4D"},
	    {"pickup", S "uid=0 from=<root>", "fact arrived queue_id=4F1A2B3C4D sender=root"},
	    {"message id", S "message-id=<1@b.example>",
	     "fact message_id queue_id=4F1A2B3C4D message_id=<1@b.example>"},
	    {"notice", S "sender non-delivery notification: 4F1A2B3C5E",
	     "fact notified queue_id=4F1A2B3C4D new_queue_id=4F1A2B3C5E"},
	    {"removed is qmgr's", S "removed", "fact removed queue_id=4F1A2B3C4D"},
	    {"requeued", S "requeued", "event requeued queue_id=4F1A2B3C4D"},
	    {"held", S "placed on hold", "event held queue_id=4F1A2B3C4D"},
	    {"held by header", S "hold: header x", "event held queue_id=4F1A2B3C4D"},
	    {"attempt", S "host h[192.0.2.7] said: 450 no", "noise attempt"},
	    {"attempt, lost", S "lost connection with h[192.0.2.7] while sending RCPT TO", "noise attempt"},
	    {"other", S "something", "noise other_postfix"},
	    {"connect", "<22>1 2026-11-24T08:00:00Z mx1 postfix 4711 - - connect from h[192.0.2.7]", "noise connect"},
	    {"bare lines, too", "4F1A2B3C4D: from=<a@b.example>, size=1, nrcpt=1 (queue active)",
	     "fact queued queue_id=4F1A2B3C4D sender=a@b.example size=1 recipient_count=1"},
	    {"a forwarded message",
	     "4F1A2B3C4D: to=<a@b.example>, relay=local, delay=1, status=sent (forwarded as 4F1A2B3C5E)",
	     "event handed_on queue_id=4F1A2B3C4D recipient=a@b.example relay=local text=forwarded as 4F1A2B3C5E "
	     "new_queue_id=4F1A2B3C5E"},
	};

	(void)state;
	run(cases, LEN(cases));
}

static void noise(void **state)
{
	static const struct line_case cases[] = {
	    {"connect", L("smtpd") "connect from h.example.com[198.51.100.3]", "noise connect"},
	    {"disconnect", L("smtpd") "disconnect from h.example.com[198.51.100.3] ehlo=1 quit=1 commands=2",
	     "noise disconnect"},
	    {"lost", L("smtpd") "lost connection after EHLO from h.example.com[198.51.100.3]", "noise disconnect"},
	    {"timeout", L("smtpd") "timeout after DATA (22 bytes) from h.example.com[198.51.100.3]",
	     "noise disconnect"},
	    {"statistics",
	     L("anvil") "statistics: max connection rate 1/60s for (smtp:198.51.100.3) at Nov 24 07:55:00",
	     "noise statistics"},
	    {"scache", L("scache") "statistics: start interval Nov 24 07:55:00", "noise statistics"},
	    {"warning", L("smtpd") "warning: hostname h.example.com does not resolve to address 198.51.100.3",
	     "noise warning"},
	    {"fatal", L("master") "fatal: bind 0.0.0.0 port 25: Address already in use", "noise warning"},
	    {"error", L("local") "error: open database /etc/aliases.db: No such file or directory", "noise warning"},
	    {"panic", L("smtp") "panic: myfree: corrupt or unallocated memory block", "noise warning"},
	    {"one server of several", L("smtp") "connect to mx.example.net[192.0.2.7]:25: Connection timed out",
	     "noise attempt"},
	    {"one server said",
	     L("smtp") "4F1A2B3C4D: host mx.example.net[192.0.2.7] said: 450 4.2.0 later (in reply to RCPT TO command)",
	     "noise attempt"},
	    {"one server refused to talk",
	     L("smtp") "4F1A2B3C4D: host mx.example.net[192.0.2.7] refused to talk to me: 421 busy", "noise attempt"},
	    {"one server hung up",
	     L("smtp") "4F1A2B3C4D: lost connection with mx.example.net[192.0.2.7] while sending RCPT TO",
	     "noise attempt"},
	    {"one server went quiet",
	     L("smtp") "4F1A2B3C4D: conversation with mx.example.net[192.0.2.7] timed out while sending MAIL FROM",
	     "noise attempt"},
	    {"one server without TLS", L("smtp") "4F1A2B3C4D: Cannot start TLS: handshake failure", "noise attempt"},
	    {"workarounds",
	     L("smtp") "4F1A2B3C4D: enabling PIX workarounds: disable_esmtp for mx.example.net[192.0.2.7]:25",
	     "noise attempt"},
	    {"TLS", L("smtp") "Untrusted TLS connection established to mx.example.net[192.0.2.7]:25: TLSv1.3",
	     "noise tls"},
	    {"TLS in", L("smtpd") "Anonymous TLS connection established from h.example.com[198.51.100.3]: TLSv1.3",
	     "noise tls"},
	    {"TLS verified", L("smtp") "Verified TLS connection established to mx.example.net[192.0.2.7]:25: TLSv1.3",
	     "noise tls"},
	    {"TLS trusted", L("smtp") "Trusted TLS connection established to mx.example.net[192.0.2.7]:25: TLSv1.3",
	     "noise tls"},
	    {"TLS trouble", L("smtp") "SSL_connect error to mx.example.net[192.0.2.7]:25: -1", "noise tls"},
	    {"certificate",
	     L("smtp") "certificate verification failed for mx.example.net[192.0.2.7]:25: self-signed certificate",
	     "noise tls"},
	    {"rejected before the queue",
	     L("smtpd") "NOQUEUE: reject: RCPT from h[198.51.100.3]: 554 5.7.1 no; from=<a> to=<b>", "noise reject"},
	    {"rejected by a milter", L("smtpd") "NOQUEUE: milter-reject: CONNECT from h[198.51.100.3]: 451 4.7.1 later",
	     "noise reject"},
	    {"postscreen", L("postscreen") "NOQUEUE: reject: RCPT from [198.51.100.3]:4711: 550 5.7.1 no",
	     "noise reject"},
	    {"hold without an id", L("smtpd") "NOQUEUE: hold: RCPT from h[198.51.100.3]: x", "noise filter"},
	    {"proxy", L("smtpd") "NOQUEUE: client=h[198.51.100.3]", "noise filter"},
	    {"rejected in the queue", L("smtpd") "4F1A2B3C4D: reject: RCPT from h[198.51.100.3]: 550 5.1.1 no",
	     "noise reject"},
	    {"would be rejected", L("smtpd") "4F1A2B3C4D: reject_warning: RCPT from h[198.51.100.3]: 550 no",
	     "noise reject"},
	    {"header rejected", L("cleanup") "4F1A2B3C4D: reject: header Subject: x from h[198.51.100.3]; from=<a>",
	     "noise reject"},
	    {"milter in the queue",
	     L("cleanup") "4F1A2B3C4D: milter-reject: END-OF-MESSAGE from h[198.51.100.3]: 5.7.1 no", "noise reject"},
	    {"header noted", L("cleanup") "4F1A2B3C4D: warning: header Subject: x from h[198.51.100.3]; from=<a>",
	     "noise filter"},
	    {"header replaced", L("cleanup") "4F1A2B3C4D: replace: header X: y from local; from=<a>: X: z",
	     "noise filter"},
	    {"redirected", L("smtpd") "4F1A2B3C4D: redirect: RCPT from h[198.51.100.3]: x", "noise filter"},
	    {"postscreen connect", L("postscreen") "CONNECT from [198.51.100.3]:4711 to [192.0.2.1]:25",
	     "noise connect"},
	    {"postscreen disconnect", L("postscreen") "DISCONNECT [198.51.100.3]:4711", "noise disconnect"},
	    {"postscreen hang-up",
	     L("postscreen") "HANGUP after 0.2 from [198.51.100.3]:4711 in tests before SMTP handshake",
	     "noise disconnect"},
	    {"postscreen pass", L("postscreen") "PASS NEW [198.51.100.3]:4711", "noise other_postfix"},
	    {"dnsblog", L("dnsblog") "addr 198.51.100.3 listed by domain bl.example.org as 127.0.0.2",
	     "noise other_postfix"},
	    {"started", L("master") "daemon started -- version 3.7.11, configuration /etc/postfix", "noise notice"},
	    {"reload", L("master") "reload -- version 3.7.11, configuration /etc/postfix", "noise notice"},
	    {"stopping", L("postfix-script") "stopping the Postfix mail system", "noise notice"},
	    {"starting", L("postfix-script") "starting the Postfix mail system", "noise notice"},
	    {"terminating", L("master") "terminating on signal 15", "noise notice"},
	    {"table", L("smtpd") "table hash:/etc/aliases(0,lock|fold_fix) has changed -- restarting", "noise notice"},
	    {"repeated", L("smtp") "message repeated 2 times: [ 4F1A2B3C4D: to=<a@b.example> ]", "noise other_postfix"},
	    {"a word is no queue id", L("anvil") "something: else", "noise other_postfix"},
	    {"a service that has nothing to say of messages", L("tlsmgr") "4F1A2B3C4D: x", "noise other_postfix"},
	    {"a service not known", L("spamgate") "4F1A2B3C4D: removed", "noise other_postfix"},
	    {"another program", "Nov 24 08:00:00 mx1 sshd[99]: Failed password for root from 198.51.100.3 port 22 ssh2",
	     "noise other_program"},
	    {"dovecot", "Nov 24 08:00:00 mx1 dovecot: lmtp(ann)<1>: msgid=<1@example.com>: saved mail to INBOX",
	     "noise other_program"},
	    {"systemd", "Nov 24 08:00:00 mx1 systemd[1]: Started Daily apt upgrade.", "noise other_program"},
	    {"another MTA",
	     "Nov 24 08:00:00 mx1 sm-mta[9]: p879AR6l014283: to=<a@b.example>, delay=00:00:01, stat=Sent",
	     "noise other_program"},
	    {"a path is no MTA", "/usr/sbin/cron[9]: (root) CMD (true)", "noise other_program"},
	    {"syslog's own, without a tag", "Nov 24 08:00:00 mx1 last message repeated 3 times", "noise other_program"},
	    {"empty", "", "noise empty"},
	    {"white space", " \t\r\n", "noise empty"},
	};

	(void)state;
	run(cases, LEN(cases));
}

static void traps(void **state)
{
	static const struct line_case cases[] = {
	    {"status=sent in a reply",
	     L("smtp") "4F1A2B3C4D: to=<a@b.example>" REMOTE "dsn=4.0.0, status=deferred (host h[192.0.2.7] said: 450 "
	               "dsn=2.0.0, status=sent (250 Ok) (in reply to X command))",
	     "event deferred queue_id=4F1A2B3C4D recipient=a@b.example" R_REMOTE
	     " dsn=4.0.0 text=host h[192.0.2.7] said: 450 dsn=2.0.0, status=sent (250 Ok) (in reply to X command)"},
	    {"a line in a reply",
	     L("smtp") "4F1A2B3C4D: to=<a@b.example>" REMOTE "dsn=4.0.0, status=deferred (said: 450 Nov 24 08:00:00 "
	               "mx1 postfix/qmgr[1]: 4F1A2B3C4D: removed)",
	     "event deferred queue_id=4F1A2B3C4D recipient=a@b.example" R_REMOTE
	     " dsn=4.0.0 text=said: 450 Nov 24 08:00:00 mx1 postfix/qmgr[1]: 4F1A2B3C4D: removed"},
	    {"status=sent in a quoted local part",
	     L("smtp") "4F1A2B3C4D: to=<\"status=sent (250 Ok)\"@b.example>" NONE "dsn=4.0.0, status=deferred (x)",
	     "event deferred queue_id=4F1A2B3C4D recipient=\"status=sent (250 Ok)\"@b.example dsn=4.0.0 text=x"},
	    {"the start of a tail in a quoted local part",
	     L("smtp") "4F1A2B3C4D: to=<\"a>, relay=none, delay=1\"@b.example>" NONE "dsn=4.0.0, status=deferred (x)",
	     "event deferred queue_id=4F1A2B3C4D recipient=\"a>, relay=none, delay=1\"@b.example dsn=4.0.0 text=x"},
	    {"a whole tail in a quoted local part",
	     L("smtp") "4F1A2B3C4D: to=<\"a>, relay=none, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent "
	               "(\"@b.example>" NONE "dsn=4.0.0, status=deferred (x)",
	     "dead ambiguous relay"},
	    {"a whole tail in an unquoted local part",
	     L("smtp") "4F1A2B3C4D: to=<a>, relay=none, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent "
	               "(@b.example>" NONE "dsn=4.0.0, status=deferred (x)",
	     "dead ambiguous relay"},
	    {"a whole tail in a reply",
	     L("smtp") "4F1A2B3C4D: to=<a@b.example>" REMOTE "dsn=4.0.0, status=deferred (said: 450 <x>, relay=none, "
	               "delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250))",
	     "dead ambiguous relay"},
	    {"an open quote in the address, closed by the reply",
	     L("smtp") "4F1A2B3C4D: to=<\"a@b.example>" REMOTE "dsn=4.0.0, status=deferred (said: 450 \"@b.example>, "
	               "relay=none, delay=1, dsn=2.0.0, status=sent (250))",
	     "dead ambiguous relay"},
	    {"an open quote in the address, nothing forged",
	     L("smtp") "4F1A2B3C4D: to=<\"a@b.example>" REMOTE "dsn=4.0.0, status=deferred (said: 450 \"no\")",
	     "event deferred queue_id=4F1A2B3C4D recipient=\"a@b.example" R_REMOTE " dsn=4.0.0 text=said: 450 \"no\""},
	    {"orig_to in a quoted local part",
	     L("smtp") "4F1A2B3C4D: to=<\"a>, orig_to=<b\"@b.example>" NONE "dsn=4.0.0, status=deferred (x)",
	     "dead ambiguous recipient"},
	    {"orig_to twice",
	     L("smtp") "4F1A2B3C4D: to=<a>, orig_to=<b>, orig_to=<c@b.example>" NONE "dsn=4.0.0, status=deferred (x)",
	     "dead ambiguous recipient"},
	    {"orig_to in a reply",
	     L("smtp") "4F1A2B3C4D: to=<a@b.example>" NONE "dsn=4.0.0, status=deferred (x>, orig_to=<c@b.example>)",
	     "event deferred queue_id=4F1A2B3C4D recipient=a@b.example dsn=4.0.0 text=x>, orig_to=<c@b.example>"},
	    {"old local, a tail in the reply",
	     L("local") "4F1A2B3C4D: to=ann@b.example, relay=local, delay=1, status=deferred (x, relay=local, delay=1, "
	                "status=sent (y))",
	     "dead ambiguous relay"},
	    {"a forged id in a message id",
	     L("cleanup") "4F1A2B3C4D: message-id=<x>: to=<a@b.example>" NONE "dsn=2.0.0, status=sent (x)",
	     "fact message_id queue_id=4F1A2B3C4D message_id=<x>: to=<a@b.example>" NONE "dsn=2.0.0, status=sent (x)"},
	    {"a record behind a warning",
	     L("smtpd") "warning: x: 4F1A2B3C4D: to=<a@b.example>" NONE "dsn=2.0.0, status=sent (x)", "noise warning"},
	    {"a record behind a client",
	     L("smtpd") "4F1A2B3C4D: client=x[198.51.100.3], to=<a@b.example>" NONE "dsn=2.0.0, status=sent (x)",
	     "fact arrived queue_id=4F1A2B3C4D"},
	    {"a program that is no Postfix",
	     "Nov 24 08:00:00 mx1 logger: 4F1A2B3C4D: to=<a@b.example>" NONE "dsn=2.0.0, status=sent (x)",
	     "noise other_program"},
	};

	(void)state;
	run(cases, LEN(cases));
}

static void dead_letters(void **state)
{
	static const struct line_case cases[] = {
	    {"free text", "something went wrong", "dead unknown_format"},
	    {"free text with a colon", "error: something went wrong", "dead unknown_format"},
	    {"a bare id and no more", "4F1A2B3C4D: something", "dead unknown_format"},
	    {"a stamp alone", "Nov 24 08:00:00", "dead unknown_format"},
	    {"half a zone", "2025-08-07T18:24:58+05 mx1 a: x", "dead unknown_format"},
	    {"no such zone", "2025-08-07T18:24:58+99:00 mx1 a: x", "dead unknown_format"},
	    {"no such day", "2025-02-30T18:24:58Z mx1 a: x", "dead unknown_format"},
	    {"before time", "1969-12-31T23:59:59Z mx1 a: x", "dead unknown_format"},
	    {"cut in the head", "Nov 24 08:00:00 mx1 postfix/sm", "dead unknown_format"},
	    {"cut in the recipient", L("smtp") "4F1A2B3C4D: to=<ann@exam", "dead cut_line"},
	    {"cut in the relay", L("smtp") "4F1A2B3C4D: to=<a@b.example>, relay=mx.exa", "dead cut_line"},
	    {"cut in the delay", L("smtp") "4F1A2B3C4D: to=<a@b.example>, relay=none, delay=1", "dead cut_line"},
	    {"cut before the status", L("smtp") "4F1A2B3C4D: to=<a@b.example>" REMOTE "dsn=4.0.0, sta",
	     "dead cut_line"},
	    {"cut in the status", L("smtp") "4F1A2B3C4D: to=<a@b.example>" REMOTE "dsn=4.0.0, status=def",
	     "dead cut_line status"},
	    {"cut behind the status", L("smtp") "4F1A2B3C4D: to=<a@b.example>" REMOTE "dsn=4.0.0, status=sent",
	     "dead cut_line status"},
	    {"no relay", L("smtp") "4F1A2B3C4D: to=<a@b.example>, delay=1, dsn=4.0.0, status=sent (x)",
	     "dead bad_delivery"},
	    {"unknown field", L("smtp") "4F1A2B3C4D: to=<a@b.example>, relay=none, moon=full, delay=1, status=sent (x)",
	     "dead bad_delivery"},
	    {"bad delay", L("smtp") "4F1A2B3C4D: to=<a@b.example>, relay=none, delay=soon, dsn=2.0.0, status=sent (x)",
	     "dead bad_delivery delay"},
	    {"negative delay",
	     L("smtp") "4F1A2B3C4D: to=<a@b.example>, relay=none, delay=-1, dsn=2.0.0, status=sent (x)",
	     "dead bad_delivery delay"},
	    {"endless delay",
	     L("smtp") "4F1A2B3C4D: to=<a@b.example>, relay=none, delay=99999999999999999999, status=sent (x)",
	     "dead bad_delivery delay"},
	    {"three delays",
	     L("smtp") "4F1A2B3C4D: to=<a@b.example>, relay=none, delay=1, delays=1/0/0, dsn=2.0.0, status=sent (x)",
	     "dead bad_delivery delays"},
	    {"bad dsn", L("smtp") "4F1A2B3C4D: to=<a@b.example>" REMOTE "dsn=3.0.0, status=sent (x)",
	     "dead bad_delivery dsn"},
	    {"dsn of two parts", L("smtp") "4F1A2B3C4D: to=<a@b.example>" REMOTE "dsn=4.4444.1, status=sent (x)",
	     "dead bad_delivery dsn"},
	    {"bad queue id", L("smtp") "4F1A-2B3C: to=<a@b.example>" NONE "dsn=2.0.0, status=sent (x)",
	     "dead bad_queue_id"},
	    {"short queue id", L("smtp") "4F1: to=<a@b.example>" NONE "dsn=2.0.0, status=sent (x)",
	     "dead bad_queue_id"},
	    {"long queue id",
	     L("smtp") "4F1A2B3C4D4F1A2B3C4D4F1A2B3C4D4F1A2B3C4D: to=<a@b.example>" NONE "dsn=2.0.0, status=sent (x)",
	     "dead bad_queue_id"},
	    {"noise of a modem", "\x01\x02\x03\x04\x05\x06\xff\xfe\xf9", "dead binary"},
	};

	(void)state;
	run(cases, LEN(cases));
}

static void bounds(void **state)
{
	static const struct {
		const char *label, *before;
		size_t n;
		const char *behind, *want;
	} cases[] = {
	    {"recipient of 512", L("smtp") "4F1A2B3C4D: to=<", 512, ">" NONE "dsn=4.0.0, status=deferred (x)",
	     "event deferred"},
	    {"recipient of 513", L("smtp") "4F1A2B3C4D: to=<", 513, ">" NONE "dsn=4.0.0, status=deferred (x)",
	     "dead field_too_long recipient"},
	    {"orig_to of 513", L("smtp") "4F1A2B3C4D: to=<a>, orig_to=<", 513,
	     ">" NONE "dsn=4.0.0, status=deferred (x)", "dead field_too_long orig_recipient"},
	    {"relay of 256", L("smtp") "4F1A2B3C4D: to=<a>, relay=", 256, "[192.0.2.7]:25" DELAYS "status=sent (x)",
	     "dead field_too_long relay"},
	    {"sender of 513", L("qmgr") "4F1A2B3C4D: from=<", 513, ">, size=1, nrcpt=1 (queue active)",
	     "dead field_too_long sender"},
	    {"message id of 9000 is cut", L("cleanup") "4F1A2B3C4D: message-id=<", 9000, ">", "fact message_id"},
	    {"reason of 9000 is cut", L("smtp") "4F1A2B3C4D: to=<a>" NONE "dsn=4.0.0, status=deferred (", 9000, ")",
	     "event deferred"},
	    {"64 KiB", "", 65536, "", "dead unknown_format"},
	    {"more than 64 KiB", "", 65537, "", "dead too_long"},
	    {"a megabyte", L("smtp") "4F1A2B3C4D: to=<", 1000000, ">" NONE "status=sent (x)", "dead too_long"},
	};
	struct arena a = ARENA_INIT;
	struct buf line = BUF_INIT, out = BUF_INIT;
	struct line_result r;

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		buf_clear(&line);
		buf_str(&line, str_from(cases[i].before));
		for (size_t j = 0; j < cases[i].n; j++)
			buf_chr(&line, 'x');
		buf_str(&line, str_from(cases[i].behind));
		read_one(line.p, line.n, &a, &r);
		const char *got = show(&r, common, &out);
		if (r.kind == LINE_DEAD)
			expect_str(str_from(got), str_from(cases[i].want), cases[i].label);
		else
			expect(str_starts(str_from(got), str_from(cases[i].want)), cases[i].label);
		expect(r.d.text.n <= 512 && r.d.message_id.n <= 512 && r.d.recipient.n <= 512, cases[i].label);
		arena_reset(&a);
	}
	read_one("a\0b", 3, &a, &r);
	assert_string_equal(show(&r, common, &out), "dead binary");
	arena_release(&a);
	buf_release(&line);
	buf_release(&out);
}

static void arrivals(void **state)
{
	static const char *const skip[] = {"site",       "host", "mta",      "instance", "service",
	                                   "ts_quality", "time", "queue_id", "relay",    "recipient",
	                                   "text",       "dsn",  NULL};
#define STAMPED(stamp, delay)                                                                                          \
	stamp " mx1 postfix/smtp[1]: 4F1A2B3C4D: to=<a>, relay=none, delay=" delay ", dsn=4.0.0, status=deferred (x)"
	static const struct line_case cases[] = {
	    {"whole seconds", STAMPED("Nov 24 08:00:00", "71766"),
	     "event deferred arrival=2026-11-23T12:03:54.000Z arrival_source=delay arrival_error_ms=2000 "
	     "delay_ms=71766000"},
	    {"a tenth", STAMPED("Nov 24 08:00:00", "3.6"),
	     "event deferred arrival=2026-11-24T07:59:56.400Z arrival_source=delay arrival_error_ms=1100 "
	     "delay_ms=3600"},
	    {"a hundredth, exact stamp", STAMPED("2026-11-24T08:00:00.250+00:00", "0.05"),
	     "event deferred arrival=2026-11-24T08:00:00.200Z arrival_source=delay arrival_error_ms=11 delay_ms=50"},
	    {"six digits", STAMPED("2026-11-24T08:00:00.250+00:00", "0.123456"),
	     "event deferred arrival=2026-11-24T08:00:00.127Z arrival_source=delay arrival_error_ms=2 delay_ms=123"},
	    {"none", STAMPED("Nov 24 08:00:00", "0"),
	     "event deferred arrival=2026-11-24T08:00:00.000Z arrival_source=delay arrival_error_ms=2000 delay_ms=0"},
	    {"older than time", STAMPED("Nov 24 08:00:00", "99999999999"), "event deferred delay_ms=99999999999000"},
	    {"explicit", "2026-11-24T08:00:00.250Z mx1 postfix/smtpd[1]: 4F1A2B3C4D: client=h[192.0.2.1]",
	     "fact arrived arrival=2026-11-24T08:00:00.250Z arrival_source=explicit arrival_error_ms=1"},
	    {"explicit, whole seconds", L("pickup") "4F1A2B3C4D: uid=0 from=<root>",
	     "fact arrived arrival=2026-11-24T08:00:00.000Z arrival_source=explicit arrival_error_ms=1000 sender=root"},
	};
	struct arena a = ARENA_INIT;
	struct buf out = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct line_result r;

		read_one(cases[i].line, strlen(cases[i].line), &a, &r);
		expect_str(str_from(show(&r, skip, &out)), str_from(cases[i].want), cases[i].label);
	}
	arena_release(&a);
	buf_release(&out);
}

/* What the configuration says of hosts and hops. */
static void configured(void **state)
{
	static const struct str hops[] = {{"filter.example.org", 18}, {"192.0.2.99", 10}};
	static const struct {
		const char *label, *relay;
		enum event want;
	} cases[] = {
	    {"by name", "FILTER.example.org[192.0.2.1]:25", EVENT_HANDED_ON},
	    {"by address", "other.example.org[192.0.2.99]:25", EVENT_HANDED_ON},
	    {"neither", "other.example.org[192.0.2.98]:25", EVENT_DELIVERED},
	    {"loopback by nature", "x[127.0.0.1]:25", EVENT_HANDED_ON},
	    {"localhost only if listed", "localhost[192.0.2.5]:25", EVENT_DELIVERED},
	};
	struct ingest_config c;
	struct arena a = ARENA_INIT;
	struct buf line = BUF_INIT;
	struct line_result r;

	(void)state;
	ingest_config_default(&c);
	c.internal_hops = hops;
	c.n_internal_hops = LEN(hops);
	c.host = STR("edge");
	c.site = STR("north");
	for (size_t i = 0; i < LEN(cases); i++) {
		buf_clear(&line);
		buf_fmt(
		    &line,
		    "postfix-out/relay/smtp[1]: 4F1A2B3C4D: to=<a>, relay=%s, delay=1, dsn=2.0.0, status=sent (250 Ok)",
		    cases[i].relay);
		line_read(&c, buf_view(&line), at("2026-11-24T08:00:01Z"), &a, &r);
		expect_i64(r.d.event, cases[i].want, cases[i].label);
		expect_str(r.d.host, STR("edge"), cases[i].label);
		expect_str(r.d.site, STR("north"), cases[i].label);
		expect_str(r.d.instance, STR("postfix-out"), cases[i].label);
		expect_str(r.d.service, STR("relay/smtp"), cases[i].label);
		expect_i64(r.d.time_ms, at("2026-11-24T08:00:01Z"), cases[i].label);
		expect_i64(r.d.ts_quality, TS_QUALITY_RECORD, cases[i].label);
	}
	arena_release(&a);
	buf_release(&line);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(statuses),   cmocka_unit_test(fields),           cmocka_unit_test(handed_on),
	    cmocka_unit_test(life_cycle), cmocka_unit_test(operator_actions), cmocka_unit_test(noise),
	    cmocka_unit_test(traps),      cmocka_unit_test(dead_letters),     cmocka_unit_test(bounds),
	    cmocka_unit_test(arrivals),   cmocka_unit_test(configured),       cmocka_unit_test(without_service),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
