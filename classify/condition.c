/* SPDX-License-Identifier: Apache-2.0 */
/* condition - see condition.h */
#include <string.h>

#include "classify/condition.h"
#include "classify/form.h"

static bool scope_wanted(const struct rule *r)
{
	return r->scopes != SCOPE_ANY;
}

static bool scope_fits(const struct rule *r, const struct question *q)
{
	return (r->scopes & (unsigned)q->reply->scope) != 0;
}

static bool scope_covers(const struct rule *a, const struct rule *b)
{
	return (b->scopes & ~a->scopes) == 0;
}

static void scope_words(const struct rule *r, struct buf *out)
{
	static const char *const names[] = {"none", "own", "reply", "own, reply", "greeting", "own, greeting", "heard"};

	buf_str(out, str_from(names[r->scopes % 7]));
}

static bool mta_wanted(const struct rule *r)
{
	return r->mta != MTA_UNKNOWN;
}

static bool mta_fits(const struct rule *r, const struct question *q)
{
	return form_speaks(r->mta, q->mta);
}

static bool mta_covers(const struct rule *a, const struct rule *b)
{
	return form_speaks(a->mta, b->mta);
}

static void mta_words(const struct rule *r, struct buf *out)
{
	buf_str(out, str_from(mta_names[r->mta]));
}

static bool phase_wanted(const struct rule *r)
{
	return r->phase != PHASE_NONE;
}

static bool phase_fits(const struct rule *r, const struct question *q)
{
	return r->phase == q->reply->phase;
}

static bool phase_covers(const struct rule *a, const struct rule *b)
{
	return a->phase == b->phase;
}

static void phase_words(const struct rule *r, struct buf *out)
{
	buf_str(out, str_from(phase_names[r->phase]));
}

static bool service_wanted(const struct rule *r)
{
	return r->service.n > 0;
}

static bool service_fits(const struct rule *r, const struct question *q)
{
	return str_eq(r->service, q->service);
}

static bool service_covers(const struct rule *a, const struct rule *b)
{
	return str_eq(a->service, b->service);
}

static void service_words(const struct rule *r, struct buf *out)
{
	buf_str(out, r->service);
}

static bool provider_wanted(const struct rule *r)
{
	return r->provider.n > 0;
}

static bool provider_fits(const struct rule *r, const struct question *q)
{
	const struct provider *p = q->provider;

	return p != NULL && (str_eq(r->provider, p->name) || str_eq(r->provider, p->speaks));
}

static bool provider_covers(const struct rule *a, const struct rule *b)
{
	return str_eq(a->provider, b->provider);
}

static void provider_words(const struct rule *r, struct buf *out)
{
	buf_str(out, r->provider);
}

static bool code_wanted(const struct rule *r)
{
	return r->code >= 0;
}

static bool code_fits(const struct rule *r, const struct question *q)
{
	return r->code == q->reply->code;
}

static bool code_covers(const struct rule *a, const struct rule *b)
{
	return a->code == b->code;
}

static void code_words(const struct rule *r, struct buf *out)
{
	buf_fmt(out, "%d", (int)r->code);
}

static bool enhanced_wanted(const struct rule *r)
{
	return r->enhanced.n > 0;
}

/* code may itself be one with a star, when rules are compared. */
static bool one_of(const struct str_list *l, struct str code)
{
	for (size_t i = 0; i < l->n; i++) {
		struct str want = l->items[i];
		if (str_ends(want, STR("*")) ? str_starts(code, str_head(want, want.n - 1)) : str_eq(code, want))
			return true;
	}
	return false;
}

static bool enhanced_fits(const struct rule *r, const struct question *q)
{
	return one_of(&r->enhanced, str_from(q->code));
}

static bool enhanced_covers(const struct rule *a, const struct rule *b)
{
	for (size_t i = 0; i < b->enhanced.n; i++)
		if (!one_of(&a->enhanced, b->enhanced.items[i]))
			return false;
	return b->enhanced.n > 0;
}

static void enhanced_words(const struct rule *r, struct buf *out)
{
	for (size_t i = 0; i < r->enhanced.n; i++)
		buf_fmt(out, "%s%.*s", i > 0 ? " or " : "", STR_FMT(r->enhanced.items[i]));
}

static bool frame_wanted(const struct rule *r)
{
	return r->frame.n > 0;
}

static bool frame_fits(const struct rule *r, const struct question *q)
{
	char frame[16];

	reply_rule_frame(q->reply, frame);
	return one_of(&r->frame, str_from(frame));
}

static bool frame_covers(const struct rule *a, const struct rule *b)
{
	for (size_t i = 0; i < b->frame.n; i++)
		if (!one_of(&a->frame, b->frame.items[i]))
			return false;
	return b->frame.n > 0;
}

static void frame_words(const struct rule *r, struct buf *out)
{
	for (size_t i = 0; i < r->frame.n; i++)
		buf_fmt(out, "%s%.*s", i > 0 ? " or " : "", STR_FMT(r->frame.items[i]));
}

static bool ip_wanted(const struct rule *r)
{
	return r->ip_version != 0;
}

/* 4 or 6; 0: none, or a socket's path. */
static int ip_version(struct str ip)
{
	return str_chr(ip, ':') >= 0 ? 6 : ip.n > 0 && str_chr(ip, '/') < 0 ? 4 : 0;
}

static bool ip_fits(const struct rule *r, const struct question *q)
{
	return r->ip_version == ip_version(q->reply->ip);
}

static bool ip_covers(const struct rule *a, const struct rule *b)
{
	return a->ip_version == b->ip_version;
}

static void ip_words(const struct rule *r, struct buf *out)
{
	buf_fmt(out, "v%d", r->ip_version);
}

/* Those that tell most apart come first. */
static const struct {
	const char *name;
	bool (*wanted)(const struct rule *r);
	bool (*fits)(const struct rule *r, const struct question *q);
	bool (*covers)(const struct rule *a, const struct rule *b); /* a wants it */
	void (*words)(const struct rule *r, struct buf *out);
} conditions[] = {
    {"scope", scope_wanted, scope_fits, scope_covers, scope_words},
    {"mta", mta_wanted, mta_fits, mta_covers, mta_words},
    {"provider", provider_wanted, provider_fits, provider_covers, provider_words},
    {"enhanced", enhanced_wanted, enhanced_fits, enhanced_covers, enhanced_words},
    {"frame", frame_wanted, frame_fits, frame_covers, frame_words},
    {"code", code_wanted, code_fits, code_covers, code_words},
    {"phase", phase_wanted, phase_fits, phase_covers, phase_words},
    {"service", service_wanted, service_fits, service_covers, service_words},
    {"ip", ip_wanted, ip_fits, ip_covers, ip_words},
};

enum { N_CONDITIONS = sizeof(conditions) / sizeof(*conditions) };

unsigned condition_bits(const struct rule *r)
{
	unsigned bits = 0;

	for (size_t i = 0; i < N_CONDITIONS; i++)
		bits |= conditions[i].wanted(r) ? 1u << i : 0;
	return bits;
}

const char *condition_unmet(const struct rule *r, unsigned bits, const struct question *q)
{
	for (; bits != 0; bits &= bits - 1) {
		size_t i = (size_t)__builtin_ctz(bits);
		if (!conditions[i].fits(r, q))
			return conditions[i].name;
	}
	return NULL;
}

bool condition_covers(const struct rule *a, const struct rule *b)
{
	for (size_t i = 0; i < N_CONDITIONS; i++)
		if (conditions[i].wanted(a) && !conditions[i].covers(a, b))
			return false;
	return true;
}

void condition_facts(const struct question *q, struct buf *out)
{
	struct {
		const struct provider *provider;
		int32_t scope, code, mta, phase, ip;
	} facts;

	memset(&facts, 0, sizeof(facts)); /* the padding, too */
	facts.provider = q->provider;
	facts.scope = (int32_t)q->reply->scope;
	facts.code = (int32_t)q->reply->code;
	facts.mta = (int32_t)q->mta;
	facts.phase = (int32_t)q->reply->phase;
	facts.ip = ip_version(q->reply->ip);
	buf_add(out, &facts, sizeof(facts));
	buf_add(out, q->code, strlen(q->code) + 1);
	buf_str(out, q->reply->frame);
	buf_chr(out, '\0');
	buf_str(out, q->service);
	buf_chr(out, '\0');
}

void condition_words(const struct rule *r, struct buf *out)
{
	size_t from = out->n;

	for (size_t i = 0; i < N_CONDITIONS; i++) {
		if (!conditions[i].wanted(r))
			continue;
		buf_fmt(out, "%s%s ", out->n > from ? ", " : "", conditions[i].name);
		conditions[i].words(r, out);
	}
}
