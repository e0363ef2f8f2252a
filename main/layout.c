/* SPDX-License-Identifier: Apache-2.0 */
/* layout - see layout.h */
#include "main/layout.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/check.h"

static void spaces(struct buf *out, size_t n)
{
	while (n-- > 0)
		buf_chr(out, ' ');
}

void layout_wrap(struct buf *out, struct str text, size_t at, size_t indent, size_t width)
{
	struct str word;

	while (text.n) {
		if (!str_cut(&text, ' ', &word)) {
			word = text;
			text = STR_NONE;
		}
		if (at > indent && at + 1 + word.n > width) {
			buf_chr(out, '\n');
			at = 0;
		} else if (at > indent) {
			buf_chr(out, ' ');
			at++;
		}
		if (at < indent) {
			spaces(out, indent - at);
			at = indent;
		}
		buf_str(out, word);
		at += word.n;
	}
	buf_chr(out, '\n');
}

void layout_entry(struct buf *out, const char *name, const char *fmt, ...)
{
	va_list ap;
	char *text;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	CHECK(n >= 0);
	buf_fmt(out, "%s", name);
	layout_wrap(out, str_of(text, (size_t)n), strlen(name), LAYOUT_INDENT, LAYOUT_WIDTH);
	free(text);
}
