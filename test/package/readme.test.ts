// The commands of README.md, pasted: each block of six serves a zone, on a machine that had nothing of it before.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { inMachine, needsMachine } from '../support/machine.ts';
import { repository } from '../support/programs.ts';

const readme = readFileSync(`${repository}/README.md`, 'utf8');

/** The block of commands that follows a line beginning with `intro`. */
function commandsAfter(intro: string): string[] {
  const from = readme.indexOf(`\n${intro}`);
  assert.ok(from > 0, intro);
  const block = /\n\n((?: {4}.*\n)+)/.exec(readme.slice(from))?.[1] ?? '';
  return block
    .trimEnd()
    .split('\n')
    .map((line) => line.slice(4));
}

const INSTALL = "sh scripts/install.sh '' /usr/local || exit 99\n";
const ANSWER = /\nanswer: www\.example\.com 86400 A 192\.0\.2\.80\n/;

test('the six commands for systemd serve a zone as they stand', {
  skip: needsMachine('systemctl', 'make'),
}, () => {
  const commands = commandsAfter('With systemd alone:');
  assert.equal(commands.length, 6);
  const { code, stdout, stderr } = inMachine(`${INSTALL}${commands.join('\n')}\n`, 'systemd');
  assert.equal(code, 0, `${stdout}${stderr}`);
  assert.match(stdout.toString(), ANSWER);
});

test('the six commands for daemontools serve a zone as they stand, once svscan runs', {
  skip: needsMachine('svscan', 'supervise', 'multilog', 'softlimit', 'make'),
}, () => {
  const commands = commandsAfter('With daemontools.');
  assert.equal(commands.length, 6);
  const svscan = 'mkdir -p /etc/service; svscan /etc/service >/dev/null 2>&1 &\n';
  const { code, stdout, stderr } = inMachine(`${INSTALL}${svscan}${commands.join('\n')}\n`);
  assert.equal(code, 0, `${stdout}${stderr}`);
  assert.match(stdout.toString(), ANSWER);
});
