/* SPDX-License-Identifier: Apache-2.0 */
/* ingest_support - what a line came to, as one line of text; for the tests of ingest */
#ifndef QLAPSE_TESTS_INGEST_SUPPORT_H
#define QLAPSE_TESTS_INGEST_SUPPORT_H

#include "ingest/line.h"
#include "lib/base/timefmt.h"
#include "support.h"

/* "2026-11-24T08:00:00Z" */
static inline int64_t at(const char *text)
{
	int64_t ms;

	assert_true(time_parse(str_from(text), &ms));
	return ms;
}

static inline void show_field(struct buf *out, const struct field *f, const char *value)
{
	char time[25];

	switch (f->kind) {
	case FIELD_STR:
		if (((const struct str *)value)->n)
			buf_fmt(out, " %s=%.*s", f->name, STR_FMT(*(const struct str *)value));
		break;
	case FIELD_I64:
		if (*(const int64_t *)value != -1)
			buf_fmt(out, " %s=%lld", f->name, (long long)*(const int64_t *)value);
		break;
	case FIELD_TIME:
		if (*(const int64_t *)value == TIME_NONE)
			break;
		time_format(*(const int64_t *)value, time);
		buf_fmt(out, " %s=%s", f->name, time);
		break;
	case FIELD_BOOL:
		if (*(const bool *)value)
			buf_fmt(out, " %s", f->name);
		break;
	case FIELD_ENUM:
		if (*(const int *)value != 0)
			buf_fmt(out, " %s=%s", f->name, f->names[*(const int *)value]);
		break;
	default:
		fail_msg("a delivery has no field of that kind: %s", f->name);
	}
}

/* "event deferred queue_id=… recipient=…", "noise connect", "dead cut_line status". NULL-terminated `skip`: fields that
 * are left out */
static inline const char *show(const struct line_result *r, const char *const *skip, struct buf *out)
{
	static const char *const kinds[] = {"event", "fact", "noise", "dead"};

	buf_clear(out);
	buf_fmt(out, "%s", kinds[r->kind]);
	if (r->kind == LINE_NOISE || r->kind == LINE_DEAD) {
		buf_fmt(out, " %s%s%s", r->word, r->detail ? " " : "", r->detail ? r->detail : "");
		return buf_z(out);
	}
	buf_fmt(out, " %s", event_names[r->d.event]);
	for (size_t i = 0; i < delivery_record.n_fields; i++) {
		const struct field *f = &delivery_record.fields[i];
		bool skipped = strcmp(f->name, "event") == 0;

		for (const char *const *s = skip; *s; s++)
			skipped |= strcmp(*s, f->name) == 0;
		if (!skipped)
			show_field(out, f, (const char *)&r->d + f->at);
	}
	return buf_z(out);
}

#endif
