/* SPDX-License-Identifier: Apache-2.0 */
/* queueid - queue ids of Postfix: is it one, and the arrival time that a long one holds */
#ifndef QLAPSE_INGEST_QUEUEID_H
#define QLAPSE_INGEST_QUEUEID_H

#include "lib/base/str.h"

enum { QUEUE_ID_MAX = 32 };

/* Letters and digits only, 5 to QUEUE_ID_MAX of them (Postfix mail_queue.h: short ids are in base 16, long in 52). */
bool queueid_ok(struct str id);

/* Long ids (enable_long_queue_ids): seconds in 6 or more digits of base 52, microseconds in 4, 'z', inode. */
bool queueid_time(struct str id, int64_t *ret_ms);

#endif
