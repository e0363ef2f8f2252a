/* SPDX-License-Identifier: Apache-2.0 */
/* log_lines - the log of commands that run for long: one line an event on standard error, "TIME level text" */
#ifndef QLAPSE_MAIN_LOG_LINES_H
#define QLAPSE_MAIN_LOG_LINES_H

#include <stdint.h>

int64_t wall_clock(void);
void log_line(const char *level, const char *text);
/* librdkafka's own words, a kafka_log_fn; what it repeats by the second is not told again. */
void log_client(void *arg, int level, const char *text);

#endif
