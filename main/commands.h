/* SPDX-License-Identifier: Apache-2.0 */
/* commands - one per main/cmd_<name>.c; main.c has the list */
#ifndef QLAPSE_MAIN_COMMANDS_H
#define QLAPSE_MAIN_COMMANDS_H

#include "main/cli.h"

extern const struct cli_command cmd_run, cmd_replay, cmd_watch, cmd_feed, cmd_explain, cmd_check, cmd_catalog,
    cmd_topics, cmd_sink, cmd_version;

#endif
