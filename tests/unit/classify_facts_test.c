/* SPDX-License-Identifier: Apache-2.0 */
/* classify_facts_test - every fact of tests/facts is said where the list says, in both languages */
#include <fcntl.h>

#include "classify/remedies.h"
#include "lib/base/timefmt.h"
#include "lib/codec/value.h"
#include "tests/unit/support.h"

enum { FILE_MAX = 1 << 20, FACTS_LEAST = 60 };

static struct str read_list(struct arena *a)
{
	char *text = arena_alloc(a, FILE_MAX);
	int fd = open(QLAPSE_SOURCE_DIR "/tests/facts/mail_flow_intelligence.yaml", O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, text, FILE_MAX);

	close(fd);
	assert_true(n > 0 && n < FILE_MAX);
	return str_of(text, (size_t)n);
}

static int name_of(const struct val *fact, const char *key, const char *const *names, int otherwise)
{
	const struct val *v = val_get(fact, key);

	if (v->kind == VAL_NULL)
		return otherwise;
	int i = names_find(names, val_str(v));
	if (i < 0)
		fail_msg("%.*s: no such %s", STR_FMT(val_str(val_get(fact, "id"))), key);
	return i;
}

static void check_words(const struct val *fact, const char *key, struct str text)
{
	const struct val *words = val_get(fact, key), *absent = val_get(fact, "absent");
	bool want = !(absent->kind == VAL_BOOL && absent->b);

	expect(words->kind == VAL_LIST && words->n > 0, key);
	for (size_t i = 0; i < words->n; i++)
		if ((str_find(text, val_str(&words->items[i])) >= 0) != want)
			fail_msg("%.*s: \"%.*s\" %s in: %.*s", STR_FMT(val_str(val_get(fact, "id"))),
			         STR_FMT(val_str(&words->items[i])), want ? "is not" : "is", STR_FMT(text));
}

static void check_link(struct str id, struct str url, struct record_list links)
{
	const struct link *items = links.items;

	for (size_t i = 0; i < links.n; i++)
		if (str_eq(items[i].url, url))
			return;
	fail_msg("%.*s: no link to %.*s", STR_FMT(id), STR_FMT(url));
}

static void check_fact(const struct remedies *r, const struct val *fact, struct arena *a)
{
	static const char *const worked_names[] = {"unknown", "never", "before", NULL};
	static const char *const keys[] = {"id", "fact",  "class", "kind",       "worked", "mta",
	                                   "en", "zh_tw", "link",  "look_again", "absent", NULL};
	struct remedy_case q = {
	    .class = (enum class)name_of(fact, "class", class_names, CLASS_none),
	    .kind = (enum kind)name_of(fact, "kind", kind_names, KIND_OWN),
	    .worked = (enum worked)name_of(fact, "worked", worked_names, WORKED_UNKNOWN),
	    .mtas = {(enum mta)name_of(fact, "mta", mta_names, MTA_UNKNOWN)},
	};
	struct str id = val_str(val_get(fact, "id")), link = val_str(val_get(fact, "link"));
	struct str span = val_str(val_get(fact, "look_again"));
	struct remedy remedy;
	int64_t span_ms;

	for (size_t i = 0; i < fact->n; i++)
		if (names_find(keys, fact->keys[i].s) < 0)
			fail_msg("%.*s: unknown key %.*s", STR_FMT(id), STR_FMT(fact->keys[i].s));
	expect(q.class != CLASS_none && id.n > 0 && val_str(val_get(fact, "fact")).n > 0, "id, fact and class");
	q.n_mtas = q.mtas[0] != MTA_UNKNOWN;
	remedies_find(r, &q, a, &remedy);
	if (link.n > 0) {
		check_link(id, link, remedy.links);
		return;
	}
	check_words(fact, "en", remedy.text);
	check_words(fact, "zh_tw", remedy.text_zh_tw);
	if (span.n > 0)
		expect(duration_parse(span, &span_ms) && span_ms == remedy.look_again_ms, "look_again");
}

static void test_facts(void **state)
{
	struct arena a = ARENA_INIT;
	struct err err = {0};
	const struct val *list;
	struct remedies *r = remedies_load(&err);

	(void)state;
	expect(r != NULL, err.msg);
	expect(val_from_yaml(read_list(&a), "facts", &a, &list, &err) == 0, err.msg);
	expect(list->kind == VAL_LIST && list->n >= FACTS_LEAST, "facts");
	for (size_t i = 0; i < list->n; i++) {
		struct str id = val_str(val_get(&list->items[i], "id"));
		for (size_t k = 0; k < i; k++)
			expect(!str_eq(id, val_str(val_get(&list->items[k], "id"))), "two facts with one id");
		check_fact(r, &list->items[i], &a);
	}
	arena_release(&a);
	remedies_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_facts)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
