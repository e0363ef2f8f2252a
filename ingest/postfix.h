/* SPDX-License-Identifier: Apache-2.0 */
/*
 * postfix - the grammar of Postfix (2.x to 3.11)
 *
 * Sources: Postfix src/global/log_adhoc.c (delivery records), src/qmgr/qmgr_active.c
 * (expiry), src/postsuper/postsuper.c (operator's actions), src/cleanup, src/smtpd,
 * src/pickup, src/bounce.
 */
#ifndef QLAPSE_INGEST_POSTFIX_H
#define QLAPSE_INGEST_POSTFIX_H

#include "ingest/envelope.h"
#include "ingest/line.h"

/* Is this the tag of a Postfix service? Two-part services ("postfix/relay/smtp") and any syslog_name are. */
bool postfix_is(struct str program);

/* env: the head. ret->d is cleared; site, host, mta, time and ts_quality are set by the caller. An empty program is a bare
 * line that begins with a queue id. */
void postfix_read(const struct ingest_config *c, const struct envelope *env, struct arena *scratch,
                  struct line_result *ret);

/* postfix_delivery.c: what stands behind "QUEUEID: " in a delivery record. */
void postfix_delivery(const struct ingest_config *c, const struct envelope *env, struct str service, struct str text,
                      struct arena *scratch, struct line_result *ret);

/* Shared by both. */
const char *postfix_noise(struct line_result *ret, const char *word);
const char *postfix_dead(struct line_result *ret, const char *word);
struct str postfix_clean(struct str s, size_t max, struct arena *scratch);
/* "<address>", quoted local parts included; moves *s behind '>'. */
bool postfix_eat_address(struct str *s, struct str *ret);

enum { POSTFIX_ADDRESS_MAX = 512, POSTFIX_HOST_MAX = 255 };

#endif
