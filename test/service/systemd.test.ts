// The systemd units: that systemd takes them, and that what they execute runs a server on its service directory.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { find, needs, repository, run, temporaryDirectory } from '../support/programs.ts';
import { dig, until } from './daemontools.ts';

const folder = `${repository}/systemd`;
const units = readdirSync(folder).filter((name) => name.endsWith('.service'));
const children: ChildProcess[] = [];
after(() => {
  for (const child of children) child.kill('SIGKILL');
});

test('every server has its unit', () => {
  const servers = ['axfrdns', 'dnscache', 'pickdns', 'rbldns', 'tinydns', 'walldns'];
  assert.deepEqual(
    units.sort(),
    servers.map((server) => `${server}@.service`),
  );
});

for (const unit of units) {
  test(`systemd-analyze verifies ${unit}`, { skip: needs('systemd-analyze', 'man') }, () => {
    run(find('make') as string, ['man'], { cwd: repository });
    const pages = temporaryDirectory();
    run('/bin/sh', ['-c', `mkdir ${pages}/man8 && cp ${repository}/man/*.8 ${pages}/man8`]);
    const { code, stderr } = run(find('systemd-analyze') as string, ['verify', '--man=yes', `${folder}/${unit}`], {
      env: { MANPATH: pages },
    });
    assert.deepEqual([code, stderr], [0, '']);
  });
}

/** What systemd would execute: its own doubled dollars undone. */
function command(unit: string): string {
  const line = /^ExecStart=\/bin\/sh -c '(.*)'$/m.exec(readFileSync(`${folder}/${unit}`, 'latin1'))?.[1];
  assert.ok(line);
  return line.replaceAll('$$', '$').replaceAll('%%', '%');
}

test('the command of a unit serves the service directory, its env honoured', {
  skip: needs('root', 'make', 'dig'),
}, async () => {
  const directory = `${temporaryDirectory()}/tinydns`;
  assert.equal(run('tinydns-conf', ['nobody', 'daemon', directory, '127.44.7.1']).code, 0);
  writeFileSync(`${directory}/root/data`, '+a.test:127.44.7.9\n.test:127.44.7.1\n');
  writeFileSync(`${directory}/env/UNUSED`, '');
  assert.equal(run(find('make') as string, [], { cwd: `${directory}/root` }).code, 0);
  const env = { PATH: `${repository}/command:${process.env['PATH']}`, UNPRIVILEGED: '1', TAI64N: '1', UNUSED: 'x' };
  const child = spawn('/bin/sh', ['-c', command('tinydns@.service')], {
    cwd: directory,
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  children.push(child);
  let log = '';
  child.stderr.on('data', (data: Buffer) => {
    log += data;
  });
  await until('tinydns answers', () => dig('127.44.7.1', 'a.test') === '127.44.7.9\n');
  assert.match(log, /^@[0-9a-f]{24} starting tinydns\n/);
  const environment = readFileSync(`/proc/${child.pid}/environ`, 'latin1').split('\0');
  assert.ok(environment.includes('IP=127.44.7.1') && environment.includes(`ROOT=${directory}/root`));
  assert.ok(!environment.some((variable) => variable.startsWith('UNUSED')), 'an empty file unsets its variable');
  await until('its line is logged', () => log.includes(' + 0001 a.test\n'));
  const shown = run('dnslog', [], { input: Buffer.from(log) }).stdout.toString();
  assert.match(shown, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} {2}starting +tinydns\n/);
});
