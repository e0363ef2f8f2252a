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

#include "ingest/grammar.h"

/* Claims every tag whose last part is a service of Postfix ("postfix/smtp", "out/relay/smtp"), every tag that begins
 * with "postfix", and lines without a tag. A tag without a service ("postfix", as rsyslog's APP-NAME has it) is read by
 * what the line says. */
extern const struct grammar_ops postfix_grammar;

/* postfix_delivery.c: what stands behind "QUEUEID: " in a delivery record. agent: last part of the tag, or empty. */
void postfix_delivery(const struct ingest_config *c, const struct envelope *env, struct str agent, struct str text,
                      struct arena *scratch, struct line_result *ret);

#endif
