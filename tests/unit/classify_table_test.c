/* SPDX-License-Identifier: Apache-2.0 */
/*
 * classify_table_test - deferral texts of all systems, class by class and owner by owner, from tests/texts/<name>.tsv
 *
 * A line: mta, mx, text, class, owner, detail, microsoft code, separated by tabs; the last three may be missing: the
 * class's own owner, not looked at, not looked at. Texts that mislead are in traps*.tsv.
 */
#include <glob.h>

#include "tests/unit/classify_support.h"

enum { COLUMNS = 7 };

/* The six causes of the mail flow intelligence document; whose own words must tell each of them. */
static const char *const codes[] = {"4.4.312", "4.4.315", "4.4.316", "4.4.317", "4.4.318", "4.7.320", NULL};
static const enum mta systems[] = {MTA_POSTFIX,         MTA_EXIM,    MTA_SENDMAIL, MTA_EXCHANGE,
                                   MTA_EXCHANGE_ONLINE, MTA_KUMOMTA, MTA_POWERMTA, MTA_OPENSMTPD};

struct counts {
	size_t texts, traps, wrong;
	size_t told[MTA_SES + 1][6];
};

static void read_columns(struct str line, struct str ret[COLUMNS])
{
	for (size_t i = 0; i < COLUMNS; i++) {
		ret[i] = STR_NONE;
		if (!str_cut(&line, '\t', &ret[i])) {
			ret[i] = line;
			line = STR_NONE;
		}
	}
}

static bool right(const char *file, int n, const char *what, struct str got, struct str want)
{
	if (str_eq(got, want))
		return true;
	print_message("%s:%d: %s is \"%.*s\", not \"%.*s\"\n", file, n, what, STR_FMT(got), STR_FMT(want));
	return false;
}

static void count_code(const struct delivery *d, struct counts *c)
{
	int code = names_find(codes, d->microsoft_code);

	if (code >= 0)
		c->told[d->mta][code]++;
}

static bool check_line(struct fixture *f, const char *file, int n, struct str line, struct counts *c)
{
	struct str column[COLUMNS];
	struct delivery d;

	read_columns(line, column);
	record_clear(&delivery_record, &d);
	d.mta = (int)mta_find(column[0]);
	d.event = EVENT_DEFERRED;
	d.relay = column[1];
	d.text = column[2];
	run(f, &d);
	count_code(&d, c);
	int class = names_find(class_names, column[3]);
	if (class <= CLASS_none)
		fail_msg("%s:%d: unknown class \"%.*s\"", file, n, STR_FMT(column[3]));
	struct str owner = column[4].n > 0 ? column[4] : str_from(owner_names[class_owner((enum class) class)]);
	bool ok = right(file, n, "class", str_from(class_names[d.class]), column[3]) &
	          right(file, n, "owner", str_from(owner_names[d.owner]), owner);
	if (column[5].n > 0)
		ok &= right(file, n, "detail", d.detail, column[5]);
	if (column[6].n > 0)
		ok &= right(file, n, "microsoft code", d.microsoft_code, column[6]);
	if (!ok)
		print_message("  by %.*s: %.*s\n", STR_FMT(d.rule), STR_FMT(column[2]));
	return ok;
}

static void check_file(struct fixture *f, const char *path, struct counts *c)
{
	bool traps = strstr(path, "/traps") != NULL;
	char line[16384];
	FILE *in = fopen(path, "r");

	assert_non_null(in);
	for (int n = 1; fgets(line, sizeof(line), in) != NULL; n++) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '#' || line[0] == '\0')
			continue;
		c->wrong += !check_line(f, path, n, str_from(line), c);
		c->texts += !traps;
		c->traps += traps;
		arena_reset(&f->arena);
	}
	fclose(in);
}

static void test_tables(void **state)
{
	struct fixture f;
	struct counts c = {0};
	glob_t files;

	(void)state;
	fixture_init(&f, &(struct destination_config){0});
	assert_int_equal(glob(QLAPSE_SOURCE_DIR "/tests/texts/*.tsv", 0, NULL, &files), 0);
	for (size_t i = 0; i < files.gl_pathc; i++)
		check_file(&f, files.gl_pathv[i], &c);
	globfree(&files);
	print_message("texts: %zu, traps: %zu, wrong: %zu\n", c.texts, c.traps, c.wrong);
	assert_int_equal(c.wrong, 0);
	assert_true(c.texts >= 500 && c.traps >= 100);
	for (size_t i = 0; i < LEN(systems); i++)
		for (size_t k = 0; codes[k] != NULL; k++)
			if (c.told[systems[i]][k] == 0)
				fail_msg("no text of %s for %s", mta_names[systems[i]], codes[k]);
	fixture_release(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_tables)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
