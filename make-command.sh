#!/bin/sh
# Links each program into one file, then fills command/ with one link per program, named as in djbdns:
# command/tinydns -> ../dist/bin/tinydns.js
set -e
node link-programs.mjs
rm -rf command
mkdir command
for main in dist/bin/*.js; do
  chmod 755 "$main"
  ln -s "../$main" "command/$(basename "$main" .js)"
done
