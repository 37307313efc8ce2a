// Names that are addresses, rewriting, resolver configuration, and records taken from replies.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesOf } from '../../src/base/bytes.ts';
import { formatIp4 } from '../../src/base/ip.ts';
import { formatEndpoint, formatIp6, scanEndpoints, scanIp6 } from '../../src/base/ip6.ts';
import { nameservers, ResolverConfig, searchList } from '../../src/stub/resolv-conf.ts';
import { applyRules, candidates } from '../../src/stub/rewrite.ts';
import { leastTtl, literalAddresses, shuffle } from '../../src/stub/stub.ts';

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

const RULES = ['-.local:me', '=me:127.0.0.1', '*.a:.af.mil', '?:.heaven.af.mil', '*.:'];
const REWRITES: [readonly string[], string, string][] = [
  [RULES, 'x.local', '127.0.0.1'],
  [RULES, 'ME', '127.0.0.1'],
  [RULES, 'foo.bar.A', 'foo.bar.af.mil'],
  [RULES, 'cheetah', 'cheetah.heaven.af.mil'],
  [RULES, 'cheetah.', 'cheetah'],
  [RULES, 'x.me', 'x.me'],
  [RULES, '[1.2.3.4]', '[1.2.3.4]'],
  [RULES, 'a[b', 'a[b'],
  [RULES, 'a.local.a', 'a.local.af.mil'],
  [RULES, '', '.heaven.af.mil'],
  [RULES, '..', '.'],
  [['=a:b', '=b:c', '=c:d'], 'a', 'd'],
  [['=b:c', '=a:b'], 'a', 'b'],
  [['=a:b:c'], 'a', 'b:c'],
  [['*.b:.2.3.4'], '1.b', '1.2.3.4'],
  [[' =a:b', '#=a:b', '=a', ''], 'a', 'a'],
  [['*\xc4:x'], 'a\xe4', 'a\xe4'], // only ASCII letters have case
];

for (const [rules, typed, expected] of REWRITES) {
  test(`${JSON.stringify(rules)} turn "${typed}" into "${expected}"`, () => {
    assert.equal(applyRules(rules, typed), expected);
  });
}

test('pluses are a search list, empty elements included', () => {
  assert.deepEqual(candidates('a+b+c'), ['ab', 'ac']);
  assert.deepEqual(candidates('one++.d'), ['one', 'one.d']);
  assert.deepEqual(candidates('+'), ['']);
  assert.deepEqual(candidates('x'), ['x']);
});

const NAMESERVERS: [string, string][] = [
  ['nameserver 1.2.3.4\nnameserver\t5.6.7.8', '1.2.3.4 5.6.7.8'],
  ['nameserver  \t 1.2.3.4garbage 9.9.9.9\n', '1.2.3.4'],
  [' nameserver 1.2.3.4\nNameserver 1.2.3.4\nnameserver1.2.3.4\n#nameserver 1.2.3.4\n', ''],
  ['nameserver ::1\nnameserver 0.0.0.0\n', '127.0.0.1'],
  ['nameserver 1.1.1.1\n'.repeat(20), Array(16).fill('1.1.1.1').join(' ')],
];

for (const [text, expected] of NAMESERVERS) {
  test(`the servers of ${JSON.stringify(text.slice(0, 50))} are "${expected}"`, () => {
    assert.equal(nameservers(bytesOf(text)).map(formatEndpoint).join(' '), expected);
  });
}

test('the first search or domain line counts, whatever its words', () => {
  assert.deepEqual(searchList(bytesOf('x\ndomain\ta.b  c,d\r\nsearch e\n')), ['a.b', 'c,d\r']);
  assert.deepEqual(searchList(bytesOf('search \n')), []);
  assert.equal(searchList(bytesOf(' search a\nSearch b\nsearchc\n')), undefined);
});

test('the configuration is read again after ten minutes or ten thousand uses', () => {
  let reads = 0;
  const config = new ResolverConfig({
    dnsCacheIp: bytesOf('127.0.0.1'),
    dnsRewriteFile: bytesOf(''), // a file that does not exist
    get localDomain() {
      reads++;
      return bytesOf('a');
    },
    hostname: () => 'x',
  });
  const use = (now: number, times: number) => {
    for (let i = 0; i < times; i++) config.rewriteRules(now);
    return reads;
  };
  const once = use(0, 1);
  assert.equal(use(599, 9999), once);
  assert.equal(use(599, 1), 2 * once);
  assert.equal(use(1198, 5), 2 * once);
  assert.equal(use(1199, 1), 3 * once);
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

test('IPv6 text goes in and out', () => {
  for (const text of ['::', '::1', '2001:db8::8:800:200c:417a', 'fe80::1', '1:2:3:4:5:6:7:8']) {
    assert.equal(formatIp6(scanIp6(text)!), text);
  }
  for (const text of ['', ':', '1::2::3', '12345::', '1.2.3.4', 'fe80::1%eth0', '::g', '::/64']) {
    assert.equal(scanIp6(text), undefined, text);
  }
});

test('a shuffle keeps what is there, and every order comes', () => {
  const orders = new Set<string>();
  for (let i = 0; i < 400; i++) orders.add(shuffle(['a', 'b', 'c']).join(''));
  assert.deepEqual([...orders].sort(), ['abc', 'acb', 'bac', 'bca', 'cab', 'cba']);
});

test('a reply without answers, or damaged, may not be kept', () => {
  assert.equal(leastTtl(new Uint8Array(17)), 0);
  assert.equal(leastTtl(Uint8Array.of(0, 0, 0, 0, 0, 1, 0, 9, 0, 0, 0, 0, 0, 0, 1, 0, 1)), 0);
});
