// The progress line: on a terminal, for what takes longer than a second, and gone at the end.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, existsSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { command, needs, run, temporaryDirectory } from '../support/programs.ts';

const CLEAR = '\r\x1b[K';
const LINES = '+host.example:10.0.0.1\n'.repeat(2048);

/**
 * Compiles under `script`, which is a terminal to what it runs, lines that come until something is shown, or for so
 * many tenths of a second.
 */
async function compileSlowly(shell: string, tenths: number): Promise<string> {
  const cwd = temporaryDirectory();
  assert.equal(run('/usr/bin/mkfifo', [`${cwd}/data`]).code, 0);
  const child = spawn('script', ['-qec', shell, '/dev/null'], { cwd, stdio: ['ignore', 'pipe', 'inherit'] });
  let shown = '';
  child.stdout.on('data', (chunk: Buffer) => {
    shown += chunk.toString('latin1');
  });
  const data = createWriteStream(`${cwd}/data`);
  for (let i = 0; i < tenths && shown === ''; i++) {
    data.write(LINES);
    await sleep(100);
  }
  data.end(LINES);
  const [code] = await once(child, 'close');
  assert.equal(code, 0, shown);
  assert.ok(existsSync(`${cwd}/data.cdb`));
  return shown;
}

const skip = needs('script', 'mkfifo');

test('tinydns-data shows lines, octets and rate on a terminal, and removes them', { skip }, async () => {
  const shown = await compileSlowly(command('tinydns-data'), 600);
  assert.match(shown, /\d+ lines, [\d.]+ k bytes, [\d.]+ k\/s/);
  assert.ok(shown.startsWith(CLEAR) && shown.endsWith(CLEAR), JSON.stringify(shown));
});

test('where stderr is no terminal nothing is shown', { skip }, async () => {
  assert.equal(await compileSlowly(`${command('tinydns-data')} 2>err`, 15), '');
});
