/* SPDX-License-Identifier: Apache-2.0 */
/*
 * classify_engine_test - the engine's answer is that of trying every rule in order, whatever the text, with PCRE2's JIT
 * and without; its work is bounded; the parts it is made of do what they say
 */
#include "classify/automaton.h"
#include "classify/memo.h"
#include "classify/samples.h"
#include "lib/base/buf.h"
#include "tests/unit/hostile.h"
#include "tests/unit/support.h"

enum { QUESTIONS = 210000 };

struct rig {
	struct catalog *catalog;
	struct engine *jit, *plain;
	struct str *samples;
	size_t n;
	uint64_t seed;
	struct buf text, normalised;
};

static void rig_init(struct rig *r)
{
	struct err err = {0};

	*r = (struct rig){.seed = 7};
	r->catalog = catalog_load(NULL, &err);
	expect(r->catalog != NULL, err.msg);
	r->jit = engine_new(r->catalog, true, &err);
	r->plain = engine_new(r->catalog, false, &err);
	expect(r->jit != NULL && r->plain != NULL, err.msg);
	for (size_t i = 0; i < catalog_rules(r->catalog); i++)
		r->n += catalog_rule(r->catalog, i)->samples.n;
	r->samples = calloc(r->n, sizeof(*r->samples));
	r->n = 0;
	for (size_t i = 0; i < catalog_rules(r->catalog); i++) {
		const struct str_list *l = &catalog_rule(r->catalog, i)->samples;
		for (size_t k = 0; k < l->n; k++)
			r->samples[r->n++] = l->items[k];
	}
}

static void rig_release(struct rig *r)
{
	engine_free(r->jit);
	engine_free(r->plain);
	catalog_free(r->catalog);
	buf_release(&r->text);
	buf_release(&r->normalised);
	free(r->samples);
}

static const struct rule *naive(const struct catalog *c, const struct engine *e, const struct question *q)
{
	for (size_t i = 0; i < catalog_rules(c); i++)
		if (engine_fits(e, i, q))
			return catalog_rule(c, i);
	return NULL;
}

static struct str any_sample(struct rig *r)
{
	return r->samples[random_below(&r->seed, r->n)];
}

/* The k-th word of s and the blank behind it, as its place. */
static size_t word_at(struct str s, size_t k, size_t *ret_n)
{
	size_t at = 0;

	while (k-- > 0) {
		ssize_t blank = str_chr(str_skip(s, at), ' ');
		if (blank < 0)
			break;
		at += (size_t)blank + 1;
	}
	ssize_t end = str_chr(str_skip(s, at), ' ');
	*ret_n = end < 0 ? s.n - at : (size_t)end + 1;
	return at;
}

static void drop(struct rig *r, size_t at, size_t n)
{
	memmove(r->text.p + at, r->text.p + at + n, r->text.n - at - n);
	r->text.n -= n;
}

static void insert(struct rig *r, size_t at, struct str what)
{
	struct buf b = BUF_INIT;

	buf_str(&b, str_head(buf_view(&r->text), at));
	buf_str(&b, what);
	buf_str(&b, str_skip(buf_view(&r->text), at));
	buf_clear(&r->text);
	buf_str(&r->text, buf_view(&b));
	buf_release(&b);
}

/* A word is dropped, doubled or moved elsewhere. */
static void change_word(struct rig *r)
{
	size_t n, at = word_at(buf_view(&r->text), random_below(&r->seed, 12), &n);
	size_t how = random_below(&r->seed, 3);
	char *copy = malloc(n + 1);

	memcpy(copy, r->text.p + at, n);
	if (how != 1)
		drop(r, at, n);
	if (how != 0) {
		size_t to = how == 1 ? at : random_below(&r->seed, r->text.n + 1);
		insert(r, to, str_of(copy, n));
	}
	free(copy);
}

static void change_bytes(struct rig *r)
{
	static const char *const codes[] = {"421 ",   "450 4.2.1 ", "451 4.7.0 ",    "452 4.2.2 ", "550 5.7.1 ",
	                                    "4.4.7 ", "454-",       "450 #4.4.312 ", "5.4.316 ",   "432 4.3.2 "};
	size_t at = random_below(&r->seed, r->text.n);

	switch (random_below(&r->seed, 6)) {
	case 0:
		drop(r, at, 1);
		break;
	case 1:
		r->text.p[at] = (char)(' ' + random_below(&r->seed, 95));
		break;
	case 2:
		r->text.p[at] = (char)random_next(&r->seed);
		break;
	case 3:
		r->text.p[at] ^= 0x20;
		break;
	case 4:
		r->text.n = at > 8 ? at : r->text.n;
		break;
	default:
		insert(r, random_below(&r->seed, 2) ? at : 0, str_from(codes[random_below(&r->seed, LEN(codes))]));
	}
}

/* The beginning of one text, the end of another. */
static void splice(struct rig *r)
{
	struct str other = any_sample(r);

	r->text.n = random_below(&r->seed, r->text.n + 1);
	buf_str(&r->text, str_skip(other, random_below(&r->seed, other.n)));
}

static void random_text(struct rig *r)
{
	size_t n = random_below(&r->seed, 300);

	buf_clear(&r->text);
	for (size_t i = 0; i < n; i++)
		buf_chr(&r->text, random_below(&r->seed, 6) ? (char)('a' + random_below(&r->seed, 26))
		                                            : (char)random_next(&r->seed));
}

static void make_text(struct rig *r)
{
	buf_clear(&r->text);
	buf_str(&r->text, any_sample(r));
	if (random_below(&r->seed, 20) == 0)
		random_text(r);
	for (size_t n = random_below(&r->seed, 4); n > 0 && r->text.n > 4; n--) {
		switch (random_below(&r->seed, 5)) {
		case 0:
		case 1:
			change_word(r);
			break;
		case 2:
			splice(r);
			break;
		default:
			change_bytes(r);
		}
	}
}

/* Hosts of all providers, and none. */
static const struct provider *any_provider(struct rig *r)
{
	static const char *const hosts[] = {"mx.google.com",
	                                    "mx.yahoodns.net",
	                                    "a.olc.protection.outlook.com",
	                                    "a.mail.protection.outlook.com",
	                                    "mx.icloud.com",
	                                    "mx.comcast.net",
	                                    "mx.orange.fr",
	                                    "mx.gmx.net",
	                                    "mx.netease.com",
	                                    "mx.qq.com",
	                                    "mx.mimecast.com",
	                                    "mx.example.org"};

	return catalog_provider(r->catalog, str_from(hosts[random_below(&r->seed, LEN(hosts))]));
}

/* All three ways; the text is a copy of its own length, so that the sanitizer sees each read beyond it. */
static void compare(struct rig *r, const struct question *q)
{
	char *copy = malloc(q->normalised.n);
	struct question own = *q;

	if (q->normalised.n > 0)
		memcpy(copy, q->normalised.p, q->normalised.n);
	own.normalised = str_of(copy, q->normalised.n);
	const struct rule *want = naive(r->catalog, r->plain, &own);
	const struct rule *got = engine_find(r->jit, &own, NULL), *plain = engine_find(r->plain, &own, NULL);
	if (got != want || plain != want)
		fail_msg("\"%.*s\": %.*s, without JIT %.*s, in order %.*s", STR_FMT(own.normalised), STR_FMT(got->id),
		         STR_FMT(plain->id), STR_FMT(want->id));
	free(copy);
}

static void ask(struct rig *r)
{
	static const enum scope scopes[] = {SCOPE_OWN, SCOPE_REPLY, SCOPE_GREETING};
	static const char *const services[] = {"smtp", "retry", "lmtp", "local", ""};
	enum mta mta = random_below(&r->seed, 2) ? MTA_POSTFIX : (enum mta)random_below(&r->seed, MTA_SES + 1);
	struct reply reply;
	char code[16];

	reply_read(mta, buf_view(&r->text), &reply);
	if (random_below(&r->seed, 4) == 0)
		reply.scope = scopes[random_below(&r->seed, 3)];
	if (random_below(&r->seed, 8) == 0)
		reply.phase = (enum phase)random_below(&r->seed, PHASE_END + 1);
	reply_normalise(&reply, &r->normalised);
	reply_rule_code(&reply, code);
	const struct question q = {&reply, buf_view(&r->normalised),
	                           code,   any_provider(r),
	                           mta,    str_from(services[random_below(&r->seed, LEN(services))])};
	compare(r, &q);
}

static void test_as_in_order(void **state)
{
	struct rig r;
	struct asked s = {.normalised = BUF_INIT};

	(void)state;
	rig_init(&r);
	for (size_t i = 0; i < catalog_rules(r.catalog); i++) {
		const struct rule *rule = catalog_rule(r.catalog, i);
		for (size_t k = 0; k < rule->samples.n; k++) {
			sample_ask(&s, rule, rule->samples.items[k]);
			compare(&r, &s.q);
		}
	}
	for (size_t i = 0; i < QUESTIONS; i++) {
		make_text(&r);
		ask(&r);
	}
	struct engine_stats stats = engine_stats(r.jit);
	print_message("%llu questions, %.2f rules tried each, %zu KiB of index for %zu rules\n",
	              (unsigned long long)stats.questions, (double)stats.rules_tried / (double)stats.questions,
	              stats.memory / 1024, catalog_rules(r.catalog));
	assert_true(stats.questions >= QUESTIONS);
	assert_true(stats.rules_tried < stats.questions * 20);
	buf_release(&s.normalised);
	rig_release(&r);
}

/* Whatever is sent, the work is bounded: one pass over at most ENGINE_TEXT_MAX bytes, few rules, no limit of a pattern. */
static void test_work_is_bounded(void **state)
{
	struct rig r;
	struct hostile h;
	size_t n = 0;

	(void)state;
	rig_init(&r);
	h = (struct hostile){.catalog = r.catalog};
	for (; hostile_next(&h); n++) {
		for (int anybody = 0; anybody < 2; anybody++) {
			enum mta mta = anybody ? MTA_UNKNOWN : MTA_POSTFIX;
			struct reply reply;
			char code[16];
			reply_read(mta, buf_view(&h.text), &reply);
			reply_normalise(&reply, &r.normalised);
			reply_rule_code(&reply, code);
			const struct question q = {&reply, buf_view(&r.normalised), code, NULL, mta, STR("smtp")};
			struct engine_stats before = engine_stats(r.plain);
			engine_find(r.plain, &q, NULL);
			struct engine_stats after = engine_stats(r.plain);
			expect(q.normalised.n <= ENGINE_TEXT_MAX, "a text is cut");
			expect(after.bytes - before.bytes <= ENGINE_TEXT_MAX + 64, "one pass");
			expect(after.words_found - before.words_found <= 4 * ENGINE_TEXT_MAX, "words found");
			expect(after.rules_tried - before.rules_tried <= 100, buf_z(&h.text));
			expect(after.patterns_run - before.patterns_run <= 40, "patterns run");
			expect(after.limits_hit == 0, "limits hit");
			compare(&r, &q);
		}
	}
	assert_true(n > catalog_rules(r.catalog) + HOSTILE_FORMS);
	hostile_release(&h);
	rig_release(&r);
}

struct seen {
	uint64_t sum;
	size_t n;
};

static void note_found(void *arg, size_t word, size_t end)
{
	struct seen *s = arg;

	s->sum += (word + 1) * 1000003 * (end + 7);
	s->n++;
}

/* Against looking for each word everywhere; few letters, so that words overlap and hold each other. */
static void test_automaton(void **state)
{
	uint64_t seed = 5;
	size_t hits = 0;

	(void)state;
	for (int round = 0; round < 300; round++) {
		char bytes[40][8], text[200];
		struct str words[40];
		size_t n = 0, n_text = random_below(&seed, sizeof(text)), letters = 1 + random_below(&seed, 6);
		for (size_t i = 0; i < random_below(&seed, 41); i++) {
			size_t length = 1 + random_below(&seed, 8);
			bool twice = false;
			for (size_t k = 0; k < length; k++)
				bytes[i][k] = (char)(0xfd + random_below(&seed, letters));
			words[n] = str_of(bytes[i], length);
			for (size_t k = 0; k < n; k++)
				twice |= str_eq(words[k], words[n]);
			n += !twice;
		}
		for (size_t i = 0; i < n_text; i++)
			text[i] = (char)(0xfd + random_below(&seed, letters));
		struct automaton *a = automaton_new(words, n);
		struct seen got = {0, 0}, want = {0, 0};
		automaton_scan(a, str_of(text, n_text), note_found, &got);
		for (size_t i = 0; i < n; i++)
			for (size_t at = 0; at + words[i].n <= n_text; at++)
				if (memcmp(text + at, words[i].p, words[i].n) == 0)
					note_found(&want, i, at + words[i].n);
		assert_int_equal(got.n, want.n);
		assert_true(got.sum == want.sum);
		hits += got.n;
		automaton_free(a);
	}
	assert_true(hits > 10000);
}

static void test_memo(void **state)
{
	struct memo *m = memo_new(sizeof(uint64_t));
	char large[600] = {0};
	uint64_t seed = 2, found = 0;

	(void)state;
	assert_null(memo_get(m, STR("a"), 1));
	memo_put(m, STR("a"), 1, &(uint64_t){10});
	memo_put(m, STR("b"), 1, &(uint64_t){11}); /* the same hash */
	assert_int_equal(*(const uint64_t *)memo_get(m, STR("a"), 1), 10);
	assert_int_equal(*(const uint64_t *)memo_get(m, STR("b"), 1), 11);
	assert_null(memo_get(m, STR("c"), 1));
	assert_non_null(memo_get(m, STR("a"), 1));
	memo_put(m, STR("c"), 1, &(uint64_t){12}); /* b was used before a */
	assert_null(memo_get(m, STR("b"), 1));
	assert_int_equal(*(const uint64_t *)memo_get(m, STR("a"), 1), 10);
	memo_put(m, str_of(large, sizeof(large)), 9, &(uint64_t){13});
	assert_null(memo_get(m, str_of(large, sizeof(large)), 9));
	for (int i = 0; i < 100000; i++) {
		uint64_t key = random_below(&seed, 20000);
		const uint64_t *got = memo_get(m, str_of(&key, sizeof(key)), key * 77);
		if (got != NULL)
			assert_true(*got == key);
		found += got != NULL;
		memo_put(m, str_of(&key, sizeof(key)), key * 77, &key);
	}
	assert_true(found > 10000);
	memo_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_as_in_order),
	    cmocka_unit_test(test_work_is_bounded),
	    cmocka_unit_test(test_automaton),
	    cmocka_unit_test(test_memo),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
