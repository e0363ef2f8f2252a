/* SPDX-License-Identifier: Apache-2.0 */
/* envelope - see envelope.h */
#include "ingest/envelope.h"

#include "ingest/stamp.h"
#include "lib/base/timefmt.h"

enum { HOST_MAX = 255, TAG_MAX = 128, PID_MAX = 24, WORD_MAX = 128 };

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* "<PRI>" */
static void eat_priority(struct str *s)
{
	size_t n = 1;

	if (s->n == 0 || s->p[0] != '<')
		return;
	while (n < 4 && n < s->n && is_digit(s->p[n]))
		n++;
	if (n > 1 && n < s->n && s->p[n] == '>')
		*s = str_skip(*s, n + 1);
}

void envelope_skip_priority(struct str *line)
{
	str_eat(line, STR("\xef\xbb\xbf"));
	eat_priority(line);
	str_eat(line, STR("1 "));
}

/* A word up to the next space, the space eaten. */
static bool eat_word(struct str *s, size_t max, struct str *ret)
{
	ssize_t n = str_chr(str_head(*s, max + 1), ' ');

	if (n <= 0)
		return false;
	*ret = str_head(*s, (size_t)n);
	*s = str_skip(*s, (size_t)n + 1);
	return true;
}

/* "program[pid]: " or "program: " */
static bool eat_tag(struct str *s, struct str *ret)
{
	size_t n = 0;

	while (n < s->n && n < TAG_MAX && s->p[n] != ' ' && s->p[n] != '[' && s->p[n] != ':')
		n++;
	if (n == 0 || n == s->n || n == TAG_MAX || s->p[n] == ' ')
		return false;
	struct str program = str_head(*s, n), rest = str_skip(*s, n);
	if (rest.p[0] == '[') {
		ssize_t end = str_chr(str_head(rest, PID_MAX), ']');
		if (end < 0)
			return false;
		rest = str_skip(rest, (size_t)end + 1);
	}
	if (!str_eat(&rest, STR(":")))
		return false;
	*ret = program;
	*s = str_trim(rest);
	return true;
}

/* Structured data: "-" or elements in brackets, in which a quote may be escaped. */
static bool eat_structured_data(struct str *s)
{
	if (str_eat(s, STR("- ")))
		return true;
	while (s->n > 0 && s->p[0] == '[') {
		bool quoted = false;
		size_t i = 1;
		for (; i < s->n && (quoted || s->p[i] != ']'); i++) {
			if (quoted && s->p[i] == '\\')
				i++;
			else if (s->p[i] == '"')
				quoted = !quoted;
		}
		if (i >= s->n)
			return false;
		*s = str_skip(*s, i + 1);
	}
	return str_eat(s, STR(" "));
}

static void set_record_time(struct envelope *ret, int64_t record_ms)
{
	ret->time_ms = record_ms;
	ret->quality = TS_QUALITY_RECORD;
	ret->resolution_ms = 1000;
}

static bool set_stamp(struct envelope *ret, const struct stamp *stamp, int64_t record_ms)
{
	ret->time_ms = stamp_time(stamp, record_ms);
	ret->resolution_ms = stamp->fraction ? 1 : 1000;
	if (stamp->civil.year == 0)
		ret->quality = TS_QUALITY_YEAR_GUESSED;
	else
		ret->quality = stamp->fraction ? TS_QUALITY_EXACT : TS_QUALITY_SECOND;
	return ret->time_ms != TIME_NONE;
}

typedef bool form_fn(struct str line, int64_t record_ms, int64_t zone_ms, struct envelope *ret);

/* "1 STAMP HOST APP PROCID MSGID SD MSG" */
static bool rfc5424(struct str s, int64_t record_ms, int64_t zone_ms, struct envelope *ret)
{
	struct stamp stamp;
	struct str word;

	if (!str_eat(&s, STR("1 ")))
		return false;
	if (str_eat(&s, STR("- ")))
		set_record_time(ret, record_ms);
	else if (!stamp_eat(&s, zone_ms, &stamp) || !set_stamp(ret, &stamp, record_ms) || !str_eat(&s, STR(" ")))
		return false;
	if (!eat_word(&s, HOST_MAX, &ret->host) || !eat_word(&s, TAG_MAX, &ret->program) ||
	    !eat_word(&s, WORD_MAX, &word) || !eat_word(&s, WORD_MAX, &word) || !eat_structured_data(&s))
		return false;
	if (str_eq(ret->host, STR("-")))
		ret->host = STR_NONE;
	str_eat(&s, STR("\xef\xbb\xbf"));
	ret->text = str_trim(s);
	return true;
}

/* "STAMP HOST TAG: TEXT", "STAMP TAG: TEXT" (from the local log socket), "STAMP HOST TEXT" (not of an MTA) */
static bool stamped(struct str s, int64_t record_ms, int64_t zone_ms, struct envelope *ret)
{
	struct stamp stamp;
	struct str word, rest;

	if (!stamp_eat(&s, zone_ms, &stamp) || !set_stamp(ret, &stamp, record_ms) || !str_eat(&s, STR(" ")))
		return false;
	rest = s;
	if (!eat_word(&rest, HOST_MAX, &word))
		return false;
	if (str_ends(word, STR(":")) && eat_tag(&s, &ret->program)) {
		ret->text = s;
		return true;
	}
	ret->host = word;
	ret->text = rest;
	if (eat_tag(&ret->text, &ret->program))
		return true;
	ret->program = STR("-");
	return str_chr(str_trim(rest), ' ') >= 0; /* a single word: a line cut in its head */
}

/* "TAG: TEXT", "QUEUEID: TEXT" */
static bool bare(struct str s, int64_t record_ms, int64_t zone_ms, struct envelope *ret)
{
	(void)zone_ms;
	set_record_time(ret, record_ms);
	ret->text = s;
	if (!eat_tag(&ret->text, &ret->program))
		return false;
	if (str_chr(ret->program, '/') < 0) { /* no tag of an MTA: the line begins with the queue id */
		ret->program = STR_NONE;
		ret->text = s;
	}
	return true;
}

static form_fn *const forms[] = {rfc5424, stamped, bare};

bool envelope_read(struct str line, int64_t record_ms, int64_t zone_ms, struct envelope *ret)
{
	str_eat(&line, STR("\xef\xbb\xbf"));
	eat_priority(&line);
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		*ret = (struct envelope){.host = STR_NONE, .program = STR_NONE, .text = STR_NONE};
		if (forms[i](line, record_ms, zone_ms, ret))
			return true;
	}
	return false;
}
