// When axfr-getd's program runs again, with timers that are set by hand.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Publication } from '../../src/program/publication.ts';
import { Turns } from '../../src/program/turns.ts';

/** Lets promises that are fulfilled be seen. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

test('a run that failed, or was not prepared as a whole, is followed by another after 10 seconds, then 20', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const cases: readonly (readonly [isPrepared: boolean, code: number])[] = [
    [true, 111],
    [false, 0],
    [true, 0],
  ];
  const said: string[] = [];
  let runs = 0;
  const publication = new Publication({
    turns: new Turns(),
    prepare: () => Promise.resolve(cases[runs]![0]),
    run: () => Promise.resolve(cases[runs++]![1]),
    say: (line) => said.push(line.replace(/ \d+$/, '')),
  });
  publication.begin();
  await settled();
  assert.equal(runs, 1);
  t.mock.timers.tick(10_000);
  await settled();
  assert.equal(runs, 2);
  t.mock.timers.tick(10_000);
  await settled();
  assert.equal(runs, 2);
  t.mock.timers.tick(10_000);
  await settled();
  assert.equal(runs, 3);
  t.mock.timers.tick(1_000_000);
  await settled();
  assert.deepEqual(said, ['publish', 'publish failed', 'publish', 'published', 'publish', 'published']);
});
