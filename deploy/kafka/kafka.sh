#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A real Apache Kafka (KRaft, loopback only) for tests and for trying qlapse out; not for production.
#
#   kafka.sh start [--dir DIR] [--brokers N] [--version V]   starts it and waits until it takes clients
#   kafka.sh stop|status|clean [--dir DIR]                   clean also removes its data
#
# DIR/bootstrap holds the brokers' addresses. Each DIR is a cluster of its own on free ports.
# Exit codes: 69 what it needs is not there (it says what), 1 it did not start (its log says why).
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/qlapse
dir=$cache/kafka
brokers=1
version=4.1.1
command=${1:-}
[ $# -gt 0 ] && shift
while [ $# -gt 0 ]; do
	case $1 in
	--dir) dir=$2 ;;
	--brokers) brokers=$2 ;;
	--version) version=$2 ;;
	*) echo "kafka.sh: unknown option $1" >&2; exit 64 ;;
	esac
	shift 2
done

missing() {
	echo "kafka.sh: $1" >&2
	exit 69
}

fetch_jars() {
	libs=$cache/kafka-$version
	[ -e "$libs/.complete" ] && return
	command -v java >/dev/null || missing "java is missing (Debian: default-jre-headless)"
	command -v mvn >/dev/null || missing "mvn is missing (Debian: maven)"
	local slf4j=slf4j-simple
	case $version in 3.*) slf4j=slf4j-reload4j ;; esac
	mkdir -p "$cache"
	(
		flock 9
		[ -e "$libs/.complete" ] && exit
		echo "kafka.sh: fetching Apache Kafka $version from Maven Central" >&2
		mvn -q -B -f "$here/pom.xml" -Dkafka.version="$version" -Dslf4j.artifact=$slf4j \
			dependency:copy-dependencies -DoutputDirectory="$libs" >&2 || exit 1
		touch "$libs/.complete"
	) 9>"$cache/kafka.lock" || missing "Kafka's jars cannot be had from Maven Central (network?)"
}

# Two ports per broker that nobody listens on now.
free_ports() {
	python3 - "$1" <<'PY'
import socket, sys
socks = [socket.socket() for _ in range(int(sys.argv[1]))]
for s in socks:
    s.bind(("127.0.0.1", 0))
print(*(s.getsockname()[1] for s in socks))
PY
}

write_config() { # node, client port, controller port, voters
	cat >"$dir/$1/server.properties" <<-CONF
		process.roles=broker,controller
		node.id=$1
		controller.quorum.voters=$4
		listeners=PLAINTEXT://127.0.0.1:$2,CONTROLLER://127.0.0.1:$3
		advertised.listeners=PLAINTEXT://127.0.0.1:$2
		listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
		controller.listener.names=CONTROLLER
		inter.broker.listener.name=PLAINTEXT
		log.dirs=$dir/$1/data
		auto.create.topics.enable=false
		num.partitions=4
		default.replication.factor=$((brokers < 3 ? 1 : 3))
		min.insync.replicas=$((brokers < 3 ? 1 : 2))
		offsets.topic.num.partitions=4
		offsets.topic.replication.factor=$((brokers < 3 ? 1 : 3))
		transaction.state.log.num.partitions=4
		transaction.state.log.replication.factor=$((brokers < 3 ? 1 : 3))
		transaction.state.log.min.isr=$((brokers < 3 ? 1 : 2))
		share.coordinator.state.topic.num.partitions=1
		share.coordinator.state.topic.replication.factor=1
		share.coordinator.state.topic.min.isr=1
		group.initial.rebalance.delay.ms=0
		group.min.session.timeout.ms=1000
		transaction.abort.timed.out.transaction.cleanup.interval.ms=1000
		log.retention.hours=-1
		log.message.timestamp.before.max.ms=9223372036854775807
	CONF
	cat >"$dir/$1/log4j.properties" <<-CONF
		log4j.rootLogger=WARN, stderr
		log4j.appender.stderr=org.apache.log4j.ConsoleAppender
		log4j.appender.stderr.target=System.err
		log4j.appender.stderr.layout=org.apache.log4j.PatternLayout
		log4j.appender.stderr.layout.ConversionPattern=%d %p %m (%c)%n
	CONF
}

is_running() {
	local pid
	for pid in "$dir"/*/pid; do
		[ -e "$pid" ] && kill -0 "$(cat "$pid")" 2>/dev/null && return 0
	done
	return 1
}

takes_clients() { # port
	(exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

start() {
	if is_running; then
		echo "kafka.sh: runs already at $(cat "$dir/bootstrap")" >&2
		return
	fi
	fetch_jars
	mkdir -p "$dir"
	local ports node voters='' bootstrap='' id
	read -r -a ports <<<"$(free_ports $((2 * brokers)))"
	[ -e "$dir/cluster" ] || java -cp "$libs/*" kafka.tools.StorageTool random-uuid >"$dir/cluster" 2>/dev/null
	id=$(tail -n 1 "$dir/cluster")
	for ((node = 1; node <= brokers; node++)); do
		voters+="${voters:+,}$node@127.0.0.1:${ports[2 * node - 1]}"
		bootstrap+="${bootstrap:+,}127.0.0.1:${ports[2 * node - 2]}"
	done
	for ((node = 1; node <= brokers; node++)); do
		mkdir -p "$dir/$node/data"
		write_config $node "${ports[2 * node - 2]}" "${ports[2 * node - 1]}" "$voters"
		java -cp "$libs/*" kafka.tools.StorageTool format -t "$id" -c "$dir/$node/server.properties" -g \
			>"$dir/$node/format.log" 2>&1 || { cat "$dir/$node/format.log" >&2; exit 1; }
		setsid nohup java -Xms256m -Xmx512m -XX:+UseSerialGC -Dlog4j.configuration="file:$dir/$node/log4j.properties" \
			-Dorg.slf4j.simpleLogger.defaultLogLevel=warn \
			-cp "$libs/*" kafka.Kafka "$dir/$node/server.properties" >"$dir/$node/log" 2>&1 </dev/null 9>&- &
		echo $! >"$dir/$node/pid"
	done
	echo "$bootstrap" >"$dir/bootstrap"
	local tries
	for ((node = 1; node <= brokers; node++)); do
		for ((tries = 0; tries < 600; tries++)); do
			takes_clients "${ports[2 * node - 2]}" && break
			kill -0 "$(cat "$dir/$node/pid")" 2>/dev/null || { tail -n 20 "$dir/$node/log" >&2; exit 1; }
			sleep 0.1
		done
	done
	takes_clients "${ports[0]}" || { tail -n 20 "$dir/1/log" >&2; exit 1; }
	cat "$dir/bootstrap"
}

stop() {
	local pid tries
	for pid in "$dir"/*/pid; do
		[ -e "$pid" ] || continue
		kill "$(cat "$pid")" 2>/dev/null || true
	done
	for ((tries = 0; tries < 150; tries++)); do
		is_running || break
		sleep 0.1
	done
	for pid in "$dir"/*/pid; do
		[ -e "$pid" ] || continue
		kill -9 "$(cat "$pid")" 2>/dev/null || true
		rm -f "$pid"
	done
}

case $command in
start) start ;;
stop) stop ;;
status) if is_running; then cat "$dir/bootstrap"; else echo "not running"; exit 1; fi ;;
clean) stop; rm -rf "$dir" ;;
*) sed -n '3,10p' "$0" | sed 's/^# \{0,1\}//'; exit 64 ;;
esac
