/* SPDX-License-Identifier: Apache-2.0 */
/* fields_table - makes the rows of a field table from a record's .def; RECORD names the struct */
#include "lib/mail/fields_undef.h"
#define F_STR(name, flags, prose)       {#name, FIELD_STR, flags, offsetof(RECORD, name), NULL, NULL, prose},
#define F_BIN(name, flags, prose)       {#name, FIELD_BIN, flags, offsetof(RECORD, name), NULL, NULL, prose},
#define F_I64(name, flags, prose)       {#name, FIELD_I64, flags, offsetof(RECORD, name), NULL, NULL, prose},
#define F_TIME(name, flags, prose)      {#name, FIELD_TIME, flags, offsetof(RECORD, name##_ms), NULL, NULL, prose},
#define F_BOOL(name, flags, prose)      {#name, FIELD_BOOL, flags, offsetof(RECORD, name), NULL, NULL, prose},
#define F_ENUM(name, tag, flags, prose) {#name, FIELD_ENUM, flags, offsetof(RECORD, name), tag##_names, NULL, prose},
#define F_LIST(name, type, flags, prose)                                                                               \
	{#name, FIELD_LIST, flags, offsetof(RECORD, name), NULL, &type##_record, prose},
