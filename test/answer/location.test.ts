// Where a client is, by the prefixes of its address.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClientLocations } from '../../src/answer/location.ts';
import { type Address, ip4, scanIp6 } from '../../src/base/address.ts';
import { bytesOf } from '../../src/base/bytes.ts';
import { CdbMaker } from '../../src/cdb/maker.ts';

function database(...records: readonly [key: string, location: string][]): Uint8Array {
  let file = new Uint8Array(0);
  const maker = new CdbMaker((bytes, length, position) => {
    const larger = new Uint8Array(Math.max(file.length, position + length));
    larger.set(file);
    larger.set(bytes.subarray(0, length), position);
    file = larger;
  });
  for (const [key, location] of records) maker.add(bytesOf(key), bytesOf(location));
  maker.finish();
  return file;
}

const IP6 = scanIp6('a01:203::1')!; // its first four octets are those of 10.1.2.3
const A = 0x6161;
const B = 0x6262;

for (const [title, ip, expected] of [
  ['the longest prefix of an IPv4 address counts', ip4(10, 1, 2, 3), A],
  ['an address without a prefix is in the location of everybody', ip4(11, 1, 2, 3), B],
  ['the octets of an IPv6 address are no IPv4 prefix', IP6, B],
] as readonly [string, Address, number][]) {
  test(title, () => {
    const db = database(['\0%\x0a\x01', 'aa'], ['\0%', 'bb']);
    const locations = new ClientLocations();
    assert.equal(locations.find(db, ip), expected);
    assert.equal(locations.find(db, ip), expected);
  });
}

test('where keys have one octet at least, as pickdns has them, an IPv6 client has no location', () => {
  const db = database(['%\x0a', 'aa']);
  const locations = new ClientLocations([0x25], 1);
  assert.equal(locations.find(db, ip4(10, 1, 2, 3)), A);
  assert.equal(locations.find(db, IP6), 0);
});
