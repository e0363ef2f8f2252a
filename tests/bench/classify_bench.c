/* SPDX-License-Identifier: Apache-2.0 */
/*
 * classify_bench - what a deferral costs to classify, and what it would cost to try the rules in order
 *
 * usage: classify_bench [ROUNDS [FOLDER]]     prints microseconds a deferral, the best of the rounds, and the worst line;
 * FOLDER: with the rules that are there
 *
 * The mix: the samples of all rules in turn, each as it comes from its provider and mail server, with hosts and
 * addresses that change. Fresh: so many that no text is remembered when it comes again. Retried: a few hosts of each kind, as
 * messages that wait are tried again. In order: each rule's words are one regular expression, compiled by
 * PCRE2's JIT; conditions on the source are looked at first, as in the engine. Not a test: nothing passes or fails by time.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "classify/classify.h"
#include "classify/condition.h"
#include "classify/samples.h"
#include "lib/base/check.h"
#include "lib/codec/regex.h"
#include "tests/unit/hostile.h"

enum { TEXTS = 20000 };

struct bench {
	struct catalog *catalog;
	struct engine *engine, *plain; /* plain: without PCRE2's JIT */
	struct classify *classify;
	struct regex **regexes; /* of all words of a rule; NULL: it has none */
	unsigned *bits;         /* its conditions */
	struct delivery *mix, *fresh, *retried;
	struct arena arena, scratch;
	struct asked sample;
	size_t decided; /* so that no work is left out as unused */
};

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t); /* other programs do not count */
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* Host names get a number, the last byte of an address changes: "example" and "192.0.2." are what samples are made of. */
static struct str vary(struct bench *b, struct str sample, int i)
{
	struct buf out = BUF_INIT;

	while (sample.n > 0) {
		if (str_eat(&sample, STR("example"))) {
			buf_fmt(&out, "example%d", i % 400);
		} else if (str_eat(&sample, STR("192.0.2."))) {
			buf_fmt(&out, "192.0.2.%d", i % 250);
			while (sample.n > 0 && sample.p[0] >= '0' && sample.p[0] <= '9')
				sample = str_skip(sample, 1);
		} else {
			buf_chr(&out, sample.p[0]);
			sample = str_skip(sample, 1);
		}
	}
	struct str text = arena_dup(&b->arena, buf_view(&out));
	buf_release(&out);
	return text;
}

/* A host of that provider, so that it is found as in the pipeline. */
static struct str host_of(struct bench *b, const struct rule *r, int i)
{
	static const char *const suffixes[] = {
	    ".google.com",
	    ".yahoodns.net",
	    ".olc.protection.outlook.com",
	    ".mail.protection.outlook.com",
	    ".icloud.com",
	    ".comcast.net",
	    ".orange.fr",
	    ".gmx.net",
	    ".netease.com",
	    ".qq.com",
	    ".mimecast.com",
	    ".pphosted.com",
	};

	for (size_t k = 0; r->provider.n > 0 && k < sizeof(suffixes) / sizeof(*suffixes); k++) {
		struct str host = arena_fmt(&b->arena, "mx%d%s", i % 40, suffixes[k]);
		const struct provider *p = catalog_provider(b->catalog, host);
		if (p != NULL && (str_eq(p->name, r->provider) || str_eq(p->speaks, r->provider)))
			return host;
	}
	return arena_fmt(&b->arena, "mx%d.d%d.example", i % 3, i % 400);
}

static void add_delivery(struct bench *b, struct delivery *d, const struct rule *r, struct str sample, int i)
{
	record_clear(&delivery_record, d);
	d->event = EVENT_DEFERRED;
	d->mta = (int)(r->mta == MTA_UNKNOWN ? MTA_POSTFIX : r->mta);
	d->service = r->service.n > 0 ? r->service : STR("smtp");
	d->recipient = arena_fmt(&b->arena, "u%d@d%d.example", i % 977, i % 400);
	d->relay = host_of(b, r, i);
	d->relay_ip = arena_fmt(&b->arena, "198.51.100.%d", i % 250);
	d->relay_port = 25;
	d->text = vary(b, sample, i);
}

/* variants: of each sample. */
static struct delivery *make_mix(struct bench *b, int variants)
{
	struct delivery *mix = xcalloc(TEXTS, sizeof(*mix));
	size_t rule = 0, sample = 0;
	int pass = 0;

	for (int i = 0; i < TEXTS; i++) {
		const struct rule *r = catalog_rule(b->catalog, rule);
		add_delivery(b, &mix[i], r, r->samples.items[sample], pass % variants);
		if (++sample < r->samples.n)
			continue;
		sample = 0;
		rule = (rule + 1) % catalog_rules(b->catalog);
		pass += rule == 0;
	}
	return mix;
}

static void quote(struct buf *out, struct str word)
{
	for (size_t i = 0; i < word.n; i++) {
		unsigned char c = (unsigned char)word.p[i];
		bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c >= 0x80 || c == ' ';
		if (!plain)
			buf_chr(out, '\\');
		buf_chr(out, (char)c);
	}
}

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static void put_words(struct buf *out, const struct literal_list *l)
{
	buf_str(out, STR("(?:"));
	for (size_t i = 0; i < l->n; i++) {
		struct str word = l->items[i];
		buf_str(out, i > 0 ? STR("|") : STR_NONE);
		if (!(l->open[i] & LITERAL_LEFT) && is_word(word.p[0]))
			buf_str(out, STR("(?<![a-z0-9])"));
		quote(out, word);
		if (!(l->open[i] & LITERAL_RIGHT) && is_word(word.p[word.n - 1]))
			buf_str(out, STR("(?![a-z0-9])"));
	}
	buf_chr(out, ')');
}

/* Words alone or a pattern alone are themselves, so that PCRE2 may look for their beginning; the rest are asked for one
 * after the other, from the start of the text. */
static struct regex *compile_words(const struct rule *r)
{
	struct buf p = BUF_INIT;
	struct err err = {0};
	bool one =
	    (r->starts.n > 0) + (r->contains.n > 0) + (r->regex.n > 0) == 1 && r->also.n == 0 && r->negative.n == 0;

	if (r->starts.n == 0 && r->contains.n == 0 && r->also.n == 0 && r->negative.n == 0 && r->regex.n == 0)
		return NULL;
	if (!one || r->starts.n > 0)
		buf_chr(&p, '^');
	if (!one && r->regex.n > 0)
		buf_fmt(&p, "(?=%s(?:%.*s))", r->regex.p[0] == '^' ? "" : "[\\s\\S]*?", STR_FMT(r->regex));
	quote(&p, r->starts);
	if (r->also.n > 0) {
		buf_str(&p, STR("(?=[\\s\\S]*?"));
		put_words(&p, &r->also);
		buf_chr(&p, ')');
	}
	if (r->negative.n > 0) {
		buf_str(&p, STR("(?![\\s\\S]*?"));
		put_words(&p, &r->negative);
		buf_chr(&p, ')');
	}
	if (r->contains.n > 0) {
		buf_str(&p, one ? STR_NONE : STR("[\\s\\S]*?"));
		put_words(&p, &r->contains);
	}
	if (one)
		buf_str(&p, r->regex);
	struct regex *re = regex_new(buf_view(&p), true, &err);
	if (re == NULL)
		fprintf(stderr, "%s\n", err.msg);
	CHECK(re != NULL);
	buf_release(&p);
	return re;
}

static const struct rule *in_order(const struct bench *b, const struct question *q)
{
	for (size_t i = 0;; i++) {
		const struct rule *r = catalog_rule(b->catalog, i);
		if (condition_unmet(r, b->bits[i], q) == NULL &&
		    (b->regexes[i] == NULL || regex_match(b->regexes[i], q->normalised, NULL, 0) == 1))
			return r;
	}
}

/* The question as the pipeline asks it. */
static void ask(struct bench *b, int i)
{
	struct asked *s = &b->sample;
	const struct delivery *d = &b->mix[i];

	reply_read((enum mta)d->mta, d->text, &s->reply);
	reply_normalise(&s->reply, &s->normalised);
	reply_rule_code(&s->reply, s->code);
	s->q = (struct question){&s->reply,        buf_view(&s->normalised),
	                         s->code,          catalog_provider(b->catalog, d->relay),
	                         (enum mta)d->mta, s->reply.suspended ? STR_NONE : d->service};
}

static void run_read(struct bench *b, int i)
{
	ask(b, i);
}

static void run_engine(struct bench *b, int i)
{
	ask(b, i);
	b->decided += engine_find(b->engine, &b->sample.q, NULL)->id.n;
}

static void run_in_order(struct bench *b, int i)
{
	ask(b, i);
	b->decided += in_order(b, &b->sample.q)->id.n;
}

static void run_classify(struct bench *b, int i)
{
	const struct classifier hook = classify_hook(b->classify);
	struct delivery d = b->mix[i];

	hook.classify(hook.arg, &d, &b->scratch);
	b->decided += d.rule.n;
	if (i % 256 == 0)
		arena_reset(&b->scratch);
}

static double measure(struct bench *b, int rounds, void (*run)(struct bench *b, int i))
{
	double best = 1e18;

	for (int round = 0; round < rounds; round++) {
		double start = now_us();
		for (int i = 0; i < TEXTS; i++)
			run(b, i);
		double took = now_us() - start;
		best = took < best ? took : best;
	}
	return best / TEXTS;
}

/* The same answers, or the comparison is worth nothing. */
static void check_answers(struct bench *b)
{
	for (int i = 0; i < TEXTS; i++) {
		ask(b, i);
		const struct rule *want = engine_find(b->engine, &b->sample.q, NULL), *got = in_order(b, &b->sample.q);
		if (got != want)
			fprintf(stderr, "%.*s: %.*s in order, %.*s by the engine\n", STR_FMT(b->mix[i].text),
			        STR_FMT(got->id), STR_FMT(want->id));
		CHECK(got == want);
	}
}

/* Each as the first of its kind: the memory of questions never has it. */
static double time_of(struct bench *b, const struct engine *e, struct str text, enum mta mta)
{
	double best = 1e18;

	for (int i = 0; i < 5; i++) {
		struct asked *s = &b->sample;
		double start = now_us();
		reply_read(mta, text, &s->reply);
		reply_normalise(&s->reply, &s->normalised);
		reply_rule_code(&s->reply, s->code);
		s->q = (struct question){&s->reply, buf_view(&s->normalised), s->code, NULL, mta, STR("smtp")};
		b->decided += engine_find(e, &s->q, NULL)->id.n;
		double took = now_us() - start;
		best = took < best ? took : best;
	}
	return best;
}

static void worst(struct bench *b, const struct engine *e, const char *how)
{
	struct hostile h = {.catalog = b->catalog};
	char text[80] = "";
	double most = 0;
	size_t n = 0;

	for (; hostile_next(&h); n++) {
		double a = time_of(b, e, buf_view(&h.text), MTA_POSTFIX);
		double c = time_of(b, e, buf_view(&h.text), MTA_UNKNOWN);
		double took = a > c ? a : c;
		if (took <= most)
			continue;
		most = took;
		snprintf(text, sizeof(text), "%.*s", STR_FMT(buf_view(&h.text)));
	}
	printf("worst of %zu lines of 8 KiB that are meant to be slow, %s: %.1f us: %.60s...\n", n, how, most, text);
	hostile_release(&h);
}

int main(int argc, char **argv)
{
	const struct destination_config dc = {NULL, 0, NULL, 0};
	int rounds = argc > 1 ? atoi(argv[1]) : 20;
	struct bench b = {.arena = ARENA_INIT};
	struct err err;

	b.catalog = catalog_load(&(struct catalog_files){.dir = argc > 2 ? argv[2] : NULL}, &err);
	CHECK(b.catalog != NULL);
	b.engine = engine_new(b.catalog, true, &err);
	b.plain = engine_new(b.catalog, false, &err);
	b.classify = classify_new(b.catalog, &dc, &err);
	CHECK(b.engine != NULL && b.plain != NULL && b.classify != NULL);
	b.regexes = xcalloc(catalog_rules(b.catalog), sizeof(*b.regexes));
	b.bits = xcalloc(catalog_rules(b.catalog), sizeof(*b.bits));
	for (size_t i = 0; i < catalog_rules(b.catalog); i++) {
		b.regexes[i] = compile_words(catalog_rule(b.catalog, i));
		b.bits[i] = condition_bits(catalog_rule(b.catalog, i));
	}
	b.fresh = make_mix(&b, INT_MAX);
	b.retried = make_mix(&b, 8);
	b.mix = b.fresh;
	check_answers(&b);
	double read = measure(&b, rounds, run_read), engine = measure(&b, rounds, run_engine);
	double order = measure(&b, rounds / 4 + 1, run_in_order), all = measure(&b, rounds, run_classify);
	double whole = order - read + all; /* all but the finding, and then in order */
	b.mix = b.retried;
	double again = measure(&b, rounds, run_classify);
	printf("%zu rules, %d deferrals in turn\n", catalog_rules(b.catalog), TEXTS);
	printf("%-50s %8.3f us\n", "fresh: read and normalised, provider found", read);
	printf("%-50s %8.3f us\n", "       ... and the rule found by the engine", engine);
	printf("%-50s %8.3f us\n", "       ... and by PCRE2-JIT, rule by rule, in order", order);
	printf("%-50s %8.3f us\n", "fresh: classified, destination and all", all);
	printf("%-50s %8.3f us\n", "retried: classified, destination and all", again);
	printf("rule by rule to the engine, finding alone: %.1f\n", (order - read) / (engine - read));
	printf("rule by rule to classified: fresh %.1f, retried %.1f\n", whole / all, whole / again);
	worst(&b, b.engine, "with JIT");
	worst(&b, b.plain, "without");
	return b.decided > 0 ? 0 : 1;
}
