#!/bin/sh
# A zone over TCP: axfrdns serves it, axfr-get fetches it into lines that tinydns-data takes.
. "$(dirname "$0")/lib.sh"

say 'axfrdns --listen and axfr-get: a zone fetched'
mkdir "$work/axfrdns"
cat >"$work/axfrdns/data" <<'DATA'
.example.com:192.0.2.53:a
=www.example.com:192.0.2.80
'example.com:v=spf1 -all
DATA
cd "$work/axfrdns"
tinydns-data
printf '$ echo 127.:allow | tcprules tcp.cdb tcp.tmp\n'
echo 127.:allow | tcprules tcp.cdb tcp.tmp
printf '$ IP=127.0.0.1 PORT=5305 axfrdns --listen &\n'
env ROOT="$work/axfrdns" IP=127.0.0.1 PORT=5305 axfrdns --listen 2>"$work/axfrdns.log" &
servers="$servers $!"
tries=0
until axfr-get example.com zone zone.tmp 127.0.0.1:5305 2>/dev/null; do
  tries=$((tries + 1))
  [ $tries -lt 50 ] || { cat "$work/axfrdns.log"; exit 1; }
  sleep 0.1
done
printf '$ axfr-get example.com zone zone.tmp 127.0.0.1:5305\n'
show cat zone
