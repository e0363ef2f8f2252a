/* SPDX-License-Identifier: Apache-2.0 */
/*
 * route - which connector covers a delivery
 *
 * One condition of a connector that fits is enough, of whichever kind, and the first connector in the configuration
 * wins. What that takes does not grow with the number of names; networks are compared one by one.
 */
#ifndef QLAPSE_CLASSIFY_ROUTE_H
#define QLAPSE_CLASSIFY_ROUTE_H

#include "lib/mail/connector.h"
#include "lib/mail/records.h"

struct routes;

/* The connectors must outlive it. */
struct routes *routes_new(const struct connector *list, size_t n);
void routes_free(struct routes *r);

/* By destination, next hop and its address, service and instance of the delivery; NULL: none. */
const struct connector *routes_find(const struct routes *r, const struct delivery *d);

/* Connector i of the list never wins, because earlier ones cover each of its conditions: the first of those.
 * Otherwise NULL. */
const struct connector *route_hidden_by(const struct connector *list, size_t i);

#endif
