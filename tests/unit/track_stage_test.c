/* SPDX-License-Identifier: Apache-2.0 */
/* track_stage_test - deliveries in, transitions and state records out; what is not ours is counted */
#include "stage_support.h"

#include "lib/mail/topics.h"
#include "track/track_stage.h"

#define KEY "s/h.example/Q1"
#define T0  ((int64_t)1795507200000)

struct rig {
	struct track_stage *stage;
	struct stage_run run;
	enum encoding in;
};

static void rig_init(struct rig *g, enum encoding in, enum encoding out)
{
	struct track_config c;

	track_config_default(&c);
	c.transitions_encoding = c.messages_encoding = out;
	g->in = in;
	g->stage = track_stage_new(&c);
	run_init(&g->run, &track_stage_ops, g->stage);
}

static void rig_release(struct rig *g)
{
	run_release(&g->run);
	track_stage_free(g->stage);
}

static struct delivery delivery(enum event event, int64_t time_ms, const char *recipient)
{
	struct delivery d;

	record_clear(&delivery_record, &d);
	d.site = STR("s");
	d.host = STR("h.example");
	d.queue_id = STR("Q1");
	d.mta = MTA_POSTFIX;
	d.event = event;
	d.time_ms = time_ms;
	d.recipient = str_from(recipient);
	d.group = STR("d.example");
	d.next_hop = STR("mx.example");
	d.class = event == EVENT_DEFERRED ? CLASS_connect_timeout : CLASS_none;
	return d;
}

static void encode_delivery(enum encoding enc, const struct delivery *d, struct buf *out)
{
	struct writer *w = writer_new(enc);

	assert_int_equal(record_encode(w, &delivery_record, d, out, NULL), 0);
	writer_free(w);
}

static void give(struct rig *g, int64_t p_ms, struct str key, const struct delivery *d)
{
	struct buf value = BUF_INIT;

	encode_delivery(g->in, d, &value);
	run_apply(&g->run, p_ms, key, buf_view(&value));
	buf_release(&value);
}

static void line(struct rig *g, int64_t at_ms, enum event event, const char *recipient)
{
	struct delivery d = delivery(event, at_ms, recipient);

	give(g, at_ms, STR(KEY), &d);
}

static struct transition sent_transition(struct rig *g, size_t i)
{
	struct transition x;
	struct err err;

	assert_true(i < g->run.n_sent);
	if (record_decode(encoding_of(g->run.sent[i].value), g->run.sent[i].value, &transition_record, &g->run.arena,
	                  &x, &err) < 0)
		fail_msg("%s", err.msg);
	return x;
}

static void expect_sent(struct rig *g, size_t i, enum encoding enc, int64_t seq, int64_t p_ms, enum change change)
{
	const struct sent *s = &g->run.sent[i];
	struct transition x = sent_transition(g, i);
	struct buf rest = BUF_INIT;

	expect_i64(encoding_of(s->value), enc, "encoding");
	expect_i64(s->topic, TOPIC_TRANSITIONS, "topic");
	expect_str(s->key, STR("d.example"), "key");
	expect_i64(s->p_ms, p_ms, "p");
	expect_i64(x.at_ms, p_ms, "at");
	expect_i64(x.seq, seq, "seq");
	expect_i64(x.change, change, "change");
	buf_str(&rest, STR(KEY));
	buf_chr(&rest, '\0');
	buf_be64(&rest, (uint64_t)seq);
	expect_str(s->rest, buf_view(&rest), "order");
	buf_release(&rest);
}

static void test_deliveries_become_transitions(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++) {
		struct rig g;
		enum encoding out = i & 2 ? ENC_JSON : ENC_MSGPACK;
		rig_init(&g, i & 1 ? ENC_JSON : ENC_MSGPACK, out);
		line(&g, T0, EVENT_DEFERRED, "a@d.example");
		run_until(&g.run, T0 + 4 * 3600000);
		line(&g, T0 + 5 * 3600000, EVENT_DELIVERED, "a@d.example");
		assert_int_equal(g.run.n_sent, 4);
		expect_sent(&g, 0, out, 1, T0, CHANGE_ENTER);
		expect_sent(&g, 1, out, 2, T0 + 4 * 3600000, CHANGE_STEP);
		expect_sent(&g, 2, out, 3, T0 + 5 * 3600000, CHANGE_LEAVE);
		expect_sent(&g, 3, out, 4, T0 + 5 * 3600000, CHANGE_SUCCESS);
		expect_str(sent_transition(&g, 1).step, STR("4h"), "step");
		expect_str(buf_view(&g.run.counts), STR(" track.opened"), "counts");
		assert_int_equal(store_size(g.run.store), 1);
		run_until(&g.run, T0 + 6 * 3600000);
		assert_int_equal(store_size(g.run.store), 0);
		rig_release(&g);
	}
}

static struct delivery sound(void)
{
	return delivery(EVENT_DEFERRED, T0, "a@d.example");
}

static struct delivery timeless(void)
{
	return delivery(EVENT_DEFERRED, TIME_NONE, "a@d.example");
}

static struct delivery eventless(void)
{
	return delivery(EVENT_NONE, T0, "a@d.example");
}

static struct delivery of_nobody(void)
{
	struct delivery d = sound();

	d.queue_id = STR_NONE;
	return d;
}

static const char *const long_key = "s/"
                                    "0123456789012345678901234567890123456789012345678901234567890123456789012345678901"
                                    "0123456789012345678901234567890123456789012345678901234567890123456789012345678901"
                                    "0123456789012345678901234567890123456789012345678901234567890123456789012345678901"
                                    "0123456789012345678901234567890123456789012345678901234567890123456789012345678901"
                                    "0123456789012345678901234567890123456789012345678901234567890123456789012345678901"
                                    "0123456789012345678901234567890123456789012345678901234567890123456789012345678901"
                                    "0123456789012345678901234567890123456789012345678901234567890123456789012345678901"
                                    "0123456789012345678901234567890123456789012345678901234567890123456789012345678901"
                                    "/Q1";

static struct delivery of_a_long_host(void)
{
	struct delivery d = sound();
	struct str key = str_from(long_key);

	d.host = str_head(str_skip(key, 2), key.n - 5);
	return d;
}

static const struct {
	const char *label, *key;       /* key NULL: the long one */
	struct delivery (*make)(void); /* NULL: no delivery at all */
} bad[] = {
    {"not a document", KEY, NULL},
    {"no time", KEY, timeless},
    {"no event", KEY, eventless},
    {"no queue id", "s/h.example/", of_nobody},
    {"no key", "", sound},
    {"a key without slashes", "Q1", sound},
    {"a key with one", "s/Q1", sound},
    {"the key of another site", "t/h.example/Q1", sound},
    {"of another host", "s/i.example/Q1", sound},
    {"of another message", "s/h.example/Q2", sound},
    {"no text at all", "s/\xff/Q1", sound},
    {"a key that fits into no stamp", NULL, of_a_long_host},
};

static void test_what_is_not_ours_is_counted(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(bad); i++) {
		struct rig g;
		struct delivery d;
		struct str key = str_from(bad[i].key == NULL ? long_key : bad[i].key);
		rig_init(&g, ENC_MSGPACK, ENC_MSGPACK);
		if (bad[i].make != NULL) {
			d = bad[i].make();
			give(&g, T0, key, &d);
		} else {
			run_apply(&g.run, T0, key, STR("\xc1rubbish"));
		}
		expect_str(buf_view(&g.run.counts), STR(" track.bad_record"), bad[i].label);
		expect_i64((int64_t)g.run.n_sent, 0, bad[i].label);
		expect_i64((int64_t)store_size(g.run.store), 0, bad[i].label);
		rig_release(&g);
	}
}

static void test_a_host_with_slashes(void **state)
{
	struct rig g;
	struct delivery d = sound();

	(void)state;
	rig_init(&g, ENC_MSGPACK, ENC_MSGPACK);
	d.host = STR("a/b");
	give(&g, T0, STR("s/a/b/Q1"), &d);
	assert_int_equal(g.run.n_sent, 1);
	expect_str(sent_transition(&g, 0).host, STR("a/b"), "host");
	rig_release(&g);
}

static void apply_unsettled(struct rig *g, int64_t p_ms, const struct delivery *d)
{
	struct buf value = BUF_INIT;
	struct err err;

	encode_delivery(g->in, d, &value);
	const struct stage_record rec = {.p_ms = p_ms, .key = STR(KEY), .value = buf_view(&value)};
	assert_int_equal(track_stage_ops.apply(g->stage, g->run.store, &rec, &g->run.out, &err), 0);
	store_settle(g->run.store);
	buf_release(&value);
}

static void test_what_is_not_taken_changes_nothing(void **state)
{
	struct rig g;
	struct delivery late = delivery(EVENT_DELIVERED, T0 + 1000, "a@d.example");
	struct delivery unknown = delivery(EVENT_REMOVED, T0 + 1000, "");

	(void)state;
	rig_init(&g, ENC_MSGPACK, ENC_MSGPACK);
	apply_unsettled(&g, T0, &unknown);
	assert_false(store_has_changes(g.run.store));
	line(&g, T0, EVENT_DEFERRED, "a@d.example");
	line(&g, T0 + 1000, EVENT_REMOVED, "");
	apply_unsettled(&g, T0 + 2000, &late);
	assert_false(store_has_changes(g.run.store));
	expect_str(buf_view(&g.run.counts), STR(" track.unknown_message track.opened track.late"), "counts");
	rig_release(&g);
}

static void test_an_aborted_batch_leaves_no_trace(void **state)
{
	struct rig g;
	struct delivery again = delivery(EVENT_DELIVERED, T0 + 60000, "a@d.example");

	(void)state;
	rig_init(&g, ENC_MSGPACK, ENC_MSGPACK);
	line(&g, T0, EVENT_DEFERRED, "a@d.example");
	apply_unsettled(&g, T0 + 60000, &again);
	assert_int_equal(g.run.n_sent, 3);
	store_abort(g.run.store);
	give(&g, T0 + 60000, STR(KEY), &again);
	assert_int_equal(g.run.n_sent, 5);
	for (size_t i = 1; i < 3; i++) {
		expect_str(g.run.sent[i + 2].value, g.run.sent[i].value, "the same again");
		expect_str(g.run.sent[i + 2].rest, g.run.sent[i].rest, "the same again");
	}
	rig_release(&g);
}

static void test_summary(void **state)
{
	struct {
		const char *label;
		enum event events[3]; /* of a, of b, of the message; EVENT_NONE: not heard of */
		int64_t until_ms;
		int64_t queued, overdue;
	} cases[] = {{"deferred", {EVENT_DEFERRED, EVENT_NONE, EVENT_NONE}, 0, 1, 0},
	             {"overdue", {EVENT_DEFERRED, EVENT_NONE, EVENT_NONE}, 50 * (int64_t)3600000, 1, 1},
	             {"both overdue", {EVENT_DEFERRED, EVENT_DEFERRED, EVENT_NONE}, 50 * (int64_t)3600000, 1, 1},
	             {"just arrived", {EVENT_NONE, EVENT_NONE, EVENT_ARRIVED}, 0, 1, 0},
	             {"one done, one waiting", {EVENT_DELIVERED, EVENT_DEFERRED, EVENT_NONE}, 0, 1, 0},
	             {"all done", {EVENT_DELIVERED, EVENT_BOUNCED, EVENT_NONE}, 0, 0, 0},
	             {"all done, then held", {EVENT_DELIVERED, EVENT_BOUNCED, EVENT_HELD}, 0, 0, 0},
	             {"waiting, held", {EVENT_DEFERRED, EVENT_NONE, EVENT_HELD}, 50 * (int64_t)3600000, 1, 0},
	             {"closed", {EVENT_DEFERRED, EVENT_DEFERRED, EVENT_REMOVED}, 0, 0, 0}};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		static const char *const who[] = {"a@d.example", "b@d.example", ""};
		struct track_summary sum = {10, 20};
		struct rig g;
		rig_init(&g, ENC_MSGPACK, ENC_MSGPACK);
		for (size_t k = 0; k < 3; k++)
			if (cases[i].events[k] != EVENT_NONE)
				line(&g, T0, cases[i].events[k], who[k]);
		run_until(&g.run, T0 + cases[i].until_ms);
		track_summarise(g.run.store, &sum);
		expect_i64(sum.queued - 10, cases[i].queued, cases[i].label);
		expect_i64(sum.overdue - 20, cases[i].overdue, cases[i].label);
		rig_release(&g);
	}
}

static void test_a_state_of_the_future_ends_the_program(void **state)
{
	struct rig g;
	struct err err = {.kind = ERR_NONE};
	/* {"internal": bin {"version": 99}} */
	struct str value = STR("\x81\xa8internal\xc4\x0a\x81\xa7version\x63");

	(void)state;
	rig_init(&g, ENC_MSGPACK, ENC_MSGPACK);
	assert_int_equal(store_restore(g.run.store, STR(KEY), value, &err), -1);
	expect_i64(err.kind, ERR_CONFIG, "kind");
	rig_release(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_deliveries_become_transitions),
	    cmocka_unit_test(test_what_is_not_ours_is_counted),
	    cmocka_unit_test(test_a_host_with_slashes),
	    cmocka_unit_test(test_what_is_not_taken_changes_nothing),
	    cmocka_unit_test(test_an_aborted_batch_leaves_no_trace),
	    cmocka_unit_test(test_summary),
	    cmocka_unit_test(test_a_state_of_the_future_ends_the_program),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
