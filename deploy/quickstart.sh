#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Shows qlapse at work on this machine: a local Kafka, a Postfix log in it, the pipeline on it, and the alerts as they
# come.
#
#   deploy/quickstart.sh [--no-kafka] [LOG…]     LOG: your own Postfix logs; without, a sample is used
#
# Installs what is missing (Debian 12 or 13), leaves nothing running. Without Java, Maven or network the same four
# stages run in one process instead, and it says so; --no-kafka asks for that.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
use_kafka=true
logs=()
for arg in "$@"; do
	case $arg in
	--no-kafka) use_kafka=false ;;
	-h | --help) sed -n '3,9p' "$0" | sed 's/^# \{0,1\}//'; exit 0 ;;
	*)
		[ -r "$arg" ] || { echo "quickstart.sh: cannot read \"$arg\"" >&2; exit 66; }
		logs+=("$(realpath "$arg")")
		;;
	esac
done
[ ${#logs[@]} -gt 0 ] || logs=("$root/deploy/quickstart/sample.log")

say() { printf '\n== %s\n' "$*"; }

say "Installing what is missing"
"$root/deploy/install-deps.sh" build quickstart || {
	echo "Without these packages the program can be neither built nor shown." >&2
	exit 69
}

qlapse=${QLAPSE_RELEASE:-$root/build/release/main/qlapse}
if [ -z "${QLAPSE_RELEASE:-}" ]; then
	say "Building"
	cmake -G Ninja -S "$root" -B "$root/build/release" -DCMAKE_BUILD_TYPE=RelWithDebInfo -DQLAPSE_TESTS=OFF >/dev/null
	ninja -C "$root/build/release" qlapse | tail -n 1
fi

work=$(mktemp -d)
runner=
reader=
stop_all() {
	[ -n "$reader" ] && kill "$reader" 2>/dev/null || true
	[ -n "$runner" ] && kill "$runner" 2>/dev/null && wait "$runner" 2>/dev/null || true
	[ -e "$work/kafka" ] && "$root/deploy/kafka/kafka.sh" clean --dir "$work/kafka" >/dev/null 2>&1 || true
	rm -rf "$work"
}
trap stop_all EXIT

# An alert as an operator reads it.
words() {
	python3 -u -c '
import json, sys, textwrap
for line in sys.stdin:
    a = json.loads(line)
    print("\n*", a["at"], a["title"])
    for text in (a["summary"], a.get("remedy")):
        if text:
            print(textwrap.fill(text, 100, initial_indent="    ", subsequent_indent="    "))
'
}

where_next() {
	cat <<-TEXT

	Where to go next:
	  $qlapse replay /var/log/mail.log          your own log, at once, without Kafka
	  $qlapse explain 'a log line'              what one line says, and what to do about it
	  $root/docs/OPERATIONS.md                  run it on your own Kafka
	TEXT
}

without_kafka() {
	say "The same four stages in one process, without Kafka: $1"
	"$qlapse" replay --config "$root/deploy/quickstart/qlapse.yaml" --emit alerts "${logs[@]}" | words
	where_next
}

if ! $use_kafka; then
	without_kafka "as asked for"
	exit 0
fi

say "Starting a local Kafka"
"$root/deploy/install-deps.sh" kafka || { without_kafka "what Kafka needs cannot be installed"; exit 0; }
if ! "$root/deploy/kafka/kafka.sh" start --dir "$work/kafka" >"$work/kafka.log" 2>&1; then
	tail -n 3 "$work/kafka.log"
	without_kafka "Kafka does not start here"
	exit 0
fi
config="$work/qlapse.yaml"
{
	cat "$root/deploy/quickstart/qlapse.yaml"
	echo "kafka: {bootstrap.servers: \"$(cat "$work/kafka/bootstrap")\"}"
} >"$config"
"$qlapse" topics create --config "$config" >/dev/null

say "Running the pipeline; alerts as they come on qlapse.alerts.v1"
"$qlapse" run --config "$config" 2>"$work/run.log" &
runner=$!
"$qlapse" topics read alerts --follow --config "$config" >"$work/alerts.ndjson" 2>/dev/null &
reader=$!
"$qlapse" feed --topic mail-logs --shift-to-now --config "$config" "${logs[@]}"

# Until nothing new was said for 8 s; the first alert has 30 s more.
shown=0
quiet=0
for ((i = 0; i < 240 && quiet < 16; i++)); do
	sleep 0.5
	kill -0 "$runner" 2>/dev/null || { tail -n 5 "$work/run.log" >&2; exit 1; }
	lines=$(wc -l <"$work/alerts.ndjson")
	if [ "$lines" -gt "$shown" ]; then
		sed -n "$((shown + 1)),${lines}p" "$work/alerts.ndjson" | words
		shown=$lines
		quiet=0
	elif [ "$shown" -gt 0 ] || [ "$i" -gt 60 ]; then
		quiet=$((quiet + 1))
	fi
done
[ "$shown" -gt 0 ] || echo "No alert: nothing in this log has waited for long enough."
where_next
