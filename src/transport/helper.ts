// A shell that runs one program again and again for a process that has given up its rights: started before that, with
// the user and the directory of then. It reads a line, runs the program with nothing on its input and its output on
// stderr, and writes the exit code as a line. It ends when its input does, that is with the process.
import { spawn } from 'node:child_process';

const LOOP = 'while read -r n; do "$@" </dev/null >&2; echo $?; done';

export interface Helper {
  /** Runs the program; resolves to its exit code. One run at a time. */
  run(): Promise<number>;
}

/**
 * Starts the helper for `program`, its name and arguments. Rejects with the system's error. `ended` is called when the
 * helper is no more: nothing can be run then, and a process without rights can start no other.
 */
export function startHelper(program: readonly string[], ended: () => void): Promise<Helper> {
  const child = spawn('/bin/sh', ['-c', LOOP, 'sh', ...program], { stdio: ['pipe', 'pipe', 'inherit'] });
  let done: ((code: number) => void) | undefined;
  let text = '';
  child.stdin.on('error', () => {});
  child.stdout.setEncoding('latin1');
  child.stdout.on('data', (chunk: string) => {
    text += chunk;
    const newline = text.indexOf('\n');
    if (newline < 0) return;
    const code = Number(text.slice(0, newline));
    text = text.slice(newline + 1);
    const call = done;
    done = undefined;
    call?.(code);
  });
  child.stdout.on('error', ended);
  child.on('exit', ended);
  const run = (): Promise<number> =>
    new Promise((resolve) => {
      done = resolve;
      child.stdin.write('\n');
    });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('spawn', () => resolve({ run }));
  });
}
