#!/bin/sh
# Configures the sources in $1 for a processor that ffitap is not ported to, in the folder $2, with
# whatever generator there is. That must fail, and name every file that a port needs.
set -eu
rm -rf "$2"
mkdir -p "$2"
printf 'set(CMAKE_SYSTEM_NAME Linux)\nset(CMAKE_SYSTEM_PROCESSOR riscv64)\n' > "$2/toolchain.cmake"
if cmake -S "$1" -B "$2/build" -D CMAKE_TOOLCHAIN_FILE="$2/toolchain.cmake" > "$2/said" 2>&1; then
    echo "it was configured for riscv64"
    exit 1
fi
files=$(cd "$1/src/arch/x86_64" && ls | LC_ALL=C sort | paste -s -d , | sed 's/,/, /g')
expected="ffitap: it is not ported to riscv64: src/arch/riscv64 lacks $files; src/arch/arch.h says what they must give"
tr -s ' \n' ' ' < "$2/said" | grep -qF "$expected" && exit 0
echo "expected: $expected"
cat "$2/said"
exit 1
