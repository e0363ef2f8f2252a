/* SPDX-License-Identifier: Apache-2.0 */
/* schema - the JSON Schema (2020-12) of a public topic, made from the table of its record */
#ifndef QLAPSE_MAIN_SCHEMA_H
#define QLAPSE_MAIN_SCHEMA_H

#include "lib/base/buf.h"
#include "lib/mail/topics.h"

/* The topic with that name behind the prefix ("alerts.v1"), or NULL: none, or one that only we read. */
const struct topic_info *schema_topic(const char *name);
/* Appends the schema, with line breaks, and a newline. topic is public. */
void schema_print(const struct topic_info *topic, struct buf *out);

#endif
