/* SPDX-License-Identifier: Apache-2.0 */
/* classify - see classify.h */
#include <stdlib.h>
#include <string.h>

#include "classify/classify.h"
#include "classify/engine.h"
#include "lib/base/check.h"
#include "lib/base/hash.h"

enum { MEMO_SLOTS = 8192, QUESTION_MAX = 704 };

/* A question asked before, and its rule. */
struct memo {
	uint64_t hash;
	const struct rule *rule;
	uint16_t n;
	char question[QUESTION_MAX];
};

struct classify {
	const struct catalog *catalog;
	struct engine *engine;
	struct destination_config c;
	struct remedies *remedies;
	struct buf normalised, question;
	struct memo *memo;
};

struct classify *classify_new(const struct catalog *catalog, const struct destination_config *c, struct err *err)
{
	struct classify *k = xcalloc(1, sizeof(*k));

	k->catalog = catalog;
	k->c = *c;
	k->engine = engine_new(catalog, err);
	k->remedies = k->engine == NULL ? NULL : remedies_load(err);
	if (k->remedies == NULL) {
		classify_free(k);
		return NULL;
	}
	k->memo = xcalloc(MEMO_SLOTS, sizeof(*k->memo));
	return k;
}

void classify_free(struct classify *c)
{
	if (c == NULL)
		return;
	engine_free(c->engine);
	remedies_free(c->remedies);
	buf_release(&c->normalised);
	buf_release(&c->question);
	free(c->memo);
	free(c);
}

/* All that a rule may look at, as one key. Texts end at a 0 byte, so that no two questions share one. */
static void put_question(struct buf *out, const struct question *q)
{
	struct str ip = q->reply->ip;
	bool ipv6 = str_chr(ip, ':') >= 0, socket = str_chr(ip, '/') >= 0;
	const int32_t facts[] = {
	    (int32_t)q->reply->scope,
	    (int32_t)q->reply->code,
	    (int32_t)q->mta,
	    (int32_t)q->reply->phase,
	    ip.n == 0 || socket ? 0
	    : ipv6              ? 6
	                        : 4,
	};

	buf_clear(out);
	buf_add(out, facts, sizeof(facts));
	buf_add(out, q->code, strlen(q->code) + 1);
	buf_str(out, q->provider != NULL ? q->provider->name : STR_NONE);
	buf_chr(out, '\0');
	buf_str(out, q->service);
	buf_chr(out, '\0');
	buf_str(out, q->normalised);
}

static const struct rule *find_rule(struct classify *c, const struct question *q)
{
	put_question(&c->question, q);
	struct str key = buf_view(&c->question);
	uint64_t hash = hash64(key, 0);
	struct memo *m = &c->memo[hash % MEMO_SLOTS];

	if (m->rule != NULL && m->hash == hash && m->n == key.n && memcmp(m->question, key.p, key.n) == 0)
		return m->rule;
	const struct rule *rule = engine_find(c->engine, q, NULL);
	if (key.n <= QUESTION_MAX) {
		m->hash = hash;
		m->rule = rule;
		m->n = (uint16_t)key.n;
		memcpy(m->question, key.p, key.n);
	}
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

/* "4.4.3xx", "4.7.3xx" and 4.7.230 are codes of the document and its followers. */
static bool is_microsoft_code(const char *code)
{
	return strlen(code) == 7 &&
	       (memcmp(code, "4.4.3", 5) == 0 || memcmp(code, "4.7.3", 5) == 0 || strcmp(code, "4.7.230") == 0);
}

static struct str microsoft_code_of(const struct rule *rule, const char *code, struct arena *a)
{
	if (rule->microsoft.n > 0)
		return rule->microsoft;
	if (is_microsoft_code(code))
		return arena_dup(a, str_from(code));
	return str_from(class_microsoft_code(rule->class));
}

static void set_verdict(struct delivery *d, const struct rule *rule, const struct question *q, struct arena *a)
{
	const struct reply *reply = q->reply;

	d->class = (int)rule->class;
	d->family = (int)class_family(rule->class);
	d->owner = (int)(rule->owner != OWNER_UNKNOWN ? rule->owner : class_owner(rule->class));
	d->detail = rule->detail;
	d->rule = rule->id;
	d->tier = (int)rule->tier;
	d->microsoft_code = microsoft_code_of(rule, q->code, a);
	d->reported_by_next_hop = rule->reported && reply->wrapped;
	d->reply_code = reply->code;
	d->enhanced_code = reply->enhanced;
	d->suspended |= reply->suspended;
	if (d->event == EVENT_DEFERRED)
		d->permanent_reply |= reply->code >= 500 || rule->permanent;
}

/* "retry" of "relay/retry". Who repeats an earlier reason does not count as its speaker. */
static struct str speaker(const struct delivery *d, const struct reply *reply)
{
	if (reply->suspended)
		return STR_NONE;
	return str_skip(d->service, (size_t)(str_rchr(d->service, '/') + 1));
}

/* Needs destination_hop. */
static void ask(struct classify *c, const struct delivery *d, const struct reply *reply,
                const struct provider *provider, char code[16], struct question *ret)
{
	reply_normalise(reply, &c->normalised);
	reply_rule_code(reply, code);
	*ret = (struct question){
	    .reply = reply,
	    .normalised = buf_view(&c->normalised),
	    .code = code,
	    .provider = provider,
	    .mta = (enum mta)d->mta,
	    .service = speaker(d, reply),
	};
}

/* A deferral always has one, be it that nothing is known; an end of the wait only if something is said of it. */
static bool has_verdict(const struct delivery *d)
{
	return d->event == EVENT_DEFERRED ||
	       (d->text.n > 0 && (d->event == EVENT_BOUNCED || d->event == EVENT_EXPIRED));
}

static void classify(void *arg, struct delivery *d, struct arena *a)
{
	struct classify *c = arg;
	bool verdict = has_verdict(d);
	struct reply reply;
	struct question q;
	char code[16];

	if (d->recipient.n == 0 && !verdict)
		return;
	reply_read((enum mta)d->mta, verdict ? d->text : STR_NONE, &reply);
	destination_hop(d, &reply, a);
	const struct provider *provider = catalog_provider(c->catalog, d->next_hop);
	if (verdict) {
		ask(c, d, &reply, provider, code, &q);
		set_verdict(d, find_rule(c, &q), &q, a);
	}
	destination_group(d, &reply, &c->c, provider, a);
	if (verdict)
		d->side = (int)side_of((enum owner)d->owner, (enum kind)d->kind);
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
	ask(c, d, &reply, catalog_provider(c->catalog, d->next_hop), code, &q);
	ret->rule = engine_find(c->engine, &q, &ret->tried);
	ret->words = reply.words;
	ret->normalised = arena_dup(a, q.normalised);
	ret->scope = speaker_words(reply.scope);
}
