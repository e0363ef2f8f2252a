/* SPDX-License-Identifier: Apache-2.0 */
/* record_codec - structs described by lib/base/record.h to and from documents */
#ifndef QLAPSE_CODEC_RECORD_CODEC_H
#define QLAPSE_CODEC_RECORD_CODEC_H

#include "lib/base/record.h"
#include "lib/codec/value.h"
#include "lib/codec/writer.h"

/* One map; fields in the order of the table. */
void record_write(struct writer *w, const struct record_type *type, const void *rec);

/* The map's fields into rec (all others absent). Unknown keys are ignored (a newer minor version wrote them); a field
 * of another kind, or an unknown name of an enum, is an error that names the field, and leaves rec half filled. Views point into
 * v's arena; null is absent. */
int record_read(const struct val *v, const struct record_type *type, struct arena *a, void *rec, struct err *err);

/* Both steps at once. */
int record_encode(struct writer *w, const struct record_type *type, const void *rec, struct buf *out, struct err *err);
int record_decode(enum encoding enc, struct str bytes, const struct record_type *type, struct arena *a, void *rec,
                  struct err *err);

/* JSON starts with '{' or white space, a MessagePack map never does: what we read may be in either. */
enum encoding encoding_of(struct str bytes);

#endif
