/* SPDX-License-Identifier: Apache-2.0 */
/* base_record - emptying a described struct, finding names */
#include "lib/base/record.h"
#include "lib/base/timefmt.h"

#include "tests/unit/support.h"

struct sample {
	struct str text, bytes;
	int64_t count, at;
	bool yes;
	int kind;
	struct record_list items;
	int undescribed;
};

static const char *const kinds[] = {"none", "deferred", "delivered", NULL};

static const struct field fields[] = {
    {"text", FIELD_STR, 0, offsetof(struct sample, text), NULL, NULL, ""},
    {"bytes", FIELD_BIN, 0, offsetof(struct sample, bytes), NULL, NULL, ""},
    {"count", FIELD_I64, 0, offsetof(struct sample, count), NULL, NULL, ""},
    {"at", FIELD_TIME, 0, offsetof(struct sample, at), NULL, NULL, ""},
    {"yes", FIELD_BOOL, 0, offsetof(struct sample, yes), NULL, NULL, ""},
    {"kind", FIELD_ENUM, 0, offsetof(struct sample, kind), kinds, NULL, ""},
    {"items", FIELD_LIST, 0, offsetof(struct sample, items), NULL, NULL, ""},
};

static const struct record_type type = {"sample", sizeof(struct sample), fields, LEN(fields)};

static void clears(void **state)
{
	(void)state;
	struct sample s;

	memset(&s, 0x5a, sizeof(s));
	record_clear(&type, &s);
	expect_str(s.text, STR_NONE, "text");
	expect_str(s.bytes, STR_NONE, "bytes");
	assert_non_null(s.text.p);
	assert_true(s.count == -1 && s.at == TIME_NONE && !s.yes && s.kind == 0);
	assert_true(s.items.n == 0 && s.items.items == NULL);
	assert_int_equal(s.undescribed, 0);
}

static void finds_names(void **state)
{
	(void)state;
	assert_int_equal(names_find(kinds, STR("none")), 0);
	assert_int_equal(names_find(kinds, STR("delivered")), 2);
	assert_int_equal(names_find(kinds, STR("Delivered")), -1);
	assert_int_equal(names_find(kinds, STR("deliver")), -1);
	assert_int_equal(names_find(kinds, STR("")), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(clears), cmocka_unit_test(finds_names)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
