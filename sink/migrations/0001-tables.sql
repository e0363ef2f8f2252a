-- SPDX-License-Identifier: Apache-2.0
-- Tables of the sink. A migration that was released is never changed: what is to differ goes into the next one.

-- Where each partition goes on; -1: nothing read yet. Moved in the transaction that writes the rows.
CREATE TABLE qlapse.offsets (
	topic text NOT NULL,
	kafka_partition integer NOT NULL,
	next bigint NOT NULL,
	updated timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (topic, kafka_partition)
);

-- Records that fit no table, as they came, with the reason.
CREATE TABLE qlapse.rejected (
	topic text NOT NULL,
	kafka_partition integer NOT NULL,
	kafka_offset bigint NOT NULL,
	reason text NOT NULL,
	bytes bytea,
	at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (topic, kafka_partition, kafka_offset)
);

CREATE TABLE qlapse.alerts (
	kafka_partition integer NOT NULL,
	kafka_offset bigint NOT NULL,
	at timestamptz NOT NULL,
	incident text NOT NULL,
	seq bigint NOT NULL,
	event text NOT NULL,
	title text NOT NULL,
	summary text NOT NULL,
	remedy text,
	look_again timestamptz,
	state text NOT NULL,
	severity text NOT NULL,
	destination_group text NOT NULL,
	family text NOT NULL,
	class text NOT NULL,
	owner text,
	side text,
	kind text,
	connector text,
	provider text,
	opened timestamptz NOT NULL,
	resolved timestamptz,
	messages bigint NOT NULL,
	recipients bigint NOT NULL,
	overdue bigint NOT NULL,
	oldest timestamptz,
	first_expiry timestamptz,
	expiry_basis text,
	expiring_1h bigint NOT NULL,
	expiring_6h bigint NOT NULL,
	expiring_24h bigint NOT NULL,
	doc jsonb NOT NULL,
	PRIMARY KEY (kafka_partition, kafka_offset)
);
CREATE INDEX ON qlapse.alerts (at);
CREATE INDEX ON qlapse.alerts (incident, seq);

CREATE TABLE qlapse.incidents (
	key text PRIMARY KEY,
	kafka_partition integer NOT NULL,
	kafka_offset bigint NOT NULL,
	at timestamptz NOT NULL,
	incident text NOT NULL,
	seq bigint NOT NULL,
	state text NOT NULL,
	severity text NOT NULL,
	destination_group text NOT NULL,
	family text NOT NULL,
	class text NOT NULL,
	over_volume boolean NOT NULL,
	near_expiry boolean NOT NULL,
	opened timestamptz NOT NULL,
	updated timestamptz NOT NULL,
	resolved timestamptz,
	since timestamptz,
	messages bigint NOT NULL,
	recipients bigint NOT NULL,
	held bigint NOT NULL,
	overdue bigint NOT NULL,
	mismatched bigint NOT NULL,
	oldest timestamptz,
	first_expiry timestamptz,
	expiry_basis text,
	expiring_1h bigint NOT NULL,
	expiring_6h bigint NOT NULL,
	expiring_24h bigint NOT NULL,
	kind text,
	connector text,
	provider text,
	owner text,
	side text,
	microsoft_code text,
	last_failure timestamptz,
	last_success timestamptz,
	last_error text,
	next_hop text,
	next_hop_ip text,
	delivered bigint NOT NULL,
	bounced bigint NOT NULL,
	expired bigint NOT NULL,
	doc jsonb NOT NULL
);

CREATE TABLE qlapse.incident_history (
	kafka_partition integer NOT NULL,
	kafka_offset bigint NOT NULL,
	at timestamptz NOT NULL,
	incident text NOT NULL,
	seq bigint NOT NULL,
	state text NOT NULL,
	severity text NOT NULL,
	destination_group text NOT NULL,
	family text NOT NULL,
	class text NOT NULL,
	opened timestamptz NOT NULL,
	updated timestamptz NOT NULL,
	resolved timestamptz,
	messages bigint NOT NULL,
	recipients bigint NOT NULL,
	overdue bigint NOT NULL,
	oldest timestamptz,
	first_expiry timestamptz,
	expiry_basis text,
	expiring_1h bigint NOT NULL,
	expiring_6h bigint NOT NULL,
	expiring_24h bigint NOT NULL,
	delivered bigint NOT NULL,
	bounced bigint NOT NULL,
	expired bigint NOT NULL,
	doc jsonb NOT NULL,
	PRIMARY KEY (kafka_partition, kafka_offset)
);
CREATE INDEX ON qlapse.incident_history (incident, at);
CREATE INDEX ON qlapse.incident_history (at);

CREATE TABLE qlapse.queues (
	key text PRIMARY KEY,
	kafka_partition integer NOT NULL,
	kafka_offset bigint NOT NULL,
	at timestamptz NOT NULL,
	destination_group text NOT NULL,
	class text NOT NULL,
	family text NOT NULL,
	kind text,
	connector text,
	provider text,
	owner text,
	side text,
	microsoft_code text,
	messages bigint NOT NULL,
	recipients bigint NOT NULL,
	held bigint NOT NULL,
	overdue bigint NOT NULL,
	mismatched bigint NOT NULL,
	null_sender bigint NOT NULL,
	oldest timestamptz,
	first_expiry timestamptz,
	expiry_basis text,
	expiring_1h bigint NOT NULL,
	expiring_6h bigint NOT NULL,
	expiring_24h bigint NOT NULL,
	resolution_min bigint NOT NULL,
	queued jsonb,
	expires jsonb,
	since timestamptz,
	last_failure timestamptz,
	last_success timestamptz,
	last_error text,
	next_hop text,
	next_hop_ip text,
	attempts bigint NOT NULL,
	permanent_replies bigint NOT NULL,
	entered bigint NOT NULL,
	delivered bigint NOT NULL,
	bounced bigint NOT NULL,
	expired bigint NOT NULL,
	longest_wait_ms bigint,
	sources jsonb,
	samples jsonb,
	doc jsonb NOT NULL
);
CREATE INDEX ON qlapse.queues (destination_group);

CREATE TABLE qlapse.messages (
	key text PRIMARY KEY,
	kafka_partition integer NOT NULL,
	kafka_offset bigint NOT NULL,
	at timestamptz NOT NULL,
	message text NOT NULL,
	host text NOT NULL,
	queue_id text NOT NULL,
	mta text NOT NULL,
	state text NOT NULL,
	queued_since timestamptz,
	expires timestamptz,
	basis text,
	null_sender boolean NOT NULL,
	sender text,
	last_line timestamptz,
	recipients jsonb,
	doc jsonb NOT NULL
);

-- Tables by day: partitions of our own, or hypertables where the extension timescaledb is in this database.
CREATE TABLE qlapse.deliveries_shape (
	kafka_partition integer NOT NULL,
	kafka_offset bigint NOT NULL,
	at timestamptz NOT NULL,
	time timestamptz NOT NULL,
	site text NOT NULL,
	host text NOT NULL,
	mta text NOT NULL,
	queue_id text NOT NULL,
	event text NOT NULL,
	sender text,
	recipient text,
	destination text,
	destination_group text,
	relay text,
	relay_ip text,
	delay_ms bigint,
	dsn text,
	reply_code bigint,
	enhanced_code text,
	class text,
	family text,
	owner text,
	side text,
	rule text,
	tier text,
	text text,
	doc jsonb NOT NULL,
	PRIMARY KEY (at, kafka_partition, kafka_offset)
);
CREATE INDEX ON qlapse.deliveries_shape (destination_group, at);

CREATE TABLE qlapse.transitions_shape (
	kafka_partition integer NOT NULL,
	kafka_offset bigint NOT NULL,
	at timestamptz NOT NULL,
	message text NOT NULL,
	seq bigint NOT NULL,
	change text NOT NULL,
	reason text,
	destination text,
	destination_group text NOT NULL,
	class text NOT NULL,
	host text NOT NULL,
	recipients_delta bigint NOT NULL,
	messages_delta bigint NOT NULL,
	held boolean NOT NULL,
	overdue boolean NOT NULL,
	mismatched boolean NOT NULL,
	waited_ms bigint,
	step text,
	next_hop text,
	next_hop_ip text,
	doc jsonb NOT NULL,
	PRIMARY KEY (at, kafka_partition, kafka_offset)
);
CREATE INDEX ON qlapse.transitions_shape (destination_group, at);

CREATE TABLE qlapse.queue_history_shape (
	kafka_partition integer NOT NULL,
	kafka_offset bigint NOT NULL,
	at timestamptz NOT NULL,
	destination_group text NOT NULL,
	class text NOT NULL,
	family text NOT NULL,
	messages bigint NOT NULL,
	recipients bigint NOT NULL,
	held bigint NOT NULL,
	overdue bigint NOT NULL,
	oldest timestamptz,
	first_expiry timestamptz,
	expiring_1h bigint NOT NULL,
	expiring_6h bigint NOT NULL,
	expiring_24h bigint NOT NULL,
	attempts bigint NOT NULL,
	entered bigint NOT NULL,
	delivered bigint NOT NULL,
	bounced bigint NOT NULL,
	expired bigint NOT NULL,
	PRIMARY KEY (at, kafka_partition, kafka_offset)
);
CREATE INDEX ON qlapse.queue_history_shape (destination_group, class, at);

DO $do$
DECLARE
	name text;
	hyper text := (SELECT n.nspname FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
	               WHERE e.extname = 'timescaledb');
BEGIN
	FOREACH name IN ARRAY ARRAY['deliveries', 'transitions', 'queue_history'] LOOP
		EXECUTE format('CREATE TABLE qlapse.%I (LIKE qlapse.%I INCLUDING ALL)', name, name || '_shape')
			|| CASE WHEN hyper IS NULL THEN ' PARTITION BY RANGE (at)' ELSE '' END;
		EXECUTE format('DROP TABLE qlapse.%I', name || '_shape');
		IF hyper IS NOT NULL THEN
			EXECUTE format('SELECT %I.create_hypertable(%L::regclass, %L, chunk_time_interval => interval %L)', hyper,
			               'qlapse.' || name, 'at', '1 day');
		END IF;
	END LOOP;
END
$do$;

-- Makes the partition of a day (UTC) where there is none. ATTACH, unlike PARTITION OF, keeps nobody from the table.
CREATE FUNCTION qlapse.ensure_day(name text, day date) RETURNS void LANGUAGE plpgsql AS $fn$
DECLARE
	part text := format('%s_d%s', name, to_char(day, 'YYYYMMDD'));
BEGIN
	IF (SELECT relkind FROM pg_catalog.pg_class WHERE oid = format('qlapse.%I', name)::regclass) <> 'p'
	   OR to_regclass(format('qlapse.%I', part)) IS NOT NULL THEN
		RETURN;
	END IF;
	PERFORM pg_advisory_xact_lock(hashtextextended('qlapse.' || name, 0));
	IF to_regclass(format('qlapse.%I', part)) IS NOT NULL THEN
		RETURN;
	END IF;
	EXECUTE format('CREATE TABLE qlapse.%I (LIKE qlapse.%I INCLUDING ALL)', part, name);
	EXECUTE format('ALTER TABLE qlapse.%I ATTACH PARTITION qlapse.%I FOR VALUES FROM (%L) TO (%L)', name, part,
	               (day::timestamp AT TIME ZONE 'UTC'), ((day + 1)::timestamp AT TIME ZONE 'UTC'));
END
$fn$;

-- Drops the days before one; how many.
CREATE FUNCTION qlapse.drop_days(name text, before date) RETURNS integer LANGUAGE plpgsql AS $fn$
DECLARE
	part text;
	n integer := 0;
BEGIN
	IF (SELECT relkind FROM pg_catalog.pg_class WHERE oid = format('qlapse.%I', name)::regclass) <> 'p' THEN
		EXECUTE format('SELECT count(*) FROM %I.drop_chunks(%L::regclass, %L::timestamptz)',
		               (SELECT n.nspname FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n
		                ON n.oid = e.extnamespace WHERE e.extname = 'timescaledb'),
		               'qlapse.' || name, (before::timestamp AT TIME ZONE 'UTC')) INTO n;
		RETURN n;
	END IF;
	PERFORM pg_advisory_xact_lock(hashtextextended('qlapse.' || name, 0));
	FOR part IN
		SELECT c.relname FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
		WHERE i.inhparent = format('qlapse.%I', name)::regclass
		  AND c.relname < format('%s_d%s', name, to_char(before, 'YYYYMMDD'))
		ORDER BY 1
	LOOP
		EXECUTE format('DROP TABLE qlapse.%I', part);
		n := n + 1;
	END LOOP;
	RETURN n;
END
$fn$;
