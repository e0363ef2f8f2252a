/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rules - the catalogue in force, which threads share and which may be replaced while they work
 *
 * A thread takes it, looks between its transactions whether there is a newer one, and gives the old one back when it
 * has changed over. One that nobody has any more is freed; one that cannot be read never comes into force.
 */
#ifndef QLAPSE_MAIN_RULES_H
#define QLAPSE_MAIN_RULES_H

#include "classify/catalog.h"

struct rules;

/* files and all that they name must outlive it. */
struct rules *rules_open(const struct catalog_files *files, struct err *err);
void rules_close(struct rules *r); /* when all have given back what they took */

/* The following may be called from any thread. */
unsigned rules_generation(struct rules *r); /* another number means: take anew */
const struct catalog *rules_take(struct rules *r, unsigned *ret_generation);
void rules_give(struct rules *r, const struct catalog *taken); /* NULL: nothing was */
/* Reads the files again. *ret_n: how many rules are in force now, be they the old ones. */
int rules_reload(struct rules *r, size_t *ret_n, struct err *err);

#endif
