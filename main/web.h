/* SPDX-License-Identifier: Apache-2.0 */
/* web - what is told over HTTP: /metrics, /healthz, /readyz, /version, and an index of them */
#ifndef QLAPSE_MAIN_WEB_H
#define QLAPSE_MAIN_WEB_H

#include "lib/http/http_server.h"

/* What the answers are made of. All are called from the server's thread. */
struct web_source {
	void (*metrics)(void *arg, struct buf *out);
	bool (*ready)(void *arg, struct buf *why_not);
	bool (*healthy)(void *arg, struct buf *why_not);
	void *arg;
};

/* The source must outlive the server. err as http_open. */
struct http_server *web_open(const char *listen, const struct web_source *source, struct err *err);

struct board;
struct web_source web_of_board(struct board *b);

#endif
