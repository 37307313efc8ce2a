// Addresses and endpoints in text, and addresses held for later.
import assert from 'node:assert/strict';
import { isIPv6 } from 'node:net';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  copyIp6,
  formatAddress,
  formatIp4,
  formatIp4At,
  formatIp6,
  HeldAddress,
  ip4,
  ip4Of,
  isMapped,
  isUnspecified,
  scanIp6,
} from '../../src/base/address.ts';
import { bytesOf, textOf } from '../../src/base/bytes.ts';
import { formatEndpoint, scanEndpoint4, scanEndpoints } from '../../src/base/endpoint.ts';

describe('IPv4 text', () => {
  for (const [text, want] of [
    ['1.2.3.4', '1.2.3.4'],
    ['1.2.3.4.5', '1.2.3.4'],
    ['1.2.3.4x', '1.2.3.4'],
    ['300.256.0255.4', '44.0.255.4'],
    ['', undefined],
    ['1.2.3', undefined],
    ['1..2.3.4', undefined],
    [' 1.2.3.4', undefined],
    ['1.2.3.', undefined],
    ['1.-2.3.4', undefined],
  ] as const) {
    test(`${JSON.stringify(text)} is ${want}`, () => {
      const ip = ip4Of(bytesOf(text));
      assert.equal(ip && formatIp4(ip), want);
      const out = new Uint8Array(15);
      if (ip) assert.equal(textOf(out, 0, formatIp4At(out, 0, ip, 0)), want);
    });
  }

  for (const [text, want, length] of [
    ['1.2.3.4', '1.2.3.4', 7],
    ['1.2.3.4:5353', '1.2.3.4:5353', 12],
    ['1.2.3.4:53', '1.2.3.4', 10],
    ['1.2.3.4:5353x', '1.2.3.4:5353', 12],
    ['1.2.3.4:', '1.2.3.4', 7],
    ['1.2.3.4:0', '1.2.3.4', 7],
    ['1.2.3.4:65536', '1.2.3.4', 7],
    ['1.2.3.4:4294967297', '1.2.3.4', 7],
    ['1.2.3', undefined, undefined],
  ] as const) {
    test(`${JSON.stringify(text)} is the server ${want}`, () => {
      const found = scanEndpoint4(bytesOf(text), 0, text.length);
      assert.deepEqual([found && formatEndpoint(found), found?.length], [want, length]);
    });
  }
});

describe('IPv6 text', () => {
  for (const [text, want] of [
    ['::', '::'],
    ['::1', '::1'],
    ['1::', '1::'],
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['2001:db8:0:1:0:0:0:1', '2001:db8:0:1::1'],
    ['2001:0:0:1:0:0:2:3', '2001::1:0:0:2:3'],
    ['2001:db8:0:1:2:3:4:5', '2001:db8:0:1:2:3:4:5'],
    ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8'],
    ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
    ['::ffff:1.2.3.4', '::ffff:1.2.3.4'],
    ['::FFFF:102:304', '::ffff:1.2.3.4'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
    ['1:2:3:4:5:6:7.8.9.10', '1:2:3:4:5:6:708:90a'],
  ] as const) {
    test(`${text} is ${want}`, () => assert.equal(formatIp6(scanIp6(text)!), want));
  }

  for (const text of [
    '',
    ':',
    ':::',
    '1:::2',
    '1::2::3',
    '12345::',
    '1.2.3.4',
    'fe80::1%eth0',
    '::g',
    '::/64',
    '[::1]',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4::5:6:7:8',
    ':1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:',
    '::1.2.3',
    '::1.2.3.256',
    '::01.2.3.4',
    '1.2.3.4::',
    '::1.2.3.4:5',
    ' ::1',
    '::1 ',
  ]) {
    test(`${JSON.stringify(text)} is none`, () => assert.equal(scanIp6(text), undefined));
  }

  test('whatever Node takes for IPv6 text is read, and what is written is read back', () => {
    const pieces = fc.array(fc.constantFrom('0', '1', 'ff', 'abcd', '00000', ':', '::', '1.2.3.4', '.', 'g'));
    fc.assert(
      fc.property(pieces, (all) => {
        const text = all.join('');
        assert.equal(scanIp6(text) !== undefined, isIPv6(text), text);
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (octets) => {
        const ip = copyIp6(octets.map((octet) => (octet & 1 ? octet : 0)));
        assert.deepEqual(scanIp6(formatIp6(ip)), ip);
      }),
    );
  });
});

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

test('an address held is a copy, and one in IPv6 form is the IPv4 address that it stands for', () => {
  const held = new HeldAddress();
  const one = scanIp6('2001:db8::1')!;
  assert.equal(formatAddress(held.hold(one)), '2001:db8::1');
  one[15] = 2;
  assert.equal(formatAddress(held.ip), '2001:db8::1');
  assert.equal(formatAddress(held.hold(scanIp6('::ffff:10.1.2.3')!)), '10.1.2.3');
  assert.equal(formatAddress(held.hold(ip4(10, 1, 2, 4))), '10.1.2.4');
  assert.equal(isMapped(scanIp6('::fffe:1.2.3.4')!), false);
  assert.deepEqual(
    ['::', '::1'].map((text) => isUnspecified(scanIp6(text)!)),
    [true, false],
  );
});
