#!/bin/sh
# Compares what the shared object $1 exports with the list in $2.
nm -D --defined-only "$1" | awk '$2 != "A" { print $3 }' | LC_ALL=C sort | diff -u "$2" -
