/* SPDX-License-Identifier: Apache-2.0 */
/* emit_event_test - the headers of an event, its id, its structured form, and what is no event */
#include "emit/event.h"

#include "lib/base/text.h"
#include "lib/base/timefmt.h"
#include "lib/codec/value.h"
#include "lib/mail/names.h"
#include "support.h"

static const struct event_config binary = {EVENT_BINARY, "/qlapse/test", "https://schemas.example.org/TOPIC.json"};
static const struct event_config structured = {EVENT_STRUCTURED, "/qlapse/test", "urn:qlapse:TOPIC"};
static const struct event_config off = {EVENT_OFF, "/qlapse/test", NULL};

static const struct out_record alert = {
    .topic = TOPIC_ALERTS,
    .key = {"0123456789abcdef", 16},
    .value = {"{\"event\":\"opened\"}", 18},
    .p_ms = 1795494721000,
    .about = {.word = "opened", .severity = SEVERITY_CRITICAL, .expiry_ms = 1795498200000},
};

/* "name=value\n" each; the id is left out */
static void dress(const struct event_config *c, const struct out_record *o, struct buf *out, struct str *ret_value)
{
	struct event_dresser *e = event_dresser_new(c);
	struct log_record rec = {.topic = o->topic, .key = o->key, .value = o->value};
	static char value[2000];

	event_dress(e, o, &rec);
	buf_clear(out);
	for (size_t i = 0; i < rec.n_headers; i++)
		if (strcmp(rec.headers[i].name, "ce_id") != 0)
			buf_fmt(out, "%s=%.*s\n", rec.headers[i].name, STR_FMT(rec.headers[i].value));
	assert_true(rec.value.n < sizeof(value));
	memcpy(value, rec.value.p, rec.value.n);
	*ret_value = str_of(value, rec.value.n);
	event_dresser_free(e);
}

static void headers_of_an_alert(void **unused)
{
	struct buf out = BUF_INIT;
	struct str value;

	(void)unused;
	dress(&binary, &alert, &out, &value);
	assert_string_equal(buf_z(&out), "ce_specversion=1.0\n"
	                                 "ce_source=/qlapse/test\n"
	                                 "ce_type=dev.qlapse.alert.opened.v1\n"
	                                 "ce_subject=0123456789abcdef\n"
	                                 "ce_time=2026-11-24T04:32:01.000Z\n"
	                                 "ce_dataschema=https://schemas.example.org/alerts.v1.json\n"
	                                 "ce_severitytext=CRITICAL\n"
	                                 "ce_severitynumber=18\n"
	                                 "ce_firstexpiry=2026-11-24T05:30:00.000Z\n"
	                                 "content-type=application/json\n");
	assert_true(str_eq(value, alert.value));
	buf_release(&out);
}

static void what_a_record_does_not_have_is_left_out(void **unused)
{
	const struct event_config bare = {EVENT_BINARY, "/qlapse/test", NULL};
	const struct out_record message = {
	    .topic = TOPIC_MESSAGES, .key = STR("default/mx1/4F1A"), .value = STR("\x81\xa1x\x01"), .p_ms = TIME_NONE};
	struct buf out = BUF_INIT;
	struct str value;

	(void)unused;
	dress(&bare, &message, &out, &value);
	assert_string_equal(buf_z(&out), "ce_specversion=1.0\n"
	                                 "ce_source=/qlapse/test\n"
	                                 "ce_type=dev.qlapse.message.v1\n"
	                                 "ce_subject=default/mx1/4F1A\n"
	                                 "content-type=application/vnd.msgpack\n");
	buf_release(&out);
}

static void structured_is_one_document(void **unused)
{
	struct buf out = BUF_INIT;
	struct arena a = ARENA_INIT;
	const struct val *v;
	struct str value;
	struct err err;

	(void)unused;
	dress(&structured, &alert, &out, &value);
	assert_int_not_equal(
	    str_find(buf_view(&out), STR("content-type=application/cloudevents+json; charset=UTF-8\n")), -1);
	assert_int_equal(val_from_json(value, &a, &v, &err), 0);
	assert_true(str_eq(val_str(val_get(v, "type")), STR("dev.qlapse.alert.opened.v1")));
	assert_int_equal(val_str(val_get(v, "id")).n, 32);
	assert_true(str_eq(val_str(val_get(v, "datacontenttype")), STR("application/json")));
	assert_true(str_eq(val_str(val_get(v, "dataschema")), STR("urn:qlapse:alerts.v1")));
	assert_int_equal(val_i64(val_get(v, "severitynumber"), 0), 18);
	assert_true(str_eq(val_str(val_get(val_get(v, "data"), "event")), STR("opened")));
	buf_release(&out);
	arena_release(&a);
}

/* Those that a stage reads stay as they are. */
static void structured_is_for_what_no_stage_reads(void **unused)
{
	struct buf out = BUF_INIT;
	struct str value;

	(void)unused;
	for (int t = 0; t < TOPIC_N; t++) {
		struct out_record o = alert;

		o.topic = t;
		dress(&structured, &o, &out, &value);
		bool changed = !str_eq(value, alert.value);
		assert_int_equal(changed, t == TOPIC_INCIDENTS || t == TOPIC_ALERTS);
		assert_int_equal(out.n > 0, topics[t].record != NULL); /* state that only we read is no event */
	}
	struct out_record dead = alert;
	dead.topic = TOPIC_N + 1;
	dress(&binary, &dead, &out, &value);
	assert_int_equal(out.n, 0);
	dress(&off, &alert, &out, &value);
	assert_int_equal(out.n, 0);
	buf_release(&out);
}

static struct str id(const struct out_record *o, struct arena *a)
{
	struct event_dresser *e = event_dresser_new(&binary);
	struct log_record rec = {.topic = o->topic, .key = o->key, .value = o->value};

	event_dress(e, o, &rec);
	assert_string_equal(rec.headers[1].name, "ce_id");
	struct str copy = arena_dup(a, rec.headers[1].value);
	event_dresser_free(e);
	return copy;
}

static void id_is_of_what_makes_a_record_unique(void **unused)
{
	struct arena a = ARENA_INIT;
	struct out_record o = alert;
	struct str first = id(&alert, &a);

	(void)unused;
	assert_string_equal(first.p, "8b088cdf1f973a56732da3ce4a1bc86a"); /* never changes: subscribers have seen it */
	o.value = STR("{\"event\":\"other\"}");
	o.about.word = "updated";
	assert_true(str_eq(first, id(&o, &a)));
	o = alert, o.topic = TOPIC_INCIDENTS;
	assert_false(str_eq(first, id(&o, &a)));
	o = alert, o.key = STR("0123456789abcdee");
	assert_false(str_eq(first, id(&o, &a)));
	o = alert, o.p_ms++;
	assert_false(str_eq(first, id(&o, &a)));
	o = alert, o.rest = STR("x");
	assert_false(str_eq(first, id(&o, &a)));
	/* state has no stamp: its content tells */
	o = alert, o.p_ms = TIME_NONE;
	struct str state = id(&o, &a);
	o.value = STR("{}");
	assert_false(str_eq(state, id(&o, &a)));
	arena_release(&a);
}

static void hostile_subjects(void **unused)
{
	static char text[8192];
	struct out_record o = alert;
	struct buf out = BUF_INIT;
	struct str value;

	(void)unused;
	memset(text, 'a', sizeof(text));
	memcpy(text, "x\0y\xe2\x80\xae\xff\033[31m\r\nce_id: z\"\xc3\xa4", 25);
	o.key = str_of(text, sizeof(text));
	dress(&structured, &o, &out, &value);
	struct str rest = buf_view(&out), line;
	while (str_cut(&rest, '\n', &line))
		assert_true(text_is_clean(line, 600));
	assert_int_not_equal(str_find(buf_view(&out), STR("\xc3\xa4")), -1); /* UTF-8 stays UTF-8 */
	assert_true(text_is_utf8(value));
	buf_release(&out);
}

static void uris(void **unused)
{
	(void)unused;
	assert_true(event_uri_ok(STR("/qlapse/qlapse")));
	assert_true(event_uri_ok(STR("https://example.org/a?b=%20#c")));
	assert_false(event_uri_ok(STR("/a b")));
	assert_false(event_uri_ok(STR("")));
	assert_false(event_uri_ok(STR("/\xc3\xa4")));
	assert_false(event_uri_ok(STR("<x>")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(headers_of_an_alert),
	    cmocka_unit_test(what_a_record_does_not_have_is_left_out),
	    cmocka_unit_test(structured_is_one_document),
	    cmocka_unit_test(structured_is_for_what_no_stage_reads),
	    cmocka_unit_test(id_is_of_what_makes_a_record_unique),
	    cmocka_unit_test(hostile_subjects),
	    cmocka_unit_test(uris),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
