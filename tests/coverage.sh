#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Line coverage of the core by the tests that need no broker: coverage.sh SOURCE BUILD_DIR
# Prints it by file and fails under 90 %.
set -euo pipefail
source=$1
build=$2
command -v gcovr >/dev/null || { echo "skipped: gcovr is missing"; exit 77; }
cmake -G Ninja -S "$source" -B "$build" -DCMAKE_BUILD_TYPE=Debug -DQLAPSE_COVERAGE=ON >/dev/null
ninja -C "$build" >/dev/null
find "$build" -name '*.gcda' -delete
(cd "$build" && ctest -R '^(unit|fuzz|cli$|model)' >ctest.log) || { tail -n 20 "$build/ctest.log"; exit 1; }
"$build/tests/sim/pipeline_sim" 1 60
core=(lib/base lib/mail ingest classify track queue alert)
filters=()
for folder in "${core[@]}"; do filters+=(--filter "$source/$folder/"); done
gcovr --root "$source" "${filters[@]}" --print-summary --fail-under-line 90 "$build"
