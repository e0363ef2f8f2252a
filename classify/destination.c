/* SPDX-License-Identifier: Apache-2.0 */
/* destination - see destination.h; the only place that names libpsl */
#include <arpa/inet.h>
#include <libpsl.h>
#include <string.h>

#include "classify/destination.h"
#include "lib/base/text.h"

static struct str lower(struct str s, struct arena *a)
{
	struct str copy = arena_dup(a, s);
	text_lower((char *)(uintptr_t)copy.p, copy.n);
	return copy;
}

/* A host's or domain's name as it is compared: lower case, without a final dot. */
static struct str plain_name(struct str name, struct arena *a)
{
	if (str_ends(name, STR(".")))
		name.n--;
	return lower(name, a);
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
	d->next_hop = plain_name(host, a);
	d->next_hop_ip = is_socket(ip) ? STR_NONE : ip;
	d->next_hop_port = port;
}

void destination_hop(struct delivery *d, const struct reply *reply, struct arena *a)
{
	ssize_t at = str_rchr(d->recipient, '@');

	d->destination = at < 0 ? STR_NONE : plain_name(str_skip(d->recipient, (size_t)at + 1), a);
	if (d->relay.n > 0 && is_host(d->relay, d->relay_ip, d->relay_port))
		set_hop(d, d->relay, d->relay_ip, d->relay_port, a);
	else if (reply->host.n > 0)
		set_hop(d, reply->host, reply->ip, reply->port, a);
}

/* "example.org" is itself, ".example.org" what is below it, too. */
static bool name_fits(struct str pattern, struct str name)
{
	if (name.n == 0)
		return false;
	if (pattern.n > 0 && pattern.p[0] == '.')
		return str_ends_nocase(name, pattern) || str_eq_nocase(name, str_skip(pattern, 1));
	return str_eq_nocase(name, pattern);
}

static bool any_name_fits(const struct str *patterns, size_t n, struct str name)
{
	for (size_t i = 0; i < n; i++)
		if (name_fits(patterns[i], name))
			return true;
	return false;
}

/* The bytes of an address; their number, 0 if it is none. */
static size_t address_bytes(struct str s, unsigned char ret[16])
{
	char z[64];

	if (s.n == 0 || s.n >= sizeof(z))
		return 0;
	memcpy(z, s.p, s.n);
	z[s.n] = '\0';
	if (inet_pton(AF_INET, z, ret) == 1)
		return 4;
	return inet_pton(AF_INET6, z, ret) == 1 ? 16 : 0;
}

static bool network_fits(struct str network, struct str ip)
{
	unsigned char want[16], have[16];
	struct str address = network, bits_text;
	int64_t bits = -1;

	if (str_cut(&address, '/', &bits_text)) {
		struct str t = address;
		address = bits_text;
		if (!str_i64(t, &bits))
			return false;
	}
	size_t n = address_bytes(address, want);
	if (n == 0 || n != address_bytes(ip, have))
		return false;
	if (bits < 0 || bits > (int64_t)n * 8)
		bits = (int64_t)n * 8;
	size_t whole = (size_t)bits / 8, rest = (size_t)bits % 8;
	if (memcmp(want, have, whole) != 0)
		return false;
	return rest == 0 || (want[whole] >> (8 - rest)) == (have[whole] >> (8 - rest));
}

static bool connector_fits(const struct connector *c, const struct delivery *d)
{
	if (any_name_fits(c->domains, c->n_domains, d->destination) ||
	    any_name_fits(c->next_hops, c->n_next_hops, d->next_hop))
		return true;
	for (size_t i = 0; i < c->n_networks; i++)
		if (network_fits(c->networks[i], d->next_hop_ip))
			return true;
	return false;
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
static struct str registrable(struct str host)
{
	const psl_ctx_t *psl = psl_builtin();
	unsigned char bytes[16];
	char z[256];

	if (psl == NULL || host.n == 0 || host.n >= sizeof(z) || address_bytes(host, bytes) > 0)
		return STR_NONE;
	memcpy(z, host.p, host.n);
	z[host.n] = '\0';
	const char *found = psl_registrable_domain(psl, z);
	return found == NULL ? STR_NONE : str_skip(host, (size_t)(found - z));
}

static bool is_safe(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || str_chr(STR(".-_:[]/"), c) >= 0;
}

/* Groups are keys of topics: nothing in them but what a domain may hold. */
static struct str safe(struct str s, struct arena *a)
{
	struct str copy = lower(str_head(s, GROUP_MAX), a);
	char *p = (char *)(uintptr_t)copy.p;

	for (size_t i = 0; i < copy.n; i++)
		if (!is_safe(p[i]))
			p[i] = '?';
	return copy;
}

static struct str choose_group(const struct delivery *d, bool local, struct arena *a)
{
	if (d->connector.n > 0)
		return d->connector;
	if (local)
		return arena_fmt(a, "local:%.*s", STR_FMT(d->host));
	if (d->provider.n > 0)
		return d->provider;
	struct str domain = registrable(d->next_hop);
	if (domain.n > 0)
		return domain;
	return d->destination.n > 0 ? d->destination : d->next_hop;
}

void destination_group(struct delivery *d, const struct reply *reply, const struct destination_config *c,
                       const struct provider *provider, struct arena *a)
{
	bool local =
	    d->family == FAMILY_LOCAL || is_internal(c, d, reply) || (d->destination.n == 0 && d->next_hop.n == 0);

	d->kind = local ? KIND_OWN : KIND_INTERNET;
	d->provider = provider != NULL ? provider->name : STR_NONE;
	for (size_t i = 0; i < c->n_connectors && d->connector.n == 0; i++) {
		if (!connector_fits(&c->connectors[i], d))
			continue;
		d->connector = c->connectors[i].name;
		d->kind = (int)c->connectors[i].kind;
	}
	d->group = safe(choose_group(d, local, a), a);
}
