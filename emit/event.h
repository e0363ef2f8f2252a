/* SPDX-License-Identifier: Apache-2.0 */
/*
 * event - public records as CloudEvents 1.0, in the binary or the structured mode of their Kafka binding
 *
 * schemas/README.md has the table of headers. Every record with a value on a public topic is an event; ticks,
 * tombstones, dead letters and state that only we read are none. An id is a hash of what makes the record unique (topic,
 * key and order stamp; of a message's state the content), so the same record has the same id after a crash and in a
 * replay. Texts are UTF-8 as the binding wants them, without control characters and short; nothing is percent-encoded.
 *
 * Structured mode is for the topics that no stage reads (incidents, alerts): the value becomes the event with the record
 * as its data. All others stay binary.
 */
#ifndef QLAPSE_EMIT_EVENT_H
#define QLAPSE_EMIT_EVENT_H

#include "lib/mail/topics.h"
#include "lib/stream/stage.h"

enum event_form { EVENT_BINARY, EVENT_STRUCTURED, EVENT_OFF };

extern const char *const event_form_names[]; /* "binary" … NULL */

struct event_config {
	enum event_form form;
	const char *source;     /* a URI reference */
	const char *dataschema; /* a URI in which TOPIC stands for the topic's name; NULL: none */
};

struct event_dresser; /* scratch, and what is the same for all records of a topic */

struct event_dresser *event_dresser_new(const struct event_config *c); /* one per worker; c must outlive it */
void event_dresser_free(struct event_dresser *e);
/* arg is the dresser: struct worker_config has what this does. */
void event_dress(void *arg, const struct out_record *o, struct log_record *inout);

bool event_topic_is_structured(int topic); /* in that form: no stage reads it */
bool event_is_structured(const struct log_record *rec);
bool event_uri_ok(struct str s); /* nothing that a URI must not hold */

#endif
