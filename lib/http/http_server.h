/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_server - answers GET and HEAD on one address from one thread of its own, for scrapers and probes
 *
 * The only place that names libmicrohttpd. Everything a client can make us hold is bounded: connections in all and
 * per address, memory per connection (a request that does not fit into it is refused), and the time of a connection from
 * its first byte to its last. Each connection carries one request; bodies of requests are not read.
 *
 * The handler runs in the server's thread, one call at a time.
 */
#ifndef QLAPSE_HTTP_HTTP_SERVER_H
#define QLAPSE_HTTP_HTTP_SERVER_H

#include "lib/base/buf.h"
#include "lib/base/err.h"

enum { HTTP_OK = 200, HTTP_NOT_FOUND = 404, HTTP_UNAVAILABLE = 503 };

struct http_reply {
	int status;
	const char *type; /* content type */
	struct buf body;
};

/* path is without the query. The reply comes in as 404 with an empty body. */
typedef void http_handler(void *arg, struct str path, struct http_reply *reply);

struct http_server;

/* HOST:PORT, an IPv6 address in brackets; port 0 takes a free one. ERR_CONFIG if that is no address, else ERR_FATAL. */
struct http_server *http_open(const char *listen, http_handler *handle, void *arg, struct err *err);
void http_close(struct http_server *s);                   /* ends the thread; NULL is fine */
const char *http_listens_on(const struct http_server *s); /* the address with the real port */

int http_address_check(const char *listen, struct err *err); /* the form only: nothing is looked up */
const char *http_version(void);                              /* of the library */

#endif
