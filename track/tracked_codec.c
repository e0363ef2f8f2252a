/* SPDX-License-Identifier: Apache-2.0 */
/* tracked_codec - see tracked_codec.h */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/check.h"
#include "lib/base/own.h"
#include "track/lifetime.h"
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

/* All that we read back of a message record. */
struct opaque {
	struct str internal;
};
static const struct field opaque_fields[] = {
    {"internal", FIELD_BIN, FIELD_ALWAYS, offsetof(struct opaque, internal), NULL, NULL, ""}};
static const struct record_type opaque_record = {"message", sizeof(struct opaque), opaque_fields, 1};

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

/* Members of the same name and kind on both sides: X(name). */
/* clang-format off */
#define TEXTS(X) \
	X(group) X(connector) X(provider) X(next_hop) X(next_hop_ip) X(text) X(detail) X(microsoft_code) X(destination)
#define WAIT_VALUES(X) \
	X(suspended) X(permanent_reply) X(first_deferral_ms) X(attempts) X(record_expires_ms) X(expires_ms) \
	X(overdue) X(mismatched) X(likely_lifetime_ms) X(placed)
#define WAIT_ENUMS(X)   X(kind, kind) X(class, class) X(owner, owner) X(side, side) X(basis, basis)
#define PLACE_VALUES(X) X(queued_minute) X(expires_minute)
#define PLACE_FLAGS(X)  X(held) X(overdue) X(mismatched) X(null_sender)
#define ENTRY_VALUES(X) \
	X(ordinal) X(seq) X(closed) X(held) X(ever_waiting) X(closed_ms) X(last_p_ms) X(last_line_ms) \
	X(longest_gap_ms) X(own_ms) X(own_error_ms) X(delay_ms) X(delay_error_ms) X(first_seen_ms) X(null_sender)
/* clang-format on */

#define SAVE(m)         s->m = w->m;
#define SAVE_TEXT(m)    s->m = w->texts.m;
#define SAVE_ENUM(m, e) s->m = (int)w->m;
#define SAVE_PLACE(m)   s->m = w->place.m;
#define SAVE_FLAG(m)    s->place_##m = w->place.m;

static void save_wait(const struct tracked_wait *w, struct tracked_recipient_state *s)
{
	TEXTS(SAVE_TEXT)
	WAIT_VALUES(SAVE)
	WAIT_ENUMS(SAVE_ENUM)
	PLACE_VALUES(SAVE_PLACE)
	PLACE_FLAGS(SAVE_FLAG)
	s->line_hash = (int64_t)w->line_hash;
	s->steps_crossed = (int64_t)w->steps_crossed;
	s->place_group = w->place.group;
	s->place_class = (int)w->place.class;
	s->place_basis = (int)w->place.basis;
}

static void save_recipient(const struct tracked_recipient *r, struct tracked_recipient_state *s)
{
	record_clear(&tracked_recipient_state_record, s);
	s->address = r->address;
	s->state = (int)r->state;
	s->last_line_ms = r->last_line_ms;
	if (r->wait != NULL)
		save_wait(r->wait, s);
}

#define LOAD(m)         w->m = s->m;
#define LOAD_TEXT(m)    texts.m = s->m;
#define LOAD_ENUM(m, e) w->m = (enum e)s->m;
#define LOAD_PLACE(m)   w->place.m = s->m;
#define LOAD_FLAG(m)    w->place.m = s->place_##m;

static void load_wait(const struct tracked_recipient_state *s, struct tracked_wait *w)
{
	union wait_texts texts;

	TEXTS(LOAD_TEXT)
	tracked_set_texts(w, &texts);
	WAIT_VALUES(LOAD)
	WAIT_ENUMS(LOAD_ENUM)
	PLACE_VALUES(LOAD_PLACE)
	PLACE_FLAGS(LOAD_FLAG)
	w->line_hash = (uint64_t)s->line_hash;
	w->steps_crossed = (uint32_t)s->steps_crossed;
	own_set(&w->place.group, s->place_group);
	w->place.class = (enum class)s->place_class;
	w->place.basis = (enum basis)s->place_basis;
}

static void load_recipient(const struct tracked_recipient_state *s, struct tracked_recipient *r)
{
	r->state = (enum rcpt_state)s->state;
	r->last_line_ms = s->last_line_ms;
	if (s->attempts >= 0)
		load_wait(s, tracked_wait(r));
}

static void encode_internal(struct tracked_codec *c, const struct tracked *t)
{
	struct tracked_recipient_state *rs = arena_alloc(&c->arena, (t->n_recipients + 1) * sizeof(*rs));
	struct tracked_state s = {0};
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
	const struct tracked_wait *w = r->wait;

	record_clear(&message_recipient_record, m);
	m->recipient = r->address;
	m->state = (int)r->state;
	m->last_line_ms = r->last_line_ms;
	if (w == NULL)
		return;
	m->group = w->texts.group;
	m->class = (int)w->class;
	m->text = w->texts.text;
	m->first_deferral_ms = w->first_deferral_ms;
	m->attempts = w->attempts;
	if (!tracked_is_waiting(r))
		return;
	m->expires_ms = w->expires_ms;
	m->basis = (int)w->basis;
	m->overdue = w->overdue;
	m->mismatched = w->mismatched;
}

static void first_expiry(const struct tracked *t, struct message *m)
{
	const struct tracked_wait *first = NULL;

	for (size_t i = 0; i < t->n_recipients && !t->held; i++) {
		const struct tracked_wait *w = t->recipients[i].wait;
		if (tracked_is_waiting(&t->recipients[i]) && !w->mismatched &&
		    (first == NULL || w->expires_ms < first->expires_ms))
			first = w;
	}
	if (first == NULL)
		return;
	m->expires_ms = first->expires_ms;
	m->basis = (int)first->basis;
}

void tracked_encode(struct tracked_codec *c, const struct track_key *k, const struct tracked *t, struct buf *out)
{
	struct message_recipient *rs = arena_alloc(&c->arena, (t->n_recipients + 1) * sizeof(*rs));
	struct since since = lifetime_since(t);
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

static bool is_sound(const struct tracked *t)
{
	for (size_t i = 0; i < t->n_recipients; i++) {
		const struct tracked_recipient *r = &t->recipients[i];
		if (tracked_is_waiting(r) && (r->wait == NULL || !r->wait->placed))
			return false;
	}
	return true;
}

static struct tracked *load(const struct tracked_state *s, struct err *err)
{
	struct tracked *t = tracked_new();
	const struct tracked_recipient_state *rs = s->recipients.items;

#define X(m) t->m = s->m;
	ENTRY_VALUES(X)
#undef X
	t->own_source = (enum since_source)s->own_source;
	t->mta = (enum mta)s->mta;
	tracked_set_sender(t, s->sender);
	for (size_t i = 0; i < s->recipients.n; i++)
		load_recipient(&rs[i], tracked_add(t, rs[i].address));
	if (is_sound(t))
		return t;
	err_set(err, ERR_FATAL, "message state with a recipient that waits nowhere");
	tracked_free(t);
	return NULL;
}

/* What has been written by a newer version cannot be told from nonsense by its fields: the version is asked first. */
static int read_internal(struct tracked_codec *c, struct str bytes, struct tracked_state *ret, struct err *err)
{
	const struct val *v;

	if (val_from_msgpack(bytes, &c->arena, &v, err) < 0)
		return -1;
	int64_t version = val_i64(val_get(v, "version"), 0);
	if (version > TRACKED_VERSION)
		return err_set(err, ERR_CONFIG,
		               "message state of version %lld was written by a newer qlapse (ours: %d)",
		               (long long)version, TRACKED_VERSION);
	if (version < 1)
		return err_set(err, ERR_FATAL, "message state without a version");
	return record_read(v, &tracked_state_record, &c->arena, ret, err);
}

struct tracked *tracked_decode(struct tracked_codec *c, struct str value, struct err *err)
{
	struct tracked *t = NULL;
	struct tracked_state s = {0};
	struct opaque m;

	if (record_decode(encoding_of(value), value, &opaque_record, &c->arena, &m, err) == 0 &&
	    read_internal(c, m.internal, &s, err) == 0)
		t = load(&s, err);
	else if (err->kind != ERR_CONFIG)
		err->kind = ERR_FATAL;
	arena_reset(&c->arena);
	return t;
}
