/* SPDX-License-Identifier: Apache-2.0 */
/* pair - see pair.h */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "alert/pair.h"
#include "lib/base/check.h"
#include "lib/base/own.h"

enum { A = FIELD_ALWAYS, O = FIELD_OPTIONAL };

#include "lib/mail/fields_table.h"
#define RECORD struct pair
static const struct field pair_fields[] = {
#include "alert/pair_state.def"
};
#undef RECORD
static const struct record_type pair_record = {"pair", sizeof(struct pair), pair_fields,
                                               sizeof(pair_fields) / sizeof(*pair_fields)};

struct pair_codec {
	struct writer *writer;
	struct arena arena;
};

struct pair *pair_new(void)
{
	struct pair *p = xmalloc(sizeof(*p));

	record_clear(&pair_record, p);
	p->version = ALERT_STATE_VERSION;
	p->classes = 0;
	return p;
}

void pair_free(void *pair)
{
	struct pair *p = pair;

	own_drop(&p->row);
	own_drop(&p->incident);
#define X(m) own_drop(&p->m);
	PAIR_TITLE_TEXTS(X)
#undef X
	free(p);
}

struct pair_codec *pair_codec_new(void)
{
	struct pair_codec *c = xcalloc(1, sizeof(*c));
	c->writer = writer_new(ENC_MSGPACK);
	return c;
}

void pair_codec_free(struct pair_codec *c)
{
	if (c == NULL)
		return;
	writer_free(c->writer);
	arena_release(&c->arena);
	free(c);
}

void pair_encode(struct pair_codec *c, const struct pair *p, struct buf *out)
{
	struct err err;
	CHECK(record_encode(c->writer, &pair_record, p, out, &err) == 0);
}

/* The read struct borrows from the arena; the one that is returned owns its texts. */
static struct pair *own_texts(const struct pair *read)
{
	struct pair *p = xmalloc(sizeof(*p));

	*p = *read;
	p->row = p->incident = STR_NONE;
	own_set(&p->row, read->row);
	own_set(&p->incident, read->incident);
#define X(m)                                                                                                           \
	p->m = STR_NONE;                                                                                               \
	own_set(&p->m, read->m);
	PAIR_TITLE_TEXTS(X)
#undef X
	return p;
}

/* The version comes first: what a newer one means by its fields is not for us to judge. */
static int read_pair(struct pair_codec *c, struct str value, struct pair *ret, struct err *err)
{
	const struct val *v;

	if (val_from_msgpack(value, &c->arena, &v, err) < 0)
		return err_set(err, ERR_FATAL, "alert state cannot be read");
	int64_t version = val_i64(val_get(v, "version"), 0);
	if (version > ALERT_STATE_VERSION)
		return err_set(err, ERR_CONFIG, "alert state of version %lld was written by a newer qlapse (ours: %d)",
		               (long long)version, ALERT_STATE_VERSION);
	if (version < 1 || record_read(v, &pair_record, &c->arena, ret, err) < 0)
		return err_set(err, ERR_FATAL, "alert state cannot be read");
	return 0;
}

struct pair *pair_decode(struct pair_codec *c, struct str value, struct err *err)
{
	struct pair read = {0}, *p = NULL;

	if (read_pair(c, value, &read, err) == 0)
		p = own_texts(&read);
	arena_reset(&c->arena);
	return p;
}
