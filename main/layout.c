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

static size_t char_bytes(struct str s)
{
	unsigned char c = (unsigned char)s.p[0];
	size_t n = c < 0xc0 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;

	return n < s.n ? n : s.n;
}

/* Chinese, its marks and full-width forms: from U+2E80 on. */
static bool is_wide(struct str s)
{
	return (unsigned char)s.p[0] > 0xe2 ||
	       (s.n > 1 && (unsigned char)s.p[0] == 0xe2 && (unsigned char)s.p[1] >= 0xba);
}

static bool is_one_of(struct str s, const char *list)
{
	return s.n > 0 && is_wide(s) && str_find(str_from(list), str_head(s, char_bytes(s))) >= 0;
}

/* Bytes of the first piece that a line may not end within, and its columns. */
static size_t next_piece(struct str text, size_t *ret_columns)
{
	size_t n = 0, columns = 0;

	while (n < text.n && text.p[n] != ' ') {
		struct str rest = str_skip(text, n), before = str_head(text, n);
		bool glued =
		    is_one_of(rest, "，。、；：！？）」") || (n >= 3 && is_one_of(str_skip(before, n - 3), "（「"));
		if (n > 0 && !glued && (is_wide(rest) || (n >= 3 && is_wide(str_skip(before, n - 3)))))
			break;
		columns += is_wide(rest) ? 2 : 1;
		n += char_bytes(rest);
	}
	*ret_columns = columns;
	return n;
}

void layout_wrap(struct buf *out, struct str text, size_t at, size_t indent, size_t width)
{
	bool space = true; /* between this piece and the one before */

	while (text.n > 0) {
		size_t columns, n = next_piece(text, &columns);

		if (at > indent && at + space + columns > width) {
			buf_chr(out, '\n');
			at = 0;
		} else if (at > indent && space) {
			buf_chr(out, ' ');
			at++;
		}
		if (at < indent) {
			spaces(out, indent - at);
			at = indent;
		}
		buf_str(out, str_head(text, n));
		at += columns;
		text = str_skip(text, n);
		space = str_eat(&text, STR(" "));
	}
	buf_chr(out, '\n');
}

void layout_fixes(struct buf *out, struct record_list fixes, bool zh_tw, size_t indent)
{
	const struct fix *items = fixes.items;

	for (size_t i = 0; i < fixes.n; i++) {
		const struct fix *f = &items[i];
		struct str note = zh_tw ? f->note_zh_tw : f->note;

		spaces(out, indent);
		buf_fmt(out, "%s, %.*s:\n", mta_names[f->mta], STR_FMT(zh_tw ? f->title_zh_tw : f->title));
		if (note.n > 0) /* first, for a command is copied as soon as it is seen */
			layout_wrap(out, note, 0, indent + 2, LAYOUT_WIDTH);
		spaces(out, indent + 4);
		buf_fmt(out, "%.*s\n", STR_FMT(f->command));
	}
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
