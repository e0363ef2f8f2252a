/* SPDX-License-Identifier: Apache-2.0 */
/* record_printer - records of any topic as NDJSON, whichever encoding they have */
#ifndef QLAPSE_EMIT_RECORD_PRINTER_H
#define QLAPSE_EMIT_RECORD_PRINTER_H

#include "lib/codec/writer.h"
#include "lib/stream/log.h"

struct record_printer; /* scratch */

struct record_printer *record_printer_new(bool with_order, bool with_headers);
void record_printer_free(struct record_printer *p);

/* Appends one line: the value, or with order {"p", "source", "offset", "key", "value"} as far as the record has them (source
 * and offset where source_order says that its stamp holds them), with headers {"headers", "value"}, with both all. Of an event in
 * structured mode the value is its data. A tombstone is null, and only told with order. A value that is
 * no document of ours (a dead letter) becomes {"reason", "source", "bytes"}, bytes in base64. False: nothing to print. */
bool record_print(struct record_printer *p, const struct log_record *rec, bool is_document, bool source_order,
                  struct buf *out);

#endif
