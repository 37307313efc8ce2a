// The resolver in internets made by a seed: what somebody patient can find is found at every time. The long form is
// soak/resolver.ts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { askGenerated } from '../support/ask-generated.ts';
import { FAULTS } from '../support/generated-internet.ts';

const SEED = 20261;

test('every name that can be resolved is resolved, whatever has expired, in an internet with faults', () => {
  const options = { seed: SEED, zones: 600, faulty: 0.1, faults: FAULTS, ttlMax: 3600, depthMax: 8 };
  const { unresolved, wrong, messages } = askGenerated(options, { questions: 6000, cacheSize: 2_000_000, pause: 2 });
  assert.deepEqual([unresolved, wrong], [[], []]);
  assert.ok(messages.mean < 6, `${messages.mean} messages a question`);
});

for (const silent of [0, 0.3, 0.6]) {
  for (const cacheSize of [3000, 100_000]) {
    test(`nothing is lost with ${100 * silent} % of servers silent and a cache of ${cacheSize} octets`, () => {
      const options = {
        seed: SEED + 1,
        zones: 200,
        faulty: silent,
        faults: ['silent'],
        ttlMax: 120,
        depthMax: 5,
      } as const;
      const { unresolved, wrong, messages } = askGenerated(options, { questions: 3000, cacheSize, pause: 2 });
      assert.deepEqual([unresolved, wrong], [[], []]);
      assert.ok(messages.most <= 31, `${messages.most} messages for one question`);
    });
  }
}

/** Internets in which something was once not found, or only with more messages. */
const FOUND_BY_SOAK = [
  { seed: 5156, zones: 107, faulty: 0.6, ttlMax: 120, cacheSize: 3000, pause: 2 },
  { seed: 284283298, zones: 99, faulty: 0.3, ttlMax: 10, cacheSize: 20_000, pause: 2 },
] as const;

for (const { cacheSize, pause, ...rest } of FOUND_BY_SOAK) {
  test(`nothing is lost, with few messages, in the internet of seed ${rest.seed}`, () => {
    const options = { ...rest, faults: ['silent'], depthMax: 5 } as const;
    const { unresolved, wrong, messages } = askGenerated(options, { questions: 4000, cacheSize, pause });
    assert.deepEqual([unresolved, wrong], [[], []]);
    assert.ok(messages.most <= 35, `${messages.most} messages for one question`); // 29 to 32: servers are asked in any order
  });
}
