// The systemd units: that systemd takes them, and that what they execute runs a server on its service directory.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { writePages } from '../../tools/man.ts';
import { find, needs, repository, run, temporaryDirectory } from '../support/programs.ts';
import { dig, until } from './daemontools.ts';

const folder = `${repository}/systemd`;
const units = readdirSync(folder).filter((name) => name.endsWith('.service'));
const children: ChildProcess[] = [];
after(() => {
  for (const child of children) child.kill('SIGKILL');
});

test('every server has its unit', () => {
  const servers = ['axfr-getd', 'axfrdns', 'dnscache', 'pickdns', 'rbldns', 'tinydns', 'walldns'];
  assert.deepEqual(
    units.sort(),
    servers.map((server) => `${server}@.service`),
  );
});

for (const unit of readdirSync(folder)) {
  test(`systemd-analyze verifies ${unit}`, { skip: needs('systemd-analyze', 'man') }, () => {
    const pages = temporaryDirectory();
    writePages(`${repository}/docs`, `${pages}/man8`, '0.0.0');
    const { code, stderr } = run(find('systemd-analyze') as string, ['verify', '--man=yes', `${folder}/${unit}`], {
      env: { MANPATH: pages },
    });
    assert.deepEqual([code, stderr], [0, '']);
  });
}

test('the units leave a server little to reach: systemd rates their exposure 2.5 at most, and 3.5 that of axfr-getd', {
  skip: needs('systemd-analyze'),
}, () => {
  // axfr-getd keeps root, with few capabilities, for what it has others do after a change.
  for (const [isRoot, threshold] of [
    [false, 25],
    [true, 35],
  ] as const) {
    const files = units.filter((unit) => (unit === 'axfr-getd@.service') === isRoot).map((unit) => `${folder}/${unit}`);
    const args = ['security', '--offline=yes', `--threshold=${threshold}`, ...files];
    const { code, stdout } = run(find('systemd-analyze') as string, args);
    assert.equal(code, 0, stdout.toString());
  }
});

/** The system calls of systemd's named sets, the sets within them included. */
function systemCalls(...sets: string[]): Set<string> {
  const { stdout } = run(find('systemd-analyze') as string, ['syscall-filter', ...sets]);
  const calls = new Set<string>();
  for (const word of stdout
    .toString()
    .split('\n')
    .filter((line) => /^ +[^# ]/.test(line))
    .map((line) => line.trim())) {
    if (!word.startsWith('@')) calls.add(word);
    else for (const call of systemCalls(word)) calls.add(call);
  }
  return calls;
}

test('a server makes no system call that its unit forbids', {
  skip: needs('systemd-analyze', 'strace', 'dig'),
}, async () => {
  const filter = /^SystemCallFilter=(.*)$/m.exec(readFileSync(`${folder}/tinydns@.service`, 'latin1'))?.[1] ?? '';
  const allowed = systemCalls(...filter.split(' '), '@default');
  const root = temporaryDirectory();
  writeFileSync(`${root}/data`, '+a.test:127.44.7.9\n.test:127.44.7.2\n');
  assert.equal(run('tinydns-data', [], { cwd: root }).code, 0);
  const env = { PATH: process.env['PATH'], UNPRIVILEGED: '1', ROOT: root, IP: '127.44.7.2', PORT: '5353' };
  const trace = `${root}/trace`;
  const child = spawn(find('strace') as string, ['-f', '-o', trace, `${repository}/command/tinydns`], {
    env,
    stdio: 'ignore',
    detached: true, // a process group: strace leaves its child behind when it is killed
  });
  const end = (): void => void (child.exitCode === null && child.pid && process.kill(-child.pid, 'SIGKILL'));
  process.on('exit', end);
  await until('tinydns answers', () => dig('127.44.7.2', '-p', '5353', 'a.test') === '127.44.7.9\n');
  end();
  await once(child, 'exit');
  process.off('exit', end);
  const used = [...readFileSync(trace, 'latin1').matchAll(/^\d+ +([a-z_0-9]+)\(/gm)].map((match) => match[1] as string);
  assert.ok(used.includes('bind') && used.includes('sendmmsg'));
  assert.deepEqual(
    [...new Set(used)].filter((call) => !allowed.has(call)),
    [],
  );
});

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
  await until('its start is logged', () => /^@[0-9a-f]{24} starting tinydns\n/.test(log));
  const environment = readFileSync(`/proc/${child.pid}/environ`, 'latin1').split('\0');
  assert.ok(environment.includes('IP=127.44.7.1') && environment.includes(`ROOT=${directory}/root`));
  assert.ok(!environment.some((variable) => variable.startsWith('UNUSED')), 'an empty file unsets its variable');
  await until('its line is logged', () => log.includes(' + 0001 a.test\n'));
  const shown = run('dnslog', [], { input: Buffer.from(log) }).stdout.toString();
  assert.match(shown, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} {2}starting +tinydns\n/);
});

/** Starts what a unit executes, in `directory`, on a port that needs no privileges. */
function execute(unit: string, directory: string): ChildProcess {
  const env = { PATH: `${repository}/command:${process.env['PATH']}`, UNPRIVILEGED: '1', TAI64N: '1', PORT: '5353' };
  const child = spawn('/bin/sh', ['-c', command(unit)], { cwd: directory, env, stdio: 'ignore' });
  children.push(child);
  return child;
}

test('the unit of dnscache sets the limit that env/DATALIMIT says', { skip: needs('root', 'dig') }, async () => {
  const directory = `${temporaryDirectory()}/dnscache`;
  assert.equal(run('dnscache-conf', ['nobody', 'daemon', directory, '127.44.7.3']).code, 0);
  const child = execute('dnscache@.service', directory);
  await until('dnscache answers', () => dig('127.44.7.3', '-p', '5353', 'localhost') === '127.0.0.1\n');
  assert.match(readFileSync(`/proc/${child.pid}/limits`, 'latin1'), /^Max data size +299999232 /m);
});

test('the unit of axfrdns honours tcp.cdb', { skip: needs('root', 'make', 'dig') }, async () => {
  const base = temporaryDirectory();
  assert.equal(run('tinydns-conf', ['nobody', 'daemon', `${base}/tinydns`, '127.44.7.4']).code, 0);
  assert.equal(run('axfrdns-conf', ['nobody', 'daemon', `${base}/axfrdns`, `${base}/tinydns`, '127.44.7.4']).code, 0);
  writeFileSync(`${base}/tinydns/root/data`, '.a.test:127.44.7.4\n+w.a.test:127.44.7.9\n');
  writeFileSync(`${base}/axfrdns/tcp`, ':allow,AXFR=""\n');
  for (const directory of [`${base}/tinydns/root`, `${base}/axfrdns`]) {
    assert.equal(run(find('make') as string, [], { cwd: directory }).code, 0);
  }
  execute('axfrdns@.service', `${base}/axfrdns`);
  await until('axfrdns answers', () => dig('127.44.7.4', '-p', '5353', '+tcp', 'w.a.test') === '127.44.7.9\n');
  assert.equal(dig('127.44.7.4', '-p', '5353', 'AXFR', 'a.test'), '');
});
