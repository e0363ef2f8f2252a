#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A subscriber for the shell: reads the table of incidents to its present end and prints those that are open.
#
#   apt-get install kcat jq
#   open_incidents.sh kafka-1.example.net:9092 [qlapse.incidents.v1]
#
# Of a table the last record of a key counts, and one without a value deletes it. A tick (header qlapse_tick) only tells the
# time. Where emit.cloudevents is structured the record is the event's data.
set -eu
[ $# -ge 1 ] || { echo "usage: open_incidents.sh BOOTSTRAP [TOPIC]" >&2; exit 64; }

kcat -C -e -q -J -b "$1" -t "${2:-qlapse.incidents.v1}" -X isolation.level=read_committed |
	jq -rn '
		def header($name): (.headers // []) as $h | ($h | index($name)) as $i | if $i then $h[$i + 1] else null end;
		reduce (inputs | select(header("qlapse_tick") == null and .key != null)) as $record ({};
			if $record.payload == null then del(.[$record.key])
			else .[$record.key] = ($record.payload | fromjson |
				if ($record | header("content-type") // "" | startswith("application/cloudevents")) then .data else . end)
			end)
		| to_entries | sort_by(.key)[] | select(.value.state == "open")
		| [.key, .value.severity, .value.group, .value.class, .value.messages, .value.first_expiry // "-"] | @tsv'
