/* SPDX-License-Identifier: Apache-2.0 */
/*
 * open_incidents - a subscriber in C: reads the table of incidents to its present end and prints those that are open
 *
 *   cc open_incidents.c -o open_incidents $(pkg-config --cflags --libs rdkafka jansson)
 *   ./open_incidents kafka-1.example.net:9092 [qlapse.incidents.v1]
 *
 * Of a table the last record of a key counts, and one without a value deletes it. To follow the table go on polling
 * instead of ending at the end of the partition.
 */
#include <jansson.h>
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static rd_kafka_t *consumer_new(const char *bootstrap, const char *topic)
{
	static const char *const settings[][2] = {
	    {"group.id", "open-incidents"}, /* not used: nothing is committed */
	    {"enable.auto.commit", "false"},
	    {"isolation.level", "read_committed"}, /* else what was aborted is seen, too */
	    {"enable.partition.eof", "true"},
	};
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
	char err[512];

	rd_kafka_conf_set(conf, "bootstrap.servers", bootstrap, err, sizeof(err));
	for (size_t i = 0; i < sizeof(settings) / sizeof(*settings); i++)
		rd_kafka_conf_set(conf, settings[i][0], settings[i][1], err, sizeof(err));
	rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, err, sizeof(err));
	if (rk == NULL) {
		fprintf(stderr, "open_incidents: %s\n", err);
		exit(69);
	}
	rd_kafka_poll_set_consumer(rk);
	rd_kafka_topic_partition_list_add(list, topic, 0)->offset =
	    RD_KAFKA_OFFSET_BEGINNING; /* it has one partition */
	rd_kafka_assign(rk, list);
	rd_kafka_topic_partition_list_destroy(list);
	return rk;
}

static int has_header(const rd_kafka_message_t *m, const char *name, const char *prefix)
{
	rd_kafka_headers_t *headers;
	const void *value;
	size_t n;

	return rd_kafka_message_headers(m, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR &&
	       rd_kafka_header_get_last(headers, name, &value, &n) == RD_KAFKA_RESP_ERR_NO_ERROR &&
	       n >= strlen(prefix) && memcmp(value, prefix, strlen(prefix)) == 0;
}

/* table: incident id to its record */
static void take(json_t *table, const rd_kafka_message_t *m)
{
	if (has_header(m, "qlapse_tick", "") || m->key_len == 0)
		return; /* a tick only tells the time */
	char *key = strndup(m->key, m->key_len);
	if (m->payload == NULL) {
		json_object_del(table, key);
	} else {
		json_t *doc = json_loadb(m->payload, m->len, 0, NULL), *data = doc;
		if (has_header(m, "content-type", "application/cloudevents")) /* emit.cloudevents: structured */
			data = json_object_get(doc, "data");
		if (data != NULL)
			json_object_set(table, key, data);
		json_decref(doc);
	}
	free(key);
}

static const char *text(const json_t *incident, const char *field)
{
	const char *s = json_string_value(json_object_get(incident, field));
	return s == NULL ? "-" : s;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void print_open(json_t *table)
{
	const char **ids = calloc(json_object_size(table) + 1, sizeof(*ids)), *id;
	json_t *incident;
	size_t n = 0;

	json_object_foreach(table, id, incident) if (strcmp(text(incident, "state"), "open") == 0) ids[n++] = id;
	qsort(ids, n, sizeof(*ids), by_name);
	for (size_t i = 0; i < n; i++) {
		incident = json_object_get(table, ids[i]);
		printf("%s\t%s\t%s\t%s\t%lld\t%s\n", ids[i], text(incident, "severity"), text(incident, "group"),
		       text(incident, "class"), (long long)json_integer_value(json_object_get(incident, "messages")),
		       text(incident, "first_expiry"));
	}
	free(ids);
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		fprintf(stderr, "usage: open_incidents BOOTSTRAP [TOPIC]\n");
		return 64;
	}
	rd_kafka_t *rk = consumer_new(argv[1], argc > 2 ? argv[2] : "qlapse.incidents.v1");
	json_t *table = json_object();
	int status = -1;

	while (status < 0) {
		rd_kafka_message_t *m = rd_kafka_consumer_poll(rk, 30000);
		if (m == NULL || (m->err != RD_KAFKA_RESP_ERR_NO_ERROR && m->err != RD_KAFKA_RESP_ERR__PARTITION_EOF)) {
			fprintf(stderr, "open_incidents: %s\n", m == NULL ? "no answer" : rd_kafka_message_errstr(m));
			status = 69;
		} else if (m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
			status = 0;
		} else {
			take(table, m);
		}
		if (m != NULL)
			rd_kafka_message_destroy(m);
	}
	if (status == 0)
		print_open(table);
	json_decref(table);
	rd_kafka_consumer_close(rk);
	rd_kafka_destroy(rk);
	return status;
}
