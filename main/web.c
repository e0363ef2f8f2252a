/* SPDX-License-Identifier: Apache-2.0 */
/* web - see web.h */
#include "lib/kafka/kafka_client.h"
#include "main/board.h"
#include "main/clock.h"
#include "main/metrics.h"
#include "main/web.h"

static void answer_metrics(const struct web_source *s, struct http_reply *r)
{
	r->status = HTTP_OK;
	r->type = METRICS_CONTENT_TYPE;
	s->metrics(s->arg, &r->body);
}

static void answer_yes_or_no(bool yes, struct http_reply *r)
{
	r->status = yes ? HTTP_OK : HTTP_UNAVAILABLE;
	if (yes)
		buf_str(&r->body, STR("ok\n"));
}

static void answer_ready(const struct web_source *s, struct http_reply *r)
{
	answer_yes_or_no(s->ready(s->arg, &r->body), r);
}

static void answer_healthy(const struct web_source *s, struct http_reply *r)
{
	answer_yes_or_no(s->healthy(s->arg, &r->body), r);
}

static void answer_version(const struct web_source *s, struct http_reply *r)
{
	(void)s;
	r->status = HTTP_OK;
	r->type = "application/json";
	buf_fmt(&r->body, "{\"qlapse\":\"%s\",\"librdkafka\":\"%s\",\"libmicrohttpd\":\"%s\"}\n", QLAPSE_VERSION,
	        kafka_version(), http_version());
}

static void answer_index(const struct web_source *s, struct http_reply *r);

static const struct {
	const char *path, *prose;
	void (*answer)(const struct web_source *s, struct http_reply *r);
} pages[] = {
    {"/", "this list", answer_index},
    {"/metrics", "numbers, for Prometheus", answer_metrics},
    {"/healthz", "200 while the workers come round, else 503: restart", answer_healthy},
    {"/readyz", "200 once all workers have their partitions and their state, else 503 and who has not", answer_ready},
    {"/version", "which program this is, as JSON", answer_version},
};

static void answer_index(const struct web_source *s, struct http_reply *r)
{
	(void)s;
	r->status = HTTP_OK;
	buf_str(&r->body, STR("qlapse " QLAPSE_VERSION "\n"));
	for (size_t i = 0; i < sizeof(pages) / sizeof(*pages); i++)
		buf_fmt(&r->body, "%-10s%s\n", pages[i].path, pages[i].prose);
}

static void answer(void *arg, struct str path, struct http_reply *reply)
{
	for (size_t i = 0; i < sizeof(pages) / sizeof(*pages); i++)
		if (str_eq(path, str_from(pages[i].path)))
			pages[i].answer(arg, reply);
}

struct http_server *web_open(const char *listen, const struct web_source *source, struct err *err)
{
	return http_open(listen, answer, (void *)(uintptr_t)source, err);
}

static void metrics_of_board(void *arg, struct buf *out)
{
	board_metrics(arg, clock_wall_ms(), clock_steady_ms(), out);
}

static bool board_is_ready(void *arg, struct buf *why_not)
{
	return board_ready(arg, why_not);
}

static bool board_is_healthy(void *arg, struct buf *why_not)
{
	return board_healthy(arg, clock_steady_ms(), why_not);
}

struct web_source web_of_board(struct board *b)
{
	return (struct web_source){metrics_of_board, board_is_ready, board_is_healthy, b};
}
