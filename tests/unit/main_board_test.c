/* SPDX-License-Identifier: Apache-2.0 */
/*
 * main_board_test - workers write to the board while others scrape it over HTTP: nothing is torn, and what is told at the
 * end is what the workers did. tests/tsan.sh builds this with ThreadSanitizer, too. And what makes a process ready and
 * healthy.
 */
#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>

#include "lib/stream/memlog.h"
#include "main/board.h"
#include "main/clock.h"
#include "main/counts.h"
#include "main/pipeline.h"
#include "main/web.h"
#include "support.h"

enum { MESSAGES = 3000, SCRAPERS = 3 };

#define BEGIN_MS ((int64_t)1795000000000)

struct rig {
	struct config config;
	struct arena arena;
	struct topic_list list;
	struct catalog *catalog;
	struct membus *bus;
	struct stage_instance *stages[STAGE_N];
	struct worker *workers[STAGE_N];
	size_t seats[STAGE_N];
	struct board *board;
	struct web_source source;
	struct http_server *web;
	atomic_bool done;
};

static void count(void *arg, const char *name, int64_t n)
{
	board_count(arg, name, n);
}

static void rig_open(struct rig *r, struct config *c)
{
	struct err err = {0};

	c->raw = arena_zalloc(&c->arena, sizeof(*c->raw));
	c->raw[0] = (struct raw_topic){"raw", 1};
	c->n_raw = 1;
	c->metrics_groups = 5;
	c->http_listen = "127.0.0.1:0";
	topic_list_make(&r->list, c, 1, &r->arena);
	r->catalog = catalog_load(&c->catalog, &err);
	assert_non_null(r->catalog);
	r->board = board_new(r->list.items, clock_wall_ms());
	r->bus = membus_new(r->list.items, r->list.n);
	for (int id = 0; id < STAGE_N; id++) {
		struct worker_config wc;

		r->stages[id] = stage_instance_new((enum stage_id)id, c, &r->list, r->catalog, &err);
		stage_instance_worker(r->stages[id], &wc);
		wc.batch = 10; /* so that there are many transactions */
		wc.linger_ms = wc.tick_interval_ms = 0;
		wc.tick_refresh_ms = wc.stall_after_ms = wc.skew_ms = TIME_NEVER;
		wc.clock_limited = false;
		wc.count = count;
		wc.arg = r->board;
		r->workers[id] = worker_new(&wc, membus_open(r->bus, wc.inputs, wc.n_inputs));
		r->seats[id] = board_seat(r->board, (enum stage_id)id, 0, clock_steady_ms());
	}
	r->source = web_of_board(r->board);
	r->web = web_open(c->http_listen, &r->source, &err);
	assert_non_null(r->web);
}

static void rig_close(struct rig *r)
{
	http_close(r->web);
	for (int id = 0; id < STAGE_N; id++) {
		worker_free(r->workers[id]);
		stage_instance_free(r->stages[id]);
	}
	membus_free(r->bus);
	board_free(r->board);
	catalog_free(r->catalog);
	config_release(&r->config);
	arena_release(&r->arena);
}

static void feed(const struct rig *r)
{
	for (int i = 0; i < MESSAGES; i++) {
		struct log_record rec = {.topic = r->list.raw[0], .ts_ms = BEGIN_MS + i * (int64_t)1000};
		struct buf line = BUF_INIT;
		char stamp[25];

		time_format(rec.ts_ms, stamp);
		buf_fmt(&line,
		        "%s mx1 postfix/smtp[7]: %X: to=<u@d%d.example>, relay=none, delay=9, delays=9/0/0/0, "
		        "dsn=4.4.1, status=deferred (connect to mx.d%d.example[192.0.2.%d]:25: Connection refused)",
		        stamp, 0x100000 + i, i % 40, i % 40, i % 40);
		rec.value = buf_view(&line);
		membus_append(r->bus, &rec);
		buf_release(&line);
	}
	membus_clock(r->bus, r->list.raw[0], 0, BEGIN_MS + (int64_t)3600 * 1000);
}

/* One request over a socket of its own; the whole answer. */
static void ask(const struct rig *r, const char *path, struct buf *ret)
{
	struct str at = str_from(http_listens_on(r->web));
	int64_t port;
	ssize_t n;
	char request[100];
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_true(str_i64(str_skip(at, (size_t)str_rchr(at, ':') + 1), &port));
	const struct sockaddr_in to = {
	    .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
	assert_int_equal(connect(fd, (const struct sockaddr *)&to, sizeof(to)), 0);
	snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", path);
	assert_int_equal(send(fd, request, strlen(request), MSG_NOSIGNAL), strlen(request));
	buf_clear(ret);
	do {
		buf_reserve(ret, 65536);
		n = recv(fd, ret->p + ret->n, 65536, 0);
		ret->n += n > 0 ? (size_t)n : 0;
	} while (n > 0);
	close(fd);
}

/* The number behind a sample's name and labels; -1: it is not there. */
static int64_t number_of(const struct buf *page, const char *sample)
{
	struct str rest = buf_view(page), line;
	int64_t n = -1;

	while (str_cut(&rest, '\n', &line))
		if (str_eat(&line, str_from(sample)) && str_eat(&line, STR(" ")) && str_i64(line, &n))
			return n;
	return -1;
}

/* What was wrong, or NULL: cmocka's assertions are for the main thread. */
static void *scrape(void *arg)
{
	struct rig *r = arg;
	struct buf page = BUF_INIT;
	int64_t before = 0;
	const char *wrong = NULL;

	do {
		ask(r, "/metrics", &page);
		int64_t now = number_of(&page, "qlapse_records_total{stage=\"ingest\",worker=\"0\"}");
		if (now < before)
			wrong = "a counter that falls, or is missing";
		before = now;
		ask(r, "/readyz", &page);
		ask(r, "/healthz", &page);
		if (!str_starts(buf_view(&page), STR("HTTP/1.1 200 ")))
			wrong = "not healthy";
	} while (wrong == NULL && !atomic_load(&r->done));
	buf_release(&page);
	return (void *)(uintptr_t)wrong;
}

/* Each look is a second later, so that each is written. */
static void post(struct rig *r, int64_t *inout_ms)
{
	*inout_ms += 1000;
	for (int id = 0; id < STAGE_N; id++)
		board_see(r->board, r->seats[id], r->workers[id], NULL, stage_instance_fleet(r->stages[id]),
		          clock_steady_ms() + *inout_ms);
}

static void run_all(struct rig *r)
{
	struct err err = {0};
	int64_t later_ms = 0;
	bool busy = true;

	while (busy) {
		busy = false;
		for (int id = 0; id < STAGE_N; id++)
			busy |= worker_step(r->workers[id], 0, 0, &err) == WORKER_BUSY;
		post(r, &later_ms);
	}
}

static void scrapes_run_beside_the_workers(void **state)
{
	struct rig r = {.arena = ARENA_INIT};
	pthread_t scrapers[SCRAPERS];
	struct buf page = BUF_INIT;

	(void)state;
	config_default(&r.config);
	rig_open(&r, &r.config);
	ask(&r, "/readyz", &page);
	assert_true(str_starts(buf_view(&page), STR("HTTP/1.1 503 ")));
	assert_true(str_find(buf_view(&page), STR("not ready: alert/0 connects to the log\n")) > 0);
	feed(&r);
	for (int i = 0; i < SCRAPERS; i++)
		assert_int_equal(pthread_create(&scrapers[i], NULL, scrape, &r), 0);
	run_all(&r);
	atomic_store(&r.done, true);
	for (int i = 0; i < SCRAPERS; i++) {
		void *wrong;
		pthread_join(scrapers[i], &wrong);
		if (wrong != NULL)
			fail_msg("%s", (const char *)wrong);
	}
	ask(&r, "/readyz", &page);
	assert_true(str_starts(buf_view(&page), STR("HTTP/1.1 200 ")));
	ask(&r, "/metrics", &page);
	expect_i64(number_of(&page, "qlapse_records_total{stage=\"ingest\",worker=\"0\"}"), MESSAGES, "lines");
	expect_i64(number_of(&page, "qlapse_events_total{event=\"deferred\"}"), MESSAGES, "events");
	expect_i64(number_of(&page, "qlapse_waiting_messages{kind=\"internet\"}"), MESSAGES, "waiting");
	expect_i64(number_of(&page, "qlapse_class_messages{class=\"connect_refused\",family=\"reach\"}"), MESSAGES,
	           "class");
	expect_i64(number_of(&page, "qlapse_destinations"), 40, "destinations");
	expect_i64(number_of(&page, "qlapse_destination_messages{group=\"~other\"}"), MESSAGES / 40 * 35, "others");
	expect_i64(number_of(&page, "qlapse_partition_waiting_records{stage=\"alert\",topic=\"qlapse.queues.v1\","
	                            "partition=\"0\"}"),
	           0, "partition");
	buf_release(&page);
	rig_close(&r);
}

static void a_worker_without_partitions_does_not_speak_for_the_fleet(void **state)
{
	static const char waiting[] = "qlapse_waiting_messages{kind=\"internet\"}";
	struct rig r = {.arena = ARENA_INIT};
	struct worker_config wc;
	struct buf page = BUF_INIT;
	struct err err = {0};
	int64_t later_ms = 0;

	(void)state;
	config_default(&r.config);
	rig_open(&r, &r.config);
	struct stage_instance *stage = stage_instance_new(STAGE_ALERT, &r.config, &r.list, r.catalog, &err);
	stage_instance_worker(stage, &wc);
	struct worker *idle = worker_new(&wc, membus_open(r.bus, wc.inputs, 0));
	size_t seat = board_seat(r.board, STAGE_ALERT, 1, clock_steady_ms());
	feed(&r);
	run_all(&r);
	post(&r, &later_ms);
	board_see(r.board, seat, idle, NULL, stage_instance_fleet(stage), clock_steady_ms());
	ask(&r, "/metrics", &page);
	expect_i64(number_of(&page, waiting), MESSAGES, "waiting");
	board_see(r.board, r.seats[STAGE_ALERT], idle, NULL, stage_instance_fleet(stage), clock_steady_ms() + 3600000);
	ask(&r, "/metrics", &page);
	expect_i64(number_of(&page, waiting), -1, "nobody has the partition any more");
	buf_release(&page);
	worker_free(idle);
	stage_instance_free(stage);
	rig_close(&r);
}

static void who_is_not_ready_is_named(void **state)
{
	struct rig r = {.arena = ARENA_INIT};
	struct buf why = BUF_INIT;
	struct err err = {0};
	int64_t later_ms = 0;

	(void)state;
	config_default(&r.config);
	rig_open(&r, &r.config);
	board_wait(r.board, "reads old files");
	post(&r, &later_ms);
	assert_false(board_ready(r.board, &why));
	assert_true(str_find(buf_view(&why), STR("not ready: ingest/0 waits to be given partitions\n")) >= 0);
	while (!worker_phase(r.workers[STAGE_INGEST]).running)
		worker_step(r.workers[STAGE_INGEST], 0, 0, &err);
	post(&r, &later_ms);
	buf_clear(&why);
	assert_false(board_ready(r.board, &why));
	assert_true(str_find(buf_view(&why), STR("ingest/0")) < 0);
	assert_true(str_find(buf_view(&why), STR("not ready: track/0 ")) >= 0);
	run_all(&r);
	buf_clear(&why);
	assert_false(board_ready(r.board, &why));
	expect_str(buf_view(&why), STR("not ready: reads old files\n"), "a wait of the whole process");
	board_wait(r.board, NULL);
	buf_clear(&why);
	assert_true(board_ready(r.board, &why));
	assert_int_equal(why.n, 0);
	buf_release(&why);
	rig_close(&r);
}

static void a_worker_that_hangs_is_unhealthy(void **state)
{
	const struct log_topic none = {"none", 1};
	struct board *b = board_new(&none, 0);
	struct buf why = BUF_INIT;

	(void)state;
	size_t first = board_seat(b, STAGE_TRACK, 0, 1000), second = board_seat(b, STAGE_TRACK, 1, 1000);
	assert_true(board_healthy(b, 121000, &why));
	board_beat(b, first, 50000);
	assert_false(board_healthy(b, 121001, &why));
	expect_str(buf_view(&why), STR("track/1 has not come round for 120 s\n"), "who");
	board_beat(b, second, 121001);
	buf_clear(&why);
	assert_true(board_healthy(b, 121001, &why));
	assert_int_equal(why.n, 0);
	buf_release(&why);
	board_free(b);
}

static void addresses_are_checked(void **state)
{
	static const struct {
		const char *listen;
		bool good;
	} table[] = {
	    {"127.0.0.1:9877", true},
	    {"[::1]:9877", true},
	    {"localhost:0", true},
	    {"0.0.0.0:65535", true},
	    {"127.0.0.1", false},
	    {":9877", false},
	    {"::1:9877", false},
	    {"127.0.0.1:", false},
	    {"127.0.0.1:65536", false},
	    {"[]:1", false},
	    {"x:-1", false},
	    {"127.0.0.1:http", false},
	    {"", false},
	    {"[::1]", false},
	};

	(void)state;
	for (size_t i = 0; i < LEN(table); i++) {
		struct err err = {0};
		expect((http_address_check(table[i].listen, &err) == 0) == table[i].good, table[i].listen);
		expect(table[i].good || err.kind == ERR_CONFIG, table[i].listen);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(scrapes_run_beside_the_workers),
	    cmocka_unit_test(a_worker_without_partitions_does_not_speak_for_the_fleet),
	    cmocka_unit_test(who_is_not_ready_is_named),
	    cmocka_unit_test(a_worker_that_hangs_is_unhealthy),
	    cmocka_unit_test(addresses_are_checked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
