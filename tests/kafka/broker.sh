#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# broker.sh start|clean KAFKA_SH DIR [OPTION…]: a broker as a ctest fixture. Where none can be had the tests that need it are
# skipped (exit code 77), by name and reason; with CI=true that is a failure.
set -u

out=$("$2" "$1" --dir "$3" "${@:4}" 2>&1)
status=$?
echo "$out"
if [ $status -eq 69 ] && [ "${CI:-}" != true ]; then
	echo "skipped: no Kafka can be had here: ${out##*kafka.sh: }"
	exit 77
fi
exit $status
