/* SPDX-License-Identifier: Apache-2.0 */
/* config - every kind of mistake with its place and what is allowed; defaults, sample and documentation */
#include "main/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/timefmt.h"
#include "main/config_priv.h"
#include "main/options.h"

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

/* Reads text as a file; messages then begin with "FILE:" instead of its path. */
static int read_text(struct config *c, const char *text, char *ret_msg, size_t n)
{
	char path[] = "/tmp/qlapse_config_XXXXXX";
	int fd = mkstemp(path);
	struct err err = {0};
	int result;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	result = config_read(c, path, &err);
	if (result == 0)
		result = config_check(c, &err);
	if (ret_msg && result < 0) {
		assert_int_equal(err.kind, ERR_CONFIG);
		assert_memory_equal(err.msg, path, strlen(path));
		snprintf(ret_msg, n, "FILE%s", err.msg + strlen(path));
	}
	unlink(path);
	return result;
}

static void refuses_with_place_value_and_what_is_allowed(void **state)
{
	(void)state;
	static const struct {
		const char *label, *text, *want;
	} cases[] = {
	    {"unknown at the top", "app: x\nthreds: 2\n", "FILE:2: unknown option 'threds'; did you mean 'threads'?"},
	    {"unknown within", "\ntrack:\n  lifetme: 2d\n",
	     "FILE:3: unknown option 'track.lifetme'; did you mean 'track.lifetime'?"},
	    {"unknown, two levels down", "alert:\n  own:\n    volume_mesages: 2\n",
	     "FILE:3: unknown option 'alert.own.volume_mesages'; did you mean 'alert.own.volume_messages'?"},
	    {"unknown section", "conectors: []\n", "FILE:1: unknown option 'conectors'; did you mean 'connectors'?"},
	    {"nothing near", "zzzzzzzzzzzzzz: 1\n", "FILE:1: unknown option 'zzzzzzzzzzzzzz'"},
	    {"unknown map", "trick:\n  lifetime: 2d\n", "FILE:1: unknown option 'trick'; did you mean 'track'?"},
	    {"a scalar where keys belong", "track: 5\n", "FILE:1: 'track' wants options below it"},
	    {"no map at all", "- a\n- b\n", "FILE:1: options are wanted here, each a key with a value"},
	    {"not YAML", "a: [1\n", NULL},
	    {"the same key twice", "app: a\napp: b\n", "FILE:2: key \"app\" stands here again, first in line 1"},
	    {"int: a word", "threads: many\n", "FILE:1: 'threads' wants a whole number, from 1 to 64, not 'many'"},
	    {"int: too small", "threads: 0\n", "FILE:1: 'threads' wants a whole number, from 1 to 64, not 0"},
	    {"int: too large", "threads: 65\n", "FILE:1: 'threads' wants a whole number, from 1 to 64, not 65"},
	    {"int: far too large", "partitions: 4294967297\n",
	     "FILE:1: 'partitions' wants a whole number, from 1 to 10000, not 4294967297"},
	    {"int: a list", "threads: [1]\n", "FILE:1: 'threads' wants a whole number, from 1 to 64, not a list"},
	    {"int: nothing", "threads:\n", "FILE:1: 'threads' wants a whole number, from 1 to 64, not nothing"},
	    {"int: true", "threads: true\n", "FILE:1: 'threads' wants a whole number, from 1 to 64, not true"},
	    {"number: quoted", "alert:\n  internet_min: '20'\n",
	     "FILE:2: 'alert.internet_min' wants a whole number, at least 1, not '20'"},
	    {"span: no unit", "linger: 50\n",
	     "FILE:1: 'linger' wants a duration such as 90s, 15m, 48h or 5d, from 0 to 1m, not 50"},
	    {"span: unknown unit", "linger: 2w\n",
	     "FILE:1: 'linger' wants a duration such as 90s, 15m, 48h or 5d, from 0 to 1m, not '2w'"},
	    {"span: out of range", "transaction_timeout: 1s\n",
	     "FILE:1: 'transaction_timeout' wants a duration such as 90s, 15m, 48h or 5d, from 5s to 15m, not '1s'"},
	    {"span: never is not for all", "linger: never\n",
	     "FILE:1: 'linger' wants a duration such as 90s, 15m, 48h or 5d, from 0 to 1m, not 'never'"},
	    {"span: over ten years", "queue:\n  group_keep: 3651d\n",
	     "FILE:2: 'queue.group_keep' wants a duration such as 90s, 15m, 48h or 5d, at least 1s, not '3651d'"},
	    {"span or never: a word", "skew: always\n",
	     "FILE:1: 'skew' wants never, or a duration such as 90s, 15m, 48h or 5d, at least 1s, not 'always'"},
	    {"name: a space", "prefix: a b\n",
	     "FILE:1: 'prefix' wants letters, digits, dots, dashes and underscores, at most 100, not 'a b'"},
	    {"name: empty", "app: ''\n",
	     "FILE:1: 'app' wants letters, digits, dots, dashes and underscores, at most 100, not ''"},
	    {"label: a slash", "ingest:\n  site: a/b\n",
	     "FILE:2: 'ingest.site' wants printable characters without spaces, slashes and #, not 'a/b'"},
	    {"label: empty", "ingest: {host: }\n",
	     "FILE:1: 'ingest.host' wants printable characters without spaces, slashes and #, not nothing"},
	    {"zone: a name", "ingest:\n  zone: Europe/Vienna\n",
	     "FILE:2: 'ingest.zone' wants an offset such as +02:00, not 'Europe/Vienna'"},
	    {"zone: too far", "ingest:\n  zone: '+15:00'\n",
	     "FILE:2: 'ingest.zone' wants an offset such as +02:00, not '+15:00'"},
	    {"zone: signs within", "ingest:\n  zone: '+-1:00'\n",
	     "FILE:2: 'ingest.zone' wants an offset such as +02:00, not '+-1:00'"},
	    {"idle: neither", "ingest:\n  idle: stop\n", "FILE:2: 'ingest.idle' wants wall or hold, not 'stop'"},
	    {"events: unknown", "emit:\n  cloudevents: json\n",
	     "FILE:2: 'emit.cloudevents' wants binary, structured or off, not 'json'"},
	    {"events: a source that is no URI", "emit:\n  source: a b\n",
	     "FILE:2: 'emit.source' wants a URI or the last part of one, not 'a b'"},
	    {"events: structured and MessagePack", "emit: {cloudevents: structured}\nencodings: {incidents: msgpack}\n",
	     "FILE: with emit.cloudevents: structured the records of incidents.v1 must be JSON"},
	    {"local parts: unknown", "emit:\n  local_parts: md5\n",
	     "FILE:2: 'emit.local_parts' wants hmac, clear or drop, not 'md5'"},
	    {"stages: no list", "stages: track\n", "FILE:1: 'stages' wants a list, not 'track'"},
	    {"stages: unknown", "stages:\n  - track\n  - alerts\n",
	     "FILE:3: 'stages' wants a list of ingest, track, queue, alert, not 'alerts'"},
	    {"stages: none", "stages: []\n", "FILE:1: 'stages' wants at least one of ingest, track, queue, alert"},
	    {"raw topic: illegal name", "raw_topics:\n  - 'mail log'\n",
	     "FILE:2: 'raw_topics' wants names of topics, not 'mail log'"},
	    {"raw topic: no name", "raw_topics:\n  - {partitions: 3}\n", "FILE:2: the raw topic has no name"},
	    {"raw topic: no partitions", "raw_topics:\n  - {name: a, partitions: 0}\n",
	     "FILE:2: 'partitions' wants a whole number, from 1 to 10000, not 0"},
	    {"raw topic: unknown key", "raw_topics:\n  - name: a\n    partition: 3\n",
	     "FILE:3: unknown key 'partition'; did you mean 'partitions'?"},
	    {"raw topic: twice", "raw_topics: [a,\n  a]\n", "FILE:2: raw topic 'a' stands here again"},
	    {"kafka: no map", "kafka: [a]\n", "FILE:1: 'kafka' wants settings of librdkafka, not a list"},
	    {"kafka: a list within", "kafka:\n  bootstrap.servers: [a, b]\n",
	     "FILE:2: 'kafka.bootstrap.servers' wants a text or a number"},
	    {"kafka: unknown", "kafka:\n  bootstrap.server: a\n",
	     "FILE:2: unknown option 'kafka.bootstrap.server'; did you mean 'kafka.bootstrap.servers'?"},
	    {"kafka: nothing like it", "kafka:\n  colour: red\n", "FILE:2: unknown option 'kafka.colour'"},
	    {"kafka: refused", "kafka:\n  client.id: q\n  acks: 1\n",
	     "FILE:3: kafka: \"acks\" cannot be set: exactly once rests on all replicas"},
	    {"kafka: no number", "kafka:\n  socket.timeout.ms: soon\n",
	     "FILE:2: kafka: \"socket.timeout.ms\": Invalid value for configuration property \"socket.timeout.ms\""},
	    {"connector: no name", "connectors:\n  - {kind: own, domains: [example.org]}\n",
	     "FILE:2: the connector wants a name of letters, digits, dots, dashes and underscores"},
	    {"connector: bad name", "connectors:\n  - {name: a|b, kind: own, domains: [example.org]}\n",
	     "FILE:2: the connector wants a name of letters, digits, dots, dashes and underscores"},
	    {"connector: no kind", "connectors:\n  - {name: a, domains: [example.org]}\n",
	     "FILE:2: connector 'a' wants a kind: own, partner or internet"},
	    {"connector: unknown kind", "connectors:\n  - {name: a, kind: foe}\n",
	     "FILE:2: 'kind' wants one of own, partner, internet, not 'foe'"},
	    {"connector: kind unknown", "connectors:\n  - {name: a, kind: unknown}\n",
	     "FILE:2: 'kind' wants one of own, partner, internet, not 'unknown'"},
	    {"connector: covers nothing", "connectors:\n  - {name: a, kind: own}\n",
	     "FILE:2: connector 'a' covers nothing: it wants domains, next_hops, networks or transports"},
	    {"connector: domains no list", "connectors:\n  - {name: a, kind: own, domains: example.org}\n",
	     "FILE:2: 'domains' wants a list of texts, not 'example.org'"},
	    {"connector: network", "connectors:\n  - {name: a, kind: own, networks: [192.0.2.0/33]}\n",
	     "FILE:2: '192.0.2.0/33' in connector 'a' is no network such as 192.0.2.0/24"},
	    {"connector: network is a name", "connectors:\n  - {name: a, kind: own, networks: [mx.example.org]}\n",
	     "FILE:2: 'mx.example.org' in connector 'a' is no network such as 192.0.2.0/24"},
	    {"connector: egress",
	     "connectors:\n  - {name: a, kind: own, domains: [b.example], egress: [mx.example.org]}\n",
	     "FILE:2: 'mx.example.org' in connector 'a' is no network such as 192.0.2.0/24"},
	    {"connector: runbook: ftp://wiki.example.org/",
	     "connectors:\n  - name: a\n    runbook: 'ftp://wiki.example.org/'\n",
	     "FILE:3: 'runbook' wants an address that begins with https:// or http://, not 'ftp://wiki.example.org/'"},
	    {"connector: runbook: javascript:alert(1)",
	     "connectors:\n  - name: a\n    runbook: 'javascript:alert(1)'\n",
	     "FILE:3: 'runbook' wants an address that begins with https:// or http://, not 'javascript:alert(1)'"},
	    {"connector: runbook: https://", "connectors:\n  - name: a\n    runbook: 'https://'\n",
	     "FILE:3: 'runbook' wants an address that begins with https:// or http://, not 'https://'"},
	    {"connector: runbook: https:///x", "connectors:\n  - name: a\n    runbook: 'https:///x'\n",
	     "FILE:3: 'runbook' wants an address that begins with https:// or http://, not 'https:///x'"},
	    {"connector: runbook: https://wiki.example.org/a b",
	     "connectors:\n  - name: a\n    runbook: 'https://wiki.example.org/a b'\n",
	     "FILE:3: 'runbook' wants an address that begins with https:// or http://, not 'https://wiki.example.org/a "
	     "b'"},
	    {"connector: runbook: http://wiki.example.org/<b>",
	     "connectors:\n  - name: a\n    runbook: 'http://wiki.example.org/<b>'\n",
	     "FILE:3: 'runbook' wants an address that begins with https:// or http://, not "
	     "'http://wiki.example.org/<b>'"},
	    {"connector: runbook: wiki.example.org", "connectors:\n  - name: a\n    runbook: 'wiki.example.org'\n",
	     "FILE:3: 'runbook' wants an address that begins with https:// or http://, not 'wiki.example.org'"},
	    {"connector: runbook: a list", "connectors:\n  - name: a\n    runbook: [a]\n",
	     "FILE:3: 'runbook' wants an address that begins with https:// or http://, not a list"},
	    {"connector: lifetime", "connectors:\n  - name: a\n    kind: own\n    lifetime: 2\n",
	     "FILE:4: 'lifetime' wants a duration such as 90s, 15m, 48h or 5d, not 2"},
	    {"connector: volume", "connectors:\n  - name: a\n    volume_messages: no\n",
	     "FILE:3: 'volume_messages' wants a whole number, at least 1, not 'no'"},
	    {"connector: unknown key", "connectors:\n  - name: a\n    domain: [example.org]\n",
	     "FILE:3: unknown key 'domain'; did you mean 'domains'?"},
	    {"connector: twice",
	     "connectors:\n  - {name: a, kind: own, domains: [x.example]}\n  - {name: A, kind: own, domains: "
	     "[y.example]}\n",
	     "FILE:3: connector 'a' stands here again"},
	    {"connector: a word", "connectors:\n  - a\n", "FILE:2: the entry wants keys with values, not 'a'"},
	    {"lifetimes: none", "lifetimes:\n  - {host: mx1}\n", "FILE:2: the rule wants a lifetime"},
	    {"lifetimes: null_sender", "lifetimes:\n  - {null_sender: maybe, lifetime: 1d}\n",
	     "FILE:2: 'null_sender' wants true or false, not 'maybe'"},
	    {"lifetimes: mta", "lifetimes:\n  - {mta: pigeon, lifetime: 1d}\n",
	     "FILE:2: 'mta' wants one of postfix, exim, sendmail, exchange, exchange_online, kumomta, powermta, "
	     "opensmtpd, "
	     "halon, momentum, zonemta, haraka, qmail, courier, mdaemon, ses, not 'pigeon'"},
	    {"hops: no list", "internal_hops: 192.0.2.1\n",
	     "FILE:1: 'internal_hops' wants a list of hosts and addresses, not '192.0.2.1'"},
	    {"encodings: unknown topic", "encodings:\n  alert: json\n",
	     "FILE:2: 'encodings' wants keys of deliveries, transitions, messages, queues, incidents, alerts, not "
	     "'alert'"},
	    {"encodings: state", "encodings:\n  queue-state: json\n",
	     "FILE:2: 'encodings' wants keys of deliveries, transitions, messages, queues, incidents, alerts, not "
	     "'queue-state'"},
	    {"encodings: unknown encoding", "encodings:\n  alerts: xml\n",
	     "FILE:2: an encoding wants json or msgpack, not 'xml'"},
	    {"steps: over 100 %", "track:\n  steps: [4h, 101%]\n",
	     "FILE:2: 'track.steps' wants ages such as 4h and shares such as 75%, not '101%'"},
	    {"steps: zero", "track:\n  steps: [0]\n",
	     "FILE:2: 'track.steps' wants ages such as 4h and shares such as 75%, not 0"},
	    {"steps: too many",
	     "track:\n  steps: [1h, 2h, 3h, 4h, 5h, 6h, 7h, 8h, 9h, 10h, 11h, 12h, 13h, 14h, 15h, 16h, 17h, 18h, 19h, "
	     "20h, 21h, "
	     "22h, 23h, 24h, 25h, 26h, 27h, 28h, 29h, 30h, 31h, 32h, 33h]\n",
	     "FILE:2: 'track.steps' wants 32 at most"},
	    {"lifetime and forget_after", "track: {lifetime: 7d}\n",
	     "FILE: track.forget_after must be longer than track.lifetime"},
	    {"a rule and forget_after", "lifetimes: [{lifetime: 8d}]\n",
	     "FILE: track.forget_after must be longer than every lifetime: rule 1 of lifetimes is not shorter"},
	    {"a connector and forget_after", "connectors: [{name: a, kind: own, domains: [b.example], lifetime: 7d}]\n",
	     "FILE: track.forget_after must be longer than every lifetime: that of connector 'a' is not shorter"},
	    {"tombstones between boundaries", "queue: {row_interval: 7s}\n",
	     "FILE: queue.tombstone_after must be a multiple of queue.row_interval"},
	    {"no replica", "replication: 0\n", "FILE: replication must be -1 or 1 and more, not 0"},
	};

	for (size_t i = 0; i < LEN(cases); i++) {
		struct config c;
		char msg[600] = "";

		print_message("%s\n", cases[i].label);
		config_default(&c);
		assert_int_equal(read_text(&c, cases[i].text, msg, sizeof(msg)), -1);
		if (cases[i].want)
			assert_string_equal(msg, cases[i].want);
		config_release(&c);
	}
}

static void says_that_there_is_no_file(void **state)
{
	(void)state;
	struct config c;
	struct err err = {0};

	config_default(&c);
	assert_int_equal(config_read(&c, "/nonexistent/q.yaml", &err), -1);
	assert_string_equal(err.msg, "cannot read the configuration '/nonexistent/q.yaml': No such file or directory");
	assert_int_equal(config_read(&c, "/tmp", &err), -1);
	assert_string_equal(err.msg, "cannot read the configuration '/tmp': Is a directory");
	config_release(&c);
}

static void reads_all_that_there_is(void **state)
{
	(void)state;
	static const char text[] =
	    "app: mail\nprefix: 42\ninstance: w-0\nstall_after: never\nlinger: 0\n"
	    "raw_topics: [a, {name: b, partitions: 3}]\n"
	    "kafka: {bootstrap.servers: 'b:9092', socket.timeout.ms: 5000, log.connection.close: false}\n"
	    "stages: [track, alert]\n"
	    "ingest: {idle: hold, zone: '-05:30', site: s1}\n"
	    "track: {lifetime: 5d, steps: [90m, 50%]}\n"
	    "alert: {own: {near_expiry: 1h}, incident_keep: 1d}\n"
	    "internal_hops: [MX.example.org, 192.0.2.1]\n"
	    "encodings: {messages: json, alerts.v1: msgpack}\n"
	    "lifetimes: [{host: mx1, mta: postfix, null_sender: false, lifetime: 1d}, {lifetime: 3d}]\n"
	    "connectors:\n"
	    "  - {name: Branch, kind: partner, domains: [.Example.ORG], next_hops: [Mx.example.org],\n"
	    "     networks: [192.0.2.0/24, '2001:db8::/32', 198.51.100.7], contact: 555, lifetime: 1h,\n"
	    "     volume_messages: 7, volume_over: 0, near_expiry: 2h, transports: [Relay/SMTP, slow],\n"
	    "     runbook: 'https://wiki.example.org/branch?a=b#c', egress: [192.0.2.9, '2001:DB8::/64']}\n"
	    "  - {name: b, kind: own, domains: [b.example, .M\xc3\xbcller.Example, XN--FSQU00A.example.]}\n";
	struct config c;
	char msg[600] = "";

	config_default(&c);
	read_text(&c, text, msg, sizeof(msg));
	assert_string_equal(msg, "");
	assert_string_equal(c.app, "mail");
	assert_string_equal(c.prefix, "42");
	assert_string_equal(c.instance, "w-0");
	assert_true(c.stall_after_ms == TIME_NEVER && c.linger_ms == 0 && c.idle_hold);
	assert_int_equal(c.zone_offset_ms, -(5 * 60 + 30) * 60000);
	assert_true(str_eq(c.site, STR("s1")));
	assert_true(str_eq(c.connectors[0].transports[0], STR("relay/smtp")) && c.connectors[0].n_transports == 2);
	assert_true(str_eq(c.connectors[0].runbook, STR("https://wiki.example.org/branch?a=b#c")));
	assert_true(str_eq(c.connectors[0].egress[1], STR("2001:db8::/64")) && c.connectors[0].n_egress == 2);
	assert_true(str_eq(c.connectors[1].domains[1], STR(".xn--mller-kva.example")));
	assert_true(str_eq(c.connectors[1].domains[2], STR("xn--fsqu00a.example")));
	assert_int_equal(c.n_raw, 2);
	assert_string_equal(c.raw[0].name, "a");
	assert_true(c.raw[0].partitions == 0 && c.raw[1].partitions == 3);
	assert_int_equal(c.n_kafka, 3);
	assert_string_equal(c.kafka[1].name, "socket.timeout.ms");
	assert_string_equal(c.kafka[1].value, "5000");
	assert_string_equal(c.kafka[2].value, "false");
	assert_int_equal(c.stages, 1u << STAGE_TRACK | 1u << STAGE_ALERT);
	assert_int_equal(c.track.default_lifetime_ms, (int64_t)5 * 24 * 3600 * 1000);
	assert_int_equal(c.track.n_steps, 2);
	assert_true(c.track.steps[0].age_ms == 90 * 60000 && str_eq(c.track.steps[0].name, STR("90m")));
	assert_true(c.track.steps[1].age_ms == -1 && c.track.steps[1].percent == 50);
	assert_int_equal(c.alert.kinds[KIND_OWN].near_expiry_ms, 3600 * 1000);
	assert_int_equal(c.alert.kinds[KIND_PARTNER].near_expiry_ms, 6 * 3600 * 1000);
	assert_true(c.n_internal_hops == 2 && str_eq(c.internal_hops[0], STR("mx.example.org")));
	assert_true(c.encodings[TOPIC_MESSAGES] == ENC_JSON && c.encodings[TOPIC_ALERTS] == ENC_MSGPACK);
	assert_int_equal(c.track.n_rules, 2);
	assert_true(c.track.rules[0].mta == MTA_POSTFIX && c.track.rules[0].null_sender == 0);
	assert_true(c.track.rules[1].mta == MTA_UNKNOWN && c.track.rules[1].null_sender == -1 &&
	            c.track.rules[1].host.n == 0);
	assert_int_equal(c.n_connectors, 2);
	const struct connector *k = connector_find(c.connectors, 2, STR("branch"));

	assert_non_null(k);
	assert_true(k->kind == KIND_PARTNER && str_eq(k->domains[0], STR(".example.org")) && k->n_networks == 3);
	assert_true(k->volume_messages == 7 && k->volume_over_ms == 0 && k->near_expiry_ms == 2 * 3600 * 1000);
	assert_true(str_eq(k->contact, STR("555")) && k->lifetime_ms == 3600 * 1000);
	assert_true(c.connectors[1].volume_messages == -1 && c.connectors[1].lifetime_ms == -1 &&
	            c.connectors[1].contact.n == 0);
	config_release(&c);
}

static void sets_over_the_file(void **state)
{
	(void)state;
	static const struct {
		const char *assignment, *want; /* "": taken */
	} cases[] = {
	    {"threads=3", ""},
	    {"track.lifetime=3h", ""},
	    {"raw_topics=[x, {name: y, partitions: 2}]", ""},
	    {"kafka.bootstrap.servers=b:9092,c:9092", ""},
	    {"kafka.bootstrap.servers=d:9092", ""},
	    {"instance=", ""},
	    {"emit.cloudevents=off", ""},
	    {"emit.local_parts=drop", ""},
	    {"emit.dataschema=", ""},
	    {"threads", "--set wants path=value, not 'threads'"},
	    {"=3", "--set wants path=value, not '=3'"},
	    {"threads=65", "--set threads=65: 'threads' wants a whole number, from 1 to 64, not 65"},
	    {"thread=1", "--set thread=1: unknown option 'thread'; did you mean 'threads'?"},
	    {"stages=[foo]", "--set stages=[foo]: 'stages' wants a list of ingest, track, queue, alert, not 'foo'"},
	};
	struct config c;

	config_default(&c);
	c.instance = "before";
	for (size_t i = 0; i < LEN(cases); i++) {
		struct err err = {0};
		int want = *cases[i].want ? -1 : 0;

		print_message("%s\n", cases[i].assignment);
		assert_int_equal(config_set(&c, cases[i].assignment, &err), want);
		assert_string_equal(err.msg, cases[i].want);
	}
	assert_true(c.events.form == EVENT_OFF && c.local_parts == LOCAL_PARTS_DROP && !c.events.dataschema);
	assert_true(c.threads == 3 && c.track.default_lifetime_ms == 3 * 3600 * 1000 && !c.instance);
	assert_true(c.n_raw == 2 && c.raw[1].partitions == 2);
	assert_int_equal(c.n_kafka, 1);
	assert_string_equal(c.kafka[0].value, "d:9092");
	config_release(&c);
}

/* Every row: its default is in its own range, shows as YAML, and reads back as the same. */
static void every_default_is_allowed(void **state)
{
	(void)state;
	for (size_t i = 0; i < n_config_options; i++) {
		const struct config_option *o = &config_options[i];
		struct buf text = BUF_INIT, again = BUF_INIT;
		struct err err = {0};
		struct config c;

		config_default(&c);
		buf_fmt(&text, "%s=", o->path);
		size_t from = text.n;
		option_show(&c, o, &text);
		print_message("%s\n", buf_z(&text));
		assert_int_equal(config_set(&c, buf_z(&text), &err), 0);
		option_show(&c, o, &again);
		assert_true(str_eq(str_skip(buf_view(&text), from), buf_view(&again)));
		assert_ptr_equal(option_find(str_from(o->path)), o);
		buf_release(&text);
		buf_release(&again);
		config_release(&c);
	}
}

/* Without the first '#' of its lines the sample is a valid file that leaves every scalar at its default. */
static void the_sample_is_valid(void **state)
{
	(void)state;
	struct buf sample = BUF_INIT, text = BUF_INIT;
	struct config c, plain;
	struct str rest, line;
	char msg[600] = "";

	options_sample(&sample);
	config_default(&c);
	config_default(&plain);
	assert_int_equal(read_text(&c, buf_z(&sample), msg, sizeof(msg)), 0);
	rest = buf_view(&sample);
	while (str_cut(&rest, '\n', &line)) {
		assert_true(str_starts(line, STR("#")) && line.n <= 110);
		buf_fmt(&text, "%.*s\n", STR_FMT(str_skip(line, 1)));
	}
	read_text(&c, buf_z(&text), msg, sizeof(msg));
	assert_string_equal(msg, "");
	for (size_t i = 0; i < n_config_options; i++) {
		struct buf a = BUF_INIT, b = BUF_INIT;

		option_show(&c, &config_options[i], &a);
		option_show(&plain, &config_options[i], &b);
		assert_true(str_eq(buf_view(&a), buf_view(&b)));
		buf_release(&a);
		buf_release(&b);
	}
	assert_memory_equal(c.encodings, plain.encodings, sizeof(c.encodings));
	assert_true(c.n_raw == 2 && c.n_kafka == 1 && c.n_connectors == 2 && c.track.n_rules == 2);
	assert_true(c.track.n_steps == plain.track.n_steps && c.stages == plain.stages);
	config_release(&c);
	config_release(&plain);
	buf_release(&sample);
	buf_release(&text);
}

/* docs/OPTIONS.md is what the tables say. */
static void the_reference_is_not_stale(void **state)
{
	(void)state;
	struct buf want = BUF_INIT, got = BUF_INIT;
	FILE *f = fopen(QLAPSE_SOURCE_DIR "/docs/OPTIONS.md", "rb");

	assert_non_null(f);
	buf_reserve(&got, 1 << 20);
	got.n = fread(got.p, 1, 1 << 20, f);
	fclose(f);
	options_markdown(&want);
	if (!str_eq(buf_view(&got), buf_view(&want)))
		print_message("stale: make it anew with `qlapse check --print-options markdown >docs/OPTIONS.md`\n");
	assert_string_equal(buf_z(&got), buf_z(&want));
	buf_release(&want);
	buf_release(&got);
}

static void every_option_is_documented(void **state)
{
	(void)state;
	struct buf text = BUF_INIT;

	options_text(&text);
	for (size_t i = 0; i < n_config_options; i++) {
		assert_true(str_find(buf_view(&text), str_from(config_options[i].path)) >= 0);
		assert_true(strlen(config_options[i].prose) > 10);
	}
	for (const struct config_section *s = config_sections; s->name; s++)
		assert_true(str_find(buf_view(&text), str_from(s->name)) >= 0);
	buf_release(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(refuses_with_place_value_and_what_is_allowed),
	    cmocka_unit_test(says_that_there_is_no_file),
	    cmocka_unit_test(reads_all_that_there_is),
	    cmocka_unit_test(sets_over_the_file),
	    cmocka_unit_test(every_default_is_allowed),
	    cmocka_unit_test(the_sample_is_valid),
	    cmocka_unit_test(the_reference_is_not_stale),
	    cmocka_unit_test(every_option_is_documented),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
