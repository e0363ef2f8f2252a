/* SPDX-License-Identifier: Apache-2.0 */
/* topics - the topics that qlapse owns, as data: topics.def; raw topics and their dead letters follow behind TOPIC_N */
#ifndef QLAPSE_MAIL_TOPICS_H
#define QLAPSE_MAIL_TOPICS_H

#include "lib/base/record.h"

enum topic {
#define TOPIC(id, name, record, encoding, partitions, cleanup) TOPIC_##id,
#include "lib/mail/topics.def"
#undef TOPIC
	TOPIC_N /* index of the first raw topic in a program's list of topics */
};

enum topic_encoding { TOPIC_JSON, TOPIC_MSGPACK };
enum topic_partitions { TOPIC_INNER, TOPIC_ONE };
enum topic_cleanup { TOPIC_DELETE, TOPIC_COMPACT, TOPIC_TABLE_SLOW };

struct topic_info {
	const char *id;                   /* "DELIVERIES" */
	const char *name;                 /* behind the prefix: "deliveries.v1" */
	const struct record_type *record; /* NULL: only we read it */
	enum topic_encoding encoding;
	enum topic_partitions partitions;
	enum topic_cleanup cleanup;
};

extern const struct topic_info topics[TOPIC_N];

#endif
