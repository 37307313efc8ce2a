// axfrdns and axfr-get beside the C programs, on a zone of 500,000 records: time, CPU and memory for the same stream.
// `node dist/bench/axfr.js`, as root: the originals must chroot. Without them (Debian: axfrdns) the table has ours only.
import { writeFileSync } from 'node:fs';
import { command } from '../test/support/programs.ts';
import { framedQuery } from '../test/support/transfer.ts';
import { compiledZone, peer, printTable, timeCommand, timeCommands } from './support.ts';

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
const servers = [serving('axfrdns', command('axfrdns'))];
const clients = [fetching('axfr-get', command('axfr-get'))];
const originalServer = peer('axfrdns');
const originalClient = peer('axfr-get');
if (originalServer) servers.push(serving('C axfrdns', originalServer));
if (originalClient) clients.push(fetching('C axfr-get', originalClient));
const node = { name: 'node -e 0', program: process.execPath, args: ['-e', '0'] };

for (const contestants of [servers, clients]) {
  const timings = timeCommands([...contestants, node]);
  const original = timings.find(({ name }) => name.startsWith('C '));
  printTable(
    `${contestants[0]!.name}, a zone of ${HOSTS} records, medians`,
    ['program', 'wall s', 'ratio', 'CPU s', 'ratio', 'MB'],
    timings.map(({ name, wall, cpu, rssMb }) => [
      name,
      wall.toFixed(2),
      original ? (wall / original.wall).toFixed(2) : '-',
      cpu.toFixed(2),
      original ? (cpu / original.cpu).toFixed(2) : '-',
      rssMb.toFixed(0),
    ]),
  );
  for (const { name, rssMb } of timings) {
    if (rssMb < MEMORY_MB) continue;
    console.log(`${name} needs ${rssMb.toFixed(0)} MB`);
    process.exitCode = 1;
  }
}
