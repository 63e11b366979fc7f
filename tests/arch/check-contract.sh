#!/bin/sh
# Compiles src/arch/arch.h of the sources in $2 with the compiler $1 for a port whose files define
# nothing, in the folder $3. The compiler must miss every function and constant that arch.h declares.
set -eu
rm -rf "$3"
mkdir -p "$3"
for header in "$2"/src/arch/x86_64/*.h; do
    : > "$3/${header##*/}"
done
sed -n 's/^static inline .*[ *]\(ffitap__[a-z_]*\)(.*/\1/p' "$2/src/arch/arch.h" | LC_ALL=C sort > "$3/expected"
test -s "$3/expected"
echo '#include "arch/arch.h"' |
    LC_ALL=C "$1" -std=gnu11 -Wall -S -o /dev/null -I "$2/src" -I "$3" -x c - 2> "$3/said" || true
grep -q "a constant is missing that this processor's folder must define" "$3/said"
sed -n "s/.*'\(ffitap__[a-z_]*\)' declared 'static' but never defined.*/\1/p" "$3/said" |
    LC_ALL=C sort | diff -u "$3/expected" -
