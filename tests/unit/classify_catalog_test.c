/* SPDX-License-Identifier: Apache-2.0 */
/* classify_catalog_test - the built-in rules keep their word, files with faults are refused by file and line */
#include "classify/engine.h"
#include "lib/codec/value.h"
#include "tests/unit/classify_support.h"

static void test_samples(void **state)
{
	struct err err = {0};
	struct buf report = BUF_INIT;
	struct catalog *c = catalog_load(NULL, &err);
	size_t samples = 0;

	(void)state;
	expect(c != NULL, err.msg);
	if (catalog_test(c, &report) < 0 || catalog_lint(c, &report) < 0)
		fail_msg("%s", buf_z(&report));
	assert_int_equal(report.n, 0);
	for (size_t i = 0; i < catalog_rules(c); i++)
		samples += catalog_rule(c, i)->samples.n;
	print_message("rules: %zu, samples: %zu\n", catalog_rules(c), samples);
	assert_true(catalog_rules(c) > 130);
	buf_release(&report);
	catalog_free(c);
}

/* A folder with one file of rules, and what loading it says. */
static struct catalog *load(const char *yaml, const char *name, struct err *err)
{
	char dir[] = "/tmp/qlapse-catalog-XXXXXX", path[64];

	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	fputs(yaml, f);
	fclose(f);
	const struct catalog_files files = {.dir = dir};
	struct catalog *c = catalog_load(&files, err);
	unlink(path);
	rmdir(dir);
	return c;
}

#define LAST "- {id: last, scope: any, tier: guess, class: other, samples: [what]}\n"

static void test_bad_files(void **state)
{
	static const struct {
		const char *label, *name, *yaml, *want;
	} rows[] = {
	    {"no rules", "a.yaml", "[]\n", "no last rule"},
	    {"no list", "a.yaml", "id: a\n", "a list of rules"},
	    {"no YAML", "a.yaml", "- {id: [\n", "a.yaml:"},
	    {"not a map", "a.yaml", "- word\n", "a.yaml:1: an entry with keys"},
	    {"unknown key", "a.yaml", LAST "- {id: b, scoop: own}\n", "a.yaml:2: unknown key \"scoop\""},
	    {"unknown scope", "a.yaml", "- {id: b, scope: ours, tier: text, class: other}\n", "unknown scope \"ours\""},
	    {"unknown tier", "a.yaml", "- {id: b, scope: own, tier: sure, class: other}\n",
	     "a.yaml:1: unknown tier \"sure\""},
	    {"no tier", "a.yaml", "- {id: b, scope: own, class: other}\n", "unknown tier \"\""},
	    {"tier none", "a.yaml", "- {id: b, scope: own, tier: none, class: other}\n", "unknown tier \"none\""},
	    {"unknown class", "a.yaml", "- {id: b, scope: own, tier: text, class: dns}\n", "unknown class \"dns\""},
	    {"class none", "a.yaml", "- {id: b, scope: own, tier: text, class: none}\n", "unknown class \"none\""},
	    {"unknown owner", "a.yaml", "- {id: b, scope: own, tier: text, class: other, owner: me}\n",
	     "unknown owner \"me\""},
	    {"unknown mta", "a.yaml", "- {id: b, scope: own, tier: text, class: other, mta: pigeon}\n",
	     "unknown mta \"pigeon\""},
	    {"no id", "a.yaml", "- {scope: own, tier: text, class: other}\n", "a.yaml:1: a rule without an id"},
	    {"two of one id", "a.yaml", LAST LAST, "a.yaml:2: rule \"last\" is in"},
	    {"bad code", "a.yaml", "- {id: b, scope: own, tier: text, class: other, code: 999}\n",
	     "code is no reply code"},
	    {"bad ip", "a.yaml", "- {id: b, scope: own, tier: text, class: other, ip: v5}\n", "ip is neither"},
	    {"bad flag", "a.yaml", "- {id: b, scope: own, tier: text, class: other, permanent: 1}\n", "true or false"},
	    {"text as list", "a.yaml", "- {id: b, scope: own, tier: text, class: other, starts: [x]}\n",
	     "a text is wanted for \"starts\""},
	    {"empty literal", "a.yaml", "- {id: b, scope: own, tier: text, class: other, contains: [\"\"]}\n",
	     "a text is wanted"},
	    {"star alone", "a.yaml", "- {id: b, scope: own, tier: text, class: other, contains: [\"*\"]}\n",
	     "stars without a text"},
	    {"bad pattern", "a.yaml", LAST "- {id: b, scope: own, tier: text, class: other, regex: \"(\"}\n",
	     "a.yaml:2: bad pattern"},
	    {"reference back", "a.yaml", LAST "- {id: b, scope: own, tier: text, class: other, regex: '(a)\\1'}\n",
	     "a.yaml:2: a pattern may not use"},
	    {"runs away", "a.yaml", LAST "- {id: b, scope: own, tier: text, class: other, regex: '(?:a+)+b'}\n",
	     "a.yaml:2: the pattern could run away: a quantifier within a quantifier"},
	    {"last with a code", "a.yaml", "- {id: b, scope: any, tier: guess, class: other, code: 450}\n",
	     "no last rule"},
	    {"last with words", "a.yaml", "- {id: b, scope: any, tier: guess, class: other, contains: [x]}\n",
	     "no last rule"},
	    {"last for one scope", "a.yaml", "- {id: b, scope: own, tier: guess, class: other}\n", "no last rule"},
	    {"provider without name", "providers.yaml", "- {suffixes: [\".example\"]}\n",
	     "providers.yaml:1: a provider wants"},
	    {"suffix without a dot", "providers.yaml", "- {name: x, suffixes: [example]}\n",
	     "providers.yaml:1: a suffix begins with a dot, a host has one in it"},
	    {"providers no list", "providers.yaml", "name: x\n", "a list of providers"},
	};

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		struct err err = {0};
		struct catalog *c = load(rows[i].yaml, rows[i].name, &err);
		expect(c == NULL, rows[i].label);
		assert_int_equal(err.kind, ERR_CONFIG);
		if (strstr(err.msg, rows[i].want) == NULL)
			fail_msg("%s: \"%s\" lacks \"%s\"", rows[i].label, err.msg, rows[i].want);
	}
	struct err err = {0};
	const struct catalog_files nowhere = {.dir = "/nonexistent/catalog"};
	assert_null(catalog_load(&nowhere, &err));
	assert_non_null(strstr(err.msg, "/nonexistent/catalog"));
}

static void test_faults(void **state)
{
	static const struct {
		const char *label, *yaml, *want; /* NULL: no fault */
	} rows[] = {
	    {"whole", "- {id: a, scope: own, tier: text, class: other, contains: [x], samples: [x]}\n" LAST, NULL},
	    {"no sample", "- {id: a, scope: own, tier: text, class: other, contains: [x]}\n" LAST,
	     "rule \"a\" has no sample"},
	    {"wrong sample", "- {id: a, scope: own, tier: text, class: other, contains: [x], samples: [x, z]}\n" LAST,
	     "a sample of rule \"a\" is decided by \"last\""},
	    {"shadowed",
	     "- {id: a, scope: own, tier: text, class: other, contains: [x], samples: [x]}\n"
	     "- {id: b, scope: own, tier: text, class: other, contains: [x y], samples: [x y]}\n" LAST,
	     "rule \"b\" is shadowed"},
	    {"tier before place",
	     "- {id: a, scope: own, tier: text, class: other, contains: [x], samples: [x]}\n"
	     "- {id: b, scope: own, tier: exact, class: other, contains: [x y], samples: [x y]}\n" LAST,
	     NULL},
	};

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		struct err err = {0};
		struct buf report = BUF_INIT;
		struct catalog *c = load(rows[i].yaml, "a.yaml", &err);
		expect(c != NULL, err.msg);
		int result = catalog_test(c, &report);
		if (rows[i].want == NULL)
			expect(result == 0 && report.n == 0, rows[i].label);
		else if (result == 0 || strstr(buf_z(&report), rows[i].want) == NULL)
			fail_msg("%s: %s", rows[i].label, buf_z(&report));
		buf_release(&report);
		catalog_free(c);
	}
}

#define RULE(id, more) "- {id: " id ", scope: own, tier: text, class: other, " more "}\n"

static void test_lint(void **state)
{
	static const struct {
		const char *label, *yaml, *want; /* NULL: no fault */
	} rows[] = {
	    {"whole", RULE("a", "contains: [abc], samples: [abc]") LAST, NULL},
	    {"no sample hits it", RULE("a", "contains: [abc], samples: [hello]") LAST,
	     "a.yaml:1: rule \"a\": no sample is"},
	    {"another's sample hits it",
	     RULE("a", "contains: [abc], samples: [hello]") RULE("b", "contains: [xyz], samples: [abc, xyz]") LAST,
	     NULL},
	    {"short word", RULE("a", "contains: [ab], samples: [ab]") LAST,
	     "fewer than three letters or digits: \"ab\""},
	    {"short negative", RULE("a", "negative: [ab], samples: [abc]") LAST, "fewer than three"},
	    {"marks are no letters", RULE("a", "contains: ['[a]'], samples: ['[a]']") LAST, "fewer than three"},
	    {"bytes beyond ASCII are", RULE("a", "contains: ['\xe9\x80\x80'], samples: ['\xe9\x80\x80']") LAST, NULL},
	    {"capital letters", RULE("a", "contains: [Abc, abc], samples: [abc]") LAST, "never found: \"Abc\""},
	    {"plain words in a pattern", RULE("a", "regex: 'abc|def', samples: [abc]") LAST,
	     "plain words stand in contains"},
	    {"a pattern is one", RULE("a", "regex: '^abc|def', samples: [abc]") LAST, NULL},
	    {"slow", RULE("a", "regex: 'ab.*ab.*cdx', samples: ['ab ab cdx']") LAST, "a text of its own pieces"},
	    {"same words",
	     RULE("a", "contains: [abc], samples: [abc]") RULE("b", "contains: [abc], samples: [abc d]") LAST,
	     "rule \"b\": shadowed: all that fits it fits the earlier rule \"a\""},
	    {"longer words",
	     RULE("a", "contains: [abc], samples: [abc]") RULE("b", "contains: [abc d], samples: [x]") LAST,
	     "rule \"b\": shadowed"},
	    {"within a word",
	     RULE("a", "contains: [abc], samples: [abc]") RULE("b", "contains: [xabc], samples: [xabc]") LAST, NULL},
	    {"within a word that may",
	     RULE("a", "contains: ['*abc'], samples: [abc]") RULE("b", "contains: [xabc], samples: [xabc]") LAST,
	     "rule \"b\": shadowed"},
	    {"open where the other is not",
	     RULE("a", "contains: [abc], samples: [abc]") RULE("b", "contains: ['abc*'], samples: [abcd]") LAST, NULL},
	    {"one word of two",
	     RULE("a", "contains: [abc], samples: [abc]") RULE("b", "contains: [abc, def], samples: [def]") LAST, NULL},
	    {"in also",
	     RULE("a", "contains: [abc], samples: [abc]") RULE("b", "contains: [def], also: [abc], samples: [x]") LAST,
	     "rule \"b\": shadowed"},
	    {"a condition more",
	     RULE("a", "mta: exim, contains: [abc], samples: [abc]") RULE("b", "contains: [abc], samples: [abc]") LAST,
	     NULL},
	    {"a negative more",
	     RULE("a", "contains: [abc], negative: [def], samples: [abc]")
	         RULE("b", "contains: [abc], samples: [abc def]") LAST,
	     NULL},
	    {"the same negative",
	     RULE("a", "contains: [abc], negative: [def], samples: [abc]")
	         RULE("b", "contains: [abc x], negative: [def], samples: [x]") LAST,
	     "rule \"b\": shadowed"},
	    {"longer beginning", RULE("a", "starts: abc, samples: [abc]") RULE("b", "starts: abcd, samples: [x]") LAST,
	     "rule \"b\": shadowed"},
	    {"two claim a sample",
	     RULE("a", "contains: [abc], samples: [abc]") RULE("b", "contains: [def], samples: [abc, def]") LAST,
	     "rule \"b\": a sample is one of rule \"a\""},
	    {"a sample twice", RULE("a", "contains: [abc], samples: [abc, abc]") LAST, "a sample stands twice in"},
	};

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		struct err err = {0};
		struct buf report = BUF_INIT;
		struct catalog *c = load(rows[i].yaml, "a.yaml", &err);
		expect(c != NULL, err.msg);
		int result = catalog_lint(c, &report);
		if (rows[i].want == NULL ? result != 0 : result == 0 || strstr(buf_z(&report), rows[i].want) == NULL)
			fail_msg("%s: %s", rows[i].label, buf_z(&report));
		buf_release(&report);
		catalog_free(c);
	}
}

/* One condition each: does a rule with it fit? */
static const struct {
	const char *label, *condition, *text;
	bool want;
} conditions[] = {
    {"starts", "starts: \"ab\"", "ab c", true},
    {"starts elsewhere", "starts: \"ab\"", "c ab", false},
    {"word", "contains: [spam]", "it is spam.", true},
    {"word in a word", "contains: [spam]", "antispam", false},
    {"word runs on", "contains: [spam]", "spamming", false},
    {"second place", "contains: [spam]", "antispam says spam", true},
    {"open right", "contains: [\"spam*\"]", "spamming", true},
    {"open right, not left", "contains: [\"spam*\"]", "antispam", false},
    {"open left", "contains: [\"*spam\"]", "antispam", true},
    {"open left, not right", "contains: [\"*spam\"]", "antispamming", false},
    {"open", "contains: [\"*spam*\"]", "antispamming", true},
    {"brackets need no room", "contains: [\"[x1]\"]", "a,[x1],b", true},
    {"digits are part of words", "contains: [x1]", "x12", false},
    {"one of two", "contains: [yy, xx]", "xx", true},
    {"none of two", "contains: [yy, xx]", "zz", false},
    {"negative", "{contains: [xx], negative: [yy]}", "xx yy", false},
    {"also", "{contains: [xx], also: [zz, yy]}", "yy xx", true},
    {"also not", "{contains: [xx], also: [zz, yy]}", "xx ww", false},
    {"also alone", "also: [yy]", "yy", true},
    {"also behind starts", "{starts: yy, also: [yy]}", "yy xx", false},
    {"words behind starts stand alone", "{starts: ab, contains: [cd]}", "abcd", false},
    {"negative behind starts", "{starts: \"yy \", negative: [yy]}", "yy xx", true},
    {"negative alone", "negative: [yy]", "xx", true},
    {"contains behind starts", "{starts: xx, contains: [xx]}", "xx", false},
    {"regex", "regex: '^a.c$'", "abc", true},
    {"regex not", "regex: '^a.c$'", "abcd", false},
    {"code", "code: 450", "450 no", true},
    {"other code", "code: 450", "451 no", false},
    {"enhanced", "enhanced: [4.7.1]", "450 4.7.1 no", true},
    {"enhanced of class 5", "enhanced: [4.7.1]", "550 5.7.1 no", true},
    {"enhanced is no prefix", "enhanced: [4.7.1]", "450 4.7.10 no", false},
    {"enhanced with star", "enhanced: [\"4.7.*\"]", "450 4.7.10 no", true},
    {"no enhanced", "enhanced: [4.7.1]", "450 no", false},
    {"ip v6", "ip: v6", "connect to mx.example.org[2001:db8::1]:25: no", true},
    {"ip v6 not", "ip: v6", "connect to mx.example.org[192.0.2.1]:25: no", false},
    {"ip v4", "ip: v4", "connect to mx.example.org[192.0.2.1]:25: no", true},
    {"no ip", "ip: v4", "no", false},
    {"socket is no ip", "ip: v4", "connect to mx.example.org[private/lmtp]: no", false},
    {"scope", "scope: greeting", "host mx.example.org[192.0.2.1] refused to talk to me: 421 no", true},
    {"scope not", "scope: greeting", "host mx.example.org[192.0.2.1] said: 421 no", false},
    {"provider", "provider: big", "xx", false},
    {"mta", "mta: postfix", "xx", false},
    {"service", "service: retry", "xx", false},
};

/* The condition may be several, in braces. scope stands in place of the one that all others have. */
static struct catalog *load_condition(const char *condition)
{
	struct err err = {0};
	struct buf yaml = BUF_INIT;
	bool many = condition[0] == '{';
	const char *scope = strstr(condition, "scope:") != NULL ? "" : "scope: any, ";

	buf_fmt(&yaml, "- {id: a, %stier: exact, class: policy, %.*s, samples: [x]}\n" LAST, scope,
	        (int)(strlen(condition) - (many ? 2 : 0)), condition + many);
	struct catalog *c = load(buf_z(&yaml), "a.yaml", &err);
	expect(c != NULL, err.msg);
	buf_release(&yaml);
	return c;
}

static void test_conditions(void **state)
{
	struct buf normalised = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < LEN(conditions); i++) {
		struct err err = {0};
		struct reply reply;
		char code[16];
		struct catalog *c = load_condition(conditions[i].condition);
		struct engine *e = engine_new(c, true, &err);
		expect(e != NULL, err.msg);
		reply_read(MTA_UNKNOWN, str_from(conditions[i].text), &reply);
		reply_normalise(&reply, &normalised);
		reply_rule_code(&reply, code);
		const struct question q = {.reply = &reply, .normalised = buf_view(&normalised), .code = code};
		const struct rule *r = engine_find(e, &q, NULL);
		expect((r->class == CLASS_policy) == conditions[i].want, conditions[i].label);
		expect(engine_fits(e, 0, &q) == conditions[i].want, conditions[i].label);
		engine_free(e);
		catalog_free(c);
	}
	buf_release(&normalised);
}

static void test_providers(void **state)
{
	static const struct {
		const char *host, *want;
	} rows[] = {
	    {"aspmx.l.google.com", "google"},
	    {"ALT2.ASPMX.L.GOOGLE.COM", "google"},
	    {"mta7.am0.yahoodns.net", "yahoo"},
	    {"hotmail-com.olc.protection.outlook.com", "outlook"},
	    {"example-org.mail.protection.outlook.com", "office365"},
	    {"example-org.a-v1.mx.microsoft", "office365"},
	    {"mx01.mail.icloud.com", "apple"},
	    {"mx1.comcast.net", "comcast"},
	    {"smtp-in.orange.fr", "orange"},
	    {"mx00.gmx.net", "united_internet"},
	    {"163mx01.mxmail.netease.com", "netease"},
	    {"mx1.qq.com", "qq"},
	    {"eu-smtp-inbound-1.mimecast.com", "mimecast"},
	    {"za-smtp-inbound-1.mimecast.co.za", "mimecast"},
	    {"smtp.google.com", "google"},
	    {"gmail-smtp-in.l.google.com", "google"},
	    {"mx1.hotmail.com", "outlook"},
	    {"example-org.mail.protection.office365.us", "office365"},
	    {"example-org.mail.protection.partner.outlook.cn", "office365"},
	    {"ab1pr01mb1234.eurprd01.prod.outlook.com", "office365"},
	    {"al-ip4-mx-vip1.prodigy.net", "att"},
	    {"mx0.charter.net", "charter"},
	    {"charter.net", "charter"},
	    {"cxr.mx.a.cloudfilter.net", "cox"},
	    {"tmo-east.mx.a.cloudfilter.net", "cloudmark"},
	    {"smtpz4.laposte.net", "laposte"},
	    {"mxint01.1and1.com", "united_internet"},
	    {"emx.mail.ru", "mailru"},
	    {"mx.yandex.net", "yandex"},
	    {"mxbiz1.qq.com", "qq"},
	    {"mxn.mxhichina.com", "aliyun"},
	    {"freemx1.sinamail.sina.com.cn", "sina"},
	    {"mx1.hanmail.net", "kakao"},
	    {"mx1.mail.yahoo.co.jp", "yahoo_japan"},
	    {"mfsmax.docomo.ne.jp", "docomo"},
	    {"msmx.au.com", "kddi"},
	    {"mx.a.locaweb.com.br", "locaweb"},
	    {"mailfilter.hibox.hinet.net", "hinet"},
	    {"mxa-00000001.gslb.pphosted.com", "proofpoint"},
	    {"inbound-smtp.eu-west-1.amazonaws.com", "amazon"},
	    {"ec2-192-0-2-1.eu-west-1.compute.amazonaws.com", ""},
	    {"mx1.mxa.example-org.c3s2.iphmx.com", "cisco"},
	    {"mx-01-eu-west-1.prod.hydra.sophos.com", "sophos"},
	    {"google.com", ""},
	    {"notgoogle.com", ""},
	    {"notcharter.net", ""},
	    {"mx.google.com.example", ""},
	    {"com", ""},
	    {".", ""},
	    {"", ""},
	};
	struct err err = {0};
	struct catalog *c = catalog_load(NULL, &err);

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		const struct provider *p = catalog_provider(c, str_from(rows[i].host));
		expect_str(p == NULL ? STR_NONE : p->name, str_from(rows[i].want), rows[i].host);
	}
	catalog_free(c);
}

/* No suffix of the table is taken away by one before it, in the table or under another name. */
static void test_no_provider_is_hidden(void **state)
{
	struct err err = {0};
	struct catalog *c = catalog_load(NULL, &err);
	struct arena a = ARENA_INIT;
	const struct embedded_file *f = embedded_files;
	const struct val *doc;
	size_t n = 0;

	(void)state;
	while (!str_ends(str_from(f->name), STR("/providers.yaml")))
		f++;
	assert_int_equal(val_from_yaml(str_of(f->text, f->n), f->name, &a, &doc, &err), 0);
	for (size_t i = 0; i < doc->n; i++) {
		const struct val *suffixes = val_get(&doc->items[i], "suffixes");
		struct str name = val_str(val_get(&doc->items[i], "name"));
		for (size_t k = 0; k < suffixes->n; k++, n++) {
			struct str suffix = suffixes->items[k].s;
			struct str host = suffix.p[0] == '.' ? arena_fmt(&a, "mx%.*s", STR_FMT(suffix)) : suffix;
			const struct provider *p = catalog_provider(c, host);
			expect_str(p == NULL ? STR_NONE : p->name, name, host.p);
		}
	}
	assert_true(n > 150);
	arena_release(&a);
	catalog_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_samples),
	    cmocka_unit_test(test_bad_files),
	    cmocka_unit_test(test_faults),
	    cmocka_unit_test(test_conditions),
	    cmocka_unit_test(test_lint),
	    cmocka_unit_test(test_providers),
	    cmocka_unit_test(test_no_provider_is_hidden),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
