/* SPDX-License-Identifier: Apache-2.0 */
/* samples - the texts that come with rules, asked as their rule wants them asked; catalog_test is in catalog.h */
#ifndef QLAPSE_CLASSIFY_SAMPLES_H
#define QLAPSE_CLASSIFY_SAMPLES_H

#include "classify/engine.h"

struct asked {
	struct reply reply;
	struct provider provider;
	struct buf normalised;
	char code[16];
	struct question q; /* points into the others */
};

/* As if the text came from the rule's provider, MTA and service. s is BUF_INIT in normalised the first time. */
void sample_ask(struct asked *s, const struct rule *r, struct str text);

#endif
