/* SPDX-License-Identifier: Apache-2.0 */
/* value_priv - what the readers of several formats share */
#ifndef QLAPSE_CODEC_VALUE_PRIV_H
#define QLAPSE_CODEC_VALUE_PRIV_H

#include "lib/codec/value.h"

/* True if two of the keys are equal. Scratch memory comes from a. */
bool val_key_twice(const struct val *keys, size_t n, struct arena *a);

#endif
