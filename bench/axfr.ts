// axfrdns and axfr-get beside the C programs, on a zone of 500,000 records: time, CPU and memory for the same stream;
// then what a TCP connection with one question costs under tcpserver and with --listen.
// `make bench-axfr`, with BASE=folder beside another checkout's, as root: the originals must chroot. Without them
// (Debian: axfrdns) the table has ours only.
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { command, find, run, start } from '../test/support/programs.ts';
import { framedQuery } from '../test/support/transfer.ts';
import { builds, compiledZone, peer, printTable, timeCommand, timeCommands } from './support.ts';

const HOSTS = 500_000;
const ZONE = 'big.test';
/** What memory must stay below, whatever the zone's size. */
const MEMORY_MB = 120;

const lines = [`.${ZONE}:192.0.2.1:a`];
for (let i = 0; i < HOSTS; i++) {
  lines.push(`+host${String(i).padStart(6, '0')}.${ZONE}:10.${i >> 16}.${(i >> 8) & 255}.${i & 255}:86400`);
}
const cwd = compiledZone(lines);
writeFileSync(`${cwd}/query`, framedQuery(ZONE, 'AXFR'));
writeFileSync(`${cwd}/queries`, Buffer.concat([framedQuery(ZONE, 'SOA'), framedQuery(ZONE, 'AXFR')]));
const environment = `ROOT='${cwd}' UID=65534 GID=65534`;

/** The programs under a shell that gives them their descriptors. */
function serving(name: string, program: string) {
  return { name, program: '/bin/sh', args: ['-c', `${environment} exec '${program}' <query >stream 2>/dev/null`], cwd };
}
function fetching(name: string, program: string) {
  const script = `rm -f zone; exec '${program}' ${ZONE} zone zone.tmp 6<replies 7>/dev/null`;
  return { name, program: '/bin/sh', args: ['-c', script], cwd };
}

timeCommand('/bin/sh', ['-c', `${environment} '${command('axfrdns')}' <queries >replies 2>/dev/null`], cwd);
const servers = builds('axfrdns').map(({ name, path }) => serving(name, path));
const clients = builds('axfr-get').map(({ name, path }) => fetching(name, path));
const originalServer = peer('axfrdns');
const originalClient = peer('axfr-get');
if (originalServer) servers.push(serving('C axfrdns', originalServer));
if (originalClient) clients.push(fetching('C axfr-get', originalClient));
const node = { name: 'node -e 0', program: process.execPath, args: ['-e', '0'] };

for (const contestants of [servers, clients]) {
  const timings = timeCommands([...contestants, node]);
  printTable(
    `${contestants[0]!.name}, a zone of ${HOSTS} records, medians`,
    ['program', 'wall s', 'CPU s', 'CPU ratio', 'MB'],
    timings.map(({ name, wall, cpu, ratio, rssMb }) => [
      name,
      wall.toFixed(2),
      cpu.toFixed(3),
      ratio.toFixed(2),
      rssMb.toFixed(0),
    ]),
  );
  for (const { name, rssMb } of timings) {
    if (rssMb < MEMORY_MB) continue;
    console.log(`${name} needs ${rssMb.toFixed(0)} MB`);
    process.exitCode = 1;
  }
}

const CONNECTIONS = 300;
const PORT = 5301;

/** CPU seconds of a process and of all children that it has waited for. */
function cpuWithChildren(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
    .replace(/^.*\) /s, '')
    .split(' ');
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / 100;
}

/** Connects, asks one question, waits for the reply and for the server to hang up; one after the other. */
async function askOnConnections(ip: string, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const socket = connect(PORT, ip);
    socket.end(framedQuery(`host00000${i % 10}.${ZONE}`, 'A'));
    socket.resume();
    await once(socket, 'close');
  }
}

const tcpserver = find('tcpserver');
run('tcprules', ['tcp.cdb', 'tcp.tmp'], { cwd, input: Buffer.from(':allow\n') });
const env = { ROOT: cwd, UID: '65534', GID: '65534', PORT: String(PORT) };
const underTcpserver = (ip: string, program: string) =>
  start(tcpserver!, ['-DRHl0', '-x', 'tcp.cdb', ip, String(PORT), program], { cwd, env });
const rows: string[][] = [];
for (const [name, ip, begin] of [
  ['axfrdns --listen', '127.43.8.1', (ip: string) => start('axfrdns', ['--listen'], { cwd, env: { ...env, IP: ip } })],
  ['axfrdns under tcpserver', '127.43.8.2', (ip: string) => underTcpserver(ip, command('axfrdns'))],
  ['C axfrdns under tcpserver', '127.43.8.3', (ip: string) => underTcpserver(ip, originalServer!)],
] as const) {
  if (name !== 'axfrdns --listen' && !tcpserver) continue;
  if (name.startsWith('C') && !originalServer) continue;
  const server = begin(ip);
  await new Promise((resolve) => setTimeout(resolve, 500));
  await askOnConnections(ip, CONNECTIONS / 3);
  const before = cpuWithChildren(server.process.pid!);
  await askOnConnections(ip, CONNECTIONS);
  const used = cpuWithChildren(server.process.pid!) - before;
  rows.push([name, ((used / CONNECTIONS) * 1000).toFixed(2)]);
  await server.stop('SIGTERM');
}
printTable(`${CONNECTIONS} connections with one question each`, ['server', 'CPU ms'], rows);
