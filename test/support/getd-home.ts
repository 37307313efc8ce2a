// A directory with all that axfr-getd and tinydns-data need, and what must always hold there: every copy is whole and
// of one version, and so is every zone that data.cdb answers for.
import assert from 'node:assert/strict';
import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { decode } from 'dns-packet';
import { answering } from '../../src/api/tinydns.ts';
import { bytesOf } from '../../src/base/bytes.ts';
import { CopyPatch } from '../../src/data/copy-patch.ts';
import { PublishedZones } from '../../src/data/published.ts';
import { ZoneChanges } from '../../src/data/zone-changes.ts';
import { scanCopyHead } from '../../src/data/zone-copy.ts';
import * as TYPE from '../../src/wire/type.ts';
import { getdEnvironment, layOutRoot, NOTIFY_PORT } from './getd-site.ts';
import { command, type Running, start, temporaryDirectory } from './programs.ts';
import { queryPacket } from './udp.ts';
import { addressIn, CHANGING, STAYING, type VersionedPrimary } from './versioned-primary.ts';

/** Milliseconds that anything may take on a busy machine. */
const PATIENCE = 60_000;

/** Waits until `isSo`; fails with `what` and the log. */
export async function eventually(what: string, isSo: () => boolean, log: () => string): Promise<void> {
  for (const end = Date.now() + PATIENCE; Date.now() < end; await sleep(25)) if (isSo()) return;
  assert.fail(`waited in vain for ${what}:\n${log()}`);
}

export function hasEnded({ process: { exitCode, signalCode } }: Running): boolean {
  return exitCode !== null || signalCode !== null;
}

/** The last line of a zone's copy is right. */
export function isWhole(copy: string, zone: string): boolean {
  const patch = new CopyPatch(zone, new PublishedZones(), new ZoneChanges());
  patch.push(bytesOf(copy));
  patch.end();
  return patch.problem === undefined;
}

export type CopyPlace = 'zones' | 'held';

export class GetdHome {
  readonly folder: string;
  readonly root: string;
  /** Where `data` and data.cdb are. */
  readonly dns: string;
  /** Where NOTIFY is taken, port 5353. */
  readonly ip: string;
  readonly primary: VersionedPrimary;

  /** Made anew, or a copy of `from`, another one's folder; `root` may be elsewhere. All zones are configured. */
  constructor(ip: string, primary: VersionedPrimary, { from, root }: { from?: string; root?: string } = {}) {
    this.folder = temporaryDirectory();
    this.root = root ?? `${this.folder}/root`;
    this.dns = `${this.folder}/dns`;
    this.ip = ip;
    this.primary = primary;
    if (from !== undefined) cpSync(from, this.folder, { recursive: true, preserveTimestamps: true });
    layOutRoot(this.root);
    mkdirSync(this.dns, { recursive: true });
    for (const zone of primary.versions.keys()) this.configure(zone);
    writeFileSync(`${this.dns}/data`, `I${this.root}/zones\n`);
    this.publishBy(`exec ${command('tinydns-data')}`);
  }

  configure(zone: string): void {
    writeFileSync(`${this.root}/servers/${zone}`, `${this.primary.ip}:${this.primary.port}\n`);
  }

  /** What a publication does, in the directory of data.cdb. */
  publishBy(script: string): void {
    writeFileSync(`${this.folder}/publish`, `#!/bin/sh\ncd ${this.dns} || exit\n${script}\n`);
    chmodSync(`${this.folder}/publish`, 0o755);
  }

  /** Starts axfr-getd; `before` are words that its command line begins with. */
  start(before: readonly string[] = [], env: Record<string, string> = {}): Running {
    const [program, ...args] = [...before, process.execPath, command('axfr-getd'), `${this.folder}/publish`];
    return start(program!, args, { env: { ...getdEnvironment(this.root, this.ip), MINREFRESH: '1', ...env } });
  }

  /** Tells axfr-getd of what the primary has. */
  notify(zones: Iterable<string> = this.primary.versions.keys()): void {
    for (const zone of zones) this.primary.notify(zone, this.ip, NOTIFY_PORT);
  }

  /** The names in a directory below the root. */
  names(place: CopyPlace | 'tmp'): string[] {
    return readdirSync(`${this.root}/${place}`).sort();
  }

  copy(zone: string, place: CopyPlace = 'zones'): string | undefined {
    return readIfThere(`${this.root}/${place}/${zone}`)?.toString('latin1');
  }

  /** The version of a zone's copy, which must be whole; undefined where there is none. */
  copyVersion(zone: string, place: CopyPlace = 'zones'): number | undefined {
    const text = this.copy(zone, place);
    if (text === undefined) return undefined;
    const { serial } = scanCopyHead(text, zone) ?? {};
    assert.ok(serial !== undefined && isWhole(text, zone), `${place}/${zone} is not whole:\n${text}`);
    const count = (address: string) => text.split(`.${zone}:${address}:`).length - 1;
    assert.equal(count(addressIn(serial)), CHANGING, `${place}/${zone} is of several versions:\n${text}`);
    return serial;
  }

  /** All copies are whole. */
  checkCopies(): void {
    for (const place of ['zones', 'held'] as const) for (const zone of this.names(place)) this.copyVersion(zone, place);
  }

  /** The versions of zones as data.cdb answers them, each of which must be of one version. */
  served(zones: Iterable<string>): Map<string, number | undefined> {
    const db = readIfThere(`${this.dns}/data.cdb`);
    const answer = db && answering(db);
    const ask = (name: string, type: number) => {
      const octets = answer?.(queryPacket(name, type));
      return octets ? (decode(Buffer.from(octets)).answers ?? []) : [];
    };
    return new Map(
      [...zones].map((zone) => {
        const soa = ask(zone, TYPE.SOA)[0];
        const version = soa?.type === 'SOA' ? soa.data.serial : undefined;
        const last = [`h0.${zone}`, `h${CHANGING - 1}.${zone}`].map((name) => ask(name, TYPE.A).map(dataOf));
        if (version === undefined) return [zone, undefined];
        for (const found of last) assert.deepEqual(found, [addressIn(version)], `${zone} in data.cdb`);
        assert.equal(ask(`s${STAYING - 1}.${zone}`, TYPE.A).length, 1);
        return [zone, version];
      }),
    );
  }

  /** The addresses that data.cdb has for a name. */
  addresses(name: string): string[] {
    const db = readIfThere(`${this.dns}/data.cdb`);
    const octets = db && answering(db)(queryPacket(name, TYPE.A));
    return octets ? (decode(Buffer.from(octets)).answers ?? []).map(dataOf) : [];
  }

  /** True when data.cdb has all the zones in this version. */
  serves(zones: Iterable<string>, version: number): boolean {
    return [...this.served(zones).values()].every((each) => each === version);
  }
}

function dataOf(answer: { readonly type: string; readonly data?: unknown }): string {
  return String(answer.data);
}

function readIfThere(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}
