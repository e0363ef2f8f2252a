/* SPDX-License-Identifier: Apache-2.0 */
/* catalog - see catalog.h */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "classify/catalog.h"
#include "classify/condition.h"
#include "classify/pattern.h"
#include "lib/base/check.h"
#include "lib/base/record.h"
#include "lib/base/table.h"
#include "lib/base/text.h"
#include "lib/codec/regex.h"
#include "lib/codec/value.h"

enum { SUFFIX_MAX = 255 };

struct catalog {
	struct arena arena;
	struct rule *rules;
	size_t n_rules, cap_rules;
	struct provider *providers;
	size_t n_providers;
	struct table suffixes; /* lower case, to the first provider that has it */
	enum origin origin;    /* of the file that is being read */
};

static int bad(const char *file, int line, struct err *err, const char *what, struct str subject)
{
	return err_set(err, ERR_CONFIG, "%s:%d: %s \"%.*s\"", file, line, what, STR_FMT(subject));
}

/* A text or a list of texts, none of them empty. */
static int read_list(const struct val *v, const char *file, struct arena *a, struct str_list *ret, struct err *err)
{
	size_t n = v->kind == VAL_LIST ? v->n : v->kind == VAL_NULL ? 0 : 1;
	struct str *items = arena_alloc(a, (n + 1) * sizeof(*items));

	for (size_t i = 0; i < n; i++) {
		const struct val *item = v->kind == VAL_LIST ? &v->items[i] : v;
		if (item->kind != VAL_STR || item->s.n == 0)
			return err_set(err, ERR_CONFIG, "%s:%d: a text is wanted here", file, item->line);
		items[i] = item->s;
	}
	*ret = (struct str_list){items, n};
	return 0;
}

/* "greylist*", "*_104": the stars become marks. */
static int read_literals(const struct val *v, const char *file, struct arena *a, struct literal_list *ret,
                         struct err *err)
{
	struct str_list list = {NULL, 0};

	if (read_list(v, file, a, &list, err) < 0)
		return -1;
	*ret = (struct literal_list){list.items, arena_zalloc(a, list.n + 1), list.n};
	for (size_t i = 0; i < list.n; i++) {
		struct str *s = &ret->items[i];
		if (str_eat(s, STR("*")))
			ret->open[i] |= LITERAL_LEFT;
		if (str_ends(*s, STR("*"))) {
			ret->open[i] |= LITERAL_RIGHT;
			s->n--;
		}
		if (s->n == 0)
			return err_set(err, ERR_CONFIG, "%s:%d: stars without a text", file, v->line);
	}
	return 0;
}

static unsigned scopes_of(struct str name)
{
	static const struct {
		const char *name;
		unsigned scopes;
	} names[] = {
	    {"own", SCOPE_OWN},           {"reply", SCOPE_REPLY},
	    {"greeting", SCOPE_GREETING}, {"heard", SCOPE_REPLY | SCOPE_GREETING},
	    {"any", SCOPE_ANY},
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

static int read_enum(const struct val *rule, const char *key, const char *const *names, int lowest, const char *file,
                     int *ret, struct err *err)
{
	const struct val *v = val_get(rule, key);
	char what[32];

	if (v->kind == VAL_NULL && lowest == 0) {
		*ret = 0;
		return 0;
	}
	*ret = names_find(names, val_str(v));
	if (*ret >= (lowest > 0 ? lowest : 1))
		return 0;
	snprintf(what, sizeof(what), "unknown %s", key);
	return bad(file, v->kind == VAL_NULL ? rule->line : v->line, err, what, val_str(v));
}

static int read_enums(const struct val *v, const char *file, struct rule *r, struct err *err)
{
	struct str scope = val_str(val_get(v, "scope"));
	int tier, class, owner, mta, phase;

	r->scopes = scopes_of(scope);
	if (r->scopes == 0)
		return bad(file, v->line, err, "unknown scope", scope);
	if (read_enum(v, "tier", tier_names, TIER_EXACT, file, &tier, err) < 0 ||
	    read_enum(v, "class", class_names, CLASS_none + 1, file, &class, err) < 0 ||
	    read_enum(v, "owner", owner_names, 0, file, &owner, err) < 0 ||
	    read_enum(v, "mta", mta_names, 0, file, &mta, err) < 0 ||
	    read_enum(v, "phase", phase_names, 0, file, &phase, err) < 0)
		return -1;
	r->tier = (enum tier)tier;
	r->class = (enum class) class;
	r->owner = (enum owner)owner;
	r->mta = (enum mta)mta;
	r->phase = (enum phase)phase;
	return 0;
}

/* Keys of one text each. */
static int read_texts(const struct val *v, const char *file, struct rule *r, struct err *err)
{
	const struct {
		const char *key;
		struct str *to;
	} texts[] = {
	    {"id", &r->id},         {"starts", &r->starts}, {"provider", &r->provider},   {"service", &r->service},
	    {"detail", &r->detail}, {"regex", &r->regex},   {"microsoft", &r->microsoft},
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		const struct val *text = val_get(v, texts[i].key);
		*texts[i].to = val_str(text);
		if (text->kind != VAL_NULL && texts[i].to->n == 0)
			return bad(file, text->line, err, "a text is wanted for", str_from(texts[i].key));
	}
	return r->id.n > 0 ? 0 : err_set(err, ERR_CONFIG, "%s:%d: a rule without an id", file, v->line);
}

static int read_flag(const struct val *rule, const char *key, const char *file, bool *ret, struct err *err)
{
	const struct val *v = val_get(rule, key);

	if (v->kind != VAL_NULL && v->kind != VAL_BOOL)
		return bad(file, v->line, err, "true or false is wanted for", str_from(key));
	*ret = v->kind == VAL_BOOL && v->b;
	return 0;
}

static int read_numbers(const struct val *v, const char *file, struct rule *r, struct err *err)
{
	const struct val *code = val_get(v, "code"), *ip = val_get(v, "ip");

	r->code = val_i64(code, -1);
	if (code->kind != VAL_NULL && (r->code < 200 || r->code > 599))
		return err_set(err, ERR_CONFIG, "%s:%d: code is no reply code", file, code->line);
	r->ip_version = str_eq(val_str(ip), STR("v6")) ? 6 : str_eq(val_str(ip), STR("v4")) ? 4 : 0;
	if (ip->kind != VAL_NULL && r->ip_version == 0)
		return err_set(err, ERR_CONFIG, "%s:%d: ip is neither v4 nor v6", file, ip->line);
	if (read_flag(v, "permanent", file, &r->permanent, err) < 0)
		return -1;
	return read_flag(v, "reported", file, &r->reported, err);
}

static int read_lists(const struct val *v, const char *file, struct arena *a, struct rule *r, struct err *err)
{
	if (read_literals(val_get(v, "contains"), file, a, &r->contains, err) < 0 ||
	    read_literals(val_get(v, "also"), file, a, &r->also, err) < 0 ||
	    read_literals(val_get(v, "negative"), file, a, &r->negative, err) < 0 ||
	    read_list(val_get(v, "enhanced"), file, a, &r->enhanced, err) < 0 ||
	    read_list(val_get(v, "frame"), file, a, &r->frame, err) < 0)
		return -1;
	return read_list(val_get(v, "samples"), file, a, &r->samples, err);
}

/* Compiled here only to be checked: what is used belongs to an engine. */
static int check_regex(const struct rule *r, struct err *err)
{
	struct arena arena = ARENA_INIT;
	struct regex *re = r->regex.n > 0 ? regex_new(r->regex, false, err) : NULL;
	const struct pattern *p = re != NULL ? pattern_read(r->regex, &arena, err) : NULL;
	const char *why = p != NULL ? pattern_runs_away(p) : NULL;
	int result = r->regex.n == 0 || p != NULL ? 0 : -1;

	if (why != NULL)
		result = err_set(err, ERR_CONFIG, "the pattern could run away: %s", why);
	regex_free(re);
	arena_release(&arena);
	return result == 0 ? 0 : err_prefix(err, "%s:%d", r->file, r->line);
}

static int read_rule(struct catalog *c, const struct val *v, const char *file, struct rule *r, struct err *err)
{
	static const char *const known[] = {"id",       "scope",    "tier",  "mta",    "service",   "provider",
	                                    "code",     "enhanced", "ip",    "starts", "contains",  "negative",
	                                    "regex",    "class",    "owner", "detail", "microsoft", "permanent",
	                                    "reported", "samples",  "phase", "also",   "frame",     NULL};

	r->file = file;
	r->line = v->line;
	r->origin = c->origin;
	if (check_keys(v, known, file, err) < 0 || read_texts(v, file, r, err) < 0 || read_enums(v, file, r, err) < 0 ||
	    read_numbers(v, file, r, err) < 0 || read_lists(v, file, &c->arena, r, err) < 0)
		return -1;
	for (size_t i = 0; i < c->n_rules; i++)
		if (str_eq(c->rules[i].id, r->id))
			return err_set(err, ERR_CONFIG, "%s:%d: rule \"%.*s\" is in %s:%d already", file, v->line,
			               STR_FMT(r->id), c->rules[i].file, c->rules[i].line);
	return check_regex(r, err);
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

/* They are kept in lower case, and found label by label. */
static int check_suffixes(struct catalog *c, struct provider *p, const char *file, int line, struct err *err)
{
	for (size_t i = 0; i < p->suffixes.n; i++) {
		struct str *s = &p->suffixes.items[i];
		if (str_chr(*s, '.') < 0 || s->n < 2 || s->n > SUFFIX_MAX)
			return bad(file, line, err, "a suffix begins with a dot, a host has one in it, unlike", *s);
		char *lower = arena_alloc(&c->arena, s->n);
		memcpy(lower, s->p, s->n);
		text_lower(lower, s->n);
		s->p = lower;
	}
	return 0;
}

static int read_providers(struct catalog *c, const struct val *doc, const char *file, struct err *err)
{
	static const char *const known[] = {"name", "speaks", "suffixes", NULL};

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
		p->speaks = val_str(val_get(v, "speaks"));
		p->origin = c->origin;
		if (p->name.n == 0 || p->suffixes.n == 0)
			return err_set(err, ERR_CONFIG, "%s:%d: a provider wants a name and suffixes", file, v->line);
		if (check_suffixes(c, p, file, v->line, err) < 0)
			return -1;
		c->n_providers++;
	}
	return 0;
}

static bool is_providers(struct str path)
{
	return str_eq(str_skip(path, (size_t)(str_rchr(path, '/') + 1)), STR("providers.yaml"));
}

static int read_text(struct catalog *c, const char *name, struct str text, struct err *err)
{
	const char *file = arena_dup(&c->arena, str_from(name)).p;
	const struct val *doc;

	if (val_from_yaml(text, file, &c->arena, &doc, err) < 0)
		return -1;
	if (is_providers(str_from(name)))
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

static int read_embedded(struct catalog *c, struct err *err)
{
	for (const struct embedded_file *f = embedded_files; f->name != NULL; f++)
		if (str_starts(str_from(f->name), STR("classify/catalog/")) &&
		    read_text(c, f->name, str_of(f->text, f->n), err) < 0)
			return -1;
	return 0;
}

static int read_all(struct catalog *c, const struct catalog_files *files, struct err *err)
{
	c->origin = ORIGIN_BEFORE;
	for (size_t i = 0; i < files->n_files; i++)
		if (read_file(c, files->files[i], err) < 0)
			return -1;
	if (files->before != NULL && read_dir(c, files->before, err) < 0)
		return -1;
	c->origin = ORIGIN_MAIN;
	if ((files->dir != NULL ? read_dir(c, files->dir, err) : read_embedded(c, err)) < 0)
		return -1;
	c->origin = ORIGIN_AFTER;
	return files->after == NULL ? 0 : read_dir(c, files->after, err);
}

/* Without words of any kind; the rest is the tier. */
static bool fits_everything(const struct rule *r)
{
	return condition_bits(r) == 0 && r->starts.n == 0 && r->contains.n == 0 && r->also.n == 0 &&
	       r->negative.n == 0 && r->regex.n == 0;
}

static int place_of(const struct rule *r)
{
	if (r->origin == ORIGIN_BEFORE)
		return TIER_NONE;
	return fits_everything(r) ? TIER_GUESS + 1 : (int)r->tier;
}

/* Within one place the order of files and of rules in them stays. */
static void sort_rules(struct catalog *c)
{
	struct rule *sorted = xcalloc(c->n_rules + 1, sizeof(*sorted));
	size_t k = 0;

	for (int place = TIER_NONE; place <= TIER_GUESS + 1; place++)
		for (size_t i = 0; i < c->n_rules; i++)
			if (place_of(&c->rules[i]) == place)
				sorted[k++] = c->rules[i];
	free(c->rules);
	c->rules = sorted;
}

/* A user's entries come first, and of those of one kind the earlier one. */
static void index_providers(struct catalog *c)
{
	static const enum origin order[] = {ORIGIN_BEFORE, ORIGIN_AFTER, ORIGIN_MAIN};

	for (size_t o = 0; o < sizeof(order) / sizeof(*order); o++) {
		for (size_t i = 0; i < c->n_providers; i++) {
			struct provider *p = &c->providers[i];
			for (size_t k = 0; p->origin == order[o] && k < p->suffixes.n; k++)
				if (table_get(&c->suffixes, p->suffixes.items[k]) == NULL)
					table_put(&c->suffixes, p->suffixes.items[k], p);
		}
	}
}

struct catalog *catalog_load(const struct catalog_files *files, struct err *err)
{
	static const struct catalog_files built_in = {.dir = NULL};
	struct catalog *c = xcalloc(1, sizeof(*c));
	int result = read_all(c, files != NULL ? files : &built_in, err);

	table_init(&c->suffixes, 0);
	if (result == 0) {
		sort_rules(c);
		index_providers(c);
		if (c->n_rules == 0 || !fits_everything(&c->rules[c->n_rules - 1]))
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
	table_release(&c->suffixes);
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

/* The longest suffix decides, and the host itself before all. */
const struct provider *catalog_provider(const struct catalog *c, struct str host)
{
	char lower[SUFFIX_MAX];
	struct str rest = host.n > SUFFIX_MAX ? str_skip(host, host.n - SUFFIX_MAX) : host;

	memcpy(lower, rest.p, rest.n);
	text_lower(lower, rest.n);
	rest.p = lower;
	while (rest.n > 0) {
		const struct provider *p = table_get(&c->suffixes, rest);
		if (p != NULL)
			return p;
		ssize_t dot = str_chr(str_skip(rest, 1), '.');
		rest = dot < 0 ? STR_NONE : str_skip(rest, (size_t)dot + 1);
	}
	return NULL;
}
