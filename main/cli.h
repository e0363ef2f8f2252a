/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli - the command line: a command is a const table of what it takes and what its help says, and a function
 *
 * Every command is main/cmd_<name>.c with one struct cli_command, listed in main.c. All take --config, --set and
 * --help, which are read here. The parsing is getopt_long's. Messages go to standard error, one line each, "qlapse:
 * ...". Exit codes are those of <sysexits.h>, documented by cli_exits.
 */
#ifndef QLAPSE_MAIN_CLI_H
#define QLAPSE_MAIN_CLI_H

#include <sysexits.h>

#include "main/config.h"

struct cli_option {
	const char *name;           /* without the dashes */
	const char *value;          /* what its value is called in the help; NULL: it takes none */
	const char *const *choices; /* NULL-terminated list of what the value may be; NULL: anything */
	const char *prose;          /* NULL: for the tests only, not told in the help */
};

struct cli;

struct cli_command {
	const char *name;
	const char *group;    /* headline above it in the general help; commands of one group stand together */
	const char *args;     /* "FILE..."; "": none */
	const char *summary;  /* one line, no full stop */
	const char *about;    /* what it does, for its own help; lines of at most 79 characters, newline at the end */
	const char *examples; /* each a line with the command and one below it, further in, with what it shows */
	const struct cli_option *options; /* ended by a name of NULL; NULL: none of its own */
	size_t least_args, most_args;
	bool no_config; /* it reads no configuration: --config and --set are not taken */
	int (*run)(struct cli *cli);
};

struct cli_given {
	const char *name, *value; /* value: "" of an option without one */
};

struct cli {
	const struct cli_command *command;
	struct config config; /* checked */
	char **args;
	size_t n_args;
	struct cli_given *given;
	size_t n_given;
};

/* The last value given, or NULL. Of an option without a value: "" if it was given. */
const char *cli_value(const struct cli *cli, const char *name);
/* The last value as a number from least to most; otherwise if it was not given. -1 after a message: exit EX_USAGE. */
int cli_number(const struct cli *cli, const char *name, int64_t least, int64_t most, int64_t otherwise, int64_t *ret);
/* Index of the last value among the option's choices, or otherwise if it was not given. */
int cli_choice(const struct cli *cli, const char *name, int otherwise);

/* "qlapse: text"; returns status, so that `return cli_fail(...)` reads well. */
int cli_fail(int status, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The same behind "qlapse COMMAND: ", with a pointer to the help: EX_USAGE. */
int cli_misused(const struct cli *cli, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* EX_CONFIG for ERR_CONFIG, else status. */
int cli_fail_err(int status, const struct err *err);

struct cli_exit {
	int status;
	const char *prose;
};
extern const struct cli_exit cli_exits[]; /* ended by prose NULL */

/* Runs the command of argv; returns the exit status. commands: NULL-terminated. */
int cli_main(const struct cli_command *const *commands, int argc, char **argv);

#endif
