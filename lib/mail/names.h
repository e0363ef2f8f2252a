/* SPDX-License-Identifier: Apache-2.0 */
/*
 * names - the vocabularies of the records, and the classes of deferral
 *
 * names.def gives for each list an enum (enum event { EVENT_NONE, ... }) and a
 * table event_names[], NULL-terminated and indexed by it, as lib/base/record.h
 * wants it. class.def gives enum class, class_names[] and what belongs to each.
 */
#ifndef QLAPSE_MAIL_NAMES_H
#define QLAPSE_MAIL_NAMES_H

#include "lib/base/str.h"

#define NAME(constant, text) constant,
#define NAMES(tag, list)                                                                                               \
	enum tag { list };                                                                                             \
	extern const char *const tag##_names[];
#include "lib/mail/names.def"
#undef NAMES
#undef NAME

enum class {
#define CLASS(id, fam, code, own, prose) CLASS_##id,
#include "lib/mail/class.def"
#undef CLASS
	CLASS_N
};

extern const char *const class_names[]; /* NULL-terminated */

enum family class_family(enum class c);
enum owner class_owner(enum class c);           /* the default; the rule that matched has the last word */
const char *class_microsoft_code(enum class c); /* "" if the class is none of the document's */
const char *class_prose(enum class c);

/* By its name or another that it goes by ("Exchange Online", "pmta"), case, blanks and marks aside, a version behind it
 * or none; MTA_UNKNOWN: nobody's. */
enum mta mta_find(struct str name);

bool event_is_fact(enum event e); /* tells of a message without being an outcome: arrived, queued, removed ... */

#endif
