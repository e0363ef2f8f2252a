/* SPDX-License-Identifier: Apache-2.0 */
/*
 * err - messages of failures
 *
 * Both calls format aside and copy then, so that err->msg itself may be among the arguments.
 */
#include "lib/base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int err_set(struct err *err, enum err_kind kind, const char *fmt, ...)
{
	char msg[sizeof(err->msg)];
	va_list ap;

	if (!err)
		return -1;
	va_start(ap, fmt);
	vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	err->kind = kind;
	memcpy(err->msg, msg, sizeof(msg));
	return -1;
}

int err_prefix(struct err *err, const char *fmt, ...)
{
	char prefix[sizeof(err->msg)], both[2 * sizeof(err->msg) + 2];
	va_list ap;

	if (!err)
		return -1;
	va_start(ap, fmt);
	vsnprintf(prefix, sizeof(prefix), fmt, ap);
	va_end(ap);
	snprintf(both, sizeof(both), "%s: %s", prefix, err->msg);
	both[sizeof(err->msg) - 1] = '\0';
	memcpy(err->msg, both, sizeof(err->msg));
	return -1;
}
