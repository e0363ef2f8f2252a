/* SPDX-License-Identifier: Apache-2.0 */
/* remedies - see remedies.h */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "classify/remedies.h"
#include "lib/base/check.h"
#include "lib/base/timefmt.h"
#include "lib/codec/value.h"

struct remedies {
	struct arena arena;
	const struct val *phrases;
	const struct val *by_class[CLASS_N];
	int64_t look_again_ms[CLASS_N];
};

static const char *const phrase_keys[] = {"causes", "partner", "partner_ours", "partner_local", NULL};
static const char *const class_keys[] = {"summary", "causes", "never", "worked", "own", "internet", "look_again", NULL};

static int bad(const char *file, int line, const char *class, const char *key, struct err *err)
{
	return err_set(err, ERR_CONFIG, "%s:%d: \"%s\" of \"%s\" is missing or of no use", file, line, key, class);
}

static bool is_texts(const struct val *v)
{
	if (v->kind != VAL_LIST || v->n == 0)
		return false;
	for (size_t i = 0; i < v->n; i++)
		if (val_str(&v->items[i]).n == 0)
			return false;
	return true;
}

static int check_class(const struct val *v, const char *file, const char *class, struct err *err)
{
	static const char *const optional[] = {"causes", "never", "worked"};

	if (val_str(val_get(v, "summary")).n == 0)
		return bad(file, v->line, class, "summary", err);
	if (!is_texts(val_get(v, "own")))
		return bad(file, v->line, class, "own", err);
	if (!is_texts(val_get(v, "internet")))
		return bad(file, v->line, class, "internet", err);
	for (size_t i = 0; i < sizeof(optional) / sizeof(*optional); i++)
		if (val_get(v, optional[i])->kind != VAL_NULL && !is_texts(val_get(v, optional[i])))
			return bad(file, v->line, class, optional[i], err);
	for (size_t i = 0; i < v->n; i++)
		if (names_find(class_keys, v->keys[i].s) < 0)
			return err_set(err, ERR_CONFIG, "%s:%d: unknown key \"%.*s\"", file, v->keys[i].line,
			               STR_FMT(v->keys[i].s));
	return 0;
}

static int read_class(struct remedies *r, const struct val *classes, int c, const char *file, struct err *err)
{
	const struct val *v = val_get(classes, class_names[c]);
	struct str look_again = val_str(val_get(v, "look_again"));

	if (check_class(v, file, class_names[c], err) < 0)
		return -1;
	r->by_class[c] = v;
	r->look_again_ms[c] = -1;
	if (look_again.n > 0 && !duration_parse(look_again, &r->look_again_ms[c]))
		return bad(file, v->line, class_names[c], "look_again", err);
	return 0;
}

static int read_document(struct remedies *r, const struct val *doc, const char *file, struct err *err)
{
	r->phrases = val_get(doc, "phrases");
	for (const char *const *key = phrase_keys; *key != NULL; key++)
		if (val_str(val_get(r->phrases, *key)).n == 0)
			return bad(file, r->phrases->line, "phrases", *key, err);
	for (int c = CLASS_none + 1; c < CLASS_N; c++)
		if (read_class(r, val_get(doc, "classes"), c, file, err) < 0)
			return -1;
	return 0;
}

static const struct embedded_file *find_file(const char *name)
{
	for (const struct embedded_file *f = embedded_files; f->name != NULL; f++)
		if (strcmp(f->name, name) == 0)
			return f;
	return NULL;
}

struct remedies *remedies_load(const char *language, struct err *err)
{
	struct remedies *r = xcalloc(1, sizeof(*r));
	const struct val *doc = &val_null;
	char name[64];

	snprintf(name, sizeof(name), "classify/remedies/%s.yaml", language);
	const struct embedded_file *f = find_file(name);
	if (f == NULL)
		err_set(err, ERR_CONFIG, "there are no remedies in language \"%s\"", language);
	if (f == NULL || val_from_yaml(str_of(f->text, f->n), f->name, &r->arena, &doc, err) < 0 ||
	    read_document(r, doc, f->name, err) < 0) {
		remedies_free(r);
		return NULL;
	}
	return r;
}

void remedies_free(struct remedies *r)
{
	if (r == NULL)
		return;
	arena_release(&r->arena);
	free(r);
}

static void add_list(struct buf *out, const struct val *list, const char *between)
{
	for (size_t i = 0; list->kind == VAL_LIST && i < list->n; i++)
		buf_fmt(out, "%s%.*s", i == 0 ? "" : between, STR_FMT(val_str(&list->items[i])));
}

static void add_sentences(struct buf *out, const struct val *list)
{
	if (list->kind != VAL_LIST)
		return;
	buf_chr(out, ' ');
	add_list(out, list, " ");
}

static void add_causes(const struct remedies *r, const struct val *v, struct buf *out)
{
	const struct val *causes = val_get(v, "causes");

	if (causes->kind != VAL_LIST)
		return;
	buf_fmt(out, " %.*s ", STR_FMT(val_str(val_get(r->phrases, "causes"))));
	add_list(out, causes, "; ");
	buf_chr(out, '.');
}

/* What is theirs is theirs to mend; what is ours we mend, and they should know of it. */
static void add_partner(const struct remedies *r, enum class c, const struct val *v, struct buf *out)
{
	const char *phrase = class_family(c) == FAMILY_LOCAL  ? "partner_local"
	                     : class_owner(c) == OWNER_SENDER ? "partner_ours"
	                                                      : "partner";

	if (class_owner(c) == OWNER_SENDER)
		add_sentences(out, val_get(v, "internet"));
	buf_fmt(out, " %.*s", STR_FMT(val_str(val_get(r->phrases, phrase))));
}

struct str remedies_text(const struct remedies *r, enum class c, enum kind kind, enum worked worked, struct arena *a)
{
	const struct val *v = r->by_class[c];
	struct buf out = BUF_INIT;

	if (v == NULL)
		return STR_NONE;
	buf_str(&out, val_str(val_get(v, "summary")));
	add_causes(r, v, &out);
	if (kind == KIND_PARTNER) {
		add_partner(r, c, v, &out);
	} else {
		if (worked != WORKED_UNKNOWN)
			add_sentences(&out, val_get(v, worked == WORKED_BEFORE ? "worked" : "never"));
		add_sentences(&out, val_get(v, kind == KIND_OWN ? "own" : "internet"));
	}
	struct str text = arena_dup(a, buf_view(&out));
	buf_release(&out);
	return text;
}

int64_t remedies_look_again(const struct remedies *r, enum class c)
{
	return r->by_class[c] == NULL ? -1 : r->look_again_ms[c];
}
