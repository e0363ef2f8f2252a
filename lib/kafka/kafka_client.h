/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kafka_client - settings of librdkafka: what the user may pass through, and what must stay as it is
 *
 * lib/kafka is the only folder that names librdkafka.
 */
#ifndef QLAPSE_KAFKA_KAFKA_CLIENT_H
#define QLAPSE_KAFKA_KAFKA_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/err.h"

struct kafka_setting {
	const char *name, *value;
};

/* Level as in syslog(3); text without a newline. May come from another thread. */
typedef void kafka_log_fn(void *arg, int level, const char *text);

struct kafka_client {
	const struct kafka_setting *settings; /* bootstrap.servers among them */
	size_t n_settings;
	kafka_log_fn *log; /* NULL: nowhere */
	void *log_arg;
};

/* Refuses, by name and with the reason, settings that would break a guarantee, and says what this librdkafka does not know or
 * cannot do (ERR_CONFIG). */
int kafka_check_settings(const struct kafka_client *c, struct err *err);

/* The same of one setting. */
int kafka_check_setting(const struct kafka_setting *s, struct err *err);
bool kafka_setting_known(const char *name);
/* Those that this librdkafka knows. */
void kafka_setting_names(void (*each)(void *arg, const char *name), void *arg);

const char *kafka_version(void); /* of the librdkafka that is loaded */

#endif
