// Rewriting rules and search lists by table.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyRules, candidates } from '../../src/stub/rewrite.ts';

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
