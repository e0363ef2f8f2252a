/* SPDX-License-Identifier: Apache-2.0 */
/*
 * templates - which texts are there no rules for? the forms of texts without a rule of their own, counted
 *
 * Taken are texts of class other, and those whose class came from a code or was guessed. What varies in them gives
 * way to placeholders ({n}, {id}, {time}, {quoted}; hosts and addresses are out already, see reply.h), so that texts
 * of one form are one template.
 *
 * Memory is fixed (space-saving): with no place left, the template with the lowest count makes room, and the new one
 * takes that count over as what it may be wrong by. A template that is more frequent than that
 * is never lost. The result depends on the texts and their order only.
 */
#ifndef QLAPSE_CLASSIFY_TEMPLATES_H
#define QLAPSE_CLASSIFY_TEMPLATES_H

#include "classify/reply.h"
#include "lib/base/arena.h"
#include "lib/base/heap.h"
#include "lib/mail/records.h"

enum {
	TEMPLATE_BYTES = 240,
	TEMPLATE_EXAMPLE_BYTES = 512,
	TEMPLATE_RULE_BYTES = 64,
	TEMPLATE_CODES = 6,
	TEMPLATE_CODE_BYTES = 20,
	TEMPLATE_DESTINATIONS = 64
};

struct template
{
	struct heap_node node;
	int64_t count;
	int64_t count_over; /* count may be too high by this */
	int64_t seq;        /* of its first text */
	enum scope scope;   /* who speaks */
	uint32_t mtas;      /* bits 1 << enum mta */
	enum mta mta;       /* of the example */
	enum tier tier;     /* these four as of the first text */
	enum class class;
	struct str rule, example;
	struct str text;     /* what is equal in all of them, with placeholders */
	bool more_codes;     /* than these */
	size_t n_codes;      /* "450 4.7.1", "4.7.1" or "450", in the order of their appearance */
	size_t destinations; /* different ones, up to TEMPLATE_DESTINATIONS */
	char codes[TEMPLATE_CODES][TEMPLATE_CODE_BYTES];
	uint64_t destination_hashes[TEMPLATE_DESTINATIONS];
	char key_bytes[TEMPLATE_BYTES + 1]; /* scope, text */
	char rule_bytes[TEMPLATE_RULE_BYTES];
	char example_bytes[TEMPLATE_EXAMPLE_BYTES];
};

struct templates;

struct templates *templates_new(size_t max); /* max > 0 */
void templates_free(struct templates *t);

/* A delivery with its verdict. False: it has a rule of its own, or is no deferral. */
bool templates_add(struct templates *t, const struct delivery *d);

/* The n most frequent ones, most frequent first; in the arena, as long as t does not change. */
const struct template **templates_list(const struct templates *t, size_t n, struct arena *a, size_t *ret_n);
int64_t templates_taken(const struct templates *t);     /* texts */
int64_t templates_forgotten(const struct templates *t); /* templates that made room */

/* The parts of a normalised text. */
enum piece { PIECE_FIXED, PIECE_NAMED, PIECE_QUOTED, PIECE_NUMBER, PIECE_ID, PIECE_TIME };

/* Takes the next piece off *s, and blanks behind it: its kind, and its bytes to *ret. s is not empty and begins with no
 * blank. before: kind of the piece before. */
enum piece template_piece(struct str *s, enum piece before, struct str *ret);

#endif
