/* SPDX-License-Identifier: Apache-2.0 */
/*
 * err - what went wrong in the environment, and what the caller may do about it
 *
 * Three kinds of failure are kept apart everywhere:
 *   a bug                 aborts (check.h, always on)
 *   the environment       returns -1 and fills a struct err
 *   bad input             is a normal value: counted, dead-lettered, never an err
 * On failure out-parameters are untouched unless a header says otherwise.
 * Libraries return an err; only main/ logs.
 */
#ifndef QLAPSE_BASE_ERR_H
#define QLAPSE_BASE_ERR_H

enum err_kind {
	ERR_NONE,
	ERR_RETRY,  /* the same call may succeed later */
	ERR_SKIP,   /* this item is lost, the next may work */
	ERR_CONFIG, /* the user's configuration or command line is wrong: exit 78 */
	ERR_FATAL,
};

struct err {
	enum err_kind kind;
	char msg[480]; /* lower case, no full stop, subject quoted */
};

/* Fills err (which may be NULL) and returns -1, so that `return err_set(...)` reads well. */
int err_set(struct err *err, enum err_kind kind, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Puts "prefix: " before a message that is already there; returns -1. */
int err_prefix(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
