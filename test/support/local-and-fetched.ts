// Local data and fetched zones in one data.cdb, all changing at once: tinydns-edit and make in a loop as an
// administrator types them, zones that change at a primary and are published, and somebody who looks at every data.cdb.
// What must hold: what was made stays, what was fetched stays, local serials are times of local edits.
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { unpack16 } from '../../src/base/bytes.ts';
import { CdbCursor } from '../../src/cdb/reader.ts';
import { serialOf } from '../../src/transfer/history.ts';
import { nameOf } from '../../src/wire/name.ts';
import * as TYPE from '../../src/wire/type.ts';
import { Asker, DataPrimary, newGetdSite, SITE_PORT, startGetd } from './getd-site.ts';
import { command, find, runBeside } from './programs.ts';

const LOCAL = 'local.test';
const FETCHED: readonly string[] = Array.from({ length: 20 }, (_, i) => `zone${i}.test`);
/** Octets before a record's data in data.cdb. */
const VALUE_HEAD = 15;

/** How often what happened. */
export interface Counts {
  readonly edits: number;
  /** Versions of data.cdb that were looked at. */
  readonly files: number;
  readonly publications: number;
  /** Fetched zones that had another serial than in the version before. */
  readonly changes: number;
}

/** Where a site is: addresses of the primary and of axfr-getd. */
export interface Addresses {
  readonly primary: string;
  readonly getd: string;
}

/** Lets it go on for so many seconds. Throws, with what is wrong, when something does not hold. */
export async function localAndFetched(seconds: number, { primary: ip, getd: getdIp }: Addresses): Promise<Counts> {
  const site = newGetdSite(`.${LOCAL}:192.0.2.1:a\n`);
  const { served } = site;
  writeFileSync(`${served}/Makefile`, `data.cdb: data\n\t${command('tinydns-data')}\n`);
  const primary = new DataPrimary();
  let serial = 1;
  primary.write(zonesData(serial));
  for (const zone of FETCHED) writeFileSync(`${site.root}/servers/${zone}`, `${ip}:${SITE_PORT}\n`);
  const axfrdns = primary.start(ip);
  await axfrdns.logged(/starting axfrdns/);
  const getd = startGetd(site, getdIp);
  const asker = await Asker.from(ip);
  const watcher = new Watcher(served);
  const patience = performance.now() + 30_000;
  while (!watcher.hasAll()) {
    if (performance.now() > patience) throw new Error(`not all zones were fetched:\n${getd.log()}`);
    await sleep(20);
  }
  const end = performance.now() + 1000 * seconds;
  const isOver = (): boolean => performance.now() >= end;
  const edit = async (): Promise<void> => {
    while (!isOver()) {
      const address = `10.${watcher.edits >> 16}.${(watcher.edits >> 8) & 255}.${watcher.edits & 255}`;
      await mustRun('tinydns-edit', ['data', 'data.new', 'add', 'host', hostName(watcher.edits), address], served);
      watcher.edited();
      await mustRun(find('make')!, ['-s'], served);
      watcher.edits++;
    }
  };
  const change = async (): Promise<void> => {
    for (; !isOver(); await sleep(500)) {
      writeFileSync(`${primary.directory}/data`, zonesData(++serial));
      await mustRun('tinydns-data', [], primary.directory);
      await Promise.all(FETCHED.map((zone) => asker.notify(getdIp, zone)));
    }
  };
  const watch = async (): Promise<void> => {
    for (; !isOver(); await sleep(2)) watcher.look();
  };
  try {
    await Promise.all([edit(), change(), watch()]);
    watcher.look();
  } finally {
    asker.close();
    await getd.stop();
    await axfrdns.stop();
  }
  if (/^publish failed/m.test(getd.log())) throw new Error(`a publication has failed:\n${getd.log()}`);
  const publications = getd.log().match(/^published /gm)?.length ?? 0;
  return { edits: watcher.edits, files: watcher.files, publications, changes: watcher.changes };
}

async function mustRun(program: string, args: readonly string[], cwd: string): Promise<void> {
  const { code, stdout, stderr } = await runBeside(program, args, { cwd });
  if (code !== 0) throw new Error(`${program} ${args.join(' ')}: exit code ${code}: ${stdout}${stderr}`);
}

function zonesData(serial: number): string {
  return FETCHED.map(
    (zone) =>
      `Z${zone}:a.ns.${zone}.:hostmaster.${zone}.:${serial}:3600:60:100000:300\n&${zone}:192.0.2.1:a.ns.${zone}.\n`,
  ).join('');
}

function hostName(number: number): string {
  return `host${number}.${LOCAL}`;
}

/** Looks at data.cdb whenever there is another. */
class Watcher {
  /** Edits whose make is done: their hosts must be there. */
  edits = 0;
  files = 0;
  changes = 0;
  private readonly served: string;
  private readonly serials = new Map<string, number>();
  /** The seconds in which `data` was changed. */
  private readonly editTimes = new Set<number>();
  private inode = 0;
  private isDone = false;

  constructor(served: string) {
    this.served = served;
    this.edited();
  }

  /** `data` has changed. */
  edited(): void {
    this.editTimes.add(Math.floor(statSync(`${this.served}/data`).mtimeMs / 1000));
  }

  /** All fetched zones are there for the first time. */
  hasAll(): boolean {
    const file = readIfThere(`${this.served}/data.cdb`);
    return file !== undefined && FETCHED.every((zone) => soaSerial(file, zone) !== undefined);
  }

  look(): void {
    const { edits } = this;
    const path = `${this.served}/data.cdb`;
    const { ino } = statSync(path);
    if (ino === this.inode && this.isDone) return;
    this.isDone = this.inode === ino; // once more: an edit may have been done since the number was taken
    this.inode = ino;
    const file = readFileSync(path);
    this.files++;
    for (let i = 0; i < edits; i++) {
      if (!hasName(file, hostName(i))) throw new Error(`${hostName(i)} is not in data.cdb after ${edits} edits`);
    }
    const local = soaSerial(file, LOCAL);
    if (local === undefined || local < (this.serials.get(LOCAL) ?? 0)) throw new Error(`${LOCAL} has serial ${local}`);
    this.edited(); // an edit that is not yet counted may be compiled
    if (!this.editTimes.has(local)) throw new Error(`${LOCAL} has serial ${local}, which is the time of no edit`);
    this.serials.set(LOCAL, local);
    for (const zone of FETCHED) {
      const serial = soaSerial(file, zone);
      const before = this.serials.get(zone) ?? 0;
      if (serial === undefined || serial < before) throw new Error(`${zone} has serial ${serial} after ${before}`);
      if (serial > before) this.changes++;
      this.serials.set(zone, serial);
    }
  }
}

function readIfThere(path: string): Uint8Array | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}

const cursor = new CdbCursor();

function hasName(file: Uint8Array, name: string): boolean {
  cursor.start(file, nameOf(name)!);
  return cursor.next();
}

function soaSerial(file: Uint8Array, zone: string): number | undefined {
  cursor.start(file, nameOf(zone)!);
  while (cursor.next()) {
    const { dataPos, dataLength } = cursor;
    if (unpack16(file, dataPos) === TYPE.SOA) return serialOf(file.slice(dataPos + VALUE_HEAD, dataPos + dataLength));
  }
  return undefined;
}
