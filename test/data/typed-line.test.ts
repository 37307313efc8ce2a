// Typed lines, addresses in brackets and IPv6 prefixes: the octets of each form, and what is refused in which words.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { scanIp6 } from '../../src/base/address.ts';
import { CdbCursor } from '../../src/cdb/reader.ts';
import { ClientLocations } from '../../src/data/location.ts';
import { TinydnsCompiler } from '../../src/data/tinydns-text.ts';
import { nameOf } from '../../src/wire/name.ts';
import { compiledText, recordsOf } from '../support/lookup.ts';

const compile = (text: string) => compiledText(text, (maker) => new TinydnsCompiler(maker, 1));
const hex = (latin1: string) => Buffer.from(latin1, 'latin1').toString('hex');

/** The rdata of the only record of a line, in hexadecimal. */
function rdata(line: string): string {
  const records = recordsOf(compile(line));
  assert.equal(records.length, 1, line);
  return hex(records[0]![1].slice(15));
}

describe('the data of a typed line', () => {
  for (const [text, octets] of [
    ['SRV:10 20 5060 sip.example.com', '000a 0014 13c4 03736970076578616d706c6503636f6d00'],
    ['CAA:0 iodef "mailto:a@b"', '00 05696f646566 6d61696c746f3a614062'],
    ['CAA:0 iodef mailto\\072a@b', '00 05696f646566 6d61696c746f3a614062'],
    ['CAA:128 issue ""', '80 056973737565'],
    ['TLSA:3 1 1 d2abde24 0d7cd3ee', '030101 d2abde240d7cd3ee'],
    [
      'NAPTR:100 10 "u" "E2U+sip" "!^.*$!sip:info@example.com!" .',
      '0064 000a 0175 074532552b736970 1b215e2e2a24217369703a696e666f406578616d706c652e636f6d21 00',
    ],
    ['DS:60485 5 1 2BB183AF 98631F', 'ec45 05 01 2bb183af98631f'],
    ['HTTPS:0 foo.example.com.', '0000 03666f6f076578616d706c6503636f6d00'],
    [
      'SVCB:16 foo. alpn=h2,h3-19 mandatory=ipv4hint,alpn ipv4hint=192.0.2.1',
      '0010 03666f6f00 0000 0004 0001 0004 0001 0009 026832 0568332d3139 0004 0004 c0000201',
    ],
    [
      'HTTPS:1 . alpn=h2,h3 ipv6hint="2001:db8::1,2001:db8::53:1"',
      '0001 00 0001 0006 026832 026833 0006 0020 20010db8000000000000000000000001 20010db8000000000000000000530001',
    ],
    ['HTTPS:1 . ipv6hint=[2001:db8::80]', '0001 00 0006 0010 20010db8000000000000000000000080'],
    ['SVCB:1 . alpn="f\\\\\\\\oo\\\\,bar,h2"', '0001 00 0001 000c 08665c6f6f2c626172 026832'],
    ['SVCB:1 . alpn=h2 no-default-alpn port=8443', '0001 00 0001 0003 026832 0002 0000 0003 0002 20fb'],
    ['SVCB:1 . ech=AAEC ohttp dohpath=/q{?dns}', '0001 00 0005 0003 000102 0007 0008 2f717b3f646e737d 0008 0000'],
    ['SVCB:1 . key65534 key9=a\\=b', '0001 00 0009 0003 613d62 fffe 0000'],
    ['TXT:"v=spf1 ip6:2001:db8::/32 -all"', '1d 763d73706631206970363a323030313a6462383a3a2f3332202d616c6c'],
    ['TXT:a b  "c d"', '0161 0162 03632064'],
    ['TXT:""', '00'],
    ['TXT:a\\"b\\\\c\\040d', '07 6122625c632064'],
    ['TXT:"\\#" 1 00', '0123 0131 023030'],
    [`TXT:${'x'.repeat(256)}`, `ff${'78'.repeat(255)}0178`],
    ['SPF:"v=spf1"', '06763d73706631'],
    ['HINFO:"PC host" Unix', '075043 20686f7374 04556e6978'],
    ['A:192.0.2.1', 'c0000201'],
    ['AAAA:[2001:db8::1]', '20010db8000000000000000000000001'],
    ['AAAA:"2001:db8::1"', '20010db8000000000000000000000001'],
    ['AAAA:20010DB8000000000000000000000001', '20010db8000000000000000000000001'],
    ['URI:10 1 "ftp://ftp.example/"', '000a 0001 6674703a2f2f6674702e6578616d706c652f'],
    ['SSHFP:4 2 abcdef', '0402abcdef'],
    ['smimea:0 0 0 00', '00000000'],
    ['cds:0 0 0 00', '0000000000'],
    ['TYPE65280:\\# 4 0a 0b0c0d', '0a0b0c0d'],
    ['DNSKEY:\\# 0', ''],
    ['A:\\# 3 010203', '010203'],
    ['type16:x', '0178'],
  ] as const) {
    test(`${text.slice(0, 60)} is ${octets.slice(0, 40)}`, () => {
      assert.equal(rdata(`:x:${text}`), octets.replaceAll(' ', ''));
      assert.equal(rdata(`:x:${text}:86400::`), octets.replaceAll(' ', ''));
    });
  }

  test('ends at a colon that nothing protects, and TTL, time and location follow', () => {
    const [record] = recordsOf(compile(':*.X:TXT:"a:b" [::1] c:5:4000000000000000:l'));
    assert.equal(hex(record![0]), '017800');
    assert.equal(hex(record![1]), '00102b6c00000000054000000000000000' + '03613a62' + '055b3a3a315d' + '0163');
    assert.equal(rdata(':x:TXT:a\\:5'), '0161'); // a backslash protects no colon outside quotes
  });
});

describe('a line that cannot be', () => {
  for (const [line, message] of [
    [':x:SOA:a b 1 2 3 4 5', 'type SOA prohibited'],
    [':x:type2:a', 'type NS prohibited'],
    [':x:CNAME:a', 'type CNAME prohibited'],
    [':x:ptr:a', 'type PTR prohibited'],
    [':x:MX:1 a', 'type MX prohibited'],
    [':x:TYPE0:\\# 0', 'type 0 prohibited'],
    [':x:OPT:\\# 0', 'type OPT prohibited'],
    [':x:TSIG:\\# 0', 'type TSIG prohibited'],
    [':x:ANY:\\# 0', 'type ANY prohibited'],
    [':x:AXFR:\\# 0', 'type AXFR prohibited'],
    [':x::data', 'type 0 prohibited'],
    [':x:TYPE65536:\\# 0', 'type 0 prohibited'],
    [':x:nonsense:a', 'type 0 prohibited'],
    [':x:SRV:1 2 3', 'malformed SRV data'],
    [':x:SRV:1 2 65536 a', 'malformed SRV data'],
    [':x:SRV:1 2 3 a b', 'malformed SRV data'],
    [':x:srv:1 2 -3 a', 'malformed SRV data'],
    [`:x:SRV:1 2 3 ${'y'.repeat(64)}`, 'malformed SRV data'],
    [':x:TXT:"a', 'malformed TXT data'],
    [':x:TXT:', 'malformed TXT data'],
    [`:x:HINFO:${'y'.repeat(256)} a`, 'malformed HINFO data'],
    [':x:A:1.2.3', 'malformed A data'],
    [':x:A:1.2.3.4x', 'malformed A data'],
    [':x:A:1.2.3.256', 'malformed A data'],
    [':x:AAAA:2001', 'malformed AAAA data'],
    [':x:AAAA:1.2.3.4', 'malformed AAAA data'],
    [':x:DS:1 2 3', 'malformed DS data'],
    [':x:DS:1 2 3 abc', 'malformed DS data'],
    [':x:CAA:0 is_sue a', 'malformed CAA data'],
    [':x:CAA:256 issue a', 'malformed CAA data'],
    [':x:URI:1 2 ""', 'malformed URI data'],
    [':x:TYPE1234:abc', 'malformed TYPE1234 data'],
    [':x:DNSKEY:257 3 8 AAAA', 'malformed DNSKEY data'],
    [':x:DNSKEY:\\# 1', 'malformed DNSKEY data'],
    [':x:DNSKEY:\\# 1 0000', 'malformed DNSKEY data'],
    [':x:SVCB:0 . alpn=h2', 'malformed SVCB data'],
    [':x:SVCB:1 . alpn=', 'malformed SVCB data'],
    [':x:SVCB:1 . alpn=h2 alpn=h3', 'malformed SVCB data'],
    [':x:SVCB:1 . no-default-alpn', 'malformed SVCB data'],
    [':x:SVCB:1 . mandatory=alpn', 'malformed SVCB data'],
    [':x:SVCB:1 . mandatory=mandatory', 'malformed SVCB data'],
    [':x:SVCB:1 . alpn=a mandatory=alpn,alpn', 'malformed SVCB data'],
    [':x:SVCB:1 . key65535=a', 'malformed SVCB data'],
    [':x:SVCB:1 . key01=a', 'malformed SVCB data'],
    [':x:SVCB:1 . nokey=a', 'malformed SVCB data'],
    [':x:SVCB:1 . port=65536', 'malformed SVCB data'],
    [':x:SVCB:1 . ipv4hint=1.2.3.4,', 'malformed SVCB data'],
    [':x:SVCB:1 . ech=AAE', 'malformed SVCB data'],
    ['+x:[2001:db8::1:a', undefined],
    ['+x:[2001:db8::1::]', 'malformed IP address'],
    ['+x:[2001:db8::1]x', 'malformed IP address'],
    ['3x:[::g]', undefined],
    ['.x:[1:2]', undefined],
    ['.x:[1:2:3]', 'malformed IP address'],
    ['%in:[2001:db8::]/129', 'malformed IP address'],
    ['%in:[2001:db8::]/x', 'malformed IP address'],
    ['%in:[2001:db8::]x', 'malformed IP address'],
    ['%in:[1:2:3]', 'malformed IP address'],
    ['%in:[1.2.3.4]', undefined],
    ['%in:s123g', undefined],
  ] as const) {
    test(`${line.slice(0, 50)} is ${message ?? 'what 1.05 takes it for'}`, () => {
      if (message === undefined) compile(line);
      else assert.throws(() => compile(line), { message });
    });
  }

  test('because of its owner says so first', () => {
    for (const rest of ['SOA:a', 'A:x', '::', '28:\\000']) {
      assert.throws(() => compile(`:${'x'.repeat(64)}:${rest}`), { message: 'protocol error' });
    }
  });
});

describe('an address in brackets', () => {
  const ARPA = nameOf(`1.${'0.'.repeat(23)}8.b.d.0.1.0.0.2.ip6.arpa`)!;
  for (const [line, types] of [
    ['+x:[2001:db8::1]:300', [28]],
    ['=x:[2001:db8::1]', [28, 12]],
    ['3x:[2001:db8::1]', [28]],
    ['6x:[2001:db8::1]', [28, 12, 12]],
    ['.x:[2001:db8::1]:a', [6, 2, 28]],
    ['&x:[2001:db8::1]:a:300', [2, 28]],
    ['@x:[2001:db8::1]:m:10:300', [15, 28]],
    ['Sx:[2001:db8::1]:s:80', [33, 28]],
    ['+x:[::ffff:192.0.2.1]', [28]],
    ['+x:192.0.2.1', [1]],
    ['Cx:[2001:db8::1]', [5]],
  ] as const) {
    test(`on a ${line[0]} line gives records of types ${types}`, () => {
      const records = recordsOf(compile(line));
      assert.deepEqual(
        records.map(([, value]) => (value.charCodeAt(0) << 8) | value.charCodeAt(1)),
        types,
      );
      if (line.startsWith('=')) assert.equal(hex(records[1]![0]), Buffer.from(ARPA).toString('hex'));
    });
  }
});

test('clients are in the longest IPv6 prefix, else where everybody is', () => {
  const db = compile('%aa:[2001:db8::]/32\n%bb:[2001:db8:8000::]/33\n%cc:s20010db9\n%dd:[2001:db8::1]\n%in:10\n%ee\n');
  const none = compile('%aa:[2001:db8::]/32\n');
  const empty = compile('+x:1.2.3.4\n');
  const locations = new ClientLocations(new CdbCursor());
  const find = (file: Uint8Array, ip: string) => {
    const location = locations.find(file, scanIp6(ip)!);
    return String.fromCharCode(location >> 8, location & 255);
  };
  for (let again = 0; again < 2; again++) {
    assert.equal(find(db, '2001:db8::2'), 'aa');
    assert.equal(find(db, '2001:db8:8000::2'), 'bb');
    assert.equal(find(db, '2001:db8:7fff::2'), 'aa');
    assert.equal(find(db, '2001:db9:8000::2'), 'cc');
    assert.equal(find(db, '2001:db8::1'), 'dd');
    assert.equal(find(db, 'a00::'), 'ee');
    assert.equal(find(none, '2001:db8::2'), 'aa');
    assert.equal(find(none, '2001:db9::2'), '\0\0');
    assert.equal(find(empty, '2001:db8::2'), '\0\0');
  }
});
