/* SPDX-License-Identifier: Apache-2.0 */
/*
 * board - what the workers last said of themselves, for the thread that answers scrapes and probes
 *
 * A worker writes to the board between two transactions, at most once a second and when it becomes ready or ceases to
 * be; a reader sees what was written last. One lock guards it all, and is held for the time of a copy or of writing a page.
 * Nobody else's data is read: a scrape costs what is on the board.
 */
#ifndef QLAPSE_MAIN_BOARD_H
#define QLAPSE_MAIN_BOARD_H

#include "alert/fleet.h"
#include "lib/stream/worker.h"
#include "main/config.h"

struct board;

/* list: the program's topics, which must outlive the board. */
struct board *board_new(const struct log_topic *list, int64_t wall_ms);
void board_free(struct board *b);

/* A place for one worker. All are taken before the workers start. */
size_t board_seat(struct board *b, enum stage_id stage, int number, int64_t steady_ms);

/* From the worker's thread. */
void board_beat(struct board *b, size_t seat, int64_t steady_ms); /* it is alive */
/* log: asked for the ends of its partitions; NULL: not on Kafka. fleet: NULL unless the stage keeps one. */
void board_see(struct board *b, size_t seat, const struct worker *w, const struct log *kafka, const struct fleet *fleet,
               int64_t steady_ms);
void board_count(struct board *b, const char *name, int64_t n); /* a committed count of a stage */
void board_commit_took(struct board *b, size_t seat, int64_t us);

/* What the whole process waits for before it is ready; a literal. NULL: nothing, as at the beginning. */
void board_wait(struct board *b, const char *words);

/* From any thread. */
bool board_ready(struct board *b, struct buf *why_not);                      /* a line per worker that is not */
bool board_healthy(struct board *b, int64_t steady_ms, struct buf *why_not); /* a line per worker that hangs */
void board_metrics(struct board *b, int64_t wall_ms, int64_t steady_ms, struct buf *out);

#endif
