// Node listens to nobody: no debugger by a signal or by the environment.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { run, start, temporaryDirectory } from '../support/programs.ts';

const SERVER = { IP: '127.46.9.31', PORT: '5390', UNPRIVILEGED: '1' };

/** Whether a TCP socket listens on the port, on whatever address. */
function isListening(port: number): boolean {
  const wanted = new RegExp(`:${port.toString(16).toUpperCase()} [0-9A-F]+:0000 0A `);
  return ['tcp', 'tcp6'].some((table) => wanted.test(readFileSync(`/proc/net/${table}`, 'latin1')));
}

for (const [name, args, extra] of [
  ['walldns', [], {}],
  ['axfrdns', ['--listen'], {}],
] as const) {
  test(`SIGUSR1 ends ${name} as it ends the original, and opens no debugger`, async () => {
    const root = temporaryDirectory();
    const before = isListening(9229); // somebody else's
    run('tcprules', ['tcp.cdb', 'tcp.tmp'], { cwd: root, input: Buffer.from(':allow\n') });
    const server = start(name, args, { env: { ...SERVER, ROOT: root, ...extra }, cwd: root });
    await server.logged(new RegExp(`starting ${name}\n`));
    const ended = once(server.process, 'exit');
    server.process.kill('SIGUSR1');
    assert.deepEqual(await ended, [null, 'SIGUSR1']);
    assert.doesNotMatch(server.log(), /[Dd]ebugger/);
    assert.ok(before || !isListening(9229));
  });
}

test('NODE_OPTIONS opens no debugger and loads no code', async () => {
  const env = { ...SERVER, ROOT: temporaryDirectory(), NODE_OPTIONS: '--inspect=127.0.0.1:0 --require=/nowhere' };
  const server = start('walldns', [], { env });
  await server.logged(/starting walldns\n/);
  assert.equal(server.log(), 'starting walldns\n');
  await server.stop();
});
