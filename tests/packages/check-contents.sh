#!/bin/sh
# What each of Debian's packages holds is decided by hand: whoever changes it has to change the
# list.
#
# usage: check-contents.sh BUILD_FOLDER EXPECTED
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cpack -G DEB -B "$folder" --config "$1/CPackConfig.cmake" >"$folder/log" || {
    cat "$folder/log" >&2
    exit 1
}
for package in "$folder"/*.deb; do
    name=$(dpkg-deb --field "$package" Package)
    version=$(dpkg-deb --field "$package" Version)
    {
        dpkg-deb --ctrl-tarfile "$package" | tar --list | sed 's|^\./|DEBIAN/|'
        dpkg-deb --fsys-tarfile "$package" | tar --list
    } | sed "/\/\$/d; s|^\./|/|; s|$version|VERSION|; s|^|$name: |"
done | LC_ALL=C sort | diff -u "$2" -
