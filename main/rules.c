/* SPDX-License-Identifier: Apache-2.0 */
/* rules - see rules.h */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "lib/base/check.h"
#include "main/rules.h"

struct edition {
	struct catalog *catalog;
	size_t users; /* those who have it, and `current` */
	struct edition *older;
};

struct rules {
	const struct catalog_files *files;
	pthread_mutex_t lock;
	struct edition *current; /* and those that are still in use, the newest first */
	atomic_uint generation;
};

static void add_edition(struct rules *r, struct catalog *catalog)
{
	struct edition *e = xcalloc(1, sizeof(*e));

	*e = (struct edition){catalog, 1, r->current};
	r->current = e;
	atomic_fetch_add(&r->generation, 1);
}

/* One user less; needs the lock. */
static void leave(struct rules *r, const struct catalog *catalog)
{
	struct edition **at = &r->current;

	while (*at != NULL && (*at)->catalog != catalog)
		at = &(*at)->older;
	CHECK(*at != NULL);
	if (--(*at)->users > 0)
		return;
	struct edition *gone = *at;
	*at = gone->older;
	catalog_free(gone->catalog);
	free(gone);
}

struct rules *rules_open(const struct catalog_files *files, struct err *err)
{
	struct catalog *catalog = catalog_load(files, err);

	if (catalog == NULL)
		return NULL;
	struct rules *r = xcalloc(1, sizeof(*r));
	r->files = files;
	CHECK(pthread_mutex_init(&r->lock, NULL) == 0);
	add_edition(r, catalog);
	return r;
}

void rules_close(struct rules *r)
{
	if (r == NULL)
		return;
	leave(r, r->current->catalog);
	CHECK(r->current == NULL);
	pthread_mutex_destroy(&r->lock);
	free(r);
}

unsigned rules_generation(struct rules *r)
{
	return atomic_load(&r->generation);
}

const struct catalog *rules_take(struct rules *r, unsigned *ret_generation)
{
	pthread_mutex_lock(&r->lock);
	const struct catalog *catalog = r->current->catalog;
	r->current->users++;
	*ret_generation = atomic_load(&r->generation);
	pthread_mutex_unlock(&r->lock);
	return catalog;
}

void rules_give(struct rules *r, const struct catalog *taken)
{
	if (taken == NULL)
		return;
	pthread_mutex_lock(&r->lock);
	leave(r, taken);
	pthread_mutex_unlock(&r->lock);
}

int rules_reload(struct rules *r, size_t *ret_n, struct err *err)
{
	struct catalog *catalog = catalog_load(r->files, err);

	pthread_mutex_lock(&r->lock);
	if (catalog != NULL) {
		const struct catalog *old = r->current->catalog;
		add_edition(r, catalog);
		leave(r, old);
	}
	*ret_n = catalog_rules(r->current->catalog);
	pthread_mutex_unlock(&r->lock);
	return catalog != NULL ? 0 : -1;
}
