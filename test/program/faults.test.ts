// Faults that the system reports to a running program: signals during a read, quotas, limits.
import assert from 'node:assert/strict';
import { readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { command, needs, run, temporaryDirectory } from '../support/programs.ts';

function folder(): string {
  const cwd = temporaryDirectory();
  writeFileSync(`${cwd}/data`, '.example.com:192.0.2.1:a\n');
  utimesSync(`${cwd}/data`, 1700000000, 1700000000);
  return cwd;
}

/** Runs tinydns-data with a fault injected into its calls on one file. */
function compile(cwd: string, file: string, fault: string) {
  const args = ['-f', '-o', 'trace', '-P', `${cwd}/${file}`, '-e', `inject=${fault}`, command('tinydns-data')];
  return run('/usr/bin/strace', args, { cwd });
}

test('a signal during a read is no end of the input', { skip: needs('strace') }, () => {
  const cwd = folder();
  assert.equal(run('tinydns-data', [], { cwd }).code, 0);
  const whole = readFileSync(`${cwd}/data.cdb`);
  writeFileSync(`${cwd}/data.cdb`, '');
  const { code, stderr } = compile(cwd, 'data', 'read:error=EINTR:when=1');
  assert.deepEqual([code, stderr], [0, '']);
  assert.match(readFileSync(`${cwd}/trace`, 'latin1'), /EINTR.*INJECTED/);
  assert.deepEqual(readFileSync(`${cwd}/data.cdb`), whole);
});

for (const [error, words] of [
  ['EDQUOT', 'disk quota exceeded'],
  ['ENOSPC', 'out of disk space'],
] as const) {
  test(`${error} while the new file is written is "${words}", and the old file stays`, {
    skip: needs('strace'),
  }, () => {
    const cwd = folder();
    writeFileSync(`${cwd}/data.cdb`, 'old');
    const { code, stderr } = compile(cwd, 'data.tmp', `write,pwrite64:error=${error}`);
    assert.deepEqual([code, stderr], [111, `tinydns-data: fatal: unable to create data.tmp: ${words}\n`]);
    assert.equal(readFileSync(`${cwd}/data.cdb`, 'latin1'), 'old');
  });
}

test('limits on data that are too small are lifted as far as they may be, without a word', () => {
  for (const [soft, hard] of [
    [293, 'unlimited'],
    [150000, 250000],
    [250000, 250000],
  ]) {
    const limits = `ulimit -S -d ${soft} && ulimit -H -d ${hard} && exec ${command('dnsip')} 192.0.2.1`;
    const { code, stdout, stderr } = run('/bin/sh', ['-c', limits]);
    assert.deepEqual([code, stdout.toString(), stderr], [0, '192.0.2.1 \n', ''], `${soft} ${hard}`);
  }
});
