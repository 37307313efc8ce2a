// axfr-getd with 10,000 zones in one process: first copies, a start, memory and CPU at rest, 1,000 zones that change
// at once, and a primary that has gone beside one that lives. Primary is our axfrdns, the copies are served by tinydns.
// `make bench-secondary`, as root; for single parts: node dist/bench/secondary.js many dead. A zone of 500,000 records
// is bench/secondary-big.ts.
import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  Asker,
  DataPrimary,
  type GetdSite,
  newGetdSite,
  SITE_PORT,
  startGetd,
  startTinydns,
  untilServed,
} from '../test/support/getd-site.ts';
import { type Running, start, temporaryDirectory } from '../test/support/programs.ts';
import { cpuSeconds, Figures, memory, peer } from './support.ts';

const ZONES = Number(process.env['ZONES'] ?? 10_000);
const CHANGED = ZONES / 10;
const PRIMARY = '127.60.0.1';
const GETD = '127.60.0.2';
const SERVER = '127.60.0.3';
/** Nothing comes back from this address, see `BLACK_HOLE`. */
const GONE = '10.66.0.2';
const PATIENCE = 300_000;

const figures = new Figures();

function zoneName(number: number): string {
  return `zone${number}.test`;
}

function names(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, i) => zoneName(from + i));
}

/** Data of zones, of which the first `changed` have the serial 2 and one address more, the others 1. */
function zonesData(count: number, changed: number): string {
  const lines: string[] = [];
  for (const [number, zone] of names(0, count).entries()) {
    const serial = number < changed ? 2 : 1;
    lines.push(`Z${zone}:a.ns.${zone}.:hostmaster.${zone}.:${serial}:3600:600:604800:300`);
    lines.push(`&${zone}:192.0.2.1:a.ns.${zone}.:3600`, `@${zone}:192.0.2.2:mail.${zone}.:10`);
    for (let i = 0; i < 8 + serial; i++) lines.push(`+www${i}.${zone}:192.0.2.${i}`);
  }
  return `${lines.join('\n')}\n`;
}

/** Knot with the zones as they are in `zonesData(count, 0)`: axfrdns goes through its whole file for each transfer. */
function startKnot(knotd: string, count: number): Running {
  const directory = temporaryDirectory();
  for (const zone of names(0, count)) {
    const hosts = Array.from({ length: 9 }, (_, i) => `www${i} 86400 IN A 192.0.2.${i}\n`);
    const soa = `a.ns hostmaster 1 3600 600 604800 300`;
    const text = `@ 2560 IN SOA ${soa}\n@ 3600 IN NS a.ns\na.ns 3600 IN A 192.0.2.1\n@ 86400 IN MX 10 mail\n`;
    writeFileSync(`${directory}/${zone}.zone`, `${text}mail 86400 IN A 192.0.2.2\n${hosts.join('')}`);
  }
  const zones = names(0, count).map((zone) => `  - domain: ${zone}\n`);
  writeFileSync(
    `${directory}/knot.conf`,
    `server:
  rundir: "${directory}"
  listen: ${PRIMARY}@${SITE_PORT}
  udp-workers: 1
  tcp-workers: 1
  background-workers: 1
log:
  - target: stderr
    any: warning
database:
  storage: "${directory}"
acl:
  - id: all
    address: 0.0.0.0/0
    action: transfer
template:
  - id: default
    storage: "${directory}"
    file: "%s.zone"
    acl: all
    journal-content: none
    zonefile-sync: -1
zone:
${zones.join('')}`,
  );
  return start(knotd, ['-c', `${directory}/knot.conf`]);
}

/** Where the first copies come from. */
function startFirstPrimary(primary: DataPrimary): Running {
  const knotd = peer('knotd');
  return knotd ? startKnot(knotd, ZONES) : primary.start(PRIMARY);
}

function configure({ root }: GetdSite, zones: readonly string[], ip: string): void {
  for (const zone of zones) writeFileSync(`${root}/servers/${zone}`, `${ip}:${SITE_PORT}\n`);
}

function count(log: string, pattern: RegExp): number {
  return log.match(pattern)?.length ?? 0;
}

async function until(isSo: () => boolean, what: string): Promise<number> {
  const began = performance.now();
  while (!isSo()) {
    if (performance.now() - began > PATIENCE) throw new Error(`waited in vain: ${what}`);
    await sleep(20);
  }
  return performance.now() - began;
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}

/** Sends NOTIFY for one zone again and again until it is told to stop; returns how. */
function keepAsking(asker: Asker, zone: string): () => Promise<void> {
  let isOver = false;
  const loop = (async () => {
    while (!isOver) {
      await asker.notify(GETD, zone);
      await sleep(10);
    }
  })();
  return () => {
    isOver = true;
    return loop;
  };
}

/** NOTIFY for all the zones, 100 at a time as tinydns-notify sends them. */
async function tell(asker: Asker, zones: readonly string[]): Promise<void> {
  let next = 0;
  const work = async (): Promise<void> => {
    for (let zone = zones[next++]; zone !== undefined; zone = zones[next++]) {
      if (!(await asker.notify(GETD, zone))) throw new Error(`NOTIFY for ${zone} was not answered`);
    }
  };
  await Promise.all(Array.from({ length: 100 }, work));
}

/** Tells axfr-getd of all the zones and waits until all are served. */
async function change(zones: readonly string[], getd: Running, label: string, aims: readonly string[]): Promise<void> {
  const teller = await Asker.from(PRIMARY);
  const prober = await Asker.from(PRIMARY);
  const reader = await Asker.from(PRIMARY);
  const seen = getd.log().length;
  const stop = keepAsking(prober, zoneName(0));
  const began = performance.now();
  const told = tell(teller, zones);
  await untilServed(reader, SERVER, zones.toReversed(), 2, PATIENCE);
  figures.add(`${label}: served`, seconds(performance.now() - began), aims[0]!);
  await told;
  await stop();
  figures.add(`${label}: data.cdb made`, `${count(getd.log().slice(seen), /^published /gm)} times`, aims[1]!);
  const slowest = Math.max(teller.slowest, prober.slowest);
  figures.add(`${label}: longest wait for an answer to NOTIFY`, `${slowest.toFixed(0)} ms`, aims[2]!);
  for (const asker of [teller, prober, reader]) asker.close();
}

/** The memory that is the process's own, and all that is resident. */
function memoryOf(getd: Running): string {
  const { total, anonymous } = memory(getd.process.pid!);
  return `${total.toFixed(0)} MB (${anonymous.toFixed(0)} MB without mapped files)`;
}

async function many(): Promise<void> {
  const primary = new DataPrimary();
  primary.write(zonesData(ZONES, 0));
  const site = newGetdSite();
  const zones = names(0, ZONES);
  configure(site, zones, PRIMARY);
  const reader = await Asker.from(GETD);
  const from = startFirstPrimary(primary);
  await untilServed(reader, PRIMARY, zones, 1);
  const tinydns = startTinydns(site, SERVER);

  const first = startGetd(site, GETD);
  const began = performance.now();
  await until(() => count(first.log(), /^axfr /gm) === ZONES, 'first copies');
  figures.add(`first copies of ${ZONES} zones`, seconds(performance.now() - began), '60 s');
  await untilServed(reader, SERVER, zones.toReversed(), 1);
  figures.add('  and served', seconds(performance.now() - began), '');
  figures.add('  CPU of axfr-getd', seconds(1000 * cpuSeconds(first.process.pid!)), '');
  figures.add('  memory', memoryOf(first), '150 MB');
  await first.stop('SIGTERM');
  await from.stop('SIGTERM');
  const axfrdns = primary.start(PRIMARY);

  const again = performance.now();
  const getd = startGetd(site, GETD);
  await until(() => /^starting axfr-getd$/m.test(getd.log()), 'start');
  figures.add('start: configuration read', seconds(performance.now() - again), '');
  await until(() => /^publish 0$/m.test(getd.log()), 'copies read');
  figures.add('start: copies read', seconds(performance.now() - again), '');
  await until(() => /^published /m.test(getd.log()), 'state served');
  figures.add('start: its state is served', seconds(performance.now() - again), '5 s');
  await until(() => count(getd.log(), /^same /gm) === ZONES, 'all confirmed');
  figures.add('start: all confirmed, 100 questions a second', seconds(performance.now() - again), '');
  figures.add('memory', memoryOf(getd), '150 MB');
  await sleep(3000);
  const before = cpuSeconds(getd.process.pid!);
  await sleep(30_000);
  const share = (cpuSeconds(getd.process.pid!) - before) / 30;
  figures.add('CPU at rest, REFRESH 3600', `${(100 * share).toFixed(2)} % of a core`, '1 %');

  primary.write(zonesData(ZONES, CHANGED));
  await change(names(0, CHANGED), getd, `${CHANGED} changed`, ['10 s', '5', '100 ms']);
  figures.add('memory afterwards', memoryOf(getd), '150 MB');
  reader.close();
  for (const server of [getd, tinydns, axfrdns]) await server.stop();
}

/** Takes packets for 10.66.0.0/24 from the system, keeps them, and says `UDP` or `TCP` for each. */
const BLACK_HOLE = `
import fcntl, os, struct
tun = os.open('/dev/net/tun', os.O_RDWR)
fcntl.ioctl(tun, 0x400454ca, struct.pack('16sH', b'hole0', 0x1001))
os.system('ip addr add 10.66.0.1/24 dev hole0 && ip link set hole0 up')
while True:
    packet = os.read(tun, 65536)
    if packet[0] >> 4 == 4: print({6: 'TCP', 17: 'UDP'}.get(packet[9], 'other'), flush=True)`;

class BlackHole {
  /** Packets that fell in. */
  packets = 0;
  private readonly child: ChildProcess = spawn('python3', ['-c', BLACK_HOLE], { stdio: ['ignore', 'pipe', 'inherit'] });

  constructor() {
    this.child.stdout?.on('data', (chunk: Buffer) => {
      this.packets += count(chunk.toString('latin1'), /\n/g);
    });
  }

  close(): void {
    this.child.kill();
  }
}

/** Half of the zones have a primary that is gone: the others' changes do not wait for that. */
async function dead(): Promise<void> {
  const half = ZONES / 2;
  const hole = new BlackHole();
  await sleep(500);
  const primary = new DataPrimary();
  primary.write(zonesData(ZONES, 0));
  const site = newGetdSite();
  configure(site, names(0, ZONES), PRIMARY);
  const tinydns = startTinydns(site, SERVER);
  const reader = await Asker.from(GETD);
  const from = startFirstPrimary(primary);
  const both = startGetd(site, GETD);
  await untilServed(reader, SERVER, names(0, ZONES), 1, PATIENCE);
  await both.stop();
  await from.stop('SIGTERM');
  const axfrdns = primary.start(PRIMARY);
  configure(site, names(half, ZONES), GONE);
  const getd = startGetd(site, GETD);
  for (let minute = 1; minute <= 3; minute++) {
    const before = hole.packets;
    await sleep(60_000);
    figures.add(`packets to the dead primary, minute ${minute} after the start`, String(hole.packets - before), '60');
  }
  const before = hole.packets;
  getd.process.kill('SIGALRM');
  await sleep(60_000);
  figures.add('packets to the dead primary, the minute after ALRM', String(hole.packets - before), '60');
  primary.write(zonesData(ZONES, CHANGED));
  const label = `${CHANGED} changed beside a dead primary`;
  await change(names(0, CHANGED), getd, label, ['as without', '5', '100 ms']);
  figures.add(`${label}: memory`, memoryOf(getd), '150 MB');
  const waiting = count(getd.log(), /^same zone/gm);
  figures.add('confirmations by the living primary since the start', String(waiting), '');
  reader.close();
  hole.close();
  for (const server of [getd, tinydns, axfrdns]) await server.stop();
}

const parts = process.argv.length > 2 ? process.argv.slice(2) : ['many', 'dead'];
if (parts.includes('many')) await many();
if (parts.includes('dead')) await dead();
figures.print(`axfr-getd with ${ZONES} zones`);
