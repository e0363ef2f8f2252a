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
	const struct val *by_class[CLASS_N];
	int64_t look_again_ms[CLASS_N];
};

static int read_class(struct remedies *r, const struct val *doc, int c, const char *file, struct err *err)
{
	const struct val *v = val_get(doc, class_names[c]);
	struct str look_again = val_str(val_get(v, "look_again"));

	if (val_str(val_get(v, "summary")).n == 0)
		return err_set(err, ERR_CONFIG, "%s: class \"%s\" has no summary", file, class_names[c]);
	r->by_class[c] = v;
	r->look_again_ms[c] = -1;
	if (look_again.n > 0 && !duration_parse(look_again, &r->look_again_ms[c]))
		return err_set(err, ERR_CONFIG, "%s:%d: look_again is no duration", file, v->line);
	return 0;
}

struct remedies *remedies_load(const char *language, struct err *err)
{
	struct remedies *r = xcalloc(1, sizeof(*r));
	const struct val *doc = &val_null;
	char file[64];
	int result = -1;

	snprintf(file, sizeof(file), "classify/remedies/%s.yaml", language);
	err_set(err, ERR_CONFIG, "there are no remedies in language \"%s\"", language);
	for (const struct embedded_file *f = embedded_files; f->name != NULL; f++)
		if (strcmp(f->name, file) == 0)
			result = val_from_yaml(str_of(f->text, f->n), f->name, &r->arena, &doc, err);
	for (int c = CLASS_none + 1; result == 0 && c < CLASS_N; c++)
		result = read_class(r, doc, c, file, err);
	if (result < 0) {
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

static void add_list(struct buf *out, const struct val *list, const char *before, const char *between)
{
	for (size_t i = 0; list->kind == VAL_LIST && i < list->n; i++)
		buf_fmt(out, "%s%.*s", i == 0 ? before : between, STR_FMT(val_str(&list->items[i])));
}

struct str remedies_text(const struct remedies *r, enum class c, enum kind kind, int worked, struct arena *a)
{
	const struct val *v = r->by_class[c];
	struct buf out = BUF_INIT;

	if (v == NULL)
		return STR_NONE;
	buf_str(&out, val_str(val_get(v, "summary")));
	add_list(&out, val_get(v, "causes"), " Likely: ", "; ");
	if (val_get(v, "causes")->kind == VAL_LIST)
		buf_chr(&out, '.');
	if (kind == KIND_PARTNER) {
		buf_str(&out,
		        STR(" Contact the partner, a cloud service of a third party included: it is theirs to mend."));
	} else {
		if (worked >= 0)
			add_list(&out, val_get(v, worked ? "worked" : "never"), " ", " ");
		else
			add_list(&out, val_get(v, "never"), " ", " ");
		add_list(&out, val_get(v, "own"), " ", " ");
	}
	struct str text = arena_dup(a, buf_view(&out));
	buf_release(&out);
	return text;
}

int64_t remedies_look_again(const struct remedies *r, enum class c)
{
	return r->by_class[c] == NULL ? -1 : r->look_again_ms[c];
}
