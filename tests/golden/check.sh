#!/bin/sh
# check.sh EXPECTED COMMAND...: the command's output is the file's content.
expected=$1; shift
"$@" | diff -u "$expected" -
