#!/bin/sh
# Looks at what the shared object $1 wants of the tap, $2. It must be linked with the tap, and its
# references must be weak, so that the object can be loaded with a tap of another build. The linker
# does not miss what a weak reference leads to. So this looks whether the tap has it.
set -eu
LC_ALL=C
export LC_ALL
names=$(mktemp -d)
trap 'rm -rf "$names"' EXIT

nm -D --undefined-only "$1" | sed -n 's/.* \([^ ]\) \(ffitap__[^@]*\).*/\1 \2/p' > "$names/wanted"
nm -D --defined-only "$2" | awk '{ print $3 }' | sort > "$names/there"
sed -n 's/^[vw] //p' "$names/wanted" | sort > "$names/weak"
strong=$(sed -n 's/^[^vw] //p' "$names/wanted")
missing=$(comm -23 "$names/weak" "$names/there")
[ -s "$names/weak" ] || missing=everything

[ -z "$strong" ] || echo "$1: the references are not weak:" $strong >&2
[ -z "$missing" ] || echo "$1: the tap does not have:" $missing >&2
needs=$(readelf -d "$1" | grep -c 'NEEDED.*\[libffitap-tap\.so\.') || true
[ "$needs" = 1 ] || echo "$1: not linked with the tap" >&2
[ -z "$strong$missing" ] && [ "$needs" = 1 ]
