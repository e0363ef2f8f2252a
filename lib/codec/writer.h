/* SPDX-License-Identifier: Apache-2.0 */
/*
 * writer - one document, written front to back, as JSON or as MessagePack
 *
 * Errors are sticky: calls may be chained and writer_finish tells once. Nothing
 * is allocated per document once the buffers have grown (MessagePack). A map
 * or list holds 65535 items, and VAL_DEPTH_MAX of them may lie within each
 * other. Calls out of order abort.
 */
#ifndef QLAPSE_CODEC_WRITER_H
#define QLAPSE_CODEC_WRITER_H

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/str.h"

enum encoding { ENC_JSON, ENC_MSGPACK };

struct writer;

struct writer *writer_new(enum encoding enc);
void writer_free(struct writer *w);
void writer_map(struct writer *w);
void writer_list(struct writer *w);
void writer_end(struct writer *w); /* closes the innermost map or list */
void writer_key(struct writer *w, const char *key);
void writer_keyn(struct writer *w, struct str key);
void writer_str(struct writer *w, struct str s); /* valid UTF-8, or the document fails */
void writer_bin(struct writer *w, struct str s); /* base64 text in JSON */
void writer_i64(struct writer *w, int64_t v);
void writer_f64(struct writer *w, double v);
void writer_bool(struct writer *w, bool v);
void writer_null(struct writer *w);

/* Appends the document to out (JSON compact, keys in the order written, no newline) and makes w ready for the next
 * one, after an error too. */
int writer_finish(struct writer *w, struct buf *out, struct err *err);

#endif
