// The lookup programs and Debian's builds of the originals, given the same command lines and the same servers: stdout,
// stderr and exit code must be equal. Failures that the original sits out for 11 seconds wait side by side.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { ODD, OddServer, REFUSALS } from '../support/odd-replies.ts';
import { command, find, needs, temporaryDirectory } from '../support/programs.ts';

const CACHE = '127.42.10.1';
const NOBODY = '127.42.10.9';
const PROGRAMS = [
  'dnsip',
  'dnsipq',
  'dnsname',
  'dnsmx',
  'dnstxt',
  'dnsq',
  'dnsqr',
  'dnstrace',
  'dnsfilter',
  'random-ip',
];
const LONG = `${'a'.repeat(64)}.test`;
const LONGEST = `${'abcdefg.'.repeat(32)}test`;

interface Line {
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: Record<string, string>;
  readonly input?: string;
}

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const folder = temporaryDirectory();
let files = 0;

/** The path of a new file with this content. */
function file(content: string): string {
  const path = `${folder}/${files++}`;
  writeFileSync(path, content, 'latin1');
  return path;
}

const labels = Object.keys(ODD);
const names = labels.map((label) => `${label}.test`);

/** No rewriting unless a line says otherwise: what this machine is configured for must not matter. */
const PLAIN = { DNSCACHEIP: CACHE, DNSREWRITEFILE: file('') };

const lines: Line[] = [];
function add(
  program: string,
  args: readonly string[],
  extra: { env?: Record<string, string>; input?: string } = {},
): void {
  lines.push({ program, args, env: { ...PLAIN, ...extra.env }, input: extra.input ?? '' });
}

for (const name of names)
  for (const program of ['dnsip', 'dnsmx', 'dnstxt', 'dnsqr']) {
    add(program, program === 'dnsqr' ? ['a', name] : [name]);
  }
for (const name of names) add('dnsq', ['any', name.toUpperCase(), CACHE]);
for (const i of labels.keys()) add('dnsname', [`127.0.0.${i}`]);
for (const name of names.slice(0, 8)) add('dnsipq', [name]);
for (const program of ['dnsip', 'dnsipq', 'dnsmx', 'dnstxt', 'dnsname']) {
  add(program, []);
  add(program, ['']);
  add(program, ['.']);
  add(program, [LONG]);
  add(program, [LONGEST]);
  add(program, ['one.test', 'cutshort.test', 'many.test']);
  add(program, ['none.test', 'nx.test', 'ONE.TeSt.', 'ptr.test', 'mx.test', 'txt.test']);
  add(program, ['-x', '--', 'one.test']);
  add(program, ['one\\.test', 'a\\040b.test', '\\157ne.test', 'one.test\\']);
  add(program, ['one.test'], { env: { DNSCACHEIP: '0.0.0.0' } });
  add(program, ['10.0.0.1', 'one.test'], { env: { DNSCACHEIP: `${NOBODY}.${CACHE}` } });
}
const literals =
  '10.555.678.901 [010.0555.0678.0901] 127...1 ... 1.2.3 1.. 1.2.3.4. 1.2.3.4.5 1.2.3.4.5.6.7.8.9 [[1.]2.3.]4 [] 1.2.3.4x';
for (const literal of literals.split(' '))
  for (const program of ['dnsip', 'dnsipq', 'dnsname']) add(program, [literal]);
for (const ip of ['300.2.3.4', '1.2.3.4.5', '127.0.0.0garbage', '127.0.0', 'foo', ' 127.0.0.1', '127.0.0.1.'])
  add('dnsname', [ip]);

for (const type of [
  'any',
  'A',
  'ns',
  'mx',
  'ptr',
  'txt',
  'cname',
  'soa',
  'hinfo',
  'rp',
  'sig',
  'key',
  'aaaa',
  'axfr',
  '65537',
  '0',
  '',
]) {
  add('dnsq', [type, 'all.test', CACHE]);
}
add('dnsqr', []);
add('dnsqr', ['a']);
add('dnsqr', ['a', 'one.test', 'extra']);
add('dnsqr', ['a', LONG]);
add('dnsqr', ['a', '.']);
add('dnsqr', ['1x', 'one.test']);
add('dnsqr', ['-1', 'one.test']);
add('dnsqr', ['*', 'one.test']);
add('dnsqr', ['a', 'one.test'], { env: { DNSCACHEIP: '0.0.0.0' } });
add('dnsq', []);
add('dnsq', ['a']);
add('dnsq', ['a', 'one.test']);
add('dnsq', ['nonsense', 'one.test', CACHE]);
add('dnsq', ['a', LONG, CACHE]);
add('dnsq', ['a', LONG]);
add('dnsq', ['a', 'one.test', CACHE, 'ignored']);
for (const server of [`[${CACHE}]`, `${NOBODY}.${CACHE}`, 'nx.test', '0.0.0.0', '1.2.3', LONG, 'cutshort.test', '']) {
  add('dnsq', ['a', 'one.test', server]);
}

const RULES = '-.local:me\n=me:127.0.0.1\n*.a:.af.mil\n?:.heaven.af.mil\n*.:\n';
const rewritten = 'x.local ME foo.bar.A cheetah cheetah. x.me cheetah.x [1.2.3.4] a[b a.local.a .. one.test.';
for (const typed of [...rewritten.split(' '), '']) add('dnsipq', [typed], { env: { DNSREWRITEFILE: file(RULES) } });
const ruleSets: [string, string[]][] = [
  ['=a:b\n=b:c\n=c:d', ['a', 'b', 'c', 'd']],
  ['=b:c\n=a:b', ['a', 'b']],
  ['=a:b:c', ['a', 'A', 'aa']],
  ['*.b:.2.3.4', ['1.b', '1.B']],
  ['*:++.heaven.af.mil\n?++.heaven.af.mil:.heaven.af.mil', ['x', 'x.y']],
  ['# =a:b\n\n =a:b\n=a\n=a:b \t\r\n', ['a']],
  ['?:+.test+.example', ['one', 'nx', 'many']],
  ['*x:y', ['xxx', 'x']],
];
for (const [rules, typed] of ruleSets)
  for (const name of typed) add('dnsipq', [name], { env: { DNSREWRITEFILE: file(rules) } });
for (const search of [
  'a+b+c',
  'nx+.test+one.test',
  'nx+',
  '+',
  '1.2.3+.4',
  'one++.test',
  'nx+.test+one.test+two.test',
]) {
  add('dnsipq', [search]);
}
for (const domains of ['a.test b.test', 'test', '', 'a  b', ' test', 'test ']) {
  for (const typed of ['foo', 'one', 'one.', 'one.test']) {
    add('dnsipq', [typed], { env: { DNSREWRITEFILE: '/nonexistent', LOCALDOMAIN: domains } });
  }
}
add('dnsipq', ['one'], { env: { DNSREWRITEFILE: folder } });
add('dnsipq', ['1.2.3.4'], { env: { DNSREWRITEFILE: folder } });
add('dnsq', ['a', 'one.test', CACHE], { env: { DNSREWRITEFILE: folder } });
add('dnsipq', ['foo'], { env: { DNSREWRITEFILE: '', LOCALDOMAIN: 'a.test' } });
for (const cache of [
  `.${CACHE}`,
  `..${CACHE}`,
  `${CACHE},1.2.3.4`,
  `${CACHE} x`,
  `${NOBODY}.${CACHE}`,
  `0.0.0.0.${CACHE}`,
]) {
  add('dnsip', ['one.test'], { env: { DNSCACHEIP: cache } });
}

const log = `${labels.map((_, i) => `127.0.0.${i} GET /${i}\n`).join('')}`;
for (const args of [
  [],
  ['-c', '1'],
  ['-c2'],
  ['-l', '1'],
  ['-l3', '-c', '50'],
  ['-c', 'x'],
  ['-c0'],
  ['--', 'x'],
  ['x', '-z'],
  ['-c', '9999'],
]) {
  add('dnsfilter', args, { input: log });
}
for (const input of [
  '',
  '\n',
  '127.0.0.16',
  '127.0.0.16\n\n127.0.0.1',
  ' 127.0.0.16\n',
  '127.0.0.16\tx\n127.0.0.16foo bar\n[127.0.0.16]\n1.2.3\n127.0.256.16 y\n',
  '\0\xff\r\n127.0.0.16\r\n\x80',
  '127.0.0.16.5 x\n0.0.0.0\n',
]) {
  add('dnsfilter', [], { input });
}
for (const args of [['-z'], ['-c'], ['-l'], ['-c', '3', '-q'], ['-'], ['-cx', '-l']])
  add('dnsfilter', args, { input: '127.0.0.16\n' });
add('dnsfilter', [], { input: '127.0.0.16 x\n', env: { DNSCACHEIP: '0.0.0.0' } });

for (const args of [
  '9 1 2 3 4',
  'abc',
  '2 x y z w',
  '2 1 2 3 4 5',
  '0',
  '256 1 2 3',
  '999 1 2 3',
  '-3',
  '65536 9 300',
  '1 256 257 258 259',
]) {
  add('random-ip', args.split(' '));
}

for (const name of [
  'one',
  'alias',
  'all',
  'sections',
  'none',
  'nx',
  'badlength',
  'cutshort',
  'txtpast',
  'badptr',
  'chaos',
  'weird',
  'tcp',
]) {
  add('dnstrace', ['a', `${name}.test`, CACHE]);
}
for (const args of [
  ['any', 'all.test', CACHE],
  ['mx', 'mx.test', CACHE],
  ['txt', '1.2.3.4', CACHE],
  ['a', 'localhost', CACHE],
  ['a', '.', CACHE],
  ['a', 'one.test'],
  ['a', 'one.test', '0.0.0.0'],
  ['a', 'one.test', `${CACHE}.${CACHE}`, CACHE],
  ['a', 'one.test', 'nx.test'],
  ['a', LONG, CACHE],
  ['a', 'one.test', LONG],
  ['a'],
  [],
  ['nonsense', 'x', CACHE],
]) {
  add('dnstrace', args);
}

// Eleven seconds each in the original.
for (const label of REFUSALS) {
  for (const program of ['dnsip', 'dnsmx', 'dnstxt']) add(program, ['one.test', `${label}.test`]);
  add('dnsqr', ['a', `${label}.test`]);
  add('dnsq', ['a', `${label}.test`, CACHE]);
}
for (const program of ['dnsip', 'dnsmx', 'dnstxt', 'dnsipq']) add(program, ['x.test'], { env: { DNSCACHEIP: NOBODY } });
add('dnsqr', ['a', 'x.test'], { env: { DNSCACHEIP: NOBODY } });
add('dnsq', ['a', 'x.test', NOBODY]);
add('dnsname', ['10.0.0.1'], { env: { DNSCACHEIP: NOBODY } });
add('dnsfilter', [], { input: '10.0.0.1 a b\n10.0.0.2\n', env: { DNSCACHEIP: NOBODY } });
add('dnsipq', ['nx+.test+servfail.test+one.test']);
add('dnsq', ['a', 'one.test', 'servfail.test']);

function runLine(path: string, { args, env = {}, input = '' }: Line): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(path, args, { env: { PATH: process.env['PATH'] ?? '', ...env } });
    const outcome = { stdout: '', stderr: '' };
    child.stdout.setEncoding('latin1').on('data', (text) => (outcome.stdout += text));
    child.stderr.setEncoding('latin1').on('data', (text) => (outcome.stderr += text));
    child.stdin.on('error', () => {}).end(Buffer.from(input, 'latin1'));
    const timer = setTimeout(() => child.kill('SIGKILL'), LINE_SECONDS * 1000);
    child.on('error', reject).on('close', (code) => {
      clearTimeout(timer);
      resolve({ code, ...outcome });
    });
  });
}

/** Addresses and random numbers come in any order; how long a query took depends on the machine. */
function comparable(line: Line, { code, stdout, stderr }: Outcome): Outcome {
  let text = stdout;
  if (line.program === 'dnsip') text = text.replace(/^.*$/gm, (words) => words.split(' ').sort().join(' '));
  if (line.program === 'dnsipq') {
    text = text.replace(/^(.*? )((?:[0-9.]+ )+)$/gm, (_, name, ips) => name + ips.split(' ').sort().join(' '));
  }
  if (line.program === 'random-ip') text = text.split('\n').sort().join('\n');
  if (line.program === 'dnstrace') text = text.replace(/^.*:ALERT:took more than 1 second\n/gm, '');
  return { code, stdout: text, stderr };
}

/** At most so many of our programs at a time; the originals only wait. */
const OURS_AT_A_TIME = 4;
/** Longer than the original sits out a refusal; a line that takes so long counts as different. */
const LINE_SECONDS = 90;

describe('the lookup programs and the originals', { skip: needs('root', ...PROGRAMS) }, () => {
  const server = new OddServer();
  const theirs = new Map<Line, Promise<Outcome>>();

  before(async () => {
    await server.open(CACHE);
  });
  after(() => server.close());

  test('more than 300 command lines are compared, and every program is', () => {
    assert.ok(lines.length >= 300, String(lines.length));
    assert.deepEqual([...new Set(lines.map((line) => line.program))].sort(), [...PROGRAMS].sort());
  });

  test('stdout, stderr and exit codes are equal', async () => {
    for (const line of lines) theirs.set(line, runLine(find(line.program)!, line));
    const different: string[] = [];
    const queue = [...lines];
    let printing = 0;
    const work = async (): Promise<void> => {
      for (let line = queue.shift(); line; line = queue.shift()) {
        const ours = comparable(line, await runLine(command(line.program), line));
        const original = comparable(line, await theirs.get(line)!);
        if (original.stdout !== '') printing++;
        try {
          assert.notEqual(original.code, null);
          assert.deepEqual(ours, original);
        } catch (error) {
          const { program, args, env, input } = line;
          different.push(`${JSON.stringify({ program, args, env, input })}\n${(error as Error).message}`);
        }
      }
    };
    await Promise.all(Array.from({ length: OURS_AT_A_TIME }, work));
    assert.ok(printing > 200, `only ${printing} print anything`);
    assert.equal(different.length, 0, `${different.length} of ${lines.length} differ:\n${different.join('\n\n')}`);
  });
});
