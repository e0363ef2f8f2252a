/* SPDX-License-Identifier: Apache-2.0 */
/* suffix - see suffix.h: a table of names, asked once for each dot of the host that could be the right one */
#include "classify/suffix.h"

/* What one name gives, itself and what is below it; -1: nothing. */
struct place {
	ssize_t itself, below;
};

void suffixes_init(struct suffixes *s)
{
	*s = (struct suffixes){.arena = ARENA_INIT, .least_labels = SIZE_MAX};
	table_init(&s->names, 0);
}

void suffixes_release(struct suffixes *s)
{
	table_release(&s->names);
	arena_release(&s->arena);
}

static size_t count_labels(struct str name)
{
	size_t n = 1;

	for (size_t i = 0; i < name.n; i++)
		n += name.p[i] == '.';
	return n;
}

static struct place *edit(struct suffixes *s, struct str name)
{
	struct place *p = table_get(&s->names, name);

	if (p == NULL) {
		p = arena_alloc(&s->arena, sizeof(*p));
		*p = (struct place){-1, -1};
		table_put(&s->names, arena_dup(&s->arena, name), p);
	}
	return p;
}

/* -1 is no number. */
static ssize_t least(ssize_t a, ssize_t b)
{
	return a < 0 ? b : b < 0 || a < b ? a : b;
}

void suffixes_add(struct suffixes *s, struct str name, unsigned covers, size_t number)
{
	struct place *p = edit(s, name);
	size_t labels = count_labels(name);

	if (covers & SUFFIX_ITSELF) {
		p->itself = least(p->itself, (ssize_t)number);
		s->any_itself = true;
	}
	if (covers & SUFFIX_BELOW) {
		p->below = least(p->below, (ssize_t)number);
		s->least_labels = labels < s->least_labels ? labels : s->least_labels;
		s->most_labels = labels > s->most_labels ? labels : s->most_labels;
	}
}

ssize_t suffixes_find(const struct suffixes *s, struct str name)
{
	const struct place *whole = s->any_itself ? table_get(&s->names, name) : NULL;
	ssize_t found = whole == NULL ? -1 : whole->itself;
	size_t labels = 0;

	for (size_t i = name.n; i-- > 0 && labels < s->most_labels;) {
		if (name.p[i] != '.' || ++labels < s->least_labels)
			continue;
		const struct place *p = table_get(&s->names, str_skip(name, i + 1));
		if (p != NULL)
			found = least(found, p->below);
	}
	return found;
}
