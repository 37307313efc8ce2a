#!/bin/sh
# A live secondary: a zone changes at its primary, NOTIFY tells of it, the change alone is fetched, tinydns answers
# anew.
. "$(dirname "$0")/lib.sh"

say 'axfr-getd: a zone changed at its primary, NOTIFY, IXFR, the new answer'
mkdir "$work/primary" "$work/secondary"
for folder in servers tsig zones held tmp; do mkdir -p "$work/getd/$folder"; done

# publish SERIAL ADDRESS: the zone at the primary.
publish() {
  {
    printf 'Zexample.com:a.ns.example.com.:hostmaster.example.com.:%s:3600:60:100000:300\n' "$1"
    printf '&example.com::a.ns.example.com.\n=www.example.com:%s\n' "$2"
    for i in 1 2 3 4 5 6 7 8 9; do printf '+host%s.example.com:192.0.2.%s\n' "$i" "$i"; done
  } >"$work/primary/data"
  (cd "$work/primary" && tinydns-data && axfrdns-data)
}

# until_has WORD: waits until the secondary answers so.
until_has() {
  tries=0
  until dnsq a www.example.com 127.0.0.1:5307 2>/dev/null | grep -q "$1"; do
    tries=$((tries + 1))
    [ $tries -lt 200 ] || { cat "$work/getd.log" "$work/secondary.log"; exit 1; }
    sleep 0.1
  done
}

printf '$ tinydns-data && axfrdns-data    # at the primary\n'
publish 1 192.0.2.80
cd "$work/primary"
echo 127.:allow | tcprules tcp.cdb tcp.tmp
printf "$ IP=127.0.0.1 PORT=5306 axfrdns --listen &\n"
env ROOT="$work/primary" IP=127.0.0.1 PORT=5306 axfrdns --listen </dev/null 2>"$work/primary.log" &
servers="$servers $!"
cd "$work/secondary"
ln -s "$work/getd/zones" zones
echo Izones >data
tinydns-data
serve secondary tinydns IP=127.0.0.1 PORT=5307
echo 127.0.0.1:5306 >"$work/getd/servers/example.com"
printf '$ cat servers/example.com\n127.0.0.1:5306\n$ IP=127.0.0.1 PORT=5308 axfr-getd tinydns-data &\n'
env ROOT="$work/getd" IP=127.0.0.1 PORT=5308 axfr-getd tinydns-data </dev/null 2>"$work/getd.log" &
servers="$servers $!"
until_has 192.0.2.80
show dnsq a www.example.com 127.0.0.1:5307

printf '$ tinydns-data && axfrdns-data | tinydns-notify example.com 127.0.0.1:5308    # a change at the primary\n'
publish 2 192.0.2.81
tinydns-notify example.com 127.0.0.1:5308
until_has 192.0.2.81
show dnsq a www.example.com 127.0.0.1:5307
printf "$ cat log\n"
cat "$work/getd.log"
