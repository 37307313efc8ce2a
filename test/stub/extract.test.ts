// What is taken from a response.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { leastTtl } from '../../src/stub/extract.ts';

test('a reply without answers, or damaged, may not be kept', () => {
  assert.equal(leastTtl(new Uint8Array(17)), 0);
  assert.equal(leastTtl(Uint8Array.of(0, 0, 0, 0, 0, 1, 0, 9, 0, 0, 0, 0, 0, 0, 1, 0, 1)), 0);
});
