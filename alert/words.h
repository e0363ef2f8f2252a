/* SPDX-License-Identifier: Apache-2.0 */
/*
 * words - an incident told to the operator who is woken by it: plain English, exact numbers, times in UTC
 *
 * Nothing is said to be surer than it is: a bounce is foretold only where the limit is configured or the MTA's own;
 * overdue is marked as inferred; expired is the log's word.
 */
#ifndef QLAPSE_ALERT_WORDS_H
#define QLAPSE_ALERT_WORDS_H

#include "lib/base/buf.h"
#include "lib/mail/records.h"

/* One line: how much waits, for where, why, and how long it still can. default_lifetime_ms: the limit that is assumed
 * where none is known. Both append. */
void words_title(const struct incident *inc, enum alert_event event, int64_t default_lifetime_ms, struct buf *out);
/* A few sentences: cause, side, since when, what expires when and how sure that is, where it waits. */
void words_summary(const struct incident *inc, enum alert_event event, int64_t default_lifetime_ms, struct buf *out);

#endif
