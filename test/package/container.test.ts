// The image's files and its health check, without an engine: what the Containerfile would run is run here.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { needs, repository, run, start, temporaryDirectory } from '../support/programs.ts';

const file = readFileSync(`${repository}/Containerfile`, 'utf8').replace(/\\\n/g, '');

/** Runs the health check as the engine would, with `variables` in the container. */
function health(variables: Record<string, string>): number | null {
  const check = /^HEALTHCHECK .*? CMD (.*)$/m.exec(file)?.[1];
  assert.ok(check);
  const PATH = `${repository}/command:${process.env['PATH']}`;
  return run('/bin/sh', ['-c', check], { env: { ...variables, PATH } }).code;
}

test('the health check asks the server, over UDP or TCP, and is content without a question', async (t) => {
  const root = temporaryDirectory();
  writeFileSync(`${root}/data`, '.example.com:127.0.0.1:a\n+www.example.com:192.0.2.80\n');
  assert.equal(run('tinydns-data', [], { cwd: root }).code, 0);
  run('tcprules', ['tcp.cdb', 'tcp.tmp'], { cwd: root, input: Buffer.from(':allow\n') });
  const env = { UNPRIVILEGED: '1', ROOT: root, IP: '0.0.0.0', PORT: '5300' };
  const tinydns = start('tinydns', [], { cwd: root, env });
  const axfrdns = start('axfrdns', ['--listen'], { cwd: root, env });
  t.after(() => Promise.all([tinydns.stop(), axfrdns.stop()]));
  await tinydns.logged(/starting/);
  await axfrdns.logged(/starting/);
  assert.equal(health({ PORT: '5300' }), 0);
  assert.equal(health({ PORT: '5300', CHECK: 'a www.example.com' }), 0);
  assert.equal(health({ PORT: '5300', CHECK: '--tcp soa example.com' }), 0);
  assert.notEqual(health({ PORT: '5300', CHECK: 'a nowhere.example.com' }), 0);
  await tinydns.stop();
  assert.notEqual(health({ PORT: '5300', CHECK: 'a www.example.com' }), 0);
});

test('the image takes its packages from the lock file, and what it copies is what make install makes', {
  skip: needs('make'),
}, () => {
  assert.doesNotMatch(file, /npm install/);
  const [, install] = /^RUN make clean && (make install .*)$/m.exec(file) ?? [];
  assert.ok(install);
  const [, image] = /^COPY --from=build (\S+) \/usr\/local$/m.exec(file) ?? [];
  const printed = run('/usr/bin/make', ['--dry-run', ...install.split(' ').slice(1)], { cwd: repository });
  const [, destination, prefix] = /install\.sh "(.*)" "(.*)"/.exec(printed.stdout.toString()) ?? [];
  assert.equal(`${destination}${prefix}`, image);
});
