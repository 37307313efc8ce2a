#!/bin/sh
# The pictures of docs/pictures: three traces of a small DNS of our own, in a network of its own, drawn by Graphviz.
# `sh scripts/trace-pictures.sh [FOLDER]`, after `make build`; needs unshare, ip and dot.
set -e
cd "$(dirname "$0")/.."
out=$(mkdir -p "${1:-docs/pictures}" && cd "${1:-docs/pictures}" && pwd)
[ "$TRACE_PICTURES" ] || exec unshare -rn env TRACE_PICTURES=1 sh "$0" "$out"

bin=$PWD/command
work=$(mktemp -d)
servers=
trap 'kill $servers 2>/dev/null || true; rm -rf "$work"' EXIT
ip link set lo up

# serve NAME ADDRESS...: the data of standard input, on these addresses.
serve() {
  mkdir "$work/$1"
  cat >"$work/$1/data"
  (cd "$work/$1" && "$bin/tinydns-data")
  root=$work/$1
  shift
  for address; do
    ip addr add "$address/32" dev lo
    IP=$address ROOT=$root UID=0 GID=0 UNPRIVILEGED=1 "$bin/tinydns" >>"$work/log" 2>&1 &
    servers="$servers $!"
  done
}

serve root 198.51.100.1 198.51.100.2 <<'DATA'
.:198.51.100.1:a.root
.:198.51.100.2:b.root
&example:203.0.113.1:a.nic.example
&example:203.0.113.2:b.nic.example
&test:203.0.113.3:a.nic.test
DATA
serve example 203.0.113.1 203.0.113.2 <<'DATA'
.example:203.0.113.1:a.nic.example
.example:203.0.113.2:b.nic.example
&shop.example:192.0.2.1:a.ns.shop.example
&shop.example:192.0.2.2:b.ns.shop.example
&news.example:192.0.2.9:a.ns.news.example
&news.example::ns.host.test
&news.example:192.0.2.200:c.ns.news.example
DATA
serve test 203.0.113.3 <<'DATA'
.test:203.0.113.3:a.nic.test
&host.test:192.0.2.50:ns.host.test
DATA
serve shop 192.0.2.1 192.0.2.2 <<'DATA'
.shop.example:192.0.2.1:a
.shop.example:192.0.2.2:b
+www.shop.example:192.0.2.80
Cweb.shop.example:cdn.host.test
DATA
serve host 192.0.2.50 <<'DATA'
.host.test:192.0.2.50:ns.host.test
+cdn.host.test:192.0.2.99
.news.example::ns.host.test
+www.news.example:192.0.2.90
DATA
# A server that knows nothing of the zone that it was given, and 192.0.2.200, where nobody is.
serve lame 192.0.2.9 <<'DATA'
&:198.51.100.1:a.root
DATA
ip route add 192.0.2.200/32 dev lo 2>/dev/null || true
sleep 1

for picture in plain=www.shop.example alias=web.shop.example trouble=www.news.example; do
  "$bin/dnstrace" --dot a "${picture#*=}" 198.51.100.1 198.51.100.2 >"$work/${picture%%=*}.dot"
  dot -Tsvg "$work/${picture%%=*}.dot" >"$out/trace-${picture%%=*}.svg"
  [ -z "$TRACE_PNG" ] || dot -Tpng "$work/${picture%%=*}.dot" >"$out/trace-${picture%%=*}.png"
done
