/* SPDX-License-Identifier: Apache-2.0 */
/* summary - what a replay came to: lines, events, deferrals by cause and destination, what still waits */
#ifndef QLAPSE_MAIN_SUMMARY_H
#define QLAPSE_MAIN_SUMMARY_H

#include <stdio.h>

#include "main/memory.h"

struct summary;

struct summary *summary_new(void);
void summary_free(struct summary *s);
void summary_delivery(struct summary *s, struct str value); /* of the deliveries topic */
void summary_print(struct summary *s, struct memory_pipeline *m, bool json, FILE *f);

#endif
