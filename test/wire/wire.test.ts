// Names, the reader, the writer: the limits, the compression rules, and octets that are anything at all.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decode } from 'dns-packet';
import fc from 'fast-check';
import { bytesOf } from '../../src/base/bytes.ts';
import { CLASS_IN } from '../../src/wire/constants.ts';
import {
  checkedNameLength,
  formatName,
  isWithin,
  lowerName,
  nameEqual,
  nameOf,
  scanName,
} from '../../src/wire/name.ts';
import { formatPacket } from '../../src/wire/print.ts';
import { Reader } from '../../src/wire/reader.ts';
import * as TYPE from '../../src/wire/type.ts';
import { scanType } from '../../src/wire/type.ts';
import { Writer } from '../../src/wire/writer.ts';

const hex = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString('hex');

const label = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('a', 'B', 'cc', 'www', '*').map(bytesOf) },
  { weight: 1, arbitrary: fc.uint8Array({ minLength: 1, maxLength: 63, size: 'max' }) },
);
const wireName = fc
  .array(label, { maxLength: 8 })
  .map((labels) => Uint8Array.from([...labels.flatMap((octets) => [octets.length, ...octets]), 0]))
  .filter((name) => name.length <= 255);

describe('names', () => {
  for (const [text, wire] of [
    ['', '00'],
    ['.', '00'],
    ['..foo...bar.', '03666f6f0362617200'],
    ['A', '014100'],
    ['\\.', '012e00'],
    ['\\056', '012e00'],
    ['\\1234', '02533400'],
    ['\\18', '02013800'],
    ['\\777', '01ff00'],
    ['\\8', '013800'],
    ['\\\\', '015c00'],
    ['a\\', '016100'],
    ['\\', '00'],
    ['x'.repeat(64), undefined],
    ['x.'.repeat(127), `${'0178'.repeat(127)}00`],
    ['x.'.repeat(128), undefined],
  ] as const) {
    test(`${JSON.stringify(text.slice(0, 20))} is ${wire?.slice(0, 20)}`, () => assert.equal(hex(nameOf(text)), wire));
  }

  test('are scanned where they stand, and never written past 256 octets', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', '.', '\\', '1', 'B'), maxLength: 600, size: 'max' }),
        (text) => {
          const out = new Uint8Array(300).fill(0xee);
          const length = scanName(bytesOf(`::${text}:`), 2, 2 + text.length, out, 10);
          assert.ok(length === 0 || checkedNameLength(out, 10, 10 + length) === length);
          assert.deepEqual([...out.subarray(0, 10), ...out.subarray(266)], new Array(44).fill(0xee));
        },
      ),
    );
  });

  test('printed and scanned again are themselves, lowercased', () => {
    fc.assert(
      fc.property(wireName, (name) => {
        assert.equal(hex(nameOf(formatName(name))), hex(lowerName(name)));
        assert.ok(nameEqual(name, 0, lowerName(name), 0));
        for (let at = 0; ; at += name[at]! + 1) {
          assert.ok(isWithin(name, 0, name, at));
          assert.equal(isWithin(name, at, name, 0), at === 0);
          if (name[at] === 0) break;
        }
      }),
    );
    assert.equal(formatName(nameOf('x_Y-z\\.*')!), 'x_y-z\\056\\052');
    assert.equal(formatName(nameOf('')!), '.');
  });

  test('of octets that are no name are told', () => {
    for (const [octets, length] of [
      ['00', 1],
      ['016100', 3],
      ['0161', 0],
      ['', 0],
      [`40${'61'.repeat(64)}00`, 0],
      [`${`3f${'61'.repeat(63)}`.repeat(3)}3d${'61'.repeat(61)}00`, 255],
      [`${`3f${'61'.repeat(63)}`.repeat(3)}3e${'61'.repeat(62)}00`, 0],
      ['c000', 0],
    ] as const) {
      const bytes = Buffer.from(octets, 'hex');
      assert.equal(checkedNameLength(bytes, 0, bytes.length), length, octets.slice(0, 20));
    }
  });

  test('of types are digits or mnemonics, and nothing that every object has', () => {
    const wanted = { '': 0, '1': 1, '65537': 1, '4294967298': 2, aNy: 255, AXFR: 252, '1x': -1, '-1': -1, srv: -1 };
    for (const [text, type] of Object.entries(wanted)) assert.equal(scanType(text), type, text);
    for (const text of ['constructor', 'toString', '__proto__']) assert.equal(scanType(text), -1, text);
  });
});

describe('the reader', () => {
  for (const [about, packet, at, name, next] of [
    ['the root', '00', 0, '00', 1],
    ['a name', '016102626200ff', 0, '016102626200', 6],
    ['a pointer back', '0161000162c000', 3, '0162016100', 7],
    ['a pointer forward', 'c003ff016100', 0, '016100', 2],
    ['pointers to pointers', '016100c000c003', 5, '016100', 7],
    ['127 labels', `${'0161'.repeat(127)}00`, 0, `${'0161'.repeat(127)}00`, 255],
    ['a pointer to itself', 'c000', 0, '', 0],
    ['two pointers in a circle', 'c002c000', 0, '', 0],
    ['a circle with a label in it', '0161c000', 0, '', 0],
    ['a pointer outside', 'c00a', 0, '', 0],
    ['half a pointer', 'c0', 0, '', 0],
    ['a label of 64', `40${'61'.repeat(64)}00`, 0, '', 0],
    ['a label that ends outside', '0261', 0, '', 0],
    ['no end', '0161', 0, '', 0],
    ['nothing', '', 0, '', 0],
    ['257 octets', `${'0161'.repeat(127)}016100`, 0, '', 0],
  ] as const) {
    test(`${name === '' ? 'refuses' : 'reads'} ${about}`, () => {
      const reader = new Reader();
      const out = new Uint8Array(255);
      reader.start(Buffer.from(packet, 'hex'));
      reader.skip(at);
      const length = reader.name(out);
      assert.deepEqual([hex(out.subarray(0, length)), reader.pos, reader.failed], [name, next, name === '']);
    });
  }

  test('stays failed: nothing moves and every number is 0', () => {
    const reader = new Reader();
    reader.start(Buffer.from('01020304', 'hex'));
    assert.equal(reader.u16(), 0x0102);
    assert.equal(reader.u32(), 0);
    assert.deepEqual([reader.failed, reader.pos, reader.u8(), reader.u16(), reader.copy(1).length], [true, 2, 0, 0, 0]);
    reader.start(Buffer.from('ff', 'hex'));
    assert.deepEqual([reader.u8(), reader.failed], [255, false]);
  });

  test('never reads outside its part of the octets, whatever they are', () => {
    const octet = fc.oneof(fc.constantFrom(0, 1, 2, 3, 0xc0, 63, 64, 255), fc.nat(255));
    const step = fc.constantFrom('u8', 'u16', 'u32', 'name', 'skipName', 'skip', 'copy');
    fc.assert(
      fc.property(
        fc.array(octet, { maxLength: 80, size: 'max' }),
        fc.array(step, { maxLength: 12, size: 'max' }),
        (octets, steps) => {
          // Around the message stand octets that would make a difference.
          const play = (around: number): unknown[] => {
            const bytes = new Uint8Array(octets.length + 40).fill(around);
            bytes.set(octets, 20);
            const reader = new Reader();
            reader.start(bytes, 20, 20 + octets.length);
            const out = new Uint8Array(255);
            return steps.flatMap((method) => {
              const isName = method === 'name';
              const result: unknown = isName ? reader[method](out) : reader[method as 'copy'](3);
              assert.ok(reader.failed || (reader.pos >= 20 && reader.pos <= 20 + octets.length));
              return [
                result instanceof Uint8Array ? [...result] : result,
                reader.pos,
                reader.failed,
                reader.failed ? 0 : hex(out),
              ];
            });
          };
          assert.deepEqual(play(0), play(0x03));
        },
      ),
      { numRuns: 500 },
    );
  });
});

test('a packet of any octets prints or does not', () => {
  let printed = 0;
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 8, maxLength: 20, size: 'max' }), (octets) => {
      if (octets.length >= 12) octets.fill(0, 4, 12);
      const packet = octets.length % 2 ? octets : octets.subarray(0, 12);
      const text = formatPacket(packet);
      if (text === undefined) return;
      printed++;
      assert.match(text, new RegExp(`^${packet.length} bytes, 0\\+0\\+0\\+0 records, [ -~]*\\n$`));
    }),
    { numRuns: 1000 },
  );
  assert.ok(printed > 0);
  assert.equal(formatPacket(new Uint8Array(11)), undefined);
});

describe('the writer', () => {
  const room = new Uint8Array(70000);
  const writer = new Writer();
  const begin = (): void => {
    writer.start(room);
    writer.header(1, 0x8400, 0);
  };
  /** The octets that a name took. */
  const put = (text: string): string | undefined => {
    const from = writer.pos;
    writer.name(nameOf(text)!, 0);
    return hex(room.subarray(from, writer.pos));
  };

  test('points to whole names and to ends of names, in any case, never to the root', () => {
    begin();
    assert.deepEqual(['a.b', 'A.B', 'x.B', 'x.b', '', '', 'b.a'].map(put), [
      '0161016200',
      'c00c',
      '0178c00e',
      'c013',
      '00',
      '00',
      '0162016100',
    ]);
  });

  test('remembers ends of at most 128 octets', () => {
    const long = `${'y'.repeat(63)}.${'z'.repeat(62)}`; // 128 octets
    begin();
    put(long);
    assert.equal(put(long), 'c00c');
    begin();
    put(`${long}z`);
    assert.equal(put(`${long}z`), `3f${'79'.repeat(63)}c04c`);
  });

  test('remembers a hundred', () => {
    begin();
    for (let i = 0; i < 100; i++) put(`n${i}`);
    assert.deepEqual(
      ['n0', 'late', 'late', 'n99'].map((name) => put(name)?.length),
      [4, 12, 12, 4],
    );
  });

  test('remembers nothing at 16384 or beyond', () => {
    for (const [offset, again] of [
      [16383, 'ffff'],
      [16384, '016b00'],
    ] as const) {
      begin();
      writer.put(room, 0, offset - writer.length);
      assert.equal(put('k'), '016b00');
      assert.equal(put('k'), again);
    }
  });

  test('fails for good past 65535 octets', () => {
    begin();
    writer.put(new Uint8Array(65535 - writer.length - 1));
    assert.equal(writer.failed, false);
    writer.u16(1);
    writer.put(new Uint8Array(1));
    assert.deepEqual([writer.failed, writer.length], [true, 65534]);
    begin();
    assert.equal(writer.failed, false);
  });

  test('writes messages that others read the same names from', () => {
    const plain = fc
      .array(fc.constantFrom('a', 'B', 'cc', 'www', 'x'.repeat(40), 'y'.repeat(63)), { minLength: 1, maxLength: 5 })
      .map((labels) => labels.join('.'))
      .filter((name) => name.length < 250);
    fc.assert(
      fc.property(plain, fc.array(fc.tuple(plain, plain), { maxLength: 30, size: 'max' }), (qname, list) => {
        writer.start(room, 100);
        writer.question(7, 0x8400, nameOf(qname)!, 0, TYPE.NS, CLASS_IN);
        for (const [owner, target] of list) {
          const mark = writer.startRecord(1, nameOf(owner)!, 0, TYPE.NS, 5);
          writer.name(nameOf(target)!, 0);
          writer.endRecord(mark);
        }
        const { questions, answers } = decode(Buffer.from(room.subarray(100, writer.pos)));
        assert.equal(questions?.[0]?.name, qname);
        assert.deepEqual(
          answers?.map((answer) => `${answer.name} ${'data' in answer && answer.data}`.toLowerCase()),
          list.map(([owner, target]) => `${owner} ${target}`.toLowerCase()),
        );
      }),
    );
  });
});
