/* SPDX-License-Identifier: Apache-2.0 */
/* line - see line.h */
#include "ingest/line.h"

#include <string.h>

#include "ingest/grammar.h"
#include "ingest/postfix.h"
#include "lib/base/text.h"

static const struct grammar_ops *const grammars[] = {&postfix_grammar};

static const struct str default_hops[] = {{"127.0.0.1", 9}, {"::1", 3}, {"localhost", 9}};

void ingest_config_default(struct ingest_config *c)
{
	*c = (struct ingest_config){
	    .site = STR("default"),
	    .host = STR("-"),
	    .internal_hops = default_hops,
	    .n_internal_hops = sizeof(default_hops) / sizeof(*default_hops),
	};
}

bool line_is_internal_hop(const struct ingest_config *c, struct str host, struct str ip)
{
	if (str_chr(ip, '/') >= 0 || str_starts(ip, STR("127.")) || (host.n > 0 && host.p[0] == '/'))
		return true;
	for (size_t i = 0; i < c->n_internal_hops; i++)
		if (str_eq_nocase(host, c->internal_hops[i]) || str_eq_nocase(ip, c->internal_hops[i]))
			return true;
	return false;
}

void grammar_tells(struct line_result *ret, enum event event)
{
	ret->kind = event_is_fact(event) ? LINE_FACT : LINE_EVENT;
	ret->d.event = event;
}

void grammar_noise(struct line_result *ret, const char *word)
{
	ret->kind = LINE_NOISE;
	ret->word = word;
}

void grammar_dead(struct line_result *ret, const char *word, const char *detail)
{
	ret->kind = LINE_DEAD;
	ret->word = word;
	ret->detail = detail;
}

struct str grammar_clean(struct str s, size_t max, struct arena *scratch)
{
	struct buf b = BUF_INIT;

	if (text_is_clean(s, max))
		return s;
	text_clean(&b, s, max);
	struct str clean = arena_dup(scratch, buf_view(&b));
	buf_release(&b);
	return clean;
}

/* Without the line's end and the white space before it. */
static struct str without_line_end(struct str line)
{
	while (line.n > 0 && (line.p[line.n - 1] == ' ' || (line.p[line.n - 1] >= '\t' && line.p[line.n - 1] <= '\r')))
		line.n--;
	return line;
}

/* Of its first bytes, are so many no text that no log could have written them? */
static bool is_binary(struct str line)
{
	size_t odd = 0;
	struct str head = str_head(line, 512);

	for (size_t i = 0; i < head.n; i++) {
		unsigned char c = (unsigned char)head.p[i];
		odd += (c < 0x20 && (c < '\t' || c > '\r')) || c == 0x7f || c >= 0xf5 || c == 0xc0 || c == 0xc1;
	}
	return odd * 8 > head.n;
}

static const struct grammar_ops *find_grammar(struct str program)
{
	for (size_t i = 0; i < sizeof(grammars) / sizeof(*grammars); i++)
		if (grammars[i]->claims(program))
			return grammars[i];
	return NULL;
}

/* What needs no grammar. False: nothing to say. */
static bool read_bytes(struct str line, struct line_result *ret)
{
	if (line.n > LINE_MAX_BYTES)
		grammar_dead(ret, "too_long", NULL);
	else if (line.n == 0)
		grammar_noise(ret, "empty");
	else if (memchr(line.p, '\0', line.n) != NULL)
		grammar_dead(ret, "binary", NULL);
	else
		return false;
	return true;
}

void line_read(const struct ingest_config *c, struct str line, int64_t record_ms, struct arena *scratch,
               struct line_result *ret)
{
	struct envelope env;

	record_clear(&delivery_record, &ret->d);
	ret->word = ret->detail = NULL;
	line = without_line_end(line);
	if (read_bytes(line, ret))
		return;
	if (!envelope_read(line, record_ms, c->zone_offset_ms, &env)) {
		grammar_dead(ret, is_binary(line) ? "binary" : "unknown_format", NULL);
		return;
	}
	const struct grammar_ops *grammar = find_grammar(env.program);
	if (grammar == NULL) {
		grammar_noise(ret, "other_program");
		return;
	}
	ret->d.site = c->site;
	ret->d.host = grammar_clean(env.host.n > 0 ? env.host : c->host, GRAMMAR_HOST_MAX, scratch);
	ret->d.mta = grammar->mta;
	ret->d.time_ms = env.time_ms;
	ret->d.ts_quality = env.quality;
	grammar->read(c, &env, scratch, ret);
}
