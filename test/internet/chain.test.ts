// Twelve zones, each below the other, with glue that lives a second: a name in each of them, all asked at once, beside
// Unbound and C dnscache.
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { askAll } from '../support/ask.ts';
import { needs, temporaryDirectory } from '../support/programs.ts';
import { isWithin, type Query, type Reply, reply, ScriptedServer } from '../support/scripted.ts';
import { type Resolver, startCDnscache, startDnscache, startUnbound } from './resolvers.ts';

const LENGTH = 12;
const at = (i: number): string => `127.41.15.${i}`;
/** The root at 0. */
const zoneAt = (n: number): string => Array.from({ length: n }, (_, i) => `z${n - i}`).join('.');

/** What the server of the nth zone says. */
function answer(n: number, { name, type }: Query): Reply {
  const child = zoneAt(n + 1);
  if (n < LENGTH && isWithin(name, child)) {
    return { flags: 0, authority: [`${child} 3600 NS ns.${child}`], additional: [`ns.${child} 1 A ${at(n + 2)}`] };
  }
  if (name === '' && type === 'NS') return { answer: ['. 3600 NS a.root'], additional: [`a.root 3600 A ${at(1)}`] };
  const soa = [`${zoneAt(n) || '.'} 60 SOA a.root h.root 1 2 3 4 60`];
  return type === 'A' ? { answer: [`${name} 1 A ${at(n + 1)}`] } : { authority: soa };
}

describe('twelve names along a chain of zones at once', { skip: needs('root', 'dnscache', 'unbound') }, () => {
  const servers: ScriptedServer[] = [];
  const resolvers: Resolver[] = [];
  after(async () => {
    for (const server of servers) server.close();
    await Promise.all(resolvers.map((resolver) => resolver.stop()));
  });

  test('all are found at each of three times, whatever the others find', async (t) => {
    const directory = temporaryDirectory();
    for (let n = 0; n <= LENGTH; n++) {
      const script = (query: Query, send: (message: Uint8Array) => void): void => send(reply(query, answer(n, query)));
      servers.push(await new ScriptedServer(at(n + 1), script).listen());
    }
    const starts = [startDnscache, startCDnscache, startUnbound];
    resolvers.push(...(await Promise.all(starts.map((start, i) => start(at(100 + i), [at(1)], directory)))));
    const questions = Array.from({ length: LENGTH }, (_, i) => ({ name: `www.${zoneAt(i + 1)}`, type: 'A' }));
    const found = await Promise.all(
      resolvers.map(async ({ address }) => {
        const counts: number[] = [];
        for (let time = 0; time < 3; time++) {
          const answers = await askAll(address, questions, { timeout: 20_000 });
          counts.push(answers.filter(({ records }) => records.length === 1).length);
          await sleep(2100);
        }
        return counts;
      }),
    );
    t.diagnostic(resolvers.map(({ name }, i) => `${name} ${found[i]!.join(', ')}`).join('; '));
    assert.deepEqual(found[0], [LENGTH, LENGTH, LENGTH]);
  });
});
