/* SPDX-License-Identifier: Apache-2.0 */
/*
 * follow - lines of files as they are written, through renames and truncation
 *
 * What is there already comes first, merged by time as in lines.h; then whatever has come since the last call. A
 * file that was renamed is read to its end, and left for the new one of its name as soon as that holds something
 * (while it is empty the writer may still have the old one open). A file that has shrunk is read from its start. No
 * line is later than now.
 */
#ifndef QLAPSE_MAIN_FOLLOW_H
#define QLAPSE_MAIN_FOLLOW_H

#include "main/lines.h"

struct follow;

/* "-" is standard input. once: the files end where they end. NULL and err if one of the files cannot be read. */
struct follow *follow_open(const char *const *paths, size_t n, const struct line_options *o, bool once,
                           struct err *err);
void follow_close(struct follow *f);

/* The text is valid until the next call. False: nothing more for now, or a failure. */
bool follow_next(struct follow *f, int64_t now_ms, struct line *ret);
bool follow_ended(const struct follow *f); /* nothing more for good */
int follow_status(const struct follow *f, struct err *err);

#endif
