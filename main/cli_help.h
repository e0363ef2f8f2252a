/* SPDX-License-Identifier: Apache-2.0 */
/* cli_help - what --help prints: made from the tables of the commands, so that it cannot say what is not so */
#ifndef QLAPSE_MAIN_CLI_HELP_H
#define QLAPSE_MAIN_CLI_HELP_H

#include "lib/base/buf.h"
#include "main/cli.h"

extern const struct cli_option cli_common_options[]; /* of every command that reads a configuration */
extern const struct cli_option cli_help_option;

void cli_help_general(const struct cli_command *const *commands, struct buf *out);
void cli_help_command(const struct cli_command *command, struct buf *out);

#endif
