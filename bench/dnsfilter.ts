// dnsfilter and start-up: our clients against Debian's builds of the originals. Prints CPU seconds for a log of 100,000
// lines with a local cache, once with as many visitors as a log has (few come often), once with a new address on every
// line; then the CPU milliseconds that programs need beyond `node -e 0`. Run as root: it uses port 53 of 127.42.30.x.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { command, find, temporaryDirectory } from '../test/support/programs.ts';
import { median } from './support.ts';

const LINES = 100000;
const ROUNDS = 3;
const CONTENT = '127.42.30.1';
const CACHE = '127.42.30.2';

/** User and system seconds of a program's run to its end. */
function cpu(program: string, args: readonly string[], input?: string, env: Record<string, string> = {}): number {
  const before = childSeconds();
  const stdin = input === undefined ? 'ignore' : openSync(input, 'r');
  spawnSync(program, args, { stdio: [stdin, 'ignore', 'ignore'], env: { PATH: process.env['PATH'] ?? '', ...env } });
  return childSeconds() - before;
}

/** User and system seconds of all children so far that have ended. */
function childSeconds(): number {
  const stat = readFileSync('/proc/self/stat', 'latin1')
    .replace(/^.*\) /s, '')
    .split(' ');
  return (Number(stat[13]) + Number(stat[14])) / 100;
}

/** A number from 0 to 1, the same sequence in every run. */
function generator(): () => number {
  let state = 1;
  return () => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return state / 0x80000000;
  };
}

const folder = temporaryDirectory();
const octets = (i: number): number[] => [i >> 16, (i >> 8) & 255, i & 255];
let data = '.10.in-addr.arpa::ns.example\n';
for (let i = 0; i < LINES; i++) {
  const [b, c, d] = octets(i) as [number, number, number];
  data += `^${d}.${c}.${b}.10.in-addr.arpa:host-${i}.example:86400\n`;
}
writeFileSync(`${folder}/data`, data);
spawnSync(command('tinydns-data'), [], { cwd: folder });
mkdirSync(`${folder}/root/ip`, { recursive: true });
mkdirSync(`${folder}/root/servers`);
writeFileSync(`${folder}/root/ip/127`, '');
writeFileSync(`${folder}/root/servers/@`, `${CONTENT}\n`);
writeFileSync(`${folder}/root/servers/10.in-addr.arpa`, `${CONTENT}\n`);
/** A server whose log goes nowhere: this process is too busy to read it. */
function serve(program: string, env: Record<string, string>): ChildProcess {
  const child = spawn(find(program) ?? program, [], { stdio: 'ignore', env: { ...env, UID: '65534', GID: '65534' } });
  process.on('exit', () => child.kill('SIGKILL'));
  return child;
}
serve('tinydns', { ROOT: folder, IP: CONTENT });
serve('dnscache', { ROOT: `${folder}/root`, IP: CACHE, IPSEND: '0.0.0.0', CACHESIZE: '60000000' });
await sleep(500);

const random = generator();
const visitors = (pick: () => number): string => {
  let log = '';
  for (let i = 0; i < LINES; i++) log += `10.${octets(pick()).join('.')} - - "GET / HTTP/1.0" 200 1234\n`;
  return log;
};
let next = 0;
const logs: [string, string][] = [
  ['few visitors come often', visitors(() => Math.min(LINES - 1, Math.floor(random() ** -1.25) - 1))],
  ['every line another address', visitors(() => (next = (next + 61) % LINES))],
];
const env = { DNSCACHEIP: CACHE };
for (const [title, log] of logs) {
  const file = `${folder}/log`;
  writeFileSync(file, log);
  const theirs: number[] = [];
  const ours: number[] = [];
  for (let i = 0; i < ROUNDS + 1; i++) {
    const [c, ts] = [cpu('/usr/bin/dnsfilter', [], file, env), cpu(command('dnsfilter'), [], file, env)];
    if (i === 0) continue; // fills the cache
    theirs.push(c);
    ours.push(ts);
  }
  const [c, ts] = [median(theirs), median(ours)];
  console.log(`dnsfilter, ${title}: C ${c.toFixed(2)} s, ours ${ts.toFixed(2)} s, ratio ${(ts / c).toFixed(2)}`);
}

const STARTS = 20;
const programs: [string, string[]][] = [
  ['dnsip', ['1.2.3.4']],
  ['dnsq', ['a', 'x.example', '127.42.30.9']],
  ['dnstracesort', []],
];
const startOf = (args: string[]): number => {
  let all = 0;
  for (let i = 0; i < STARTS; i++) all += cpu(process.execPath, args);
  return (all / STARTS) * 1000;
};
for (const [program, args] of programs) {
  const differences: number[] = [];
  for (let i = 0; i < ROUNDS; i++) differences.push(startOf([command(program), ...args]) - startOf(['-e', '0']));
  console.log(`${program} ${args.join(' ')}: ${median(differences).toFixed(1)} ms more than node -e 0`);
}
process.exit(0);
