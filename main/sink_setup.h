/* SPDX-License-Identifier: Apache-2.0 */
/* sink_setup - from a configuration to the sink, for `qlapse sink` and `qlapse check` */
#ifndef QLAPSE_MAIN_SINK_SETUP_H
#define QLAPSE_MAIN_SINK_SETUP_H

#include "main/config.h"
#include "sink/sink.h"

/* Views into the config. */
struct pg_config sink_pg_config(const struct config *c, int64_t (*clock_ms)(void), bool (*stopping)(void));
struct sink_config sink_config_of(const struct config *c, const struct log_topic *list, int64_t (*clock_ms)(void),
                                  bool (*stopping)(void));

#endif
