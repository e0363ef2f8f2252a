/* SPDX-License-Identifier: Apache-2.0 */
/*
 * connector - a route that the operator has named: which destinations it covers, whose it is, what to expect of it
 *
 * Read from the configuration once and never changed; classify matches, track takes
 * the lifetime, alert the thresholds. -1 in a number: not set here, the default of the kind holds.
 */
#ifndef QLAPSE_MAIL_CONNECTOR_H
#define QLAPSE_MAIL_CONNECTOR_H

#include "lib/base/str.h"
#include "lib/mail/names.h"

struct connector {
	struct str name; /* also the destination group */
	enum kind kind;
	struct str *domains; /* recipient domains, as A-labels; ".example.org" covers what is below it, too */
	size_t n_domains;
	struct str *next_hops; /* host names, likewise */
	size_t n_next_hops;
	struct str *networks; /* "192.0.2.0/24", "2001:db8::/32" or a single address, of the next hop */
	size_t n_networks;
	struct str
	    *transports; /* service ("relay/smtp" or its first part) or instance that wrote the line, lower case */
	size_t n_transports;
	int64_t lifetime_ms;     /* how long a message waits before it expires */
	int64_t volume_messages; /* this many waiting … */
	int64_t volume_over_ms;  /* … for this long open an incident */
	int64_t near_expiry_ms;  /* so does an expiry this close */
	struct str contact;      /* whom to call */
	struct str runbook;      /* what to do, a URL */
	struct str *egress;      /* our addresses and networks that the other side must let through */
	size_t n_egress;
};

/* The first connector of that name, or NULL. */
const struct connector *connector_find(const struct connector *list, size_t n, struct str name);

#endif
