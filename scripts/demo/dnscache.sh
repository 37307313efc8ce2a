#!/bin/sh
# dnscache at work on an internet of two name servers on loopback: a root and the servers of one domain, port 53 all of
# them. Without root it all runs in a network of its own, if the kernel lets users have one.
if [ "$(id -u)" != 0 ] && [ -z "$DEMO_NAMESPACE" ]; then
  if unshare -rn true 2>/dev/null; then
    DEMO_NAMESPACE=1 exec unshare -rn sh -c 'ip link set lo up && exec sh "$0"' "$0"
  fi
  echo 'dnscache: not shown, because port 53 needs root or unshare(1)'
  exit 0
fi
. "$(dirname "$0")/lib.sh"

say 'an internet: the root delegates example to another server'
mkdir "$work/root" "$work/example"
cat >"$work/root/data" <<'ROOT'
.:127.41.7.1:a
&example:127.41.7.2:a
ROOT
cat >"$work/example/data" <<'EXAMPLE'
.example:127.41.7.2:a
+www.example:192.0.2.1
Cftp.example:www.example
@example:192.0.2.2:mail.example:10
EXAMPLE
for server in root example; do
  sed "s/^/$server: /" "$work/$server/data"
  (cd "$work/$server" && tinydns-data)
done
serve root tinydns IP=127.41.7.1
serve example tinydns IP=127.41.7.2

say 'dnscache, told the address of the root and nothing else'
mkdir -p "$work/dnscache/ip" "$work/dnscache/servers"
echo 127.41.7.1 >"$work/dnscache/servers/@"
touch "$work/dnscache/ip/127"
serve dnscache dnscache IP=127.41.7.3 IPSEND=0.0.0.0 CACHESIZE=1000000
export DNSCACHEIP=127.41.7.3
show dnsip ftp.example
show dnsip ftp.example
show dnsmx example
show dnsqr a nowhere.example

say 'the log of dnscache: down from the root, then out of the cache'
cat "$work/dnscache.log"
say 'the same through dnslog'
dnslog <"$work/dnscache.log"
