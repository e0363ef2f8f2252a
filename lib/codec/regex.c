/* SPDX-License-Identifier: Apache-2.0 */
/* regex - see regex.h; a regex belongs to one thread, because its match data does */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdint.h>
#include <stdlib.h>

#include "lib/base/check.h"
#include "lib/codec/regex.h"

enum { MATCH_LIMIT = 20000, DEPTH_LIMIT = 1000, HEAP_LIMIT_KIB = 1024 };

struct regex {
	pcre2_code *code;
	pcre2_match_data *data;
	pcre2_match_context *limits;
};

static pcre2_code *compile(struct str pattern, uint32_t options, struct err *err)
{
	int why;
	PCRE2_SIZE at;
	pcre2_code *code = pcre2_compile((PCRE2_SPTR)(pattern.n ? pattern.p : ""), pattern.n,
	                                 PCRE2_CASELESS | PCRE2_NEVER_UTF | PCRE2_NEVER_UCP | options, &why, &at, NULL);

	if (code == NULL) {
		char text[160] = "";
		pcre2_get_error_message(why, (PCRE2_UCHAR *)text, sizeof(text));
		err_set(err, ERR_CONFIG, "bad pattern \"%.*s\" at %zu: %s", STR_FMT(str_head(pattern, 120)), (size_t)at,
		        text);
	}
	return code;
}

struct regex *regex_new(struct str pattern, bool jit, struct err *err)
{
	pcre2_code *code = compile(pattern, 0, err);

	if (code == NULL)
		return NULL;
	if (jit)
		pcre2_jit_compile(code, PCRE2_JIT_COMPLETE); /* where there is none the interpreter serves */
	struct regex *re = xcalloc(1, sizeof(*re));
	re->code = code;
	re->data = pcre2_match_data_create_from_pattern(code, NULL);
	re->limits = pcre2_match_context_create(NULL);
	CHECK(re->data != NULL && re->limits != NULL);
	pcre2_set_match_limit(re->limits, MATCH_LIMIT);
	pcre2_set_depth_limit(re->limits, DEPTH_LIMIT);
	pcre2_set_heap_limit(re->limits, HEAP_LIMIT_KIB);
	return re;
}

void regex_free(struct regex *re)
{
	if (re == NULL)
		return;
	pcre2_match_context_free(re->limits);
	pcre2_match_data_free(re->data);
	pcre2_code_free(re->code);
	free(re);
}

int regex_match(const struct regex *re, struct str text, struct str *ret_groups, size_t n_groups)
{
	int n = pcre2_match(re->code, (PCRE2_SPTR)(text.n ? text.p : ""), text.n, 0, 0, re->data, re->limits);

	if (n < 0)
		return n == PCRE2_ERROR_NOMATCH ? 0 : -1;
	const PCRE2_SIZE *at = pcre2_get_ovector_pointer(re->data);
	for (size_t i = 0; ret_groups != NULL && i < n_groups; i++) {
		bool set = i < (size_t)n && at[2 * i] != PCRE2_UNSET;
		ret_groups[i] = set ? str_of(text.p + at[2 * i], at[2 * i + 1] - at[2 * i]) : STR_NONE;
	}
	return 1;
}

struct meter {
	int64_t steps, most;
};

static int count_step(pcre2_callout_block *block, void *arg)
{
	struct meter *m = arg;

	(void)block;
	return ++m->steps < m->most ? 0 : PCRE2_ERROR_CALLOUT;
}

int64_t regex_steps(struct str pattern, struct str text, int64_t most)
{
	struct meter m = {0, most};
	pcre2_code *code = compile(pattern, PCRE2_AUTO_CALLOUT | PCRE2_NO_START_OPTIMIZE, NULL);

	CHECK(code != NULL);
	pcre2_match_data *data = pcre2_match_data_create_from_pattern(code, NULL);
	pcre2_match_context *context = pcre2_match_context_create(NULL);
	CHECK(data != NULL && context != NULL);
	pcre2_set_callout(context, count_step, &m);
	pcre2_match(code, (PCRE2_SPTR)(text.n ? text.p : ""), text.n, 0, 0, data, context);
	pcre2_match_context_free(context);
	pcre2_match_data_free(data);
	pcre2_code_free(code);
	return m.steps;
}
