// tinydns-check line by line: what is found in a line, and that good lines are left alone.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesOf } from '../../src/base/bytes.ts';
import type { FindingKind } from '../../src/data/check.ts';
import { LineChecker } from '../../src/data/check-line.ts';

function findings(...lines: string[]): [FindingKind, string][] {
  const found: [FindingKind, string][] = [];
  const checker = new LineChecker((_line, _name, kind, message) => found.push([kind, message]));
  for (const [i, line] of lines.entries()) checker.check(i + 1, bytesOf(line), 0, line.length);
  checker.end();
  return found;
}

const GOOD = [
  '.example.com:192.0.2.1:a:259200:4000000038af1379:in',
  '&sub.example.com::ns.example.net',
  '.example.com:[2001:db8::53]:a:300',
  '+www.example.com:192.0.2.1',
  '+www.example.com:[2001:db8::1]:300',
  '=www.example.com:192.0.2.1::4000000038af1379',
  '=www.example.com:192.0.2.1:0:4000000038af1379',
  '3www.example.com:20010db8000000000000000000000001:300',
  '6www.example.com:[2001:db8::1]',
  '@example.com::a:10:300',
  '@example.com:192.0.2.1:a',
  '@example.com::a::::',
  'S_sip._tcp.example.com::sip:5060:10:20:300',
  '^1.2.0.192.in-addr.arpa:www.example.com',
  'Calias.example.com:www.example.com.:300',
  "'example.com:v=spf1 -all:300",
  `'example.com:${'x'.repeat(255)}`,
  `'example.com:${'\\072'.repeat(255)}`,
  ':example.com:257:\\000\\005issueca.example.net:300',
  ':example.com:CAA:0 iodef "mailto:security@example.com":3600',
  `:example.com:TXT:"${'x'.repeat(400)}"`,
  'Zexample.com:a.ns.example.com:hostmaster.example.com:1:2:3:4:5:300',
  '%in:10',
  '%in:192.0.2.',
  '%ex',
  '%v6:[2001:db8::]/32',
  '%v6:s20010db8',
  '-www.example.com:300.1.1.1',
  '# 300.1.1.1',
];

test('good lines are left alone', () => {
  assert.deepEqual(findings(...GOOD), []);
});

const BAD: readonly (readonly [line: string, kind: FindingKind, message: string])[] = [
  ['+a:300.1.1.1', 'address', '300.1.1.1 is taken for 44.1.1.1'],
  ['+a:192.0.2.010', 'address', '192.0.2.010 is taken for 192.0.2.10'],
  ['=a:1.2.3.4x', 'address', '1.2.3.4x is taken for 1.2.3.4'],
  ['+a:1.2.3', 'address', '1.2.3 is no address: there is no record of it'],
  ['.a:ns1:a', 'address', 'ns1 is no address: there is no record of it'],
  ['+a', 'address', 'there is no address: the line has no record'],
  ['+a:2001:db8::1', 'address', 'an IPv6 address wants brackets: [2001:db8::1]'],
  ['@a:2001:db8:1:2:3:4:5:6:mail:10', 'address', 'an IPv6 address wants brackets: [2001:db8:1:2:3:4:5:6]'],
  ['3a:2001:db8::1', 'address', 'an IPv6 address wants brackets: [2001:db8::1]'],
  ['3a:20010db8', 'address', '20010db8 is not 32 digits: the line has no record'],
  ['6a:20010db8000000000000000000000001x', 'address', 'x after 32 digits is ignored'],
  ['+a:1.2.3.4:1d', 'ttl', 'TTL 1d is taken for 1'],
  ['+a:1.2.3.4:abc', 'ttl', 'TTL abc is no number: the usual one is taken'],
  ['+a:1.2.3.4:31536001', 'ttl', 'TTL 31536001 is more than a year'],
  ['+a:1.2.3.4:2147483648', 'ttl', 'TTL 2147483648 is more than there can be: caches take 0'],
  ['+a:1.2.3.4::1234', 'timestamp', '1234 is no TAI64 label: 16 digits, of which letters are small'],
  [
    '+a:1.2.3.4::4000000038AF1379',
    'timestamp',
    '4000000038AF1379 is no TAI64 label: 16 digits, of which letters are small',
  ],
  ['+a:1.2.3.4::0000000038af1379', 'timestamp', '0000000038af1379 is no time between 1990 and 2100'],
  ['@a::b:ten', 'number', 'ten is not a number'],
  ['Za:b:c:x', 'number', 'x is not a number'],
  ['+a:1.2.3.4:::xx', 'location', 'location xx is not declared by any % line: nobody sees this'],
  ['%abc:10', 'location', 'of location abc only ab counts'],
  ['%ab:300.1', 'location', '300.1 is no prefix of an address: up to four octets with dots between'],
  ['%ab:everybody', 'location', 'everybody is no prefix of an address: up to four octets with dots between'],
  ['Ca:b:1:4000000038af1379:lo:x:y', 'fields', 'more fields than a C line has: x:y'],
  [
    `'a:${'x'.repeat(256)}`,
    'text',
    'text of 256 octets is cut into strings of 127, of which some readers take one only',
  ],
];

for (const [line, kind, message] of BAD) {
  test(`${line.slice(0, 40)}: ${message}`, () => {
    assert.deepEqual(findings('%lo:10', line), [[kind, message]]);
  });
}

test('a location that no line declares is told once, where it is used first', () => {
  const undeclared = 'location lo is not declared by any % line: nobody sees this';
  assert.deepEqual(findings('+a:1.2.3.4:::lo', '+b:1.2.3.4:::lo'), [['location', undeclared]]);
  assert.deepEqual(findings('+a:1.2.3.4:::lo', '%lo:10'), []);
});
