/* SPDX-License-Identifier: Apache-2.0 */
/* names - see names.h; everything here is made from names.def and class.def */
#include <stddef.h>

#include "lib/base/check.h"
#include "lib/mail/names.h"

#define NAME(constant, text) [constant] = (text),
#define NAMES(tag, list)     const char *const tag##_names[] = {list NULL};
#include "lib/mail/names.def"
#undef NAMES
#undef NAME

static const struct class_info {
	enum family family;
	enum owner owner;
	const char *microsoft_code, *prose;
} infos[CLASS_N] = {
#define CLASS(id, fam, code, own, prose) [CLASS_##id] = {FAMILY_##fam, OWNER_##own, code, prose},
#include "lib/mail/class.def"
#undef CLASS
};

const char *const class_names[] = {
#define CLASS(id, fam, code, own, prose) [CLASS_##id] = #id,
#include "lib/mail/class.def"
#undef CLASS
    [CLASS_N] = NULL};

static const struct class_info *info(enum class c)
{
	CHECK((unsigned)c < CLASS_N);
	return &infos[c];
}

enum family class_family(enum class c)
{
	return info(c)->family;
}

enum owner class_owner(enum class c)
{
	return info(c)->owner;
}

const char *class_microsoft_code(enum class c)
{
	return info(c)->microsoft_code;
}

const char *class_prose(enum class c)
{
	return info(c)->prose;
}

bool event_is_fact(enum event e)
{
	return e >= EVENT_ARRIVED;
}
