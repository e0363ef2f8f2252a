/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hooks - what one stage needs of another folder, handed in by main/ so that the folders do not know each other
 */
#ifndef QLAPSE_MAIL_HOOKS_H
#define QLAPSE_MAIL_HOOKS_H

#include "lib/base/arena.h"
#include "lib/mail/records.h"

/* classify for ingest: fills destination, next_hop, group, kind and, for deferrals, bounces and expiries with a text,
 * the verdict. Views it sets point into a or into what outlives the call (its catalogue). */
struct classifier {
	void (*classify)(void *arg, struct delivery *d, struct arena *a);
	void *arg;
};

/* classify for alert: what to do about an incident, and when a fix made at `at_ms` should have shown. */
struct remedy_source {
	struct str (*text)(void *arg, const struct incident *inc, struct arena *a); /* empty: none */
	int64_t (*look_again_ms)(void *arg, const struct incident *inc);            /* a span; -1: none */
	void *arg;
};

#endif
