#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A real PostgreSQL (loopback only) for tests and for trying qlapse out; not for production.
#
#   postgres.sh start [--dir DIR]          starts it and waits until it takes clients; prints its connection string
#   postgres.sh stop|kill [--dir DIR]      its data stays; kill ends all its processes at once, as a crash would
#   postgres.sh status|clean [--dir DIR]   clean stops it and removes its data
#
# DIR/conninfo is how to connect to database qlapse as role qlapse, DIR/password its password. Each DIR is a server of its own
# on a free port, which it keeps over restarts. Called by root it runs as the user postgres.
# Exit codes: 64 wrong usage, 69 what it needs is not there (it says what), 1 it did not start (its log says why).
set -euo pipefail

dir=${XDG_CACHE_HOME:-$HOME/.cache}/qlapse/postgres
command=${1:-}
[ $# -gt 0 ] && shift
while [ $# -gt 0 ]; do
	[ $# -gt 1 ] || { echo "postgres.sh: $1 needs a value" >&2; exit 64; }
	case $1 in
	--dir) dir=$2 ;;
	*) echo "postgres.sh: unknown option $1" >&2; exit 64 ;;
	esac
	shift 2
done
dir=$(realpath -m "$dir")

# The newest that is installed: Debian keeps the server's programs out of PATH.
bin=$(find /usr/lib/postgresql/*/bin -name initdb 2>/dev/null | sort -V | tail -n 1)
bin=${bin%/initdb}
as=()
if [ "$(id -u)" -eq 0 ]; then
	as=(setpriv --reuid=postgres --regid=postgres --clear-groups --)
fi

free_port() {
	local port
	while read -r port; do
		(exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && continue
		echo "$port"
		return
	done < <(shuf -i 20000-32000)
}

lay_out() {
	local port
	port=$(free_port)
	mkdir -p "$dir"
	rm -rf "$dir/data"
	mkdir "$dir/data"
	[ ${#as[@]} -eq 0 ] || chown postgres "$dir" "$dir/data"
	head -c 18 /dev/urandom | base64 >"$dir/password"
	[ ${#as[@]} -eq 0 ] || chown postgres "$dir/password"
	chmod 600 "$dir/password"
	"${as[@]}" "$bin/initdb" -N -D "$dir/data" -U qlapse -A scram-sha-256 --pwfile "$dir/password" -E UTF8 --locale=C \
		>"$dir/initdb.log" 2>&1 || { cat "$dir/initdb.log" >&2; exit 1; }
	cat >>"$dir/data/postgresql.conf" <<-CONF
		listen_addresses = '127.0.0.1'
		port = $port
		unix_socket_directories = ''
		shared_buffers = 64MB
		max_wal_size = 512MB
	CONF
	echo "host=127.0.0.1 port=$port dbname=qlapse user=qlapse" >"$dir/conninfo"
}

launch() {
	"${as[@]}" "$bin/pg_ctl" -D "$dir/data" -l "$dir/data/log" -w -t 60 start >/dev/null || {
		tail -n 20 "$dir/data/log" >&2
		exit 1
	}
}

make_database() {
	local conninfo
	conninfo=$(cat "$dir/conninfo")
	PGPASSWORD=$(cat "$dir/password") "$bin/psql" -q "${conninfo/dbname=qlapse/dbname=postgres}" -c 'CREATE DATABASE qlapse'
}

start() {
	[ -n "$bin" ] || { echo "postgres.sh: PostgreSQL's server is missing (Debian: postgresql)" >&2; exit 69; }
	if [ ! -e "$dir/conninfo" ]; then
		lay_out
		launch
		make_database
	elif ! is_running; then
		launch
	fi
	cat "$dir/conninfo"
}

is_running() {
	[ -n "$bin" ] && [ -e "$dir/data/postmaster.pid" ] && "${as[@]}" "$bin/pg_ctl" -D "$dir/data" status >/dev/null 2>&1
}

stop() { # mode
	is_running || return 0
	"${as[@]}" "$bin/pg_ctl" -D "$dir/data" -m "$1" -w -t 60 stop >/dev/null
}

# The postmaster dies by SIGKILL; its children see that and end. The next start recovers.
crash() {
	local pid child children tries
	is_running || return 0
	pid=$(head -n 1 "$dir/data/postmaster.pid")
	children=$(cat "/proc/$pid/task/$pid/children")
	kill -9 "$pid"
	for child in $children; do
		for ((tries = 0; tries < 200; tries++)); do
			[ -e "/proc/$child" ] || break
			sleep 0.05
		done
	done
}

case $command in
start) start ;;
stop) stop fast ;;
kill) crash ;;
status) if is_running; then cat "$dir/conninfo"; else echo "not running"; exit 1; fi ;;
clean) stop immediate; rm -rf "$dir" ;;
*) sed -n '3,12p' "$0" | sed 's/^# \{0,1\}//'; exit 64 ;;
esac
