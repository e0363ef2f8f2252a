/* SPDX-License-Identifier: Apache-2.0 */
/*
 * form - how each MTA frames what a server said, and which of its texts are its own words
 *
 * A reason text is read from left to right by the forms in forms.def, never searched. A form that fits takes the
 * MTA's frame off: what is left is own words again (FORM_MORE), own words to the end, a reply in mid-session or a
 * reply to the opening of a session.
 */
#ifndef QLAPSE_CLASSIFY_FORM_H
#define QLAPSE_CLASSIFY_FORM_H

#include "classify/reply.h"

enum form_says { FORM_NONE, FORM_MORE, FORM_OWN, FORM_REPLY, FORM_GREETING };

/* Takes the first form that fits off ret->words and fills what it tells of host, address, port, phase and codes;
 * FORM_NONE, ret untouched, if none does. mta MTA_UNKNOWN: forms of any. */
enum form_says form_read(enum mta mta, struct reply *ret);

/* Are words of `whose` (MTA_UNKNOWN: anybody's) written by mta? Exchange Online writes those of Exchange Server, too. */
bool form_speaks(enum mta whose, enum mta mta);

/* "450 4.2.1 ", "421-4.7.0 ", "421 #4.4.5 ", "450 ", "4.7.1 ": moves *s behind; false, untouched, without a code. */
bool form_eat_codes(struct str *s, struct reply *r);

/* Length of a code of RFC 3463 at the start, or 0: "4.2.1", numbers of up to three digits, the first 2, 4 or 5. */
size_t form_enhanced_length(struct str s);

#endif
