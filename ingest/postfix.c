/* SPDX-License-Identifier: Apache-2.0 */
/*
 * postfix - see postfix.h: which service says what; the delivery record itself is in postfix_delivery.c
 *
 * Addresses may be logged unquoted (Postfix before 3.5, or by info_log_addr_form), so an
 * address ends at the LAST '>' behind which the line can go on as it should.
 */
#include "ingest/postfix.h"

#include <string.h>

#include "ingest/queueid.h"
#include "lib/base/timefmt.h"

#define DAY_MS ((int64_t)24 * 3600 * 1000)

/* What a service says of a message, behind its queue id; false: nothing that it is known for. */
typedef bool read_fn(const struct envelope *env, struct str text, struct arena *scratch, struct line_result *ret);

static void arrived(const struct envelope *env, struct line_result *ret)
{
	grammar_tells(ret, EVENT_ARRIVED);
	ret->d.arrival_ms = env->time_ms;
	ret->d.arrival_source = SINCE_EXPLICIT;
	ret->d.arrival_error_ms = env->resolution_ms;
}

/* Access rules, header checks and milters, of smtpd and of cleanup: "hold: ...". */
static bool read_filter(struct str text, struct line_result *ret)
{
	static const struct {
		struct str start;
		enum event event; /* EVENT_NONE: noise */
		const char *noise;
	} actions[] = {
	    {{"hold: ", 6}, EVENT_HELD, NULL},
	    {{"milter-hold: ", 13}, EVENT_HELD, NULL},
	    {{"discard: ", 9}, EVENT_DISCARDED, NULL},
	    {{"milter-discard: ", 16}, EVENT_DISCARDED, NULL},
	    {{"reject: ", 8}, EVENT_NONE, "reject"},
	    {{"reject_warning: ", 16}, EVENT_NONE, "reject"},
	    {{"milter-reject: ", 15}, EVENT_NONE, "reject"},
	    {{"warning: ", 9}, EVENT_NONE, "filter"},
	    {{"warn: ", 6}, EVENT_NONE, "filter"},
	    {{"info: ", 6}, EVENT_NONE, "filter"},
	    {{"filter: ", 8}, EVENT_NONE, "filter"},
	    {{"redirect: ", 10}, EVENT_NONE, "filter"},
	    {{"replace: ", 9}, EVENT_NONE, "filter"},
	    {{"prepend: ", 9}, EVENT_NONE, "filter"},
	    {{"strip: ", 7}, EVENT_NONE, "filter"},
	    {{"delay: ", 7}, EVENT_NONE, "filter"},
	    {{"bcc: ", 5}, EVENT_NONE, "filter"},
	};

	for (size_t i = 0; i < sizeof(actions) / sizeof(*actions); i++) {
		if (!str_starts(text, actions[i].start))
			continue;
		if (actions[i].event != EVENT_NONE)
			grammar_tells(ret, actions[i].event);
		else
			grammar_noise(ret, actions[i].noise);
		return true;
	}
	return false;
}

/* "client=host[ip], ..." */
static bool read_smtpd(const struct envelope *env, struct str text, struct arena *scratch, struct line_result *ret)
{
	(void)scratch;
	if (!str_starts(text, STR("client=")))
		return read_filter(text, ret);
	arrived(env, ret);
	return true;
}

/* "<address>" and what follows the last '>'. False: none. */
static bool cut_address(struct str text, struct str *ret_address, struct str *ret_rest)
{
	ssize_t end = str_rchr(text, '>');

	if (end < 1 || text.p[0] != '<')
		return false;
	*ret_address = str_skip(str_head(text, (size_t)end), 1);
	*ret_rest = str_skip(text, (size_t)end + 1);
	return true;
}

static bool set_sender(struct str address, struct arena *scratch, struct line_result *ret)
{
	if (address.n > GRAMMAR_ADDRESS_MAX) {
		grammar_dead(ret, "field_too_long", "sender");
		return false;
	}
	ret->d.sender = grammar_clean(address, GRAMMAR_ADDRESS_MAX, scratch);
	ret->d.null_sender = address.n == 0;
	return true;
}

/* "uid=0 from=<root>[ orig_id=OLD]" */
static bool read_pickup(const struct envelope *env, struct str text, struct arena *scratch, struct line_result *ret)
{
	struct str uid, from, rest;

	if (!str_eat(&text, STR("uid=")))
		return false;
	if (!str_cut(&text, ' ', &uid) || !str_eat(&text, STR("from=")) || !cut_address(text, &from, &rest)) {
		grammar_dead(ret, "cut_line", NULL);
		return true;
	}
	if (!set_sender(from, scratch, ret))
		return true;
	arrived(env, ret);
	if (str_eat(&rest, STR(" orig_id=")) && queueid_ok(rest))
		ret->d.orig_queue_id = rest;
	return true;
}

/* "message-id=<x>": a stranger's, of any form; cut to its bound rather than refused. */
static bool read_cleanup(const struct envelope *env, struct str text, struct arena *scratch, struct line_result *ret)
{
	(void)env;
	if (!str_eat(&text, STR("message-id=")))
		return read_filter(text, ret);
	grammar_tells(ret, EVENT_MESSAGE_ID);
	ret->d.message_id = grammar_clean(text, GRAMMAR_ADDRESS_MAX, scratch);
	return true;
}

/* ", size=n, nrcpt=n (queue active)" */
static bool read_queued(struct str text, struct delivery *d)
{
	struct str size, count;

	return str_eat(&text, STR(", size=")) && str_cut(&text, ',', &size) && str_i64(size, &d->size) &&
	       str_eat(&text, STR(" nrcpt=")) && str_cut(&text, ' ', &count) && str_i64(count, &d->recipient_count) &&
	       str_starts(text, STR("(queue ")) && str_ends(text, STR(")")) && d->size >= 0 && d->recipient_count >= 0;
}

/* "from=<s>, size=n, nrcpt=n (queue active)", "from=<s>, status=expired, returned to sender", "removed" */
static bool read_qmgr(const struct envelope *env, struct str text, struct arena *scratch, struct line_result *ret)
{
	struct str from, rest;

	(void)env;
	if (str_eq(text, STR("removed"))) {
		grammar_tells(ret, EVENT_REMOVED);
		return true;
	}
	if (!str_eat(&text, STR("from=")))
		return false; /* "skipped, still being delivered" and the like */
	if (!cut_address(text, &from, &rest)) {
		grammar_dead(ret, "cut_line", NULL);
		return true;
	}
	if (!set_sender(from, scratch, ret))
		return true;
	ret->d.forced = str_eq(rest, STR(", status=force-expired, returned to sender"));
	if (ret->d.forced || str_eq(rest, STR(", status=expired, returned to sender")))
		grammar_tells(ret, EVENT_EXPIRED);
	else if (read_queued(rest, &ret->d))
		grammar_tells(ret, EVENT_QUEUED);
	else
		grammar_dead(ret, "cut_line", NULL);
	return true;
}

static bool read_postsuper(const struct envelope *env, struct str text, struct arena *scratch, struct line_result *ret)
{
	static const struct {
		struct str word;
		enum event event;
	} actions[] = {
	    {{"removed", 7}, EVENT_DELETED},        {{"requeued", 8}, EVENT_REQUEUED},
	    {{"placed on hold", 14}, EVENT_HELD},   {{"released from hold", 18}, EVENT_RELEASED},
	    {{"expired", 7}, EVENT_EXPIRY_ORDERED},
	};

	(void)env, (void)scratch;
	for (size_t i = 0; i < sizeof(actions) / sizeof(*actions); i++) {
		if (str_eq(text, actions[i].word)) {
			grammar_tells(ret, actions[i].event);
			return true;
		}
	}
	return false;
}

/* "sender non-delivery notification: NEWID" */
static bool read_bounce(const struct envelope *env, struct str text, struct arena *scratch, struct line_result *ret)
{
	static const struct str kinds[] = {
	    {"non-delivery notification: ", 27},
	    {"delay notification: ", 20},
	    {"delivery status notification: ", 30},
	};

	(void)env, (void)scratch;
	if (!str_eat(&text, STR("sender ")) && !str_eat(&text, STR("postmaster ")))
		return false;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (!str_eat(&text, kinds[i]))
			continue;
		if (!queueid_ok(text)) {
			grammar_dead(ret, "bad_queue_id", "new_queue_id");
			return true;
		}
		grammar_tells(ret, EVENT_NOTIFIED);
		ret->d.new_queue_id = text;
		return true;
	}
	return false;
}

/* Lines of delivery agents that are no records: one server of several failed. */
static bool read_agent(const struct envelope *env, struct str text, struct arena *scratch, struct line_result *ret)
{
	(void)env, (void)text, (void)scratch;
	grammar_noise(ret, "attempt");
	return true;
}

static bool read_nothing(const struct envelope *env, struct str text, struct arena *scratch, struct line_result *ret)
{
	(void)env, (void)text, (void)scratch, (void)ret;
	return false;
}

/* Per-server failures as smtp(8) words them. */
static bool read_attempt(const struct envelope *env, struct str text, struct arena *scratch, struct line_result *ret)
{
	static const struct str starts[] = {
	    {"host ", 5},
	    {"lost connection with ", 21},
	    {"conversation with ", 18},
	    {"Cannot start TLS: ", 18},
	};

	for (size_t i = 0; i < sizeof(starts) / sizeof(*starts); i++)
		if (str_starts(text, starts[i]))
			return read_agent(env, text, scratch, ret);
	return false;
}

/* The tag does not tell the service: whoever would say this. "removed" is qmgr's, which says it far more often. */
static bool read_anything(const struct envelope *env, struct str text, struct arena *scratch, struct line_result *ret)
{
	static read_fn *const readers[] = {read_qmgr,   read_smtpd,     read_cleanup, read_pickup,
	                                   read_bounce, read_postsuper, read_attempt};

	for (size_t i = 0; i < sizeof(readers) / sizeof(*readers); i++)
		if (readers[i](env, text, scratch, ret))
			return true;
	return false;
}

struct service {
	struct str name;
	read_fn *read; /* lines with a queue id that are no delivery record */
};

static const struct service no_service = {{"", 0}, read_anything};
static const struct service postsuper = {{"postsuper", 9}, read_postsuper};

static const struct service services[] = {
    {{"smtp", 4}, read_agent},
    {{"smtpd", 5}, read_smtpd},
    {{"qmgr", 4}, read_qmgr},
    {{"cleanup", 7}, read_cleanup},
    {{"lmtp", 4}, read_agent},
    {{"local", 5}, read_agent},
    {{"virtual", 7}, read_agent},
    {{"pipe", 4}, read_agent},
    {{"error", 5}, read_agent},
    {{"retry", 5}, read_agent},
    {{"bounce", 6}, read_bounce},
    {{"pickup", 6}, read_pickup},
    {{"discard", 7}, read_agent},
    {{"anvil", 5}, read_nothing},
    {{"scache", 6}, read_nothing},
    {{"postscreen", 10}, read_nothing},
    {{"tlsproxy", 8}, read_nothing},
    {{"dnsblog", 7}, read_nothing},
    {{"oqmgr", 5}, read_qmgr},
    {{"nqmgr", 5}, read_qmgr},
    {{"defer", 5}, read_bounce},
    {{"trace", 5}, read_bounce},
    {{"verify", 6}, read_nothing},
    {{"master", 6}, read_nothing},
    {{"tlsmgr", 6}, read_nothing},
    {{"proxymap", 8}, read_nothing},
    {{"proxywrite", 10}, read_nothing},
    {{"trivial-rewrite", 15}, read_nothing},
    {{"postfix-script", 14}, read_nothing},
    {{"flush", 5}, read_nothing},
    {{"showq", 5}, read_nothing},
    {{"spawn", 5}, read_nothing},
    {{"sendmail", 8}, read_nothing},
    {{"postdrop", 8}, read_nothing},
    {{"postqueue", 9}, read_nothing},
    {{"postlog", 7}, read_nothing},
    {{"postlogd", 8}, read_nothing},
    {{"postmap", 7}, read_nothing},
    {{"postalias", 9}, read_nothing},
    {{"postconf", 8}, read_nothing},
    {{"postmulti", 9}, read_nothing},
    {{"qmqpd", 5}, read_smtpd},
};

static struct str last_part(struct str program)
{
	return str_skip(program, (size_t)(str_rchr(program, '/') + 1));
}

/* By the last part of the tag; an operator's tool may have any name in front of its own. NULL: no service we know. */
static const struct service *find_service(struct str program)
{
	struct str last = last_part(program);

	if (str_ends(last, postsuper.name))
		return &postsuper;
	for (size_t i = 0; i < sizeof(services) / sizeof(*services); i++) {
		struct str name = services[i].name;
		if (name.n == last.n && name.p[0] == last.p[0] && memcmp(name.p, last.p, name.n) == 0)
			return last.n < program.n ? &services[i] : NULL;
	}
	return program.n == 0 || last.n == program.n ? &no_service : NULL;
}

static bool claims(struct str program)
{
	return program.n == 0 || str_starts(program, STR("postfix")) || str_ends(program, STR("postsuper")) ||
	       (str_chr(program, '/') > 0 && find_service(program) != NULL);
}

/* Lines without a queue id: what they begin with. */
static const char *noise_kind(struct str text)
{
	static const struct {
		struct str start;
		const char *word;
	} kinds[] = {
	    {{"connect from ", 13}, "connect"},
	    {{"disconnect from ", 16}, "disconnect"},
	    {{"statistics: ", 12}, "statistics"},
	    {{"warning: ", 9}, "warning"},
	    {{"connect to ", 11}, "attempt"},
	    {{"NOQUEUE: reject", 15}, "reject"},
	    {{"NOQUEUE: milter-reject", 22}, "reject"},
	    {{"NOQUEUE: ", 9}, "filter"},
	    {{"lost connection after ", 22}, "disconnect"},
	    {{"timeout after ", 14}, "disconnect"},
	    {{"Untrusted TLS ", 14}, "tls"},
	    {{"Trusted TLS ", 12}, "tls"},
	    {{"Verified TLS ", 13}, "tls"},
	    {{"Anonymous TLS ", 14}, "tls"},
	    {{"SSL_", 4}, "tls"},
	    {{"setting up TLS ", 15}, "tls"},
	    {{"certificate verification failed ", 32}, "tls"},
	    {{"server certificate verification failed ", 39}, "tls"},
	    {{"CONNECT from ", 13}, "connect"},
	    {{"DISCONNECT ", 11}, "disconnect"},
	    {{"HANGUP ", 7}, "disconnect"},
	    {{"error: ", 7}, "warning"},
	    {{"fatal: ", 7}, "warning"},
	    {{"panic: ", 7}, "warning"},
	    {{"daemon started", 14}, "notice"},
	    {{"starting the Postfix", 20}, "notice"},
	    {{"stopping the Postfix", 20}, "notice"},
	    {{"refreshing the Postfix", 22}, "notice"},
	    {{"reload", 6}, "notice"},
	    {{"terminating", 11}, "notice"},
	    {{"table ", 6}, "notice"},
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		struct str start = kinds[i].start;
		if (text.n >= start.n && text.p[0] == start.p[0] && memcmp(text.p, start.p, start.n) == 0)
			return kinds[i].word;
	}
	return "other_postfix";
}

/* "warning", "statistics": a word, not an id. */
static bool is_lower_word(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < 'a' || s.p[i] > 'z')
			return false;
	return true;
}

/* "QUEUEID: " */
static bool eat_queue_id(struct str *text, struct str *ret)
{
	ssize_t colon = str_chr(str_head(*text, QUEUE_ID_MAX + 1), ':');

	if (colon < 0 || (size_t)colon + 1 >= text->n || text->p[colon + 1] != ' ')
		return false;
	struct str id = str_head(*text, (size_t)colon);
	if (!queueid_ok(id) || is_lower_word(id) || str_eq(id, STR("NOQUEUE")))
		return false;
	*ret = id;
	*text = str_skip(*text, (size_t)colon + 2);
	return true;
}

/* "WORD: to=<": looks like a delivery record, whatever stands for the queue id. */
static bool looks_like_record(struct str text)
{
	ssize_t at = str_find(str_head(text, 80), STR(": to=<"));

	return at >= 0 && str_chr(str_head(text, (size_t)at), ' ') < 0;
}

/* "INSTANCE/SERVICE", where SERVICE may have two parts, or INSTANCE alone */
static void set_program(struct str program, struct arena *scratch, struct delivery *d)
{
	struct str instance = program, rest = program;

	if (!str_cut(&rest, '/', &instance))
		rest = STR_NONE;
	d->instance = grammar_clean(instance, GRAMMAR_HOST_MAX, scratch);
	d->service = grammar_clean(rest, GRAMMAR_HOST_MAX, scratch);
}

static void read_without_id(const struct envelope *env, struct line_result *ret)
{
	if (looks_like_record(env->text))
		grammar_dead(ret, "bad_queue_id", NULL);
	else if (env->program.n == 0)
		grammar_dead(ret, "unknown_format", NULL);
	else
		grammar_noise(ret, noise_kind(env->text));
}

static void read(const struct ingest_config *c, const struct envelope *env, struct arena *scratch,
                 struct line_result *ret)
{
	const struct service *service = find_service(env->program);
	struct delivery *d = &ret->d;
	struct str text = env->text;

	if (!eat_queue_id(&text, &d->queue_id)) {
		read_without_id(env, ret);
		return;
	}
	set_program(env->program, scratch, d);
	if (queueid_time(d->queue_id, &d->id_time_ms) && d->id_time_ms > env->time_ms + DAY_MS)
		d->id_time_ms = TIME_NONE; /* no long id after all: it would come from the future */
	if (str_starts(text, STR("to=")))
		postfix_delivery(c, env, service != NULL ? service->name : last_part(env->program), text, scratch, ret);
	else if (service != NULL && service->read(env, text, scratch, ret))
		return;
	else if (env->program.n == 0)
		grammar_dead(ret, "unknown_format", NULL);
	else
		grammar_noise(ret, "other_postfix");
}

const struct grammar_ops postfix_grammar = {.mta = MTA_POSTFIX, .claims = claims, .read = read};
