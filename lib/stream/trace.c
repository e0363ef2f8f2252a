/* SPDX-License-Identifier: Apache-2.0 */
/* trace - see trace.h */
#include <string.h>

#include "lib/stream/trace.h"

enum { PARENT_BYTES = 55, PARENT_MAX = 256 };

const char *const trace_names[TRACE_HEADERS] = {"traceparent", "tracestate"};

/* Moves *s behind n lower-case hexadecimal digits. */
static bool eat_hex(struct str *s, size_t n, bool *ret_all_zero)
{
	*ret_all_zero = true;
	if (s->n < n)
		return false;
	for (size_t i = 0; i < n; i++) {
		char c = s->p[i];

		if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f'))
			return false;
		*ret_all_zero &= c == '0';
	}
	*s = str_skip(*s, n);
	return true;
}

/* version-trace id-parent id-flags; later versions may have more behind a further dash. */
static bool is_parent(struct str s)
{
	bool later = !str_starts(s, STR("00")), zero, no_trace, no_parent;

	if (s.n < PARENT_BYTES || s.n > PARENT_MAX || str_starts(s, STR("ff")))
		return false;
	if (!eat_hex(&s, 2, &zero) || !str_eat(&s, STR("-")) || !eat_hex(&s, 32, &no_trace) || !str_eat(&s, STR("-")) ||
	    !eat_hex(&s, 16, &no_parent) || !str_eat(&s, STR("-")) || !eat_hex(&s, 2, &zero))
		return false;
	if (no_trace || no_parent || (s.n > 0 && (!later || s.p[0] != '-')))
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] > '~')
			return false;
	return true;
}

/* Its members are the vendors' own; what matters here is that it is short and printable. */
static bool is_state(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((s.p[i] < ' ' && s.p[i] != '\t') || s.p[i] > '~')
			return false;
	return s.n > 0 && s.n <= TRACE_STATE_MAX;
}

/* The last of that name: who wrote last knew most. */
static struct str find(const struct log_record *rec, const char *name)
{
	for (size_t i = rec->n_headers; i > 0; i--)
		if (strcmp(rec->headers[i - 1].name, name) == 0)
			return rec->headers[i - 1].value;
	return STR_NONE;
}

size_t trace_headers(const struct log_record *rec, struct log_header ret[TRACE_HEADERS])
{
	if (rec->n_headers == 0)
		return 0;
	struct str parent = find(rec, trace_names[0]), state = find(rec, trace_names[1]);
	if (!is_parent(parent))
		return 0;
	ret[0] = (struct log_header){trace_names[0], parent};
	ret[1] = (struct log_header){trace_names[1], state};
	return is_state(state) ? 2 : 1;
}
