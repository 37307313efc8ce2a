// The keyed hash: what it must not depend on, and what it must.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesOf } from '../../src/base/bytes.ts';
import { NameHash, setHashKey } from '../../src/base/keyed-hash.ts';

function hash(text: string, extra = 0): number {
  const name = new NameHash();
  name.take(bytesOf(`..${text}`), 2, text.length);
  return name.mixed(extra);
}

test('letters of both cases hash alike, everything else does not', () => {
  assert.equal(hash('WWW.Example'), hash('www.eXAMPLE'));
  const texts = ['', '\0', 'a', 'b', 'aa', 'aaa', 'aaaa', 'aaaaa', 'aaaa\0', '[', '{', '@', '`'];
  assert.equal(new Set(texts.map((text) => hash(text))).size, texts.length);
});

test('one name gives another hash for every number mixed in, as often as asked', () => {
  const first = hash('name', 1);
  const name = new NameHash();
  name.take(bytesOf('name'), 0, 4);
  hash('another name', 1); // takes nothing from the first
  const all = Array.from({ length: 1000 }, (_, i) => name.mixed(i));
  assert.equal(new Set(all).size, 1000);
  assert.equal(all[1], first);
});

test('another key is another hash', () => {
  const hashes = Array.from({ length: 100 }, (_, i) => {
    setHashKey(Uint8Array.of(i, 0, 0, 0, 0, 0, 0, 0));
    return hash('name');
  });
  assert.equal(new Set(hashes).size, 100);
});

test('the low bits, which choose a chain, are spread evenly', () => {
  const counts = new Uint32Array(64);
  for (let i = 0; i < 64000; i++) counts[hash(`host${i}`, 1) & 63]!++;
  // 1000 expected in each, standard deviation 31.
  for (const count of counts) assert.ok(count > 800 && count < 1200, `${count}`);
});
