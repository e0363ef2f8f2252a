/* SPDX-License-Identifier: Apache-2.0 */
/* track_memory_test - what an entry costs: nothing beyond itself for a message that is delivered at once */
#include "support.h"

#include "count_mallocs.h"

#include "track/track.h"

#define T0 ((int64_t)1795507200000)

struct sink {
	struct track_sink sink; /* first */
	size_t n_transitions, n_counts;
};

static void on_transition(struct track_sink *sink, const struct transition *t)
{
	assert_true(t->message.n > 0);
	((struct sink *)sink)->n_transitions++;
}

static void on_count(struct track_sink *sink, const char *name)
{
	assert_non_null(name);
	((struct sink *)sink)->n_counts++;
}

static const struct track_key key = {
    {"s/mta1.example/4f8gKz0Q1Xz9tq", 29}, {"s", 1}, {"mta1.example", 12}, {"4f8gKz0Q1Xz9tq", 14}};

static struct delivery delivery(enum event event, int64_t after_ms)
{
	struct delivery d;

	record_clear(&delivery_record, &d);
	d.mta = MTA_POSTFIX;
	d.event = event;
	d.time_ms = T0 + after_ms;
	d.id_time_ms = T0;
	d.group = STR("d.example");
	d.next_hop = STR("mx.example");
	d.recipient = STR("somebody.else@a-usual-domain.example");
	d.sender = STR("someone@another-usual-domain.example");
	d.text = STR("connect to mx.example[192.0.2.1]:25: Connection timed out");
	return d;
}

static size_t mallocs_of(const enum event *events, size_t n)
{
	struct sink sink = {{on_transition, on_count}, 0, 0};
	struct track_config c;
	struct tracked *t = NULL;
	size_t before = n_mallocs;

	track_config_default(&c);
	for (size_t i = 0; i < n; i++) {
		struct delivery d = delivery(events[i], (int64_t)i * 1000);
		assert_true(track_takes(&c, t, &d, d.time_ms, &sink.sink));
		if (t == NULL)
			t = tracked_new();
		if (track_apply(&c, &key, t, &d, d.time_ms, &sink.sink) == TRACK_REMOVE) {
			tracked_free(t);
			t = NULL;
		}
	}
	size_t after = n_mallocs;
	assert_int_equal(sink.n_counts, 1);
	tracked_free(t);
	return after - before;
}

static void test_allocations(void **state)
{
	static const struct {
		const char *label;
		enum event events[8];
		size_t n, want;
	} cases[] = {
	    {"delivered at once: the entry",
	     {EVENT_ARRIVED, EVENT_MESSAGE_ID, EVENT_QUEUED, EVENT_DELIVERED, EVENT_REMOVED},
	     5,
	     1},
	    {"deferred: the wait, its texts, the group of its place", {EVENT_QUEUED, EVENT_DEFERRED}, 2, 4},
	    {"deferred again for the same reason: nothing more",
	     {EVENT_QUEUED, EVENT_DEFERRED, EVENT_DEFERRED, EVENT_DEFERRED, EVENT_DELIVERED, EVENT_REMOVED},
	     6,
	     4},
	};

	(void)state;
	count_mallocs();
	for (size_t i = 0; i < LEN(cases); i++)
		expect_i64((int64_t)mallocs_of(cases[i].events, cases[i].n), (int64_t)cases[i].want, cases[i].label);
}

/* Addresses that do not fit, and many of them: sorted, found, kept whole. */
static void test_many_recipients(void **state)
{
	struct tracked *t = tracked_new();
	uint64_t seed = 5;
	char address[300];

	(void)state;
	for (int i = 0; i < 2000; i++) {
		memset(address, 'x', sizeof(address));
		size_t n = 1 + random_below(&seed, sizeof(address) - 20);
		n += (size_t)snprintf(address + n, 20, "%zu", random_below(&seed, 500));
		struct tracked_recipient *r = tracked_add(t, str_of(address, n));
		expect_str(r->address, str_of(address, n), "made");
		assert_ptr_equal(tracked_find(t, str_of(address, n)), r);
		assert_ptr_equal(tracked_add(t, str_of(address, n)), r);
	}
	assert_true(t->n_recipients > 1900);
	for (size_t i = 1; i < t->n_recipients; i++)
		assert_true(str_cmp(t->recipients[i - 1].address, t->recipients[i].address) < 0);
	assert_null(tracked_find(t, STR("nobody")));
	tracked_set_sender(t, t->recipients[7].address);
	tracked_reuse(t);
	assert_int_equal(t->n_recipients, 0);
	assert_int_equal(t->sender.n, 0);
	assert_int_equal(t->ordinal, 2);
	tracked_free(t);
	tracked_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_allocations),
	    cmocka_unit_test(test_many_recipients),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
