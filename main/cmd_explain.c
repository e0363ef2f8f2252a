/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_explain - what a line says, which rule decided, and what to do about it
 *
 * The same parser, classifier and remedies as in the pipeline; one line at a time and nothing kept between lines.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "classify/classify.h"
#include "lib/base/check.h"
#include "lib/base/text.h"
#include "lib/base/timefmt.h"
#include "lib/codec/record_codec.h"
#include "lib/codec/writer.h"
#include "main/commands.h"
#include "main/lines.h"
#include "main/layout.h"

enum { REPLY_MAX = 8192 };

struct explainer {
	const struct config *c;
	struct ingest_config lines;
	struct catalog *catalog;
	struct classify *classify;
	struct arena arena;
	struct writer *json; /* NULL: words */
	bool trail;          /* in JSON, too */
	struct buf out;
	enum language language;
	int64_t now_ms;
	size_t n; /* lines so far */
};

/* Fields of a delivery that the JSON form holds, in this order; the remedy follows, and last what else is to be done. */
static const char *const keys[] = {
    "mta",       "event",           "queue_id",       "recipient",     "destination", "next_hop", "group",
    "provider",  "connector",       "reply_code",     "enhanced_code", "class",       "family",   "detail",
    "suspended", "permanent_reply", "microsoft_code", "owner",         "side",        "rule",     "tier",
};

static void write_field(struct writer *w, const struct field *f, const void *rec)
{
	const void *at = (const char *)rec + f->at;

	switch (f->kind) {
	case FIELD_BOOL:
		writer_bool(w, *(const bool *)at);
		return;
	case FIELD_STR:
		if (((const struct str *)at)->n) {
			writer_str(w, *(const struct str *)at);
			return;
		}
		break;
	case FIELD_ENUM:
		if (*(const int *)at) {
			writer_str(w, str_from(f->names[*(const int *)at]));
			return;
		}
		break;
	case FIELD_I64:
		if (*(const int64_t *)at >= 0) {
			writer_i64(w, *(const int64_t *)at);
			return;
		}
		break;
	default:
		break;
	}
	writer_null(w);
}

static const struct field *field_of(const char *name)
{
	for (size_t i = 0; i < delivery_record.n_fields; i++)
		if (str_eq(str_from(delivery_record.fields[i].name), str_from(name)))
			return &delivery_record.fields[i];
	CHECK(!"a key of explain is a field of a delivery");
	return NULL;
}

/* Behind the fixed keys, where it was asked for: the rules looked at, the last of which decided. */
static void write_trail(struct explainer *x, const struct delivery *d)
{
	struct writer *w = x->json;
	struct verdict_trail t;

	classify_explain(x->classify, d, &x->arena, &t);
	writer_key(w, "trail");
	writer_map(w);
	writer_key(w, "normalised");
	writer_str(w, t.normalised);
	writer_key(w, "tried");
	writer_i64(w, (int64_t)t.tried);
	writer_key(w, "rules");
	writer_list(w);
	for (size_t i = 0; i < t.n_tries; i++) {
		writer_map(w);
		writer_key(w, "rule");
		writer_str(w, t.tries[i].rule->id);
		writer_key(w, "tier");
		writer_str(w, str_from(tier_names[t.tries[i].rule->tier]));
		writer_key(w, "unmet");
		if (t.tries[i].unmet)
			writer_str(w, str_from(t.tries[i].unmet));
		else
			writer_null(w);
		writer_key(w, "matched");
		writer_str(w, t.tries[i].matched);
		writer_end(w);
	}
	writer_end(w);
	writer_end(w);
}

static void write_text(struct writer *w, const char *key, struct str text)
{
	writer_key(w, key);
	if (text.n)
		writer_str(w, text);
	else
		writer_null(w);
}

/* A list of records, empty where there is none. */
static void write_list(struct writer *w, const char *key, const struct record_type *type, struct record_list list)
{
	writer_key(w, key);
	writer_list(w);
	for (size_t i = 0; i < list.n; i++)
		record_write(w, type, (const char *)list.items + i * type->size);
	writer_end(w);
}

static void write_json(struct explainer *x, const struct line_result *line, const struct remedy *remedy)
{
	struct writer *w = x->json;
	struct err err = {0};

	writer_map(w);
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		const struct field *f = field_of(keys[i]);

		writer_key(w, keys[i]);
		if (f->at == offsetof(struct delivery, event) && line->kind != LINE_EVENT)
			writer_null(w);
		else if (f->at == offsetof(struct delivery, owner) && line->d.class)
			writer_str(w, str_from(owner_names[line->d.owner])); /* nobody knows is said, too */
		else
			write_field(w, f, &line->d);
	}
	write_text(w, "remedy", remedy->text);
	write_text(w, "remedy_zh_tw", remedy->text_zh_tw);
	write_list(w, "fix_now", &fix_record, remedy->fix_now);
	write_list(w, "links", &link_record, remedy->links);
	if (line->kind != LINE_EVENT) {
		writer_key(w, line->kind == LINE_FACT ? "fact" : line->kind == LINE_NOISE ? "noise" : "dead_letter");
		writer_str(w, str_from(line->kind == LINE_FACT ? event_names[line->d.event] : line->word));
	}
	if (x->trail && line->kind == LINE_EVENT && line->d.class)
		write_trail(x, &line->d);
	writer_end(w);
	CHECK(writer_finish(w, &x->out, &err) == 0);
	buf_chr(&x->out, '\n');
}

/* What the rule asks for, and so was found in the words. */
static void add_why(const struct rule *r, const struct verdict_trail *t, struct buf *out)
{
	buf_fmt(out, "Rule %.*s decided (tier %s, %s:%d), the %zu%s tried. It was %s", STR_FMT(r->id),
	        tier_names[r->tier], r->file, r->line, t->tried,
	        t->tried % 10 == 1 && t->tried % 100 != 11   ? "st"
	        : t->tried % 10 == 2 && t->tried % 100 != 12 ? "nd"
	        : t->tried % 10 == 3 && t->tried % 100 != 13 ? "rd"
	                                                     : "th",
	        t->scope);
	if (r->starts.n)
		buf_fmt(out, ", beginning with \"%.*s\"", STR_FMT(r->starts));
	struct str matched = t->tries[t->n_tries - 1].matched;
	if (matched.n)
		buf_fmt(out, ", with \"%.*s\" in it", STR_FMT(matched));
	if (r->code >= 0)
		buf_fmt(out, ", with reply code %d", (int)r->code);
	for (size_t i = 0; i < r->enhanced.n; i++)
		buf_fmt(out, "%s%.*s", i == 0 ? ", with a status code of " : ", ", STR_FMT(r->enhanced.items[i]));
	if (r->provider.n)
		buf_fmt(out, ", from a server of %.*s", STR_FMT(r->provider));
	buf_str(out, STR("."));
}

static void add_message(const struct delivery *d, struct buf *out)
{
	char when[25];

	if (d->queue_id.n > 0) {
		time_format(d->time_ms, when);
		layout_entry(out, "event", "%s, at %s%s", event_names[d->event], when,
		             d->ts_quality == TS_QUALITY_YEAR_GUESSED ? " (the year is a guess)" : "");
		layout_entry(out, "message", "%.*s on %.*s (%s%s%.*s)", STR_FMT(d->queue_id), STR_FMT(d->host),
		             mta_names[d->mta], d->service.n ? "/" : "", STR_FMT(d->service));
	}
	if (d->delay_ms >= 0) {
		struct buf age = BUF_INIT;

		duration_words(d->delay_ms, &age);
		layout_entry(out, "age", "%s", buf_z(&age));
		buf_release(&age);
	}
	if (d->recipient.n)
		layout_entry(out, "recipient", "%.*s", STR_FMT(d->recipient));
	if (d->next_hop.n)
		layout_entry(out, "next hop", "%.*s%s%.*s%s", STR_FMT(d->next_hop), d->next_hop_ip.n ? " [" : "",
		             STR_FMT(d->next_hop_ip), d->next_hop_ip.n ? "]" : "");
	if (d->group.n)
		layout_entry(out, "counted in", "%.*s (%s)", STR_FMT(d->group),
		             kind_names[d->kind ? d->kind : KIND_INTERNET]);
	if (d->text.n)
		layout_entry(out, "reason", "%.*s", STR_FMT(d->text));
	if (d->suspended)
		layout_entry(out, "note", "No connection was made: the mail server repeats an earlier reason.");
	if (d->permanent_reply)
		layout_entry(out, "note", "The reply was a permanent one: a retry will not help.");
}

static const char *const whose[] = {
    [SIDE_UNKNOWN] = "not known from these words",
    [SIDE_US] = "ours: this side can mend it",
    [SIDE_THEM] = "the destination's: those who run it can mend it",
    [SIDE_PARTNER] = "the partner's: those who run it can mend it",
    [SIDE_NETWORK] = "of the network between us and the destination",
    [SIDE_NOBODY] = "nobody's: it passes by itself",
};

/* "own.retry (service), own.connect.timeout (contains)": what they want and did not get. */
static void add_trail(const struct verdict_trail *t, struct buf *out)
{
	struct buf passed = BUF_INIT;

	layout_entry(out, "normalised", "%.*s", STR_FMT(t->normalised));
	if (t->tried > t->n_tries)
		buf_fmt(&passed, "%zu more, ", t->tried - t->n_tries);
	for (size_t i = 0; i + 1 < t->n_tries; i++)
		buf_fmt(&passed, "%s%.*s (%s)", i ? ", " : "", STR_FMT(t->tries[i].rule->id), t->tries[i].unmet);
	if (passed.n)
		layout_entry(out, "passed over", "%s", buf_z(&passed));
	buf_release(&passed);
}

static void add_verdict(struct explainer *x, const struct delivery *d, struct buf *out)
{
	struct verdict_trail trail;
	struct buf why = BUF_INIT;

	layout_entry(out, "cause", "%s: %s", class_names[d->class], class_prose((enum class)d->class));
	if (d->detail.n)
		layout_entry(out, "detail", "%.*s", STR_FMT(d->detail));
	if (d->microsoft_code.n && !str_eq(d->microsoft_code, STR("other")))
		layout_entry(out, "code", "%.*s in Microsoft's list of mail flow problems", STR_FMT(d->microsoft_code));
	layout_entry(out, "whose", "%s%s", whose[d->side],
	             d->owner == OWNER_RECIPIENT ? " (the recipient in person)" : "");
	classify_explain(x->classify, d, &x->arena, &trail);
	if (trail.rule) {
		add_why(trail.rule, &trail, &why);
		layout_entry(out, "why", "%s", buf_z(&why));
		add_trail(&trail, out);
	}
	buf_release(&why);
}

/* What a kind of noise or a reason of a dead letter means. */
static const char *prose_of(const char *word)
{
	static const struct {
		const char *word, *prose;
	} list[] = {
#define NOISE(id, prose) {#id, prose},
#define DEAD(id, prose)  {#id, prose},
#include "ingest/words.def"
#undef NOISE
#undef DEAD
	};

	for (size_t i = 0; i < sizeof(list) / sizeof(*list); i++)
		if (strcmp(list[i].word, word) == 0)
			return list[i].prose;
	return word;
}

/* Commands stand on lines of their own, unbroken, to be copied. */
static void write_remedy(struct explainer *x, const struct remedy *remedy)
{
	bool zh_tw = x->language == LANGUAGE_ZH_TW;
	struct str text = zh_tw ? remedy->text_zh_tw : remedy->text;
	const struct link *links = remedy->links.items;

	if (text.n)
		layout_entry(&x->out, "what to do", "%.*s", STR_FMT(text));
	layout_fixes(&x->out, remedy->fix_now, zh_tw, LAYOUT_INDENT);
	for (size_t i = 0; i < remedy->links.n; i++)
		layout_entry(&x->out, i == 0 ? "see" : "", "%.*s", STR_FMT(links[i].url));
}

static void add_connector(const struct connector *c, struct buf *out)
{
	struct buf egress = BUF_INIT;

	if (c->contact.n)
		layout_entry(out, "contact", "%.*s", STR_FMT(c->contact));
	if (c->runbook.n)
		layout_entry(out, "runbook", "%.*s", STR_FMT(c->runbook));
	for (size_t i = 0; i < c->n_egress; i++)
		buf_fmt(&egress, "%s%.*s", i ? ", " : "", STR_FMT(c->egress[i]));
	if (egress.n)
		layout_entry(out, "let through", "%s: our addresses, for the other side", buf_z(&egress));
	buf_release(&egress);
}

static void write_words(struct explainer *x, const struct line_result *line, const struct remedy *remedy)
{
	const struct connector *connector = connector_find(x->c->connectors, x->c->n_connectors, line->d.connector);

	if (x->n > 1)
		buf_chr(&x->out, '\n');
	if (line->kind == LINE_NOISE || line->kind == LINE_DEAD) {
		layout_entry(&x->out, line->kind == LINE_NOISE ? "no event" : "unreadable", "%s: %s", line->word,
		             prose_of(line->word));
		return;
	}
	add_message(&line->d, &x->out);
	if (line->kind == LINE_FACT)
		layout_entry(&x->out, "note", "A fact about the message, not the outcome of an attempt.");
	if (line->d.class)
		add_verdict(x, &line->d, &x->out);
	write_remedy(x, remedy);
	if (connector)
		add_connector(connector, &x->out);
}

static void show(struct explainer *x, const struct line_result *line)
{
	struct remedy remedy = {.look_again_ms = -1};

	if (line->kind == LINE_EVENT)
		classify_remedy(x->classify, &line->d, &x->arena, &remedy);
	x->n++;
	if (x->json)
		write_json(x, line, &remedy);
	else
		write_words(x, line, &remedy);
	fwrite(x->out.p, 1, x->out.n, stdout);
	buf_clear(&x->out);
	arena_reset(&x->arena);
}

static void explain(struct explainer *x, struct str text)
{
	const struct classifier classifier = classify_hook(x->classify);
	struct line_result line = {.kind = LINE_DEAD};

	record_clear(&delivery_record, &line.d);
	line_read(&x->lines, text, x->now_ms, &x->arena, &line);
	if (line.kind == LINE_NOISE || line.kind == LINE_DEAD)
		record_clear(&delivery_record, &line.d);
	if (line.kind == LINE_EVENT)
		classifier.classify(classifier.arg, &line.d, &x->arena);
	show(x, &line);
}

/* "mta TAB mx TAB text", the first two may be empty; a line with fewer tabs is a text. */
static void explain_reply(struct explainer *x, struct str text)
{
	const struct classifier classifier = classify_hook(x->classify);
	struct line_result line = {.kind = LINE_EVENT};
	struct str mta, mx, rest = text;
	struct buf clean = BUF_INIT;

	if (!str_cut(&rest, '\t', &mta) || !str_cut(&rest, '\t', &mx)) {
		mta = mx = STR_NONE;
		rest = text;
	}
	record_clear(&delivery_record, &line.d);
	line.d.mta = (int)mta_find(mta);
	line.d.event = EVENT_DEFERRED;
	line.d.relay = mx;
	text_clean(&clean, rest, REPLY_MAX);
	line.d.text = buf_view(&clean);
	classifier.classify(classifier.arg, &line.d, &x->arena);
	show(x, &line);
	buf_release(&clean);
}

typedef void explain_fn(struct explainer *x, struct str line);

static int explain_file(struct explainer *x, int fd, explain_fn *each, struct err *err)
{
	struct line_reader reader;
	enum line_read got;
	struct str line;
	bool first = true;

	if (isatty(fd))
		fputs("qlapse: reading from the terminal, a line each; end with Ctrl-D\n", stderr);
	line_reader_init(&reader, fd);
	while ((got = line_reader_next(&reader, true, &line, err)) == LINE_READ_ONE) {
		if (first)
			str_eat(&line, STR("\xEF\xBB\xBF")); /* an editor's byte order mark is no part of a name */
		first = false;
		each(x, line);
	}
	line_reader_release(&reader);
	return got == LINE_READ_END ? 0 : -1;
}

/* Replies come from a file or from standard input, log lines from there or from the command line itself. */
static int explain_all(struct explainer *x, const struct cli *cli, struct err *err)
{
	bool replies = cli_value(cli, "replies") != NULL;
	int fd, result;

	if (replies && cli->n_args > 0 && strcmp(cli->args[0], "-") != 0) {
		fd = open(cli->args[0], O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return err_set(err, ERR_FATAL, "cannot read \"%s\": %s", cli->args[0], strerror(errno));
		result = explain_file(x, fd, explain_reply, err);
		close(fd);
		return result;
	}
	if (replies || cli->n_args == 0)
		return explain_file(x, STDIN_FILENO, replies ? explain_reply : explain, err);
	for (size_t i = 0; i < cli->n_args; i++)
		explain(x, str_from(cli->args[i]));
	return 0;
}

static int run(struct cli *cli)
{
	const struct config *c = &cli->config;
	const struct destination_config d = {c->connectors, c->n_connectors, c->internal_hops, c->n_internal_hops};
	struct explainer x = {
	    .c = c,
	    .lines = {c->site, c->host, c->zone_offset_ms, c->internal_hops, c->n_internal_hops},
	    .arena = ARENA_INIT,
	    .out = BUF_INIT,
	    .language = (enum language)cli_choice(cli, "language", (int)c->language),
	    .now_ms = (int64_t)time(NULL) * 1000,
	};
	struct err err = {0};
	int status = EX_OK;

	if (cli_value(cli, "replies") && cli->n_args > 1)
		return cli_misused(cli, "--replies reads one file");
	x.catalog = catalog_load(&c->catalog, &err);
	x.classify = x.catalog ? classify_new(x.catalog, &d, &err) : NULL;
	if (!x.classify) {
		status = cli_fail_err(EX_SOFTWARE, &err);
		goto out;
	}
	x.json = cli_value(cli, "json") ? writer_new(ENC_JSON) : NULL;
	x.trail = cli_value(cli, "trail");
	if (explain_all(&x, cli, &err) < 0)
		status = cli_fail_err(EX_NOINPUT, &err);
out:
	classify_free(x.classify);
	if (x.catalog)
		catalog_free(x.catalog);
	if (x.json)
		writer_free(x.json);
	arena_release(&x.arena);
	buf_release(&x.out);
	return status;
}

static const struct cli_option options[] = {
    {"language", "LANGUAGE", language_names, "Language of what to do; by default the option `language`."},
    {"json", NULL, NULL, "Print one JSON object per line instead of words."},
    {"trail", NULL, NULL, "With --json: add the rules that were looked at, and what each lacked. Words always tell."},
    {"replies", NULL, NULL,
     "Read deferral texts instead of log lines, from FILE or standard input: mta, mx and text, separated by tabs, as "
     "the mail server logged it. The first two may be empty."},
    {NULL, NULL, NULL, NULL},
};

const struct cli_command cmd_explain = {
    .name = "explain",
    .group = "Work on log files, without Kafka",
    .args = "[LINE...|FILE]",
    .summary = "tell what a log line says, whose fault it is and what to do",
    .about = "Takes log lines, one per argument or one per line of standard input, and tells of\n"
             "each what was read in it, which rule found the cause and by which words, whose\n"
             "side the cause is on, and what to do about it. A line that tells of no delivery is\n"
             "told apart too. Connectors and internal hops come from the configuration.\n",
    .examples = "grep status=deferred /var/log/mail.log | tail -n 1 | qlapse explain\n"
                "    why the last deferred message waits\n"
                "qlapse explain --json <mail.log | jq -r 'select(.event == \"deferred\").class' | sort | uniq -c\n"
                "    how often each cause is met in a log\n",
    .options = options,
    .most_args = SIZE_MAX,
    .run = run,
};
