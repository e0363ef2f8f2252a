/* SPDX-License-Identifier: Apache-2.0 */
/*
 * text - cleaning of remote text, hex and base64
 *
 * A byte that does not begin a well-formed character is bad by itself and the next one is tried: a cut or forged
 * sequence never swallows what follows it. Well-formed means RFC 3629: shortest form, no surrogates, up to U+10FFFF.
 */
#include "lib/base/text.h"

#include <string.h>

static const struct {
	uint32_t first, last;
} unprintable[] = {
    {0x00, 0x1f},     {0x7f, 0x9f},     {0x061c, 0x061c}, {0x200e, 0x200f}, /* C0, DEL and C1, bidi marks */
    {0x2028, 0x202e}, {0x2066, 0x2069}, {0xfeff, 0xfeff},                   /* line breaks, bidi, byte order mark */
};

static bool is_unprintable(uint32_t c)
{
	for (size_t i = 0; i < sizeof(unprintable) / sizeof(unprintable[0]); i++) {
		if (c <= unprintable[i].last)
			return c >= unprintable[i].first;
	}
	return false;
}

static bool is_plain(char c)
{
	return c >= 0x20 && c < 0x7f;
}

/* Bytes of the character at the start of s, which is not empty, or 0 for a bad byte. */
static size_t decode(struct str s, uint32_t *ret_char)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *p = (const unsigned char *)s.p;
	size_t n = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : p[0] < 0xf5 ? 4 : 0;
	uint32_t c = n > 1 ? p[0] & (0x7fu >> n) : p[0];

	if (!n || n > s.n)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*ret_char = c;
	return n;
}

/* Nearly all text is plain ASCII: runs of it are taken at once. */
static size_t plain_run(struct str s)
{
	size_t n = 0;

	while (n < s.n && is_plain(s.p[n]))
		n++;
	return n;
}

void text_clean(struct buf *out, struct str s, size_t max)
{
	while (s.n && max) {
		struct str piece = str_head(s, plain_run(str_head(s, max)));
		size_t eaten = piece.n;
		uint32_t c = 0;

		if (!eaten) {
			eaten = decode(s, &c);
			piece = !eaten ? STR("\xef\xbf\xbd") : is_unprintable(c) ? STR(" ") : str_head(s, eaten);
			if (piece.n > max)
				return;
			eaten += !eaten;
		}
		buf_str(out, piece);
		max -= piece.n;
		s = str_skip(s, eaten);
	}
}

bool text_is_clean(struct str s, size_t max)
{
	if (s.n > max)
		return false;
	for (size_t eaten; s.n; s = str_skip(s, eaten)) {
		uint32_t c = 0;

		eaten = plain_run(s);
		if (!eaten && (!(eaten = decode(s, &c)) || is_unprintable(c)))
			return false;
	}
	return true;
}

/* ASCII, controls included, eight bytes at a time: every string of every record is looked at on its way out. */
static size_t ascii_run(struct str s)
{
	size_t n = 0;

	for (uint64_t word; n + sizeof(word) <= s.n; n += sizeof(word)) {
		memcpy(&word, s.p + n, sizeof(word));
		if (word & 0x8080808080808080)
			break;
	}
	while (n < s.n && !(s.p[n] & 0x80))
		n++;
	return n;
}

bool text_is_utf8(struct str s)
{
	for (size_t eaten = ascii_run(s); eaten < s.n; eaten = ascii_run(s)) {
		uint32_t c;

		s = str_skip(s, eaten);
		eaten = decode(s, &c);
		if (!eaten)
			return false;
		s = str_skip(s, eaten);
	}
	return true;
}

void text_lower(char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (p[i] >= 'A' && p[i] <= 'Z')
			p[i] |= 0x20;
	}
}

void text_hex(struct buf *out, struct str s)
{
	static const char digits[] = "0123456789abcdef";

	buf_reserve(out, 2 * s.n);
	for (size_t i = 0; i < s.n; i++) {
		buf_chr(out, digits[(unsigned char)s.p[i] >> 4]);
		buf_chr(out, digits[s.p[i] & 15]);
	}
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Nothing is left in out on failure. */
bool text_unhex(struct buf *out, struct str hex)
{
	size_t before = out->n;

	for (size_t i = 0; i + 1 < hex.n; i += 2) {
		int high = hex_digit(hex.p[i]), low = hex_digit(hex.p[i + 1]);

		if (high < 0 || low < 0) {
			out->n = before;
			return false;
		}
		buf_chr(out, (char)(high << 4 | low));
	}
	if (hex.n % 2)
		out->n = before;
	return hex.n % 2 == 0;
}

void text_base64(struct buf *out, struct str s)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *p = (const unsigned char *)s.p;

	buf_reserve(out, (s.n + 2) / 3 * 4);
	for (size_t i = 0; i < s.n; i += 3) {
		size_t n = s.n - i < 3 ? s.n - i : 3;
		uint32_t bits = (uint32_t)p[i] << 16 | (n > 1 ? p[i + 1] << 8 : 0) | (n > 2 ? p[i + 2] : 0);

		for (size_t k = 0; k < 4; k++)
			buf_chr(out, k <= n ? digits[bits >> (18 - 6 * k) & 63] : '=');
	}
}

static int base64_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Four digits of which the last n_pad are '='; the bits they leave over must be zero, so each text has one form. */
static bool unbase64_group(struct buf *out, const char *p, size_t n_pad)
{
	uint32_t bits = 0;

	for (size_t k = 0; k < 4; k++) {
		int digit = k < 4 - n_pad ? base64_digit(p[k]) : 0;

		if (digit < 0)
			return false;
		bits = bits << 6 | (uint32_t)digit;
	}
	if (bits & ((1u << (8 * n_pad)) - 1))
		return false;
	for (size_t k = 0; k < 3 - n_pad; k++)
		buf_chr(out, (char)(bits >> (16 - 8 * k)));
	return true;
}

/* RFC 4648 section 4, with padding, nothing between the digits. Nothing is left in out on failure. */
bool text_unbase64(struct buf *out, struct str b64)
{
	size_t before = out->n;

	if (b64.n % 4)
		return false;
	for (size_t i = 0; i < b64.n; i += 4) {
		bool last = i + 4 == b64.n;
		size_t n_pad = last && b64.p[i + 3] == '=' ? 1 + (b64.p[i + 2] == '=') : 0;

		if (!unbase64_group(out, b64.p + i, n_pad)) {
			out->n = before;
			return false;
		}
	}
	return true;
}
