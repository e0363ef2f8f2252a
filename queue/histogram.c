/* SPDX-License-Identifier: Apache-2.0 */
/* histogram - see histogram.h */
#include <string.h>

#include "lib/base/check.h"
#include "queue/histogram.h"

static struct str hour_key(const struct histogram *h, int64_t hour)
{
	buf_clear(h->key);
	buf_chr(h->key, h->which);
	buf_str(h->key, h->row);
	buf_chr(h->key, '\0');
	buf_be32(h->key, (uint32_t)hour);
	return buf_view(h->key);
}

/* Where the hour stands, or would. */
static size_t search(const struct hours *l, int64_t hour)
{
	size_t low = 0, high = l->n;

	while (low < high) {
		size_t mid = (low + high) / 2;
		if (l->hour[mid] < hour)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static int64_t sum_of(const struct hour_entry *e)
{
	int64_t sum = 0;

	for (int i = 0; i < 60; i++)
		sum += e->counts[i];
	return sum;
}

static void insert(struct hours *l, size_t i, int64_t hour, const struct hour_entry *e)
{
	l->hour = xrealloc(l->hour, (l->n + 1) * sizeof(*l->hour));
	l->sum = xrealloc(l->sum, (l->n + 1) * sizeof(*l->sum));
	memmove(l->hour + i + 1, l->hour + i, (l->n - i) * sizeof(*l->hour));
	memmove(l->sum + i + 1, l->sum + i, (l->n - i) * sizeof(*l->sum));
	l->hour[i] = hour;
	l->sum[i] = sum_of(e);
	for (int m = 0; m < 60; m++)
		l->minutes += e->counts[m] != 0;
	l->n++;
}

static void erase(struct hours *l, size_t i)
{
	memmove(l->hour + i, l->hour + i + 1, (l->n - i - 1) * sizeof(*l->hour));
	memmove(l->sum + i, l->sum + i + 1, (l->n - i - 1) * sizeof(*l->sum));
	l->n--;
}

static bool is_empty(const struct hour_entry *e)
{
	for (int i = 0; i < 60; i++)
		if (e->counts[i] != 0)
			return false;
	return true;
}

void histogram_add(const struct histogram *h, int64_t minute, int64_t delta)
{
	struct hours *l = h->hours;
	int64_t hour = minute / 60;
	size_t i = search(l, hour);
	struct str key = hour_key(h, hour);
	struct hour_entry *e = store_edit(h->store, key);

	if (e == NULL) {
		e = hour_entry_new(h->which);
		store_add(h->store, key, e);
	}
	if (i == l->n || l->hour[i] != hour) /* new, or of a row that went while its leaves did not match its enters */
		insert(l, i, hour, e);
	int64_t *count = &e->counts[minute % 60];
	l->minutes -= *count != 0;
	*count += delta;
	l->minutes += *count != 0;
	l->sum[i] += delta;
	if (is_empty(e)) {
		erase(l, i);
		store_remove(h->store, key);
	}
}

static const struct hour_entry *hour_at(const struct histogram *h, size_t i)
{
	const struct hour_entry *e = store_get(h->store, hour_key(h, h->hours->hour[i]));
	CHECK(e != NULL);
	return e;
}

int64_t histogram_sum(const struct histogram *h, int64_t from, int64_t to)
{
	const struct hours *l = h->hours;
	int64_t sum = 0;

	for (size_t i = search(l, from / 60); i < l->n && l->hour[i] * 60 < to; i++) {
		int64_t start = l->hour[i] * 60;
		if (start >= from && start + 60 <= to) {
			sum += l->sum[i];
			continue;
		}
		const struct hour_entry *e = hour_at(h, i);
		for (int m = 0; m < 60; m++)
			if (start + m >= from && start + m < to)
				sum += e->counts[m];
	}
	return sum;
}

int64_t histogram_first(const struct histogram *h, int64_t from)
{
	const struct hours *l = h->hours;

	if (from < 0)
		from = 0;
	for (size_t i = search(l, from / 60); i < l->n; i++) {
		const struct hour_entry *e = hour_at(h, i);
		for (int m = 0; m < 60; m++)
			if (e->counts[m] != 0 && l->hour[i] * 60 + m >= from)
				return l->hour[i] * 60 + m;
	}
	return -1;
}

struct record_list histogram_list(const struct histogram *h, int64_t width, struct arena *a)
{
	const struct hours *l = h->hours;
	struct bucket *items =
	    arena_alloc(a, ((size_t)(width == 60 ? (int64_t)l->n : l->minutes) + 1) * sizeof(*items));
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++) {
		if (width == 60) {
			items[n++] = (struct bucket){l->hour[i] * 60, l->sum[i]};
			continue;
		}
		const struct hour_entry *e = hour_at(h, i);
		for (int m = 0; m < 60; m++)
			if (e->counts[m] != 0)
				items[n++] = (struct bucket){l->hour[i] * 60 + m, e->counts[m]};
	}
	return (struct record_list){items, n};
}
