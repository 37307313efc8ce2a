// The reader: names with pointers of every kind, and octets that are anything at all.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Reader } from '../../src/wire/reader.ts';

const hex = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString('hex');

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
