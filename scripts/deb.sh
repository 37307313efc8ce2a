#!/bin/sh
# make deb: a Debian package of what make install installs, for the architecture of this machine. `deb.sh [FOLDER]`
# writes FOLDER/djbdns-ts_VERSION_ARCHITECTURE.deb, after `make build`. Beside the programs and pages it has the units
# in their place, and accounts for those who use daemontools (sysusers.d). It takes the place of Debian's djbdns
# packages. tai64n, tai64nlocal, tcprules and tcprulescheck stay in /usr/lib/djbdns-ts/bin: daemontools and ucspi-tcp
# have them, and one wants those beside this package.
set -e
folder=${1:-.}
version=$(node -p 'require("./package.json").version')
architecture=$(dpkg --print-architecture)
maintainer=${DEBEMAIL:+${DEBFULLNAME:-$DEBEMAIL} <$DEBEMAIL>}
maintainer=${maintainer:-$(git log -1 --format='%an <%ae>' 2>/dev/null || echo "$(id -un) <$(id -un)@$(hostname)>")}
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}
export SOURCE_DATE_EPOCH
umask 022
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
lib=$root/usr/lib/djbdns-ts
doc=$root/usr/share/doc/djbdns-ts

sh scripts/install.sh "$root" /usr
tree=$(readlink -f "$lib")
rm "$lib" "$tree/installed"
mv "$tree" "$lib"
mkdir -p "$lib/bin" "$doc" "$root/lib/systemd" "$root/usr/lib/sysusers.d" "$root/DEBIAN"
for link in "$root"/usr/bin/*; do
  name=${link##*/}
  case $name in
    tai64n | tai64nlocal | tcprules | tcprulescheck)
      rm "$link" "$root/usr/share/man/man1/$name.1"
      ln -s "../dist/bin/$name.js" "$lib/bin/$name"
      ;;
    *) ln -sfn "../lib/djbdns-ts/dist/bin/$name.js" "$link" ;;
  esac
done
mv "$lib/systemd" "$root/lib/systemd/system"
ln -s /lib/systemd/system "$lib/systemd"
rm -rf "$lib"/node_modules/@koromix/*/musl_* # Debian's libc is glibc
find "$lib" -name '*.node' -exec strip --strip-unneeded {} + -exec chmod 644 {} +
gzip -9n "$root"/usr/share/man/man*/*

for account in tinydns dnscache axfrdns rbldns walldns pickdns dnslog; do
  echo "u $account - \"djbdns-ts $account\" / /usr/sbin/nologin"
done >"$root/usr/lib/sysusers.d/djbdns-ts.conf"

{
  echo 'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/'
  echo 'Upstream-Name: djbdns-ts'
  echo
  echo 'Files: *'
  sed -n 's/^Copyright (c)/Copyright:/p' LICENSE
  echo 'License: Expat'
  sed '1,/^Copyright/d; s/^$/./; s/^/ /' LICENSE | sed 1d
} >"$doc/copyright"
for license in "$lib"/node_modules/*/LICENSE* "$lib"/node_modules/*/*/LICENSE*; do
  [ -f "$license" ] || continue
  package=${license#"$lib/node_modules/"}
  { printf '\nFiles: usr/lib/djbdns-ts/node_modules/%s/*\n' "${package%/*}"
    printf 'Copyright: its authors\nLicense: MIT-of-%s\n' "$(echo "${package%/*}" | tr -c 'a-z0-9\n' -)"
    sed 's/\r$//; s/^[ \t]*$/./; s/^/ /' "$license"; } >>"$doc/copyright"
done
printf 'djbdns-ts (%s) unstable; urgency=medium\n\n  * See CHANGELOG.md in /usr/lib/djbdns-ts.\n\n -- %s  %s\n' \
  "$version" "$maintainer" "$(date -u -R -d "@$SOURCE_DATE_EPOCH")" | gzip -9n >"$doc/changelog.gz"

replaced='djbdns, dbndns, tinydns, axfrdns, dnscache, dnscache-run, rbldns, walldns, djbdns-utils, djbdns-conf'
cat >"$root/DEBIAN/control" <<CONTROL
Package: djbdns-ts
Version: $version
Architecture: $architecture
Maintainer: $maintainer
Installed-Size: $(du -sk "$root/usr" | cut -f1)
Depends: nodejs (>= 20.19), libc6
Recommends: systemd | daemontools-run, make
Suggests: daemontools, ucspi-tcp
Conflicts: $replaced
Replaces: $replaced
Provides: dnscache, tinydns, axfrdns
Section: net
Priority: optional
Description: DNS servers, clients and tools that each do one thing
 tinydns and axfrdns tell the world about your zones, dnscache looks names up
 for your own machines, and dnsip, dnsq, dnstrace and others ask either kind.
 A rebuild of djbdns 1.05 with its arguments, files, messages and exit codes.
 .
 Each server has a unit for systemd. Under daemontools use the accounts
 tinydns, dnscache and so on, and dnslog for the logs.
CONTROL
cat >"$root/DEBIAN/postinst" <<'POSTINST'
#!/bin/sh
set -e
if [ "$1" = configure ]; then
  if command -v systemd-sysusers >/dev/null; then
    systemd-sysusers djbdns-ts.conf
  fi
  if [ -d /run/systemd/system ]; then
    systemctl daemon-reload
  fi
fi
POSTINST
chmod 755 "$root/DEBIAN/postinst"
(cd "$root" && find usr lib -type f -exec md5sum {} + >DEBIAN/md5sums)
find "$root" -newermt "@$SOURCE_DATE_EPOCH" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
dpkg-deb --root-owner-group --build "$root" "$folder/djbdns-ts_${version}_$architecture.deb"
