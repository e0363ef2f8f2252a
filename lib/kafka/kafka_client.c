/* SPDX-License-Identifier: Apache-2.0 */
/* kafka_client - see kafka_client.h */
#include <string.h>

#include "lib/kafka/kafka_priv.h"

static const struct {
	const char *name, *why;
} refused[] = {
    {"enable.auto.commit", "offsets are committed within transactions only"},
    {"enable.auto.offset.store", "offsets are committed within transactions only"},
    {"auto.commit.enable", "offsets are committed within transactions only"},
    {"offset.store.method", "offsets are committed within transactions only"},
    {"auto.commit.interval.ms", "offsets are committed within transactions only"},
    {"isolation.level", "what was aborted must not be read"},
    {"enable.idempotence", "exactly once rests on it"},
    {"acks", "exactly once rests on all replicas"},
    {"request.required.acks", "exactly once rests on all replicas"},
    {"transactional.id", "it follows from app and instance"},
    {"transaction.timeout.ms", "set transaction_timeout instead"},
    {"group.id", "it follows from app"},
    {"group.instance.id", "it follows from app and instance"},
    {"group.protocol", "the classic protocol's fencing is relied on"},
    {"partition.assignment.strategy", "mixed assignors hang a rolling upgrade"},
    {"auto.offset.reset", "a lost offset must stop the worker, not skip records"},
    {"enable.partition.eof", "restoring state rests on it"},
    {"max.in.flight.requests.per.connection", "the order of records rests on it"},
    {"max.in.flight", "the order of records rests on it"},
    {"message.send.max.retries", "exactly once rests on retries"},
    {"retries", "exactly once rests on retries"},
    {"partitioner", "partitions are computed by qlapse"},
    {"enabled_events", "qlapse takes what happens through callbacks"},
    {"log.queue", "nobody would read the queue"},
};

const char *kafka_version(void)
{
	return rd_kafka_version_str();
}

/* SCRAM against Kafka 4 needs KIP-896's versions: librdkafka 2.6.1. */
static int check_sasl(const struct kafka_setting *s, struct err *err)
{
	if (strncmp(s->name, "sasl.mechanism", 14) != 0 || strncmp(s->value, "SCRAM", 5) != 0 ||
	    rd_kafka_version() >= 0x020601ff)
		return 0;
	return err_set(err, ERR_CONFIG,
	               "kafka: %s %s needs librdkafka 2.6.1 or newer against Kafka 4, this is %s; use PLAIN over TLS, "
	               "client certificates, or a newer librdkafka",
	               s->name, s->value, kafka_version());
}

int kafka_check_setting(const struct kafka_setting *s, struct err *err)
{
	char why[256];
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	rd_kafka_conf_res_t result = rd_kafka_conf_set(conf, s->name, s->value, why, sizeof(why));

	rd_kafka_conf_destroy(conf);
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++)
		if (strcmp(refused[i].name, s->name) == 0)
			return err_set(err, ERR_CONFIG, "kafka: \"%s\" cannot be set: %s", s->name, refused[i].why);
	if (result != RD_KAFKA_CONF_OK)
		return err_set(err, ERR_CONFIG, "kafka: \"%s\": %s", s->name, why);
	return check_sasl(s, err);
}

bool kafka_setting_known(const char *name)
{
	char why[256];
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	bool known = rd_kafka_conf_set(conf, name, "", why, sizeof(why)) != RD_KAFKA_CONF_UNKNOWN;

	rd_kafka_conf_destroy(conf);
	return known;
}

void kafka_setting_names(void (*each)(void *arg, const char *name), void *arg)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	size_t n;
	const char **pairs = rd_kafka_conf_dump(conf, &n);

	each(arg, "bootstrap.servers"); /* an alias, which the list leaves out */
	for (size_t i = 0; i + 1 < n; i += 2)
		each(arg, pairs[i]);
	rd_kafka_conf_dump_free(pairs, n);
	rd_kafka_conf_destroy(conf);
}

int kafka_check_settings(const struct kafka_client *c, struct err *err)
{
	bool bootstrap = false;
	int result = 0;

	for (size_t i = 0; i < c->n_settings && result == 0; i++) {
		bootstrap |= strcmp(c->settings[i].name, "bootstrap.servers") == 0 ||
		             strcmp(c->settings[i].name, "metadata.broker.list") == 0;
		result = kafka_check_setting(&c->settings[i], err);
	}
	if (result == 0 && !bootstrap)
		return err_set(err, ERR_CONFIG, "kafka: \"bootstrap.servers\" is not set: where is the broker?");
	return result;
}

/* Consumers and producers are given the same settings: that each ignores those of the other is no news. */
void kafka_tell(const struct kafka_client *c, int level, const char *facility, const char *text)
{
	if (c->log != NULL && strcmp(facility, "CONFWARN") != 0)
		c->log(c->log_arg, level, text);
}

static void log_to_client(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
	kafka_tell(rd_kafka_opaque(rk), level, facility, text);
}

rd_kafka_conf_t *kafka_conf(const struct kafka_client *c, const char *const *ours, struct err *err)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	char why[256];

	rd_kafka_conf_set_log_cb(conf, log_to_client);
	for (size_t i = 0; i < c->n_settings; i++)
		if (rd_kafka_conf_set(conf, c->settings[i].name, c->settings[i].value, why, sizeof(why)) !=
		    RD_KAFKA_CONF_OK)
			goto failed;
	for (; *ours != NULL; ours += 2)
		if (rd_kafka_conf_set(conf, ours[0], ours[1], why, sizeof(why)) != RD_KAFKA_CONF_OK)
			goto failed;
	return conf;
failed:
	rd_kafka_conf_destroy(conf);
	err_set(err, ERR_CONFIG, "kafka: %s", why);
	return NULL;
}

void kafka_conf_unless_set(rd_kafka_conf_t *conf, const char *name, const char *its_default, const char *ours)
{
	char text[256];

	if (rd_kafka_conf_get(conf, name, text, &(size_t){sizeof(text)}) == RD_KAFKA_CONF_OK &&
	    strcmp(text, its_default) == 0)
		rd_kafka_conf_set(conf, name, ours, text, sizeof(text));
}

rd_kafka_t *kafka_handle(rd_kafka_type_t type, rd_kafka_conf_t *conf, struct err *err)
{
	char why[256];
	rd_kafka_t *rk = rd_kafka_new(type, conf, why, sizeof(why));

	if (rk == NULL) {
		rd_kafka_conf_destroy(conf);
		err_set(err, ERR_CONFIG, "kafka: %s", why);
	}
	return rk;
}
