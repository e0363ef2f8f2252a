/* SPDX-License-Identifier: Apache-2.0 */
/* broker - from a configuration to Kafka: client settings, the topics as they must be, and whether they are */
#ifndef QLAPSE_MAIN_BROKER_H
#define QLAPSE_MAIN_BROKER_H

#include "lib/kafka/kafka_admin.h"
#include "main/pipeline.h"

enum { BROKER_ANSWER_MS = 10000 };

/* Views into the config. */
struct kafka_client broker_client(const struct config *c, struct arena *a);

/* What is needed to make a topic, as of the list's index. */
struct kafka_topic broker_topic(const struct config *c, const struct topic_list *list, size_t i, struct arena *a);

/* Fills in partition counts that the configuration leaves to the broker, and compares the others. ERR_RETRY: a topic is missing or
 * the broker does not answer; ERR_CONFIG: a topic has another number of partitions than configured. */
int broker_check_topics(struct kafka_admin *admin, struct config *c, struct topic_list *list, struct err *err);

#endif
