/* SPDX-License-Identifier: Apache-2.0 */
/* cli - see cli.h */
#include "main/cli.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/check.h"
#include "main/cli_help.h"
#include "main/nearest.h"

enum { LONG_BASE = 256, OPTIONS_MAX = 48 };

int cli_fail(int status, const char *fmt, ...)
{
	va_list ap;

	fflush(stdout);
	fputs("qlapse: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return status;
}

int cli_fail_err(int status, const struct err *err)
{
	return cli_fail(err->kind == ERR_CONFIG ? EX_CONFIG : status, "%s", err->msg);
}

int cli_misused(const struct cli *cli, const char *fmt, ...)
{
	const char *name = cli->command->name;
	va_list ap;

	fprintf(stderr, "qlapse %s: ", name);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "\nqlapse: 'qlapse help %s' shows how it is used\n", name);
	return EX_USAGE;
}

const char *cli_value(const struct cli *cli, const char *name)
{
	const char *value = NULL;

	for (size_t i = 0; i < cli->n_given; i++)
		if (strcmp(cli->given[i].name, name) == 0)
			value = cli->given[i].value;
	return value;
}

int cli_number(const struct cli *cli, const char *name, int64_t least, int64_t most, int64_t otherwise, int64_t *ret)
{
	const char *value = cli_value(cli, name);
	int64_t n = otherwise;

	if (value && (!str_i64(str_from(value), &n) || n < least || n > most)) {
		cli_misused(cli, "--%s wants a number from %lld to %lld, not '%s'", name, (long long)least,
		            (long long)most, value);
		return -1;
	}
	*ret = n;
	return 0;
}

/* The options that a command takes, its own first, as getopt_long wants them: val tells the place in options. */
struct option_list {
	const struct cli_option *options[OPTIONS_MAX];
	struct option longs[OPTIONS_MAX + 1];
	int n;
};

static void add_option(struct option_list *l, const struct cli_option *o)
{
	CHECK(l->n < OPTIONS_MAX);
	l->longs[l->n] = (struct option){o->name, o->value ? required_argument : no_argument, NULL, LONG_BASE + l->n};
	l->options[l->n++] = o;
}

static void list_options(const struct cli_command *c, struct option_list *ret)
{
	memset(ret, 0, sizeof(*ret));
	for (const struct cli_option *o = c->options; o && o->name; o++)
		add_option(ret, o);
	for (const struct cli_option *o = cli_common_options; !c->no_config && o->name; o++)
		add_option(ret, o);
	add_option(ret, &cli_help_option);
}

static const struct cli_option *find_option(const struct cli_command *c, const char *name)
{
	for (const struct cli_option *o = c->options; o && o->name; o++)
		if (strcmp(o->name, name) == 0)
			return o;
	return NULL;
}

static int index_of(const char *const *names, const char *name)
{
	for (int i = 0; names[i]; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return -1;
}

int cli_choice(const struct cli *cli, const char *name, int otherwise)
{
	const struct cli_option *o = find_option(cli->command, name);
	const char *value = cli_value(cli, name);

	CHECK(o && o->choices);
	return value ? index_of(o->choices, value) : otherwise;
}

static int unknown_option(const struct cli *cli, const struct option_list *l, const char *arg)
{
	struct str word = str_from(arg), head;
	struct nearest near;

	while (str_eat(&word, STR("-")))
		;
	if (str_cut(&word, '=', &head))
		word = head;
	near = nearest_to(word);
	for (int i = 0; i < l->n; i++)
		if (l->options[i]->prose)
			nearest_try(&near, l->options[i]->name);
	if (near.best)
		return cli_misused(cli, "unknown option '%s'; did you mean '--%s'?", arg, near.best);
	return cli_misused(cli, "unknown option '%s'", arg);
}

static int wrong_choice(const struct cli *cli, const struct cli_option *o, const char *value)
{
	struct nearest near = nearest_to(str_from(value));
	struct buf list = BUF_INIT;

	for (const char *const *c = o->choices; *c; c++) {
		buf_fmt(&list, "%s%s", list.n ? ", " : "", *c);
		nearest_try(&near, *c);
	}
	if (near.best)
		cli_misused(cli, "--%s wants one of %s; did you mean '%s'?", o->name, buf_z(&list), near.best);
	else
		cli_misused(cli, "--%s wants one of %s, not '%s'", o->name, buf_z(&list), value);
	buf_release(&list);
	return EX_USAGE;
}

static int take_option(struct cli *cli, const struct cli_option *o, const char *value)
{
	if (o->choices && index_of(o->choices, value) < 0)
		return wrong_choice(cli, o, value);
	cli->given[cli->n_given++] = (struct cli_given){o->name, value};
	return 0;
}

static int check_args(const struct cli *cli)
{
	const struct cli_command *c = cli->command;

	if (cli->n_args < c->least_args)
		return cli_misused(cli, "%s is missing", c->args);
	if (cli->n_args > c->most_args)
		return cli_misused(cli, "'%s' is one argument too many", cli->args[c->most_args]);
	return 0;
}

/* argv[0] is the command's name. */
static int parse(struct cli *cli, int argc, char **argv)
{
	struct option_list list;
	int got;

	list_options(cli->command, &list);
	opterr = 0;
	optind = 0; /* glibc: start anew, permutation included */
	while ((got = getopt_long(argc, argv, ":h", list.longs, NULL)) != -1) {
		const char *arg = argv[optind - 1];
		int status;

		if (got == 'h')
			status = take_option(cli, &cli_help_option, "");
		else if (got == ':')
			status = cli_misused(cli, "option '%s' wants a value", arg);
		else if (got == '?' && optopt >= LONG_BASE)
			status =
			    cli_misused(cli, "option '--%s' takes no value", list.options[optopt - LONG_BASE]->name);
		else if (got == '?')
			status = unknown_option(cli, &list, arg);
		else
			status = take_option(cli, list.options[got - LONG_BASE], optarg ? optarg : "");
		if (status)
			return status;
	}
	cli->args = argv + optind;
	cli->n_args = (size_t)(argc - optind);
	return cli_value(cli, "help") ? 0 : check_args(cli);
}

static int configure(struct cli *cli)
{
	const char *file = cli_value(cli, "config");
	struct err err = {0};

	if (file && config_read(&cli->config, file, &err) < 0)
		return cli_fail_err(EX_CONFIG, &err);
	for (size_t i = 0; i < cli->n_given; i++)
		if (strcmp(cli->given[i].name, "set") == 0 && config_set(&cli->config, cli->given[i].value, &err) < 0)
			return cli_fail_err(EX_CONFIG, &err);
	if (config_check(&cli->config, &err) < 0)
		return cli_fail_err(EX_CONFIG, &err);
	return 0;
}

static int print(struct buf *text)
{
	fwrite(text->p, 1, text->n, stdout);
	buf_release(text);
	return EX_OK;
}

static int help_command(const struct cli_command *c)
{
	struct buf text = BUF_INIT;

	cli_help_command(c, &text);
	return print(&text);
}

static int run_command(const struct cli_command *command, int argc, char **argv)
{
	struct cli cli = {.command = command};
	int status;

	cli.given = xcalloc((size_t)argc + 1, sizeof(*cli.given));
	config_default(&cli.config);
	status = parse(&cli, argc, argv);
	if (!status && cli_value(&cli, "help"))
		status = help_command(command);
	else if (!status && (command->no_config || (status = configure(&cli)) == 0))
		status = command->run(&cli);
	config_release(&cli.config);
	free(cli.given);
	return status;
}

static const struct cli_command *find_command(const struct cli_command *const *commands, const char *name)
{
	for (; *commands; commands++)
		if (strcmp((*commands)->name, name) == 0)
			return *commands;
	return NULL;
}

static int unknown_command(const struct cli_command *const *commands, const char *name)
{
	struct nearest near = nearest_to(str_from(name));

	for (; *commands; commands++)
		nearest_try(&near, (*commands)->name);
	nearest_try(&near, "help");
	if (near.best)
		return cli_fail(EX_USAGE, "unknown command '%s'; did you mean '%s'?", name, near.best);
	return cli_fail(EX_USAGE, "unknown command '%s'; 'qlapse help' lists them", name);
}

static int help(const struct cli_command *const *commands, const char *name)
{
	struct buf text = BUF_INIT;

	if (name) {
		const struct cli_command *c = find_command(commands, name);

		return c ? help_command(c) : unknown_command(commands, name);
	}
	cli_help_general(commands, &text);
	return print(&text);
}

static bool is_any(const char *word, const char *a, const char *b, const char *c)
{
	return strcmp(word, a) == 0 || strcmp(word, b) == 0 || strcmp(word, c) == 0;
}

static int dispatch(const struct cli_command *const *commands, int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "help";
	const struct cli_command *c;

	if (is_any(name, "help", "--help", "-h"))
		return help(commands, argc > 2 ? argv[2] : NULL);
	if (is_any(name, "version", "--version", "-V"))
		name = "version";
	c = find_command(commands, name);
	if (!c)
		return unknown_command(commands, name);
	return run_command(c, argc - 1, argv + 1);
}

int cli_main(const struct cli_command *const *commands, int argc, char **argv)
{
	int status = dispatch(commands, argc, argv);

	if (fflush(stdout) != 0 || ferror(stdout))
		return cli_fail(status ? status : EX_IOERR, "writing to standard output failed: %s", strerror(errno));
	return status;
}
