#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every C file is as clang-format leaves it.
#   format.sh REPOSITORY       exit 77: there is no clang-format here
set -euo pipefail

cd "$1"
command -v clang-format >/dev/null || { echo "format.sh: skipped, no clang-format"; exit 77; }
mapfile -t files < <(git ls-files '*.c' '*.h')
[ "${#files[@]}" -gt 100 ] || { echo "format.sh: found only ${#files[@]} files"; exit 1; }

# The check must be able to fail.
if printf 'int  f( void ){return 1 ;}\n' | clang-format --dry-run -Werror --assume-filename=main/x.c 2>/dev/null; then
	echo "format.sh: clang-format lets anything pass"
	exit 1
fi
clang-format --dry-run -Werror "${files[@]}"
echo "${#files[@]} files"
