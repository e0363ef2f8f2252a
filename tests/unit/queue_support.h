/* SPDX-License-Identifier: Apache-2.0 */
/* queue_support - transitions for the tests of queue, written as a line of text */
#ifndef QLAPSE_TESTS_QUEUE_SUPPORT_H
#define QLAPSE_TESTS_QUEUE_SUPPORT_H

#include "lib/mail/records.h"
#include "lib/mail/topics.h"
#include "queue/queue_stage.h"
#include "stage_support.h"

/* "CHANGE field=value …"; what is not said: message s/mx1/A#1 to group g for connect_timeout, queued in minute 0,
 * without an end, the line's time p, deltas as the change has them, reason deferred or delivered. */
static inline void read_transition(struct str words, int64_t p_ms, struct transition *t)
{
	record_clear(&transition_record, t);
	t->change = names_find(change_names, eat_word(&words));
	assert_true(t->change > 0);
	t->message = STR("s/mx1/A#1");
	t->seq = 1;
	t->at_ms = t->time_ms = p_ms;
	t->recipient = STR("a@b.example");
	t->group = STR("g");
	t->class = t->change == CHANGE_SUCCESS ? CLASS_none : CLASS_connect_timeout;
	t->host = STR("mx1");
	t->mta = MTA_POSTFIX;
	t->recipients_delta = t->messages_delta = t->change == CHANGE_ENTER ? 1 : t->change == CHANGE_LEAVE ? -1 : 0;
	t->reason = t->change == CHANGE_ENTER   ? REASON_DEFERRED
	            : t->change == CHANGE_LEAVE ? REASON_DELIVERED
	                                        : REASON_NONE;
	if (t->change != CHANGE_SUCCESS) {
		t->queued_minute = 0;
		t->basis = BASIS_DEFAULT;
	}
	read_fields(&transition_record, words, t);
}

/* As it comes over the topic. */
static inline void apply_transition(struct stage_run *r, int64_t p_ms, const struct transition *t)
{
	struct writer *w = writer_new(ENC_MSGPACK);
	struct buf value = BUF_INIT;
	struct err err;

	assert_int_equal(record_encode(w, &transition_record, t, &value, &err), 0);
	run_apply(r, p_ms, t->group, buf_view(&value));
	buf_release(&value);
	writer_free(w);
}

#endif
