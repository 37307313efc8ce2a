// A machine to throw away, for tests that follow the pages as root: they make accounts, install and start services.
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { needs, type Outcome, repository, run, temporaryDirectory } from './programs.ts';

/** What `make install` takes if it is there: without it every machine would make its own, in two seconds. */
function makeCompletions(): void {
  const changed = (file: string): number =>
    statSync(`${repository}/dist/${file}`, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (changed('completion/fish') > changed('built')) return;
  run(process.execPath, [`${repository}/dist/tools/completion.js`, `${repository}/dist/completion`]);
}

/** Runs `script` (sh) in a machine of its own, in this checkout; `stdout` has all that it printed. */
export function inMachine(script: string, init: 'systemd' | '' = ''): Outcome {
  if (script.includes('install.sh')) makeCompletions();
  const folder = temporaryDirectory();
  writeFileSync(`${folder}/script`, script);
  const machine = ['sh', `${repository}/test/support/machine.sh`, folder, repository, init];
  const apart = ['--mount', '--net'];
  const env = { HOME: process.env['HOME'] ?? '/root' };
  const { stderr } = run('/usr/bin/unshare', [...apart, ...machine], { env, timeout: 240000 });
  try {
    const code = Number(readFileSync(`${folder}/code`, 'latin1'));
    return { code, stdout: readFileSync(`${folder}/output`), stderr };
  } catch {
    return { code: null, stdout: Buffer.alloc(0), stderr: `no exit code: ${stderr}` };
  }
}

let answer: false | string | undefined;

/** What `test` takes as `skip`: false where `inMachine` works, else the reason. */
export function needsMachine(...programs: string[]): false | string {
  const missing = needs('root', 'unshare', 'ip', ...programs);
  if (missing) return missing;
  answer ??= inMachine('true').code === 0 ? false : 'needs a kernel that lets root mount a copy of the system';
  return answer;
}
