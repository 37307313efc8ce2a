// The writer: the rules of compression, the limits, and what others read from its messages.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decode } from 'dns-packet';
import fc from 'fast-check';
import { CLASS_IN } from '../../src/wire/constants.ts';
import { nameOf } from '../../src/wire/name.ts';
import * as TYPE from '../../src/wire/type.ts';
import { Writer } from '../../src/wire/writer.ts';

const hex = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString('hex');

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
