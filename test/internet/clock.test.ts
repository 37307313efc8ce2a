// The system's clock is set back by an hour under a dnscache that runs (libfaketime): what failed before is asked again
// after its five seconds, and no TTL grows.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { after, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ask } from '../support/ask.ts';
import { needs, temporaryDirectory } from '../support/programs.ts';
import { reply, ScriptedServer, SERVFAIL } from '../support/scripted.ts';
import { type Resolver, startDnscache } from './resolvers.ts';

const SERVER = '127.41.14.1';
const ADDRESS = '127.41.14.2';
const HOUR = 3600;

describe('a clock that is set back', { skip: needs('root', 'faketime') }, () => {
  let isBroken = true;
  const server = new ScriptedServer(SERVER, (query, send) => {
    if (query.name === 'broken.test' && isBroken) send(reply(query, { rcode: SERVFAIL, flags: 0 }));
    else send(reply(query, { answer: [`${query.name} 60 A 192.0.2.1`] }));
  });
  let resolver: Resolver | undefined;
  after(async () => {
    server.close();
    await resolver?.stop();
  });

  test('a failure lasts five seconds and no TTL is above the one that came', async () => {
    const directory = temporaryDirectory();
    chmodSync(directory, 0o755);
    const clock = `${directory}/clock`;
    const inside = `${directory}/dnscache-${ADDRESS}${directory}`; // where the program, whose root changes, finds it
    mkdirSync(inside, { recursive: true });
    const set = (offset: string): void => {
      for (const file of [clock, `${inside}/clock`]) writeFileSync(file, `${offset}\n`);
    };
    set('+0');
    const env = {
      LD_PRELOAD: '/usr/$LIB/faketime/libfaketime.so.1',
      FAKETIME_TIMESTAMP_FILE: clock,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    };
    await server.listen();
    resolver = await startDnscache(ADDRESS, [SERVER], directory, { env });
    assert.deepEqual((await ask(ADDRESS, 'www.test')).ttls, [60]);
    assert.equal((await ask(ADDRESS, 'broken.test')).rcode, SERVFAIL);

    set(`-${HOUR}`);
    const fake = Number(spawnSync('date', ['+%s'], { env: { ...process.env, ...env }, encoding: 'latin1' }).stdout);
    assert.ok(Math.abs(fake + HOUR - Date.now() / 1000) < 60, 'the clock does not obey');
    isBroken = false;
    const [ttl = 0] = (await ask(ADDRESS, 'www.test')).ttls;
    assert.ok(ttl > 0 && ttl <= 60, `TTL ${ttl}`);
    await sleep(6000);
    const { rcode, records } = await ask(ADDRESS, 'broken.test');
    assert.deepEqual([rcode, records.length], [0, 1]);
  });
});
