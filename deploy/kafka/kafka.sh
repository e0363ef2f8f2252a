#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A real Apache Kafka (KRaft, loopback only) for tests and for trying qlapse out; not for production.
#
#   kafka.sh start [--dir DIR] [--brokers N] [--version V]   starts it and waits until it takes clients
#   kafka.sh stop [--dir DIR] [--node N]                     its data stays; one broker of it, or all
#   kafka.sh status|clean [--dir DIR]                        clean stops it and removes its data
#
# DIR/bootstrap holds the brokers' addresses. Each DIR is a cluster of its own on free ports, which it keeps
# over restarts; start brings up those of its brokers that do not run.
# Exit codes: 64 wrong usage, 69 what it needs is not there (it says what), 1 it did not start (its log says why).
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/qlapse
dir=$cache/kafka
brokers=1
version=4.1.1
only=
command=${1:-}
[ $# -gt 0 ] && shift
while [ $# -gt 0 ]; do
	[ $# -gt 1 ] || { echo "kafka.sh: $1 needs a value" >&2; exit 64; }
	case $1 in
	--dir) dir=$2 ;;
	--brokers) brokers=$2 ;;
	--version) version=$2 ;;
	--node) only=$2 ;;
	*) echo "kafka.sh: unknown option $1" >&2; exit 64 ;;
	esac
	shift 2
done
dir=$(realpath -m "$dir")

missing() {
	echo "kafka.sh: $1" >&2
	exit 69
}

fetch_jars() {
	libs=$cache/kafka-$version
	command -v java >/dev/null || missing "java is missing (Debian: default-jre-headless)"
	[ -e "$libs/.complete" ] && return
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
	) 9>"$cache/kafka.lock" || missing "the jars of Kafka $version cannot be had from Maven Central (network?)"
}

# Ports that nobody listens on now, below those that the kernel gives to outgoing connections.
free_ports() { # how many
	local port n=0
	while read -r port; do
		takes_clients "$port" && continue
		echo "$port"
		n=$((n + 1))
		[ $n -eq "$1" ] && return
	done < <(shuf -i 20000-32000)
}

takes_clients() { # port
	(exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
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

# The process of a broker, if it runs: the number in its pid file may be another's by now.
pid_of() { # node
	local pid
	pid=$(cat "$dir/$1/pid" 2>/dev/null) || return 1
	tr '\0' '\n' <"/proc/$pid/cmdline" 2>/dev/null | grep -qxF "$dir/$1/server.properties" || return 1
	echo "$pid"
}

# The brokers that this folder has, started or not.
nodes() {
	local path
	for path in "$dir"/*/server.properties; do
		[ -e "$path" ] && basename "$(dirname "$path")"
	done
	return 0
}

is_running() {
	local node
	for node in $(nodes); do
		pid_of "$node" >/dev/null && return 0
	done
	return 1
}

# Writes the folder of a cluster that starts for the first time.
lay_out() {
	local ports node voters='' bootstrap=''
	mkdir -p "$dir"
	rm -rf "$dir"/[1-9]/data # of a start that was cut off
	mapfile -t ports < <(free_ports $((2 * brokers)))
	for ((node = 1; node <= brokers; node++)); do
		voters+="${voters:+,}$node@127.0.0.1:${ports[2 * node - 1]}"
		bootstrap+="${bootstrap:+,}127.0.0.1:${ports[2 * node - 2]}"
	done
	java -cp "$libs/*" kafka.tools.StorageTool random-uuid 2>/dev/null | tail -n 1 >"$dir/cluster"
	for ((node = 1; node <= brokers; node++)); do
		mkdir -p "$dir/$node/data"
		write_config $node "${ports[2 * node - 2]}" "${ports[2 * node - 1]}" "$voters"
		java -cp "$libs/*" kafka.tools.StorageTool format -t "$(cat "$dir/cluster")" \
			-c "$dir/$node/server.properties" -g >"$dir/$node/format.log" 2>&1 ||
			{ cat "$dir/$node/format.log" >&2; exit 1; }
	done
	echo "$version" >"$dir/version"
	echo "$bootstrap" >"$dir/bootstrap"
}

launch() { # node
	setsid nohup java -Xms256m -Xmx512m -XX:+UseSerialGC -Dlog4j.configuration="file:$dir/$1/log4j.properties" \
		-Dorg.slf4j.simpleLogger.defaultLogLevel=warn \
		-cp "$libs/*" kafka.Kafka "$dir/$1/server.properties" >"$dir/$1/log" 2>&1 </dev/null 9>&- &
	echo $! >"$dir/$1/pid"
}

# A broker opens its port when it is ready. Returns 1 if it has ended instead or takes more than a minute.
wait_for() { # node
	local port tries
	port=$(sed -n 's/^advertised.listeners=.*://p' "$dir/$1/server.properties")
	for ((tries = 0; tries < 600; tries++)); do
		kill -0 "$(cat "$dir/$1/pid")" 2>/dev/null || return 1
		takes_clients "$port" && return
		sleep 0.1
	done
	return 1
}

start() {
	local node
	[ -e "$dir/version" ] && version=$(cat "$dir/version")
	fetch_jars
	[ -e "$dir/bootstrap" ] || lay_out
	for node in $(nodes); do
		[ -n "$only" ] && [ "$node" != "$only" ] && continue
		if pid_of "$node" >/dev/null; then
			echo "kafka.sh: broker $node runs already" >&2
		else
			launch "$node"
		fi
	done
	for node in $(nodes); do
		[ -n "$only" ] && [ "$node" != "$only" ] && continue
		wait_for "$node" && continue
		echo "kafka.sh: broker $node did not start; the end of its log:" >&2
		tail -n 20 "$dir/$node/log" >&2
		stop
		exit 1
	done
	cat "$dir/bootstrap"
}

# Asks it to end, then after 15 s ends it.
stop() {
	local node pid tries
	for node in ${only:-$(nodes)}; do
		pid=$(pid_of "$node") || continue
		kill "$pid" 2>/dev/null || true
	done
	for node in ${only:-$(nodes)}; do
		for ((tries = 0; tries < 150; tries++)); do
			pid=$(pid_of "$node") || break
			sleep 0.1
		done
		pid=$(pid_of "$node") && kill -9 "$pid" 2>/dev/null
		rm -f "$dir/$node/pid"
	done
	return 0
}

case $brokers in [1-9]) ;; *) echo "kafka.sh: --brokers takes 1 to 9" >&2; exit 64 ;; esac
case $command in
start) start ;;
stop) stop ;;
status) if is_running; then cat "$dir/bootstrap"; else echo "not running"; exit 1; fi ;;
clean) only=''; stop; rm -rf "$dir" ;;
*) sed -n '3,11p' "$0" | sed 's/^# \{0,1\}//'; exit 64 ;;
esac
