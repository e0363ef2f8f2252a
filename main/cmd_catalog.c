/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_catalog - the rules in force: their order, one of them, and whether they keep their word */
#include <stdio.h>
#include <string.h>

#include "classify/condition.h"
#include "lib/base/check.h"
#include "lib/codec/writer.h"
#include "main/commands.h"
#include "main/layout.h"
#include "main/nearest.h"

struct catalog_job {
	struct cli *cli;
	const struct catalog *catalog;
	struct buf out;
};

static const struct {
	const char *name;
	unsigned scopes;
} scopes[] = {
    {"own", SCOPE_OWN}, {"reply", SCOPE_REPLY}, {"greeting", SCOPE_GREETING}, {"heard", SCOPE_REPLY | SCOPE_GREETING},
    {"any", SCOPE_ANY},
};

static const char *scope_name(const struct rule *r)
{
	size_t i = 0;

	while (scopes[i].scopes != r->scopes)
		CHECK(++i < sizeof(scopes) / sizeof(*scopes));
	return scopes[i].name;
}

static void add_texts(struct writer *w, const char *key, const struct str_list *list)
{
	writer_key(w, key);
	writer_list(w);
	for (size_t i = 0; i < list->n; i++)
		writer_str(w, list->items[i]);
	writer_end(w);
}

static void list_json(struct writer *w, const struct rule *r, struct buf *out)
{
	struct err err = {0};

	writer_map(w);
	writer_key(w, "id");
	writer_str(w, r->id);
	writer_key(w, "tier");
	writer_str(w, str_from(tier_names[r->tier]));
	writer_key(w, "scope");
	writer_str(w, str_from(scope_name(r)));
	writer_key(w, "class");
	writer_str(w, str_from(class_names[r->class]));
	writer_key(w, "owner");
	writer_str(w, str_from(owner_names[r->owner != OWNER_UNKNOWN ? r->owner : class_owner(r->class)]));
	writer_key(w, "file");
	writer_str(w, str_from(r->file));
	writer_key(w, "line");
	writer_i64(w, r->line);
	add_texts(w, "samples", &r->samples);
	writer_end(w);
	if (writer_finish(w, out, &err) == 0) /* a user's file may hold what is no text */
		buf_chr(out, '\n');
}

static int list(struct catalog_job *j)
{
	struct writer *w = cli_value(j->cli, "json") ? writer_new(ENC_JSON) : NULL;

	for (size_t i = 0; i < catalog_rules(j->catalog); i++) {
		const struct rule *r = catalog_rule(j->catalog, i);
		if (w != NULL)
			list_json(w, r, &j->out);
		else
			buf_fmt(&j->out, "%-36.*s %-5s %-8s %-24s %s:%d\n", STR_FMT(r->id), tier_names[r->tier],
			        scope_name(r), class_names[r->class], r->file, r->line);
	}
	if (w != NULL)
		writer_free(w);
	return EX_OK;
}

static void add_literals(struct buf *out, const char *name, const struct literal_list *l)
{
	struct buf words = BUF_INIT;

	for (size_t i = 0; i < l->n; i++)
		buf_fmt(&words, "%s\"%s%.*s%s\"", i > 0 ? ", " : "", l->open[i] & LITERAL_LEFT ? "*" : "",
		        STR_FMT(l->items[i]), l->open[i] & LITERAL_RIGHT ? "*" : "");
	if (l->n > 0)
		layout_entry(out, name, "%s", buf_z(&words));
	buf_release(&words);
}

static void add_text(struct buf *out, const char *name, struct str text)
{
	if (text.n > 0)
		layout_entry(out, name, "%.*s", STR_FMT(text));
}

static void add_conditions(struct buf *out, const struct rule *r)
{
	struct buf source = BUF_INIT;

	condition_words(r, &source);
	add_text(out, "source", buf_view(&source));
	add_text(out, "starts", r->starts);
	add_literals(out, "contains", &r->contains);
	add_literals(out, "also", &r->also);
	add_literals(out, "negative", &r->negative);
	add_text(out, "regex", r->regex);
	buf_release(&source);
}

static void add_verdict(struct buf *out, const struct rule *r)
{
	layout_entry(out, "class", "%s: %s", class_names[r->class], class_prose(r->class));
	layout_entry(out, "owner", "%s", owner_names[r->owner != OWNER_UNKNOWN ? r->owner : class_owner(r->class)]);
	add_text(out, "detail", r->detail);
	add_text(out, "microsoft", r->microsoft);
	if (r->permanent)
		layout_entry(out, "permanent", "yes: a retry will not help");
	if (r->reported)
		layout_entry(out, "reported", "yes: a next hop may tell of it from further on");
}

static int show(struct catalog_job *j)
{
	const char *id = j->cli->args[1];
	struct nearest near = nearest_to(str_from(id));
	struct arena arena = ARENA_INIT;

	for (size_t i = 0; i < catalog_rules(j->catalog); i++) {
		const struct rule *r = catalog_rule(j->catalog, i);
		nearest_try(&near, arena_dup(&arena, r->id).p);
		if (!str_eq(r->id, str_from(id)))
			continue;
		layout_entry(&j->out, "rule", "%.*s, number %zu of %zu (%s:%d)", STR_FMT(r->id), i + 1,
		             catalog_rules(j->catalog), r->file, r->line);
		layout_entry(&j->out, "tier", "%s", tier_names[r->tier]);
		add_conditions(&j->out, r);
		add_verdict(&j->out, r);
		for (size_t k = 0; k < r->samples.n; k++)
			layout_entry(&j->out, "sample", "%.*s", STR_FMT(r->samples.items[k]));
		arena_release(&arena);
		return EX_OK;
	}
	cli_fail(EX_CONFIG, "there is no rule '%s'%s%s%s", id, near.best ? "; did you mean '" : "",
	         near.best ? near.best : "", near.best ? "'?" : "");
	arena_release(&arena);
	return EX_CONFIG;
}

/* Faults come one a line, by file and line, on standard error. */
static int report(struct catalog_job *j, int result, struct buf *faults, const char *well)
{
	size_t samples = 0;

	fputs(buf_z(faults), stderr);
	buf_release(faults);
	for (size_t i = 0; i < catalog_rules(j->catalog); i++)
		samples += catalog_rule(j->catalog, i)->samples.n;
	if (result != 0)
		return cli_fail(EX_CONFIG, "the rules have faults");
	buf_fmt(&j->out, "%zu rules, %zu samples: %s\n", catalog_rules(j->catalog), samples, well);
	return EX_OK;
}

static int test(struct catalog_job *j)
{
	struct buf faults = BUF_INIT;
	int result = catalog_test(j->catalog, &faults);

	result |= catalog_lint(j->catalog, &faults);
	return report(j, result, &faults, "each sample is decided by its rule, and nothing is wrong with the rules");
}

static int lint(struct catalog_job *j)
{
	struct buf faults = BUF_INIT;
	int result = catalog_lint(j->catalog, &faults);

	return report(j, result, &faults, "nothing is wrong with the rules");
}

static const struct {
	const char *name;
	size_t least, most; /* arguments behind it */
	bool files;         /* they are files with rules */
	int (*run)(struct catalog_job *j);
	const char *wants;
} actions[] = {
    {"list", 0, 0, false, list, "no arguments"},
    {"show", 1, 1, false, show, "the id of a rule"},
    {"test", 0, SIZE_MAX - 1, true, test, "files"},
    {"lint", 0, SIZE_MAX - 1, true, lint, "files"},
};

enum { N_ACTIONS = sizeof(actions) / sizeof(*actions) };

static int find_action(const struct cli *cli)
{
	struct nearest near = nearest_to(str_from(cli->args[0]));

	for (int i = 0; i < N_ACTIONS; i++) {
		if (strcmp(actions[i].name, cli->args[0]) == 0)
			return i;
		nearest_try(&near, actions[i].name);
	}
	cli_misused(cli, "unknown action '%s'%s%s%s", cli->args[0], near.best ? "; did you mean '" : "",
	            near.best ? near.best : "", near.best ? "'?" : "");
	return -1;
}

static int run(struct cli *cli)
{
	struct catalog_files files = cli->config.catalog;
	struct catalog_job j = {.cli = cli, .out = BUF_INIT};
	int action = find_action(cli), status;
	struct err err = {0};

	if (action < 0)
		return EX_USAGE;
	if (cli->n_args - 1 < actions[action].least || cli->n_args - 1 > actions[action].most)
		return cli_misused(cli, "'%s' wants %s", actions[action].name, actions[action].wants);
	if (actions[action].files) {
		files.files = cli->args + 1;
		files.n_files = cli->n_args - 1;
	}
	struct catalog *catalog = catalog_load(&files, &err);
	if (!catalog)
		return cli_fail_err(EX_SOFTWARE, &err);
	j.catalog = catalog;
	status = actions[action].run(&j);
	fputs(buf_z(&j.out), stdout);
	buf_release(&j.out);
	catalog_free(catalog);
	return status;
}

static const struct cli_option options[] = {
    {"json", NULL, NULL, "list: print one JSON object a line, samples among it."},
    {NULL, NULL, NULL, NULL},
};

const struct cli_command cmd_catalog = {
    .name = "catalog",
    .group = "About the program",
    .args = "list|show ID|test [FILE...]|lint [FILE...]",
    .summary = "list, show and test the rules by which causes are found",
    .about = "list  prints the rules in force, in the order in which they are tried\n"
             "show  prints what a rule asks of a text, what it says of it, and its samples\n"
             "test  has each sample decided, which its own rule must do, and does what lint does\n"
             "lint  looks for rules that are never reached, patterns that could run away, words\n"
             "      that are never found or are too short, samples that two rules claim\n"
             "\n"
             "Rules in force are those built in and those of classify.rules_before and\n"
             "classify.rules_after. Rules of a FILE are tried before all of them, as from\n"
             "classify.rules_before. Faults are printed with file and line: exit status 78.\n",
    .examples = "qlapse catalog test my-rules.yaml\n"
                "    do my rules keep their word, among all others?\n"
                "qlapse catalog show text.greylist\n"
                "    what makes a text a greylisting\n",
    .options = options,
    .least_args = 1,
    .most_args = SIZE_MAX,
    .run = run,
};
