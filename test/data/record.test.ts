// Records of the three kinds of data.cdb: what is written is read again.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { pack32 } from '../../src/base/bytes.ts';
import { ADDRESSES_KEY_MAX, putAddressesKey } from '../../src/data/pickdns-record.ts';
import { prefixAddress, prefixLength, putPrefixKey } from '../../src/data/rbldns-record.ts';
import {
  HIDDEN,
  isWildcard,
  MALFORMED,
  putRecordHead,
  putRecordKey,
  RecordView,
  VISIBLE,
} from '../../src/data/record.ts';
import { nameOf } from '../../src/wire/name.ts';

const NOW = { hi: 0x40000000, lo: 1000 };
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

/** A TAI64 time `seconds` from `NOW`. */
function at(seconds: number): Uint8Array {
  const timestamp = new Uint8Array(8);
  pack32(timestamp, 0, NOW.hi);
  pack32(timestamp, 4, NOW.lo + seconds);
  return timestamp;
}

test('the head of a record is read as it was written, by the clients that it is for', () => {
  fc.assert(
    fc.property(
      fc.nat(65535),
      fc.boolean(),
      fc.nat(65535),
      fc.nat({ max: 0xffffffff }),
      fc.uint8Array({ maxLength: 30 }),
      (type, isWild, location, ttl, data) => {
        const value = new Uint8Array(100);
        const end = putRecordHead(value, { type, isWild, location, ttl, timestamp: new Uint8Array(8) });
        value.set(data, end);
        const view = new RecordView();
        assert.equal(view.read(value, 0, end + data.length, location, NOW), VISIBLE);
        assert.deepEqual([view.type, view.isWild, view.ttl, view.isTimed], [type, isWild, ttl, false]);
        assert.equal(hex(value.subarray(view.dataPos, view.dataEnd)), hex(data));
        const elsewhere = view.read(value, 0, end + data.length, location ^ 1, NOW);
        assert.equal(elsewhere, location === 0 ? VISIBLE : HIDDEN);
        assert.equal(view.read(value, 0, end + data.length, location, NOW, !isWild), HIDDEN);
        for (let length = 0; length < end; length++) {
          assert.notEqual(view.read(value, 0, length, location, NOW), VISIBLE);
        }
        assert.equal(view.read(value, 0, 2, location, NOW), MALFORMED);
      },
    ),
  );
});

for (const [about, ttl, timestamp, seen, sent] of [
  ['not yet born is hidden', 300, at(1), HIDDEN, 300],
  ['born is there', 300, at(-1), VISIBLE, 300],
  ['with a minute to live has a minute as its TTL', 0, at(60), VISIBLE, 60],
  ['with a second to live has two as its TTL', 0, at(1), VISIBLE, 2],
  ['with a day to live has an hour as its TTL', 0, at(86400), VISIBLE, 3600],
  ['dead is hidden', 0, at(-1), HIDDEN, 0],
] as const) {
  test(`a record ${about}`, () => {
    const value = new Uint8Array(100);
    const end = putRecordHead(value, { type: 1, isWild: false, location: 0, ttl, timestamp });
    const view = new RecordView();
    assert.equal(view.read(value, 0, end, 0, NOW), seen);
    assert.equal(view.isTimed, true);
    assert.equal(view.ttl, sent);
  });
}

test('the key of a record is its owner, lowercased, without the label of a wildcard', () => {
  const key = new Uint8Array(255);
  for (const [owner, wanted] of [
    ['WWW.Test', 'www.test'],
    ['*.Test', 'test'],
    ['*', ''],
    ['**.test', '**.test'],
    ['a.*.test', 'a.*.test'],
  ] as const) {
    const name = nameOf(owner)!;
    assert.equal(hex(key.subarray(0, putRecordKey(key, name))), hex(nameOf(wanted)!));
    assert.equal(isWildcard(name), owner.startsWith('*.') || owner === '*');
  }
});

test('a prefix in a list is read as it was written', () => {
  const key = new Uint8Array(7);
  fc.assert(
    fc.property(fc.nat({ max: 0xffffffff }), fc.nat(255), (ip, length) => {
      putPrefixKey(key.subarray(1), ip, length);
      assert.deepEqual([prefixAddress(key, 1), prefixLength(key, 1)], [ip, length]);
    }),
  );
});

test('a key of pickdns has its location before the name', () => {
  const key = new Uint8Array(ADDRESSES_KEY_MAX);
  const name = nameOf('a.test')!;
  const length = putAddressesKey(key, 0x6162, new Uint8Array([9, ...name]), 1, name.length);
  assert.equal(hex(key.subarray(0, length)), `2b6162${hex(name)}`);
  assert.equal(putAddressesKey(key, 0, nameOf('x'.repeat(63))!, 0, 65), 68);
});
