/* SPDX-License-Identifier: Apache-2.0 */
/* postfix - see postfix.h: which service says what; the delivery record itself is in postfix_delivery.c */
#include <string.h>

#include "ingest/postfix.h"
#include "ingest/queueid.h"
#include "lib/base/text.h"
#include "lib/base/timefmt.h"

const char *postfix_noise(struct line_result *ret, const char *word)
{
	ret->kind = LINE_NOISE;
	return ret->word = word;
}

const char *postfix_dead(struct line_result *ret, const char *word)
{
	ret->kind = LINE_DEAD;
	return ret->word = word;
}

struct str postfix_clean(struct str s, size_t max, struct arena *scratch)
{
	struct buf b = BUF_INIT;

	if (text_is_clean(s, max))
		return s;
	if (scratch == NULL)
		return STR_NONE;
	text_clean(&b, s, max);
	struct str clean = arena_dup(scratch, buf_view(&b));
	buf_release(&b);
	return clean;
}

/* What a service's lines are about. */
typedef void read_fn(const struct ingest_config *c, const struct envelope *env, struct str text, struct arena *scratch,
                     struct line_result *ret);

static void fact(struct line_result *ret, enum event event)
{
	ret->d.event = event;
	ret->kind = event_is_fact(event) ? LINE_FACT : LINE_EVENT;
}

/* "client=host[ip], ..." */
static void read_smtpd(const struct ingest_config *c, const struct envelope *env, struct str text,
                       struct arena *scratch, struct line_result *ret)
{
	struct delivery *d = &ret->d;

	(void)c, (void)scratch;
	if (!str_starts(text, STR("client="))) {
		if (str_starts(text, STR("discard: "))) {
			fact(ret, EVENT_DISCARDED);
			return;
		}
		postfix_noise(ret, str_starts(text, STR("reject")) ? "reject" : "filter");
		return;
	}
	fact(ret, EVENT_ARRIVED);
	d->arrival_ms = env->time_ms;
	d->arrival_source = SINCE_EXPLICIT;
	d->arrival_error_ms = env->resolution_ms;
}

/* "uid=0 from=<root>[ orig_id=OLD]" */
static void read_pickup(const struct ingest_config *c, const struct envelope *env, struct str text,
                        struct arena *scratch, struct line_result *ret)
{
	struct delivery *d = &ret->d;
	struct str uid, from;

	(void)c;
	if (!str_eat(&text, STR("uid=")) || !str_cut(&text, ' ', &uid) || !str_eat(&text, STR("from=")) ||
	    !postfix_eat_address(&text, &from)) {
		postfix_noise(ret, "other_postfix");
		return;
	}
	fact(ret, EVENT_ARRIVED);
	d->arrival_ms = env->time_ms;
	d->arrival_source = SINCE_EXPLICIT;
	d->arrival_error_ms = env->resolution_ms;
	d->sender = postfix_clean(str_head(from, POSTFIX_ADDRESS_MAX), POSTFIX_ADDRESS_MAX, scratch);
	if (str_eat(&text, STR(" orig_id=")) && queueid_ok(text))
		d->orig_queue_id = text;
}

/* "message-id=<x>", "hold: ...", "discard: ...", "reject: ...", "milter-..." */
static void read_cleanup(const struct ingest_config *c, const struct envelope *env, struct str text,
                         struct arena *scratch, struct line_result *ret)
{
	(void)c, (void)env;
	if (str_eat(&text, STR("message-id="))) {
		fact(ret, EVENT_MESSAGE_ID);
		ret->d.message_id = postfix_clean(text, POSTFIX_ADDRESS_MAX, scratch);
	} else if (str_starts(text, STR("hold: "))) {
		fact(ret, EVENT_HELD);
	} else if (str_starts(text, STR("discard: "))) {
		fact(ret, EVENT_DISCARDED);
	} else if (str_starts(text, STR("reject: "))) {
		postfix_noise(ret, "reject");
	} else {
		postfix_noise(ret, "filter");
	}
}

/* "from=<s>, size=n, nrcpt=n (queue active)", "from=<s>, status=expired, returned to sender" */
static void read_from(struct str text, struct arena *scratch, struct line_result *ret)
{
	struct delivery *d = &ret->d;
	struct str from, number;

	if (!postfix_eat_address(&text, &from) || from.n > POSTFIX_ADDRESS_MAX) {
		postfix_dead(ret, from.n > POSTFIX_ADDRESS_MAX ? "field_too_long" : "cut_line");
		return;
	}
	d->sender = postfix_clean(from, POSTFIX_ADDRESS_MAX, scratch);
	d->null_sender = from.n == 0;
	if (str_eat(&text, STR(", size=")) && str_cut(&text, ',', &number) && str_i64(number, &d->size) &&
	    str_eat(&text, STR(" nrcpt="))) {
		struct str count = text;
		if (str_cut(&text, ' ', &number) ? str_i64(number, &d->recipient_count)
		                                 : str_i64(count, &d->recipient_count)) {
			fact(ret, EVENT_QUEUED);
			return;
		}
	}
	d->forced = str_starts(text, STR(", status=force-expired"));
	if (d->forced || str_starts(text, STR(", status=expired")))
		fact(ret, EVENT_EXPIRED);
	else
		postfix_dead(ret, "cut_line");
}

static void read_qmgr(const struct ingest_config *c, const struct envelope *env, struct str text, struct arena *scratch,
                      struct line_result *ret)
{
	(void)c, (void)env;
	if (str_eq(text, STR("removed")))
		fact(ret, EVENT_REMOVED);
	else if (str_eat(&text, STR("from=")))
		read_from(text, scratch, ret);
	else
		postfix_noise(ret, "other_postfix"); /* "skipped, still being delivered" and the like */
}

static void read_postsuper(const struct ingest_config *c, const struct envelope *env, struct str text,
                           struct arena *scratch, struct line_result *ret)
{
	static const struct {
		struct str word;
		enum event event;
	} actions[] = {
	    {{"removed", 7}, EVENT_DELETED},        {{"requeued", 8}, EVENT_REQUEUED},
	    {{"placed on hold", 14}, EVENT_HELD},   {{"released from hold", 18}, EVENT_RELEASED},
	    {{"expired", 7}, EVENT_EXPIRY_ORDERED},
	};

	(void)c, (void)env, (void)scratch;
	for (size_t i = 0; i < sizeof(actions) / sizeof(*actions); i++) {
		if (str_eq(text, actions[i].word)) {
			fact(ret, actions[i].event);
			return;
		}
	}
	postfix_noise(ret, "other_postfix");
}

/* "sender non-delivery notification: NEWID" */
static void read_bounce(const struct ingest_config *c, const struct envelope *env, struct str text,
                        struct arena *scratch, struct line_result *ret)
{
	ssize_t at = str_find(text, STR(" notification: "));

	(void)c, (void)env, (void)scratch;
	if (at < 0 || !queueid_ok(str_skip(text, (size_t)at + 15))) {
		postfix_noise(ret, "other_postfix");
		return;
	}
	fact(ret, EVENT_NOTIFIED);
	ret->d.new_queue_id = str_skip(text, (size_t)at + 15);
}

/* Lines of delivery agents with a queue id that are no records: one server of several failed. */
static void read_agent(const struct ingest_config *c, const struct envelope *env, struct str text,
                       struct arena *scratch, struct line_result *ret)
{
	(void)c, (void)env, (void)scratch, (void)text;
	postfix_noise(ret, "attempt");
}

static void read_other(const struct ingest_config *c, const struct envelope *env, struct str text,
                       struct arena *scratch, struct line_result *ret)
{
	(void)c, (void)env, (void)scratch, (void)text;
	postfix_noise(ret, "other_postfix");
}

static const struct service {
	const char *name;
	read_fn *read; /* lines with a queue id that are no delivery record */
} services[] = {
    {"smtp", read_agent},
    {"smtpd", read_smtpd},
    {"qmgr", read_qmgr},
    {"cleanup", read_cleanup},
    {"lmtp", read_agent},
    {"local", read_agent},
    {"virtual", read_agent},
    {"pipe", read_agent},
    {"error", read_agent},
    {"retry", read_agent},
    {"discard", read_agent},
    {"bounce", read_bounce},
    {"pickup", read_pickup},
    {"postsuper", read_postsuper},
    {"nqmgr", read_qmgr},
    {"oqmgr", read_qmgr},
    {"defer", read_bounce},
    {"trace", read_bounce},
    {"anvil", read_other},
    {"scache", read_other},
    {"master", read_other},
    {"tlsmgr", read_other},
    {"postscreen", read_other},
    {"dnsblog", read_other},
    {"tlsproxy", read_other},
    {"verify", read_other},
    {"proxymap", read_other},
    {"proxywrite", read_other},
    {"flush", read_other},
    {"showq", read_other},
    {"sendmail", read_other},
    {"postdrop", read_other},
    {"postqueue", read_other},
    {"postlog", read_other},
    {"postmap", read_other},
    {"postalias", read_other},
    {"spawn", read_other},
    {"trivial-rewrite", read_other},
    {"postfix-script", read_other},
    {"postconf", read_other},
    {"postmulti", read_other},
    {"postlogd", read_other},
};

/* "INSTANCE/…/SERVICE" */
static const struct service *find_service(struct str program)
{
	ssize_t slash = str_rchr(program, '/');
	struct str last = str_skip(program, (size_t)(slash + 1));

	if (slash <= 0)
		return NULL;
	for (size_t i = 0; i < sizeof(services) / sizeof(*services); i++)
		if (str_eq(last, str_from(services[i].name)))
			return &services[i];
	return NULL;
}

bool postfix_is(struct str program)
{
	return find_service(program) != NULL || str_starts(program, STR("postfix/"));
}

/* Lines without a queue id: what they begin with. */
static const char *noise_kind(struct str text)
{
	static const struct {
		const char *start, *word;
	} kinds[] = {
	    {"connect from ", "connect"},
	    {"CONNECT from ", "connect"},
	    {"disconnect from ", "disconnect"},
	    {"DISCONNECT ", "disconnect"},
	    {"lost connection after ", "disconnect"},
	    {"timeout after ", "disconnect"},
	    {"statistics: ", "statistics"},
	    {"warning: ", "warning"},
	    {"error: ", "warning"},
	    {"fatal: ", "warning"},
	    {"panic: ", "warning"},
	    {"connect to ", "attempt"},
	    {"NOQUEUE: reject", "reject"},
	    {"NOQUEUE: milter-reject", "reject"},
	    {"NOQUEUE: ", "filter"},
	    {"Untrusted TLS ", "tls"},
	    {"Trusted TLS ", "tls"},
	    {"Verified TLS ", "tls"},
	    {"Anonymous TLS ", "tls"},
	    {"SSL_", "tls"},
	    {"setting up TLS ", "tls"},
	    {"certificate verification failed ", "tls"},
	    {"server certificate verification failed ", "tls"},
	    {"daemon started", "notice"},
	    {"starting the Postfix", "notice"},
	    {"stopping the Postfix", "notice"},
	    {"refreshing the Postfix", "notice"},
	    {"reload", "notice"},
	    {"terminating", "notice"},
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (str_starts(text, str_from(kinds[i].start)))
			return kinds[i].word;
	return "other_postfix";
}

/* "QUEUEID: " */
static bool eat_queue_id(struct str *text, struct str *ret)
{
	ssize_t colon = str_chr(str_head(*text, QUEUE_ID_MAX + 1), ':');

	if (colon < 0 || (size_t)colon + 1 >= text->n || text->p[colon + 1] != ' ')
		return false;
	*ret = str_head(*text, (size_t)colon);
	if (!queueid_ok(*ret) || str_eq(*ret, STR("NOQUEUE")) || str_eq(*ret, STR("warning")) ||
	    str_eq(*ret, STR("error")) || str_eq(*ret, STR("fatal")) || str_eq(*ret, STR("panic")) ||
	    str_eq(*ret, STR("statistics")))
		return false;
	*text = str_skip(*text, (size_t)colon + 2);
	return true;
}

/* "WORD: to=<": looks like a delivery record, whatever stands for the queue id. */
static bool looks_like_record(struct str text)
{
	ssize_t at = str_find(str_head(text, 80), STR(": to="));
	return at >= 0 && str_chr(str_head(text, (size_t)at), ' ') < 0;
}

static void split_program(struct str program, struct delivery *d, struct str *ret_service)
{
	struct str rest = program, instance;

	if (str_cut(&rest, '/', &instance)) {
		d->instance = instance;
		d->service = rest;
	}
	*ret_service = d->service;
}

void postfix_read(const struct ingest_config *c, const struct envelope *env, struct arena *scratch,
                  struct line_result *ret)
{
	const struct service *service = find_service(env->program);
	struct str text = env->text, name;

	split_program(env->program, &ret->d, &name);
	if (!eat_queue_id(&text, &ret->d.queue_id)) {
		if (looks_like_record(text))
			postfix_dead(ret, "bad_queue_id");
		else if (env->program.n == 0)
			postfix_dead(ret, "unknown_format");
		else
			postfix_noise(ret, noise_kind(text));
		return;
	}
	if (queueid_time(ret->d.queue_id, &ret->d.id_time_ms) && ret->d.id_time_ms > env->time_ms + 86400000)
		ret->d.id_time_ms = TIME_NONE; /* no long id after all: it would come from the future */
	if (str_starts(text, STR("to=")))
		postfix_delivery(c, env, name, text, scratch, ret);
	else if (service != NULL)
		service->read(c, env, text, scratch, ret);
	else if (env->program.n == 0)
		postfix_dead(ret, "unknown_format");
	else
		postfix_noise(ret, "other_postfix");
}
