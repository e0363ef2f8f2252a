/* SPDX-License-Identifier: Apache-2.0 */
/* classify_support - what the tests of classify/ share: a classifier with the built-in rules, and deliveries for it */
#ifndef QLAPSE_TESTS_CLASSIFY_SUPPORT_H
#define QLAPSE_TESTS_CLASSIFY_SUPPORT_H

#include "classify/classify.h"
#include "tests/unit/support.h"

struct fixture {
	struct catalog *catalog;
	struct classify *classify;
	struct arena arena;
};

static inline void fixture_init(struct fixture *f, const struct destination_config *c)
{
	struct err err = {0};

	f->arena = ARENA_INIT;
	f->catalog = catalog_load(NULL, &err);
	expect(f->catalog != NULL, err.msg);
	f->classify = classify_new(f->catalog, c, &err);
	expect(f->classify != NULL, err.msg);
}

static inline void fixture_release(struct fixture *f)
{
	classify_free(f->classify);
	catalog_free(f->catalog);
	arena_release(&f->arena);
}

/* A deferral as Postfix's smtp(8) logs it. relay may be NULL: none; else the host, with an address. */
static inline void deferral(struct delivery *d, const char *text, const char *relay)
{
	record_clear(&delivery_record, d);
	d->event = EVENT_DEFERRED;
	d->mta = MTA_POSTFIX;
	d->host = STR("mail1");
	d->service = STR("smtp");
	d->recipient = STR("anna@Destination.Example");
	d->text = str_from(text);
	if (relay != NULL) {
		d->relay = str_from(relay);
		d->relay_ip = STR("192.0.2.10");
		d->relay_port = 25;
	}
}

static inline void run(struct fixture *f, struct delivery *d)
{
	const struct classifier hook = classify_hook(f->classify);

	hook.classify(hook.arg, d, &f->arena);
}

#endif
