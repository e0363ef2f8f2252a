/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_version - which program this is */
#include <stdio.h>

#include "lib/kafka/kafka_client.h"
#include "main/commands.h"

static int run(struct cli *cli)
{
	(void)cli;
	printf("qlapse %s\nlibrdkafka %s\n", QLAPSE_VERSION, kafka_version());
	return EX_OK;
}

const struct cli_command cmd_version = {
    .name = "version",
    .group = "About the program",
    .args = "",
    .summary = "print the version",
    .about = "Prints the version of the program, and that of the Kafka client library it has loaded.\n",
    .no_config = true,
    .run = run,
};
