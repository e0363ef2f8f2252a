/* SPDX-License-Identifier: Apache-2.0 */
/* restamp - a log line as if it had been written at another time: for feeding old logs as if they happened now */
#ifndef QLAPSE_MAIN_RESTAMP_H
#define QLAPSE_MAIN_RESTAMP_H

#include "lib/base/buf.h"

/* Appends line with its stamp moved by shift_ms (whole seconds), and with it the arrival times that long queue
 * ids hold: those of the last 30 days before ts_ms, the line's own time. Fractions and zones stay; a line
 * without a stamp stays. */
void restamp(struct buf *out, struct str line, int64_t ts_ms, int64_t zone_ms, int64_t shift_ms);

#endif
