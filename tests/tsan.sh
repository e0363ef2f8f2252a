#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What threads share, under ThreadSanitizer: tsan.sh SOURCE BUILD_DIR
set -euo pipefail
cmake -G Ninja -S "$1" -B "$2" -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_FLAGS=-O1 -DQLAPSE_SANITIZE=thread >/dev/null
ninja -C "$2" main_threads_test main_board_test >/dev/null
"$2/tests/main_threads_test"
"$2/tests/main_board_test"
