/* SPDX-License-Identifier: Apache-2.0 */
/*
 * domain - the domain of an address in the one form in which domains are compared
 *
 * Two spellings of one domain must be one destination: lower case, no final dot, an internationalised domain as its
 * A-label (xn--...), an address literal with its address as inet_ntop writes it. What is not valid in
 * any of these ways stays as it is, in lower case: it is a stranger's, and it was logged. The only place that names
 * libidn2 (docs/decisions/0010-idn.md).
 */
#ifndef QLAPSE_CLASSIFY_DOMAIN_H
#define QLAPSE_CLASSIFY_DOMAIN_H

#include "lib/base/arena.h"

/* The bytes of an IPv4 or IPv6 address; their number, 0 if it is none. */
size_t domain_address(struct str s, unsigned char ret[16]);

/* A host's or domain's name in that form. Empty for an empty name. */
struct str domain_fold(struct str name, struct arena *a);

/* That of the domain of an envelope address (RFC 5321: quoted local parts, source routes, literals, angle brackets
 * around it); empty if it has none. */
struct str domain_of(struct str address, struct arena *a);

#endif
