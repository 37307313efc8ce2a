#!/bin/sh
# The programs at work, on loopback addresses and high ports, without root: from data files to answers.
set -e
top=$(cd "$(dirname "$0")/.." && pwd)
PATH=$top/command:$PATH
work=$(mktemp -d)
servers=
trap 'kill $servers 2>/dev/null || :; rm -rf "$work"' EXIT
export UNPRIVILEGED=1

say() {
  printf '\n== %s\n' "$*"
}

# show COMMAND...: prints a command and what it prints.
show() {
  printf '$ %s\n' "$*"
  "$@"
}

# serve PROGRAM [VARIABLE=VALUE...]: starts a server in the background, its log in $work/PROGRAM.log.
serve() {
  program=$1
  shift
  printf '$ %s %s &\n' "$*" "$program"
  env "$@" "$program" 2>"$work/$program.log" &
  servers="$servers $!"
  tries=0
  until grep -q '^starting' "$work/$program.log"; do
    tries=$((tries + 1))
    [ $tries -lt 100 ] || { cat "$work/$program.log"; exit 1; }
    sleep 0.05
  done
}

say 'tinydns: a data file with every line type, compiled and served'
mkdir "$work/tinydns"
cp "$top/docs/example/data" "$work/tinydns/data"
(cd "$work/tinydns" && show tinydns-data && ls -l data data.cdb)
(cd "$work/tinydns" && show tinydns-get mx example.com)
serve tinydns ROOT="$work/tinydns" IP=127.0.0.1 PORT=5301
for question in 'any example.com' 'a www.example.com' 'aaaa www.example.com' 'a pool.example.com' 'a any.dyn.example.com' \
  'a ftp.example.com' 'a host.sub.example.com' 'ptr 90.2.0.192.in-addr.arpa' 'soa example.net' 'txt colon.example.com' \
  'a ending.example.com' 'a where.example.com' 'a none.example.com'; do
  show dnsq $question 127.0.0.1:5301
done

say 'tinydns-edit: one more host; the running server has it at once'
(
  cd "$work/tinydns"
  show tinydns-edit data data.new add host new.example.com 192.0.2.77
  show tinydns-data
  show dnsq a new.example.com 127.0.0.1:5301
)
say 'the log of tinydns'
tail -n 3 "$work/tinydns.log"
