#!/bin/sh
# `check-as.sh ACCOUNT`, by root, after `make build`: the tests as that account runs them, in a copy that belongs to it.
set -e
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
cp -a . "$copy/djbdns-ts"
mkdir "$copy/home" "$copy/tmp"
chown -R "$1:" "$copy"
cd "$copy/djbdns-ts"
setpriv --reuid="$1" --regid="$(id -g "$1")" --clear-groups \
  env CI=false HOME="$copy/home" TMPDIR="$copy/tmp" make test
