#!/bin/sh
# tinydns, from a data file to answers, on a loopback address and a high port.
. "$(dirname "$0")/lib.sh"

say 'tinydns: a data file with every line type, compiled and served'
mkdir "$work/tinydns"
cp "$top/docs/example/data" "$work/tinydns/data"
(cd "$work/tinydns" && show tinydns-data && ls -l data data.cdb)
(cd "$work/tinydns" && show tinydns-get mx example.com)
serve tinydns tinydns IP=127.0.0.1 PORT=5301
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
