// random-ip's permutations: each number once, and not the same twice.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomPermutation } from '../../src/program/random-ip.ts';
import { run } from '../support/programs.ts';

for (const bits of [8, 16, 24]) {
  test(`a permutation of ${bits} bits gives each number once`, () => {
    const permute = randomPermutation(bits);
    const seen = new Uint8Array(2 ** bits);
    for (let i = 0; i < seen.length; i++) seen[permute(i)]!++;
    assert.ok(seen.every((count) => count === 1));
  });
}

test('a permutation of 32 bits does not repeat and is another one each time', () => {
  const [one, other] = [randomPermutation(32), randomPermutation(32)];
  const seen = new Set<number>();
  let same = 0;
  for (let i = 0; i < 200000; i++) {
    const number = one(i);
    assert.ok(number >= 0 && number <= 0xffffffff);
    seen.add(number);
    if (number === other(i)) same++;
  }
  assert.equal(seen.size, 200000);
  assert.ok(same < 5, String(same));
});

test('random-ip prints as many different addresses as were asked for, with the octets given', () => {
  const lines = (...args: string[]) => run('random-ip', args).stdout.toString().trimEnd().split('\n');
  assert.equal(new Set(lines()).size, 10000);
  const some = lines('70000', '10', '300');
  assert.equal(new Set(some).size, 65536);
  assert.ok(some.every((line) => line.startsWith('10.44.')));
  assert.notDeepEqual(lines('20'), lines('20'));
});
