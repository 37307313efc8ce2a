// CPU per query of tinydns beside C tinydns, NSD and Knot: the same zone of 10,000 hosts, one process or worker each.
// Logging is on, through a pipe to a process that writes it down, as supervise and multilog have it; that process's
// time is not counted. `make bench-tinydns`, with BASE=folder beside another checkout's; needs root for port 53, and
// dnsperf. ROUNDS=n rounds of SECONDS=n each; PEERS=none leaves the others out.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { command, type Running, run, start, temporaryDirectory } from '../test/support/programs.ts';
import { builds, type Contestant, compiledZone, cpuPerQuery, peer, printTable } from './support.ts';

const HOSTS = 10000;
const address = (i: number) => `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`;

const lines = ['.example.test:127.46.1.1:a', '.example.test:127.46.1.2:b'];
const zone = [
  '$ORIGIN example.test.',
  '$TTL 86400',
  '@ 2560 IN SOA a.ns hostmaster 1 16384 2048 1048576 2560',
  '@ 259200 IN NS a.ns',
  '@ 259200 IN NS b.ns',
  'a.ns 259200 IN A 127.46.1.1',
  'b.ns 259200 IN A 127.46.1.2',
];
const questions: string[] = [];
for (let i = 0; i < HOSTS; i++) {
  lines.push(`+h${i}.example.test:${address(i)}`);
  zone.push(`h${i} IN A ${address(i)}`);
  questions.push(`h${(i * 7919) % HOSTS}.example.test A`);
}

const ROOT = compiledZone(lines);
const files = temporaryDirectory();
writeFileSync(join(files, 'zone'), `${zone.join('\n')}\n`);

/** Starts a server with its standard error going into a pipe that another process empties into a file. */
function logged(program: string, args: string[], log: string, env: Record<string, string> = {}): Running {
  const pipe = join(files, `${log}.pipe`);
  run('/usr/bin/mkfifo', [pipe]);
  start('/bin/sh', ['-c', 'exec cat "$0" >"$1"', pipe, join(files, log)]);
  return start('/bin/sh', ['-c', `exec "$0" "$@" 2>${pipe}`, program, ...args], { env });
}

function tinydns(name: string, program: string, ip: string): Contestant {
  const env = { ROOT, IP: ip, UID: '65534', GID: '65534' };
  return { name, address: ip, start: () => logged(program, [], `${ip}.log`, env) };
}

function knot(program: string): Contestant {
  const ip = '127.46.1.5';
  writeFileSync(
    join(files, 'knot.conf'),
    `server:
    rundir: "${files}"
    listen: ${ip}@53
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
database:
    storage: "${files}"
zone:
  - domain: example.test
    file: "${files}/zone"
    zonefile-sync: -1
    journal-content: none
`,
  );
  return { name: 'Knot', address: ip, start: () => logged(program, ['-c', join(files, 'knot.conf')], 'knot.log') };
}

function nsd(program: string): Contestant {
  const ip = '127.46.1.6';
  writeFileSync(
    join(files, 'nsd.conf'),
    `server:
    ip-address: ${ip}
    server-count: 1
    username: ""
    chroot: ""
    zonesdir: "${files}"
    pidfile: "${files}/nsd.pid"
    database: ""
    xfrdir: "${files}"
    xfrdfile: "${files}/xfrd.state"
    zonelistfile: "${files}/zone.list"
remote-control:
    control-enable: no
zone:
    name: example.test
    zonefile: zone
`,
  );
  return { name: 'NSD', address: ip, start: () => logged(program, ['-d', '-c', join(files, 'nsd.conf')], 'nsd.log') };
}

const contestants = builds('tinydns').map(({ name, path }, i) => tinydns(name, path, `127.46.2.${i + 1}`));
contestants.push(tinydns('tinydns on ::1', command('tinydns'), '::1'));
const [c, k, n] = process.env['PEERS'] === 'none' ? [] : [peer('tinydns'), peer('knotd'), peer('nsd')];
if (c) contestants.push(tinydns('C tinydns', c, '127.46.1.4'));
if (k) contestants.push(knot(k));
if (n) contestants.push(nsd(n));

const seconds = Number(process.env['SECONDS'] ?? 3);
for (const [kind, flags] of [
  ['without EDNS', []],
  ['with an OPT record', ['-e']],
] as const) {
  const usages = await cpuPerQuery(contestants, questions, { seconds, flags });
  printTable(
    `CPU per query ${kind}, microseconds (median of the rounds), and how many times ours that is`,
    ['server', 'us/query', 'ratio', 'lost', 'rounds'],
    usages.map(({ name, micros, ratio, lost, rounds }) => [
      name,
      micros.toFixed(2),
      ratio.toFixed(2),
      String(lost),
      rounds.map((round) => round.toFixed(1)).join(' '),
    ]),
  );
}
