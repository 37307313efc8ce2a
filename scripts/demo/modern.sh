#!/bin/sh
# What 2001 had not: a zone file from BIND, IPv6, EDNS, records of every type, and a check of the data.
. "$(dirname "$0")/lib.sh"

say 'tinydns-import: a zone file as BIND has it becomes data lines'
mkdir "$work/modern"
cat >"$work/modern/db.example.org" <<'END'
$TTL 1h
@       IN SOA ns hostmaster ( 2026112101 1d 2h 4w 1h )
        NS     ns
        MX     10 mail
        CAA    0 issue "ca.example.net"
        HTTPS  1 . alpn=h2,h3 ipv6hint=2001:db8::80
ns      AAAA   2001:db8::53
mail    A      192.0.2.25
www     AAAA   2001:db8::80
$GENERATE 1-2 node$ A 192.0.2.$
END
(
  cd "$work/modern"
  show tinydns-import example.org db.example.org
  tinydns-import example.org db.example.org >data
  show tinydns-data
)

say 'the zone asked over IPv6, with EDNS, records as text'
serve modern tinydns IP=::1 PORT=5306
for type in aaaa caa https; do
  name=example.org
  [ $type != aaaa ] || name=www.example.org
  show dnsq --edns --typed $type $name '[::1]:5306'
done

say 'tinydns-check: what compiles but does not work'
(
  cd "$work/modern"
  printf '%s\n' '+www.example.org:300.1.1.1' 'Cmail.example.org:www.example.org' '@example.org::nowhere.example.org:20' >>data
  show tinydns-check data || echo "exit code $?"
)

say 'tinydns-export: the zone back as a zone file'
(cd "$work/modern" && show tinydns-export example.org)
