/* SPDX-License-Identifier: Apache-2.0 */
/* classify_destination_test - recipient's domain, next hop, provider, connector, kind and group of a delivery */
#include "tests/unit/classify_support.h"

static struct str own_domains[] = {{"branch.example.net", 18}, {".corp.example", 13}};
static struct str partner_hops[] = {{".partner.example", 16}};
static struct str dc_networks[] = {{"198.51.100.0/25", 15}, {"2001:db8:5::/48", 15}, {"203.0.113.77", 12}};
static struct str odd_domains[] = {{"odd.example", 11}};
static struct str relay_transports[] = {{"partner-relay", 13}, {"bulk/smtp", 9}, {"remote_branch", 13}};
static struct str idn_domains[] = {{".xn--mller-kva.example", 22}};
static const struct connector connectors[] = {
    {.name = {"branch", 6}, .kind = KIND_OWN, .domains = own_domains, .n_domains = 2},
    {.name = {"partner", 7}, .kind = KIND_PARTNER, .next_hops = partner_hops, .n_next_hops = 1},
    {.name = {"dc", 2}, .kind = KIND_OWN, .networks = dc_networks, .n_networks = 3},
    {.name = {"by-transport", 12}, .kind = KIND_PARTNER, .transports = relay_transports, .n_transports = 3},
    {.name = {"idn", 3}, .kind = KIND_OWN, .domains = idn_domains, .n_domains = 1},
    {.name = {"Odd name|x", 10}, .kind = KIND_INTERNET, .domains = odd_domains, .n_domains = 1},
};
static const struct str internal_hops[] = {{"127.0.0.1", 9}, {"::1", 3}, {"localhost", 9}, {"filter.example.org", 18}};
static const struct destination_config config = {connectors, LEN(connectors), internal_hops, LEN(internal_hops)};

#define REFUSED(peer) "connect to " peer ":25: Connection refused"
#define NO_REPLY      "host mx.example.org[192.0.2.1] said: 450 no (in reply to RCPT TO command)"

struct route {
	const char *label;
	const char *recipient, *relay, *relay_ip, *text;
	const char *destination, *next_hop, *next_hop_ip, *provider, *connector, *group;
	enum kind kind;
};

static const struct route hops[] = {
    {"relay", "a@b.example", "MX1.example.co.uk", "192.0.2.1", NO_REPLY, "b.example", "mx1.example.co.uk", "192.0.2.1",
     "", "", "example.co.uk", KIND_INTERNET},
    {"relay before text", "a@b.example", "mx.one.example", "192.0.2.2", NO_REPLY, "b.example", "mx.one.example",
     "192.0.2.2", "", "", "one.example", KIND_INTERNET},
    {"hop of the text", "a@b.example", "", "", REFUSED("mx.two.example[192.0.2.3]"), "b.example", "mx.two.example",
     "192.0.2.3", "", "", "two.example", KIND_INTERNET},
    {"hop of a suspended text", "a@b.example", "", "",
     "delivery temporarily suspended: " REFUSED("mx.two.example[192.0.2.3]"), "b.example", "mx.two.example",
     "192.0.2.3", "", "", "two.example", KIND_INTERNET},
    {"host of a reply", "a@b.example", "", "", NO_REPLY, "b.example", "mx.example.org", "192.0.2.1", "", "",
     "example.org", KIND_INTERNET},
    {"lost connection", "a@b.example", "", "", "lost connection with mx.two.example[192.0.2.3] while sending RCPT TO",
     "b.example", "mx.two.example", "192.0.2.3", "", "", "two.example", KIND_INTERNET},
    {"conversation", "a@b.example", "", "",
     "conversation with mx.two.example[192.0.2.3] timed out while sending RCPT TO", "b.example", "mx.two.example",
     "192.0.2.3", "", "", "two.example", KIND_INTERNET},
    {"TLS", "a@b.example", "", "", "TLS is required, but was not offered by host mx.two.example[192.0.2.3]",
     "b.example", "mx.two.example", "192.0.2.3", "", "", "two.example", KIND_INTERNET},
    {"name", "a@b.example", "", "",
     "Host or domain name not found. Name service error for name=smart.two.example type=A: Host not found", "b.example",
     "smart.two.example", "", "", "", "two.example", KIND_INTERNET},
    {"final dots", "a@b.example.", "mx.two.example.", "192.0.2.3", "450 no", "b.example", "mx.two.example", "192.0.2.3",
     "", "", "two.example", KIND_INTERNET},
    {"no hop", "a@b.example", "", "", "mystery", "b.example", "", "", "", "", "b.example", KIND_INTERNET},
    {"case of the domain", "a@B.EXAMPLE", "", "", "mystery", "b.example", "", "", "", "", "b.example", KIND_INTERNET},
    {"two at signs", "\"a@x.example\"@b.example", "", "", "mystery", "b.example", "", "", "", "", "b.example",
     KIND_INTERNET},
    {"agent is no hop", "a@b.example", "virtual", "", "mystery", "b.example", "", "", "", "", "b.example",
     KIND_INTERNET},
    {"no domain, no hop", "root", "", "", "mystery", "", "", "", "", "", "local:mail1", KIND_OWN},
    {"no domain", "root", "mx.two.example", "192.0.2.3", "450 no", "", "mx.two.example", "192.0.2.3", "", "",
     "two.example", KIND_INTERNET},
    {"hop without a dot", "a@b.example", "relay", "192.0.2.3", "450 no", "b.example", "relay", "192.0.2.3", "", "",
     "b.example", KIND_INTERNET},
    {"hop that is an address", "a@b.example", "192.0.2.3", "192.0.2.3", "450 no", "b.example", "192.0.2.3", "192.0.2.3",
     "", "", "b.example", KIND_INTERNET},
    {"hop that is an IPv6 address", "a@b.example", "2001:db8::7", "2001:db8::7", "450 no", "b.example", "2001:db8::7",
     "2001:db8::7", "", "", "b.example", KIND_INTERNET},
    {"hop that is a public suffix", "a@b.example", "co.uk", "192.0.2.3", "450 no", "b.example", "co.uk", "192.0.2.3",
     "", "", "b.example", KIND_INTERNET},
    {"hop of an unknown suffix", "a@b.example", "mx.lan.corpnet", "192.0.2.3", "450 no", "b.example", "mx.lan.corpnet",
     "192.0.2.3", "", "", "lan.corpnet", KIND_INTERNET},
    {"address literal", "a@[192.0.2.5]", "", "", "mystery", "[192.0.2.5]", "", "", "", "", "[192.0.2.5]",
     KIND_INTERNET},
    {"bytes that are no domain's", "a@b|c\xc3\xa4 d.example", "", "", "mystery", "b|c\xc3\xa4 d.example", "", "", "",
     "", "b?c???d.example", KIND_INTERNET},
    {"relay with its address", "a@b.example", "MX.two.example [192.0.2.3]:26", "", "450 no", "b.example",
     "mx.two.example", "192.0.2.3", "", "", "two.example", KIND_INTERNET},
    {"relay with its address, no blank", "a@b.example", "mx.two.example[2001:db8::3]", "", "450 no", "b.example",
     "mx.two.example", "2001:db8::3", "", "", "two.example", KIND_INTERNET},
    {"relay that is an address", "a@b.example", "[192.0.2.3]:25", "", "450 no", "b.example", "192.0.2.3", "192.0.2.3",
     "", "", "b.example", KIND_INTERNET},
    {"relay with a bracket that does not end", "a@b.example", "mx.two.example[", "", "450 no", "b.example",
     "mx.two.example[", "", "", "", "two.example[", KIND_INTERNET},
    {"U-label", "a@m\xc3\xbcller.test", "", "", "mystery", "xn--mller-kva.test", "", "", "", "", "xn--mller-kva.test",
     KIND_INTERNET},
    {"A-label", "a@XN--MLLER-KVA.test", "", "", "mystery", "xn--mller-kva.test", "", "", "", "", "xn--mller-kva.test",
     KIND_INTERNET},
    {"hop that is a U-label", "a@b.example", "mx.m\xc3\xbcller.test", "192.0.2.3", "450 no", "b.example",
     "mx.xn--mller-kva.test", "192.0.2.3", "", "", "xn--mller-kva.test", KIND_INTERNET},
    {"IPv6 literal", "a@[IPv6:2001:DB8::0:5]", "", "", "mystery", "[ipv6:2001:db8::5]", "", "", "", "",
     "[ipv6:2001:db8::5]", KIND_INTERNET},
    {"source route", "@x.example,@y.example:a@b.example", "", "", "mystery", "b.example", "", "", "", "", "b.example",
     KIND_INTERNET},
    {"provider", "a@b.example", "aspmx.l.google.com", "192.0.2.9", "450 no", "b.example", "aspmx.l.google.com",
     "192.0.2.9", "google", "", "google", KIND_INTERNET},
    {"provider of a hop in the text", "a@b.example", "", "",
     REFUSED("b-example.mail.protection.outlook.com[192.0.2.9]"), "b.example", "b-example.mail.protection.outlook.com",
     "192.0.2.9", "office365", "", "office365", KIND_INTERNET},
};

static const struct route routes[] = {
    {"by domain", "a@branch.example.net", "", "", "mystery", "branch.example.net", "", "", "", "branch", "branch",
     KIND_OWN},
    {"by domain, not below it", "a@x.branch.example.net", "", "", "mystery", "x.branch.example.net", "", "", "", "",
     "x.branch.example.net", KIND_INTERNET},
    {"below a dotted domain", "a@x.y.corp.example", "", "", "mystery", "x.y.corp.example", "", "", "", "branch",
     "branch", KIND_OWN},
    {"a dotted domain itself", "a@corp.example", "", "", "mystery", "corp.example", "", "", "", "branch", "branch",
     KIND_OWN},
    {"only looks alike", "a@notcorp.example", "", "", "mystery", "notcorp.example", "", "", "", "", "notcorp.example",
     KIND_INTERNET},
    {"by next hop", "a@b.example", "In.Partner.example", "192.0.2.9", "450 no", "b.example", "in.partner.example",
     "192.0.2.9", "", "partner", "partner", KIND_PARTNER},
    {"by next hop of the text", "a@b.example", "", "", REFUSED("in.partner.example[192.0.2.9]"), "b.example",
     "in.partner.example", "192.0.2.9", "", "partner", "partner", KIND_PARTNER},
    {"by name that does not resolve", "a@b.example", "", "",
     "Host or domain name not found. Name service error for name=in.partner.example type=A: Host not found",
     "b.example", "in.partner.example", "", "", "partner", "partner", KIND_PARTNER},
    {"by network", "a@b.example", "mx.x.example", "198.51.100.127", "450 no", "b.example", "mx.x.example",
     "198.51.100.127", "", "dc", "dc", KIND_OWN},
    {"beside the network", "a@b.example", "mx.x.example", "198.51.100.128", "450 no", "b.example", "mx.x.example",
     "198.51.100.128", "", "", "x.example", KIND_INTERNET},
    {"by IPv6 network", "a@b.example", "", "", REFUSED("mx.x.example[2001:db8:5:1::9]"), "b.example", "mx.x.example",
     "2001:db8:5:1::9", "", "dc", "dc", KIND_OWN},
    {"beside the IPv6 network", "a@b.example", "", "", REFUSED("mx.x.example[2001:db8:6::9]"), "b.example",
     "mx.x.example", "2001:db8:6::9", "", "", "x.example", KIND_INTERNET},
    {"by address", "a@b.example", "mx.x.example", "203.0.113.77", "450 no", "b.example", "mx.x.example", "203.0.113.77",
     "", "dc", "dc", KIND_OWN},
    {"the first connector wins", "a@corp.example", "in.partner.example", "192.0.2.9", "450 no", "corp.example",
     "in.partner.example", "192.0.2.9", "", "branch", "branch", KIND_OWN},
    {"connector before provider", "a@corp.example", "mx.google.com", "192.0.2.9", "450 no", "corp.example",
     "mx.google.com", "192.0.2.9", "google", "branch", "branch", KIND_OWN},
    {"connector of an odd name", "a@odd.example", "", "", "mystery", "odd.example", "", "", "", "Odd name|x",
     "odd?name?x", KIND_INTERNET},
    {"by domain as a U-label", "a@mail.m\xc3\xbcller.example", "", "", "mystery", "mail.xn--mller-kva.example", "", "",
     "", "idn", "idn", KIND_OWN},
    {"by domain as an A-label", "a@xn--mller-kva.example", "", "", "mystery", "xn--mller-kva.example", "", "", "",
     "idn", "idn", KIND_OWN},
    {"loopback", "a@b.example", "127.0.0.1", "127.0.0.1", "450 no", "b.example", "127.0.0.1", "127.0.0.1", "", "",
     "local:mail1", KIND_OWN},
    {"loopback in the text", "a@b.example", "", "", "connect to 127.0.0.1[127.0.0.1]:10024: Connection refused",
     "b.example", "127.0.0.1", "127.0.0.1", "", "", "local:mail1", KIND_OWN},
    {"IPv6 loopback", "a@b.example", "localhost", "::1", "450 no", "b.example", "localhost", "::1", "", "",
     "local:mail1", KIND_OWN},
    {"configured hop", "a@b.example", "Filter.example.org", "192.0.2.9", "450 no", "b.example", "filter.example.org",
     "192.0.2.9", "", "", "local:mail1", KIND_OWN},
    {"socket", "a@b.example", "mail.b.example", "private/lmtp", "450 no", "b.example", "mail.b.example", "", "", "",
     "local:mail1", KIND_OWN},
    {"socket in the text", "a@b.example", "", "", "connect to mail.b.example[private/lmtp]: Connection refused",
     "b.example", "mail.b.example", "", "", "", "local:mail1", KIND_OWN},
    {"connector before local", "a@corp.example", "127.0.0.1", "127.0.0.1", "450 no", "corp.example", "127.0.0.1",
     "127.0.0.1", "", "branch", "branch", KIND_OWN},
    {"local class", "a@b.example", "", "", "unknown mail transport error", "b.example", "", "", "", "", "local:mail1",
     KIND_OWN},
    {"local class with a hop", "a@b.example", "", "", "connect to mx.x.example[192.0.2.9]:25: Operation not permitted",
     "b.example", "mx.x.example", "192.0.2.9", "", "", "local:mail1", KIND_OWN},
    {"local class at a connector", "a@corp.example", "", "", "unknown mail transport error", "corp.example", "", "", "",
     "branch", "branch", KIND_OWN},
};

static void check_rows(const struct route *rows, size_t n)
{
	struct fixture f;

	fixture_init(&f, &config);
	for (size_t i = 0; i < n; i++) {
		const struct route *r = &rows[i];
		struct delivery d;
		deferral(&d, r->text, NULL);
		d.recipient = str_from(r->recipient);
		d.relay = str_from(r->relay);
		d.relay_ip = str_from(r->relay_ip);
		run(&f, &d);
		expect_str(d.destination, str_from(r->destination), r->label);
		expect_str(d.next_hop, str_from(r->next_hop), r->label);
		expect_str(d.next_hop_ip, str_from(r->next_hop_ip), r->label);
		expect_str(d.provider, str_from(r->provider), r->label);
		expect_str(d.connector, str_from(r->connector), r->label);
		expect_str(d.group, str_from(r->group), r->label);
		expect_i64(d.kind, r->kind, r->label);
	}
	fixture_release(&f);
}

static void test_hops(void **state)
{
	(void)state;
	check_rows(hops, LEN(hops));
}

static void test_routes(void **state)
{
	(void)state;
	check_rows(routes, LEN(routes));
}

static void test_transports(void **state)
{
	static const struct {
		const char *label, *instance, *service, *want;
	} rows[] = {
	    {"first part", "postfix", "partner-relay/smtp", "by-transport"},
	    {"case", "postfix", "Partner-Relay/smtp", "by-transport"},
	    {"whole service", "postfix", "bulk/smtp", "by-transport"},
	    {"whole service of another MTA", "", "remote_branch", "by-transport"},
	    {"instance", "partner-relay", "smtp", "by-transport"},
	    {"half of a service", "postfix", "bulk/lmtp", ""},
	    {"last part", "postfix", "x/partner-relay", ""},
	    {"plain", "postfix", "smtp", ""},
	    {"longer", "postfix", "partner-relay2/smtp", ""},
	    {"none", "", "", ""},
	};
	struct fixture f;

	(void)state;
	fixture_init(&f, &config);
	for (size_t i = 0; i < LEN(rows); i++) {
		struct delivery d;
		deferral(&d, "450 no", "mx.two.example");
		d.instance = str_from(rows[i].instance);
		d.service = str_from(rows[i].service);
		run(&f, &d);
		expect_str(d.connector, str_from(rows[i].want), rows[i].label);
		expect_i64(d.kind, *rows[i].want ? KIND_PARTNER : KIND_INTERNET, rows[i].label);
	}
	fixture_release(&f);
}

/* Lines of other outcomes have a destination, too, and no verdict. */
static void test_other_events(void **state)
{
	static const enum event events[] = {EVENT_DELIVERED, EVENT_HANDED_ON, EVENT_DISCARDED};
	struct fixture f;
	struct delivery d;

	(void)state;
	fixture_init(&f, &config);
	for (size_t i = 0; i < LEN(events); i++) {
		deferral(&d, "250 2.0.0 Ok: over quota, connect to x", "mx.two.example");
		d.event = (int)events[i];
		run(&f, &d);
		expect_str(d.group, STR("two.example"), "group");
		expect_i64(d.class, CLASS_none, "class");
		expect_i64(d.side, SIDE_UNKNOWN, "side");
		expect_i64(d.reply_code, -1, "reply code");
	}
	deferral(&d, "", "mx.two.example");
	d.event = EVENT_REMOVED;
	d.recipient = STR_NONE;
	run(&f, &d);
	expect_str(d.group, STR_NONE, "a fact about the message alone");
	fixture_release(&f);
}

/* A group is a key of topics: short, lower case, of few characters; whatever stands in an address. */
static void test_group_is_safe(void **state)
{
	struct fixture f;
	uint64_t seed = 5;

	(void)state;
	fixture_init(&f, &config);
	for (int round = 0; round < 3000; round++) {
		char bytes[400];
		size_t n = 1 + random_below(&seed, sizeof(bytes) - 1);
		struct delivery d;
		random_bytes(&seed, bytes, n);
		bytes[0] = '@';
		deferral(&d, "mystery", NULL);
		d.recipient = str_of(bytes, n);
		run(&f, &d);
		assert_in_range(d.group.n, 1, GROUP_MAX);
		for (size_t i = 0; i < d.group.n; i++)
			assert_non_null(memchr("abcdefghijklmnopqrstuvwxyz0123456789.-_:[]/?", d.group.p[i], 44));
		arena_reset(&f.arena);
	}
	fixture_release(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_hops),          cmocka_unit_test(test_routes),
	    cmocka_unit_test(test_transports),    cmocka_unit_test(test_other_events),
	    cmocka_unit_test(test_group_is_safe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
