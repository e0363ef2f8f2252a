/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_server - see http_server.h
 *
 * The loop is ours and not the library's, because its time-out is one of silence: a client that sends a byte now and then
 * would keep its place for ever. A connection that is older than CONNECTION_LIMIT_MS is shut down, whatever it does.
 */
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <microhttpd.h>

#include "lib/base/check.h"
#include "lib/http/http_server.h"

enum {
	CONNECTIONS_MAX = 64,
	CONNECTIONS_PER_ADDRESS = 16,
	CONNECTION_BYTES = 16 * 1024,
	CONNECTION_LIMIT_MS = 15000,
	SILENCE_LIMIT_S = 10,
	LOOK_EVERY_MS = 1000,
	BACKLOG = 64,
};

struct place {  /* of a connection */
	int fd; /* -1: free */
	int64_t since_ms;
};

struct http_server {
	http_handler *handle;
	void *arg;
	struct MHD_Daemon *daemon;
	pthread_t thread;
	int stop_fd;
	struct place places[CONNECTIONS_MAX];
	struct buf body; /* kept from reply to reply */
	char listens_on[300];
};

static int64_t steady_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static enum MHD_Result answer(struct MHD_Connection *connection, unsigned status, const char *type, const char *allow,
                              struct str body)
{
	struct MHD_Response *r =
	    MHD_create_response_from_buffer(body.n, (void *)(uintptr_t)body.p, MHD_RESPMEM_MUST_COPY);
	if (r == NULL)
		return MHD_NO; /* closes the connection */
	MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	MHD_add_response_header(r, MHD_HTTP_HEADER_CONNECTION, "close");
	MHD_add_response_header(r, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	MHD_add_response_header(r, "X-Content-Type-Options", "nosniff");
	if (allow != NULL)
		MHD_add_response_header(r, MHD_HTTP_HEADER_ALLOW, allow);
	enum MHD_Result result = MHD_queue_response(connection, status, r);
	MHD_destroy_response(r);
	return result;
}

/* Called once the head of the request is there; the answer is queued at once, so that no body is ever waited for. */
static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection, const char *url, const char *method,
                                  const char *version, const char *upload, size_t *upload_n, void **context)
{
	struct http_server *s = arg;
	struct http_reply reply = {.status = HTTP_NOT_FOUND, .type = "text/plain; charset=utf-8", .body = s->body};

	(void)version;
	(void)upload;
	(void)upload_n;
	(void)context;
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
		return answer(connection, MHD_HTTP_METHOD_NOT_ALLOWED, reply.type, "GET, HEAD",
		              STR("only GET and HEAD are answered here\n"));
	buf_clear(&reply.body);
	s->handle(s->arg, str_from(url), &reply);
	if (reply.status == HTTP_NOT_FOUND && reply.body.n == 0)
		buf_str(&reply.body, STR("there is nothing here; see /\n"));
	s->body = reply.body;
	return answer(connection, (unsigned)reply.status, reply.type, NULL, buf_view(&s->body));
}

static struct place *find_place(struct http_server *s, int fd)
{
	for (size_t i = 0; i < CONNECTIONS_MAX; i++)
		if (s->places[i].fd == fd)
			return &s->places[i];
	return NULL;
}

static void on_connection(void *arg, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode code)
{
	struct http_server *s = arg;
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	bool started = code == MHD_CONNECTION_NOTIFY_STARTED;
	struct place *place = info == NULL ? NULL : find_place(s, started ? -1 : info->connect_fd);

	(void)context;
	if (place != NULL)
		*place = (struct place){started ? info->connect_fd : -1, steady_ms()};
}

static void end_old_connections(struct http_server *s)
{
	int64_t now_ms = steady_ms();

	for (size_t i = 0; i < CONNECTIONS_MAX; i++)
		if (s->places[i].fd >= 0 && now_ms - s->places[i].since_ms > CONNECTION_LIMIT_MS)
			shutdown(s->places[i].fd, SHUT_RDWR); /* the library sees it and closes */
}

static void *serve(void *arg)
{
	struct http_server *s = arg;
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	struct pollfd fds[] = {{.fd = info->epoll_fd, .events = POLLIN}, {.fd = s->stop_fd, .events = POLLIN}};

	while (fds[1].revents == 0) {
		MHD_UNSIGNED_LONG_LONG wait_ms = LOOK_EVERY_MS;
		if (MHD_get_timeout(s->daemon, &wait_ms) != MHD_YES || wait_ms > LOOK_EVERY_MS)
			wait_ms = LOOK_EVERY_MS;
		poll(fds, 2, (int)wait_ms);
		MHD_run(s->daemon);
		end_old_connections(s);
	}
	return NULL;
}

/* Cuts "HOST:PORT" and "[HOST]:PORT". */
static bool cut_address(const char *listen, struct str *ret_host, struct str *ret_port)
{
	struct str host = str_from(listen), port;
	ssize_t colon = str_rchr(host, ':');
	int64_t number;

	if (colon < 1)
		return false;
	port = str_skip(host, (size_t)colon + 1);
	host = str_head(host, (size_t)colon);
	if (host.p[0] == '[' && host.p[host.n - 1] == ']')
		host = str_of(host.p + 1, host.n - 2);
	else if (str_chr(host, ':') >= 0)
		return false;
	if (host.n == 0 || host.n > 255 || port.n > 5 || !str_i64(port, &number) || number < 0 || number > 65535)
		return false;
	*ret_host = host;
	*ret_port = port;
	return true;
}

int http_address_check(const char *listen, struct err *err)
{
	struct str host, port;

	if (cut_address(listen, &host, &port))
		return 0;
	return err_set(err, ERR_CONFIG,
	               "'%.100s' is no address to listen on: HOST:PORT is wanted, such as 127.0.0.1:9877 or [::1]:9877",
	               listen);
}

static struct addrinfo *look_up(const char *listen, struct err *err)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
	struct addrinfo *found = NULL;
	struct str host, port;
	char name[256], service[6];

	if (http_address_check(listen, err) < 0 || !cut_address(listen, &host, &port))
		return NULL;
	snprintf(name, sizeof(name), "%.*s", STR_FMT(host));
	snprintf(service, sizeof(service), "%.*s", STR_FMT(port));
	int code = getaddrinfo(name, service, &hints, &found);
	if (code != 0) {
		err_set(err, ERR_CONFIG, "cannot listen on '%s': %s", listen, gai_strerror(code));
		return NULL;
	}
	return found;
}

static int open_socket(const char *listen_on, const struct addrinfo *at, struct err *err)
{
	int fd = socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, at->ai_protocol);
	const int yes = 1;

	if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) == 0 &&
	    bind(fd, at->ai_addr, at->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	err_set(err, ERR_FATAL, "cannot listen on '%s': %s", listen_on, strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

static void tell_address(int fd, char *ret, size_t size)
{
	struct sockaddr_storage at = {.ss_family = AF_UNSPEC};
	socklen_t n = sizeof(at);
	char host[256], port[8];

	ret[0] = '\0';
	if (getsockname(fd, (struct sockaddr *)&at, &n) == 0 &&
	    getnameinfo((struct sockaddr *)&at, n, host, sizeof(host), port, sizeof(port),
	                NI_NUMERICHOST | NI_NUMERICSERV) == 0)
		snprintf(ret, size, at.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
}

/* Paths stay as they came: an escaped NUL would end them early. */
static size_t leave_escaped(void *arg, struct MHD_Connection *connection, char *text)
{
	(void)arg;
	(void)connection;
	return strlen(text);
}

static struct MHD_Daemon *start_daemon(struct http_server *s, int fd, bool ipv6)
{
	unsigned flags = MHD_USE_EPOLL | (ipv6 ? MHD_USE_IPv6 : 0);

	return MHD_start_daemon(flags, 0, NULL, NULL, on_request, s, MHD_OPTION_LISTEN_SOCKET, fd,
	                        MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
	                        MHD_OPTION_PER_IP_CONNECTION_LIMIT, (unsigned)CONNECTIONS_PER_ADDRESS,
	                        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES,
	                        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)SILENCE_LIMIT_S, MHD_OPTION_NOTIFY_CONNECTION,
	                        on_connection, s, MHD_OPTION_UNESCAPE_CALLBACK, leave_escaped, NULL, MHD_OPTION_END);
}

/* Signals are for the other threads. */
static void start_thread(struct http_server *s)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	CHECK(pthread_create(&s->thread, NULL, serve, s) == 0);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

struct http_server *http_open(const char *listen, http_handler *handle, void *arg, struct err *err)
{
	struct addrinfo *at = look_up(listen, err);
	int fd = at == NULL ? -1 : open_socket(listen, at, err);
	bool ipv6 = at != NULL && at->ai_family == AF_INET6;

	if (at != NULL)
		freeaddrinfo(at);
	if (fd < 0)
		return NULL;
	struct http_server *s = xcalloc(1, sizeof(*s));
	s->handle = handle;
	s->arg = arg;
	for (size_t i = 0; i < CONNECTIONS_MAX; i++)
		s->places[i].fd = -1;
	tell_address(fd, s->listens_on, sizeof(s->listens_on));
	s->stop_fd = eventfd(0, EFD_CLOEXEC);
	s->daemon = s->stop_fd < 0 ? NULL : start_daemon(s, fd, ipv6); /* takes fd if it succeeds */
	if (s->daemon == NULL) {
		err_set(err, ERR_FATAL, "cannot serve HTTP on '%s'", listen);
		close(fd);
		if (s->stop_fd >= 0)
			close(s->stop_fd);
		free(s);
		return NULL;
	}
	start_thread(s);
	return s;
}

void http_close(struct http_server *s)
{
	const uint64_t one = 1;

	if (s == NULL)
		return;
	CHECK(write(s->stop_fd, &one, sizeof(one)) == sizeof(one));
	pthread_join(s->thread, NULL);
	MHD_stop_daemon(s->daemon);
	close(s->stop_fd);
	buf_release(&s->body);
	free(s);
}

const char *http_listens_on(const struct http_server *s)
{
	return s->listens_on;
}

const char *http_version(void)
{
	return MHD_get_version();
}
