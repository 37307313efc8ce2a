// Names in wire form and as text: the limits, and octets that are anything at all.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { bytesOf } from '../../src/base/bytes.ts';
import {
  checkedNameLength,
  formatName,
  isWithin,
  lowerName,
  nameEqual,
  nameOf,
  scanName,
} from '../../src/wire/name.ts';

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
});
