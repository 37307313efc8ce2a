#!/bin/sh
# The small servers: rbldns, walldns, pickdns, each with one answer.
. "$(dirname "$0")/lib.sh"

say 'rbldns: a list of addresses'
mkdir "$work/rbldns"
cat >"$work/rbldns/data" <<'LIST'
:127.0.0.2:Listed, see http://www.example/$
192.0.2.0/24
LIST
cat "$work/rbldns/data"
(cd "$work/rbldns" && show rbldns-data)
serve rbldns rbldns IP=127.0.0.1 PORT=5302 BASE=rbl.example
show dnsq any 7.2.0.192.rbl.example 127.0.0.1:5302

say 'walldns: a name for every address'
mkdir "$work/walldns"
serve walldns walldns IP=127.0.0.1 PORT=5303
show dnsq ptr 7.2.0.192.in-addr.arpa 127.0.0.1:5303

say 'pickdns: three of many addresses, by where the client is'
mkdir "$work/pickdns"
cat >"$work/pickdns/data" <<'PICK'
%in:127
+www.example:192.0.2.1:in
+www.example:192.0.2.2:in
+www.example:192.0.2.3:in
+www.example:192.0.2.4:in
+www.example:198.51.100.1
PICK
cat "$work/pickdns/data"
(cd "$work/pickdns" && show pickdns-data)
serve pickdns pickdns IP=127.0.0.1 PORT=5304
show dnsq a www.example 127.0.0.1:5304
