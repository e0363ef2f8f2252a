/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pair - the entries of the alert stage
 *
 * Keys: "p" group|family: the state machine of a pair; "r" group|class: a kept row; "t" incident: a tombstone to
 * come. All three are one struct whose unused members stay absent; its texts are owned.
 */
#ifndef QLAPSE_ALERT_PAIR_H
#define QLAPSE_ALERT_PAIR_H

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/codec/record_codec.h"
#include "lib/mail/records.h"

enum { ALERT_STATE_VERSION = 1 };

#include "lib/mail/fields_struct.h"
struct pair {
#include "alert/pair_state.def"
};
#include "lib/mail/fields_undef.h"

struct pair *pair_new(void);
void pair_free(void *pair);

struct pair_codec; /* scratch of one worker */
struct pair_codec *pair_codec_new(void);
void pair_codec_free(struct pair_codec *c);
void pair_encode(struct pair_codec *c, const struct pair *p, struct buf *out);
struct pair *pair_decode(struct pair_codec *c, struct str value, struct err *err);

/* Texts that are taken over from the title row. */
#define PAIR_TITLE_TEXTS(X)                                                                                            \
	X(last_error) X(detail) X(destination) X(next_hop) X(next_hop_ip) X(microsoft_code) X(connector) X(provider)
#define PAIR_TITLE_ENUMS(X) X(mta) X(owner) X(side) X(kind)

#endif
