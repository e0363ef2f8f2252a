/* SPDX-License-Identifier: Apache-2.0 */
/* fields_struct - makes the members of a struct from a record's .def; include it, then the .def inside struct { } */
#include "lib/mail/fields_undef.h"
#define F_STR(name, flags, prose)        struct str name;
#define F_BIN(name, flags, prose)        struct str name;
#define F_I64(name, flags, prose)        int64_t name;
#define F_TIME(name, flags, prose)       int64_t name##_ms;
#define F_BOOL(name, flags, prose)       bool name;
#define F_ENUM(name, tag, flags, prose)  int name;
#define F_LIST(name, type, flags, prose) struct record_list name;
