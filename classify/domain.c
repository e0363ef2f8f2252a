/* SPDX-License-Identifier: Apache-2.0 */
/* domain - see domain.h */
#include <arpa/inet.h>
#include <idn2.h>
#include <string.h>

#include "classify/domain.h"
#include "lib/base/text.h"

/* A domain of 255 bytes has at most as many characters, each of four bytes at most. */
enum { IDN_BYTES_MAX = 1020 };

static struct str lower(struct str s, struct arena *a)
{
	struct str copy = arena_dup(a, s);
	text_lower((char *)(uintptr_t)copy.p, copy.n);
	return copy;
}

static bool is_ascii(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] > 127)
			return false;
	return true;
}

/* What a host's name may be made of, in ASCII; bytes beyond it are for libidn2 to judge, which drops such as "|". */
static bool has_host_bytes(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
		      c == '_' || c == '.' || (unsigned char)c > 127))
			return false;
	}
	return true;
}

static struct str without_dots(struct str name)
{
	while (str_ends(name, STR(".")))
		name.n--;
	return name;
}

/* IDNA2008 with the mapping of UTS 46, non-transitional: "ß" stays itself. False: not valid. */
static bool to_a_label(struct str name, struct arena *a, struct str *ret)
{
	uint8_t z[IDN_BYTES_MAX + 1], *found = NULL;

	if (name.n > IDN_BYTES_MAX || !has_host_bytes(name))
		return false;
	memcpy(z, name.p, name.n);
	z[name.n] = '\0';
	if (idn2_lookup_u8(z, &found, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) != IDN2_OK)
		return false;
	*ret = lower(without_dots(str_from((const char *)found)), a);
	idn2_free(found);
	return ret->n > 0 && is_ascii(*ret) && has_host_bytes(*ret);
}

size_t domain_address(struct str s, unsigned char ret[16])
{
	char z[64];

	if (s.n == 0 || s.n >= sizeof(z))
		return 0;
	memcpy(z, s.p, s.n);
	z[s.n] = '\0';
	if (inet_pton(AF_INET, z, ret) == 1)
		return 4;
	return inet_pton(AF_INET6, z, ret) == 1 ? 16 : 0;
}

/* "[192.0.2.1]", "[IPv6:2001:DB8::1]". False: nothing of that kind. */
static bool fold_literal(struct str name, struct arena *a, struct str *ret)
{
	char text[INET6_ADDRSTRLEN];
	unsigned char bytes[16];

	if (name.n < 2 || name.p[0] != '[' || name.p[name.n - 1] != ']')
		return false;
	struct str inner = str_of(name.p + 1, name.n - 2);
	bool v6 = str_starts_nocase(inner, STR("IPv6:"));
	if (domain_address(v6 ? str_skip(inner, 5) : inner, bytes) != (v6 ? 16 : 4))
		return false;
	inet_ntop(v6 ? AF_INET6 : AF_INET, bytes, text, sizeof(text));
	*ret = arena_fmt(a, v6 ? "[ipv6:%s]" : "[%s]", text);
	return true;
}

struct str domain_fold(struct str name, struct arena *a)
{
	struct str folded;

	name = without_dots(name);
	if (name.n > 0 && name.p[0] == '[' && fold_literal(name, a, &folded))
		return folded;
	if (!is_ascii(name) && to_a_label(name, a, &folded))
		return folded;
	return lower(name, a);
}

/* Length of "..." at the start, quotes included; 0: it does not end. */
static size_t quoted_length(struct str s)
{
	for (size_t i = 1; i < s.n; i++) {
		if (s.p[i] == '\\')
			i++;
		else if (s.p[i] == '"')
			return i + 1;
	}
	return 0;
}

/* A literal may hold anything but "[" and "]", an "@" too; else the last "@" is the one that counts. */
static ssize_t find_at(struct str s)
{
	if (str_ends(s, STR("]"))) {
		ssize_t open = str_rchr(s, '[');
		if (open > 0 && s.p[open - 1] == '@')
			return open - 1;
	}
	return str_rchr(s, '@');
}

struct str domain_of(struct str address, struct arena *a)
{
	struct str s = address, rest, route;

	if (s.n >= 2 && s.p[0] == '<' && s.p[s.n - 1] == '>')
		s = str_of(s.p + 1, s.n - 2);
	rest = s;
	if (str_starts(s, STR("@")) && str_cut(&rest, ':', &route) && str_chr(rest, '@') >= 0)
		s = rest;
	if (str_starts(s, STR("\"")))
		s = str_skip(s, quoted_length(s));
	ssize_t at = find_at(s);
	return at < 0 ? STR_NONE : domain_fold(str_skip(s, (size_t)at + 1), a);
}
