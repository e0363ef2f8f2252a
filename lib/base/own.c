/* SPDX-License-Identifier: Apache-2.0 */
/* own - see own.h */
#include <stdlib.h>
#include <string.h>

#include "lib/base/check.h"
#include "lib/base/own.h"

void own_drop(struct str *owned)
{
	if (owned->n > 0)
		free((char *)(uintptr_t)owned->p);
	*owned = STR_NONE;
}

void own_set(struct str *owned, struct str value)
{
	if (str_eq(*owned, value))
		return;
	own_drop(owned);
	if (value.n == 0)
		return;
	char *p = xmalloc(value.n);
	memcpy(p, value.p, value.n);
	*owned = str_of(p, value.n);
}
