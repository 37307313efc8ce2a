// Record data from octets to octets, by the table of layouts; and what the table says.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import dnsPacket from 'dns-packet';
import fc from 'fast-check';
import { layoutOf, shapeOf } from '../../src/wire/layout.ts';
import { nameOf } from '../../src/wire/name.ts';
import { putRdata, rdataLength, readRdata } from '../../src/wire/rdata.ts';
import { Reader } from '../../src/wire/reader.ts';
import { RecordCursor } from '../../src/wire/record.ts';
import * as TYPE from '../../src/wire/type.ts';
import { Writer } from '../../src/wire/writer.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const A = '016100';
const BC = '0162016300';

describe('the table of layouts', () => {
  test('gives exactly the types of djbdns names that may be compressed', () => {
    const named = Array.from({ length: 65536 }, (_, type) => type).filter((type) => shapeOf(type).names > 0);
    assert.deepEqual(named, [TYPE.NS, TYPE.CNAME, TYPE.SOA, TYPE.PTR, TYPE.MX]);
    assert.deepEqual(shapeOf(TYPE.MX), { before: 2, names: 1, after: 0 });
    assert.deepEqual(shapeOf(TYPE.SOA), { before: 0, names: 2, after: 20 });
    assert.equal(shapeOf(TYPE.SRV).names, 0);
  });

  test('has each name of a field once, and what takes the rest of the data at the end', () => {
    const last = ['strings', 'text', 'hex', 'base64', 'types', 'params'];
    for (let type = 0; type < 65536; type++) {
      const fields = layoutOf(type) ?? [];
      assert.equal(new Set(fields.map(({ name }) => name)).size, fields.length, String(type));
      for (const { kind } of fields.slice(0, -1)) assert.ok(!last.includes(kind), `${type} ${kind}`);
    }
  });
});

describe('stored data', () => {
  for (const [about, type, data, length] of [
    ['a name', TYPE.NS, A, 3],
    ['a name and more', TYPE.CNAME, `${A}ff`, 3],
    ['no name', TYPE.PTR, '', -1],
    ['half a name', TYPE.NS, '0161', -1],
    ['a pointer', TYPE.NS, 'c000', -1],
    ['a number and a name', TYPE.MX, `0001${A}`, 5],
    ['a number without a name', TYPE.MX, '0001', -1],
    ['half a number', TYPE.MX, '00', -1],
    ['two names and five numbers', TYPE.SOA, `${A}${BC}${'01'.repeat(20)}`, 28],
    ['two names and too few numbers', TYPE.SOA, `${A}${BC}${'01'.repeat(19)}`, -1],
    ['one name', TYPE.SOA, `${A}`, -1],
    ['anything of a type without names', TYPE.SRV, 'ffff', 2],
    ['nothing of a type without names', 65535, '', 0],
  ] as const) {
    test(`of ${about} take ${length} octets, checked and written alike`, () => {
      const bytes = Buffer.from(`eeee${data}`, 'hex');
      assert.equal(rdataLength(type, bytes, 2, bytes.length), length);
      const writer = new Writer();
      writer.start(new Uint8Array(100));
      assert.equal(putRdata(writer, type, bytes, 2, bytes.length), length);
      if (length >= 0) assert.equal(hex(writer.bytes.subarray(0, writer.pos)), hex(bytes.subarray(2, 2 + length)));
    });
  }

  const name = fc
    .array(fc.constantFrom('a', 'bc', 'x'.repeat(63), 'Mixed', 'test'), { maxLength: 3 })
    .map((labels) => nameOf(labels.join('.'))!);
  const data = fc.oneof(
    fc.tuple(fc.constantFrom(TYPE.NS, TYPE.CNAME, TYPE.PTR), name),
    fc.tuple(fc.constant(TYPE.MX), name).map(([type, octets]) => [type, Buffer.from([0, 9, ...octets])] as const),
    fc
      .tuple(fc.constant(TYPE.SOA), name, name, fc.uint8Array({ minLength: 20, maxLength: 20 }))
      .map(([type, ...parts]) => [type, Buffer.concat(parts)] as const),
    fc.tuple(fc.constantFrom(TYPE.A, TYPE.TXT, TYPE.SRV, 4711), fc.uint8Array({ maxLength: 40 })),
  );

  test('written with compression and read again are themselves', () => {
    fc.assert(
      fc.property(fc.array(data, { minLength: 1, maxLength: 8 }), (records) => {
        const writer = new Writer();
        writer.start(new Uint8Array(4000));
        writer.header(0, 0x8000, 0);
        for (const [type, octets] of records) {
          const mark = writer.startRecord(1, nameOf('a.test')!, 0, type, 1);
          assert.equal(putRdata(writer, type, octets, 0, octets.length), octets.length);
          writer.endRecord(mark);
        }
        const cursor = new RecordCursor();
        cursor.start(writer.bytes, 0, writer.pos);
        const out = new Uint8Array(1000);
        for (const [type, octets] of records) {
          assert.ok(cursor.next());
          const end = readRdata(cursor.reader, type, cursor.dataEnd - cursor.dataAt, out, 5);
          assert.equal(hex(out.subarray(5, end)), hex(octets));
          assert.equal(cursor.reader.pos, cursor.dataEnd);
        }
      }),
    );
  });

  test('are compressed as dns-packet reads it', () => {
    const writer = new Writer();
    writer.start(new Uint8Array(200));
    writer.header(0, 0x8000, 0);
    const data = Buffer.concat([nameOf('ns.example.test')!, nameOf('me.example.test')!, new Uint8Array(20).fill(1)]);
    const mark = writer.startRecord(1, nameOf('example.test')!, 0, TYPE.SOA, 60);
    putRdata(writer, TYPE.SOA, data, 0, data.length);
    writer.endRecord(mark);
    assert.equal(writer.pos, 12 + 14 + 10 + 5 + 5 + 20);
    const { answers } = dnsPacket.decode(Buffer.from(writer.bytes.subarray(0, writer.pos)));
    const [soa] = answers as unknown as [{ data: { mname: string; rname: string; serial: number } }];
    assert.deepEqual([soa.data.mname, soa.data.rname], ['ns.example.test', 'me.example.test']);
    assert.equal(soa.data.serial, 0x01010101);
  });
});

describe('data in a message', () => {
  for (const [about, type, data, length] of [
    ['too short for a number and a name', TYPE.MX, `00${A}`, 2],
    ['empty where a name belongs', TYPE.NS, A, 0],
    ['a pointer to itself', TYPE.NS, 'c000', 2],
    ['too few numbers', TYPE.SOA, `${A}${A}${'00'.repeat(19)}`, 25],
    ['longer than the message', TYPE.TXT, 'ff', 2],
  ] as const) {
    test(`${about} are refused`, () => {
      const reader = new Reader();
      reader.start(Buffer.from(data, 'hex'));
      assert.equal(readRdata(reader, type, length, new Uint8Array(600), 0), -1);
      assert.ok(reader.failed);
    });
  }
});
