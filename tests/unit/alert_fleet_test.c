/* SPDX-License-Identifier: Apache-2.0 */
/*
 * alert_fleet_test - the fleet's numbers against a plain recount of all rows; which groups are shown, and that they stay;
 * and that the numbers are those of what was committed, through aborts and restores
 */
#include "alert/fleet.h"
#include "alert_support.h"

enum { GROUPS = 60, SHOWN = 7, STEPS = 20000 };

struct plain { /* all rows, as they stand */
	struct row rows[GROUPS][CLASS_N];
	bool there[GROUPS][CLASS_N];
};

static struct str name_of(int g, char ret[16])
{
	return str_of(ret, (size_t)snprintf(ret, 16, "g%d.example", g));
}

static void make_row(struct row *row, int g, uint64_t *seed)
{
	record_clear(&row_record, row);
	row->kind = g < 3 ? KIND_OWN : g < 5 ? KIND_PARTNER : KIND_INTERNET;
	row->messages = (int64_t)(random_next(seed) % 1000);
	row->recipients = row->messages + (int64_t)(random_next(seed) % 100);
	row->held = (int64_t)(random_next(seed) % 5);
	row->overdue = (int64_t)(random_next(seed) % 5);
	row->mismatched = (int64_t)(random_next(seed) % 5);
	row->expiring_1h = (int64_t)(random_next(seed) % 10);
	row->expiring_6h = row->expiring_1h + (int64_t)(random_next(seed) % 10);
	row->expiring_24h = row->expiring_6h + (int64_t)(random_next(seed) % 10);
	row->first_expiry_ms = random_next(seed) % 4 == 0 ? TIME_NONE : (int64_t)(random_next(seed) % 100000);
	row->oldest_ms = random_next(seed) % 4 == 0 ? TIME_NONE : (int64_t)(random_next(seed) % 100000);
}

static void add_row(struct fleet_sum *to, const struct row *row)
{
	to->messages += row->messages;
	to->recipients += row->recipients;
	to->held += row->held;
	to->overdue += row->overdue;
	to->mismatched += row->mismatched;
	to->expiring_1h += row->expiring_1h;
	to->expiring_6h += row->expiring_6h;
	to->expiring_24h += row->expiring_24h;
}

static void take_earlier(int64_t *least_ms, int64_t at_ms)
{
	if (at_ms != TIME_NONE && (*least_ms == TIME_NONE || at_ms < *least_ms))
		*least_ms = at_ms;
}

static void assert_sums(const struct fleet_sum *got, const struct fleet_sum *want)
{
	assert_memory_equal(got, want, sizeof(*got));
}

static const struct fleet_shown *find_shown(const struct fleet_view *v, struct str group)
{
	for (size_t i = 0; i < v->n_shown; i++)
		if (str_eq(v->shown[i].group, group))
			return &v->shown[i];
	return NULL;
}

static void compare(const struct fleet *f, const struct plain *p, struct fleet_view *v)
{
	struct fleet_sum kinds[FLEET_KINDS] = {{0}}, classes[CLASS_N] = {{0}}, rest = {0};
	struct fleet_ends ends[FLEET_KINDS];
	int64_t waiting = 0;
	size_t shown = 0;

	for (int k = 0; k < FLEET_KINDS; k++)
		ends[k] = (struct fleet_ends){TIME_NONE, TIME_NONE};
	fleet_look(f, v);
	for (int g = 0; g < GROUPS; g++) {
		struct fleet_sum sum = {0};
		struct fleet_ends its = {TIME_NONE, TIME_NONE};
		char name[16];
		int kind = 0;

		for (int c = 0; c < CLASS_N; c++) {
			const struct row *row = &p->rows[g][c];
			if (!p->there[g][c])
				continue;
			kind = row->kind;
			add_row(&sum, row);
			add_row(&kinds[row->kind], row);
			add_row(&classes[c], row);
			take_earlier(&its.first_expiry_ms, row->first_expiry_ms);
			take_earlier(&its.oldest_ms, row->oldest_ms);
		}
		take_earlier(&ends[kind].first_expiry_ms, its.first_expiry_ms);
		take_earlier(&ends[kind].oldest_ms, its.oldest_ms);
		waiting += sum.messages > 0;
		const struct fleet_shown *is = find_shown(v, name_of(g, name));
		if (is == NULL) {
			rest.messages += sum.messages;
			rest.overdue += sum.overdue;
			rest.expiring_24h += sum.expiring_24h;
			continue;
		}
		shown++;
		assert_sums(&is->sum, &sum);
		assert_int_equal(is->ends.first_expiry_ms, its.first_expiry_ms);
		assert_int_equal(is->ends.oldest_ms, its.oldest_ms);
	}
	assert_int_equal(v->n_shown, shown);
	assert_true(shown <= SHOWN);
	assert_int_equal(v->groups, waiting);
	assert_int_equal(v->rest.messages, rest.messages);
	assert_int_equal(v->rest.overdue, rest.overdue);
	assert_int_equal(v->rest.expiring_24h, rest.expiring_24h);
	for (int k = 0; k < FLEET_KINDS; k++) {
		assert_sums(&v->kinds[k], &kinds[k]);
		assert_int_equal(v->ends[k].first_expiry_ms, ends[k].first_expiry_ms);
		assert_int_equal(v->ends[k].oldest_ms, ends[k].oldest_ms);
	}
	for (int c = 0; c < CLASS_N; c++)
		assert_sums(&v->classes[c], &classes[c]);
}

static void numbers_are_those_of_a_recount(void **state)
{
	struct fleet *f = fleet_new(SHOWN);
	struct plain *p = xcalloc(1, sizeof(*p));
	struct fleet_view v = {0};
	uint64_t seed = 5;

	(void)state;
	for (int i = 0; i < STEPS; i++) {
		int g = (int)(random_next(&seed) % GROUPS), c = 1 + (int)(random_next(&seed) % 4);
		char name[16];

		p->there[g][c] = random_next(&seed) % 3 != 0;
		if (p->there[g][c])
			make_row(&p->rows[g][c], g, &seed);
		fleet_row(f, name_of(g, name), (enum class)c, p->there[g][c] ? &p->rows[g][c] : NULL);
		if (i % 37 == 0 || i > STEPS - 200)
			compare(f, p, &v);
	}
	for (int g = 0; g < GROUPS; g++) {
		for (int c = 0; c < CLASS_N; c++) {
			char name[16];
			p->there[g][c] = false;
			fleet_row(f, name_of(g, name), (enum class)c, NULL);
		}
	}
	compare(f, p, &v);
	assert_int_equal(v.n_shown, 0);
	fleet_view_release(&v);
	fleet_free(f);
	free(p);
}

static void set(struct fleet *f, const char *group, enum kind kind, int64_t messages)
{
	struct row row;

	record_clear(&row_record, &row);
	row.kind = (int)kind;
	row.messages = row.recipients = messages;
	row.held = row.overdue = row.mismatched = row.expiring_1h = row.expiring_6h = row.expiring_24h = 0;
	fleet_row(f, str_from(group), CLASS_other, messages < 0 ? NULL : &row);
}

static bool shows(const struct fleet *f, const char *group)
{
	struct fleet_view v = {0};

	fleet_look(f, &v);
	bool result = find_shown(&v, str_from(group)) != NULL;
	fleet_view_release(&v);
	return result;
}

static void a_place_is_kept_until_another_is_a_quarter_above(void **state)
{
	struct fleet *f = fleet_new(2);

	(void)state;
	set(f, "a", KIND_INTERNET, 100);
	set(f, "b", KIND_INTERNET, 200);
	set(f, "c", KIND_INTERNET, 125);
	assert_true(shows(f, "a") && shows(f, "b") && !shows(f, "c"));
	set(f, "c", KIND_INTERNET, 126);
	assert_true(!shows(f, "a") && shows(f, "b") && shows(f, "c"));
	set(f, "a", KIND_INTERNET, 157); /* does not come back at once */
	assert_true(!shows(f, "a") && shows(f, "c"));
	set(f, "a", KIND_INTERNET, 158);
	assert_true(shows(f, "a") && !shows(f, "c"));
	set(f, "b", KIND_INTERNET, 0); /* empty, and somebody waits for the place */
	assert_true(shows(f, "c") && !shows(f, "b"));
	set(f, "a", KIND_INTERNET, -1); /* gone: the place is free, but an empty group needs none */
	assert_true(!shows(f, "a") && !shows(f, "b"));
	fleet_free(f);
}

static void own_and_partner_groups_come_first(void **state)
{
	struct fleet *f = fleet_new(2);

	(void)state;
	set(f, "a", KIND_INTERNET, 1000);
	set(f, "b", KIND_INTERNET, 2000);
	set(f, "branch", KIND_OWN, 1);
	assert_true(shows(f, "branch") && shows(f, "b") && !shows(f, "a"));
	set(f, "a", KIND_INTERNET, 100000);
	set(f, "partner", KIND_PARTNER, 1);
	assert_true(shows(f, "branch") && shows(f, "partner"));
	fleet_free(f);
}

static void many_groups_are_few_numbers(void **state)
{
	struct fleet *f = fleet_new(50);
	struct fleet_view v = {0};
	char name[16];

	(void)state;
	for (int g = 0; g < 10000; g++) {
		name_of(g, name);
		set(f, name, KIND_INTERNET, 1 + g % 500);
	}
	fleet_look(f, &v);
	assert_int_equal(v.groups, 10000);
	assert_int_equal(v.n_shown, 50);
	assert_int_equal(v.kinds[KIND_INTERNET].messages, 10000 / 500 * (500 * 501 / 2));
	int64_t all = v.rest.messages;
	for (size_t i = 0; i < v.n_shown; i++)
		all += v.shown[i].sum.messages;
	assert_int_equal(all, v.kinds[KIND_INTERNET].messages);
	fleet_view_release(&v);
	fleet_free(f);
}

/* The stage's numbers are those of what is committed. */
static int64_t messages_of(const struct alert_stage *s, int64_t *ret_open)
{
	struct fleet_view v = {0};

	fleet_look(alert_stage_fleet(s), &v);
	int64_t n = v.kinds[KIND_OWN].messages;
	*ret_open = 0;
	for (int i = 0; i <= SEVERITY_CRITICAL; i++)
		for (int k = 0; k < FLEET_SIDES; k++)
			*ret_open += v.incidents[i][FAMILY_REACH][k];
	fleet_view_release(&v);
	return n;
}

static void the_stage_counts_what_is_committed(void **state)
{
	struct alert_config c;
	struct stage_run r;
	struct err err;
	int64_t open;

	(void)state;
	alert_config_default(&c);
	c.fleet_groups = 5;
	struct alert_stage *s = alert_stage_new(&c);
	run_init(&r, &alert_stage_ops, s);
	play_rows(&r, STR("1m row messages=30\n"
	                  "2m row messages=40 group=h\n"
	                  "3m until"));
	assert_int_equal(messages_of(s, &open), 70);
	assert_int_equal(open, 0);
	play_rows(&r, STR("62m until")); /* g has waited for an hour */
	assert_int_equal(messages_of(s, &open), 70);
	assert_int_equal(open, 2);

	struct stage_record rec = {.p_ms = 70 * 60000, .key = STR("g|connect_timeout"), .value = {NULL, 0}};
	assert_int_equal(alert_stage_ops.apply(s, r.store, &rec, &r.out, &err), 0);
	store_settle(r.store);
	assert_int_equal(messages_of(s, &open), 70); /* not yet */
	store_abort(r.store);
	assert_int_equal(messages_of(s, &open), 70);
	assert_int_equal(alert_stage_ops.apply(s, r.store, &rec, &r.out, &err), 0);
	run_commit(&r);
	assert_int_equal(messages_of(s, &open), 40);
	play_rows(&r, STR("71m until"));
	assert_int_equal(messages_of(s, &open), 40);
	assert_int_equal(open, 1);

	struct images l = {NULL, 0, &r.arena};
	size_t at = 0;
	struct str key;
	const void *entry;
	while (store_next(r.store, &at, &key, &entry)) {
		struct buf value = BUF_INIT;
		alert_stage_ops.encode(s, key, entry, &value);
		take_image(&l, key, entry, buf_view(&value));
		buf_release(&value);
	}
	store_free(r.store); /* the partition is given up: nothing is ours any more */
	assert_int_equal(messages_of(s, &open), 0);
	assert_int_equal(open, 0);
	r.store = store_new(&alert_stage_ops, s, 3);
	for (size_t i = 0; i < l.n; i++)
		assert_int_equal(store_restore(r.store, l.items[i].key, l.items[i].value, &err), 0);
	assert_int_equal(messages_of(s, &open), 40);
	assert_int_equal(open, 1);
	free(l.items);
	run_release(&r);
	alert_stage_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(numbers_are_those_of_a_recount),
	    cmocka_unit_test(a_place_is_kept_until_another_is_a_quarter_above),
	    cmocka_unit_test(own_and_partner_groups_come_first),
	    cmocka_unit_test(many_groups_are_few_numbers),
	    cmocka_unit_test(the_stage_counts_what_is_committed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
