/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ingest_golden - whole logs against the records that were once judged right
 *
 * tests/golden/postfix/NAME.log holds lines, NAME.ndjson what each came to. With
 * --update as its argument the program writes NAME.ndjson anew, for a reader to judge.
 */
#include <glob.h>

#include "ingest_support.h"
#include "lib/codec/record_codec.h"

#define FOLDER QLAPSE_SOURCE_DIR "/tests/golden/postfix/"

static void slurp(const char *path, struct buf *out)
{
	FILE *f = fopen(path, "rb");
	char block[4096];

	if (f == NULL)
		fail_msg("cannot read '%s'", path);
	for (size_t n; (n = fread(block, 1, sizeof(block), f)) > 0;)
		buf_add(out, block, n);
	fclose(f);
}

static void read_log(struct str text, struct buf *out)
{
	struct writer *w = writer_new(ENC_JSON);
	struct arena a = ARENA_INIT;
	struct ingest_config c;
	struct line_result r;
	struct str line;
	struct err err;

	ingest_config_default(&c);
	while (str_cut(&text, '\n', &line)) {
		line_read(&c, line, at("2026-11-24T12:00:00Z"), &a, &r);
		if (r.kind == LINE_EVENT || r.kind == LINE_FACT)
			assert_int_equal(record_encode(w, &delivery_record, &r.d, out, &err), 0);
		else if (r.kind == LINE_NOISE)
			buf_fmt(out, "{\"noise\":\"%s\"}", r.word);
		else
			buf_fmt(out, "{\"dead\":\"%s\",\"detail\":\"%s\"}", r.word, r.detail ? r.detail : "");
		buf_chr(out, '\n');
	}
	arena_release(&a);
	writer_free(w);
}

static struct buf path_of_answer(const char *log)
{
	struct buf path = BUF_INIT;

	buf_fmt(&path, "%.*s.ndjson", (int)(strlen(log) - strlen(".log")), log);
	return path;
}

static void compare(struct str got, struct str want, const char *path)
{
	struct str g, w;
	int number = 1;

	for (; str_cut(&got, '\n', &g); number++) {
		if (!str_cut(&want, '\n', &w))
			fail_msg("%s ends before line %d", path, number);
		if (!str_eq(g, w))
			fail_msg("%s:%d\n got %.*s\nwant %.*s", path, number, STR_FMT(g), STR_FMT(w));
	}
	if (want.n > 0)
		fail_msg("%s goes on behind line %d", path, number - 1);
}

static void each_log(void (*act)(const char *log))
{
	glob_t logs;

	assert_int_equal(glob(FOLDER "*.log", 0, NULL, &logs), 0);
	assert_true(logs.gl_pathc >= 4);
	for (size_t i = 0; i < logs.gl_pathc; i++)
		act(logs.gl_pathv[i]);
	globfree(&logs);
}

static void check_log(const char *log)
{
	struct buf text = BUF_INIT, got = BUF_INIT, want = BUF_INIT, path = path_of_answer(log);

	slurp(log, &text);
	slurp(buf_z(&path), &want);
	read_log(buf_view(&text), &got);
	compare(buf_view(&got), buf_view(&want), buf_z(&path));
	buf_release(&text);
	buf_release(&got);
	buf_release(&want);
	buf_release(&path);
}

static void update_log(const char *log)
{
	struct buf text = BUF_INIT, got = BUF_INIT, path = path_of_answer(log);
	FILE *f = fopen(buf_z(&path), "wb");

	assert_non_null(f);
	slurp(log, &text);
	read_log(buf_view(&text), &got);
	assert_int_equal(fwrite(got.p, 1, got.n, f), got.n);
	assert_int_equal(fclose(f), 0);
	buf_release(&text);
	buf_release(&got);
	buf_release(&path);
}

static void logs_come_to_what_they_should(void **state)
{
	(void)state;
	each_log(check_log);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(logs_come_to_what_they_should)};

	if (argc == 2 && strcmp(argv[1], "--update") == 0) {
		each_log(update_log);
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
