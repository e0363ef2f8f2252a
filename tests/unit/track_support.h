/* SPDX-License-Identifier: Apache-2.0 */
/*
 * track_support - the life of one message as text: lines in, transitions, counts and records out
 *
 * All times are spans after 2026-11-24T08:00Z, may be negative, and stand for both the
 * line's time and pipeline time unless p= says otherwise. Timers fire before a line of
 * the same moment, as they do in the pipeline. One command a line:
 *   set lifetime|grace|keep|forget SPAN      set steps default|NAME,NAME
 *   connector NAME SPAN|-                    rule HOST|- postfix|- null|sender|- SPAN
 *   TIME EVENT [RECIPIENT] [KEY=VALUE | null suspended permanent]
 *   TIME until                               time passes, no line comes
 *   show                                     the message record as it stands
 */
#ifndef QLAPSE_TESTS_TRACK_SUPPORT_H
#define QLAPSE_TESTS_TRACK_SUPPORT_H

#include "support.h"

#include "lib/base/arena.h"
#include "lib/base/buf.h"
#include "lib/base/check.h"
#include "track/lifetime.h"
#include "track/tracked_codec.h"

enum { LIFE_LISTS_MAX = 8 };

#define LIFE_T0 ((int64_t)1795507200000) /* the year's and the minute's begin do not matter, that it is whole does */

struct life {
	struct track_sink sink; /* first */
	struct track_config c;
	struct lifetime_rule rules[LIFE_LISTS_MAX];
	struct connector connectors[LIFE_LISTS_MAX];
	struct track_step steps[LIFE_LISTS_MAX];
	struct track_key key;
	struct tracked *t; /* NULL: none */
	int64_t now_ms;
	bool through_codec; /* the entry is encoded and decoded between any two steps */
	struct tracked_codec *codec;
	struct arena arena;
	struct buf out, scratch;
};

static inline void life_span(struct buf *out, int64_t ms)
{
	if (ms < 0)
		buf_chr(out, '-');
	duration_format(ms < 0 ? -ms : ms, out);
}

static inline void life_when(struct buf *out, int64_t ms)
{
	life_span(out, ms - LIFE_T0);
}

static inline void life_word(struct buf *out, const char *key, struct str value)
{
	if (value.n > 0)
		buf_fmt(out, " %s=%.*s", key, STR_FMT(value));
}

static inline void life_place(struct buf *b, const struct transition *x)
{
	buf_fmt(b, " %.*s/%s", STR_FMT(x->group), class_names[x->class]);
	if (x->queued_minute == -1)
		return;
	buf_fmt(b, " q%lld", (long long)(x->queued_minute - LIFE_T0 / 60000));
	if (x->expires_minute != -1)
		buf_fmt(b, " x%lld", (long long)(x->expires_minute - LIFE_T0 / 60000));
	buf_fmt(b, " %s", basis_names[x->basis]);
	buf_fmt(b, "%s%s%s%s", x->held ? " held" : "", x->overdue ? " overdue" : "", x->mismatched ? " mismatched" : "",
	        x->null_sender ? " null" : "");
}

static inline void life_cause(struct buf *b, const struct transition *x)
{
	bool routed = x->change == CHANGE_ENTER || x->change == CHANGE_RETRY || x->change == CHANGE_SUCCESS;

	if (x->likely_lifetime_ms != -1) {
		buf_fmt(b, " likely=");
		life_span(b, x->likely_lifetime_ms);
	}
	life_word(b, "connector", x->connector);
	life_word(b, "kind", str_from(x->kind == 0 ? "" : kind_names[x->kind]));
	life_word(b, "provider", x->provider);
	if (routed && !str_eq(x->next_hop, STR("mx.example")))
		buf_fmt(b, " hop=%.*s", STR_FMT(x->next_hop));
	life_word(b, "ip", x->next_hop_ip);
	life_word(b, "text", x->text);
	life_word(b, "detail", x->detail);
	life_word(b, "code", x->microsoft_code);
	life_word(b, "owner", str_from(x->owner == 0 ? "" : owner_names[x->owner]));
	life_word(b, "side", str_from(x->side == 0 ? "" : side_names[x->side]));
	buf_fmt(b, "%s%s", x->suspended ? " suspended" : "", x->permanent_reply ? " permanent" : "");
}

/* ordinal.seq at[/time of the line] change [reason] recipient group/class [place] deltas what-else */
static inline void life_transition(struct track_sink *sink, const struct transition *x)
{
	struct life *l = (struct life *)sink;
	struct buf *b = &l->out;
	struct str id = x->message;

	assert_true(str_eat(&id, l->key.key) && str_eat(&id, STR("#")));
	expect_str(x->host, l->key.host, "host");
	expect_i64(x->mta, MTA_POSTFIX, "mta");
	buf_fmt(b, "%.*s.%lld ", STR_FMT(id), (long long)x->seq);
	life_when(b, x->at_ms);
	if (x->time_ms == TIME_NONE) {
		buf_fmt(b, "/-");
	} else if (x->time_ms != x->at_ms) {
		buf_chr(b, '/');
		life_when(b, x->time_ms);
	}
	buf_fmt(b, " %s", change_names[x->change]);
	buf_fmt(b, "%s%s", x->reason ? " " : "", x->reason ? reason_names[x->reason] : "");
	life_word(b, "step", x->step);
	buf_fmt(b, " %.*s", STR_FMT(x->recipient));
	life_word(b, "at", x->destination);
	life_place(b, x);
	if (x->recipients_delta != 0 || x->messages_delta != 0)
		buf_fmt(b, " r%+lld m%+lld", (long long)x->recipients_delta, (long long)x->messages_delta);
	if (x->waited_ms != -1) {
		buf_fmt(b, " waited=");
		life_span(b, x->waited_ms);
	}
	life_cause(b, x);
	buf_chr(b, '\n');
}

static inline void life_count(struct track_sink *sink, const char *name)
{
	struct life *l = (struct life *)sink;
	struct str s = str_from(name);

	assert_true(str_eat(&s, STR("track.")));
	buf_fmt(&l->out, "+ %.*s\n", STR_FMT(s));
}

static inline void life_begin(struct life *l, bool through_codec)
{
	memset(l, 0, sizeof(*l));
	l->sink = (struct track_sink){life_transition, life_count};
	track_config_default(&l->c);
	l->c.n_steps = 0;
	l->c.rules = l->rules;
	l->c.connectors = l->connectors;
	l->key = (struct track_key){STR("s/h.example/Q1"), STR("s"), STR("h.example"), STR("Q1")};
	l->through_codec = through_codec;
	l->codec = tracked_codec_new(ENC_MSGPACK);
}

static inline void life_end(struct life *l)
{
	tracked_free(l->t);
	tracked_codec_free(l->codec);
	arena_release(&l->arena);
	buf_release(&l->out);
	buf_release(&l->scratch);
}

static inline void life_verdict(struct life *l, enum track_verdict v)
{
	struct err err;

	if (v == TRACK_REMOVE) {
		tracked_free(l->t);
		l->t = NULL;
		buf_fmt(&l->out, "gone\n");
	} else if (l->through_codec && l->t != NULL) {
		buf_clear(&l->scratch);
		tracked_encode(l->codec, &l->key, l->t, &l->scratch);
		tracked_free(l->t);
		l->t = tracked_decode(l->codec, buf_view(&l->scratch), &err);
		assert_non_null(l->t);
	}
}

/* Timers up to and with that moment. */
static inline void life_pass(struct life *l, int64_t until_ms)
{
	while (l->t != NULL && track_due(&l->c, l->t) <= until_ms) {
		int64_t due_ms = track_due(&l->c, l->t);
		life_verdict(l, track_fire(&l->c, &l->key, l->t, due_ms, &l->sink));
		assert_true(l->t == NULL || track_due(&l->c, l->t) > due_ms);
	}
}

static inline void life_line(struct life *l, const struct delivery *d, int64_t p_ms)
{
	life_pass(l, p_ms);
	l->now_ms = p_ms;
	if (!track_takes(&l->c, l->t, d, p_ms, &l->sink))
		return;
	if (l->t == NULL)
		l->t = tracked_new();
	life_verdict(l, track_apply(&l->c, &l->key, l->t, d, p_ms, &l->sink));
}

static inline void life_show_recipient(struct buf *b, const struct message_recipient *r)
{
	buf_fmt(b, "  %.*s %s", STR_FMT(r->recipient), rcpt_state_names[r->state]);
	if (r->attempts != -1)
		buf_fmt(b, " %.*s/%s attempts=%lld first=", STR_FMT(r->group), class_names[r->class],
		        (long long)r->attempts);
	if (r->first_deferral_ms != TIME_NONE)
		life_when(b, r->first_deferral_ms);
	buf_fmt(b, " last=");
	life_when(b, r->last_line_ms);
	if (r->expires_ms != TIME_NONE) {
		buf_fmt(b, " expires=");
		life_when(b, r->expires_ms);
		buf_fmt(b, "/%s", basis_names[r->basis]);
	}
	buf_fmt(b, "%s%s", r->overdue ? " overdue" : "", r->mismatched ? " mismatched" : "");
	life_word(b, "text", r->text);
	buf_chr(b, '\n');
}

static inline void life_show_head(struct buf *b, const struct message *m)
{
	buf_fmt(b, "= %s since=", message_state_names[m->state]);
	life_when(b, m->queued_since_ms);
	buf_fmt(b, "/%s", since_source_names[m->queued_since_source]);
	if (m->queued_since_error_ms != -1) {
		buf_fmt(b, "±");
		life_span(b, m->queued_since_error_ms);
	}
	if (m->expires_ms != TIME_NONE) {
		buf_fmt(b, " expires=");
		life_when(b, m->expires_ms);
		buf_fmt(b, "/%s", basis_names[m->basis]);
	}
	buf_fmt(b, "%s last=", m->null_sender ? " null" : "");
	life_when(b, m->last_line_ms);
	life_word(b, "sender", m->sender);
	buf_fmt(b, " seq=%lld\n", (long long)m->seq);
}

static inline void life_show(struct life *l)
{
	struct message m;
	struct err err;

	if (l->t == NULL) {
		buf_fmt(&l->out, "= none\n");
		return;
	}
	buf_clear(&l->scratch);
	tracked_encode(l->codec, &l->key, l->t, &l->scratch);
	assert_int_equal(record_decode(ENC_MSGPACK, buf_view(&l->scratch), &message_record, &l->arena, &m, &err), 0);
	expect_str(m.host, l->key.host, "host");
	expect_str(m.site, l->key.site, "site");
	expect_str(m.queue_id, l->key.queue_id, "queue_id");
	expect_i64(m.mta, MTA_POSTFIX, "mta");
	life_show_head(&l->out, &m);
	for (size_t i = 0; i < m.recipients.n; i++)
		life_show_recipient(&l->out, (const struct message_recipient *)m.recipients.items + i);
}

static inline int64_t life_read_span(struct str s)
{
	int64_t ms;
	bool minus = str_eat(&s, STR("-"));

	if (!duration_parse(s, &ms))
		fail_msg("\"%.*s\" is no span", STR_FMT(s));
	return minus ? -ms : ms;
}

static inline int life_name(const char *const *names, struct str s)
{
	int i = names_find(names, s);

	if (i < 0)
		fail_msg("\"%.*s\" is no name", STR_FMT(s));
	return i;
}

static inline struct str life_token(struct str *s)
{
	struct str word;

	if (!str_cut(s, ' ', &word)) {
		word = *s;
		*s = STR_NONE;
	}
	return word;
}

static inline bool life_text_key(struct delivery *d, struct str key, struct str value)
{
	const struct {
		const char *key;
		struct str *to;
	} texts[] = {{"group", &d->group},   {"conn", &d->connector},   {"provider", &d->provider},
	             {"hop", &d->next_hop},  {"ip", &d->next_hop_ip},   {"text", &d->text},
	             {"dsn", &d->dsn},       {"relay", &d->relay},      {"sender", &d->sender},
	             {"detail", &d->detail}, {"dest", &d->destination}, {"code", &d->microsoft_code}};

	for (size_t i = 0; i < LEN(texts); i++)
		if (str_eq(key, str_from(texts[i].key))) {
			*texts[i].to = value;
			return true;
		}
	return false;
}

static inline void life_key(struct delivery *d, struct str key, struct str value)
{
	if (str_eq(key, STR("class")))
		d->class = life_name(class_names, value);
	else if (str_eq(key, STR("arr")))
		d->arrival_ms = LIFE_T0 + life_read_span(value);
	else if (str_eq(key, STR("src")))
		d->arrival_source = life_name(since_source_names, value);
	else if (str_eq(key, STR("err")))
		d->arrival_error_ms = life_read_span(value);
	else if (str_eq(key, STR("id")))
		d->id_time_ms = LIFE_T0 + life_read_span(value);
	else if (str_eq(key, STR("delay")))
		d->delay_ms = life_read_span(value);
	else if (str_eq(key, STR("expires")))
		d->expires_ms = LIFE_T0 + life_read_span(value);
	else if (str_eq(key, STR("kind")))
		d->kind = life_name(kind_names, value);
	else if (str_eq(key, STR("owner")))
		d->owner = life_name(owner_names, value);
	else if (str_eq(key, STR("side")))
		d->side = life_name(side_names, value);
	else if (!life_text_key(d, key, value))
		fail_msg("\"%.*s\" is no key", STR_FMT(key));
}

static inline void life_read_words(struct delivery *d, struct str s, int64_t *p_ms)
{
	struct str key;

	while (s.n > 0) {
		struct str word = life_token(&s);
		if (str_eq(word, STR("null")))
			d->null_sender = true;
		else if (str_eq(word, STR("suspended")))
			d->suspended = true;
		else if (str_eq(word, STR("permanent")))
			d->permanent_reply = true;
		else if (!str_cut(&word, '=', &key))
			d->recipient = word;
		else if (str_eq(key, STR("p")))
			*p_ms = LIFE_T0 + life_read_span(word);
		else
			life_key(d, key, word);
	}
}

static inline void life_read_line(struct life *l, int64_t time_ms, int event, struct str words)
{
	struct delivery d;
	int64_t p_ms = time_ms;

	record_clear(&delivery_record, &d);
	d.mta = MTA_POSTFIX;
	d.event = event;
	d.time_ms = time_ms;
	d.group = STR("g");
	d.next_hop = STR("mx.example");
	d.class = event == EVENT_DEFERRED ? CLASS_connect_timeout : CLASS_none;
	life_read_words(&d, words, &p_ms);
	d.family = (int)class_family((enum class)d.class);
	if (d.arrival_ms != TIME_NONE && d.arrival_source == SINCE_UNKNOWN)
		d.arrival_source = event == EVENT_ARRIVED ? SINCE_EXPLICIT : SINCE_DELAY;
	life_line(l, &d, p_ms);
}

static inline void life_set_steps(struct life *l, struct str names)
{
	struct str name;

	l->c.n_steps = 0;
	l->c.steps = l->steps;
	while (names.n > 0) {
		struct track_step *step = &l->steps[l->c.n_steps++];
		if (!str_cut(&names, ',', &name)) {
			name = names;
			names = STR_NONE;
		}
		int64_t percent = 0;
		bool share = str_ends(name, STR("%"));
		if (share)
			assert_true(str_i64(str_head(name, name.n - 1), &percent));
		*step = (struct track_step){name, share ? -1 : life_read_span(name), (int)percent};
	}
}

static inline void life_set(struct life *l, struct str s)
{
	struct str what = life_token(&s);
	struct track_config defaults;
	const struct {
		const char *name;
		int64_t *to;
	} spans[] = {{"lifetime", &l->c.default_lifetime_ms},
	             {"grace", &l->c.grace_ms},
	             {"keep", &l->c.closed_keep_ms},
	             {"forget", &l->c.forget_after_ms}};

	for (size_t i = 0; i < LEN(spans); i++)
		if (str_eq(what, str_from(spans[i].name))) {
			*spans[i].to = life_read_span(s);
			return;
		}
	assert_true(str_eq(what, STR("steps")));
	track_config_default(&defaults);
	if (str_eq(s, STR("default"))) {
		l->c.steps = defaults.steps;
		l->c.n_steps = defaults.n_steps;
	} else {
		life_set_steps(l, s);
	}
}

static inline void life_rule(struct life *l, struct str s)
{
	struct lifetime_rule *rule = &l->rules[l->c.n_rules++];
	struct str host = life_token(&s), mta = life_token(&s), sender = life_token(&s);

	*rule = (struct lifetime_rule){
	    .host = str_eq(host, STR("-")) ? STR_NONE : host,
	    .mta = str_eq(mta, STR("-")) ? MTA_UNKNOWN : (enum mta)life_name(mta_names, mta),
	    .null_sender = str_eq(sender, STR("-")) ? -1 : str_eq(sender, STR("null")),
	    .lifetime_ms = life_read_span(s),
	};
}

static inline void life_connector(struct life *l, struct str s)
{
	struct str name = life_token(&s);

	l->connectors[l->c.n_connectors++] =
	    (struct connector){.name = name, .lifetime_ms = str_eq(s, STR("-")) ? -1 : life_read_span(s)};
}

static inline void life_command(struct life *l, struct str s)
{
	struct str word = life_token(&s);

	if (str_eq(word, STR("set"))) {
		life_set(l, s);
	} else if (str_eq(word, STR("rule"))) {
		life_rule(l, s);
	} else if (str_eq(word, STR("connector"))) {
		life_connector(l, s);
	} else if (str_eq(word, STR("show"))) {
		life_show(l);
	} else {
		int64_t time_ms = LIFE_T0 + life_read_span(word);
		struct str event = life_token(&s);
		if (str_eq(event, STR("until")))
			life_pass(l, time_ms);
		else
			life_read_line(l, time_ms, life_name(event_names, event), s);
	}
}

/* Text of a whole life; lines behind each other, a newline after each. */
static inline void life_run(struct life *l, const char *text)
{
	struct str rest = str_from(text), line;

	while (str_cut(&rest, '\n', &line))
		life_command(l, line);
	assert_int_equal(rest.n, 0);
}

struct life_case {
	const char *label, *life, *want;
};

/* Each life is lived twice: as it is, and with the entry through its codec between any two steps. */
static inline void life_cases(const struct life_case *cases, size_t n)
{
	struct life l;

	for (size_t i = 0; i < 2 * n; i++) {
		const struct life_case *c = &cases[i / 2];
		life_begin(&l, i % 2 == 1);
		life_run(&l, c->life);
		if (!str_eq(buf_view(&l.out), str_from(c->want)))
			fail_msg("%s%s: got\n%s\nwant\n%s", c->label, i % 2 == 1 ? " (through the codec)" : "",
			         buf_z(&l.out), c->want);
		life_end(&l);
	}
}

#endif
