// What $IP may say.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatAddress } from '../../src/base/address.ts';
import { bytesOf } from '../../src/base/bytes.ts';
import { scanAddresses } from '../../src/program/listen.ts';

const LISTS: readonly [text: string, addresses: string | undefined][] = [
  ['127.0.0.1', '127.0.0.1'],
  ['127.0.0.1x', '127.0.0.1'],
  ['127.0.0.1 x ::1', '127.0.0.1'],
  ['127.0.0.1,foo', '127.0.0.1'],
  ['300.0.0.1', '44.0.0.1'],
  ['127.0.0.1,::1', '127.0.0.1 ::1'],
  ['::1, ,127.0.0.1 [2001:DB8::1],', '::1 127.0.0.1 2001:db8::1'],
  ['fe80::1%eth0', 'fe80::1%eth0'],
  ['[fe80::1%2],::1', 'fe80::1%2 ::1'],
  ['::ffff:10.0.0.1', '10.0.0.1'],
  ['::', '::'],
  ['', ''],
  [' 127.0.0.1', undefined],
  ['foo', undefined],
  ['::1x', undefined],
  ['::1,foo', undefined],
  ['[::1', undefined],
  ['::1%', undefined],
];

for (const [text, expected] of LISTS) {
  test(`IP=${JSON.stringify(text)} is ${expected === undefined ? 'refused' : `the addresses ${expected}`}`, () => {
    const found = scanAddresses(bytesOf(text));
    const shown = found?.map(({ ip, scope }) => formatAddress(ip) + (scope === undefined ? '' : `%${scope}`));
    assert.equal(shown?.join(' '), expected);
  });
}
