/* SPDX-License-Identifier: Apache-2.0 */
/* alert_stage - see alert_stage.h; an evaluation as of M is a timer due at M + 1, behind all rows of M */
#include <stdlib.h>

#include "alert/evaluate.h"
#include "alert/words.h"
#include "lib/base/check.h"
#include "lib/base/own.h"
#include "lib/base/timefmt.h"
#include "lib/mail/topics.h"
#include "lib/stream/store.h"

_Static_assert(CLASS_N <= 64, "a pair's classes are bits of a word");

#define MINUTE_MS ((int64_t)60000)
#define HOUR_MS   (60 * MINUTE_MS)
#define DAY_MS    (24 * HOUR_MS)

struct alert_stage {
	struct alert_config c;
	struct pair_codec *codec;
	struct writer *alerts, *incidents, *rows;
	struct fleet *fleet; /* NULL: not kept */
	struct arena arena;
	struct buf key, value, title, summary;
};

void alert_config_default(struct alert_config *c)
{
	*c = (struct alert_config){
	    .kinds =
	        {
	            [KIND_UNKNOWN] = {2000, HOUR_MS, 6 * HOUR_MS},
	            [KIND_OWN] = {20, HOUR_MS, 6 * HOUR_MS},
	            [KIND_PARTNER] = {50, HOUR_MS, 6 * HOUR_MS},
	            [KIND_INTERNET] = {2000, HOUR_MS, 6 * HOUR_MS},
	        },
	    .critical_expiry_ms = 2 * HOUR_MS,
	    .clear_after_ms = 10 * MINUTE_MS,
	    .update_min_ms = 5 * MINUTE_MS,
	    .update_every_ms = HOUR_MS,
	    .incident_keep_ms = 7 * DAY_MS,
	    .internet_min = 20,
	    .internet_success_ms = 7 * DAY_MS,
	    .default_lifetime_ms = 2 * DAY_MS,
	    .alerts_encoding = ENC_JSON,
	    .incidents_encoding = ENC_JSON,
	};
}

struct alert_stage *alert_stage_new(const struct alert_config *c)
{
	struct alert_stage *s = xcalloc(1, sizeof(*s));

	s->c = *c;
	s->codec = pair_codec_new();
	s->alerts = writer_new(c->alerts_encoding);
	s->incidents = writer_new(c->incidents_encoding);
	s->rows = writer_new(ENC_MSGPACK);
	s->fleet = c->fleet_groups == 0 ? NULL : fleet_new(c->fleet_groups);
	return s;
}

void alert_stage_free(struct alert_stage *s)
{
	if (s == NULL)
		return;
	pair_codec_free(s->codec);
	writer_free(s->alerts);
	writer_free(s->incidents);
	writer_free(s->rows);
	fleet_free(s->fleet);
	arena_release(&s->arena);
	buf_release(&s->key);
	buf_release(&s->value);
	buf_release(&s->title);
	buf_release(&s->summary);
	free(s);
}

const struct fleet *alert_stage_fleet(const struct alert_stage *s)
{
	return s->fleet;
}

static struct str make_key(struct alert_stage *s, char kind, struct str group, const char *name)
{
	buf_clear(&s->key);
	buf_fmt(&s->key, "%c%.*s|%s", kind, STR_FMT(group), name);
	return buf_view(&s->key);
}

static struct pair *edit_or_add(struct store *store, struct str key)
{
	struct pair *p = store_edit(store, key);

	if (p == NULL) {
		p = pair_new();
		store_add(store, key, p);
	}
	return p;
}

static void call_for_evaluation(struct alert_stage *s, struct store *store, struct str group, int class, bool kept,
                                int64_t at_ms)
{
	struct str key = make_key(s, 'p', group, family_names[class_family((enum class) class)]);
	struct pair *p = edit_or_add(store, key);
	int64_t bit = (int64_t)((uint64_t)1 << class);

	p->classes = kept ? p->classes | bit : p->classes & ~bit;
	p->pending_ms = at_ms > p->evaluated_ms ? at_ms : p->evaluated_ms + 1; /* M rises, also for a late row */
}

/* The row without its histograms, which nobody asks here. */
static void keep_row(struct alert_stage *s, struct store *store, struct str group, int class, struct row *row)
{
	struct pair *kept = edit_or_add(store, make_key(s, 'r', group, class_names[class]));
	struct err err;

	row->queued = row->expires = (struct record_list){NULL, 0};
	buf_clear(&s->value);
	CHECK(record_encode(s->rows, &row_record, row, &s->value, &err) == 0);
	own_set(&kept->row, buf_view(&s->value));
}

static int apply(void *config, struct store *store, const struct stage_record *rec, struct stage_out *out,
                 struct err *err)
{
	struct alert_stage *s = config;
	ssize_t bar = str_rchr(rec->key, '|');
	struct str group = str_head(rec->key, bar < 0 ? 0 : (size_t)bar);
	int class = bar < 0 ? -1 : names_find(class_names, str_skip(rec->key, (size_t)bar + 1));
	struct row row;

	if (class < 0) {
		out->count(out, "alert.bad_record", 1);
	} else if (rec->value.p == NULL) {
		store_remove(store, make_key(s, 'r', group, class_names[class]));
		call_for_evaluation(s, store, group, class, false, rec->p_ms);
	} else if (record_decode(encoding_of(rec->value), rec->value, &row_record, &s->arena, &row, err) < 0) {
		out->count(out, "alert.bad_record", 1);
	} else if (row.class != class) {
		out->count(out, "alert.bad_record", 1);
	} else {
		keep_row(s, store, group, class, &row);
		call_for_evaluation(s, store, group, class, true, rec->p_ms);
	}
	arena_reset(&s->arena);
	return 0;
}

/* Kept rows of a pair. */
static int load_rows(struct alert_stage *s, const struct store *store, const struct pair *p, struct str group,
                     struct row **ret_rows, size_t *ret_n, struct err *err)
{
	struct row *rows = arena_alloc(&s->arena, CLASS_N * sizeof(*rows));
	size_t n = 0;

	for (int c = 0; c < CLASS_N; c++) {
		if (!((uint64_t)p->classes & ((uint64_t)1 << c)))
			continue;
		const struct pair *kept = store_get(store, make_key(s, 'r', group, class_names[c]));
		CHECK(kept != NULL);
		if (record_decode(ENC_MSGPACK, kept->row, &row_record, &s->arena, &rows[n++], err) < 0)
			return -1;
	}
	*ret_rows = rows;
	*ret_n = n;
	return 0;
}

static struct out_about about(const struct incident *inc, const char *word)
{
	return (struct out_about){
	    .word = word,
	    .severity = inc->severity,
	    .expiry_ms = inc->first_expiry_ms == TIME_NONE ? 0 : inc->first_expiry_ms,
	};
}

static int put_incident(struct alert_stage *s, const struct incident *inc, struct stage_out *out, struct err *err)
{
	buf_clear(&s->value);
	if (record_encode(s->incidents, &incident_record, inc, &s->value, err) < 0)
		return -1;
	const struct out_record o = {.topic = TOPIC_INCIDENTS,
	                             .key = inc->incident,
	                             .value = buf_view(&s->value),
	                             .p_ms = inc->updated_ms,
	                             .about = about(inc, NULL)};
	out->put(out, &o);
	return 0;
}

static void fill_remedy(struct alert_stage *s, const struct incident *inc, struct alert *a)
{
	struct remedy r;

	s->c.remedies.find(s->c.remedies.arg, inc, &s->arena, &r);
	a->remedy = r.text;
	a->remedy_zh_tw = r.text_zh_tw;
	a->fix_now = r.fix_now;
	a->links = r.links;
	a->look_again_ms = r.look_again_ms < 0 ? TIME_NONE : inc->updated_ms + r.look_again_ms;
}

static void fill_alert(struct alert_stage *s, const struct incident *inc, enum alert_event event, struct alert *a)
{
	record_clear(&alert_record, a);
	a->event = (int)event;
	a->at_ms = inc->updated_ms;
	buf_clear(&s->title);
	words_title(inc, event, s->c.default_lifetime_ms, &s->title);
	a->title = buf_view(&s->title);
	buf_clear(&s->summary);
	words_summary(inc, event, s->c.default_lifetime_ms, &s->summary);
	a->summary = buf_view(&s->summary);
	if (s->c.remedies.find != NULL && event != ALERT_RESOLVED)
		fill_remedy(s, inc, a);
#define F_STR(name, flags, prose)        a->name = inc->name;
#define F_BIN(name, flags, prose)        a->name = inc->name;
#define F_I64(name, flags, prose)        a->name = inc->name;
#define F_TIME(name, flags, prose)       a->name##_ms = inc->name##_ms;
#define F_BOOL(name, flags, prose)       a->name = inc->name;
#define F_ENUM(name, tag, flags, prose)  a->name = inc->name;
#define F_LIST(name, type, flags, prose) a->name = inc->name;
#include "lib/mail/incident.def"
#include "lib/mail/fields_undef.h"
}

static int put_alert(struct alert_stage *s, const struct incident *inc, enum alert_event event, struct stage_out *out,
                     struct err *err)
{
	struct alert a;

	fill_alert(s, inc, event, &a);
	buf_clear(&s->value);
	if (record_encode(s->alerts, &alert_record, &a, &s->value, err) < 0)
		return -1;
	const struct out_record o = {.topic = TOPIC_ALERTS,
	                             .key = inc->incident,
	                             .value = buf_view(&s->value),
	                             .p_ms = inc->updated_ms,
	                             .about = about(inc, alert_event_names[event])};
	out->put(out, &o);
	out->count(out,
	           event == ALERT_OPENED    ? "alert.opened"
	           : event == ALERT_UPDATED ? "alert.updated"
	                                    : "alert.resolved",
	           1);
	return 0;
}

static void tombstone_later(struct alert_stage *s, struct store *store, const struct incident *inc)
{
	buf_clear(&s->key);
	buf_fmt(&s->key, "t%.*s", STR_FMT(inc->incident));
	struct pair *t = edit_or_add(store, buf_view(&s->key));
	t->due_ms = inc->resolved_ms + s->c.incident_keep_ms;
}

static int evaluate_pair(struct alert_stage *s, struct store *store, struct str key, int64_t at_ms,
                         struct stage_out *out, struct err *err)
{
	struct pair *p = store_edit(store, key);
	ssize_t bar = str_rchr(key, '|');
	struct evaluation e = {.group = str_skip(str_head(key, (size_t)bar), 1), .at_ms = at_ms};
	struct row *rows;
	struct verdict v;

	e.family = (enum family)names_find(family_names, str_skip(key, (size_t)bar + 1));
	if (load_rows(s, store, p, e.group, &rows, &e.n_rows, err) < 0)
		return -1;
	e.rows = rows;
	if (p->pending_ms >= 0 && p->pending_ms <= at_ms)
		p->pending_ms = -1;
	evaluate(&s->c, p, &e, &s->arena, &v);
	if (v.alert != ALERT_UNKNOWN && put_alert(s, &v.incident, v.alert, out, err) < 0)
		return -1;
	if ((v.write || v.alert == ALERT_RESOLVED) && put_incident(s, &v.incident, out, err) < 0)
		return -1;
	if (v.alert == ALERT_RESOLVED)
		tombstone_later(s, store, &v.incident);
	if (!p->open && p->over_since_ms < 0 && p->classes == 0)
		store_remove(store, key);
	return 0;
}

static int fire(void *config, struct store *store, struct str key, int64_t at_ms, struct stage_out *out,
                struct err *err)
{
	struct alert_stage *s = config;
	int result = 0;

	if (key.p[0] == 'p') {
		result = evaluate_pair(s, store, key, at_ms - 1, out, err);
	} else {
		const struct out_record o = {
		    .topic = TOPIC_INCIDENTS, .key = str_skip(key, 1), .value = {NULL, 0}, .p_ms = at_ms - 1};
		out->put(out, &o);
		store_remove(store, key);
	}
	arena_reset(&s->arena);
	return result;
}

static void encode(void *config, struct str key, const void *entry, struct buf *out)
{
	struct alert_stage *s = config;

	(void)key;
	pair_encode(s->codec, entry, out);
}

static void *decode(void *config, struct str key, struct str value, struct err *err)
{
	struct alert_stage *s = config;

	(void)key;
	return pair_decode(s->codec, value, err);
}

static int64_t due(void *config, const void *entry)
{
	const struct pair *p = entry;
	int64_t at_ms = p->due_ms;

	(void)config;
	if (p->pending_ms >= 0 && (at_ms < 0 || p->pending_ms < at_ms))
		at_ms = p->pending_ms;
	if (p->next_ms >= 0 && (at_ms < 0 || p->next_ms < at_ms))
		at_ms = p->next_ms;
	return at_ms < 0 ? TIME_NEVER : at_ms + 1;
}

/* The fleet's numbers follow the rows and pairs that are final. */
static void settled_row(struct alert_stage *s, struct str group, struct str class, const struct pair *kept)
{
	int number = names_find(class_names, class);
	struct row row;
	struct err err;

	if (number < 0)
		return;
	if (kept == NULL)
		fleet_row(s->fleet, group, (enum class)number, NULL);
	else if (record_decode(ENC_MSGPACK, kept->row, &row_record, &s->arena, &row, &err) == 0)
		fleet_row(s->fleet, group, (enum class)number, &row);
	arena_reset(&s->arena);
}

static void settled(void *config, struct str key, const void *entry)
{
	struct alert_stage *s = config;
	const struct pair *p = entry;
	ssize_t bar = str_rchr(key, '|');

	if (s->fleet == NULL || bar < 0)
		return;
	struct str group = str_skip(str_head(key, (size_t)bar), 1), name = str_skip(key, (size_t)bar + 1);
	int family = names_find(family_names, name);
	if (key.p[0] == 'r') {
		settled_row(s, group, name, p);
	} else if (key.p[0] == 'p' && family >= 0) {
		const struct fleet_incident open = {
		    p == NULL ? SEVERITY_UNKNOWN : (enum severity)p->alerted_severity,
		    (enum family)family,
		    p == NULL ? SIDE_UNKNOWN : (enum side)p->side,
		};
		fleet_incident(s->fleet, key, p != NULL && p->open ? &open : NULL);
	}
}

const struct stage_ops alert_stage_ops = {
    .name = "alert",
    .apply = apply,
    .fire = fire,
    .encode = encode,
    .decode = decode,
    .destroy = pair_free,
    .due = due,
    .settled = settled,
};
