// Running programs in tests: the built ones in command/, and their peers from the system.
import assert from 'node:assert/strict';
import { type ChildProcess, type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, chmodSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** The top of the checkout; compiled tests stand in dist/test/. */
export const repository: string = new URL('../../../', import.meta.url).pathname.replace(/\/$/, '');

/** The path of one of our programs. */
export function command(name: string): string {
  return `${repository}/command/${name}`;
}

export interface Outcome {
  code: number | null;
  stdout: Buffer;
  stderr: string;
}

export interface RunOptions {
  cwd?: string;
  /** The whole environment but for PATH. */
  env?: Record<string, string>;
  input?: Uint8Array;
  timeout?: number;
}

/** Runs a program (a name of ours, or a path) to its end. */
export function run(program: string, args: readonly string[], options: RunOptions = {}): Outcome {
  const path = program.includes('/') ? program : command(program);
  const result: SpawnSyncReturns<Buffer> = spawnSync(path, args, {
    cwd: options.cwd,
    env: { PATH: process.env['PATH'], ...options.env },
    input: options.input ?? Buffer.alloc(0),
    timeout: options.timeout ?? 60000,
    maxBuffer: 1 << 30,
  });
  if (result.error) throw result.error;
  return { code: result.status, stdout: result.stdout, stderr: result.stderr.toString('latin1') };
}

/** The same while this process goes on, so that it can be the server that the program asks. */
export async function runBeside(program: string, args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const child = spawn(program.includes('/') ? program : command(program), args, {
    cwd: options.cwd,
    env: { PATH: process.env['PATH'], ...options.env },
    timeout: options.timeout ?? 60000,
  });
  const output: Buffer[] = [];
  const errors: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
  child.stdin.on('error', () => {}); // it may end without having read all
  child.stdin.end(options.input);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout: Buffer.concat(output), stderr: Buffer.concat(errors).toString('latin1') };
}

/** A new empty directory that everybody can enter, removed when the test process ends. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'djbdns-'));
  chmodSync(directory, 0o755);
  directories.push(directory);
  return directory;
}

const directories: string[] = [];
process.on('exit', () => {
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});

/** A running server of a test. */
export interface Running {
  process: ChildProcess;
  /** What it wrote to stderr so far. */
  log(): string;
  /** Waits until `pattern` is in the log; throws with the log after ten seconds. */
  logged(pattern: RegExp): Promise<void>;
  stop(signal?: NodeJS.Signals): Promise<void>;
}

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Starts a program (a name of ours, or a path). It is killed with the test process at the latest. */
export function start(program: string, args: readonly string[], options: RunOptions = {}): Running {
  const path = program.includes('/') ? program : command(program);
  const child = spawn(path, args, {
    cwd: options.cwd,
    env: { PATH: process.env['PATH'], ...options.env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  running.add(child);
  let log = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    log += chunk.toString('latin1');
  });
  const ended = new Promise<void>((resolve) => {
    child.on('exit', () => {
      running.delete(child);
      resolve();
    });
  });
  return {
    process: child,
    log: () => log,
    async logged(pattern) {
      for (let i = 0; i < 500; i++) {
        if (pattern.test(log)) return;
        if (child.exitCode !== null) break;
        await sleep(20);
      }
      throw new Error(`${program} did not log ${pattern}: ${log}`);
    },
    async stop(signal = 'SIGKILL') {
      child.kill(signal);
      await ended;
    },
  };
}

/** The path of a program of the system, or undefined. Looks in the sbin directories too. */
export function find(program: string): string | undefined {
  for (const directory of [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/sbin', '/usr/local/sbin']) {
    try {
      accessSync(join(directory, program), constants.X_OK);
      return join(directory, program);
    } catch {
      // the next one
    }
  }
  return undefined;
}

/**
 * What `test` takes as `skip`: false when every named program is there (and we are root, where `root` is among the
 * names), else the reason. With CI=true nothing may be missing: the reason is thrown.
 */
export function needs(...programs: string[]): false | string {
  const missing = programs.filter((program) => (program === 'root' ? process.getuid?.() !== 0 : !find(program)));
  if (missing.length === 0) return false;
  const reason = `needs ${missing.join(', ')}`;
  if (process.env['CI'] === 'true') throw new Error(reason);
  return reason;
}

/** Waits until `isSo`, for a minute, which is enough on a busy machine; then fails, with `what` and the log. */
export async function untilSo(what: string, isSo: () => boolean, log: () => string): Promise<void> {
  for (const end = Date.now() + 60_000; Date.now() < end; await sleep(100)) if (isSo()) return;
  assert.fail(`${what}:\n${log()}`);
}

/** Waits until `condition` holds; throws after twenty seconds. */
export async function until(condition: () => boolean): Promise<void> {
  for (const end = performance.now() + 20000; !condition(); ) {
    if (performance.now() > end) throw new Error(`waited in vain for ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
