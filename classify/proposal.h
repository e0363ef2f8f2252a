/* SPDX-License-Identifier: Apache-2.0 */
/*
 * proposal - a template as a rule, ready to be pasted into a catalogue
 *
 * The rule asks for words that stand in every text of the template, and in no sample of a rule that it could take
 * one from; its sample is the template's example. All rules of one list, pasted into one file before or
 * behind the built-in ones, load, and each hits its sample. The class is left to who pastes it.
 */
#ifndef QLAPSE_CLASSIFY_PROPOSAL_H
#define QLAPSE_CLASSIFY_PROPOSAL_H

#include "classify/catalog.h"
#include "classify/templates.h"

struct proposals; /* what was proposed so far */

struct proposals *proposals_new(const struct catalog *c);
void proposals_free(struct proposals *p);

enum proposal {
	PROPOSAL_RULE,    /* a rule was appended */
	PROPOSAL_COVERED, /* a comment: a rule proposed before hits it, too */
	PROPOSAL_NONE,    /* a comment: no words to tell it by */
};

/* Appends YAML. */
enum proposal proposal_add(struct proposals *p, const struct template *t, struct buf *out);

#endif
