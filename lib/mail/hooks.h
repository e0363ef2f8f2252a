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

/* emit for ingest: takes the local parts of addresses out of a delivery before it leaves. Views it sets point into a. */
struct redactor {
	void (*redact)(void *arg, struct delivery *d, struct arena *a); /* NULL: they stay */
	void *arg;
};

struct remedy {
	struct str text, text_zh_tw;       /* empty: none */
	struct record_list fix_now, links; /* struct fix, struct link */
	int64_t look_again_ms;             /* a span: a fix that was made so long ago should have shown; -1: none */
};

/* classify for alert: what to do about an incident. */
struct remedy_source {
	void (*find)(void *arg, const struct incident *inc, struct arena *a, struct remedy *ret);
	void *arg;
};

#endif
