// Zone files: what each form of an entry means, what is refused and in which line, and the lines that records become.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { formatLines } from '../../src/data/import-lines.ts';
import { readZone, type ZoneRecord } from '../../src/data/zone-reader.ts';
import { formatName, nameOf } from '../../src/wire/name.ts';
import { typeName } from '../../src/wire/type.ts';

const HEAD = `$TTL 600
@ SOA ns.other. me.other. 1 2 3 4 5
@ NS ns.other.
`;

/**
 * The records of a zone `z` whose file is the head and `text`; the lines of messages count from the first of `text`.
 */
function read(text: string, files: Readonly<Record<string, string>> = {}, warn = (_: string) => {}): ZoneRecord[] {
  const include = (path: string) => {
    const content = files[path];
    if (content === undefined) throw new Error(`unable to read ${path}`);
    return { name: path, text: content };
  };
  return readZone({ name: 'db.z', text: HEAD + text }, nameOf('z')!, include, warn);
}

/** The records behind the head as `owner ttl type hex`. */
function shown(text: string, files: Readonly<Record<string, string>> = {}): string[] {
  const hex = (data: Uint8Array) => Buffer.from(data).toString('hex');
  return read(text, files)
    .slice(2)
    .map(({ owner, ttl, type, data }) => `${formatName(owner)} ${ttl} ${typeName(type)} ${hex(data)}`);
}

const ONE = 'c0000201';

describe('an entry of a zone file', () => {
  for (const [about, text, records] of [
    ['has a name, a TTL, a class and a type', 'a 5 IN A 192.0.2.1', [`a.z 5 A ${ONE}`]],
    ['may have class and TTL in the other order', 'a IN 5 A 192.0.2.1', [`a.z 5 A ${ONE}`]],
    ['may have neither', 'a A 192.0.2.1', [`a.z 600 A ${ONE}`]],
    ['may have types and classes in any case', 'a in a 192.0.2.1', [`a.z 600 A ${ONE}`]],
    [
      'that begins with a blank has the owner of before',
      'a A 192.0.2.1\n\t5 A 192.0.2.1\n a 192.0.2.1',
      [`a.z 600 A ${ONE}`],
    ],
    ['may have an absolute name', 'a.z. A 192.0.2.1', [`a.z 600 A ${ONE}`]],
    ['may be of the zone itself', '@ A 192.0.2.1\nz. TXT x', [`z 600 A ${ONE}`, 'z 600 TXT 0178']],
    ['ends at a semicolon', 'a A 192.0.2.1;x\n;y\n  ; z', [`a.z 600 A ${ONE}`]],
    ['goes on in parentheses', 'a ( A ; x\n\n192.0.2.1\n) ; y', [`a.z 600 A ${ONE}`]],
    ['may have parentheses anywhere', 'a(A)192.0.2.1', [`a.z 600 A ${ONE}`]],
    ['may end in a carriage return', 'a A 192.0.2.1\r\nb A 192.0.2.1\r\n', [`a.z 600 A ${ONE}`, `b.z 600 A ${ONE}`]],
    [
      'may have a time with units',
      'a 1h30m A 192.0.2.1\n$TTL 1W2D\nb A 192.0.2.1',
      [`a.z 5400 A ${ONE}`, `b.z 777600 A ${ONE}`],
    ],
    ['has decimal escapes', 'a\\046b TXT \\200\\;"\\""', ['a\\056b.z 600 TXT 03c83b22']],
    ['may have everything in quotes', 'a TXT "; ( ) \\\\ \\"" ""', ['a.z 600 TXT 093b20282029205c202200']],
    [
      'may name a type by number',
      'a TYPE1 \\# 4 C0000201\nb TYPE65280 \\# 0',
      [`a.z 600 A ${ONE}`, 'b.z 600 TYPE65280 '],
    ],
    ['may have any type in the generic form', 'a LOC \\# 2 00 01', ['a.z 600 LOC 0001']],
    [
      'completes the names of its data',
      'a MX 1 b\nc SRV 1 2 3 d.z.\ne CNAME @',
      ['a.z 600 MX 00010162017a00', 'c.z 600 SRV 0001000200030164017a00', 'e.z 600 CNAME 017a00'],
    ],
    [
      'has the origin that was set',
      '$ORIGIN b\na A 192.0.2.1\n$ORIGIN c.z.\n@ CNAME d',
      [`a.b.z 600 A ${ONE}`, 'c.z 600 CNAME 01640163017a00'],
    ],
    [
      'is generated for each number',
      '$GENERATE 8-12/2 h$ A 10.0.0.$',
      ['h8.z 600 A 0a000008', 'h10.z 600 A 0a00000a', 'h12.z 600 A 0a00000c'],
    ],
    [
      'is generated with offset, width and base',
      `$GENERATE 1-1 \${9,4,d}x\${0,2,x}-\${254,0,X}-\\$ 7 CNAME \${4095,5,n}`,
      ['0010x01-ff-\\044.z 7 CNAME 0130013001300131017a00'],
    ],
  ] as const) {
    test(about, () => assert.deepEqual(shown(text), records));
  }

  test('with the same data as another is there once, and has the TTL of its set', () => {
    const warnings: string[] = [];
    const records = read('a 5 A 192.0.2.1\na 6 A 192.0.2.2\na 7 A 192.0.2.1\nA 8 TXT x', {}, (text) =>
      warnings.push(text),
    );
    assert.deepEqual(
      records.slice(2).map(({ ttl }) => ttl),
      [5, 5, 8],
    );
    assert.deepEqual(warnings, ['db.z:5: TTL 6 is taken as 5, that of the set']);
  });

  test('without $TTL has the TTL of the one before, an SOA its minimum', () => {
    const include = () => assert.fail();
    const text = '@ SOA a. b. 1 2 3 4 77\n NS c.\na 5 A 192.0.2.1\nb A 192.0.2.1\n';
    const records = readZone({ name: 'f', text }, nameOf('z')!, include, () => {});
    assert.deepEqual(
      records.map(({ ttl }) => ttl),
      [77, 77, 5, 5],
    );
  });

  test('comes from another file, with an origin of its own', () => {
    const files = { one: 'a A 192.0.2.1\n$ORIGIN deep\nb A 192.0.2.1\n', 'two words': ' TXT x\n' };
    assert.deepEqual(shown('o A 192.0.2.1\n$INCLUDE one sub\n TXT y\n$INCLUDE "two words"\nc A 192.0.2.1', files), [
      `o.z 600 A ${ONE}`,
      `a.sub.z 600 A ${ONE}`,
      `b.deep.sub.z 600 A ${ONE}`,
      'o.z 600 TXT 0179',
      'o.z 600 TXT 0178',
      `c.z 600 A ${ONE}`,
    ]);
  });
});

describe('a mistake in a zone file', () => {
  for (const [text, message] of [
    ['a A 192.0.2', 'db.z:4: malformed A data'],
    ['\n\na A 192.0.2.1 x', 'db.z:6: malformed A data'],
    ['a MX mail', 'db.z:4: malformed MX data'],
    [`a TXT ${'x'.repeat(256)}`, 'db.z:4: malformed TXT data'],
    [
      'a LOC 52 22 23.000 N',
      'db.z:4: data of type LOC is understood in its generic form only: \\# LENGTH HEX (RFC 3597)',
    ],
    ['a NOSUCH x', 'db.z:4: unknown type NOSUCH'],
    ['a CH TXT x', 'db.z:4: class CH is not IN'],
    ['a 5', 'db.z:4: the record has no type'],
    ['a 4294967296 A 192.0.2.1', 'db.z:4: TTL 4294967296 is out of range'],
    ['a ANY x', 'db.z:4: type ANY is of no zone'],
    ['a.other. A 192.0.2.1', 'db.z:4: the name is not in the zone'],
    [`${'x'.repeat(64)} A 192.0.2.1`, `db.z:4: malformed name ${'x'.repeat(64)}`],
    ['a..b A 192.0.2.1', 'db.z:4: malformed name a..b'],
    ['a TXT "x', 'db.z:4: a quote stays open'],
    ['a TXT (x', 'db.z:4: a parenthesis stays open'],
    ['a TXT x)', 'db.z:4: a parenthesis is closed that was not open'],
    ['a TXT \\256', 'db.z:4: bad escape \\256'],
    ['a TXT \\1', 'db.z:4: bad escape \\1'],
    ['$NOSUCH', 'db.z:4: unknown directive $NOSUCH'],
    ['$ORIGIN', 'db.z:4: $ORIGIN takes a name'],
    ['$TTL x', 'db.z:4: $TTL takes a time'],
    ['$INCLUDE none', 'db.z:4: unable to read none'],
    ['$INCLUDE self', 'self:1: more than 16 files include each other'],
    ['$INCLUDE bad', 'bad:2: malformed A data'],
    ['$GENERATE 2-1 a$ A 1.2.3.4', 'db.z:4: $GENERATE takes a range, FIRST-LAST or FIRST-LAST/STEP'],
    ['$GENERATE 1-2000000 a$ A 1.2.3.4', 'db.z:4: $GENERATE makes too many records'],
    [`$GENERATE 1-2 a\${-5} A 1.2.3.4`, `db.z:4: bad modifier \${-5}`],
    ['@ SOA ns.other. me.other. 2 2 3 4 5', 'db.z:1: the zone has more than one SOA record'],
  ] as const) {
    test(`${text.slice(0, 40).trim()}: ${message.slice(0, 60)}`, () => {
      const files = { self: '$INCLUDE self\n', bad: 'a A 192.0.2.1\nb A x\n' };
      assert.throws(() => read(text, files), { message });
    });
  }

  test('that leaves a zone without SOA or NS is told', () => {
    const whole = (text: string) =>
      readZone(
        { name: 'f', text },
        nameOf('z')!,
        () => assert.fail(),
        () => {},
      );
    assert.throws(() => whole('$TTL 5\n@ NS a.\n'), { message: 'f:1: the zone has no SOA record' });
    assert.throws(() => whole('@ SOA a. b. 1 2 3 4 5\n'), { message: 'f:1: the zone has no NS record' });
    assert.throws(() => whole(' A 192.0.2.1\n'), { message: 'f:1: the first record has no owner' });
    assert.throws(() => whole('a A 192.0.2.1\n'), { message: 'f:1: no TTL is known for this record' });
  });
});

describe('records as data lines', () => {
  const lines = (text: string, newSerials = false) => formatLines(read(text), { newSerials }).slice(newSerials ? 0 : 1);
  for (const [about, text, expected] of [
    ['a server without an address', '', ['&z::ns.other:600']],
    [
      'a server with its address',
      'sub 600 NS ns.sub\nns.sub A 192.0.2.1',
      ['&z::ns.other:600', '&sub.z:192.0.2.1:ns.sub.z:600'],
    ],
    [
      'a server in the zone made for servers',
      '@ NS a.ns\na.ns A 192.0.2.1\na.ns AAAA ::1\n@ 86400 MX 0 b.mx\nb.mx 86400 A 192.0.2.2',
      ['&z::ns.other:600', '&z:192.0.2.1:a:600', '3a.ns.z:00000000000000000000000000000001:600', '@z:192.0.2.2:b'],
    ],
    [
      'an address of another TTL on its own',
      's NS n.s\nn.s 5 A 192.0.2.1',
      ['&z::ns.other:600', '&s.z::n.s.z:600', '+n.s.z:192.0.2.1:5'],
    ],
    ['a target without a dot', 'a MX 5 mail.', ['&z::ns.other:600', '@a.z::mail.:5:600']],
    ['a wildcard', '*.w 86400 A 192.0.2.1', ['&z::ns.other:600', '+*.w.z:192.0.2.1']],
    ['text', 'a 86400 TXT "x: y\\\\ \\200 "', ['&z::ns.other:600', "'a.z:x\\072 y\\134 \\310\\040"]],
    ['text in several strings', 'a 86400 TXT "x" y', ['&z::ns.other:600', ':a.z:TXT:"x" "y"']],
    ['text of runs', `a 86400 TXT ${'x'.repeat(127)} y`, ['&z::ns.other:600', `'a.z:${'x'.repeat(127)}y`]],
    ['text of nothing', 'a 86400 TXT ""', ['&z::ns.other:600', ':a.z:TXT:""']],
    ['a type with text', 'a 86400 CAA 0 iodef "mailto:x@z"', ['&z::ns.other:600', ':a.z:CAA:0 iodef "mailto\\072x@z"']],
    ['a type without text', 'a 86400 DNSKEY 257 3 8 AAAA', ['&z::ns.other:600', ':a.z:DNSKEY:\\# 7 01010308000000']],
  ] as const) {
    test(about, () => assert.deepEqual(lines(text), expected));
  }

  test('an address and the name that points back are one line', () => {
    const reverse = readZone(
      { name: 'r', text: '$TTL 600\n@ SOA ns.other. me.other. 1 2 3 4 5\n NS ns.other.\n1 PTR A.z.\n2 PTR other.z.\n' },
      nameOf('2.0.192.in-addr.arpa')!,
      () => assert.fail(),
      () => {},
    );
    const all = formatLines([...read('a A 192.0.2.1\nb A 192.0.2.2'), ...reverse], { newSerials: false });
    assert.deepEqual(all.slice(2, 4), ['=A.z:192.0.2.1:600', '+b.z:192.0.2.2:600']);
    assert.deepEqual(all.slice(6), ['^2.2.0.192.in-addr.arpa:other.z:600']);
  });

  test('an SOA such as the compiler makes is a dot line, where serials are left to it', () => {
    const text =
      '$TTL 259200\n@ 2560 SOA a.ns.z. hostmaster.z. 1 16384 2048 1048576 2560\n@ NS a.ns\na.ns A 192.0.2.1\n';
    const records = readZone(
      { name: 'f', text },
      nameOf('z')!,
      () => assert.fail(),
      () => {},
    );
    assert.deepEqual(formatLines(records, { newSerials: true }), ['.z:192.0.2.1:a']);
    assert.deepEqual(formatLines(records, { newSerials: false }), [
      'Zz:a.ns.z:hostmaster.z:1:16384:2048:1048576:2560',
      '&z:192.0.2.1:a',
    ]);
    assert.equal(lines('', true)[0], 'Zz:ns.other:me.other::2:3:4:5:600');
  });

  test('an NS record of a wildcard is refused', () => {
    assert.throws(() => lines('*.a NS ns.other.'), {
      message: 'db.z:4: a wildcard NS record is no zone cut for tinydns',
    });
  });
});
