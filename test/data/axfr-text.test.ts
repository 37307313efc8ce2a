import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bytesOf, textOf } from '../../src/base/bytes.ts';
import { AxfrText, serialOfFile } from '../../src/data/axfr-text.ts';
import { nameOf } from '../../src/wire/name.ts';
import { Reader } from '../../src/wire/reader.ts';
import { Writer } from '../../src/wire/writer.ts';

interface Rr {
  owner: string;
  type: number;
  data: Uint8Array | readonly (string | Uint8Array)[];
  ttl?: number;
}

const buffer = new Uint8Array(65535);

/** A message with these answers; strings in data are names. `compressed` writes them as pointers where possible. */
function messageOf(records: readonly Rr[], compressed: boolean): Uint8Array {
  const writer = new Writer();
  writer.start(buffer);
  writer.header(0, 0x8400, 0);
  for (const { owner, type, data, ttl = 300 } of records) {
    const mark = writer.startRecord(1, nameOf(owner)!, 0, type, ttl);
    for (const part of data instanceof Uint8Array ? [data] : data) {
      if (typeof part !== 'string') writer.put(part);
      else if (compressed) writer.name(nameOf(part)!, 0);
      else writer.put(nameOf(part)!);
    }
    writer.endRecord(mark);
  }
  return buffer.slice(0, writer.length);
}

const owner = new Uint8Array(255);

/** Puts the records of a message into `text`; false when one is malformed or refused. */
function putAll(text: AxfrText, message: Uint8Array): boolean {
  const reader = new Reader();
  reader.start(message);
  reader.skip(12);
  while (reader.pos < message.length) {
    reader.name(owner);
    const type = reader.u16();
    reader.skip(2);
    const ttl = reader.u32();
    const end = reader.u16() + reader.pos;
    if (reader.failed || end > message.length) return false;
    reader.end = end;
    if (!text.record(owner, type, ttl, reader)) return false;
    reader.end = message.length;
    reader.pos = end;
  }
  return true;
}

/** The lines for the records, or undefined when they are refused. */
function linesOf(records: readonly Rr[], compressed = false): string | undefined {
  let lines = '';
  const text = new AxfrText((bytes, length) => {
    lines += textOf(bytes, 0, length);
  });
  if (!putAll(text, messageOf(records, compressed))) return undefined;
  text.flush();
  return lines;
}

const numbers = new Uint8Array([0, 0, 0, 9, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 255, 255, 255, 255]);

const CASES: readonly (readonly [record: Rr, line: string | undefined])[] = [
  [{ owner: 'zone.test', type: 1, data: new Uint8Array([1, 2, 3, 255]) }, '+zone.test:1.2.3.255:300\n'],
  [{ owner: 'Zone.TEST', type: 1, data: new Uint8Array([1, 2, 3, 4]), ttl: 0 }, '+zone.test:1.2.3.4:0\n'],
  [{ owner: 'a.zone.test', type: 1, data: new Uint8Array(3) }, ':a.zone.test:1:\\000\\000\\000:300\n'],
  [
    { owner: 'a.zone.test', type: 2, data: ['ns.Other.test'], ttl: 4294967295 },
    '&a.zone.test::ns.other.test.:4294967295\n',
  ],
  [{ owner: '*.zone.test', type: 2, data: ['ns.zone.test'] }, undefined],
  [{ owner: '*.zone.test', type: 1, data: new Uint8Array(4) }, '+\\052.zone.test:0.0.0.0:300\n'],
  [{ owner: 'a.zone.test', type: 5, data: ['.'] }, 'Ca.zone.test:..:300\n'],
  [{ owner: 'a.zone.test', type: 12, data: ['b.zone.test'] }, '^a.zone.test:b.zone.test.:300\n'],
  [
    { owner: 'a.zone.test', type: 15, data: [new Uint8Array([1, 0]), 'm.zone.test'] },
    '@a.zone.test::m.zone.test.:256:300\n',
  ],
  [{ owner: 'a.zone.test', type: 16, data: bytesOf('\x05a:b_C') }, ':a.zone.test:16:\\005a\\072b\\137C:300\n'],
  [{ owner: 'a.zone.test', type: 33, data: new Uint8Array(0) }, ':a.zone.test:33::300\n'],
  [{ owner: 'a b_\\300.zone.test', type: 28, data: bytesOf('x') }, ':a\\040b_\\300.zone.test:28:x:300\n'],
  [
    { owner: 'zone.test', type: 6, data: ['ns.zone.test', 'who.zone.test', numbers], ttl: 60 },
    '#9 auto axfr-get\nZzone.test:ns.zone.test.:who.zone.test.:9:1:2:3:4294967295:60\n',
  ],
  [{ owner: 'zone.test', type: 6, data: ['ns.zone.test', 'who.zone.test', numbers.subarray(1)] }, undefined],
  [{ owner: 'zone.test', type: 2, data: new Uint8Array([3, 1]) }, undefined],
  [{ owner: 'zone.test', type: 15, data: new Uint8Array([1]) }, undefined],
];

test('each record becomes its line, names in it compressed or not', () => {
  for (const [record, line] of CASES) {
    assert.equal(linesOf([record]), line, JSON.stringify(record));
    assert.equal(linesOf([record], true), line, `compressed: ${JSON.stringify(record)}`);
  }
});

test('rdata of 65000 octets that all need escapes fits', () => {
  const line = linesOf([{ owner: 'zone.test', type: 16, data: new Uint8Array(65000) }]);
  assert.equal(line, `:zone.test:16:${'\\000'.repeat(65000)}:300\n`);
});

test('no message makes it throw, and every line it writes is of one record', () => {
  const base = messageOf(
    CASES.flatMap(([record, line]) => (line ? [record] : [])),
    true,
  );
  const damages = fc.array(fc.tuple(fc.nat(base.length - 1), fc.nat(255)), { maxLength: 8 });
  fc.assert(
    fc.property(damages, fc.nat(base.length), (changes, cut) => {
      const message = base.slice(0, base.length - (cut % 50));
      for (const [at, octet] of changes) if (at < message.length) message[at] = octet;
      let lines = '';
      const text = new AxfrText((bytes, length) => {
        lines += textOf(bytes, 0, length);
      });
      putAll(text, message);
      text.flush();
      const written = lines.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
      assert.equal(written.length, text.records);
      for (const line of written) assert.match(line, /^[Z&C^@+:][a-z0-9\\_.-]+:[ -~]*:\d+$/);
    }),
    { numRuns: 500 },
  );
});

test('the serial of a fetched file is what follows the number sign at its start', () => {
  const cases: readonly (readonly [text: string, serial: number])[] = [
    ['#7 auto axfr-get', 7],
    ['#4294967295 auto axfr-get', 4294967295],
    ['#4294967297', 1],
    ['# 7', 0],
    ['7', 0],
    ['', 0],
  ];
  for (const [text, serial] of cases) assert.equal(serialOfFile(bytesOf(text)), serial, text);
});
