// IPv6 text, and lists of servers.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesOf } from '../../src/base/bytes.ts';
import { formatEndpoint, formatIp6, scanEndpoints, scanIp6 } from '../../src/base/ip6.ts';

const ENDPOINTS: [string, string, number][] = [
  ['127.0.0.1', '127.0.0.1', 9],
  ['127.0.0.1.127.0.0.2', '127.0.0.1 127.0.0.2', 19],
  ['127.0.0.1:5353.127.0.0.2:53', '127.0.0.1:5353 127.0.0.2', 27],
  ['..127.0.0.1,1.2.3.4', '127.0.0.1', 11],
  ['[::1]:5353.127.0.0.1', '[::1]:5353 127.0.0.1', 20],
  ['[2001:DB8:0::1]', '2001:db8::1', 15],
  ['2001:db8::1', '2001:db8::1', 11],
  ['127.0.0.1:0', '127.0.0.1', 9],
  ['127.0.0.1:65536', '127.0.0.1', 9],
  ['[1.2.3.4]', '', 0],
  ['foo', '', 0],
];

for (const [text, expected, length] of ENDPOINTS) {
  test(`"${text}" begins with the servers "${expected}"`, () => {
    const scanned = scanEndpoints(bytesOf(text), 16);
    assert.equal(scanned.endpoints.map(formatEndpoint).join(' '), expected);
    assert.equal(scanned.length, length);
  });
}

test('IPv6 text goes in and out', () => {
  for (const text of ['::', '::1', '2001:db8::8:800:200c:417a', 'fe80::1', '1:2:3:4:5:6:7:8']) {
    assert.equal(formatIp6(scanIp6(text)!), text);
  }
  for (const text of ['', ':', '1::2::3', '12345::', '1.2.3.4', 'fe80::1%eth0', '::g', '::/64']) {
    assert.equal(scanIp6(text), undefined, text);
  }
});
