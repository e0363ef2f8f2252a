/* SPDX-License-Identifier: Apache-2.0 */
/* passthrough - copies a topic to another with the plain reader and writer: what librdkafka can do here, for comparison
 * usage: passthrough BOOTSTRAP FROM PARTITIONS TO      prints records and seconds */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "lib/base/timefmt.h"
#include "lib/kafka/kafka_reader.h"

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int copy(struct kafka_reader *reader, struct kafka_writer *writer, const char *to, struct err *err)
{
	struct log_record rec;
	bool ended = false;
	double start = 0;
	long n = 0;

	while (!ended) {
		int got = kafka_reader_next(reader, 100, &rec, &ended, err);
		if (got < 0)
			return -1;
		if (got == 0)
			continue;
		if (n++ == 0)
			start = now_s();
		if (kafka_writer_put(writer, to, &rec, err) < 0)
			return -1;
	}
	if (kafka_writer_flush(writer, err) < 0)
		return -1;
	printf("%ld %.3f\n", n, now_s() - start);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc != 5)
		return 64;
	const struct kafka_setting settings[] = {{"bootstrap.servers", argv[1]}};
	const struct kafka_client client = {.settings = settings, .n_settings = 1};
	struct err err = {0};
	struct kafka_reader *reader = kafka_reader_open(&client, argv[2], atoi(argv[3]), true, &err);
	struct kafka_writer *writer = reader == NULL ? NULL : kafka_writer_open(&client, &err);
	int result = writer == NULL ? -1 : copy(reader, writer, argv[4], &err);

	if (result < 0)
		fprintf(stderr, "%s\n", err.msg);
	kafka_writer_close(writer);
	kafka_reader_close(reader);
	return result < 0;
}
