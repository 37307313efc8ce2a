// Orders by chance.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shuffle } from '../../src/base/random.ts';

test('a shuffle keeps what is there, and every order comes', () => {
  const orders = new Set<string>();
  for (let i = 0; i < 400; i++) orders.add(shuffle(['a', 'b', 'c']).join(''));
  assert.deepEqual([...orders].sort(), ['abc', 'acb', 'bac', 'bca', 'cab', 'cba']);
});
