#!/bin/sh
# Records a program that uses the core, with nothing but LTTng's own tools, and compares what the
# trace says with what tests/apps/core/core_host.c does.
#
# usage: core_trace.sh CORE_HOST LIBRARY_DIRECTORY
set -eu

# For root LTTng's sockets have one place in the system (lttng-sessiond(8), FILES). A folder of our
# own is mounted over it, for this test alone. For other users LTTNG_HOME says where the sockets
# are.
if [ "$(id -u)" -eq 0 ] && [ -z "${CORE_TRACE_UNSHARED:-}" ]; then
    CORE_TRACE_UNSHARED=1 exec unshare --mount --propagation private "$0" "$@"
fi

host=$1
libraries=$2
work=$(mktemp -d)
failed=0

if [ "$(id -u)" -eq 0 ]; then
    mkdir -p /run/lttng "$work/run"
    mount --bind "$work/run" /run/lttng
    mount -t tmpfs tmpfs /dev/shm
fi
export LTTNG_HOME="$work"
export LTTNG_UST_REGISTER_TIMEOUT=-1

clean_up() {
    if [ -s "$work/sessiond.pid" ]; then
        daemon=$(cat "$work/sessiond.pid")
        kill "$daemon" 2>/dev/null || true
        while kill -0 "$daemon" 2>/dev/null; do sleep 0.05; done
    fi
    [ "$(id -u)" -ne 0 ] || umount /run/lttng /dev/shm || true
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 1' INT TERM

expect() { # WHAT EXPECTED FOUND
    if [ "$2" != "$3" ]; then
        echo "$1: expected '$2', found '$3'" >&2
        failed=1
    fi
}

record() { # SESSION
    lttng --no-sessiond create "$1" --output="$work/$1"
    lttng --no-sessiond enable-event --userspace 'ffitap:*'
    lttng --no-sessiond add-context --userspace --type=vpid --type=vtid
    lttng --no-sessiond start
}

finish() { # SESSION
    lttng --no-sessiond stop
    lttng --no-sessiond destroy "$1"
}

read_trace() { # SESSION
    babeltrace2 "$work/$1" >"$work/$1.txt" 2>"$work/$1.err" || expect "reading $1" 0 $?
    expect "what babeltrace2 says of $1" "" "$(cat "$work/$1.err")"
}

count() { # SESSION EVENT [PATTERN]
    grep " ffitap:$2: " "$work/$1.txt" | grep -c -e "${3:-.}" || true
}

# The function ids that calls name, sorted; and those that function events name.
called() { grep ' ffitap:call: ' "$work/$1.txt" | sed 's/.*function_id = \([0-9]*\).*/\1/' | sort -u; }
named() {
    grep ' ffitap:function: ' "$work/$1.txt" | grep -v 'symbol = ""' |
        sed 's/.*function_id = \([0-9]*\).*/\1/' | sort -u
}

# The id of the call that each callback came out of, and the callback's own id.
calls_back() { grep ' ffitap:callback_exit: ' "$work/$1.txt" | sed 's/.* call_id = \([0-9]*\).*/\1/'; }
callbacks() { grep ' ffitap:callback_exit: ' "$work/$1.txt" | sed 's/.*callback_id = \([0-9]*\).*/\1/'; }

calls_of() { # SESSION SYMBOL
    id=$(grep ' ffitap:function: ' "$work/$1.txt" | grep "symbol = \"$2\"" |
        sed 's/.*function_id = \([0-9]*\).*/\1/' | sort -u)
    count "$1" call "function_id = ${id:-none},"
}

expect_calls() { # SESSION
    expect "$1: calls" 222 "$(count "$1" call)"
    expect "$1: calls of sqrt" 110 "$(calls_of "$1" sqrt)"
    expect "$1: calls of cbrt" 50 "$(calls_of "$1" cbrt)"
    expect "$1: calls of compressBound" 20 "$(calls_of "$1" compressBound)"
    expect "$1: calls of close" 5 "$(calls_of "$1" close)"
    expect "$1: calls of abs" 7 "$(calls_of "$1" abs)"
    expect "$1: calls of bsearch" 30 "$(calls_of "$1" bsearch)"
    expect "$1: entries of callbacks" 31 "$(count "$1" callback_entry)"
    expect "$1: exits of callbacks" 31 "$(count "$1" callback_exit)"
    expect "$1: callbacks out of no call" 1 "$(count "$1" callback_exit 'call_id = 0,')"
    expect "$1: callbacks out of each call" 31 "$(calls_back "$1" | sort -u | wc -l)"
    expect "$1: callbacks" 31 "$(callbacks "$1" | sort -u | wc -l)"
    expect "$1: entries of calls" 222 "$(count "$1" call_entry)"
    expect "$1: exits of calls" 222 "$(count "$1" call_exit)"
    expect "$1: exchanges of errno, in" 42 "$(count "$1" errno_swap '"in"')"
    expect "$1: exchanges of errno, out" 42 "$(count "$1" errno_swap '"out"')"
    expect "$1: GIL windows without an interpreter" 0 "$(count "$1" gil_release)"
    expect "$1: losses" 0 "$(count "$1" lost)"
    expect "$1: calls whose function has no name" "" \
        "$({ called "$1"; named "$1"; named "$1"; } | sort | uniq -u)"
    expect "$1: calls of the runtime" 222 "$(count "$1" call "runtime_id = $(runtime "$1"),")"
    expect "$1: calls with thread and process" 222 "$(count "$1" call 'vpid = [0-9]*, vtid = ')"
}

runtime() {
    grep ' ffitap:runtime: ' "$work/$1.txt" | grep 'name = "ffitap"' |
        sed 's/.*runtime_id = \([0-9]*\).*/\1/' | sort -u
}

lttng-sessiond --background --no-kernel --pidfile="$work/sessiond.pid" 2>"$work/sessiond.log"

# In this session the program starts after the session.
record early >"$work/lttng.log"
"$host" || expect "exit status of the program" 0 $?
finish early >>"$work/lttng.log"
read_trace early
expect "early: begun loads" 4 "$(count early load_begin)"
expect "early: loads" 4 "$(count early load_end)"
expect "early: failed loads" 1 "$(count early load_end 'handle = 0x0,.*error = "libabsent')"
expect "early: loads by the program" 4 "$(count early load_end 'caller = "[^"]*core_host"')"
expect "early: fresh lookups" 8 "$(count early lookup 'cached = 0')"
expect "early: cached lookups" 3 "$(count early lookup 'cached = 1')"
expect "early: failed lookups" 1 "$(count early lookup 'function_id = 0,.*absent_function"')"
expect_calls early

# Here the program has done everything once, lookups included, before the session starts.
mkfifo "$work/to" "$work/from"
"$host" round <"$work/to" >"$work/from" &
program=$!
exec 3>"$work/to" 4<"$work/from"
read -r _ <&4
record late >>"$work/lttng.log"
echo again >&3
read -r _ <&4
exec 3>&-
wait "$program" || expect "exit status of the program" 0 $?
finish late >>"$work/lttng.log"
read_trace late
expect "late: loads" 0 "$(count late load_end)"
expect "late: lookups" 0 "$(count late lookup)"
expect "late: processes" 1 "$(count late process | sed 's/^[1-9][0-9]*$/1/')"
expect_calls late
exec 4<&-

# Which providers are in the program while it runs, and whether LTTng and its threads are.
mapped_in() { # NAME=VALUE
    env "$1" "$host" round <"$work/to" >"$work/from" &
    program=$!
    exec 3>"$work/to" 4<"$work/from"
    read -r _ <&4
    sed -n 's|.* \(/.*/libffitap-tracepoints.so\)$|\1|p; s|.*/\(liblttng-ust\.so\).*|\1|p' \
        "/proc/$program/maps" | sort -u
    exec 3>&- 4<&-
    wait "$program" || expect "exit status of the program" 0 $?
}

expect "the provider as it comes" "$libraries/ffitap/libffitap-tracepoints.so
liblttng-ust.so" "$(mapped_in FFITAP_LTTNG=)"
expect "the provider when we were found by a relative path" \
    "$libraries/ffitap/libffitap-tracepoints.so
liblttng-ust.so" "$(cd "$libraries" && mapped_in LD_LIBRARY_PATH=.)"
expect "the provider when it is not wanted" "" "$(mapped_in FFITAP_LTTNG=0)"

mkdir "$work/other"
cp "$libraries/ffitap/libffitap-tracepoints.so" "$libraries/ffitap/libffitap-tap.so.0" "$work/other"
expect "the provider when it is there already" "$work/other/libffitap-tracepoints.so
liblttng-ust.so" "$(mapped_in LD_PRELOAD="$work/other/libffitap-tracepoints.so")"

mkdir -p "$work/alone/ffitap"
cp "$libraries/libffitap.so.0" "$work/alone"
cp "$libraries/ffitap/libffitap-tap.so.0" "$work/alone/ffitap"
expect "the provider when there is none" "" "$(mapped_in LD_LIBRARY_PATH="$work/alone")"

[ "$failed" -eq 0 ] || cat "$work/lttng.log" "$work/sessiond.log" >&2
exit "$failed"
