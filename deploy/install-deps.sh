#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs Debian packages that are missing: install-deps.sh build|quickstart|kafka|tests ...
# Needs root or sudo only where something is missing. What cannot be had is named; exit code 69.
set -euo pipefail

build=(gcc cmake ninja-build pkg-config librdkafka-dev libmsgpack-dev libjansson-dev libpcre2-dev libyaml-dev libpsl-dev
       libidn2-dev libsodium-dev libmicrohttpd-dev)
quickstart=(python3)
kafka=(default-jre-headless maven python3)
tests=(libcmocka-dev clang libclang-rt-dev clang-format clang-tidy kcat jq python3 python3-msgpack python3-jsonschema
       python3-confluent-kafka gcovr postfix rsyslog rsyslog-kafka openssl prometheus curl)

wanted=()
for set in "$@"; do
	declare -n packages=$set
	wanted+=("${packages[@]}")
done

missing=()
for p in "${wanted[@]}"; do
	dpkg-query -W -f '${Status}' "$p" 2>/dev/null | grep -q 'ok installed' && continue
	case $p in # a machine may have these from elsewhere
	default-jre-headless) command -v java >/dev/null && continue ;;
	maven) command -v mvn >/dev/null && continue ;;
	esac
	missing+=("$p")
done
# libmsgpack-dev is called libmsgpack-c-dev from Debian 13 on
if [[ " ${missing[*]} " == *" libmsgpack-dev "* ]] && dpkg-query -W -f '${Status}' libmsgpack-c-dev 2>/dev/null | grep -q 'ok installed'; then
	missing=("${missing[@]/libmsgpack-dev/}")
	read -r -a missing <<<"${missing[*]}"
fi
[ ${#missing[@]} -eq 0 ] && exit 0

run=()
if [ "$(id -u)" -ne 0 ]; then
	command -v sudo >/dev/null || { echo "install-deps.sh: not root, and these are missing: ${missing[*]}" >&2; exit 69; }
	run=(sudo)
fi
export DEBIAN_FRONTEND=noninteractive
echo "install-deps.sh: installing ${missing[*]}" >&2
"${run[@]}" apt-get update -q >/dev/null || true
if [[ " ${missing[*]} " == *" libmsgpack-dev "* ]] && apt-cache show libmsgpack-c-dev >/dev/null 2>&1; then
	missing=("${missing[@]/libmsgpack-dev/libmsgpack-c-dev}")
fi
"${run[@]}" apt-get install -y -q --no-install-recommends "${missing[@]}" >/dev/null || {
	echo "install-deps.sh: cannot install: ${missing[*]}" >&2
	exit 69
}
