/* SPDX-License-Identifier: Apache-2.0 */
/* nearest - the known word that a mistyped one was probably meant to be, for "did you mean" */
#ifndef QLAPSE_MAIN_NEAREST_H
#define QLAPSE_MAIN_NEAREST_H

#include "lib/base/str.h"

struct nearest {
	struct str word;
	const char *best; /* NULL: nothing tried so far is near */
	size_t distance;  /* of best; at first one more than what counts as near */
};

struct nearest nearest_to(struct str word);
void nearest_try(struct nearest *n, const char *known); /* the first of equally near ones stays */

#endif
