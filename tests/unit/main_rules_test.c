/* SPDX-License-Identifier: Apache-2.0 */
/* main_rules_test - rules are replaced while others have them; broken ones never come into force */
#include "classify/classify.h"
#include "main/rules.h"
#include "tests/unit/support.h"

#define RULE(id, class) "- {id: " id ", scope: any, tier: exact, class: " class ", contains: [word], samples: [word]}\n"

static char dir[] = "/tmp/qlapse-rules-XXXXXX";
static char file[64];

static void write_rules(const char *yaml)
{
	FILE *f = fopen(file, "w");

	assert_non_null(f);
	fputs(yaml, f);
	fclose(f);
}

static int make_dir(void **state)
{
	(void)state;
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(file, sizeof(file), "%s/own.yaml", dir);
	return 0;
}

static int remove_dir(void **state)
{
	(void)state;
	unlink(file);
	return rmdir(dir);
}

/* The rule that decides "450 word", in a classifier that has long been at work. */
static void expect_rule(struct classify *c, const char *want)
{
	const struct classifier hook = classify_hook(c);
	struct arena a = ARENA_INIT;
	struct delivery d;

	record_clear(&delivery_record, &d);
	d.event = EVENT_DEFERRED;
	d.mta = MTA_POSTFIX;
	d.text = STR("450 word");
	hook.classify(hook.arg, &d, &a);
	expect_str(d.rule, str_from(want), "rule");
	arena_release(&a);
}

static void test_replaced(void **state)
{
	const struct catalog_files files = {.before = dir};
	const struct destination_config dc = {NULL, 0, NULL, 0};
	struct err err = {0};
	unsigned first, second, third;
	size_t n;

	(void)state;
	write_rules(RULE("one", "policy"));
	struct rules *r = rules_open(&files, &err);
	expect(r != NULL, err.msg);
	const struct catalog *old = rules_take(r, &first);
	struct classify *c = classify_new(old, &dc, &err);
	expect_rule(c, "one");

	write_rules(RULE("two", "greylisted") RULE("three", "policy"));
	assert_int_equal(rules_reload(r, &n, &err), 0);
	assert_int_equal(n, catalog_rules(old) + 1);
	assert_int_not_equal(rules_generation(r), first);
	expect_rule(c, "one"); /* what was taken is there until it is given back */
	const struct catalog *fresh = rules_take(r, &second);
	assert_int_equal(classify_change(c, fresh, &err), 0);
	rules_give(r, old);
	expect_rule(c, "two"); /* and not what it remembers of the old rules */

	write_rules(RULE("two", "greylisted") "- {id: three, scope: any}\n");
	assert_int_equal(rules_reload(r, &n, &err), -1);
	assert_int_equal(n, catalog_rules(fresh));
	assert_non_null(strstr(err.msg, "own.yaml:2: "));
	assert_int_equal(rules_generation(r), second);
	assert_ptr_equal(rules_take(r, &third), fresh);
	assert_int_equal(third, second);
	rules_give(r, fresh);
	expect_rule(c, "two");
	classify_free(c);
	rules_give(r, fresh);
	rules_give(r, NULL);
	rules_close(r);
}

static void test_broken_from_the_start(void **state)
{
	const struct catalog_files files = {.after = dir};
	struct err err = {0};

	(void)state;
	write_rules(RULE("one", "policy") RULE("one", "policy"));
	assert_null(rules_open(&files, &err));
	assert_non_null(strstr(err.msg, "own.yaml:2: rule \"one\" is in"));
	assert_non_null(strstr(err.msg, "own.yaml:1 already"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_replaced),
	    cmocka_unit_test(test_broken_from_the_start),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
