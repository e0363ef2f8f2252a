/* SPDX-License-Identifier: Apache-2.0 */
/* catalog - see catalog.h */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "classify/catalog.h"
#include "lib/base/check.h"
#include "lib/base/record.h"
#include "lib/codec/value.h"

struct catalog {
	struct arena arena;
	struct rule *rules;
	size_t n_rules, cap_rules;
	struct provider *providers;
	size_t n_providers;
};

static int bad(const char *file, int line, struct err *err, const char *what, struct str subject)
{
	return err_set(err, ERR_CONFIG, "%s:%d: %s \"%.*s\"", file, line, what, STR_FMT(subject));
}

/* A text or a list of texts. */
static int read_list(const struct val *v, const char *file, struct arena *a, struct str_list *ret, struct err *err)
{
	size_t n = v->kind == VAL_LIST ? v->n : v->kind == VAL_NULL ? 0 : 1;
	struct str *items = arena_alloc(a, (n + 1) * sizeof(*items));

	for (size_t i = 0; i < n; i++) {
		const struct val *item = v->kind == VAL_LIST ? &v->items[i] : v;
		if (item->kind != VAL_STR)
			return err_set(err, ERR_CONFIG, "%s:%d: a text is wanted here", file, item->line);
		items[i] = item->s;
	}
	*ret = (struct str_list){items, n};
	return 0;
}

static unsigned scopes_of(struct str name)
{
	static const struct {
		const char *name;
		unsigned scopes;
	} names[] = {
	    {"own", SCOPE_OWN},
	    {"reply", SCOPE_REPLY},
	    {"greeting", SCOPE_GREETING},
	    {"heard", SCOPE_REPLY | SCOPE_GREETING},
	    {"any", SCOPE_OWN | SCOPE_REPLY | SCOPE_GREETING},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (str_eq(name, str_from(names[i].name)))
			return names[i].scopes;
	return 0;
}

static int check_keys(const struct val *v, const char *const *known, const char *file, struct err *err)
{
	if (v->kind != VAL_MAP)
		return err_set(err, ERR_CONFIG, "%s:%d: an entry with keys is wanted here", file, v->line);
	for (size_t i = 0; i < v->n; i++)
		if (names_find(known, v->keys[i].s) < 0)
			return bad(file, v->keys[i].line, err, "unknown key", v->keys[i].s);
	return 0;
}

static int read_enums(const struct val *v, const char *file, struct rule *r, struct err *err)
{
	struct str tier = val_str(val_get(v, "tier")), cls = val_str(val_get(v, "class"));
	struct str owner = val_str(val_get(v, "owner")), scope = val_str(val_get(v, "scope"));
	int t = names_find(tier_names, tier), c = names_find(class_names, cls);
	int o = owner.n == 0 ? OWNER_UNKNOWN : names_find(owner_names, owner);

	r->scopes = scopes_of(scope);
	if (r->scopes == 0)
		return bad(file, v->line, err, "unknown scope", scope);
	if (t <= TIER_NONE)
		return bad(file, v->line, err, "unknown tier", tier);
	if (c <= CLASS_none)
		return bad(file, v->line, err, "unknown class", cls);
	if (o < 0)
		return bad(file, v->line, err, "unknown owner", owner);
	r->tier = (enum tier)t;
	r->class = (enum class)c;
	r->owner = (enum owner)o;
	return 0;
}

static int read_rule(struct catalog *c, const struct val *v, const char *file, struct rule *r, struct err *err)
{
	static const char *const known[] = {"id",       "scope",     "tier",     "starts",  "contains", "negative",
	                                    "enhanced", "provider",  "code",     "ip",      "class",    "owner",
	                                    "detail",   "microsoft", "reported", "samples", NULL};
	struct str ip;

	if (check_keys(v, known, file, err) < 0 || read_enums(v, file, r, err) < 0)
		return -1;
	r->file = file;
	r->line = v->line;
	r->id = val_str(val_get(v, "id"));
	r->starts = val_str(val_get(v, "starts"));
	r->provider = val_str(val_get(v, "provider"));
	r->detail = val_str(val_get(v, "detail"));
	r->microsoft = val_str(val_get(v, "microsoft"));
	r->code = val_i64(val_get(v, "code"), -1);
	r->reported = val_get(v, "reported")->kind == VAL_BOOL && val_get(v, "reported")->b;
	ip = val_str(val_get(v, "ip"));
	r->ip_version = str_eq(ip, STR("v6")) ? 6 : str_eq(ip, STR("v4")) ? 4 : 0;
	if (r->id.n == 0)
		return err_set(err, ERR_CONFIG, "%s:%d: a rule without an id", file, v->line);
	for (size_t i = 0; i < c->n_rules; i++)
		if (str_eq(c->rules[i].id, r->id))
			return bad(file, v->line, err, "a second rule with the id", r->id);
	if (read_list(val_get(v, "contains"), file, &c->arena, &r->contains, err) < 0 ||
	    read_list(val_get(v, "negative"), file, &c->arena, &r->negative, err) < 0 ||
	    read_list(val_get(v, "enhanced"), file, &c->arena, &r->enhanced, err) < 0)
		return -1;
	return read_list(val_get(v, "samples"), file, &c->arena, &r->samples, err);
}

static int read_rules(struct catalog *c, const struct val *doc, const char *file, struct err *err)
{
	if (doc->kind != VAL_LIST)
		return err_set(err, ERR_CONFIG, "%s: a list of rules is wanted", file);
	for (size_t i = 0; i < doc->n; i++) {
		if (c->n_rules == c->cap_rules) {
			c->cap_rules = c->cap_rules == 0 ? 64 : 2 * c->cap_rules;
			c->rules = xrealloc(c->rules, c->cap_rules * sizeof(*c->rules));
		}
		c->rules[c->n_rules] = (struct rule){0};
		if (read_rule(c, &doc->items[i], file, &c->rules[c->n_rules], err) < 0)
			return -1;
		c->n_rules++;
	}
	return 0;
}

static int read_providers(struct catalog *c, const struct val *doc, const char *file, struct err *err)
{
	static const char *const known[] = {"name", "suffixes", NULL};

	if (doc->kind != VAL_LIST)
		return err_set(err, ERR_CONFIG, "%s: a list of providers is wanted", file);
	c->providers = xrealloc(c->providers, (c->n_providers + doc->n + 1) * sizeof(*c->providers));
	for (size_t i = 0; i < doc->n; i++) {
		const struct val *v = &doc->items[i];
		struct provider *p = &c->providers[c->n_providers];
		if (check_keys(v, known, file, err) < 0 ||
		    read_list(val_get(v, "suffixes"), file, &c->arena, &p->suffixes, err) < 0)
			return -1;
		p->name = val_str(val_get(v, "name"));
		c->n_providers++;
	}
	return 0;
}

static int read_text(struct catalog *c, const char *name, struct str text, struct err *err)
{
	const char *file = arena_dup(&c->arena, str_from(name)).p;
	const struct val *doc;

	if (val_from_yaml(text, file, &c->arena, &doc, err) < 0)
		return -1;
	if (str_ends(str_from(name), STR("providers.yaml")) && !str_ends(str_from(name), STR("30-providers.yaml")))
		return read_providers(c, doc, file, err);
	return read_rules(c, doc, file, err);
}

static int read_file(struct catalog *c, const char *path, struct err *err)
{
	struct buf text = BUF_INIT;
	FILE *f = fopen(path, "rb");
	size_t n;

	if (f == NULL)
		return err_set(err, ERR_CONFIG, "cannot read \"%s\": %s", path, strerror(errno));
	do {
		buf_reserve(&text, 65536);
		n = fread(text.p + text.n, 1, 65536, f);
		text.n += n;
	} while (n > 0);
	fclose(f);
	int result = read_text(c, path, buf_view(&text), err);
	buf_release(&text);
	return result;
}

static int is_yaml(const struct dirent *e)
{
	return str_ends(str_from(e->d_name), STR(".yaml"));
}

static int read_dir(struct catalog *c, const char *dir, struct err *err)
{
	struct dirent **entries;
	int n = scandir(dir, &entries, is_yaml, alphasort), result = 0;

	if (n < 0)
		return err_set(err, ERR_CONFIG, "cannot read the catalogue \"%s\": %s", dir, strerror(errno));
	for (int i = 0; i < n; i++) {
		struct str path = arena_fmt(&c->arena, "%s/%s", dir, entries[i]->d_name);
		if (result == 0)
			result = read_file(c, path.p, err);
		free(entries[i]);
	}
	free(entries);
	return result;
}

/* Tiers in order; within one the order of files and of rules in them stays. */
static void sort_by_tier(struct catalog *c)
{
	struct rule *sorted = xcalloc(c->n_rules + 1, sizeof(*sorted));
	size_t k = 0;

	for (int t = TIER_EXACT; t <= TIER_GUESS; t++)
		for (size_t i = 0; i < c->n_rules; i++)
			if ((int)c->rules[i].tier == t)
				sorted[k++] = c->rules[i];
	free(c->rules);
	c->rules = sorted;
}

struct catalog *catalog_load(const char *dir, struct err *err)
{
	struct catalog *c = xcalloc(1, sizeof(*c));
	int result = 0;

	if (dir != NULL)
		result = read_dir(c, dir, err);
	for (const struct embedded_file *f = embedded_files; dir == NULL && f->name != NULL && result == 0; f++)
		if (str_starts(str_from(f->name), STR("classify/catalog/")))
			result = read_text(c, f->name, str_of(f->text, f->n), err);
	if (result == 0) {
		sort_by_tier(c);
		const struct rule *last = c->n_rules == 0 ? NULL : &c->rules[c->n_rules - 1];
		if (last == NULL || last->tier != TIER_GUESS || last->scopes != 7 || last->code != -1)
			result = err_set(err, ERR_CONFIG, "the catalogue has no last rule that fits everything");
	}
	if (result < 0) {
		catalog_free(c);
		return NULL;
	}
	return c;
}

void catalog_free(struct catalog *c)
{
	if (c == NULL)
		return;
	arena_release(&c->arena);
	free(c->rules);
	free(c->providers);
	free(c);
}

size_t catalog_rules(const struct catalog *c)
{
	return c->n_rules;
}

const struct rule *catalog_rule(const struct catalog *c, size_t i)
{
	return &c->rules[i];
}

struct str catalog_provider(const struct catalog *c, struct str host)
{
	for (size_t i = 0; i < c->n_providers; i++)
		for (size_t k = 0; k < c->providers[i].suffixes.n; k++)
			if (str_ends_nocase(host, c->providers[i].suffixes.items[k]))
				return c->providers[i].name;
	return STR_NONE;
}

static bool has_one(const struct str_list *l, struct str text)
{
	for (size_t i = 0; i < l->n; i++)
		if (str_find(text, l->items[i]) >= 0)
			return true;
	return false;
}

static bool code_fits(const struct str_list *l, const char *code)
{
	struct str s = str_from(code);

	for (size_t i = 0; i < l->n; i++) {
		struct str want = l->items[i];
		if (str_ends(want, STR("*")) ? str_starts(s, str_head(want, want.n - 1)) : str_eq(s, want))
			return true;
	}
	return false;
}

bool rule_fits(const struct rule *r, const struct question *q)
{
	if (!(r->scopes & (unsigned)q->reply->scope))
		return false;
	if (r->provider.n > 0 && !str_eq(r->provider, q->provider))
		return false;
	if (r->code >= 0 && r->code != q->reply->code)
		return false;
	if (r->enhanced.n > 0 && !code_fits(&r->enhanced, q->code))
		return false;
	if (r->ip_version != 0 && (str_chr(q->reply->ip, ':') >= 0) != (r->ip_version == 6))
		return false;
	if (!str_starts(q->normalised, r->starts))
		return false;
	struct str rest = str_skip(q->normalised, r->starts.n);
	if (r->contains.n > 0 && !has_one(&r->contains, rest))
		return false;
	return !has_one(&r->negative, rest);
}

const struct rule *catalog_find(const struct catalog *c, const struct question *q, size_t *ret_tried)
{
	size_t i = 0;

	while (!rule_fits(&c->rules[i], q))
		CHECK(++i < c->n_rules);
	if (ret_tried != NULL)
		*ret_tried = i + 1;
	return &c->rules[i];
}

static int test_sample(const struct catalog *c, const struct rule *r, struct str sample, struct buf *scratch,
                       struct buf *report)
{
	struct reply reply;
	char code[16];

	reply_read(sample, &reply);
	if (r->scopes == SCOPE_GREETING && !reply.wrapped)
		reply.scope = SCOPE_GREETING;
	reply_normalise(&reply, scratch);
	reply_rule_code(&reply, buf_view(scratch), code);
	const struct question q = {&reply, buf_view(scratch), code, r->provider};
	const struct rule *found = catalog_find(c, &q, NULL);
	if (found == r)
		return 0;
	buf_fmt(report, "%s:%d: sample of \"%.*s\" is decided by \"%.*s\": %.*s\n  as: %.*s\n", r->file, r->line,
	        STR_FMT(r->id), STR_FMT(found->id), STR_FMT(sample), STR_FMT(q.normalised));
	return 1;
}

int catalog_test(const struct catalog *c, struct buf *report)
{
	struct buf scratch = BUF_INIT;
	int faults = 0;

	for (size_t i = 0; i < c->n_rules; i++) {
		const struct rule *r = &c->rules[i];
		if (r->samples.n == 0) {
			buf_fmt(report, "%s:%d: rule \"%.*s\" has no sample\n", r->file, r->line, STR_FMT(r->id));
			faults++;
		}
		for (size_t k = 0; k < r->samples.n; k++)
			faults += test_sample(c, r, r->samples.items[k], &scratch, report);
	}
	buf_release(&scratch);
	return faults == 0 ? 0 : -1;
}
