/* SPDX-License-Identifier: Apache-2.0 */
/* main - the program's commands, in the order of the general help */
#include "main/commands.h"

int main(int argc, char **argv)
{
	static const struct cli_command *const commands[] = {
	    &cmd_run,     &cmd_topics,  &cmd_sink,  &cmd_feed,    &cmd_replay, &cmd_watch,
	    &cmd_explain, &cmd_catalog, &cmd_check, &cmd_version, NULL,
	};

	return cli_main(commands, argc, argv);
}
