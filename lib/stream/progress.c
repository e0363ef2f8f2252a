/* SPDX-License-Identifier: Apache-2.0 */
/* progress - see progress.h */
#include <inttypes.h>

#include "lib/base/text.h"
#include "lib/stream/progress.h"

void progress_release(struct progress *p)
{
	buf_release(&p->applied);
	*p = PROGRESS_INIT;
}

void progress_copy(struct progress *to, const struct progress *from)
{
	to->clock_ms = from->clock_ms;
	to->read_upto = from->read_upto;
	buf_clear(&to->applied);
	buf_str(&to->applied, buf_view(&from->applied));
}

void progress_write(const struct progress *p, struct buf *out)
{
	buf_fmt(out, "1 %" PRId64 " %" PRId64 " ", p->clock_ms, p->read_upto);
	text_hex(out, buf_view(&p->applied));
}

bool progress_read(struct str meta, struct progress *ret)
{
	struct str version, clock, upto;
	int64_t clock_ms, read_upto;
	struct buf applied = BUF_INIT;

	if (meta.n == 0) {
		progress_release(ret);
		return true;
	}
	if (!str_cut(&meta, ' ', &version) || !str_eq(version, STR("1")))
		return false;
	if (!str_cut(&meta, ' ', &clock) || !str_cut(&meta, ' ', &upto))
		return false;
	if (str_eq(clock, STR("-1")))
		clock_ms = TIME_NONE;
	else if (!str_i64(clock, &clock_ms))
		return false;
	if (!str_i64(upto, &read_upto) || !text_unhex(&applied, meta)) {
		buf_release(&applied);
		return false;
	}
	progress_release(ret);
	*ret = (struct progress){clock_ms, read_upto, applied};
	return true;
}
