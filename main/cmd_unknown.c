/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_unknown - the forms of texts that no rule of their own decided, most frequent first, as rules to be pasted
 *
 * Texts come from log files, from a raw topic, or from the deliveries topic, and are classified anew: what counts is
 * the catalogue of now, not of when they were read.
 */
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "classify/classify.h"
#include "classify/proposal.h"
#include "lib/codec/record_codec.h"
#include "lib/kafka/kafka_reader.h"
#include "main/commands.h"
#include "main/lines.h"
#include "main/topics.h"

enum { POLL_MS = 200, TOP = 100, TOP_MAX = 100000, KEEP = 4096, KEEP_MAX = 1000000 };

struct unknown {
	const struct config *c;
	struct ingest_config lines;
	struct catalog *catalog;
	struct classify *classify;
	struct templates *templates;
	struct arena arena;
	int64_t n_lines, n_deferrals;
	struct buf out;
};

static void take(struct unknown *u, struct delivery *d)
{
	const struct classifier classifier = classify_hook(u->classify);

	classifier.classify(classifier.arg, d, &u->arena);
	u->n_deferrals += d->class != CLASS_none;
	templates_add(u->templates, d);
}

static void take_line(struct unknown *u, struct str text, int64_t ts_ms)
{
	struct line_result line = {.kind = LINE_DEAD};

	u->n_lines++;
	record_clear(&delivery_record, &line.d);
	line_read(&u->lines, text, ts_ms, &u->arena, &line);
	if (line.kind == LINE_EVENT)
		take(u, &line.d);
	arena_reset(&u->arena);
}

static void take_delivery(struct unknown *u, struct str value)
{
	struct delivery d;
	struct err err;

	u->n_lines++;
	if (record_decode(encoding_of(value), value, &delivery_record, &u->arena, &d, &err) == 0)
		take(u, &d);
	arena_reset(&u->arena);
}

static int read_files(struct unknown *u, const struct cli *cli, int year)
{
	const struct line_options lo = {year, u->c->zone_offset_ms, (int64_t)time(NULL) * 1000};
	struct err err = {0};
	struct line_merge *m = merge_open((const char *const *)cli->args, cli->n_args, &lo, &err);
	struct line line;

	if (!m)
		return cli_fail_err(EX_NOINPUT, &err);
	while (merge_next(m, &line))
		take_line(u, line.text, line.ts_ms);
	int status = merge_status(m, &err) < 0 ? cli_fail_err(EX_NOINPUT, &err) : EX_OK;
	merge_close(m);
	return status;
}

/* What is in the topic now, and no tick. */
static int read_records(struct unknown *u, struct kafka_reader *r, bool deliveries, struct err *err)
{
	struct log_record rec;
	bool ended = false;
	int got = 0;

	while (got >= 0 && !ended) {
		got = kafka_reader_next(r, POLL_MS, &rec, &ended, err);
		if (got <= 0 || rec.tick.n || !rec.value.p)
			continue;
		if (deliveries)
			take_delivery(u, rec.value);
		else
			take_line(u, rec.value, rec.ts_ms);
	}
	return got < 0 ? -1 : 0;
}

static int read_open_topic(struct unknown *u, struct topics_job *j, const char *name)
{
	size_t i = topics_find(&j->list, name);
	bool raw = i >= TOPIC_N; /* dead letters hold lines, too, but none that can be read */
	const char *topic = i < j->list.n ? j->list.items[i].name : name;
	struct err err = {0};
	int status = EX_OK, n;

	if (!raw && i != TOPIC_DELIVERIES)
		return cli_misused(j->cli, "--topic wants a raw topic or deliveries, not '%s'", name);
	n = kafka_admin_partitions(j->admin, topic, &err);
	if (n < 0)
		return cli_fail_err(EX_UNAVAILABLE, &err);
	if (!n)
		return cli_fail(EX_UNAVAILABLE, "there is no topic '%s'", topic);
	struct kafka_reader *r = kafka_reader_open(&j->client, topic, n, true, &err);
	if (!r || read_records(u, r, !raw, &err) < 0)
		status = cli_fail_err(EX_UNAVAILABLE, &err);
	kafka_reader_close(r);
	return status;
}

static int read_topic(struct unknown *u, struct cli *cli, const char *name)
{
	struct arena arena = ARENA_INIT;
	struct topics_job j = {.cli = cli, .arena = &arena};
	struct err err = {0};

	j.client = broker_client(&cli->config, &arena);
	topic_list_make(&j.list, &cli->config, cli->config.partitions, &arena);
	j.admin = kafka_admin_open(&j.client, BROKER_ANSWER_MS, &err);
	int status = j.admin ? read_open_topic(u, &j, name) : cli_fail_err(EX_UNAVAILABLE, &err);
	kafka_admin_close(j.admin);
	arena_release(&arena);
	return status;
}

static const char *s_of(int64_t n)
{
	return n == 1 ? "" : "s";
}

/* What the reader of a rule wants to know before it is worth a thought, as comments. */
static void put_facts(const struct template *t, struct buf *out)
{
	buf_fmt(out, "\n# %s%" PRId64 " text%s for %s%zu destination%s", t->count_over > 0 ? "at most " : "", t->count,
	        s_of(t->count), t->destinations == TEMPLATE_DESTINATIONS ? "at least " : "", t->destinations,
	        s_of((int64_t)t->destinations));
	for (int m = 0, n = 0; mta_names[m]; m++)
		if (t->mtas & (uint32_t)1 << m)
			buf_fmt(out, "%s%s", n++ ? ", " : ", by ", mta_names[m]);
	for (size_t i = 0; i < t->n_codes; i++)
		buf_fmt(out, "%s%s", i ? ", " : ", code ", t->codes[i]);
	buf_fmt(out, "%s\n# %s by %.*s (tier %s): %.*s\n", t->more_codes ? " and more" : "", class_names[t->class],
	        STR_FMT(t->rule), tier_names[t->tier], STR_FMT(t->text));
}

static void put_head(const struct unknown *u, size_t n, struct buf *out)
{
	int64_t taken = templates_taken(u->templates), forgotten = templates_forgotten(u->templates);

	buf_fmt(out,
	        "# %" PRId64 " line%s read, %" PRId64 " deferral%s, %" PRId64 " of them without a rule of their own: "
	        "%zu template%s here.\n",
	        u->n_lines, s_of(u->n_lines), u->n_deferrals, s_of(u->n_deferrals), taken, n, s_of((int64_t)n));
	if (forgotten > 0)
		buf_fmt(out,
		        "# There were more than can be kept: %" PRId64
		        " made room for others. Counts \"at most\" may be too high; --keep keeps more.\n",
		        forgotten);
}

static void print_yaml(struct unknown *u, const struct template *const *list, size_t n)
{
	struct proposals *p = proposals_new(u->catalog);

	put_head(u, n, &u->out);
	for (size_t i = 0; i < n; i++) {
		put_facts(list[i], &u->out);
		proposal_add(p, list[i], &u->out);
	}
	proposals_free(p);
}

static void write_names(struct writer *w, const char *key, uint32_t bits)
{
	writer_key(w, key);
	writer_list(w);
	for (int m = 0; mta_names[m]; m++)
		if (bits & (uint32_t)1 << m)
			writer_str(w, str_from(mta_names[m]));
	writer_end(w);
}

static void print_json(struct unknown *u, const struct template *t, struct writer *w)
{
	struct err err;

	writer_map(w);
	writer_key(w, "template");
	writer_str(w, t->text);
	writer_key(w, "count");
	writer_i64(w, t->count);
	writer_key(w, "count_over");
	writer_i64(w, t->count_over);
	writer_key(w, "destinations");
	writer_i64(w, (int64_t)t->destinations);
	writer_key(w, "more_destinations");
	writer_bool(w, t->destinations == TEMPLATE_DESTINATIONS);
	write_names(w, "mta", t->mtas);
	writer_key(w, "codes");
	writer_list(w);
	for (size_t i = 0; i < t->n_codes; i++)
		writer_str(w, str_from(t->codes[i]));
	writer_end(w);
	writer_key(w, "more_codes");
	writer_bool(w, t->more_codes);
	writer_key(w, "class");
	writer_str(w, str_from(class_names[t->class]));
	writer_key(w, "rule");
	writer_str(w, t->rule);
	writer_key(w, "tier");
	writer_str(w, str_from(tier_names[t->tier]));
	writer_key(w, "example");
	writer_str(w, t->example);
	writer_end(w);
	if (writer_finish(w, &u->out, &err) == 0)
		buf_chr(&u->out, '\n');
}

static void print(struct unknown *u, size_t top, bool json)
{
	size_t n;
	const struct template **list = templates_list(u->templates, top, &u->arena, &n);

	if (json) {
		struct writer *w = writer_new(ENC_JSON);
		for (size_t i = 0; i < n; i++)
			print_json(u, list[i], w);
		writer_free(w);
		if (templates_forgotten(u->templates) > 0)
			fprintf(stderr, "qlapse: %" PRId64 " templates made room for others; --keep keeps more\n",
			        templates_forgotten(u->templates));
	} else {
		print_yaml(u, list, n);
	}
	if (u->out.n)
		fwrite(u->out.p, 1, u->out.n, stdout);
}

static int check_use(const struct cli *cli)
{
	if (cli_value(cli, "topic") && cli->n_args > 0)
		return cli_misused(cli, "--topic and files do not go together");
	if (!cli_value(cli, "topic") && cli->n_args == 0)
		return cli_misused(cli, "FILE... or --topic is missing");
	if (cli_value(cli, "json") && cli_value(cli, "yaml"))
		return cli_misused(cli, "--json and --yaml do not go together");
	return EX_OK;
}

static int run(struct cli *cli)
{
	const struct config *c = &cli->config;
	const struct destination_config d = {c->connectors, c->n_connectors, c->internal_hops, c->n_internal_hops};
	struct unknown u = {
	    .c = c,
	    .lines = {c->site, c->host, c->zone_offset_ms, c->internal_hops, c->n_internal_hops},
	    .arena = ARENA_INIT,
	    .out = BUF_INIT,
	};
	const char *topic = cli_value(cli, "topic");
	int64_t year, top, keep;
	struct err err = {0};
	int status = check_use(cli);

	if (status != EX_OK || cli_number(cli, "year", 1970, 9999, 0, &year) < 0 ||
	    cli_number(cli, "top", 1, TOP_MAX, TOP, &top) < 0 || cli_number(cli, "keep", 1, KEEP_MAX, KEEP, &keep) < 0)
		return EX_USAGE;
	u.catalog = catalog_load(&c->catalog, &err);
	u.classify = u.catalog ? classify_new(u.catalog, &d, &err) : NULL;
	u.templates = templates_new((size_t)keep);
	if (!u.classify)
		status = cli_fail_err(EX_SOFTWARE, &err);
	else
		status = topic ? read_topic(&u, cli, topic) : read_files(&u, cli, (int)year);
	if (status == EX_OK)
		print(&u, (size_t)top, cli_value(cli, "json") != NULL);
	templates_free(u.templates);
	classify_free(u.classify);
	catalog_free(u.catalog);
	arena_release(&u.arena);
	buf_release(&u.out);
	return status;
}

static const struct cli_option options[] = {
    {"topic", "NAME", NULL,
     "Read a raw topic, or deliveries, from its beginning to where it ends now, instead of files."},
    {"top", "N", NULL, "Print this many templates at most, by default 100."},
    {"keep", "N", NULL,
     "Keep this many in memory, by default 4096, at about 1.5 KiB each; where there are more, the rarest make room."},
    {"yaml", NULL, NULL, "Print rules; the default."},
    {"json", NULL, NULL, "Print one JSON object a line instead."},
    {"year", "YEAR", NULL, "Year of the first stamp without one; by default that of the file's own time."},
    {NULL, NULL, NULL, NULL},
};

const struct cli_command cmd_unknown = {
    .name = "unknown",
    .group = "Work on log files, without Kafka",
    .args = "FILE...|--topic NAME",
    .summary = "list deferral texts that have no rule yet, as rules to be pasted",
    .about = "Finds the texts that no rule of their own decided: those of class other, and those\n"
             "whose class came from a code or was guessed. Numbers, ids, hosts and the like are\n"
             "taken out, so that texts of one form count together, most frequent first. Each is\n"
             "printed as a rule with its example: give it a class and put it in a file of your\n"
             "catalogue. Examples are texts as they were logged: look for addresses in them\n"
             "before you pass them on.\n",
    .examples = "qlapse unknown --top 20 /var/log/mail.log\n"
                "    the 20 most frequent texts that would be worth a rule\n"
                "qlapse unknown --topic deliveries --config qlapse.yaml --json | jq -r .template\n"
                "    of the whole fleet, as far as the topic goes back\n",
    .options = options,
    .most_args = SIZE_MAX,
    .run = run,
};
