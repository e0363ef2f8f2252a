/* SPDX-License-Identifier: Apache-2.0 */
/*
 * redact - takes the local parts of addresses out of deliveries before they leave, so that no topic of ours holds one
 *
 * hmac   h.<16 hexadecimal digits>@domain: the same address gives the same value, wherever it stands, and without the key
 *        nobody can tell whose it was. Local parts keep their case, domains do not count by it.
 * drop   recipients get a value that is good within one message only, because track has to tell them apart; all other
 *        local parts go.
 * clear  nothing is changed.
 *
 * In texts an address is a run of the characters that may stand in one with an @ in it, and a local part by itself is
 * known where it is that of the line's own recipient or sender. What a stranger hides better (user at example, other
 * encodings) is not found.
 */
#ifndef QLAPSE_EMIT_REDACT_H
#define QLAPSE_EMIT_REDACT_H

#include "lib/base/err.h"
#include "lib/mail/hooks.h"

enum local_parts { LOCAL_PARTS_HMAC, LOCAL_PARTS_CLEAR, LOCAL_PARTS_DROP };

enum { REDACT_KEY_MIN = 16, REDACT_KEY_MAX = 4096 };

extern const char *const local_parts_names[]; /* "hmac" … NULL */

struct redaction; /* constant once made: threads may share it */

/* key: white space at its ends does not count; not needed for clear. NULL and err (ERR_CONFIG) if it is too short or too long. */
struct redaction *redaction_new(enum local_parts how, struct str key, struct err *err);
void redaction_free(struct redaction *r);
/* redact is NULL for clear, and for NULL. */
struct redactor redaction_hook(const struct redaction *r);

#endif
