// Faults at the system calls of every compiler, for a chosen time: an error or SIGKILL at a call on one of its files.
// The old file stays whole or the new one is there whole; exit code 0 only with the new one. Needs strace. A few of
// these are test/program/faults.test.ts.
//
//     node dist/soak/faults.js [seconds] [seed]
//
// What does not hold ends it with the compiler, the call and the error, and exit code 1.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Dice } from '../test/support/generated-internet.ts';
import { command } from '../test/support/programs.ts';

interface Compiler {
  readonly program: string;
  readonly args: readonly string[];
  readonly source: string;
  readonly temporary: string;
  readonly result: string;
  readonly text: string;
}

const COMPILERS: readonly Compiler[] = [
  { program: 'tinydns-data', args: [], ...files('data'), text: '.example.com:192.0.2.1:a\n+a.example.com:192.0.2.2\n' },
  { program: 'rbldns-data', args: [], ...files('data'), text: ':127.0.0.2:blocked\n192.0.2.0/24\n' },
  { program: 'pickdns-data', args: [], ...files('data'), text: '+a.example.com:192.0.2.1\n' },
  {
    program: 'tcprules',
    args: ['tcp.cdb', 'tcp.tmp'],
    source: '',
    temporary: 'tcp.tmp',
    result: 'tcp.cdb',
    text: '192.0.2.1:deny\n:allow\n',
  },
  {
    program: 'tinydns-edit',
    args: ['data', 'data.new', 'add', 'host', 'b.example.com', '192.0.2.9'],
    source: '',
    temporary: 'data.new',
    result: 'data',
    text: '.example.com:192.0.2.1:a\n',
  },
];
const ERRORS = ['EIO', 'ENOSPC', 'EDQUOT', 'EACCES', 'ENOMEM', 'EINTR', 'KILL'];
const CALLS = ['openat', 'read', 'pread64', 'write', 'pwrite64', 'fsync', 'close', 'rename', 'fchmod', 'fstat,statx'];

function files(name: string): Pick<Compiler, 'source' | 'temporary' | 'result'> {
  return { source: name, temporary: `${name}.tmp`, result: `${name}.cdb` };
}

const seconds = Number(process.argv[2] || 60);
const seed = Number(process.argv[3] || Date.now() % 1_000_000_000);
const dice = new Dice(seed);
const cwd = mkdtempSync(join(tmpdir(), 'djbdns-faults-'));
process.on('exit', () => rmSync(cwd, { recursive: true, force: true }));
console.log(`seed ${seed}`);

function read(name: string): string {
  try {
    return readFileSync(join(cwd, name), 'latin1');
  } catch {
    return 'no file';
  }
}

/** Puts the files in place as before a run; returns what the result is then. */
function prepare({ program, source, result, text }: Compiler): string {
  if (source !== '') {
    writeFileSync(join(cwd, source), text);
    utimesSync(join(cwd, source), 1_700_000_000, 1_700_000_000);
  }
  writeFileSync(join(cwd, result), program === 'tinydns-edit' ? text : 'old');
  return read(result);
}

function runs({ program, args, text }: Compiler, strace: readonly string[]): { code: number | null; stderr: string } {
  const all = [...strace, command(program), ...args];
  const input = program === 'tcprules' ? text : '';
  const { status, stderr } = spawnSync(all[0]!, all.slice(1), { cwd, input, timeout: 60_000 });
  return { code: status, stderr: stderr.toString('latin1').replace(/^strace: .*\n/gm, '') };
}

const wholes = new Map(
  COMPILERS.map((compiler) => {
    prepare(compiler);
    const { code, stderr } = runs(compiler, []);
    if (code !== 0) throw new Error(`${compiler.program}: ${stderr}`);
    return [compiler.program, read(compiler.result)];
  }),
);

const totals = { injected: 0, missed: 0, succeeded: 0 };
for (const end = performance.now() + 1000 * seconds; performance.now() < end; ) {
  const compiler = dice.of(COMPILERS);
  const { program, source, temporary, result } = compiler;
  const [call, error] = [dice.of(CALLS), dice.of(ERRORS)];
  const file = dice.of([source, temporary, result].filter((name) => name !== ''));
  const when = dice.of([1, 1, 1, 2, 3]);
  const old = prepare(compiler);
  const fault = error === 'KILL' ? 'signal=KILL' : `error=${error}`;
  const paths = ['-P', join(cwd, file), '-P', file];
  const strace = ['strace', '-f', '-o', 'trace', ...paths, '-e', `inject=${call}:${fault}:when=${when}`];
  const { code, stderr } = runs(compiler, strace);
  const now = read(result);
  const wasInjected = /INJECTED|SIGKILL/.test(read('trace'));
  const isWhole = now === wholes.get(program) || now === old;
  const isSaid =
    code === 0 ? now === wholes.get(program) : error === 'KILL' || stderr.startsWith(`${program}: fatal: `);
  if (!isWhole || !isSaid) {
    console.log(`failed: ${program}, ${call} ${fault} when ${when} on ${file}: exit code ${code}, ${stderr}`);
    console.log(isWhole ? 'the exit code or the message is wrong' : 'the file is neither the old one nor the new one');
    process.exit(1);
  }
  totals[wasInjected ? 'injected' : 'missed']++;
  if (code === 0 && wasInjected) totals.succeeded++;
}
console.log(`${totals.injected} faults (${totals.missed} more calls that were not made): old or new each time`);
console.log(`${totals.succeeded} of them did not matter: the new file is there and the exit code is 0`);
