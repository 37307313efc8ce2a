import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesOf, textOf } from '../../src/base/bytes.ts';
import { formatEndpoint } from '../../src/base/endpoint.ts';
import { scanKeyFile } from '../../src/data/key-file.ts';
import { scanPrimaries } from '../../src/data/primaries.ts';
import { formatName } from '../../src/wire/name.ts';

/** What is in a file, or the bad line. */
function scan(text: string): readonly string[] | number {
  const scanned = scanPrimaries(bytesOf(text), (name) => name === 'k.test');
  if ('badLine' in scanned) return scanned.badLine;
  return scanned.primaries.map(
    (primary) =>
      `${formatEndpoint(primary)} ${primary.key ?? '-'} ${primary.tls ?? '-'} ${primary.axfrOnly} ${primary.notifyOnly}`,
  );
}

test('a line is an address and words', () => {
  const text =
    '# comment\n\n10.0.0.1\n10.0.0.2:5300 key=K.test. axfr\n[2001:db8::1]:54 notify\n2001:db8::2 tls=ns.test\n';
  assert.deepEqual(scan(text), [
    '10.0.0.1 - - false false',
    '10.0.0.2:5300 k.test - true false',
    '[2001:db8::1]:54 - - false true',
    '[2001:db8::2]:853 - ns.test false false',
  ]);
  assert.deepEqual(scan('10.0.0.1 tls=ns.test'), ['10.0.0.1:853 - ns.test false false']);
});

test('anything else makes the file bad, in the line where it is', () => {
  assert.equal(scan('10.0.0.1\nns.test\n'), 2);
  for (const line of [
    '10.0.0.1 kye=k.test',
    '10.0.0.1 key=',
    '10.0.0.1 key=unknown',
    '10.0.0.1 axfr=1',
    '10.0.0',
    '10.0.0.1x',
    '10.0.0.1 key=k.test key=k.test',
    '10.0.0.1:0',
    '10.0.0.1 tls=',
  ]) {
    assert.equal(scan(`${line}\n`), 1, line);
  }
  assert.equal(scan('# nobody\n'), 2);
  assert.equal(scan('10.0.0.1 notify\n'), 2);
  assert.equal(scan(Array.from({ length: 17 }, () => '10.0.0.1').join('\n')), 17);
});

test('a key file is one line or the block of tsig-keygen, and has the name of its key', () => {
  const secret = 'MDEyMzQ1Njc4OWFiY2RlZg==';
  const key = (name: string, text: string): string | undefined => {
    const scanned = scanKeyFile(name, bytesOf(text));
    return scanned && `${formatName(scanned.name)} ${scanned.algorithm} ${textOf(scanned.secret)}`;
  };
  const expected = 'k.test hmac-sha256 0123456789abcdef';
  assert.equal(key('k.test', `hmac-sha256:k.test:${secret}\n`), expected);
  assert.equal(key('k.test', `HMAC-SHA256:K.test.:${secret}`), expected);
  assert.equal(key('k.test', `key "k.test" {\n\talgorithm hmac-sha256;\n\tsecret "${secret}";\n};\n`), expected);
  assert.equal(key('k.test', `key k.test { secret ${secret}; algorithm hmac-sha256; };`), expected);
  for (const text of [
    '',
    `hmac-md5:k.test:${secret}`,
    `hmac-sha256:other:${secret}`,
    'hmac-sha256:k.test:',
    'hmac-sha256:k.test:MDE',
    `hmac-sha256:k.test:${secret}\nmore`,
    'key "k.test" { algorithm hmac-sha256; };',
  ]) {
    assert.equal(key('k.test', text), undefined, text);
  }
});
