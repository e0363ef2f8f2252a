/* SPDX-License-Identifier: Apache-2.0 */
/* remedies - see remedies.h */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "classify/remedies.h"
#include "lib/base/check.h"
#include "lib/base/timefmt.h"
#include "lib/codec/value.h"

enum { NAME_LEN_MAX = 253, LINKS_MAX = 16, ACTIONS = FIX_REJECT + 1 };

struct remedies {
	struct arena arena;
	const struct val *words[LANGUAGES]; /* documents */
	const struct val *common;
	int64_t look_again_ms[CLASS_N];
	bool offered[ACTIONS][CLASS_N];
};

const char *const language_names[] = {"en", "zh-TW", NULL};

/* How sentences are put together. */
static const struct {
	const char *space, *semicolon, *stop;
} marks[LANGUAGES] = {{" ", "; ", "."}, {"", "；", "。"}};

static const char *const word_keys[] = {"causes",        "partner", "partner_ours",  "partner_network",
                                        "partner_local", "expiry",  "other_domains", NULL};
static const char *const class_keys[] = {"summary",  "causes", "never",  "worked",  "own", "exchange_online",
                                         "internet", "when",   "detail", "partner", NULL};

/* 1. Reading. */

static int bad(const char *file, int line, const char *of, const char *key, struct err *err)
{
	return err_set(err, ERR_CONFIG, "%s:%d: \"%s\" of \"%s\" is missing or of no use", file, line, key, of);
}

static int unknown_key(const char *file, const struct val *key, struct err *err)
{
	return err_set(err, ERR_CONFIG, "%s:%d: unknown key \"%.*s\"", file, key->line, STR_FMT(key->s));
}

static bool is_text(const struct val *v)
{
	return val_str(v).n > 0;
}

/* A list, or a map, of texts, with something in it. */
static bool is_texts(const struct val *v, enum val_kind kind)
{
	if (v->kind != kind || v->n == 0)
		return false;
	for (size_t i = 0; i < v->n; i++)
		if (!is_text(&v->items[i]))
			return false;
	return true;
}

static int check_texts(const struct val *v, const char *file, const char *of, const char *const *keys, struct err *err)
{
	for (const char *const *key = keys; *key != NULL; key++)
		if (!is_text(val_get(v, *key)))
			return bad(file, v->line, of, *key, err);
	return 0;
}

static int check_class(const struct remedies *r, int c, const struct val *v, const char *file, struct err *err)
{
	static const char *const lists[] = {"own",    "internet", "causes",         "never",
	                                    "worked", "partner",  "exchange_online"};
	enum { NEEDED = 2 };

	if (!is_text(val_get(v, "summary")))
		return bad(file, v->line, class_names[c], "summary", err);
	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++) {
		const struct val *list = val_get(v, lists[i]);
		if ((i < NEEDED || list->kind != VAL_NULL) && !is_texts(list, VAL_LIST))
			return bad(file, v->line, class_names[c], lists[i], err);
	}
	if (is_text(val_get(v, "when")) != (r->look_again_ms[c] >= 0))
		return bad(file, v->line, class_names[c], "when", err);
	if (val_get(v, "detail")->kind != VAL_NULL && !is_texts(val_get(v, "detail"), VAL_MAP))
		return bad(file, v->line, class_names[c], "detail", err);
	for (size_t i = 0; i < v->n; i++)
		if (names_find(class_keys, v->keys[i].s) < 0)
			return unknown_key(file, &v->keys[i], err);
	return 0;
}

static int check_words(const struct remedies *r, const struct val *doc, const char *file, struct err *err)
{
	const struct val *classes = val_get(doc, "classes");

	if (check_texts(val_get(doc, "words"), file, "words", word_keys, err) < 0 ||
	    check_texts(val_get(doc, "actions"), file, "actions", fix_action_names + FIX_RETRY, err) < 0)
		return -1;
	for (int c = CLASS_none + 1; c < CLASS_N; c++)
		if (check_class(r, c, val_get(classes, class_names[c]), file, err) < 0)
			return -1;
	for (size_t i = 0; i < classes->n; i++)
		if (names_find(class_names, classes->keys[i].s) <= CLASS_none)
			return unknown_key(file, &classes->keys[i], err);
	return 0;
}

static int read_offer(struct remedies *r, const struct val *offer, const char *file, struct err *err)
{
	for (size_t i = 0; i < offer->n; i++) {
		int action = names_find(fix_action_names, offer->keys[i].s);
		if (action <= FIX_UNKNOWN || !is_texts(&offer->items[i], VAL_LIST))
			return unknown_key(file, &offer->keys[i], err);
		for (size_t k = 0; k < offer->items[i].n; k++) {
			int c = names_find(class_names, val_str(&offer->items[i].items[k]));
			if (c <= CLASS_none)
				return unknown_key(file, &offer->items[i].items[k], err);
			r->offered[action][c] = true;
		}
	}
	memcpy(r->offered[FIX_RELEASE], r->offered[FIX_HOLD], sizeof(r->offered[FIX_HOLD]));
	return 0;
}

static int read_common(struct remedies *r, const struct val *doc, const char *file, struct err *err)
{
	const struct val *commands = val_get(doc, "commands"), *spans = val_get(doc, "look_again");

	r->common = doc;
	for (size_t i = 0; i < commands->n; i++)
		if (names_find(mta_names, commands->keys[i].s) <= MTA_UNKNOWN)
			return unknown_key(file, &commands->keys[i], err);
		else if (check_texts(&commands->items[i], file, "commands", fix_action_names + FIX_RETRY, err) < 0)
			return -1;
	for (int c = 0; c < CLASS_N; c++)
		r->look_again_ms[c] = -1;
	for (size_t i = 0; i < spans->n; i++) {
		int c = names_find(class_names, spans->keys[i].s);
		if (c <= CLASS_none || !duration_parse(val_str(&spans->items[i]), &r->look_again_ms[c]))
			return unknown_key(file, &spans->keys[i], err);
	}
	return read_offer(r, val_get(doc, "offer"), file, err);
}

static const struct embedded_file *find_file(const char *name)
{
	for (const struct embedded_file *f = embedded_files; f->name != NULL; f++)
		if (strcmp(f->name, name) == 0)
			return f;
	return NULL;
}

static int read_file(struct remedies *r, const char *base, const struct val **ret, const char **ret_file,
                     struct err *err)
{
	char name[64];

	snprintf(name, sizeof(name), "classify/remedies/%s.yaml", base);
	const struct embedded_file *f = find_file(name);
	if (f == NULL)
		return err_set(err, ERR_CONFIG, "%s is not built in", name);
	*ret_file = f->name;
	return val_from_yaml(str_of(f->text, f->n), f->name, &r->arena, ret, err);
}

static int read_all(struct remedies *r, struct err *err)
{
	const struct val *doc = &val_null;
	const char *file = NULL;

	if (read_file(r, "common", &doc, &file, err) < 0 || read_common(r, doc, file, err) < 0)
		return -1;
	for (int l = 0; l < LANGUAGES; l++)
		if (read_file(r, language_names[l], &r->words[l], &file, err) < 0 ||
		    check_words(r, r->words[l], file, err) < 0)
			return -1;
	return 0;
}

struct remedies *remedies_load(struct err *err)
{
	struct remedies *r = xcalloc(1, sizeof(*r));

	if (read_all(r, err) == 0)
		return r;
	remedies_free(r);
	return NULL;
}

void remedies_free(struct remedies *r)
{
	if (r == NULL)
		return;
	arena_release(&r->arena);
	free(r);
}

/* 2. What is known. */

static void add_mta(struct remedy_case *q, int mta)
{
	for (size_t i = 0; i < q->n_mtas; i++)
		if ((int)q->mtas[i] == mta)
			return;
	if (mta != MTA_UNKNOWN && q->n_mtas < REMEDY_MTAS)
		q->mtas[q->n_mtas++] = (enum mta)mta;
}

void remedy_case_of_incident(const struct incident *inc, struct remedy_case *ret)
{
	const struct row_source *sources = inc->sources.items;

	*ret = (struct remedy_case){
	    .class = (enum class)inc->class,
	    .kind = (enum kind)inc->kind,
	    .owner = (enum owner)inc->owner,
	    .worked = inc->last_success_ms >= 0 ? WORKED_BEFORE : WORKED_NEVER,
	    .detail = inc->detail,
	    .provider = inc->provider,
	    .domain = inc->destination,
	    .host = inc->next_hop,
	    .domain_is_all = str_eq(inc->group, inc->destination),
	};
	for (size_t i = 0; i < inc->sources.n; i++)
		add_mta(ret, sources[i].mta);
	if (inc->sources.n == 0)
		add_mta(ret, inc->mta);
}

void remedy_case_of_delivery(const struct delivery *d, struct remedy_case *ret)
{
	*ret = (struct remedy_case){
	    .class = (enum class)d->class,
	    .kind = (enum kind)d->kind,
	    .owner = (enum owner)d->owner,
	    .worked = WORKED_UNKNOWN,
	    .detail = d->detail,
	    .provider = d->provider,
	    .domain = d->destination,
	    .host = d->next_hop,
	    .domain_is_all = str_eq(d->group, d->destination),
	};
	add_mta(ret, d->mta);
}

/* Names of keys come from the log: a text with a NUL in it is none of ours. */
static const struct val *get(const struct val *map, struct str key)
{
	for (size_t i = 0; map->kind == VAL_MAP && i < map->n; i++)
		if (str_eq(map->keys[i].s, key))
			return &map->items[i];
	return &val_null;
}

/* 3. Words. */

struct text {
	enum language language;
	const struct val *doc, *class; /* of that language */
	const struct remedy_case *q;
	struct buf out;
};

static void add_sentence(struct text *t, struct str sentence)
{
	if (sentence.n == 0)
		return;
	if (t->out.n > 0)
		buf_fmt(&t->out, "%s", marks[t->language].space);
	buf_str(&t->out, sentence);
}

static void add_word(struct text *t, const char *key)
{
	add_sentence(t, val_str(val_get(val_get(t->doc, "words"), key)));
}

static void add_list(struct text *t, const char *key)
{
	const struct val *list = val_get(t->class, key);

	for (size_t i = 0; list->kind == VAL_LIST && i < list->n; i++)
		add_sentence(t, val_str(&list->items[i]));
}

static void add_causes(struct text *t)
{
	const struct val *causes = val_get(t->class, "causes");

	if (causes->kind != VAL_LIST)
		return;
	add_word(t, "causes");
	for (size_t i = 0; i < causes->n; i++)
		buf_fmt(&t->out, "%s%.*s", i == 0 ? marks[t->language].space : marks[t->language].semicolon,
		        STR_FMT(val_str(&causes->items[i])));
	buf_fmt(&t->out, "%s", marks[t->language].stop);
}

/* What is theirs is theirs to mend; what is ours we mend, and they should know of it. */
static void add_partner(struct text *t, enum owner owner)
{
	if (owner == OWNER_SENDER || val_get(t->class, "partner")->kind == VAL_NULL)
		add_list(t, "internet");
	if (owner != OWNER_SENDER)
		add_list(t, "partner");
	add_word(t, class_family(t->q->class) == FAMILY_LOCAL        ? "partner_local"
	            : owner == OWNER_NETWORK                         ? "partner_network"
	            : owner == OWNER_SENDER || owner == OWNER_NOBODY ? "partner_ours"
	                                                             : "partner");
}

/* Steps in Exchange Online are for mail that leaves there, or may. */
static bool may_be_exchange_online(const struct remedy_case *q)
{
	for (size_t i = 0; i < q->n_mtas; i++)
		if (q->mtas[i] == MTA_EXCHANGE_ONLINE)
			return true;
	return q->n_mtas == 0;
}

static void add_fixes(struct text *t)
{
	const struct remedy_case *q = t->q;

	if (q->kind == KIND_PARTNER) {
		add_partner(t, q->owner == OWNER_UNKNOWN ? class_owner(q->class) : q->owner);
		return;
	}
	if (q->worked != WORKED_UNKNOWN)
		add_list(t, q->worked == WORKED_BEFORE ? "worked" : "never");
	add_list(t, q->kind == KIND_OWN ? "own" : "internet");
	if (q->kind == KIND_OWN && may_be_exchange_online(q))
		add_list(t, "exchange_online");
}

static const struct val *provider_advice(const struct val *doc, const struct remedy_case *q)
{
	return val_get(get(val_get(doc, "providers"), q->provider), class_names[q->class]);
}

/* A closer cause takes the place of the likely ones. */
static struct str write_text(const struct remedies *r, enum language language, const struct remedy_case *q,
                             struct arena *a)
{
	const struct val *doc = r->words[language], *class = val_get(val_get(doc, "classes"), class_names[q->class]);
	struct text t = {language, doc, class, q, BUF_INIT};
	struct str detail = val_str(get(val_get(class, "detail"), q->detail));

	add_sentence(&t, val_str(val_get(class, "summary")));
	add_sentence(&t, detail);
	if (detail.n == 0)
		add_causes(&t);
	add_fixes(&t);
	add_sentence(&t, val_str(provider_advice(doc, q)));
	add_sentence(&t, val_str(val_get(class, "when")));
	add_word(&t, "expiry");
	struct str text = arena_dup(a, buf_view(&t.out));
	buf_release(&t.out);
	return text;
}

/* 4. Commands. */

/* What no shell, quoted or not, takes for anything else. */
static bool is_plain_name(struct str name)
{
	if (name.n == 0 || name.n > NAME_LEN_MAX || name.p[0] == '-' || name.p[0] == '.')
		return false;
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];
		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.'))
			return false;
	}
	return true;
}

static void add_escaped(struct buf *out, struct str name)
{
	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] == '.')
			buf_str(out, STR("[.]"));
		else
			buf_chr(out, name.p[i]);
}

/* {domain}, {domain_re} and {host} are filled in. */
static struct str write_command(struct str from, const struct remedy_case *q, struct arena *a)
{
	struct str domain = is_plain_name(q->domain) ? q->domain : STR("DOMAIN");
	struct str host = is_plain_name(q->host) ? q->host : STR("HOST");
	struct buf out = BUF_INIT;

	while (from.n > 0) {
		if (str_eat(&from, STR("{domain}"))) {
			buf_str(&out, domain);
		} else if (str_eat(&from, STR("{domain_re}"))) {
			add_escaped(&out, domain);
		} else if (str_eat(&from, STR("{host}"))) {
			buf_str(&out, host);
		} else {
			buf_chr(&out, from.p[0]);
			from = str_skip(from, 1);
		}
	}
	struct str command = arena_dup(a, buf_view(&out));
	buf_release(&out);
	return command;
}

static struct str write_note(const struct remedies *r, enum language language, const char *mta, int action, bool more,
                             struct arena *a)
{
	const struct val *doc = r->words[language];
	struct str note = val_str(val_get(val_get(val_get(doc, "notes"), mta), fix_action_names[action]));
	struct str domains = val_str(val_get(val_get(doc, "words"), "other_domains"));

	if (!more)
		return note;
	return arena_fmt(a, "%.*s%s%.*s", STR_FMT(domains), note.n > 0 ? marks[language].space : "", STR_FMT(note));
}

static struct str action_title(const struct remedies *r, enum language language, int action)
{
	return val_str(val_get(val_get(r->words[language], "actions"), fix_action_names[action]));
}

static struct record_list list_fixes(const struct remedies *r, const struct remedy_case *q, struct arena *a)
{
	struct fix *items = arena_alloc(a, REMEDY_MTAS * ACTIONS * sizeof(*items));
	size_t n = 0;

	for (size_t i = 0; i < q->n_mtas; i++) {
		const char *mta = mta_names[q->mtas[i]];
		const struct val *commands = val_get(val_get(r->common, "commands"), mta);
		bool more = is_plain_name(q->domain) && !q->domain_is_all;

		for (int action = FIX_RETRY; commands->kind == VAL_MAP && action < ACTIONS; action++) {
			if (!r->offered[action][q->class] || (action == FIX_REJECT && q->kind != KIND_OWN))
				continue;
			items[n++] = (struct fix){
			    .mta = (int)q->mtas[i],
			    .action = action,
			    .title = action_title(r, LANGUAGE_EN, action),
			    .title_zh_tw = action_title(r, LANGUAGE_ZH_TW, action),
			    .command = write_command(val_str(val_get(commands, fix_action_names[action])), q, a),
			    .note = write_note(r, LANGUAGE_EN, mta, action, more, a),
			    .note_zh_tw = write_note(r, LANGUAGE_ZH_TW, mta, action, more, a),
			};
			more = false;
		}
	}
	return (struct record_list){items, n};
}

static void add_links(const struct val *list, struct link *items, size_t *inout_n)
{
	for (size_t i = 0; list->kind == VAL_LIST && i < list->n && *inout_n < LINKS_MAX; i++)
		items[(*inout_n)++].url = val_str(&list->items[i]);
}

static struct record_list list_links(const struct remedies *r, const struct remedy_case *q, bool commands,
                                     struct arena *a)
{
	struct link *items = arena_alloc(a, LINKS_MAX * sizeof(*items));
	size_t n = 0;

	add_links(val_get(val_get(r->common, "links"), class_names[q->class]), items, &n);
	if (provider_advice(r->words[LANGUAGE_EN], q)->kind != VAL_NULL)
		add_links(get(val_get(r->common, "provider_links"), q->provider), items, &n);
	for (size_t i = 0; commands && i < q->n_mtas; i++)
		add_links(val_get(val_get(r->common, "mta_links"), mta_names[q->mtas[i]]), items, &n);
	return (struct record_list){items, n};
}

void remedies_find(const struct remedies *r, const struct remedy_case *q, struct arena *a, struct remedy *ret)
{
	*ret = (struct remedy){.look_again_ms = -1};
	if (q->class == CLASS_none)
		return;
	ret->text = write_text(r, LANGUAGE_EN, q, a);
	ret->text_zh_tw = write_text(r, LANGUAGE_ZH_TW, q, a);
	ret->fix_now = list_fixes(r, q, a);
	ret->links = list_links(r, q, ret->fix_now.n > 0, a);
	ret->look_again_ms = r->look_again_ms[q->class];
}
