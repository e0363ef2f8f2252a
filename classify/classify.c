/* SPDX-License-Identifier: Apache-2.0 */
/* classify - see classify.h */
#include <stdlib.h>
#include <string.h>

#include "classify/classify.h"
#include "classify/condition.h"
#include "classify/exchange.h"
#include "classify/memo.h"
#include "lib/base/check.h"
#include "lib/base/hash.h"

/* What came of a text: all but where it was to go, which may differ. */
struct reading {
	struct reply reply;
	uintptr_t text; /* where it was, for reply_move */
	const struct provider *provider;
	const struct rule *rule;
};

struct classify {
	const struct catalog *catalog;
	struct engine *engine;
	struct destination *destination;
	struct remedies *remedies;
	struct buf normalised, question, text;
	struct memo *texts, *questions; /* of struct reading, of rules; NULL before the first question */
};

struct classify *classify_new(const struct catalog *catalog, const struct destination_config *c, struct err *err)
{
	struct classify *k = xcalloc(1, sizeof(*k));

	k->catalog = catalog;
	k->destination = destination_new(c);
	k->engine = engine_new(catalog, true, err);
	k->remedies = k->engine == NULL ? NULL : remedies_load(err);
	if (k->remedies == NULL) {
		classify_free(k);
		return NULL;
	}
	return k;
}

void classify_free(struct classify *c)
{
	if (c == NULL)
		return;
	engine_free(c->engine);
	destination_free(c->destination);
	remedies_free(c->remedies);
	buf_release(&c->normalised);
	buf_release(&c->question);
	buf_release(&c->text);
	memo_free(c->texts);
	memo_free(c->questions);
	free(c);
}

int classify_change(struct classify *c, const struct catalog *catalog, struct err *err)
{
	struct engine *engine = engine_new(catalog, true, err);

	if (engine == NULL)
		return -1;
	engine_free(c->engine);
	memo_free(c->texts);
	memo_free(c->questions);
	c->engine = engine;
	c->texts = c->questions = NULL;
	c->catalog = catalog;
	return 0;
}

static const struct rule *find_rule(struct classify *c, const struct question *q)
{
	buf_clear(&c->question);
	condition_facts(q, &c->question);
	buf_str(&c->question, q->normalised);
	struct str question = buf_view(&c->question);
	uint64_t hash = hash64(question, 0);

	const struct rule *const *known = memo_get(c->questions, question, hash), *rule;

	if (known != NULL)
		return *known;
	rule = engine_find(c->engine, q, NULL);
	memo_put(c->questions, question, hash, &rule);
	return rule;
}

static enum side side_of(enum owner owner, enum kind kind)
{
	switch (owner) {
	case OWNER_SENDER:
		return SIDE_US;
	case OWNER_NETWORK:
		return SIDE_NETWORK;
	case OWNER_NOBODY:
		return SIDE_NOBODY;
	case OWNER_RECIPIENT_ORG:
	case OWNER_RECIPIENT:
		return kind == KIND_OWN ? SIDE_US : kind == KIND_PARTNER ? SIDE_PARTNER : SIDE_THEM;
	default:
		return SIDE_UNKNOWN;
	}
}

static struct str microsoft_code_of(const struct rule *rule, const struct question *q, struct arena *a)
{
	char frame[16];

	if (rule->microsoft.n > 0)
		return rule->microsoft;
	reply_rule_frame(q->reply, frame);
	if (exchange_is_code(str_from(frame)))
		return arena_dup(a, str_from(frame));
	if (exchange_is_code(str_from(q->code)))
		return arena_dup(a, str_from(q->code));
	return str_from(class_microsoft_code(rule->class));
}

static void set_verdict(struct delivery *d, const struct rule *rule, const struct question *q, struct arena *a)
{
	const struct reply *reply = q->reply;
	bool framed = reply->frame.n > 0;

	d->class = (int)rule->class;
	d->family = (int)class_family(rule->class);
	d->owner = (int)(rule->owner != OWNER_UNKNOWN ? rule->owner : class_owner(rule->class));
	d->detail = rule->detail;
	d->rule = rule->id;
	d->tier = (int)rule->tier;
	d->microsoft_code = microsoft_code_of(rule, q, a);
	d->reported_by_next_hop = reply->reported || (rule->reported && reply->wrapped);
	d->reply_code = framed ? reply->frame_code : reply->code;
	d->enhanced_code = framed ? reply->frame : reply->enhanced;
	d->suspended |= reply->suspended;
	if (d->event == EVENT_DEFERRED)
		d->permanent_reply |= d->reply_code >= 500 || rule->permanent;
}

/* "retry" of "relay/retry". Who repeats an earlier reason does not count as its speaker. */
static struct str speaker(const struct delivery *d, const struct reply *reply)
{
	if (reply->suspended)
		return STR_NONE;
	return str_skip(d->service, (size_t)(str_rchr(d->service, '/') + 1));
}

static void ask(const struct delivery *d, const struct reply *reply, const struct provider *provider, char code[16],
                struct question *ret)
{
	reply_rule_code(reply, code);
	*ret = (struct question){
	    .reply = reply,
	    .normalised = STR_NONE,
	    .code = code,
	    .provider = provider,
	    .mta = reply->mta,
	    .service = speaker(d, reply),
	};
}

static void normalise(struct classify *c, struct question *q)
{
	reply_normalise(q->reply, &c->normalised);
	q->normalised = buf_view(&c->normalised);
}

/* Words that no rule knows as the MTA's own may be a reply that was logged without its code; Postfix frames its replies. */
static const struct rule *decide(struct classify *c, struct reply *reply, struct question *q)
{
	normalise(c, q);
	const struct rule *rule = find_rule(c, q);
	if (rule->tier != TIER_GUESS || reply->scope != SCOPE_OWN || !reply->bare || reply->mta == MTA_POSTFIX)
		return rule;
	reply->scope = SCOPE_REPLY;
	normalise(c, q);
	return find_rule(c, q);
}

/* A text of that MTA and service: what it says and, the provider aside, which rule decides. Hash and key stay in c. */
static const struct reading *recall(struct classify *c, const struct delivery *d, uint64_t *ret_hash)
{
	if (c->texts == NULL) {
		c->texts = memo_new(sizeof(struct reading));
		c->questions = memo_new(sizeof(const struct rule *));
	}
	buf_clear(&c->text);
	buf_chr(&c->text, (char)d->mta);
	buf_str(&c->text, d->service);
	buf_chr(&c->text, '\0');
	buf_str(&c->text, d->text);
	*ret_hash = hash64(buf_view(&c->text), 0);
	return memo_get(c->texts, buf_view(&c->text), *ret_hash);
}

/* A deferral always has one, be it that nothing is known; an end of the wait only if something is said of it. */
static bool has_verdict(const struct delivery *d)
{
	return d->event == EVENT_DEFERRED ||
	       (d->text.n > 0 && (d->event == EVENT_BOUNCED || d->event == EVENT_EXPIRED));
}

static void classify_text(struct classify *c, struct delivery *d, struct arena *a)
{
	uint64_t hash;
	const struct reading *known = recall(c, d, &hash);
	struct reading r;
	struct question q;
	char code[16];

	if (known != NULL) {
		r = *known;
		reply_move(&r.reply, r.text, d->text.p);
	} else {
		reply_read((enum mta)d->mta, d->text, &r.reply);
	}
	destination_hop(d, &r.reply, a);
	const struct provider *provider = catalog_provider(c->catalog, d->next_hop);
	bool anew = known == NULL || r.provider != provider;
	if (anew && known != NULL)
		reply_read((enum mta)d->mta, d->text, &r.reply);
	ask(d, &r.reply, provider, code, &q);
	if (anew) {
		r.rule = decide(c, &r.reply, &q);
		r.provider = provider;
		r.text = (uintptr_t)d->text.p;
		memo_put(c->texts, buf_view(&c->text), hash, &r);
	}
	set_verdict(d, r.rule, &q, a);
	destination_group(d, &r.reply, c->destination, provider, a);
	d->side = (int)side_of((enum owner)d->owner, (enum kind)d->kind);
}

static void classify(void *arg, struct delivery *d, struct arena *a)
{
	struct classify *c = arg;
	struct reply none;

	if (has_verdict(d)) {
		classify_text(c, d, a);
	} else if (d->recipient.n > 0) {
		reply_read((enum mta)d->mta, STR_NONE, &none);
		destination_hop(d, &none, a);
		destination_group(d, &none, c->destination, catalog_provider(c->catalog, d->next_hop), a);
	}
}

struct classifier classify_hook(struct classify *c)
{
	return (struct classifier){classify, c};
}

static void find_remedy(void *arg, const struct incident *inc, struct arena *a, struct remedy *ret)
{
	const struct classify *c = arg;
	struct remedy_case q;

	remedy_case_of_incident(inc, &q);
	remedies_find(c->remedies, &q, a, ret);
}

struct remedy_source classify_remedies(struct classify *c)
{
	return (struct remedy_source){find_remedy, c};
}

void classify_remedy(const struct classify *c, const struct delivery *d, struct arena *a, struct remedy *ret)
{
	struct remedy_case q;

	remedy_case_of_delivery(d, &q);
	remedies_find(c->remedies, &q, a, ret);
}

static const char *speaker_words(enum scope scope)
{
	switch (scope) {
	case SCOPE_REPLY:
		return "a reply of the remote server";
	case SCOPE_GREETING:
		return "the remote server's greeting";
	default:
		return "the mail server's own words";
	}
}

void classify_explain(struct classify *c, const struct delivery *d, struct arena *a, struct verdict_trail *ret)
{
	struct reply reply;
	struct question q;
	char code[16];

	*ret = (struct verdict_trail){.words = STR_NONE, .normalised = STR_NONE, .scope = "none"};
	if (!has_verdict(d))
		return;
	reply_read((enum mta)d->mta, d->text, &reply);
	ask(d, &reply, catalog_provider(c->catalog, d->next_hop), code, &q);
	decide(c, &reply, &q);
	q.normalised = arena_dup(a, q.normalised); /* what matched is a view into it */
	ret->rule = engine_find(c->engine, &q, &ret->tried);
	ret->n_tries = engine_trail(c->engine, &q, ret->tries, TRAIL_MAX);
	ret->words = reply.words;
	ret->normalised = q.normalised;
	ret->scope = speaker_words(reply.scope);
}
