/* SPDX-License-Identifier: Apache-2.0 */
/*
 * destination - where a message was to go: recipient's domain, next hop, provider, connector, group
 *
 * The destination group gathers what fails together: the connector that the operator
 * has named, else our own host for local hops, else the provider, else the registrable domain of
 * the next hop (which gathers all customers of one hoster), else the recipient's domain.
 */
#ifndef QLAPSE_CLASSIFY_DESTINATION_H
#define QLAPSE_CLASSIFY_DESTINATION_H

#include "classify/catalog.h"
#include "lib/mail/connector.h"
#include "lib/mail/records.h"

enum { GROUP_MAX = 253 };

struct destination_config {
	const struct connector *connectors;
	size_t n_connectors;
	const struct str *internal_hops;
	size_t n_internal_hops;
};

struct destination;

/* What c points to must outlive it. */
struct destination *destination_new(const struct destination_config *c);
void destination_free(struct destination *dest);

/* Fills destination, next_hop, next_hop_ip, next_hop_port of d from its recipient, relay and text. A relay may be written
 * with its address and port, "mx.example.org [192.0.2.1]:25". */
void destination_hop(struct delivery *d, const struct reply *reply, struct arena *a);

/* Fills provider, connector, kind and group; needs the above, and class and family where there is a verdict.
 * provider: of the next hop, or NULL. The group holds lower-case letters, digits and ".-_:[]/?" only, GROUP_MAX
 * bytes at most. */
void destination_group(struct delivery *d, const struct reply *reply, const struct destination *dest,
                       const struct provider *provider, struct arena *a);

#endif
