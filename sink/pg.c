/* SPDX-License-Identifier: Apache-2.0 */
/* pg - see pg.h */
#include "sink/pg.h"

#include <errno.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/check.h"
#include "lib/base/text.h"

enum {
	CONNECT_MS = 15000, /* from the first packet to a session */
	ANSWER_MS = 60000,  /* to any statement */
	STOPPING_MS = 5000, /* the same once the program is to stop */
	SLICE_MS = 100,     /* how often a wait looks whether it is */
	ARGS_MAX = 8,
};

struct pg {
	struct pg_config c;
	PGconn *conn;
	PGresult *result;
};

struct pg *pg_new(const struct pg_config *c)
{
	struct pg *g = xcalloc(1, sizeof(*g));

	g->c = *c;
	return g;
}

void pg_close(struct pg *g)
{
	PQclear(g->result);
	g->result = NULL;
	PQfinish(g->conn);
	g->conn = NULL;
}

void pg_free(struct pg *g)
{
	if (!g)
		return;
	pg_close(g);
	free(g);
}

bool pg_is_open(const struct pg *g)
{
	return g->conn != NULL;
}

/* libpq's messages may have several lines, and words of the server: one clean line is made of them. */
static int fail(struct pg *g, enum err_kind kind, const char *message, struct err *err)
{
	struct buf text = BUF_INIT;
	struct str words = str_trim(str_from(message));

	text_clean(&text, words, 300);
	err_set(err, kind, "postgres: %s", text.n ? buf_z(&text) : "no answer");
	buf_release(&text);
	pg_close(g);
	return -1;
}

/* What may be done about an error: by SQLSTATE, the first that it begins with. */
static const struct {
	const char *state;
	enum err_kind kind;
} states[] = {
    {"08", ERR_RETRY},    /* connection */
    {"22", ERR_SKIP},     /* a value */
    {"23505", ERR_FATAL}, /* a row that is there already: never from us */
    {"23514", ERR_RETRY}, /* the day's partition has just been dropped */
    {"23", ERR_SKIP},     /* a value that its column does not take */
    {"25", ERR_RETRY},    /* read-only: a standby */
    {"40", ERR_RETRY},    /* serialisation, deadlock */
    {"53", ERR_RETRY},    /* disk, memory, connections */
    {"54", ERR_SKIP},     /* a value too large for an index */
    {"55", ERR_RETRY},    /* a lock that is not to be had */
    {"57", ERR_RETRY},    /* shut down, cancelled, starting */
    {"58", ERR_RETRY},    /* input and output */
    {"XX", ERR_RETRY},    /* the server's own trouble */
    {"28", ERR_CONFIG},   {"3D", ERR_CONFIG}, {"3F", ERR_CONFIG}, {"42", ERR_CONFIG}, {"0A", ERR_CONFIG},
};

static int fail_result(struct pg *g, const PGresult *r, struct err *err)
{
	const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);
	const char *words = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);
	enum err_kind kind = state ? ERR_FATAL : ERR_RETRY; /* without one it is libpq's: the connection is gone */
	char text[400];

	for (size_t i = 0; state && i < sizeof(states) / sizeof(*states); i++) {
		if (!str_starts(str_from(state), str_from(states[i].state)))
			continue;
		kind = states[i].kind;
		break;
	}
	snprintf(text, sizeof(text), "%s (%s)", words ? words : PQerrorMessage(g->conn), state ? state : "connection");
	return fail(g, kind, text, err);
}

/* Waits for the socket until the limit; false when it has passed. */
static bool wait_socket(struct pg *g, short events, int64_t begun_ms, int64_t limit_ms)
{
	struct pollfd fd = {.fd = PQsocket(g->conn), .events = events};

	for (;;) {
		int got = poll(&fd, 1, SLICE_MS);

		if (got > 0)
			return true;
		if (got < 0 && errno != EINTR)
			return false;
		if (g->c.stopping && g->c.stopping() && limit_ms > STOPPING_MS)
			limit_ms = STOPPING_MS;
		if (g->c.clock_ms() - begun_ms > limit_ms)
			return false;
	}
}

/* The connection's settings: ours where the user has none, the user's, and the password from its file. */
struct params {
	const char *names[16], *values[16];
	size_t n;
};

static void add_param(struct params *p, const char *name, const char *value)
{
	CHECK(p->n + 1 < sizeof(p->names) / sizeof(*p->names));
	p->names[p->n] = name;
	p->values[p->n++] = value;
}

/* The later of two equal names counts; dbname holds a whole connection string, and what it says counts from there on. */
static void make_params(const struct pg_config *c, const char *password, struct params *ret)
{
	*ret = (struct params){.n = 0};
	add_param(ret, "application_name", "qlapse-sink");
	add_param(ret, "connect_timeout", "10");
	add_param(ret, "keepalives_idle", "15");
	add_param(ret, "keepalives_interval", "5");
	add_param(ret, "keepalives_count", "3");
	add_param(ret, "tcp_user_timeout", "30000");
	add_param(ret, "target_session_attrs", "read-write");
	if (c->conninfo)
		add_param(ret, "dbname", c->conninfo);
	if (password)
		add_param(ret, "password", password);
	add_param(ret, "client_encoding", "UTF8");
}

static int read_password(const struct pg_config *c, struct buf *ret, struct err *err)
{
	char line[512] = "";
	FILE *f;

	if (!c->password_file)
		return 0;
	f = fopen(c->password_file, "re");
	if (!f)
		return err_set(err, ERR_CONFIG, "sink.postgres.password_file: cannot read '%s': %s", c->password_file,
		               strerror(errno));
	if (!fgets(line, sizeof(line), f))
		line[0] = '\0';
	fclose(f);
	line[strcspn(line, "\r\n")] = '\0';
	buf_str(ret, str_from(line));
	if (!ret->n)
		return err_set(err, ERR_CONFIG, "sink.postgres.password_file: '%s' is empty", c->password_file);
	return 0;
}

int pg_check_config(const struct pg_config *c, struct err *err)
{
	struct buf password = BUF_INIT;
	char *why = NULL;
	PQconninfoOption *options = PQconninfoParse(c->conninfo ? c->conninfo : "", &why);
	int result = read_password(c, &password, err);

	buf_release(&password);
	if (!options) /* the message may repeat what was wrong, but no value */
		result = err_set(err, ERR_CONFIG, "sink.postgres.conninfo: %.*s",
		                 STR_FMT(str_trim(str_from(why ? why : "cannot be read"))));
	PQconninfoFree(options);
	PQfreemem(why);
	return result;
}

static int finish_connecting(struct pg *g, struct err *err)
{
	int64_t begun_ms = g->c.clock_ms();
	PostgresPollingStatusType status = PGRES_POLLING_WRITING;

	while (status != PGRES_POLLING_OK) {
		if (status == PGRES_POLLING_FAILED)
			return fail(g, ERR_RETRY, PQerrorMessage(g->conn), err);
		if (!wait_socket(g, status == PGRES_POLLING_READING ? POLLIN : POLLOUT, begun_ms, CONNECT_MS))
			return fail(g, ERR_RETRY, "no connection within the time", err);
		status = PQconnectPoll(g->conn);
	}
	return 0;
}

static void no_notice(void *arg, const PGresult *r)
{
	(void)arg;
	(void)r;
}

int pg_connect(struct pg *g, struct err *err)
{
	struct buf password = BUF_INIT;
	struct params params;
	int result;

	pg_close(g);
	if (read_password(&g->c, &password, err) < 0) {
		buf_release(&password);
		return -1;
	}
	make_params(&g->c, password.n ? buf_z(&password) : NULL, &params);
	g->conn = PQconnectStartParams(params.names, params.values, 1);
	CHECK(g->conn);
	result = PQstatus(g->conn) == CONNECTION_BAD ? fail(g, ERR_RETRY, PQerrorMessage(g->conn), err)
	                                             : finish_connecting(g, err);
	if (password.p)
		explicit_bzero(password.p, password.cap);
	buf_release(&password);
	if (result < 0)
		return -1;
	PQsetNoticeReceiver(g->conn, no_notice, NULL);
	PQsetnonblocking(g->conn, 1);
	/* names are always written out; an idle transaction cannot come from us unless we are stuck */
	return pg_script(g, "SET search_path = pg_catalog; SET idle_in_transaction_session_timeout = '2min'", err);
}

void pg_where(const struct pg *g, struct buf *out)
{
	if (g->conn)
		buf_fmt(out, "%s on %s, PostgreSQL %d", PQdb(g->conn), PQhost(g->conn), PQserverVersion(g->conn) / 10000);
}

static int flush_out(struct pg *g, int64_t begun_ms)
{
	int left;

	while ((left = PQflush(g->conn)) > 0) {
		/* the server may want to be read from before it takes more */
		if (!wait_socket(g, POLLIN | POLLOUT, begun_ms, ANSWER_MS) || !PQconsumeInput(g->conn))
			return -1;
	}
	return left;
}

/* The last result of what was sent, or the first that is an error; -1 where none comes. */
static int take_results(struct pg *g, struct err *err)
{
	int64_t begun_ms = g->c.clock_ms();
	bool failed = false;
	PGresult *r;

	if (flush_out(g, begun_ms) < 0)
		return fail(g, ERR_RETRY, PQerrorMessage(g->conn), err);
	for (;;) {
		while (PQisBusy(g->conn)) {
			if (!wait_socket(g, POLLIN, begun_ms, ANSWER_MS))
				return fail(g, ERR_RETRY, "no answer within the time", err);
			if (!PQconsumeInput(g->conn))
				return fail(g, ERR_RETRY, PQerrorMessage(g->conn), err);
		}
		r = PQgetResult(g->conn);
		if (!r)
			break;
		if (!failed) {
			PQclear(g->result);
			g->result = r;
			failed = PQresultStatus(r) != PGRES_COMMAND_OK && PQresultStatus(r) != PGRES_TUPLES_OK;
		} else {
			PQclear(r);
		}
	}
	if (!g->result)
		return fail(g, ERR_RETRY, PQerrorMessage(g->conn), err);
	return failed ? fail_result(g, g->result, err) : 0;
}

static int ready(struct pg *g, struct err *err)
{
	if (!g->conn)
		return err_set(err, ERR_RETRY, "postgres: not connected");
	PQclear(g->result);
	g->result = NULL;
	return 0;
}

int64_t pg_exec(struct pg *g, const char *sql, struct pg_array *const *args, size_t n_args, struct err *err)
{
	Oid types[ARGS_MAX];
	const char *values[ARGS_MAX];
	int lengths[ARGS_MAX], formats[ARGS_MAX];

	CHECK(n_args <= ARGS_MAX);
	if (ready(g, err) < 0)
		return -1;
	for (size_t i = 0; i < n_args; i++) {
		struct str bytes = pg_array_finish(args[i]);

		types[i] = pg_array_oid(args[i]);
		values[i] = bytes.p;
		lengths[i] = (int)bytes.n;
		formats[i] = 1;
	}
	if (!PQsendQueryParams(g->conn, sql, (int)n_args, types, values, lengths, formats, 0))
		return fail(g, ERR_RETRY, PQerrorMessage(g->conn), err);
	if (take_results(g, err) < 0)
		return -1;
	if (PQresultStatus(g->result) == PGRES_TUPLES_OK)
		return PQntuples(g->result);
	int64_t n = 0;
	return str_i64(str_from(PQcmdTuples(g->result)), &n) ? n : 0;
}

int pg_script(struct pg *g, const char *sql, struct err *err)
{
	if (ready(g, err) < 0)
		return -1;
	if (!PQsendQuery(g->conn, sql))
		return fail(g, ERR_RETRY, PQerrorMessage(g->conn), err);
	return take_results(g, err);
}

struct str pg_value(const struct pg *g, int row, int column)
{
	return str_of(PQgetvalue(g->result, row, column), (size_t)PQgetlength(g->result, row, column));
}

int64_t pg_number(const struct pg *g, int row, int column)
{
	int64_t n;

	return str_i64(pg_value(g, row, column), &n) ? n : -1;
}
