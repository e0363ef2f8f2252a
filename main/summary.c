/* SPDX-License-Identifier: Apache-2.0 */
/* summary - see summary.h */
#include <inttypes.h>
#include <stdlib.h>

#include "lib/base/check.h"
#include "lib/codec/record_codec.h"
#include "main/summary.h"
#include "track/track_stage.h"

struct summary {
	struct arena arena;
	struct count_set by_class;       /* class */
	struct count_set by_destination; /* domain, 0 byte, class */
};

struct summary *summary_new(void)
{
	struct summary *s = xcalloc(1, sizeof(*s));

	counts_init(&s->by_class);
	counts_init(&s->by_destination);
	return s;
}

void summary_free(struct summary *s)
{
	if (s == NULL)
		return;
	arena_release(&s->arena);
	counts_release(&s->by_class);
	counts_release(&s->by_destination);
	free(s);
}

void summary_delivery(struct summary *s, struct str value)
{
	struct delivery d;
	struct err err;

	if (record_decode(encoding_of(value), value, &delivery_record, &s->arena, &d, &err) == 0 &&
	    d.event == EVENT_DEFERRED) {
		struct buf key = BUF_INIT;
		counts_add(&s->by_class, str_from(class_names[d.class]), 1);
		buf_str(&key, d.destination);
		buf_chr(&key, '\0');
		buf_fmt(&key, "%s", class_names[d.class]);
		counts_add(&s->by_destination, buf_view(&key), 1);
		buf_release(&key);
	}
	arena_reset(&s->arena);
}

static int64_t sum_of(struct count_set *c, struct str prefix)
{
	int64_t sum = 0;
	size_t n;
	const struct count **list = counts_list(c, prefix, &n);

	for (size_t i = 0; i < n; i++)
		sum += list[i]->n;
	return sum;
}

static int64_t lines_of(struct memory_pipeline *m)
{
	return sum_of(&m->counts, STR("event.")) + sum_of(&m->counts, STR("fact.")) +
	       sum_of(&m->counts, STR("noise.")) + sum_of(&m->counts, STR("dead."));
}

static struct track_summary queue_of(struct memory_pipeline *m)
{
	struct track_summary t = {0, 0};

	for (size_t i = 0; i < worker_tasks(m->workers[STAGE_TRACK]); i++)
		track_summarise(worker_task(m->workers[STAGE_TRACK], i).store, &t);
	return t;
}

static void write_number(struct writer *w, const char *key, int64_t n)
{
	writer_key(w, key);
	writer_i64(w, n);
}

/* The counters of a kind as a map, their prefix cut off. */
static void write_counts(struct writer *w, const char *key, struct count_set *c, struct str prefix)
{
	size_t n;
	const struct count **list = counts_list(c, prefix, &n);

	writer_key(w, key);
	writer_map(w);
	for (size_t i = 0; i < n; i++) {
		writer_keyn(w, str_skip(list[i]->name, prefix.n));
		writer_i64(w, list[i]->n);
	}
	writer_end(w);
}

static void write_destinations(struct writer *w, struct count_set *c)
{
	struct str open = STR_NONE;
	size_t n;
	const struct count **list = counts_list(c, STR_NONE, &n);

	writer_key(w, "deferrals_by_destination");
	writer_map(w);
	for (size_t i = 0; i < n; i++) {
		struct str class = list[i]->name, domain;
		CHECK(str_cut(&class, '\0', &domain));
		if (i == 0 || !str_eq(domain, open)) {
			if (i > 0)
				writer_end(w);
			writer_keyn(w, domain);
			writer_map(w);
			open = domain;
		}
		writer_keyn(w, class);
		writer_i64(w, list[i]->n);
	}
	if (n > 0)
		writer_end(w);
	writer_end(w);
}

static void print_json(struct summary *s, struct memory_pipeline *m, FILE *f)
{
	struct track_summary queue = queue_of(m);
	struct writer *w = writer_new(ENC_JSON);
	struct buf out = BUF_INIT;
	struct err err;

	writer_map(w);
	write_number(w, "lines", lines_of(m));
	write_counts(w, "events", &m->counts, STR("event."));
	write_counts(w, "facts", &m->counts, STR("fact."));
	write_counts(w, "deferrals_by_class", &s->by_class, STR_NONE);
	write_destinations(w, &s->by_destination);
	write_number(w, "messages", counts_get(&m->counts, STR("track.opened")));
	write_number(w, "still_queued", queue.queued);
	write_number(w, "overdue", queue.overdue);
	write_counts(w, "noise", &m->counts, STR("noise."));
	write_counts(w, "dead_letters", &m->counts, STR("dead."));
	writer_end(w);
	CHECK(writer_finish(w, &out, &err) == 0);
	fprintf(f, "%s\n", buf_z(&out));
	buf_release(&out);
	writer_free(w);
}

static void print_list(FILE *f, const char *title, struct count_set *c, struct str prefix)
{
	size_t n;
	const struct count **list = counts_list(c, prefix, &n);

	fprintf(f, "%s\n", title);
	for (size_t i = 0; i < n; i++) {
		struct str name = str_skip(list[i]->name, prefix.n);
		fprintf(f, "  %10" PRId64 "  ", list[i]->n);
		for (size_t k = 0; k < name.n; k++)
			fputc(name.p[k] == '\0' ? ' ' : name.p[k], f);
		fputc('\n', f);
	}
	if (n == 0)
		fputs("           none\n", f);
}

static void print_text(struct summary *s, struct memory_pipeline *m, FILE *f)
{
	struct track_summary queue = queue_of(m);

	fprintf(f, "%" PRId64 " lines, %" PRId64 " messages: %" PRId64 " still queued, %" PRId64 " overdue\n",
	        lines_of(m), counts_get(&m->counts, STR("track.opened")), queue.queued, queue.overdue);
	print_list(f, "Events", &m->counts, STR("event."));
	print_list(f, "Deferrals by cause", &s->by_class, STR_NONE);
	print_list(f, "Deferrals by destination and cause", &s->by_destination, STR_NONE);
	print_list(f, "Lines that tell nothing of a delivery", &m->counts, STR("noise."));
	print_list(f, "Lines that could not be read", &m->counts, STR("dead."));
}

void summary_print(struct summary *s, struct memory_pipeline *m, bool json, FILE *f)
{
	if (json)
		print_json(s, m, f);
	else
		print_text(s, m, f);
}
