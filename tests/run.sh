#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what the tests need, builds with warnings as errors and sanitizers, and runs everything.
# Closes with one line: N passed, N failed, N skipped. A test whose real part cannot be had here is
# skipped by name and reason; with CI=true a skip is a failure.
#
#   tests/run.sh [-k PATTERN]     PATTERN: only tests whose name it matches (a regular expression)
set -uo pipefail

cd "$(dirname "$0")/.."
pattern=.
[ "${1:-}" = -k ] && pattern=$2
export DEBIAN_FRONTEND=noninteractive
deploy/install-deps.sh build tests kafka || {
	[ "${CI:-}" = true ] && exit 1
	echo "tests/run.sh: going on with what is there"
}

jobs=$(nproc)
configure() { # folder, further options
	cmake -G Ninja -S . -B "$1" -DQLAPSE_WERROR=ON "${@:2}" >"$1.log" 2>&1 || { cat "$1.log"; exit 1; }
	nice ninja -C "$1" -j "$jobs" >"$1.log" 2>&1 || { tail -n 50 "$1.log"; exit 1; }
}
mkdir -p build
configure build/release -DCMAKE_BUILD_TYPE=RelWithDebInfo -DQLAPSE_TESTS=OFF
configure build/asan -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_FLAGS=-O1 -DQLAPSE_SANITIZE=address,undefined

results=build/ctest.log
export QLAPSE_RELEASE=$PWD/build/release/main/qlapse
(cd build/asan && ctest --output-on-failure -j "$jobs" -R "$pattern") | tee $results
# A test that runs ctest itself prints such lines, too; ours is the last.
total=$(sed -n 's/.* tests passed, .* tests failed out of \([0-9]*\)$/\1/p' $results | tail -n 1)
failed=$(sed -n 's/.* tests passed, \([0-9]*\) tests failed out of .*/\1/p' $results | tail -n 1)
skipped=$(grep -c '^ *[0-9]*/[0-9]* Test .*\*\*\*Skipped' $results)
if [ -z "$total" ]; then
	echo "0 passed, 1 failed"
	exit 1
fi
if [ "$skipped" -gt 0 ] && [ "${CI:-}" = true ]; then
	echo "tests/run.sh: with CI=true a skipped test is a failure"
	failed=$((failed + skipped))
	skipped=0
fi
echo "$((total - failed - skipped)) passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
