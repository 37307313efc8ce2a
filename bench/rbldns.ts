// rbldns with a list of 1,000,000 addresses and prefixes: compile time and memory beside what rbldnsd takes to load the
// same list, and CPU per query beside tinydns (a zone of 10,000 hosts, and one of 1,000,000) and rbldnsd. Logging on,
// to a file. Run as root: node dist/bench/rbldns.js
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { command, start, temporaryDirectory } from '../test/support/programs.ts';
import {
  builds,
  type Contestant,
  compiledZone,
  cpuPerQuery,
  cpuSeconds,
  memory,
  peer,
  printTable,
  timeCommands,
} from './support.ts';

const ENTRIES = 1_000_000;
const QUESTIONS = 100_000;
const PREFIX = '127.45.1';

let seed = 1;
/** 31 bits that look random and are the same every time. */
const next = () => (seed = (seed * 48271) % 0x7fffffff);
const address = () => (next() * 2 + (next() & 1)) >>> 0;
const dotted = (ip: number) => `${ip >>> 24}.${(ip >>> 16) & 255}.${(ip >>> 8) & 255}.${ip & 255}`;
const reversed = (ip: number) => `${ip & 255}.${(ip >>> 8) & 255}.${(ip >>> 16) & 255}.${ip >>> 24}`;

/** Mostly addresses, as lists are, and prefixes of 16 to 31 bits, most of them of 24. */
function prefixLength(i: number): number {
  if (i % 10 < 8) return 32;
  return i % 10 === 8 ? 24 : 16 + (next() & 15);
}

const lines = [':127.0.0.2:Listed, see http://rbl.test/$'];
const questions: string[] = [];
for (let i = 0; i < ENTRIES; i++) {
  const ip = address();
  const length = prefixLength(i);
  lines.push(length === 32 ? dotted(ip) : `${dotted(((ip >>> (32 - length)) << (32 - length)) >>> 0)}/${length}`);
  // Every second question is for an address that is listed; few of the others are.
  if (i % (ENTRIES / QUESTIONS) === 0) questions.push(`${reversed(i % 20 === 0 ? ip : address())}.rbl.test A`);
}
const ROOT = temporaryDirectory();
writeFileSync(join(ROOT, 'data'), `${lines.join('\n')}\n`);
const files = temporaryDirectory();

const [compiled] = timeCommands([{ name: 'rbldns-data', program: command('rbldns-data'), args: [], cwd: ROOT }]);

const logged = (program: string, args: string[], ip: string, env: Record<string, string>) =>
  start('/bin/sh', ['-c', `exec "$0" "$@" 2>${join(files, ip)}`, program, ...args], { env });
const env = (ROOT: string, IP: string) => ({ ROOT, IP, UID: '65534', GID: '65534' });

function tinydns(hosts: number, ip: string): Contestant {
  const zone = [`.example.test:${PREFIX}.1:a`, `.example.test:${PREFIX}.2:b`];
  const questions: string[] = [];
  for (let i = 0; i < hosts; i++) zone.push(`+h${i}.example.test:${dotted(0x0a000000 + i)}`);
  for (let i = 0; i < Math.min(hosts, QUESTIONS); i++) questions.push(`h${(i * 7919) % hosts}.example.test A`);
  const ROOT = compiledZone(zone);
  const name = `tinydns, ${hosts} hosts`;
  return { name, address: ip, questions, start: () => logged(command('tinydns'), [], ip, env(ROOT, ip)) };
}

const contestants: Contestant[] = [
  ...builds('rbldns').map(({ name, path }, i) => {
    const ip = `${PREFIX}.1${i}`;
    return { name, address: ip, start: () => logged(path, [], ip, { ...env(ROOT, ip), BASE: 'rbl.test' }) };
  }),
  tinydns(10_000, `${PREFIX}.4`),
  tinydns(1_000_000, `${PREFIX}.5`),
];
const loaded: string[][] = [];
const rbldnsd = peer('rbldnsd');
if (rbldnsd) {
  const ip = `${PREFIX}.6`;
  const args = ['-n', '-4', '-b', `${ip}/53`, '-u', 'nobody', '-w', ROOT, '-l', join(files, 'rbldnsd.log')];
  writeFileSync(join(files, 'rbldnsd.log'), '', { mode: 0o666 });
  const contestant: Contestant = {
    name: 'rbldnsd',
    address: ip,
    start: () => start(rbldnsd, [...args, 'rbl.test:ip4trie:data'], { env: {} }),
  };
  contestants.push(contestant);
  const server = contestant.start();
  await new Promise((resolve) => setTimeout(resolve, 5000));
  const pid = server.process.pid!;
  loaded.push(['rbldnsd, loading', '', cpuSeconds(pid).toFixed(2), memory(pid).total.toFixed(0)]);
  await server.stop();
}
printTable(
  `${ENTRIES} entries, data.cdb of ${(statSync(join(ROOT, 'data.cdb')).size / 1e6).toFixed(0)} MB`,
  ['program', 'wall s', 'CPU s', 'MB'],
  [['rbldns-data', compiled!.wall.toFixed(2), compiled!.cpu.toFixed(2), compiled!.rssMb.toFixed(0)], ...loaded],
);

const usages = await cpuPerQuery(contestants, questions);
printTable(
  'CPU per query, microseconds (median of the rounds), and how many times that of rbldns it is',
  ['server', 'us/query', 'ratio', 'lost', 'MB', 'rounds'],
  usages.map(({ name, micros, ratio, lost, rssMb, rounds }) => [
    name,
    micros.toFixed(2),
    ratio.toFixed(2),
    String(lost),
    rssMb.toFixed(0),
    rounds.map((round) => round.toFixed(1)).join(' '),
  ]),
);
