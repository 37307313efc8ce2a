// The recorded facts of the original axfrdns and axfr-get, played against the built ones.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, copyFileSync, existsSync, openSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { assertStream, facts, goldenFolder, inflated, unpacked } from '../support/golden.ts';
import { command, run, temporaryDirectory } from '../support/programs.ts';
import { axfrdns } from '../support/transfer.ts';

interface ServerFact {
  source: string;
  input: string;
  output: string;
  env: Record<string, string>;
  rc: number;
  stderr: string;
}

interface ClientFact {
  label: string;
  zone: string;
  prior: string | null;
  stream: string;
  rc: number;
  stderr: string;
  sent: string | null;
  z: string | null;
}

const serverFacts = facts<ServerFact>('servers', 'axfrdns');
const clientFacts = facts<ClientFact>('clients', 'axfr-get');

test('there are facts to play', () => {
  assert.equal(serverFacts.length, 341);
  assert.equal(clientFacts.length, 56);
});

for (const { source, mtime } of facts<{ source: string; mtime: number }>('servers', 'compile')) {
  test(`axfrdns answers, transfers, logs and ends as the original with ${source}.data`, () => {
    const root = temporaryDirectory();
    copyFileSync(`${goldenFolder}/sources/${source}.data`, `${root}/data`);
    utimesSync(`${root}/data`, mtime, mtime);
    assert.equal(run('tinydns-data', [], { cwd: root }).code, 0);
    for (const fact of serverFacts.filter((fact) => fact.source === source)) {
      const env = { TCPREMOTEIP: '127.0.0.1', TCPREMOTEPORT: '4000', ...fact.env };
      const got = axfrdns(root, unpacked(fact.input), env);
      const about = `${unpacked(fact.input).toString('hex')} ${JSON.stringify(fact.env)}`;
      assert.deepEqual([got.code, got.stderr], [fact.rc, fact.stderr], about);
      assertStream(got.stdout, fact, about);
    }
  });
}

test('axfr-get sends, writes, says and ends as the original', () => {
  const directory = temporaryDirectory();
  for (const fact of clientFacts) {
    for (const name of ['z', 'z.tmp', 'sent']) writeFileSync(`${directory}/${name}`, '');
    run('/bin/rm', ['z', 'z.tmp'], { cwd: directory });
    if (fact.prior !== null) writeFileSync(`${directory}/z`, unpacked(fact.prior));
    writeFileSync(`${directory}/in`, inflated(fact.stream));
    const input = openSync(`${directory}/in`, 'r');
    const output = openSync(`${directory}/sent`, 'w');
    const got = spawnSync(command('axfr-get'), [fact.zone, 'z', 'z.tmp'], {
      cwd: directory,
      stdio: ['ignore', 'ignore', 'pipe', 'ignore', 'ignore', 'ignore', input, output],
    });
    closeSync(input);
    closeSync(output);
    const read = (name: string) => (existsSync(`${directory}/${name}`) ? readFileSync(`${directory}/${name}`) : null);
    const want = [fact.rc, fact.stderr, fact.sent && unpacked(fact.sent), fact.z && unpacked(fact.z)];
    assert.deepEqual([got.status, got.stderr.toString('latin1'), read('sent'), read('z')], want, fact.label);
  }
});
