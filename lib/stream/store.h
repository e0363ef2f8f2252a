/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store - the entries of one input partition of one stage: committed state plus the changes of the running batch
 *
 * A batch is undone by putting back what each entry was before its first edit in it
 * (kept encoded), and made final by forgetting that. So state can never be ahead of
 * what was committed. Entries are plain structs of the stage, owned by the store;
 * their timers sit in a heap, ordered by due time, then by key, which makes firing
 * independent of the history of the process.
 */
#ifndef QLAPSE_STREAM_STORE_H
#define QLAPSE_STREAM_STORE_H

#include "lib/stream/stage.h"

/* config must outlive the store: it is told of the entries that end with it. */
struct store *store_new(const struct stage_ops *ops, void *config, uint64_t seed);
void store_free(struct store *s);

/* For stages. Pointers are valid until the entry is removed or the call of apply/fire returns. */
const void *store_get(const struct store *s, struct str key); /* NULL if absent */
void *store_edit(struct store *s, struct str key);            /* NULL if absent; marks it changed */
void store_add(struct store *s, struct str key, void *entry); /* takes entry; the key must be absent; copies the key */
void store_remove(struct store *s, struct str key);           /* destroys the entry; no-op if absent */

/* For the runtime. */
size_t store_size(const struct store *s);
int64_t store_next_due(const struct store *s); /* TIME_NEVER: none */
/* Fires the first timer. -1 and err as ops->fire. */
int store_fire(struct store *s, struct stage_out *out, struct err *err);
void store_settle(struct store *s); /* after apply: re-reads due() of the entries edited since the last settle */

/* A state record read at restore; value.p == NULL removes. */
int store_restore(struct store *s, struct str key, struct str value, struct err *err);

/* entry == NULL, value.p == NULL: tombstone */
typedef int store_changed_fn(void *arg, struct str key, const void *entry, struct str value);
/* Tells every entry changed in the batch, in order of key; one that was added and removed within it is left out. */
int store_changes(struct store *s, store_changed_fn *each, void *arg);
bool store_has_changes(const struct store *s);
void store_commit(struct store *s);
void store_abort(struct store *s);

/* All entries, in no order: for summaries and tests. *at starts at 0. */
bool store_next(const struct store *s, size_t *at, struct str *ret_key, const void **ret_entry);

#endif
