/* SPDX-License-Identifier: Apache-2.0 */
/* classify_catalog_test - the built-in rules keep their word, files with faults are refused by file and line */
#include "classify/engine.h"
#include "tests/unit/classify_support.h"

static void test_samples(void **state)
{
	struct err err = {0};
	struct buf report = BUF_INIT;
	struct catalog *c = catalog_load(NULL, &err);
	size_t samples = 0;

	(void)state;
	expect(c != NULL, err.msg);
	if (catalog_test(c, &report) < 0)
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
	struct catalog *c = catalog_load(dir, err);
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
	    {"last with a code", "a.yaml", "- {id: b, scope: any, tier: guess, class: other, code: 450}\n",
	     "no last rule"},
	    {"last with words", "a.yaml", "- {id: b, scope: any, tier: guess, class: other, contains: [x]}\n",
	     "no last rule"},
	    {"last for one scope", "a.yaml", "- {id: b, scope: own, tier: guess, class: other}\n", "no last rule"},
	    {"provider without name", "providers.yaml", "- {suffixes: [\".example\"]}\n",
	     "providers.yaml:1: a provider wants"},
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
	assert_null(catalog_load("/nonexistent/catalog", &err));
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
		struct engine *e = engine_new(c, &err);
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

/* The first rule in the catalogue's order that fits by itself. */
static const struct rule *naive(const struct catalog *c, const struct engine *e, const struct question *q)
{
	for (size_t i = 0; i < catalog_rules(c); i++)
		if (engine_fits(e, i, q))
			return catalog_rule(c, i);
	return NULL;
}

/* Takes out, doubles or changes a few bytes. */
static void mutate(struct buf *b, uint64_t *seed)
{
	for (size_t n = random_below(seed, 4); n > 0 && b->n > 4; n--) {
		size_t at = random_below(seed, b->n);
		switch (random_below(seed, 3)) {
		case 0:
			memmove(b->p + at, b->p + at + 1, b->n - at - 1);
			b->n--;
			break;
		case 1:
			b->p[at] = (char)(' ' + random_below(seed, 95));
			break;
		default:
			b->n = at > 8 ? at : b->n;
		}
	}
}

static void compare(const struct catalog *c, const struct engine *e, struct str text, const struct provider *provider)
{
	static struct buf normalised;
	struct reply reply;
	char code[16];

	reply_read(MTA_UNKNOWN, text, &reply);
	reply_normalise(&reply, &normalised);
	reply_rule_code(&reply, code);
	const struct question q = {&reply, buf_view(&normalised), code, provider, MTA_POSTFIX, STR("smtp")};
	if (engine_find(e, &q, NULL) != naive(c, e, &q))
		fail_msg("%.*s", STR_FMT(text));
}

static void test_engine_is_naive(void **state)
{
	static const char *const hosts[] = {"mx.google.com", "mx.yahoodns.net", "a.olc.protection.outlook.com",
	                                    "mx.example.org"};
	struct err err = {0};
	struct catalog *c = catalog_load(NULL, &err);
	struct engine *e = engine_new(c, &err);
	struct buf text = BUF_INIT;
	uint64_t seed = 7;
	size_t n = 0;

	(void)state;
	expect(e != NULL, err.msg);
	for (size_t i = 0; i < catalog_rules(c); i++) {
		const struct rule *r = catalog_rule(c, i);
		for (size_t k = 0; k < r->samples.n; k++) {
			for (int round = 0; round < 30; round++, n++) {
				buf_clear(&text);
				buf_str(&text, r->samples.items[k]);
				mutate(&text, &seed);
				/* a copy of its own length, so that the sanitizer sees each read beyond it */
				char *copy = malloc(text.n + 1);
				memcpy(copy, text.p, text.n);
				compare(c, e, str_of(copy, text.n),
				        catalog_provider(c, str_from(hosts[random_below(&seed, LEN(hosts))])));
				free(copy);
			}
		}
	}
	assert_true(n > 5000);
	buf_release(&text);
	engine_free(e);
	catalog_free(c);
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
	    {"google.com", ""},
	    {"notgoogle.com", ""},
	    {"mx.google.com.example", ""},
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

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_samples),    cmocka_unit_test(test_bad_files),       cmocka_unit_test(test_faults),
	    cmocka_unit_test(test_conditions), cmocka_unit_test(test_engine_is_naive), cmocka_unit_test(test_providers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
