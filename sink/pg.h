/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pg - one connection to PostgreSQL that never blocks for good; sink/ is the only folder that names libpq
 *
 * Every statement is sent and waited for with a limit, so that a server which hangs cannot hold the process, and the
 * wait ends soon after the program is told to stop. Values are always bound, in binary; no text of a record ever
 * becomes part of a statement.
 *
 * On any failure the connection is closed, which makes the server roll back what was open: whoever goes on connects
 * anew and asks what was committed. err tells what may be done:
 *   ERR_RETRY   the server is away, full, read-only, starting, or another one was faster: later it may work
 *   ERR_SKIP    it refuses a value of the statement
 *   ERR_CONFIG  connection string, rights or schema are wrong
 *   ERR_FATAL   what must not happen
 */
#ifndef QLAPSE_SINK_PG_H
#define QLAPSE_SINK_PG_H

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "sink/pg_array.h"

struct pg_config {
	const char *conninfo;      /* libpq's: "host=... dbname=..." or a URI; NULL: PGHOST and so on */
	const char *password_file; /* its first line is the password; NULL: libpq's own ways (PGPASSFILE) */
	int64_t (*clock_ms)(void);
	bool (*stopping)(void); /* a wait that lasts is cut short once it says so; NULL: never */
};

struct pg;

struct pg *pg_new(const struct pg_config *c); /* the config is copied, its strings are not */
void pg_free(struct pg *g);

int pg_check_config(const struct pg_config *c, struct err *err); /* without asking the server */
int pg_connect(struct pg *g, struct err *err);                    /* one attempt; a connection that is there is closed */
void pg_close(struct pg *g);
bool pg_is_open(const struct pg *g);
void pg_where(const struct pg *g, struct buf *out); /* "database on host", for people */

/* Rows that were returned, or else changed; -1 err. args may be NULL. */
int64_t pg_exec(struct pg *g, const char *sql, struct pg_array *const *args, size_t n_args, struct err *err);
/* Several statements in one text, without values. */
int pg_script(struct pg *g, const char *sql, struct err *err);
/* A value of the last result as text, valid until the next call; "" for NULL. */
struct str pg_value(const struct pg *g, int row, int column);
int64_t pg_number(const struct pg *g, int row, int column); /* -1 unless it is one */

#endif
