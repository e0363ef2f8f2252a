/* SPDX-License-Identifier: Apache-2.0 */
/* line - see line.h */
#include <string.h>

#include "ingest/envelope.h"
#include "ingest/line.h"
#include "ingest/postfix.h"

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

static struct str without_line_end(struct str line)
{
	while (line.n > 0 && (line.p[line.n - 1] == '\n' || line.p[line.n - 1] == '\r'))
		line.n--;
	return line;
}

void line_read(const struct ingest_config *c, struct str line, int64_t record_ms, struct arena *scratch,
               struct line_result *ret)
{
	struct envelope env;

	record_clear(&delivery_record, &ret->d);
	ret->word = NULL;
	line = without_line_end(line);
	if (line.n > LINE_MAX_BYTES) {
		postfix_dead(ret, "too_long");
		return;
	}
	if (line.n > 0 && memchr(line.p, '\0', line.n) != NULL) {
		postfix_dead(ret, "binary");
		return;
	}
	if (str_trim(line).n == 0) {
		postfix_noise(ret, "empty");
		return;
	}
	if (!envelope_read(line, record_ms, c->zone_offset_ms, &env)) {
		postfix_dead(ret, "unknown_format");
		return;
	}
	if (env.program.n > 0 && !postfix_is(env.program)) {
		postfix_noise(ret, "other_program");
		return;
	}
	ret->d.site = c->site;
	ret->d.host = postfix_clean(env.host.n > 0 ? env.host : c->host, POSTFIX_HOST_MAX, scratch);
	ret->d.mta = MTA_POSTFIX;
	ret->d.time_ms = env.time_ms;
	ret->d.ts_quality = env.quality;
	postfix_read(c, &env, scratch, ret);
	ret->d.instance = postfix_clean(ret->d.instance, POSTFIX_HOST_MAX, scratch);
	ret->d.service = postfix_clean(ret->d.service, POSTFIX_HOST_MAX, scratch);
}
