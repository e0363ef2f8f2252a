/* SPDX-License-Identifier: Apache-2.0 */
/* topics - see topics.h */
#include "lib/mail/records.h"
#include "lib/mail/topics.h"

const struct topic_info topics[TOPIC_N] = {
#define TOPIC(id, name, record, encoding, partitions, cleanup)                                                         \
	[TOPIC_##id] = {#id, name, record, TOPIC_##encoding, TOPIC_##partitions, TOPIC_##cleanup},
#include "lib/mail/topics.def"
#undef TOPIC
};
