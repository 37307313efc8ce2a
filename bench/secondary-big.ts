// axfr-getd with one zone of 500,000 records: how long a transfer and a change of it take until they are served, what
// they weigh, and whether NOTIFY is answered meanwhile; then what its primary side costs: axfrdns-data beside
// tinydns-data, signed transfers beside unsigned ones. `make bench-secondary-big`; parts: getd primary.
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { unixNow } from '../src/base/tai.ts';
import { scanKeyFile } from '../src/data/key-file.ts';
import { TsigChain } from '../src/transfer/tsig.ts';
import { composeZoneQuestion } from '../src/transfer/zone-question.ts';
import { framed } from '../src/wire/framing.ts';
import { nameOf } from '../src/wire/name.ts';
import * as TYPE from '../src/wire/type.ts';
import {
  Asker,
  DataPrimary,
  newGetdSite,
  SITE_PORT,
  startGetd,
  startTinydns,
  untilServed,
} from '../test/support/getd-site.ts';
import { peakResidentBytes } from '../test/support/process.ts';
import { command, type Running, temporaryDirectory } from '../test/support/programs.ts';
import { Figures, median, ROUNDS, timeCommand, timeCommands } from './support.ts';

const HOSTS = 500_000;
const ZONE = 'big.test';
const SMALL = 'small.test';
const PRIMARY = '127.61.0.1';
const GETD = '127.61.0.2';
const SERVER = '127.61.0.3';
const CHANGES = 10;

const figures = new Figures();

const hosts: string[] = [];
for (let i = 0; i < HOSTS; i++) {
  hosts.push(`+host${String(i).padStart(6, '0')}.${ZONE}:10.${i >> 16}.${(i >> 8) & 255}.${i & 255}:86400\n`);
}

/** Data with the zone, in which each serial after the first has ten other addresses, and a small zone. */
function data(serial: number): string {
  for (let i = 0; i < CHANGES; i++) {
    const at = (serial * 7919 + i * 4999) % HOSTS;
    if (serial > 1) hosts[at] = `+host${String(at).padStart(6, '0')}.${ZONE}:172.16.${serial}.${i}:86400\n`;
  }
  const times = '3600:600:604800:300';
  return `Z${ZONE}:a.ns.${ZONE}.:hostmaster.${ZONE}.:${serial}:${times}
&${ZONE}:192.0.2.1:a.ns.${ZONE}.:3600
Z${SMALL}:a.ns.${SMALL}.:hostmaster.${SMALL}.:1:${times}
&${SMALL}:192.0.2.1:a.ns.${SMALL}.:3600
${hosts.join('')}`;
}

/** Tells axfr-getd of the small zone every ten milliseconds while `action` runs; the longest wait for an answer. */
async function notifyingDuring(action: () => Promise<void>): Promise<number> {
  const asker = await Asker.from(PRIMARY);
  let isOver = false;
  const loop = (async () => {
    for (; !isOver; await sleep(10)) await asker.notify(GETD, SMALL);
  })();
  await action();
  isOver = true;
  await loop;
  asker.close();
  return asker.slowest;
}

/** The fields of the last line in the log that tells of a transfer of the zone. */
function lastTransfer(getd: Running, word: string): string[] {
  const lines = getd.log().match(new RegExp(`^${word} ${ZONE} .*$`, 'gm')) ?? [];
  return (lines.at(-1) ?? '').split(' ');
}

async function getd(): Promise<void> {
  const primary = new DataPrimary();
  primary.write(data(1));
  const site = newGetdSite();
  writeFileSync(`${site.root}/servers/${SMALL}`, `${PRIMARY}:${SITE_PORT}\n`);
  const axfrdns = primary.start(PRIMARY);
  const tinydns = startTinydns(site, SERVER);
  const running = startGetd(site, GETD);
  const pid = running.process.pid!;
  const asker = await Asker.from(PRIMARY);
  const mb = (): string => `${(peakResidentBytes(pid) / 1e6).toFixed(0)} MB`;
  await untilServed(asker, SERVER, [SMALL], 1);
  await running.logged(/^published [\s\S]*^published /m);
  figures.add('memory before', mb(), '');

  writeFileSync(`${site.root}/servers/${ZONE}`, `${PRIMARY}:${SITE_PORT}\n`);
  let slowest = await notifyingDuring(async () => {
    running.process.kill('SIGHUP');
    const took = await untilServed(asker, SERVER, [ZONE], 1);
    figures.add(`AXFR of ${HOSTS} records: HUP to served`, `${(took / 1000).toFixed(2)} s`, '4 s');
  });
  figures.add('  the transfer itself', `${lastTransfer(running, 'axfr').at(-1)} ms`, '');
  figures.add('  longest wait for an answer to NOTIFY', `${slowest.toFixed(0)} ms`, '100 ms');
  figures.add('  largest memory', mb(), '200 MB');

  const times: number[] = [];
  slowest = 0;
  for (let serial = 2; serial < 2 + ROUNDS; serial++) {
    primary.write(data(serial));
    const wait = await notifyingDuring(async () => {
      await asker.notify(GETD, ZONE);
      times.push(await untilServed(asker, SERVER, [ZONE], serial));
    });
    slowest = Math.max(slowest, wait);
    await sleep(1000);
  }
  const list = times.map((time) => (time / 1000).toFixed(2)).join(' ');
  figures.add(
    `IXFR of ${CHANGES} changes: NOTIFY to served`,
    `${(median(times) / 1000).toFixed(2)} s (${list})`,
    '2 s',
  );
  const fields = lastTransfer(running, 'ixfr');
  figures.add('  taken as', fields.at(-3) ?? 'a whole zone', '-10+10');
  figures.add('  octets that came', fields.at(-2) ?? '-', '5000');
  figures.add('  the transfer and the new copy', `${fields.at(-1)} ms`, '');
  const compiled = running.log().match(/^published .*$/gm) ?? [];
  figures.add('  tinydns-data', `${compiled.at(-1)?.split(' ')[1]} ms`, '');
  figures.add('  longest wait for an answer to NOTIFY', `${slowest.toFixed(0)} ms`, '100 ms');
  figures.add('  largest memory', mb(), '200 MB');
  asker.close();
  for (const server of [running, tinydns, axfrdns]) await server.stop();
}

/** Ratios of CPU, from programs that take turns. */
function primarySide(): void {
  const primary = new DataPrimary();
  const cwd = primary.directory;
  primary.write(data(1));
  const old = readFileSync(`${cwd}/data.cdb`);
  writeFileSync(`${cwd}/data`, data(2));
  timeCommand(command('tinydns-data'), [], cwd);
  writeFileSync(`${cwd}/old.cdb`, old);
  // Each round begins with a file that was seen before, so that each has the same to compare.
  const again = `rm -f ixfr.cdb; ln -f old.cdb ixfr.last; exec '${command('axfrdns-data')}'`;
  const compiling = timeCommands([
    { name: 'tinydns-data', program: command('tinydns-data'), args: [], cwd },
    { name: 'axfrdns-data', program: '/bin/sh', args: ['-c', again], cwd },
  ]);
  const [compiler, differ] = compiling.map(({ cpu }) => cpu) as [number, number];
  const ratio = `${differ.toFixed(2)} s, ${(differ / compiler).toFixed(2)} times tinydns-data`;
  figures.add('axfrdns-data, ten changes: CPU', ratio, '3 times');
  figures.add('  memory', `${compiling[1]!.rssMb.toFixed(0)} MB`, '');
  figures.add('  ixfr.cdb', `${statSync(`${cwd}/ixfr.cdb`).size} octets`, '');

  const line = 'hmac-sha256:k.test:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\n';
  const key = scanKeyFile('k.test', Buffer.from(line))!;
  mkdirSync(`${cwd}/tsig`);
  writeFileSync(`${cwd}/tsig/k.test`, line, { mode: 0o640 });
  const question = { zone: nameOf(ZONE)!, type: TYPE.AXFR, id: 1, serial: undefined } as const;
  const queries = temporaryDirectory();
  const plain = framed(composeZoneQuestion({ ...question, chain: undefined }, unixNow()));
  writeFileSync(`${queries}/plain`, plain);
  const signed = framed(composeZoneQuestion({ ...question, chain: new TsigChain(key) }, unixNow()));
  writeFileSync(`${queries}/signed`, signed);
  const serving = (name: string, environment: string) => ({
    name,
    program: '/bin/sh',
    args: ['-c', `ROOT='${cwd}' UNPRIVILEGED=1 ${environment} exec '${command('axfrdns')}' <'${queries}/${name}' >out`],
    cwd,
  });
  const [unsigned, withKey] = timeCommands([serving('plain', ''), serving('signed', 'KEY=k.test')]);
  const cost = `${withKey!.cpu.toFixed(2)} s, ${(withKey!.cpu / unsigned!.cpu).toFixed(2)} times the unsigned one`;
  figures.add('signed AXFR: CPU', cost, '2 times');
}

const parts = process.argv.length > 2 ? process.argv.slice(2) : ['getd', 'primary'];
if (parts.includes('getd')) await getd();
if (parts.includes('primary')) primarySide();
figures.print(`One zone of ${HOSTS} records`);
