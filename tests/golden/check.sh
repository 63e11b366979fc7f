#!/bin/sh
# check.sh EXPECTED COMMAND...: checks that the output of the command is what the file holds.
expected=$1; shift
"$@" | diff -u "$expected" -
