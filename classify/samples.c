/* SPDX-License-Identifier: Apache-2.0 */
/*
 * samples - catalog_test: holds every rule of a catalogue to its own samples
 *
 * Samples are texts as the MTA logs them, wrappers included. They come from where the rule wants them to: its provider,
 * MTA and service.
 */
#include "classify/samples.h"

struct tester {
	const struct engine *engine;
	struct asked sample;
	struct buf *report;
	int faults;
};

void sample_ask(struct asked *s, const struct rule *r, struct str text)
{
	s->provider = (struct provider){.name = r->provider, .speaks = STR_NONE};
	reply_read(r->mta, text, &s->reply);
	reply_normalise(&s->reply, &s->normalised);
	reply_rule_code(&s->reply, s->code);
	s->q = (struct question){
	    .reply = &s->reply,
	    .normalised = buf_view(&s->normalised),
	    .code = s->code,
	    .provider = r->provider.n > 0 ? &s->provider : NULL,
	    .mta = s->reply.mta,
	    .service = s->reply.suspended ? STR_NONE : r->service,
	};
}

static bool decides(struct tester *t, const struct rule *r, struct str text)
{
	sample_ask(&t->sample, r, text);
	const struct rule *found = engine_find(t->engine, &t->sample.q, NULL);
	if (found == r)
		return true;
	buf_fmt(t->report, "%s:%d: a sample of rule \"%.*s\" is decided by \"%.*s\" (%s:%d): %.*s\n", r->file, r->line,
	        STR_FMT(r->id), STR_FMT(found->id), found->file, found->line, STR_FMT(text));
	return false;
}

static void test_rule(struct tester *t, const struct rule *r)
{
	size_t hits = 0;

	for (size_t i = 0; i < r->samples.n; i++)
		hits += decides(t, r, r->samples.items[i]);
	t->faults += hits < r->samples.n || r->samples.n == 0;
	if (r->samples.n == 0)
		buf_fmt(t->report, "%s:%d: rule \"%.*s\" has no sample\n", r->file, r->line, STR_FMT(r->id));
	else if (hits == 0)
		buf_fmt(t->report, "%s:%d: rule \"%.*s\" is shadowed: none of its samples gets to it\n", r->file,
		        r->line, STR_FMT(r->id));
}

int catalog_test(const struct catalog *c, struct buf *report)
{
	struct err err = {0};
	struct engine *engine = engine_new(c, true, &err);
	struct tester t = {.engine = engine, .sample = {.normalised = BUF_INIT}, .report = report};

	if (engine == NULL) {
		buf_fmt(report, "%s\n", err.msg);
		return -1;
	}
	for (size_t i = 0; i < catalog_rules(c); i++)
		test_rule(&t, catalog_rule(c, i));
	buf_release(&t.sample.normalised);
	engine_free(engine);
	return t.faults == 0 ? 0 : -1;
}
