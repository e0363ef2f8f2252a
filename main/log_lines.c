/* SPDX-License-Identifier: Apache-2.0 */
/* log_lines - see log_lines.h */
#include "main/log_lines.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lib/base/timefmt.h"

int64_t wall_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void log_line(const char *level, const char *text)
{
	char stamp[25];

	time_format(wall_clock(), stamp);
	fprintf(stderr, "%s %s %s\n", stamp, level, text); /* one call: lines of threads do not mix */
}

void log_client(void *arg, int level, const char *text)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static char last[256];
	static int64_t last_ms;

	(void)arg;
	pthread_mutex_lock(&lock);
	bool again = strncmp(last, text, sizeof(last) - 1) == 0 && wall_clock() - last_ms < 60000;
	if (!again) {
		snprintf(last, sizeof(last), "%s", text);
		last_ms = wall_clock();
	}
	pthread_mutex_unlock(&lock);
	if (!again)
		log_line(level <= 3 ? "error" : level == 4 ? "warning" : "info", text);
}
