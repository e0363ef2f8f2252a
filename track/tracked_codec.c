/* SPDX-License-Identifier: Apache-2.0 */
/* tracked_codec - see tracked_codec.h */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/check.h"
#include "lib/base/own.h"
#include "track/tracked_codec.h"

enum { A = FIELD_ALWAYS, O = FIELD_OPTIONAL };

#include "lib/mail/fields_struct.h"
struct tracked_recipient_state {
#include "track/tracked_recipient_state.def"
};
struct tracked_state {
#include "track/tracked_state.def"
};

#include "lib/mail/fields_table.h"
#define RECORD struct tracked_recipient_state
static const struct field recipient_fields[] = {
#include "track/tracked_recipient_state.def"
};
#undef RECORD
static const struct record_type tracked_recipient_state_record = {
    "tracked_recipient_state", sizeof(struct tracked_recipient_state), recipient_fields,
    sizeof(recipient_fields) / sizeof(*recipient_fields)};
#define RECORD struct tracked_state
static const struct field state_fields[] = {
#include "track/tracked_state.def"
};
#undef RECORD
static const struct record_type tracked_state_record = {"tracked_state", sizeof(struct tracked_state), state_fields,
                                                        sizeof(state_fields) / sizeof(*state_fields)};

struct tracked_codec {
	struct writer *outer, *inner;
	struct buf internal;
	struct arena arena;
};

struct tracked_codec *tracked_codec_new(enum encoding enc)
{
	struct tracked_codec *c = xcalloc(1, sizeof(*c));

	c->outer = writer_new(enc);
	c->inner = writer_new(ENC_MSGPACK);
	return c;
}

void tracked_codec_free(struct tracked_codec *c)
{
	if (c == NULL)
		return;
	writer_free(c->outer);
	writer_free(c->inner);
	buf_release(&c->internal);
	arena_release(&c->arena);
	free(c);
}

/* Members that are the same on both sides; COPY is how one is taken over. */
#define SAME_TEXTS(X)                                                                                                  \
	X(group) X(connector) X(provider) X(next_hop) X(next_hop_ip) X(text) X(detail) X(microsoft_code) X(destination)
#define SAME_VALUES(X)                                                                                                 \
	X(placed)                                                                                                      \
	X(suspended)                                                                                                   \
	X(permanent_reply) X(first_deferral_ms) X(last_line_ms) X(attempts) X(record_expires_ms) X(expires_ms)         \
	    X(overdue) X(mismatched) X(likely_lifetime_ms)
#define ENTRY_VALUES(X)                                                                                                \
	X(ordinal)                                                                                                     \
	X(seq)                                                                                                         \
	X(closed) X(held) X(ever_waiting) X(closed_ms) X(last_p_ms) X(last_line_ms) X(longest_gap_ms) X(own_ms)        \
	    X(own_error_ms) X(delay_ms) X(delay_error_ms) X(first_seen_ms) X(null_sender)

static void save_recipient(const struct tracked_recipient *r, struct tracked_recipient_state *s)
{
	record_clear(&tracked_recipient_state_record, s);
#define X(m) s->m = r->m;
	SAME_TEXTS(X)
	SAME_VALUES(X)
#undef X
	s->address = r->address;
	s->state = (int)r->state;
	s->kind = (int)r->kind;
	s->class = (int)r->class;
	s->owner = (int)r->owner;
	s->side = (int)r->side;
	s->basis = (int)r->basis;
	s->last_line_hash = (int64_t)r->last_line_hash;
	s->steps_crossed = (int64_t)r->steps_crossed;
	s->place_group = r->place.group;
	s->place_class = (int)r->place.class;
	s->queued_minute = r->place.queued_minute;
	s->expires_minute = r->place.expires_minute;
	s->place_held = r->place.held;
	s->place_overdue = r->place.overdue;
	s->place_mismatched = r->place.mismatched;
	s->place_null_sender = r->place.null_sender;
	s->place_basis = (int)r->place.basis;
}

static void load_recipient(const struct tracked_recipient_state *s, struct tracked_recipient *r)
{
#define X(m) own_set(&r->m, s->m);
	SAME_TEXTS(X)
#undef X
#define X(m) r->m = s->m;
	SAME_VALUES(X)
#undef X
	r->state = (enum rcpt_state)s->state;
	r->kind = (enum kind)s->kind;
	r->class = (enum class)s->class;
	r->owner = (enum owner)s->owner;
	r->side = (enum side)s->side;
	r->basis = (enum basis)s->basis;
	r->last_line_hash = (uint64_t)s->last_line_hash;
	r->steps_crossed = (uint32_t)s->steps_crossed;
	own_set(&r->place.group, s->place_group);
	r->place.class = (enum class)s->place_class;
	r->place.queued_minute = s->queued_minute;
	r->place.expires_minute = s->expires_minute;
	r->place.held = s->place_held;
	r->place.overdue = s->place_overdue;
	r->place.mismatched = s->place_mismatched;
	r->place.null_sender = s->place_null_sender;
	r->place.basis = (enum basis)s->place_basis;
}

static void encode_internal(struct tracked_codec *c, const struct tracked *t)
{
	struct tracked_recipient_state *rs = arena_alloc(&c->arena, (t->n_recipients + 1) * sizeof(*rs));
	struct tracked_state s;
	struct err err;

	record_clear(&tracked_state_record, &s);
#define X(m) s.m = t->m;
	ENTRY_VALUES(X)
#undef X
	s.version = TRACKED_VERSION;
	s.own_source = (int)t->own_source;
	s.mta = (int)t->mta;
	s.sender = t->sender;
	for (size_t i = 0; i < t->n_recipients; i++)
		save_recipient(&t->recipients[i], &rs[i]);
	s.recipients = (struct record_list){rs, t->n_recipients};
	buf_clear(&c->internal);
	CHECK(record_encode(c->inner, &tracked_state_record, &s, &c->internal, &err) == 0);
}

static void public_recipient(const struct tracked_recipient *r, struct message_recipient *m)
{
	record_clear(&message_recipient_record, m);
	m->recipient = r->address;
	m->state = (int)r->state;
	m->group = r->group;
	m->class = (int)r->class;
	m->first_deferral_ms = r->first_deferral_ms;
	m->last_line_ms = r->last_line_ms;
	m->attempts = r->first_deferral_ms == TIME_NONE ? -1 : r->attempts;
	if (r->state == RCPT_STATE_WAITING) {
		m->expires_ms = r->expires_ms;
		m->basis = (int)r->basis;
	}
	m->overdue = r->overdue;
	m->mismatched = r->state == RCPT_STATE_WAITING && r->mismatched;
	m->text = r->text;
}

static void first_expiry(const struct tracked *t, struct message *m)
{
	const struct tracked_recipient *first = NULL;

	for (size_t i = 0; i < t->n_recipients; i++) {
		const struct tracked_recipient *r = &t->recipients[i];
		if (r->state == RCPT_STATE_WAITING && !r->mismatched &&
		    (first == NULL || r->expires_ms < first->expires_ms))
			first = r;
	}
	if (first == NULL || t->held)
		return;
	m->expires_ms = first->expires_ms;
	m->basis = (int)first->basis;
}

void tracked_encode(struct tracked_codec *c, const struct track_key *k, const struct tracked *t, struct buf *out)
{
	struct message_recipient *rs = arena_alloc(&c->arena, (t->n_recipients + 1) * sizeof(*rs));
	struct since since = tracked_since(t);
	struct message m;
	struct err err;

	encode_internal(c, t);
	record_clear(&message_record, &m);
	m.message = arena_fmt(&c->arena, "%.*s#%lld", STR_FMT(k->key), (long long)t->ordinal);
	m.site = k->site;
	m.host = k->host;
	m.queue_id = k->queue_id;
	m.mta = (int)t->mta;
	m.state = (int)track_state(t);
	m.queued_since_ms = since.at_ms;
	m.queued_since_source = (int)since.source;
	m.queued_since_error_ms = since.error_ms;
	m.null_sender = t->null_sender;
	m.sender = t->sender;
	m.last_line_ms = t->last_line_ms;
	m.seq = t->seq;
	first_expiry(t, &m);
	for (size_t i = 0; i < t->n_recipients; i++)
		public_recipient(&t->recipients[i], &rs[i]);
	m.recipients = (struct record_list){rs, t->n_recipients};
	m.internal = buf_view(&c->internal);
	CHECK(record_encode(c->outer, &message_record, &m, out, &err) == 0);
	arena_reset(&c->arena);
}

static struct tracked *load(const struct tracked_state *s)
{
	struct tracked *t = tracked_new();
	const struct tracked_recipient_state *rs = s->recipients.items;

#define X(m) t->m = s->m;
	ENTRY_VALUES(X)
#undef X
	t->own_source = (enum since_source)s->own_source;
	t->mta = (enum mta)s->mta;
	own_set(&t->sender, s->sender);
	for (size_t i = 0; i < s->recipients.n; i++)
		load_recipient(&rs[i], tracked_add(t, rs[i].address));
	return t;
}

struct tracked *tracked_decode(struct tracked_codec *c, struct str value, struct err *err)
{
	struct tracked *t = NULL;
	struct tracked_state s;
	struct message m;

	if (record_decode(encoding_of(value), value, &message_record, &c->arena, &m, err) < 0 ||
	    record_decode(ENC_MSGPACK, m.internal, &tracked_state_record, &c->arena, &s, err) < 0)
		err->kind = ERR_FATAL;
	else if (s.version > TRACKED_VERSION)
		err_set(err, ERR_CONFIG, "message state of version %lld was written by a newer qlapse (ours: %d)",
		        (long long)s.version, TRACKED_VERSION);
	else
		t = load(&s);
	arena_reset(&c->arena);
	return t;
}
