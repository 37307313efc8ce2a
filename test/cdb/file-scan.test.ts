import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { pack32le } from '../../src/base/bytes.ts';
import { CdbFileScan } from '../../src/cdb/file-scan.ts';
import { cdbInMemory } from '../../src/cdb/in-memory.ts';
import { piecesOf } from '../support/pieces.ts';

type Pairs = readonly (readonly [key: Uint8Array, value: Uint8Array])[];

function fileOf(pairs: Pairs): Uint8Array {
  return cdbInMemory((maker) => {
    for (const [key, value] of pairs) maker.add(key, value);
  });
}

/** A scan of `file` that gets at most `piece` octets at a time. */
function scanOf(file: Uint8Array, piece: number, keyMax = 512, dataMax = 32767): CdbFileScan {
  return new CdbFileScan(piecesOf(file, piece), keyMax, dataMax);
}

function scanned(scan: CdbFileScan): (readonly [Uint8Array, Uint8Array])[] {
  const pairs: (readonly [Uint8Array, Uint8Array])[] = [];
  while (scan.next()) {
    const { bytes, keyPos, keyLength, dataPos, dataLength } = scan;
    pairs.push([bytes.slice(keyPos, keyPos + keyLength), bytes.slice(dataPos, dataPos + dataLength)]);
  }
  return pairs;
}

const octets = (maxLength: number) => fc.uint8Array({ maxLength });

test('all records come in file order, whatever pieces the file comes in', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(octets(40), octets(3000)), { maxLength: 60 }),
      fc.integer({ min: 1, max: 100000 }),
      (pairs, piece) => {
        const scan = scanOf(fileOf(pairs), piece < 50 ? 977 : piece);
        assert.deepEqual(scanned(scan), pairs);
        assert.equal(scan.failed, false);
      },
    ),
    { numRuns: 50 },
  );
});

test('records larger than the window between them are found too', () => {
  const pairs = Array.from(
    { length: 20 },
    (_, i) => [new Uint8Array(300).fill(i), new Uint8Array(32000).fill(i)] as const,
  );
  assert.deepEqual(scanned(scanOf(fileOf(pairs), 1 << 20)), pairs);
});

test('a file cut off anywhere fails, after the records that are whole', () => {
  const pairs = Array.from({ length: 5 }, (_, i) => [new Uint8Array([i]), new Uint8Array(100).fill(i)] as const);
  const file = fileOf(pairs);
  const recordsEnd = 2048 + 5 * 109;
  for (let length = 0; length < recordsEnd; length += 13) {
    const scan = scanOf(file.subarray(0, length), 64);
    const whole = Math.max(0, Math.floor((length - 2048) / 109));
    assert.deepEqual(scanned(scan), pairs.slice(0, whole), `${length} octets`);
    assert.equal(scan.failed, true, `${length} octets`);
  }
});

test('keys and values over the limit fail, and so does a record that runs out of the record area', () => {
  const file = fileOf([[new Uint8Array(20), new Uint8Array(50)]]);
  assert.equal(scanOf(file, 4096, 20, 50).next(), true);
  for (const scan of [scanOf(file, 4096, 19, 50), scanOf(file, 4096, 20, 49)]) {
    assert.deepEqual([scan.next(), scan.failed], [false, true]);
  }
  pack32le(file, 2052, 51);
  const scan = scanOf(file, 4096);
  assert.deepEqual([scan.next(), scan.failed], [false, true]);
});

test('no bytes make it throw or run for ever', () => {
  fc.assert(
    fc.property(octets(5000), fc.nat(4999), (noise, end) => {
      const file = new Uint8Array(2048 + noise.length);
      pack32le(file, 0, 2048 + end);
      file.set(noise, 2048);
      scanned(scanOf(file, 512));
    }),
  );
});
