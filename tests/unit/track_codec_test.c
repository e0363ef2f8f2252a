/* SPDX-License-Identifier: Apache-2.0 */
/* track_codec_test - an entry that was written and read is the same; what cannot be read is told from what may not be */
#include "track_support.h"

#include "lib/base/own.h"

static const char *const words[] = {
    "",
    "",
    "a",
    "mx.example",
    "connect to mx.example[192.0.2.1]:25: timed out",
    "é…",
    "a rather long text that does not fit beside anything else into an entry's own room"};

static struct str random_word(uint64_t *seed)
{
	return str_from(words[random_below(seed, LEN(words))]);
}

/* Small, large, and the values that documents leave out. */
static int64_t random_i64(uint64_t *seed)
{
	static const int64_t some[] = {-1, 0, 1, -2, 60000, LIFE_T0, INT64_MAX, INT64_MIN};

	return random_below(seed, 3) == 0 ? (int64_t)random_next(seed) : some[random_below(seed, LEN(some))];
}

static bool random_bool(uint64_t *seed)
{
	return random_below(seed, 2) == 1;
}

static void random_wait(uint64_t *seed, struct tracked_wait *w)
{
	union wait_texts texts;

	for (size_t i = 0; i < WAIT_TEXTS_N; i++)
		texts.all[i] = random_word(seed);
	tracked_set_texts(w, &texts);
	w->kind = (enum kind)random_below(seed, 4);
	w->class = (enum class)random_below(seed, CLASS_N);
	w->owner = (enum owner)random_below(seed, 6);
	w->side = (enum side)random_below(seed, 6);
	w->suspended = random_bool(seed);
	w->permanent_reply = random_bool(seed);
	w->line_hash = (uint64_t)random_i64(seed);
	w->first_deferral_ms = random_i64(seed);
	w->attempts = (int64_t)random_below(seed, 3);
	w->record_expires_ms = random_i64(seed);
	w->expires_ms = random_i64(seed);
	w->basis = (enum basis)random_below(seed, 5);
	w->overdue = random_bool(seed);
	w->mismatched = random_bool(seed);
	w->likely_lifetime_ms = random_i64(seed);
	w->steps_crossed = (uint32_t)random_i64(seed);
	w->placed = random_bool(seed);
	own_set(&w->place.group, random_word(seed));
	w->place.class = (enum class)random_below(seed, CLASS_N);
	w->place.queued_minute = random_i64(seed);
	w->place.expires_minute = random_i64(seed);
	w->place.held = random_bool(seed);
	w->place.overdue = random_bool(seed);
	w->place.mismatched = random_bool(seed);
	w->place.null_sender = random_bool(seed);
	w->place.basis = (enum basis)random_below(seed, 5);
}

static void random_recipients(uint64_t *seed, struct tracked *t)
{
	char address[64];

	for (size_t n = random_below(seed, 6); n > 0; n--) {
		/* from "" to longer than the room */
		snprintf(address, sizeof(address), "%.*s", (int)random_below(seed, 50),
		         "someone-with-a-very-long-local-part@somewhere.example");
		address[0] = (char)(address[0] ? 'a' + (char)random_below(seed, 26) : 0);
		struct tracked_recipient *r = tracked_add(t, str_from(address));
		r->state = (enum rcpt_state)random_below(seed, 7);
		r->last_line_ms = random_i64(seed);
		if (random_bool(seed) || tracked_is_waiting(r))
			random_wait(seed, tracked_wait(r));
		if (tracked_is_waiting(r))
			r->wait->placed = true;
	}
}

static struct tracked *random_entry(uint64_t *seed)
{
	struct tracked *t = tracked_new();

	t->ordinal = random_i64(seed);
	t->seq = random_i64(seed);
	t->closed = random_bool(seed);
	t->held = random_bool(seed);
	t->ever_waiting = random_bool(seed);
	t->null_sender = random_bool(seed);
	t->mta = (enum mta)random_below(seed, 2);
	t->closed_ms = random_i64(seed);
	t->last_p_ms = random_i64(seed);
	t->last_line_ms = random_i64(seed);
	t->longest_gap_ms = random_i64(seed);
	t->own_ms = random_i64(seed);
	t->own_error_ms = random_i64(seed);
	t->own_source = (enum since_source)random_below(seed, 5);
	t->delay_ms = (int64_t)random_below(seed, 1000);
	t->delay_error_ms = (int64_t)random_below(seed, 1000) - 1;
	t->first_seen_ms = random_i64(seed);
	tracked_set_sender(t, random_word(seed));
	random_recipients(seed, t);
	return t;
}

#define SAME(m)     assert_true(a->m == b->m)
#define SAME_STR(m) expect_str(a->m, b->m, #m)

static void same_place(const struct place *a, const struct place *b)
{
	SAME_STR(group);
	SAME(class);
	SAME(queued_minute);
	SAME(expires_minute);
	SAME(held);
	SAME(overdue);
	SAME(mismatched);
	SAME(null_sender);
	SAME(basis);
}

static void same_wait(const struct tracked_wait *a, const struct tracked_wait *b)
{
	for (size_t i = 0; i < WAIT_TEXTS_N; i++)
		SAME_STR(texts.all[i]);
	SAME(kind);
	SAME(class);
	SAME(owner);
	SAME(side);
	SAME(suspended);
	SAME(permanent_reply);
	SAME(line_hash);
	SAME(first_deferral_ms);
	SAME(attempts);
	SAME(record_expires_ms);
	SAME(expires_ms);
	SAME(basis);
	SAME(overdue);
	SAME(mismatched);
	SAME(likely_lifetime_ms);
	SAME(steps_crossed);
	SAME(placed);
	same_place(&a->place, &b->place);
}

static void same_recipient(const struct tracked_recipient *a, const struct tracked_recipient *b)
{
	SAME_STR(address);
	SAME(state);
	SAME(last_line_ms);
	assert_true((a->wait == NULL) == (b->wait == NULL));
	if (a->wait != NULL)
		same_wait(a->wait, b->wait);
}

static void same_entry(const struct tracked *a, const struct tracked *b)
{
	SAME(ordinal);
	SAME(seq);
	SAME(closed);
	SAME(held);
	SAME(ever_waiting);
	SAME(null_sender);
	SAME(mta);
	SAME(closed_ms);
	SAME(last_p_ms);
	SAME(last_line_ms);
	SAME(longest_gap_ms);
	SAME(own_ms);
	SAME(own_error_ms);
	SAME(own_source);
	SAME(delay_ms);
	SAME(delay_error_ms);
	SAME(first_seen_ms);
	SAME_STR(sender);
	SAME(n_recipients);
	for (size_t i = 0; i < a->n_recipients; i++)
		same_recipient(&a->recipients[i], &b->recipients[i]);
}

static const struct track_key key = {{"s/h.example/Q1", 14}, {"s", 1}, {"h.example", 9}, {"Q1", 2}};

static void random_entries(enum encoding enc, uint64_t seed, int n)
{
	struct tracked_codec *codec = tracked_codec_new(enc);
	struct buf first = BUF_INIT, second = BUF_INIT;
	struct err err;

	for (int i = 0; i < n; i++) {
		struct tracked *t = random_entry(&seed);
		buf_clear(&first);
		buf_clear(&second);
		tracked_encode(codec, &key, t, &first);
		struct tracked *back = tracked_decode(codec, buf_view(&first), &err);
		assert_non_null(back);
		same_entry(t, back);
		tracked_encode(codec, &key, back, &second);
		assert_true(str_eq(buf_view(&first), buf_view(&second)));
		tracked_free(t);
		tracked_free(back);
	}
	buf_release(&first);
	buf_release(&second);
	tracked_codec_free(codec);
}

static void test_written_and_read_is_the_same(void **state)
{
	(void)state;
	random_entries(ENC_MSGPACK, 1, 3000);
	random_entries(ENC_JSON, 2, 1000);
}

/* A message record whose internal part is the document that inner writes. */
static void wrap(void (*inner)(struct writer *w), struct buf *out)
{
	struct writer *w = writer_new(ENC_MSGPACK);
	struct buf internal = BUF_INIT;

	inner(w);
	assert_int_equal(writer_finish(w, &internal, NULL), 0);
	writer_map(w);
	writer_key(w, "message");
	writer_str(w, STR("s/h.example/Q1#1"));
	writer_key(w, "state");
	writer_str(w, STR("a state of the future"));
	writer_key(w, "internal");
	writer_bin(w, buf_view(&internal));
	writer_end(w);
	assert_int_equal(writer_finish(w, out, NULL), 0);
	writer_free(w);
	buf_release(&internal);
}

static void newer(struct writer *w)
{
	writer_map(w);
	writer_key(w, "version");
	writer_i64(w, TRACKED_VERSION + 1);
	writer_key(w, "mta");
	writer_str(w, STR("an mta of the future"));
	writer_end(w);
}

static void versionless(struct writer *w)
{
	writer_map(w);
	writer_key(w, "ordinal");
	writer_i64(w, 1);
	writer_end(w);
}

static void unknown_name(struct writer *w)
{
	writer_map(w);
	writer_key(w, "version");
	writer_i64(w, TRACKED_VERSION);
	writer_key(w, "mta");
	writer_str(w, STR("an mta of the future"));
	writer_end(w);
}

static void waits_nowhere(struct writer *w)
{
	writer_map(w);
	writer_key(w, "version");
	writer_i64(w, TRACKED_VERSION);
	writer_key(w, "recipients");
	writer_list(w);
	writer_map(w);
	writer_key(w, "state");
	writer_str(w, STR("waiting"));
	writer_end(w);
	writer_end(w);
	writer_end(w);
}

static void no_map(struct writer *w)
{
	writer_i64(w, TRACKED_VERSION);
}

static void extended(struct writer *w)
{
	writer_map(w);
	writer_key(w, "version");
	writer_i64(w, TRACKED_VERSION);
	writer_key(w, "ordinal");
	writer_i64(w, 7);
	writer_key(w, "a field of the future");
	writer_i64(w, 1);
	writer_end(w);
}

static void test_versions(void **state)
{
	static const struct {
		const char *label;
		void (*inner)(struct writer *w);
		enum err_kind want; /* ERR_NONE: it is read */
	} cases[] = {{"of a newer version, whatever its fields say", newer, ERR_CONFIG},
	             {"without a version", versionless, ERR_FATAL},
	             {"a name that we never wrote", unknown_name, ERR_FATAL},
	             {"a recipient that waits nowhere", waits_nowhere, ERR_FATAL},
	             {"no map", no_map, ERR_FATAL},
	             {"a field more", extended, ERR_NONE}};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct tracked_codec *codec = tracked_codec_new(ENC_MSGPACK);
		struct buf value = BUF_INIT;
		struct err err = {.kind = ERR_NONE};
		wrap(cases[i].inner, &value);
		struct tracked *t = tracked_decode(codec, buf_view(&value), &err);
		expect((t != NULL) == (cases[i].want == ERR_NONE), cases[i].label);
		expect_i64(err.kind, cases[i].want, cases[i].label);
		expect(t == NULL || t->ordinal == 7, cases[i].label);
		tracked_free(t);
		tracked_codec_free(codec);
		buf_release(&value);
	}
}

/* Cut or flipped bytes are an error or another entry that can be worked with; sanitizers see to the rest. */
static void test_damage(void **state)
{
	struct tracked_codec *codec = tracked_codec_new(ENC_MSGPACK);
	struct buf value = BUF_INIT;
	uint64_t seed = 3;
	struct err err;
	size_t n_refused = 0;

	(void)state;
	for (int i = 0; i < 3000; i++) {
		struct tracked *t = random_entry(&seed);
		buf_clear(&value);
		tracked_encode(codec, &key, t, &value);
		tracked_free(t);
		if (random_bool(&seed))
			value.n = random_below(&seed, value.n);
		else
			value.p[random_below(&seed, value.n)] ^= (char)(1 + random_below(&seed, 255));
		t = tracked_decode(codec, buf_view(&value), &err);
		n_refused += t == NULL;
		if (t == NULL)
			assert_true(err.kind == ERR_FATAL || err.kind == ERR_CONFIG);
		else
			assert_true(track_state(t) != MESSAGE_STATE_UNKNOWN && lifetime_since(t).source < 5);
		tracked_free(t);
	}
	assert_true(n_refused > 1500);
	buf_release(&value);
	tracked_codec_free(codec);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_written_and_read_is_the_same),
	    cmocka_unit_test(test_versions),
	    cmocka_unit_test(test_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
