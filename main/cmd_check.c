/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_check - is the configuration right, and what would run with it?
 *
 * File and --set have been read and checked before this runs: what is left are librdkafka's settings, the catalogue
 * of rules, and with --broker the topics. Prints the documentation of the options and the schemas of the topics, too.
 */
#include <stdio.h>

#include "classify/route.h"
#include "lib/base/timefmt.h"
#include "main/broker.h"
#include "main/commands.h"
#include "main/layout.h"
#include "main/metrics.h"
#include "main/options.h"
#include "main/schema.h"

static int print(void (*make)(struct buf *out))
{
	struct buf out = BUF_INIT;

	make(&out);
	fwrite(out.p, 1, out.n, stdout);
	buf_release(&out);
	return EX_OK;
}

static const char *const forms[] = {"markdown", "text", NULL};
static void (*const form_makers[])(struct buf *out) = {options_markdown, options_text};

static void print_stages(const struct config *c, struct buf *out)
{
	struct buf list = BUF_INIT;

	for (int s = 0; s < STAGE_N; s++)
		if (c->stages & 1u << s)
			buf_fmt(&list, "%s%s", list.n ? ", " : "", stage_names[s]);
	layout_entry(out, "stages", "%s; threads per stage: %d", buf_z(&list), c->threads);
	buf_release(&list);
}

static void print_topics(const struct config *c, struct buf *out)
{
	if (!c->n_raw)
		layout_entry(out, "raw topics", "none: enough for replay, watch and explain, not for run");
	for (size_t i = 0; i < c->n_raw; i++) {
		if (c->raw[i].partitions)
			layout_entry(out, "raw topic", "%s, %d partitions; dead letters go to %s.dlq", c->raw[i].name,
			             c->raw[i].partitions, c->raw[i].name);
		else
			layout_entry(out, "raw topic", "%s; dead letters go to %s.dlq", c->raw[i].name, c->raw[i].name);
	}
	layout_entry(out, "own topics", "%s.*, %d partitions where work is shared", c->prefix, c->partitions);
}

static void print_events(const struct config *c, struct buf *out)
{
	layout_entry(out, "events", "CloudEvents: %s", event_form_names[c->events.form]);
	layout_entry(out, "local parts", "%s%s%s", local_parts_names[c->local_parts],
	             c->local_parts == LOCAL_PARTS_CLEAR ? "" : ", key: ",
	             c->local_parts == LOCAL_PARTS_CLEAR ? ""
	             : c->key_file                       ? c->key_file
	                                                 : "none");
}

static const char *name_or(struct str s, const char *otherwise, struct arena *a)
{
	return s.n ? arena_dup(a, s).p : otherwise;
}

static void print_policy(struct config *c, struct buf *out)
{
	struct buf text = BUF_INIT;

	duration_words(c->track.default_lifetime_ms, &text);
	layout_entry(out, "lifetime", "%s, %zu rules, %zu connectors", buf_z(&text), c->track.n_rules, c->n_connectors);
	buf_release(&text);
	for (size_t i = 0; i < c->n_connectors; i++)
		layout_entry(out, "connector", "%s (%s), contact: %s", name_or(c->connectors[i].name, "", &c->arena),
		             kind_names[c->connectors[i].kind], name_or(c->connectors[i].contact, "none", &c->arena));
}

/* Not wrong, but hardly meant. */
static void print_hidden(const struct config *c, struct buf *out)
{
	for (size_t i = 0; i < c->n_connectors; i++) {
		const struct connector *by = route_hidden_by(c->connectors, i);

		if (by)
			layout_entry(
			    out, "warning",
			    "connector %.*s never wins: all that it covers is taken before, by %.*s first; the "
			    "order of the file decides",
			    STR_FMT(c->connectors[i].name), STR_FMT(by->name));
	}
}

/* The rules must be whole: every sample is decided by its own. */
static int check_catalog(const struct config *c, struct buf *out, struct err *err)
{
	struct catalog *catalog = catalog_load(&c->catalog, err);
	struct buf faults = BUF_INIT;
	int result;

	if (!catalog)
		return -1;
	result = catalog_test(catalog, &faults);
	if (result != 0)
		err_set(err, ERR_CONFIG, "the catalogue of rules has faults:\n%.*s",
		        STR_FMT(str_head(buf_view(&faults), 400)));
	layout_entry(out, "rules", "%zu, %s", catalog_rules(catalog), c->catalog.dir ? c->catalog.dir : "built in");
	catalog_free(catalog);
	buf_release(&faults);
	return result ? -1 : 0;
}

/* Exit status. */
static int check_broker(struct config *c, struct buf *out, struct err *err)
{
	struct arena arena = ARENA_INIT;
	const struct kafka_client client = broker_client(c, &arena);
	struct kafka_admin *admin = kafka_admin_open(&client, BROKER_ANSWER_MS, err);
	struct topic_list list;
	int status = EX_UNAVAILABLE;

	if (admin) {
		topic_list_make(&list, c, c->partitions, &arena);
		status = broker_check_topics(admin, c, &list, err) == 0 ? EX_OK : EX_UNAVAILABLE;
		kafka_admin_close(admin);
	}
	if (status == EX_OK)
		layout_entry(out, "broker", "answers, and has all %zu topics as they must be", list.n);
	arena_release(&arena);
	return status;
}

static int check(struct cli *cli, struct buf *out)
{
	struct config *c = &cli->config;
	struct arena arena = ARENA_INIT;
	const struct kafka_client client = broker_client(c, &arena);
	struct err err = {0};
	int status = EX_OK;

	layout_entry(out, "file", "%s", c->file ? c->file : "none: the defaults hold");
	print_stages(c, out);
	print_topics(c, out);
	print_events(c, out);
	print_policy(c, out);
	print_hidden(c, out);
	if (((c->n_kafka || c->n_raw) && kafka_check_settings(&client, &err) < 0) || check_catalog(c, out, &err) < 0 ||
	    (c->n_raw && config_load_key(c, false, &err) < 0))
		status = cli_fail_err(EX_CONFIG, &err);
	else if (cli_value(cli, "broker") && (status = check_broker(c, out, &err)) != EX_OK)
		status = cli_fail_err(status, &err);
	arena_release(&arena);
	return status;
}

static int print_schema(const struct cli *cli, const char *name)
{
	const struct topic_info *topic = schema_topic(name);
	struct buf names = BUF_INIT, out = BUF_INIT;

	if (!topic) {
		for (int t = 0; t < TOPIC_N; t++)
			if (topics[t].record)
				buf_fmt(&names, "%s%s", names.n ? ", " : "", topics[t].name);
		cli_misused(cli, "no public topic '%s'; there are %s", name, buf_z(&names));
		buf_release(&names);
		return EX_USAGE;
	}
	schema_print(topic, &out);
	fwrite(out.p, 1, out.n, stdout);
	buf_release(&out);
	return EX_OK;
}

static int run(struct cli *cli)
{
	struct buf out = BUF_INIT;
	int status;

	if (cli_value(cli, "print-options"))
		return print(form_makers[cli_choice(cli, "print-options", 0)]);
	if (cli_value(cli, "print-metrics"))
		return print(metrics_markdown);
	if (cli_value(cli, "print-sample"))
		return print(options_sample);
	if (cli_value(cli, "print-schema"))
		return print_schema(cli, cli_value(cli, "print-schema"));
	status = check(cli, &out);
	if (status == EX_OK)
		fwrite(out.p, 1, out.n, stdout);
	buf_release(&out);
	return status;
}

static const struct cli_option options[] = {
    {"broker", NULL, NULL, "Ask the broker, too: are all topics there, with the right number of partitions?"},
    {"print-options", "FORM", forms, "Print all options with default and limits."},
    {"print-metrics", NULL, NULL, "Print all metrics that run and watch tell over HTTP, as Markdown."},
    {"print-sample", NULL, NULL, "Print a configuration to start from, all commented out."},
    {"print-schema", "TOPIC", NULL, "Print the JSON Schema of a public topic, such as alerts.v1."},
    {NULL, NULL, NULL, NULL},
};

const struct cli_command cmd_check = {
    .name = "check",
    .group = "About the program",
    .args = "",
    .summary = "check a configuration, and tell what would run",
    .about = "Reads the configuration as run would and says what is wrong with it, with file and\n"
             "line, or what would run. Nothing is started and nothing is changed.\n",
    .examples = "qlapse check --print-sample >qlapse.yaml\n"
                "    a file to start from\n"
                "qlapse check --config qlapse.yaml --broker\n"
                "    is all ready for 'qlapse run --config qlapse.yaml'?\n",
    .options = options,
    .run = run,
};
