/* SPDX-License-Identifier: Apache-2.0 */
/* words - an incident told to the operator who is woken by it: plain English, exact numbers, times in UTC */
#ifndef QLAPSE_ALERT_WORDS_H
#define QLAPSE_ALERT_WORDS_H

#include "lib/base/buf.h"
#include "lib/mail/records.h"

/* One line: what fails, to where, how much waits. */
void words_title(const struct incident *inc, enum alert_event event, struct buf *out);
/* A few sentences: cause, side, since when, what expires when and how sure that is, where it waits. */
void words_summary(const struct incident *inc, enum alert_event event, struct buf *out);

#endif
