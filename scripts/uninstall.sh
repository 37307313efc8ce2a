#!/bin/sh
# make uninstall: removes what install.sh put below PREFIX, and nothing else. `uninstall.sh DESTDIR PREFIX`.
set -e
root=$1$2
lib=$root/lib/djbdns-ts
[ -e "$lib/installed" ] || { echo "nothing installed by make install in $root" >&2; exit 1; }
while read -r path; do
  case $path in
    bin/*) [ "$(readlink "$root/$path")" != "$2/lib/djbdns-ts/dist/$path.js" ] || rm "$root/$path" ;;
    *) rm -f "$root/$path" ;;
  esac
done <"$lib/installed"
rm -r "$(readlink -f "$lib")"
rm "$lib"
