/* SPDX-License-Identifier: Apache-2.0 */
/* destination - see destination.h; the only place that names libpsl */
#include <libpsl.h>
#include <stdlib.h>
#include <string.h>

#include "classify/destination.h"
#include "classify/domain.h"
#include "classify/memo.h"
#include "classify/route.h"
#include "lib/base/check.h"
#include "lib/base/hash.h"
#include "lib/base/text.h"

struct destination {
	struct destination_config c;
	struct routes *routes;
	struct memo *registrable; /* of host names: where their registrable domain begins */
};

struct destination *destination_new(const struct destination_config *c)
{
	struct destination *dest = xcalloc(1, sizeof(*dest));

	dest->c = *c;
	dest->routes = routes_new(c->connectors, c->n_connectors);
	dest->registrable = memo_new(sizeof(size_t));
	return dest;
}

void destination_free(struct destination *dest)
{
	if (dest == NULL)
		return;
	routes_free(dest->routes);
	memo_free(dest->registrable);
	free(dest);
}

/* "private/dovecot-lmtp", "/run/lmtp": where other hosts have an address. */
static bool is_socket(struct str ip)
{
	return str_chr(ip, '/') >= 0;
}

/* "local", "virtual", "dovecot": an agent of our own, no host. */
static bool is_host(struct str relay, struct str ip, int64_t port)
{
	return ip.n > 0 || port >= 0 || str_chr(relay, '.') >= 0;
}

static void set_hop(struct delivery *d, struct str host, struct str ip, int64_t port, struct arena *a)
{
	d->next_hop = domain_fold(host, a);
	d->next_hop_ip = is_socket(ip) ? STR_NONE : ip;
	d->next_hop_port = port;
}

/* "mx.example.org [192.0.2.1]:25", "mx.example.org[192.0.2.1]", "[192.0.2.1]"; false: a name alone. */
static bool split_relay(struct str relay, struct str *ret_host, struct str *ret_ip, int64_t *ret_port)
{
	ssize_t open = str_chr(relay, '['), close = str_chr(relay, ']');

	if (open < 0 || close < open)
		return false;
	struct str port = str_skip(relay, (size_t)close + 1);
	*ret_ip = str_head(str_skip(relay, (size_t)open + 1), (size_t)(close - open) - 1);
	*ret_host = open == 0 ? *ret_ip : str_trim(str_head(relay, (size_t)open));
	if (str_eat(&port, STR(":")))
		str_i64(port, ret_port);
	return true;
}

void destination_hop(struct delivery *d, const struct reply *reply, struct arena *a)
{
	struct str host = d->relay, ip = d->relay_ip;
	int64_t port = d->relay_port;

	d->destination = domain_of(d->recipient, a);
	if (ip.n == 0)
		split_relay(d->relay, &host, &ip, &port);
	if (host.n > 0 && is_host(host, ip, port))
		set_hop(d, host, ip, port, a);
	else if (reply->host.n > 0 || (reply->ip.n > 0 && !is_socket(reply->ip)))
		set_hop(d, reply->host.n > 0 ? reply->host : reply->ip, reply->ip, reply->port, a);
}

/* Sockets and the loopback network are internal by nature, as for ingest; the rest is the configuration's to say. */
static bool is_internal(const struct destination_config *c, const struct delivery *d, const struct reply *reply)
{
	if (is_socket(d->relay_ip) || (d->relay.n == 0 && is_socket(reply->ip)) ||
	    str_starts(d->next_hop_ip, STR("127.")))
		return true;
	for (size_t i = 0; d->next_hop.n > 0 && i < c->n_internal_hops; i++)
		if (str_eq_nocase(d->next_hop, c->internal_hops[i]) ||
		    str_eq_nocase(d->next_hop_ip, c->internal_hops[i]))
			return true;
	return false;
}

/* "example.co.uk" of "mx1.example.co.uk"; empty for what has none, an address among them. */
static struct str look_up_registrable(struct str host)
{
	const psl_ctx_t *psl = psl_builtin();
	unsigned char bytes[16];
	char z[256];

	if (psl == NULL || host.n == 0 || host.n >= sizeof(z) || domain_address(host, bytes) > 0)
		return STR_NONE;
	memcpy(z, host.p, host.n);
	z[host.n] = '\0';
	const char *found = psl_registrable_domain(psl, z);
	return found == NULL ? STR_NONE : str_skip(host, (size_t)(found - z));
}

/* The same from memory: a fleet talks to few hosts, and looking one up takes longer than classifying a text. */
static struct str registrable(const struct destination *dest, struct str host)
{
	uint64_t hash = hash64(host, 0);
	const size_t *known = memo_get(dest->registrable, host, hash);
	struct str domain;

	if (known != NULL)
		return str_skip(host, *known);
	domain = look_up_registrable(host);
	size_t at = host.n - domain.n; /* the domain is the name's end */
	memo_put(dest->registrable, host, hash, &at);
	return domain;
}

static bool is_safe(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || str_chr(STR(".-_:[]/"), c) >= 0;
}

/* Groups are keys of topics: nothing in them but what a domain may hold. */
static struct str safe(struct str s, struct arena *a)
{
	struct str copy = arena_dup(a, str_head(s, GROUP_MAX));
	char *p = (char *)(uintptr_t)copy.p;

	text_lower(p, copy.n);
	for (size_t i = 0; i < copy.n; i++)
		if (!is_safe(p[i]))
			p[i] = '?';
	return copy;
}

static struct str choose_group(const struct destination *dest, const struct delivery *d, bool local, struct arena *a)
{
	if (d->connector.n > 0)
		return d->connector;
	if (local)
		return arena_fmt(a, "local:%.*s", STR_FMT(d->host));
	if (d->provider.n > 0)
		return d->provider;
	struct str domain = registrable(dest, d->next_hop);
	if (domain.n > 0)
		return domain;
	return d->destination.n > 0 ? d->destination : d->next_hop;
}

void destination_group(struct delivery *d, const struct reply *reply, const struct destination *dest,
                       const struct provider *provider, struct arena *a)
{
	const struct connector *connector = routes_find(dest->routes, d);
	bool local = d->family == FAMILY_LOCAL || is_internal(&dest->c, d, reply) ||
	             (d->destination.n == 0 && d->next_hop.n == 0);

	d->provider = provider != NULL ? provider->name : STR_NONE;
	d->connector = connector != NULL ? connector->name : STR_NONE;
	d->kind = connector != NULL ? (int)connector->kind : local ? KIND_OWN : KIND_INTERNET;
	d->group = safe(choose_group(dest, d, local, a), a);
}
