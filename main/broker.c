/* SPDX-License-Identifier: Apache-2.0 */
/* broker - see broker.h */
#include "main/broker.h"

struct kafka_client broker_client(const struct config *c, struct arena *a)
{
	struct kafka_setting *settings = arena_alloc(a, (c->n_kafka + 1) * sizeof(*settings));

	for (size_t i = 0; i < c->n_kafka; i++)
		settings[i] = (struct kafka_setting){c->kafka[i].name, c->kafka[i].value};
	return (struct kafka_client){settings, c->n_kafka, NULL, NULL};
}

/* 16 MiB: a message with thousands of recipients is one record of state, a dead letter is as large as what it holds.
 * State: never deleted by age, compacted eagerly. Tables that lagging readers need: not compacted for a day. */
static const struct kafka_setting delete_config[] = {{"cleanup.policy", "delete"}};
static const struct kafka_setting dead_config[] = {{"cleanup.policy", "delete"}, {"max.message.bytes", "16777216"}};
static const struct kafka_setting compact_config[] = {{"cleanup.policy", "compact"},
                                                      {"max.message.bytes", "16777216"},
                                                      {"segment.bytes", "67108864"},
                                                      {"min.cleanable.dirty.ratio", "0.1"}};
static const struct kafka_setting slow_config[] = {{"cleanup.policy", "compact"},
                                                   {"max.message.bytes", "16777216"},
                                                   {"segment.bytes", "67108864"},
                                                   {"min.cleanable.dirty.ratio", "0.1"},
                                                   {"min.compaction.lag.ms", "86400000"}};

struct kafka_topic broker_topic(const struct config *c, const struct topic_list *list, size_t i, struct arena *a)
{
	static const struct {
		const struct kafka_setting *config;
		size_t n;
	} by_cleanup[] = {
	    [TOPIC_DELETE] = {delete_config, 1},
	    [TOPIC_COMPACT] = {compact_config, 4},
	    [TOPIC_TABLE_SLOW] = {slow_config, 5},
	};
	enum topic_cleanup cleanup = i < TOPIC_N ? topics[i].cleanup : TOPIC_DELETE;
	bool dead = i >= TOPIC_N + list->n_raw;

	(void)a;
	return (struct kafka_topic){
	    .name = list->items[i].name,
	    .partitions = list->items[i].partitions > 0 ? list->items[i].partitions : c->partitions,
	    .replication = c->replication,
	    .config = dead ? dead_config : by_cleanup[cleanup].config,
	    .n_config = dead ? 2 : by_cleanup[cleanup].n,
	};
}

int broker_check_topics(struct kafka_admin *admin, struct config *c, struct topic_list *list, struct err *err)
{
	for (size_t i = 0; i < list->n; i++) {
		int n = kafka_admin_partitions(admin, list->items[i].name, err);
		bool raw = i >= TOPIC_N && i < TOPIC_N + list->n_raw,
		     open = i >= TOPIC_N && list->items[i].partitions == 0;

		if (n < 0)
			return -1;
		if (n == 0)
			return err_set(err, ERR_RETRY,
			               "there is no topic \"%s\"; `qlapse topics create` makes all that are missing",
			               list->items[i].name);
		if (open || (i >= TOPIC_N && !raw))
			list->items[i].partitions = n;
		else if (n != list->items[i].partitions)
			return err_set(err, ERR_CONFIG,
			               "topic \"%s\" has %d partitions where %d are configured; their number is "
			               "pinned: set it right, or "
			               "take a new prefix and read the raw topics afresh",
			               list->items[i].name, n, list->items[i].partitions);
		if (raw)
			c->raw[i - TOPIC_N].partitions = n;
	}
	return 0;
}
