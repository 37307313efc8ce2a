// Names that are addresses.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatIp4 } from '../../src/base/address.ts';
import { literalAddresses } from '../../src/stub/literal.ts';

const LITERALS: [string, string | undefined][] = [
  ['10.555.678.901', '10.43.166.133'],
  ['[010.0555.0678.0901]', '10.43.166.133'],
  ['127...1', '127.0.0.1'],
  ['...', '0.0.0.0'],
  ['1.2.3', ''],
  ['', ''],
  ['.', ''],
  ['1..', ''],
  ['1.2.3.4.', '1.2.3.4'],
  ['1.2.3.4.5', '1.2.3.4'],
  ['1.2.3.4.5.6.7.8.9', '1.2.3.4 5.6.7.8'],
  ['[[1.]2.3.]4', '1.2.3.4'],
  ['1.2.3.4x', undefined],
  ['1.2.3.4:53', undefined],
];

for (const [text, expected] of LITERALS) {
  test(`"${text}" is ${expected === undefined ? 'a name' : `the addresses "${expected}"`}`, () => {
    const addresses = literalAddresses(text);
    assert.equal(addresses?.map((ip) => formatIp4(ip)).join(' '), expected);
  });
}
