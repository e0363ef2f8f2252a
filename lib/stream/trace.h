/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trace - the trace that a raw record is part of (W3C Trace Context), handed on to the one record that is made of it
 *
 * Two headers, traceparent and tracestate. Others wrote them: what is not well-formed is left out.
 */
#ifndef QLAPSE_STREAM_TRACE_H
#define QLAPSE_STREAM_TRACE_H

#include "lib/stream/log.h"

enum { TRACE_HEADERS = 2, TRACE_STATE_MAX = 512 };

extern const char *const trace_names[TRACE_HEADERS];

/* The well-formed ones among rec's headers to ret; how many there are. tracestate never without traceparent. */
size_t trace_headers(const struct log_record *rec, struct log_header ret[TRACE_HEADERS]);

#endif
