// What configuration files say.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesOf } from '../../src/base/bytes.ts';
import { formatEndpoint } from '../../src/base/endpoint.ts';
import { nameservers, rulesIn, searchList } from '../../src/stub/resolv-conf.ts';

const NAMESERVERS: [string, string][] = [
  ['nameserver 1.2.3.4\nnameserver\t5.6.7.8', '1.2.3.4 5.6.7.8'],
  ['nameserver  \t 1.2.3.4garbage 9.9.9.9\n', '1.2.3.4'],
  [' nameserver 1.2.3.4\nNameserver 1.2.3.4\nnameserver1.2.3.4\n#nameserver 1.2.3.4\n', ''],
  ['nameserver ::1\nnameserver 0.0.0.0\n', '::1 127.0.0.1'],
  ['nameserver ::\nnameserver 2001:DB8::53 # ours\r\nnameserver ::ffff:1.2.3.4\r\n', '::1 2001:db8::53 ::ffff:1.2.3.4'],
  ['nameserver ::1x\nnameserver [::1]\nnameserver 12345::\n', ''],
  ['nameserver 1.1.1.1\n'.repeat(20), Array(16).fill('1.1.1.1').join(' ')],
];

for (const [text, expected] of NAMESERVERS) {
  test(`the servers of ${JSON.stringify(text.slice(0, 50))} are "${expected}"`, () => {
    assert.equal(nameservers(bytesOf(text)).map(formatEndpoint).join(' '), expected);
  });
}

test('an IPv6 server may have an interface behind it', () => {
  const servers = nameservers(
    bytesOf('nameserver fe80::1%eth0 # router\nnameserver 1.2.3.4%eth0\nnameserver fe80::2%\n'),
  );
  assert.deepEqual(
    servers.map(({ ip, scope }) => [formatEndpoint({ ip, port: 53 }), scope]),
    [
      ['fe80::1', 'eth0'],
      ['1.2.3.4', undefined],
      ['fe80::2', undefined],
    ],
  );
});

test('the first search or domain line counts, whatever its words', () => {
  assert.deepEqual(searchList(bytesOf('x\ndomain\ta.b  c,d\r\nsearch e\n')), ['a.b', 'c,d\r']);
  assert.deepEqual(searchList(bytesOf('search \n')), []);
  assert.equal(searchList(bytesOf(' search a\nSearch b\nsearchc\n')), undefined);
});

test('the rules are the lines without the blanks at their ends; a NUL ends a rule as well', () => {
  assert.deepEqual(rulesIn(bytesOf('=a:b \t\r\n*.x:\0?:.y\n \n')), ['=a:b', '*.x:', '?:.y', '', '']);
});

test('a line of a million blanks takes no longer than another', { timeout: 60000 }, () => {
  const line = `=a:b${' '.repeat(1e6)}c`;
  assert.deepEqual(rulesIn(bytesOf(`${line}\n`)), [line, '']);
});
