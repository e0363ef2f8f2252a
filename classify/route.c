/* SPDX-License-Identifier: Apache-2.0 */
/* route - see route.h */
#include <stdlib.h>
#include <string.h>

#include "classify/domain.h"
#include "classify/route.h"
#include "classify/suffix.h"
#include "lib/base/check.h"
#include "lib/base/text.h"

enum { TRANSPORT_MAX = 255 };

struct network {
	unsigned char bytes[16];
	size_t n; /* of them: 4, 16; 0: no network */
	size_t bits;
	size_t number; /* of its connector */
};

struct routes {
	const struct connector *list;
	struct suffixes domains, next_hops, transports;
	struct network *networks;
	size_t n_networks;
};

/* ".example.org": the domain itself and what is below it. */
static void add_names(struct suffixes *s, const struct str *names, size_t n, size_t number)
{
	for (size_t i = 0; i < n; i++) {
		struct str name = names[i];
		bool below = str_eat(&name, STR("."));
		suffixes_add(s, name, below ? SUFFIX_ITSELF | SUFFIX_BELOW : SUFFIX_ITSELF, number);
	}
}

static struct network network_of(struct str text, size_t number)
{
	struct network ret = {.number = number};
	struct str length = text, head = text;
	int64_t bits = -1;

	if (str_cut(&length, '/', &head) && !str_i64(length, &bits))
		return ret;
	ret.n = domain_address(head, ret.bytes);
	ret.bits = bits >= 0 && (size_t)bits < ret.n * 8 ? (size_t)bits : ret.n * 8;
	return ret;
}

static bool in_network(const struct network *w, const unsigned char *bytes, size_t n)
{
	size_t whole = w->bits / 8, rest = w->bits % 8;

	if (n == 0 || n != w->n || memcmp(w->bytes, bytes, whole) != 0)
		return false;
	return rest == 0 || (w->bytes[whole] >> (8 - rest)) == (bytes[whole] >> (8 - rest));
}

struct routes *routes_new(const struct connector *list, size_t n)
{
	struct routes *r = xcalloc(1, sizeof(*r));
	size_t n_networks = 0;

	r->list = list;
	suffixes_init(&r->domains);
	suffixes_init(&r->next_hops);
	suffixes_init(&r->transports);
	for (size_t i = 0; i < n; i++)
		n_networks += list[i].n_networks;
	r->networks = xcalloc(n_networks + 1, sizeof(*r->networks));
	for (size_t i = 0; i < n; i++) {
		const struct connector *c = &list[i];
		add_names(&r->domains, c->domains, c->n_domains, i);
		add_names(&r->next_hops, c->next_hops, c->n_next_hops, i);
		for (size_t k = 0; k < c->n_transports; k++)
			suffixes_add(&r->transports, c->transports[k], SUFFIX_ITSELF, i);
		for (size_t k = 0; k < c->n_networks; k++)
			r->networks[r->n_networks++] = network_of(c->networks[k], i);
	}
	return r;
}

void routes_free(struct routes *r)
{
	if (r == NULL)
		return;
	suffixes_release(&r->domains);
	suffixes_release(&r->next_hops);
	suffixes_release(&r->transports);
	free(r->networks);
	free(r);
}

static ssize_t first(ssize_t a, ssize_t b)
{
	return a < 0 ? b : b < 0 || a < b ? a : b;
}

/* Networks stand in the order of their connectors. */
static ssize_t find_network(const struct routes *r, struct str ip)
{
	unsigned char bytes[16];
	size_t n = r->n_networks == 0 ? 0 : domain_address(ip, bytes);

	for (size_t i = 0; n > 0 && i < r->n_networks; i++)
		if (in_network(&r->networks[i], bytes, n))
			return (ssize_t)r->networks[i].number;
	return -1;
}

static ssize_t find_transport(const struct routes *r, struct str name)
{
	char lower[TRANSPORT_MAX];

	if (name.n == 0 || name.n > sizeof(lower) || !r->transports.any_itself)
		return -1;
	memcpy(lower, name.p, name.n);
	text_lower(lower, name.n);
	return suffixes_find(&r->transports, str_of(lower, name.n));
}

/* "relay/smtp" is known by that name, and as "relay". */
static ssize_t find_service(const struct routes *r, struct str service)
{
	struct str rest = service, head;
	ssize_t found = find_transport(r, service);

	return str_cut(&rest, '/', &head) ? first(found, find_transport(r, head)) : found;
}

const struct connector *routes_find(const struct routes *r, const struct delivery *d)
{
	ssize_t found = suffixes_find(&r->domains, d->destination);

	found = first(found, suffixes_find(&r->next_hops, d->next_hop));
	found = first(found, find_network(r, d->next_hop_ip));
	found = first(found, find_service(r, d->service));
	found = first(found, find_transport(r, d->instance));
	return found < 0 ? NULL : &r->list[found];
}

/* Does one name cover all that another one does? */
static bool name_covers(struct str a, struct str b)
{
	struct str top = a;

	if (!str_eat(&top, STR(".")))
		return str_eq(a, b);
	return str_ends(b, a) || str_eq(b, top);
}

static bool transport_covers(struct str a, struct str b)
{
	struct str rest = b, head;

	return str_eq(a, b) || (str_cut(&rest, '/', &head) && str_eq(a, head));
}

static bool network_covers(struct str a, struct str b)
{
	const struct network x = network_of(a, 0), y = network_of(b, 0);

	return x.bits <= y.bits && in_network(&x, y.bytes, y.n);
}

typedef bool covers_fn(struct str a, struct str b);

static const struct {
	size_t items, n; /* offsets */
	covers_fn *covers;
} kinds[] = {
    {offsetof(struct connector, domains), offsetof(struct connector, n_domains), name_covers},
    {offsetof(struct connector, next_hops), offsetof(struct connector, n_next_hops), name_covers},
    {offsetof(struct connector, networks), offsetof(struct connector, n_networks), network_covers},
    {offsetof(struct connector, transports), offsetof(struct connector, n_transports), transport_covers},
};

static const struct str *items_of(const struct connector *c, size_t kind, size_t *ret_n)
{
	*ret_n = *(const size_t *)((const char *)c + kinds[kind].n);
	return *(struct str *const *)((const char *)c + kinds[kind].items);
}

/* The first of the n connectors with a condition of that kind that covers the name. */
static const struct connector *find_cover(const struct connector *list, size_t n, size_t kind, struct str name)
{
	for (size_t i = 0; i < n; i++) {
		size_t n_items;
		const struct str *items = items_of(&list[i], kind, &n_items);
		for (size_t k = 0; k < n_items; k++)
			if (kinds[kind].covers(items[k], name))
				return &list[i];
	}
	return NULL;
}

const struct connector *route_hidden_by(const struct connector *list, size_t i)
{
	const struct connector *ret = NULL;

	for (size_t kind = 0; kind < sizeof(kinds) / sizeof(*kinds); kind++) {
		size_t n;
		const struct str *items = items_of(&list[i], kind, &n);
		for (size_t k = 0; k < n; k++) {
			const struct connector *cover = find_cover(list, i, kind, items[k]);
			if (cover == NULL)
				return NULL;
			ret = ret == NULL || cover < ret ? cover : ret;
		}
	}
	return ret;
}
