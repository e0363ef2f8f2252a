/* SPDX-License-Identifier: Apache-2.0 */
/* options - the table of scalar options and what is made from it */
#ifndef QLAPSE_MAIN_OPTIONS_H
#define QLAPSE_MAIN_OPTIONS_H

#include "lib/base/buf.h"
#include "lib/codec/value.h"
#include "main/config.h"

enum option_type { OPTION_TEXT, OPTION_VIEW, OPTION_BOOL, OPTION_INT, OPTION_NUMBER, OPTION_SPAN, OPTION_HOLD };

struct config_option {
	const char *path;
	enum option_type type;
	size_t at;
	int64_t least, most; /* most 0: none */
	const char *prose;
};

extern const struct config_option options[];
extern const size_t n_options;

const struct config_option *option_find(struct str path);
/* "where" begins error messages: file:line, or the command line. */
int option_set(struct config *c, const struct config_option *o, const struct val *v, const char *where,
               struct err *err);
void option_show(const struct config *c, const struct config_option *o, struct buf *out); /* its value as YAML */
/* The known path nearest to a wrong one, or NULL if none is near. */
const char *option_nearest(struct str path, const char *const *more);

void options_markdown(struct buf *out); /* docs/OPTIONS.md */

#endif
