/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tracked_codec - entries as records of qlapse.messages.v1: public fields, and all of the entry in `internal`
 */
#ifndef QLAPSE_TRACK_TRACKED_CODEC_H
#define QLAPSE_TRACK_TRACKED_CODEC_H

#include "lib/codec/record_codec.h"
#include "track/track.h"

enum { TRACKED_VERSION = 1 };

struct tracked_codec; /* scratch of one worker */

struct tracked_codec *tracked_codec_new(enum encoding enc);
void tracked_codec_free(struct tracked_codec *c);

void tracked_encode(struct tracked_codec *c, const struct track_key *k, const struct tracked *t, struct buf *out);
/* NULL and err: nonsense (ERR_FATAL), or written by a newer version (ERR_CONFIG). */
struct tracked *tracked_decode(struct tracked_codec *c, struct str value, struct err *err);

#endif
