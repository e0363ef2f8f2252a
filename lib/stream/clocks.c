/* SPDX-License-Identifier: Apache-2.0 */
/* clocks - see clocks.h */
#include <stdlib.h>
#include <string.h>

#include "lib/base/check.h"
#include "lib/base/timefmt.h"
#include "lib/stream/clocks.h"
#include "lib/stream/tick.h"

enum { SOURCES_MAX = 100000 };

void clocks_release(struct clocks *c)
{
	free(c->clock_ms);
	free(c->moved_ms);
	*c = (struct clocks){0};
}

static void start(struct clocks *c, const struct tick_head *head, int64_t now_ms)
{
	clocks_release(c);
	c->hash = head->hash;
	c->n = head->n_sources;
	c->clock_ms = xcalloc(c->n, sizeof(*c->clock_ms));
	c->moved_ms = xcalloc(c->n, sizeof(*c->moved_ms));
	for (uint32_t i = 0; i < c->n; i++) {
		c->clock_ms[i] = TIME_NONE;
		c->moved_ms[i] = now_ms;
	}
}

void clocks_copy(struct clocks *to, const struct clocks *from)
{
	if (from->n == 0) {
		clocks_release(to);
		return;
	}
	if (to->n != from->n) {
		const struct tick_head head = {from->hash, from->n};
		start(to, &head, 0);
	}
	to->hash = from->hash;
	memcpy(to->clock_ms, from->clock_ms, from->n * sizeof(*to->clock_ms));
	memcpy(to->moved_ms, from->moved_ms, from->n * sizeof(*to->moved_ms));
}

bool clocks_tick(struct clocks *c, struct str tick, int64_t now_ms)
{
	struct tick_head head;
	uint32_t source;
	int64_t clock_ms;

	if (!tick_read(&tick, &head) || head.n_sources == 0 || head.n_sources > SOURCES_MAX)
		return false;
	if (c->n != head.n_sources || c->hash != head.hash)
		start(c, &head, now_ms);
	while (tick_next(&tick, &source, &clock_ms)) {
		if (source >= c->n || clock_ms <= c->clock_ms[source])
			continue;
		c->clock_ms[source] = clock_ms;
		c->moved_ms[source] = now_ms;
	}
	return true;
}

int64_t clocks_least(const struct clocks *c, int64_t now_ms, int64_t stall_after_ms, uint32_t *ret_stalled)
{
	int64_t least_ms = TIME_NEVER, least_all_ms = TIME_NEVER;
	uint32_t stalled = 0;

	for (uint32_t i = 0; i < c->n; i++) {
		if (c->clock_ms[i] < least_all_ms)
			least_all_ms = c->clock_ms[i];
		if (stall_after_ms != TIME_NEVER && now_ms - c->moved_ms[i] > stall_after_ms)
			stalled++;
		else if (c->clock_ms[i] < least_ms)
			least_ms = c->clock_ms[i];
	}
	*ret_stalled = stalled;
	if (c->n == 0)
		return TIME_NONE;
	return stalled == c->n ? least_all_ms : least_ms;
}
