#!/bin/sh
# make install: the package as it is published, with the packages that it needs, below PREFIX/lib/djbdns-ts; links to
# the programs in PREFIX/bin, man pages in PREFIX/share/man. `install.sh DESTDIR PREFIX`, after `make build`.
# The new tree is complete before it takes the place of the old one. What stands outside it is listed in its file
# `installed`, from which uninstall.sh removes it.
set -e
prefix=$2
root=$1$2
lib=$root/lib/djbdns-ts
umask 022
rm -rf "$lib.new"
mkdir -p "$lib.new/dist" "$root/bin" "$root/share/man"
cp package.json LICENSE *.md "$lib.new"
cp -R dist/bin dist/src "$lib.new/dist"
cp -R share systemd docs "$lib.new"
npm ls --all --parseable --omit=dev --loglevel=error 2>/dev/null | sed -n 's|.*/node_modules/|node_modules/|p' |
  while read -r package; do
    mkdir -p "$(dirname "$lib.new/$package")"
    cp -R "$package" "$(dirname "$lib.new/$package")"
  done
node dist/tools/man.js docs "$lib.new/man" "$(node -p 'require("./package.json").version')"
for page in "$lib.new"/man/*; do
  name=${page##*/}
  echo "share/man/man${name##*.}/$name"
done >"$lib.new/installed"
for main in dist/bin/*.js; do
  name=${main##*/}
  echo "bin/${name%.js}"
done >>"$lib.new/installed"
old=$(cat "$lib/installed" 2>/dev/null || :)
rm -rf "$lib"
mv "$lib.new" "$lib"
while read -r path; do
  mkdir -p "$root/${path%/*}"
  case $path in
    bin/*) ln -sf "$prefix/lib/djbdns-ts/dist/$path.js" "$root/$path" ;;
    *) mv "$lib/man/${path##*/}" "$root/$path" ;;
  esac
done <"$lib/installed"
rmdir "$lib/man"
for path in $old; do
  grep -qx "$path" "$lib/installed" || rm -f "$root/$path"
done
