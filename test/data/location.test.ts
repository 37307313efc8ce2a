// Where a client is, by the prefixes of its address.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Address, ip4, scanIp6 } from '../../src/base/address.ts';
import { bytesOf } from '../../src/base/bytes.ts';
import { cdbInMemory } from '../../src/cdb/in-memory.ts';
import { CdbCursor } from '../../src/cdb/reader.ts';
import { Fields } from '../../src/data/fields.ts';
import {
  addLocation,
  ClientLocations,
  type LocationKeys,
  PICKDNS_LOCATIONS,
  TINYDNS_LOCATIONS,
} from '../../src/data/location.ts';

function database(...records: readonly [key: string, location: string][]): Uint8Array {
  return cdbInMemory((maker) => {
    for (const [key, location] of records) maker.add(bytesOf(key), bytesOf(location));
  });
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
    const locations = new ClientLocations(new CdbCursor());
    assert.equal(locations.find(db, ip), expected);
    assert.equal(locations.find(db, ip), expected);
  });
}

test('where keys have one octet at least, as pickdns has them, an IPv6 client has no location', () => {
  const db = database(['%\x0a', 'aa']);
  const locations = new ClientLocations(new CdbCursor(), PICKDNS_LOCATIONS);
  assert.equal(locations.find(db, ip4(10, 1, 2, 3)), A);
  assert.equal(locations.find(db, IP6), 0);
});

for (const [about, keys] of [
  ['tinydns-data', TINYDNS_LOCATIONS],
  ['pickdns-data', PICKDNS_LOCATIONS],
] as readonly [string, LocationKeys][]) {
  test(`the lines that ${about} compiles are found again`, () => {
    const db = cdbInMemory((maker) => {
      const line = new Fields();
      for (const text of ['aa:10.1', 'bb:10.1.2', 'cc:.300.1.', 'd:192.168.0.1', 'ee:11x2']) {
        line.split(bytesOf(text), 0, text.length);
        addLocation(maker, keys, line);
      }
    });
    const locations = new ClientLocations(new CdbCursor(), keys);
    assert.equal(locations.find(db, ip4(10, 1, 3, 4)), A);
    assert.equal(locations.find(db, ip4(10, 1, 2, 4)), B);
    assert.equal(locations.find(db, ip4(44, 1, 2, 3)), 0x6363);
    assert.equal(locations.find(db, ip4(192, 168, 0, 1)), 0x6400);
    assert.equal(locations.find(db, ip4(11, 9, 9, 9)), 0x6565);
    assert.equal(locations.find(db, ip4(12, 1, 2, 3)), 0);
  });
}
