#!/bin/sh
# Compares what the shared object $1 does by itself with what is allowed: $2 constructors of ours,
# and $3 places where it asks to be called around fork(2). If there is one of each, that one says in
# which order the parts start. If there were two, the order would be the one in which the linker got
# the objects.
set -eu
array=$(readelf -SW "$1" | sed -n 's/.* \.init_array *INIT_ARRAY *\([0-9a-f]*\) [0-9a-f]* \([0-9a-f]*\) .*/0x\1 0x\2/p')
nm "$1" > /dev/null # without symbols nothing here would be found

# The addresses of the object's constructors, from the relocations of the array.
constructors() {
  readelf -rW "$1" | awk '$3 == "R_X86_64_RELATIVE" { print "0x" $1, $4 }' |
    while read -r place address; do
      [ $((place)) -ge $((${2% *})) ] && [ $((place)) -lt $((${2% *} + ${2#* })) ] &&
        printf '%016x\n' "0x$address" || true
    done
}

# Constructors that the compiler, a sanitizer and LTTng's header bring along are not ours.
ours=$(constructors "$1" "$array" | while read -r address; do
  nm "$1" | awk -v address="$address" '$1 == address { print $3; exit }'
done | grep -cvE '^(frame_dummy|lttng_ust_.*|__lttng_.*|asan\.module_ctor|_sub_I_.*)$' || true)
registrations=$(objdump -d --no-show-raw-insn "$1" |
  grep -cE '(call|jmp) .*<(__)?(pthread_atfork|register_atfork)(@plt)?>' || true)
# Each object that calls pthread_atfork(3) contains that function, which calls the C library in its
# turn.
if [ "$registrations" -gt 0 ]; then registrations=$((registrations - 1)); fi

if [ "$ours" != "$2" ] || [ "$registrations" != "$3" ]; then
  echo "$1: $ours constructors of ours and $registrations handlers of fork(2), not $2 and $3" >&2
  exit 1
fi
