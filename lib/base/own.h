/* SPDX-License-Identifier: Apache-2.0 */
/* own - views that own their bytes: for text kept in long-lived structs */
#ifndef QLAPSE_BASE_OWN_H
#define QLAPSE_BASE_OWN_H

#include "lib/base/str.h"

/* Replaces what *owned holds by a copy of value; equal text stays where it is. *owned was STR_NONE or set by this. */
void own_set(struct str *owned, struct str value);
void own_drop(struct str *owned); /* frees; STR_NONE afterwards */

#endif
