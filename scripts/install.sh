#!/bin/sh
# make install: the package as it is published, with the packages that it needs, below PREFIX/lib/djbdns-ts; links to
# the programs in PREFIX/bin, man pages in PREFIX/share/man. `install.sh DESTDIR PREFIX`, after `make build man`.
# The new tree is complete before it takes the place of the old one.
set -e
prefix=$2
root=$1$2
lib=$root/lib/djbdns-ts
umask 022
rm -rf "$lib.new"
mkdir -p "$lib.new" "$root/bin" "$root/share/man/man1" "$root/share/man/man8"
cp package.json LICENSE "$lib.new"
mkdir "$lib.new/dist" "$lib.new/dist/src"
cp -R dist/bin "$lib.new/dist"
for layer in base wire cdb; do cp -R "dist/src/$layer" "$lib.new/dist/src"; done
cp -R share systemd docs "$lib.new"
npm ls --all --parseable --omit=dev --loglevel=error 2>/dev/null | sed -n 's|.*/node_modules/|node_modules/|p' |
  while read -r package; do
    mkdir -p "$(dirname "$lib.new/$package")"
    cp -R "$package" "$(dirname "$lib.new/$package")"
  done
rm -rf "$lib"
mv "$lib.new" "$lib"
for main in dist/bin/*.js; do
  ln -sf "$prefix/lib/djbdns-ts/$main" "$root/bin/$(basename "$main" .js)"
done
for section in 1 8; do cp man/*."$section" "$root/share/man/man$section"; done
