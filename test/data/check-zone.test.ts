// tinydns-check across lines: what is found between records. Lines are compiled as tinydns-data compiles them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesOf } from '../../src/base/bytes.ts';
import { checkZones } from '../../src/data/check-zone.ts';
import { TinydnsCompiler } from '../../src/data/tinydns-text.ts';
import { ZoneData } from '../../src/data/zone-data.ts';

const ZONE = ['.example.com:192.0.2.1:a', '.example.com:192.0.2.2:b'];

/**
 * The findings for these lines and a good zone before them, as `LINE KIND NAME: MESSAGE`; the zone has lines 91 and 92.
 */
function findings(...lines: string[]): string[] {
  const zones = new ZoneData();
  let number = 0;
  let letter = '';
  const compiler = new TinydnsCompiler(
    {
      add: (key, data, keyLength = key.length, dataLength = data.length) =>
        zones.add(key.slice(0, keyLength), data.slice(0, dataLength), number, letter),
    },
    1,
  );
  for (const [i, line] of [...ZONE, ...lines].entries()) {
    number = i < ZONE.length ? 91 + i : 1 + i - ZONE.length;
    letter = line[0]!;
    compiler.line(bytesOf(line), 0, line.length);
  }
  const found: string[] = [];
  checkZones(zones, (line, name, kind, message) => found.push(`${line} ${kind} ${name}: ${message}`));
  return found.sort();
}

const CASES: readonly (readonly [title: string, lines: readonly string[], found: readonly string[]])[] = [
  ['a zone with a line for each server is good', [], []],
  [
    'hosts, aliases, wildcards, delegations with glue and servers elsewhere are good',
    [
      '=www.example.com:192.0.2.80',
      'Cweb.example.com:www.example.com',
      'Cout.example.com:www.example.org',
      'Cdeep.example.com:b.c.example.com',
      '+x.b.c.example.com:192.0.2.81',
      '+*.wild.example.com:192.0.2.82',
      '@example.com::mx.wild.example.com:10',
      '@other.example.com::mail.example.org:10',
      '@null.example.com::.:0',
      '&sub.example.com:192.0.2.9:ns.sub.example.com',
      '&far.example.com::ns.example.org',
      ':example.com:CAA:0 issue "ca.example.net"',
    ],
    [],
  ],
  [
    'a CNAME stands alone',
    ['Cwww.example.com:a.ns.example.com', '+www.example.com:192.0.2.3', "'www.example.com:x"],
    ['1 alias www.example.com: a CNAME beside A (line 2)'],
  ],
  [
    'a CNAME at the top of a zone is beside its SOA',
    ['Cexample.com:www.example.org'],
    ['1 alias example.com: a CNAME beside SOA (line 91)'],
  ],
  [
    'records of different locations never meet',
    ['Cwww.example.com:a.ns.example.com:::in', '+www.example.com:192.0.2.3:::ex'],
    [],
  ],
  [
    'a CNAME for nothing',
    ['Cwww.example.com:nothing.example.com'],
    ['1 target www.example.com: a CNAME for nothing.example.com, which does not exist'],
  ],
  [
    'what points to an alias, or to no address',
    [
      'Cweb.example.com:a.ns.example.com',
      '@example.com::Web.example.com.:10',
      '@example.com::gone.example.com.:20',
      'S_x._tcp.example.com::gone.example.com:1:2:3',
      '&far.example.com::web.example.com',
    ],
    [
      '2 target example.com: MX web.example.com is an alias',
      '3 target example.com: MX gone.example.com has no address',
      '4 target _x._tcp.example.com: SRV gone.example.com has no address',
      '5 target far.example.com: NS web.example.com is an alias',
    ],
  ],
  [
    'a delegation without glue',
    ['&sub.example.com::ns.sub.example.com'],
    ['1 glue sub.example.com: NS ns.sub.example.com has no glue: nobody finds it'],
  ],
  ['glue may be an IPv6 address', ['&sub.example.com:[2001:db8::1]:ns.sub.example.com'], []],
  [
    'zones with few servers',
    ['.lone.test:192.0.2.1:a', 'Znone.test:a.ns.none.test:h.none.test'],
    [
      '1 servers lone.test: a zone with one name server only',
      '2 servers none.test: a zone without NS: tinydns does not answer for it',
    ],
  ],
  [
    'an SOA of its own beside that of a server line',
    ['Zexample.com:a.ns.example.com:hostmaster.example.com:7'],
    ['1 servers example.com: a second SOA (line 91)'],
  ],
  [
    'what is never shown, but for addresses of servers and what host lines bring along',
    [
      '&sub.example.com:192.0.2.9:ns.sub.example.com',
      '+www.sub.example.com:192.0.2.10',
      "'sub.example.com:text",
      '+*.deep.sub.example.com:192.0.2.11',
      '=www.elsewhere.test:192.0.2.12',
      '@example.com:192.0.2.13:mail.elsewhere.test',
      '^14.2.0.192.in-addr.arpa:www.example.com',
    ],
    [
      '2 hidden www.sub.example.com: A is never shown: below the delegation of sub.example.com',
      '3 hidden sub.example.com: TXT is never shown: below the delegation of sub.example.com',
      '4 hidden *.deep.sub.example.com: A is never shown: below the delegation of sub.example.com',
      '5 hidden www.elsewhere.test: A is never shown: in no zone of this data',
      '7 hidden 14.2.0.192.in-addr.arpa: PTR is never shown: in no zone of this data',
    ],
  ],
  [
    'data that are none of their type',
    [
      ':x.example.com:28:abc',
      ':x.example.com:33:\\000\\001',
      ':x.example.com:65280:anything',
      ':x.example.com:16:\\001a',
    ],
    ['1 data x.example.com: data of 3 octets is no AAAA data', '2 data x.example.com: data of 2 octets is no SRV data'],
  ],
  [
    'SPF and DMARC, cut into strings or not',
    [
      `'example.com:v=spf1 ${'include\\072spf.example.net '.repeat(9)}ip4\\072x -all`,
      "'example.com:v=spf1 -all",
      "'_dmarc.example.com:v=DMARC1; p=maybe",
      "'example.com:v=DMARC1; p=maybe",
    ],
    [
      '1 spf example.com: SPF: ip4:x is no IPv4 address or prefix',
      '2 spf example.com: SPF: a second record (line 1)',
      '3 dmarc _dmarc.example.com: DMARC: p=maybe is malformed',
    ],
  ],
];

for (const [title, lines, found] of CASES) {
  test(title, () => assert.deepEqual(findings(...lines), found));
}

test('a hundred thousand aliases for nothing take no longer than they must', { timeout: 60000 }, () => {
  const lines = Array.from({ length: 100000 }, (_, i) => `Ca${i}.example.com:b${i}.example.com`);
  assert.equal(findings(...lines).length, 100000);
});
