#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# clang-tidy has nothing to say of the sources (.clang-tidy tells what it is asked).
#   tidy.sh REPOSITORY BUILD       BUILD holds compile_commands.json; exit 77: there is no clang-tidy here
set -uo pipefail

source=$1 build=$2
command -v run-clang-tidy >/dev/null || { echo "tidy.sh: skipped, no run-clang-tidy"; exit 77; }
cd "$source" || exit 1

# The check must be able to fail.
control=$(mktemp -d)
trap 'rm -rf "$control"' EXIT
printf 'int f(int a);\nint f(int a)\n{\n\tint *p = 0;\n\n\tif (a)\n\t\treturn *p;\n\treturn 0;\n}\n' >"$control/x.c"
if clang-tidy --config-file=.clang-tidy "$control/x.c" -- >/dev/null 2>&1; then
	echo "tidy.sh: clang-tidy lets a null pointer be followed"
	exit 1
fi

log=$control/log
nice run-clang-tidy -quiet -j "$(nproc)" -p "$build" \
	"^$source/(lib|ingest|classify|track|queue|alert|emit|main)/.*\.c\$" >"$log" 2>&1
status=$?
grep -A3 -E '(warning|error):' "$log"
n=$(grep -c '^clang-tidy' "$log")
echo "$n files"
[ "$n" -gt 80 ] && [ $status -eq 0 ]
