/* SPDX-License-Identifier: Apache-2.0 */
/* fields_undef - forgets the F_ macros, so that the next set can be defined */
#undef F_STR
#undef F_BIN
#undef F_I64
#undef F_TIME
#undef F_BOOL
#undef F_ENUM
#undef F_LIST
