/* SPDX-License-Identifier: Apache-2.0 */
/* record - what the description of a struct is good for without any codec: emptying one, finding a name */
#include "lib/base/record.h"

#include <string.h>

#include "lib/base/timefmt.h"

/* The kinds whose absent value is not all zero bits. */
static void clear_field(const struct field *field, void *at)
{
	switch (field->kind) {
	case FIELD_STR:
	case FIELD_BIN:
		*(struct str *)at = STR_NONE;
		break;
	case FIELD_I64:
		*(int64_t *)at = -1;
		break;
	case FIELD_TIME:
		*(int64_t *)at = TIME_NONE;
		break;
	case FIELD_BOOL:
	case FIELD_ENUM:
	case FIELD_LIST:
		break;
	}
}

void record_clear(const struct record_type *type, void *rec)
{
	memset(rec, 0, type->size);
	for (size_t i = 0; i < type->n_fields; i++)
		clear_field(&type->fields[i], (char *)rec + type->fields[i].at);
}

int names_find(const char *const *names, struct str name)
{
	for (int i = 0; names[i]; i++) {
		if (str_eq(str_from(names[i]), name))
			return i;
	}
	return -1;
}
