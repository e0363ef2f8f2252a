/* SPDX-License-Identifier: Apache-2.0 */
/* clock - the present: as people count it, and one that never goes back */
#ifndef QLAPSE_MAIN_CLOCK_H
#define QLAPSE_MAIN_CLOCK_H

#include <stdint.h>

int64_t clock_wall_ms(void);
int64_t clock_steady_ms(void); /* since some moment */

#endif
