/* SPDX-License-Identifier: Apache-2.0 */
/* cli_help - see cli_help.h */
#include "main/cli_help.h"

#include <string.h>

#include "main/layout.h"

enum { NAME_WIDTH = 11, OPTION_WIDTH = 24 };

const struct cli_option cli_common_options[] = {
    {"config", "FILE", NULL, "Read the configuration from this YAML file; nothing is read unless asked for."},
    {"set", "PATH=VALUE", NULL,
     "Set one option over the file, as in --set track.lifetime=5d; may be given more than once."},
    {NULL, NULL, NULL, NULL},
};

const struct cli_option cli_help_option = {"help", NULL, NULL, "Print this."};

const struct cli_exit cli_exits[] = {
    {EX_OK, "done, or told to stop and stopped"},
    {EX_USAGE, "the command line is wrong"},
    {EX_NOINPUT, "an input file is missing or cannot be read"},
    {EX_UNAVAILABLE, "a service is out of reach: no broker, no topic"},
    {EX_SOFTWARE, "an internal error, or one that nothing can be done about"},
    {EX_OSERR, "the address of http.listen cannot be used"},
    {EX_IOERR, "writing the output failed"},
    {EX_TEMPFAIL, "try again: another instance has taken over the name"},
    {EX_CONFIG, "the configuration is wrong"},
    {0, NULL},
};

static void pad(struct buf *out, size_t from, size_t width)
{
	for (size_t n = out->n - from; n < width; n++)
		buf_chr(out, ' ');
}

static void add_commands(const struct cli_command *const *commands, struct buf *out)
{
	const char *group = "";

	for (; *commands; commands++) {
		const struct cli_command *c = *commands;
		size_t line;

		if (strcmp(c->group, group) != 0)
			buf_fmt(out, "\n%s:\n", c->group);
		group = c->group;
		line = out->n;
		buf_fmt(out, "  %s", c->name);
		pad(out, line, NAME_WIDTH);
		layout_wrap(out, str_from(c->summary), NAME_WIDTH, NAME_WIDTH, LAYOUT_WIDTH);
	}
}

static void add_exits(struct buf *out)
{
	buf_str(out, STR("\nExit status:\n"));
	for (const struct cli_exit *e = cli_exits; e->prose; e++)
		buf_fmt(out, "  %2d  %s\n", e->status, e->prose);
}

void cli_help_general(const struct cli_command *const *commands, struct buf *out)
{
	buf_str(out, STR("qlapse " QLAPSE_VERSION
	                 " - why mail waits, whose fault it is, and when it expires: from MTA delivery logs\n"
	                 "\n"
	                 "Usage: qlapse COMMAND [OPTION...] [ARGUMENT...]\n"));
	add_commands(commands, out);
	buf_str(out, STR("\n"
	                 "First steps:\n"
	                 "  qlapse replay --summary text /var/log/mail.log\n"
	                 "      what that log says: events, causes and destinations of deferrals\n"
	                 "  qlapse watch --once /var/log/mail.log\n"
	                 "      what is wrong right now\n"
	                 "  grep status=deferred /var/log/mail.log | tail -n 1 | qlapse explain\n"
	                 "      why the last deferred message waits, and what to do about it\n"
	                 "\n"
	                 "'qlapse help COMMAND' tells the rest. Options of the configuration are listed by\n"
	                 "'qlapse check --print-options text', with a file to start from by\n"
	                 "'qlapse check --print-sample'.\n"));
	add_exits(out);
}

static void add_choices(const char *const *choices, struct buf *out)
{
	struct buf text = BUF_INIT;

	for (const char *const *c = choices; *c; c++)
		buf_fmt(&text, "%s%s", c == choices ? "One of " : ", ", *c);
	buf_chr(&text, '.');
	layout_wrap(out, buf_view(&text), 0, OPTION_WIDTH, LAYOUT_WIDTH);
	buf_release(&text);
}

static void add_option(const struct cli_option *o, struct buf *out)
{
	size_t line = out->n;

	if (!o->prose)
		return;
	buf_fmt(out, "  --%s%s%s", o->name, o->value ? " " : "", o->value ? o->value : "");
	if (out->n - line >= OPTION_WIDTH) {
		buf_chr(out, '\n');
		line = out->n;
	}
	layout_wrap(out, str_from(o->prose), out->n - line, OPTION_WIDTH, LAYOUT_WIDTH);
	if (o->choices)
		add_choices(o->choices, out);
}

static void add_options(const struct cli_option *list, struct buf *out)
{
	for (; list && list->name; list++)
		add_option(list, out);
}

static void add_examples(const char *text, struct buf *out)
{
	struct str rest = str_from(text), line;

	buf_str(out, STR("\nExamples:\n"));
	while (str_cut(&rest, '\n', &line))
		buf_fmt(out, "  %.*s\n", STR_FMT(line));
}

void cli_help_command(const struct cli_command *c, struct buf *out)
{
	buf_fmt(out, "qlapse %s - %s\n\nUsage: qlapse %s [OPTION...]%s%s\n\n%s", c->name, c->summary, c->name,
	        *c->args ? " " : "", c->args, c->about);
	if (c->examples)
		add_examples(c->examples, out);
	buf_str(out, STR("\nOptions:\n"));
	add_options(c->options, out);
	if (!c->no_config)
		add_options(cli_common_options, out);
	add_option(&cli_help_option, out);
	add_exits(out);
}
