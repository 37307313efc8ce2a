// What has changed between two versions of data.cdb, zone by zone: the steps that ixfr.cdb gets, and the news for
// secondaries. A zone with records that not everybody sees, or not always, has no steps. No files are opened here.

import { concat, equal, pack16, pack32, textOf, unpack16, unpack32 } from '../base/bytes.ts';
import { CdbScan } from '../cdb/reader.ts';
import { MARK_NORMAL, MARK_WILD } from '../data/record.ts';
import { CLASS_IN } from '../wire/constants.ts';
import { rdataLength } from '../wire/rdata.ts';
import * as TYPE from '../wire/type.ts';
import { chainTo, newest, readHistory, type Step, serialOf } from './history.ts';
import { RecordTable } from './record-table.ts';
import { isNewer } from './serial.ts';

/** Octets in a value of data.cdb before the record's data: type, marker, TTL, time stamp. */
const VALUE_HEAD = 15;

/** A zone of a data.cdb, by the octets of its name as Latin-1 text. */
interface FoundZone {
  readonly name: Uint8Array;
  readonly soa: Uint8Array;
  readonly soaData: Uint8Array;
  /** It has a record that not everybody sees, or not always. */
  isVarying: boolean;
  /** Octets of its records in wire form. */
  size: number;
}

/** What is different between two files about one zone. */
interface Difference {
  readonly removed: Uint8Array[];
  readonly added: Uint8Array[];
}

/** What a comparison says of a zone, besides its history. */
export interface ZoneNews {
  readonly zone: Uint8Array;
  readonly serial: number;
  /** `new`: new, or its serial is newer. `same serial`: it has changed, its serial has not, or has gone back. */
  readonly kind: 'new' | 'same serial';
}

/** The history after a comparison: steps by zone, and news for people. */
export interface Compared {
  readonly news: readonly ZoneNews[];
  readonly steps: readonly { readonly zone: Uint8Array; readonly step: Step }[];
}

/**
 * Compares two versions of data.cdb, of which `last` may be missing, and puts the steps between them behind the
 * `history` (an ixfr.cdb, or undefined). Undefined when one of the data files is corrupt; a corrupt history is none.
 */
export function compareData(
  current: Uint8Array,
  last: Uint8Array | undefined,
  history: Uint8Array | undefined,
): Compared | undefined {
  const old = last && new RecordTable(last);
  const differences = new Map<string, Difference>();
  const now = scanZones(current);
  const before = last ? scanZones(last) : new Map<string, FoundZone>();
  if (!now || !before || old?.failed) return undefined;
  if (old && !collect(current, old, now, before, differences)) return undefined;
  const kept = readHistory(history);
  const news: ZoneNews[] = [];
  const steps: { zone: Uint8Array; step: Step }[] = [];
  for (const [key, zone] of now) {
    const was = before.get(key);
    const serial = serialOf(zone.soaData);
    const oldSerial = was ? serialOf(was.soaData) : 0;
    const isNew = !was || isNewer(serial, oldSerial);
    const difference = differences.get(key);
    if (isNew) news.push({ zone: zone.name, serial, kind: 'new' });
    const isSame = was && !difference && equal(was.soa, zone.soa);
    if (!isNew && !isSame) news.push({ zone: zone.name, serial, kind: 'same serial' });
    if (!was || zone.isVarying || was.isVarying || !(isNew || isSame)) continue;
    const chain = chainTo(kept.get(key), oldSerial);
    if (isNew) {
      const { removed = [], added = [] } = difference ?? {};
      chain.push({ from: oldSerial, to: serial, records: concat([was.soa, ...removed, zone.soa, ...added]) });
    }
    for (const step of newest(chain, zone.size)) steps.push({ zone: zone.name, step });
  }
  return { news, steps };
}

/** Files what is different under the zones that it is sent with, and adds up their sizes. False: a file is corrupt. */
function collect(
  current: Uint8Array,
  old: RecordTable,
  now: ReadonlyMap<string, FoundZone>,
  before: ReadonlyMap<string, FoundZone>,
  differences: Map<string, Difference>,
): boolean {
  const zonesNow = new ZonesAbove(now);
  const zonesBefore = new ZonesAbove(before);
  const differenceOf = (zone: FoundZone): Difference => {
    const key = textOf(zone.name);
    let difference = differences.get(key);
    if (!difference) {
      difference = { removed: [], added: [] };
      differences.set(key, difference);
    }
    return difference;
  };
  const seen = new Set<string>();
  const scan = new CdbScan(current);
  while (scan.next()) {
    const { bytes, keyPos, keyLength, dataPos, dataLength } = scan;
    if (!isRecordKey(bytes, keyPos, keyLength)) continue;
    const zones = zonesNow.of(bytes, keyPos, keyLength);
    const varies = isVarying(bytes, dataPos, dataLength);
    for (const zone of zones) {
      zone.size += keyLength + 10 + dataLength - VALUE_HEAD;
      if (varies) zone.isVarying = true;
    }
    const isThere = old.find(bytes, keyPos, keyLength, dataLength, true);
    if (isThere || varies || unpack16(bytes, dataPos) === TYPE.SOA || zones.length === 0) continue;
    const record = wireRecord(bytes, keyPos, keyLength, dataPos, dataLength);
    if (!record) return false;
    const text = textOf(record);
    if (seen.has(text)) continue;
    seen.add(text);
    for (const zone of zones) differenceOf(zone).added.push(record);
  }
  for (const { keyPos, keyLength, dataPos, dataLength } of old.rest()) {
    const bytes = old.octets;
    if (!isRecordKey(bytes, keyPos, keyLength)) continue;
    const zones = zonesBefore.of(bytes, keyPos, keyLength);
    if (isVarying(bytes, dataPos, dataLength)) {
      for (const zone of zones) zone.isVarying = true;
      continue;
    }
    if (unpack16(bytes, dataPos) === TYPE.SOA) continue;
    const record = wireRecord(bytes, keyPos, keyLength, dataPos, dataLength);
    if (record) for (const zone of zones) differenceOf(zone).removed.push(record);
  }
  return !scan.failed;
}

/** True for the keys of records; the table of locations has others. */
function isRecordKey(bytes: Uint8Array, keyPos: number, keyLength: number): boolean {
  return keyLength === 1 || bytes[keyPos] !== 0;
}

/** The zones of a data.cdb: those that have an SOA that everybody sees; with their sizes. Undefined: corrupt. */
function scanZones(file: Uint8Array): Map<string, FoundZone> | undefined {
  const zones = new Map<string, FoundZone>();
  const scan = new CdbScan(file);
  while (scan.next()) {
    const { bytes, keyPos, keyLength, dataPos, dataLength } = scan;
    if (unpack16(bytes, dataPos) !== TYPE.SOA || !isRecordKey(bytes, keyPos, keyLength)) continue;
    const key = textOf(bytes, keyPos, keyPos + keyLength);
    if (zones.has(key) || isVarying(bytes, dataPos, dataLength)) continue;
    const soa = wireRecord(bytes, keyPos, keyLength, dataPos, dataLength);
    if (!soa) return undefined;
    const name = bytes.slice(keyPos, keyPos + keyLength);
    zones.set(key, { name, soa, soaData: soa.slice(keyLength + 10), isVarying: false, size: 0 });
  }
  return scan.failed ? undefined : zones;
}

/** True for a record that has a location or a time stamp. */
function isVarying(bytes: Uint8Array, at: number, length: number): boolean {
  const mark = bytes[at + 2];
  if (mark !== MARK_NORMAL && mark !== MARK_WILD) return true;
  return length < VALUE_HEAD || unpack32(bytes, at + 7) !== 0 || unpack32(bytes, at + 11) !== 0;
}

/** A record of data.cdb as it is sent; undefined when its data are malformed. */
function wireRecord(
  bytes: Uint8Array,
  keyPos: number,
  keyLength: number,
  dataPos: number,
  dataLength: number,
): Uint8Array | undefined {
  const from = dataPos + VALUE_HEAD;
  const type = unpack16(bytes, dataPos);
  const length = rdataLength(type, bytes, from, dataPos + dataLength);
  if (length < 0) return undefined;
  const isWild = bytes[dataPos + 2] === MARK_WILD;
  const out = new Uint8Array((isWild ? 2 : 0) + keyLength + 10 + length);
  let at = 0;
  if (isWild) {
    out.set([1, 42]);
    at = 2;
  }
  out.set(bytes.subarray(keyPos, keyPos + keyLength), at);
  at = pack16(out, at + keyLength, type);
  at = pack16(out, at, CLASS_IN);
  at = pack32(out, at, unpack32(bytes, dataPos + 3));
  out.set(bytes.subarray(from, from + length), pack16(out, at, length));
  return out;
}

/** The zones that an owner's record is sent with. The owners of one parent follow each other, so one is remembered. */
class ZonesAbove {
  private readonly zones: ReadonlyMap<string, FoundZone>;
  private readonly byParent = new Map<string, readonly FoundZone[]>();

  constructor(zones: ReadonlyMap<string, FoundZone>) {
    this.zones = zones;
  }

  of(bytes: Uint8Array, keyPos: number, keyLength: number): readonly FoundZone[] {
    const own = this.zones.get(textOf(bytes, keyPos, keyPos + keyLength));
    const above = keyLength === 1 ? [] : this.above(textOf(bytes, keyPos + bytes[keyPos]! + 1, keyPos + keyLength));
    return own ? [own, ...above] : above;
  }

  private above(parent: string): readonly FoundZone[] {
    let found = this.byParent.get(parent);
    if (found) return found;
    const all: FoundZone[] = [];
    for (let at = 0; at < parent.length; at += parent.charCodeAt(at) + 1) {
      const zone = this.zones.get(parent.slice(at));
      if (zone) all.push(zone);
    }
    found = all;
    this.byParent.set(parent, found);
    return found;
  }
}
