/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exchange - how Exchange Server and Exchange Online write an attempt and its error into one text
 *
 * Lists of last errors, "[{LED=...};{MSG=...};{FQDN=...};{IP=...};{LRT=...}]", errors that quote what was tried, and
 * bracket pairs behind a code of mail flow, "[Message=...] [LastAttemptedServerName=...] [LastAttemptedIP=...:25]".
 * What a server said may look like any of it: frames are taken off from the outside.
 */
#ifndef QLAPSE_CLASSIFY_EXCHANGE_H
#define QLAPSE_CLASSIFY_EXCHANGE_H

#include "classify/reply.h"

/* "LED=450 4.4.316 ...};{MSG=...}]", behind the first "{", in any order of its keys: words and next hop of *r. False
 * if it does not begin with a key. */
bool exchange_list(struct str s, struct reply *r);

/* "\"421 4.4.2 ...\" Attempted failover to alternate host ... endpoint attempted was 192.0.2.1:25": words, and peer. */
void exchange_quoted(struct str s, struct reply *r);

/* If the words of *r are an error of mail flow (4.4.3xx, 4.7.3xx, or as 5 of a message that expired): its code becomes
 * the frame, what it tells of the attempt the words. Needs reply_read's other results. */
void exchange_frame(struct reply *r);

/* A code of the mail flow document or of its later versions, of class 4. */
bool exchange_is_code(struct str code);

#endif
