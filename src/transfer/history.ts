// How zones have changed, for transfers of changes alone (IXFR, RFC 1995). ixfr.cdb is a cdb: the key is a zone in wire
// form, lowercased, and the serial that a step comes from (4 octets); the value is the serial that it leads to (4),
// then records in wire form and uncompressed, as they are sent: the old SOA, what goes, the new SOA, what comes. What
// is written is read in this file. No files are opened here.

import { concat, equalAt, pack16, pack32, textOf, unpack16, unpack32 } from '../base/bytes.ts';
import { CdbCursor, CdbScan } from '../cdb/reader.ts';
import { MARK_NORMAL, MARK_WILD } from '../data/record.ts';
import { CLASS_IN } from '../wire/constants.ts';
import { checkedNameLength, nameLength } from '../wire/name.ts';
import { rdataLength } from '../wire/rdata.ts';
import * as TYPE from '../wire/type.ts';
import { isNewer } from './serial.ts';

/** Steps that are kept of a zone at most. */
const STEPS_MAX = 100;
/** Octets in a value of data.cdb before the record's data: type, marker, TTL, time stamp. */
const VALUE_HEAD = 15;

/** One step of a zone's history. */
export interface Step {
  readonly from: number;
  readonly to: number;
  /** The records, from the old SOA to the last that comes. */
  readonly records: Uint8Array;
}

/** The octets of a step's record in ixfr.cdb: its key and its value. */
export function packStep(zone: Uint8Array, { from, to, records }: Step): { key: Uint8Array; value: Uint8Array } {
  return { key: concat([zone, packed32(from)]), value: concat([packed32(to), records]) };
}

function packed32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  pack32(bytes, 0, value);
  return bytes;
}

/**
 * The steps that lead from `serial` to the SOA whose data are `soaData`, the oldest first; undefined when there is no
 * such chain, or the file is corrupt there. The steps are copies.
 */
export function findChain(
  file: Uint8Array,
  zone: Uint8Array,
  serial: number,
  soaData: Uint8Array,
): readonly Uint8Array[] | undefined {
  const chain: Uint8Array[] = [];
  const target = serialOf(soaData);
  const cursor = new CdbCursor();
  for (let at = serial; at !== target; ) {
    cursor.start(file, concat([zone, packed32(at)]));
    if (chain.length >= STEPS_MAX || !cursor.next() || cursor.dataLength < 4) return undefined;
    const { dataPos, dataLength } = cursor;
    at = unpack32(file, dataPos);
    chain.push(file.slice(dataPos + 4, dataPos + dataLength));
  }
  const last = chain.at(-1);
  return last && leadsTo(last, soaData) ? chain : undefined;
}

/** True when the second SOA of a step has these data. */
function leadsTo(records: Uint8Array, soaData: Uint8Array): boolean {
  const walk = new StepRecords(records);
  walk.next();
  while (walk.next()) {
    if (walk.type !== TYPE.SOA) continue;
    const length = walk.dataEnd - walk.dataPos;
    return length === soaData.length && equalAt(records, walk.dataPos, soaData, 0, length);
  }
  return false;
}

/** The serial in the data of an SOA, names whole. */
export function serialOf(soaData: Uint8Array): number {
  const mname = nameLength(soaData, 0);
  return unpack32(soaData, mname + nameLength(soaData, mname));
}

/** Walks over the records of a step. */
export class StepRecords {
  readonly bytes: Uint8Array;
  /** The owner's name is at `bytes[ownerPos]`, the data are `bytes[dataPos..dataEnd]`. */
  ownerPos = 0;
  type = 0;
  ttl = 0;
  dataPos = 0;
  dataEnd = 0;
  failed = false;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** Goes to the next record; false at the end, or with `failed` set where the octets make no sense. */
  next(): boolean {
    const { bytes } = this;
    const at = this.dataEnd;
    if (at === bytes.length || this.failed) return false;
    const length = checkedNameLength(bytes, at, bytes.length);
    const head = at + length;
    this.failed = length === 0 || head + 10 > bytes.length || head + 10 + unpack16(bytes, head + 8) > bytes.length;
    if (this.failed) return false;
    this.ownerPos = at;
    this.type = unpack16(bytes, head);
    this.ttl = unpack32(bytes, head + 4);
    this.dataPos = head + 10;
    this.dataEnd = this.dataPos + unpack16(bytes, head + 8);
    return true;
  }
}

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
    const isSame = was && !difference && equalSoa(was, zone);
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

function equalSoa(a: FoundZone, b: FoundZone): boolean {
  return a.soa.length === b.soa.length && equalAt(a.soa, 0, b.soa, 0, a.soa.length);
}

/** The steps that lead to `serial`, the oldest first. */
function chainTo(steps: readonly Step[] | undefined, serial: number): Step[] {
  const chain: Step[] = [];
  for (let at = serial; chain.length < STEPS_MAX; ) {
    const step = steps?.find(({ to }) => to === at);
    if (!step) break;
    chain.unshift(step);
    at = step.from;
  }
  return chain;
}

/** As many of the newest steps as are together smaller than the zone. */
function newest(chain: readonly Step[], size: number): readonly Step[] {
  let first = chain.length;
  for (let sum = 0; first > 0 && chain.length - first < STEPS_MAX; first--) {
    sum += chain[first - 1]!.records.length;
    if (sum >= size) break;
  }
  return chain.slice(first);
}

/** The steps in an ixfr.cdb by zone; none of a file that is corrupt. */
function readHistory(file: Uint8Array | undefined): ReadonlyMap<string, readonly Step[]> {
  const steps = new Map<string, Step[]>();
  if (!file) return steps;
  const scan = new CdbScan(file);
  while (scan.next()) {
    const { bytes, keyPos, keyLength, dataPos, dataLength } = scan;
    if (keyLength < 5 || dataLength < 4) continue;
    const zone = textOf(bytes, keyPos, keyPos + keyLength - 4);
    const from = unpack32(bytes, keyPos + keyLength - 4);
    const step = { from, to: unpack32(bytes, dataPos), records: bytes.slice(dataPos + 4, dataPos + dataLength) };
    const known = steps.get(zone);
    if (known) known.push(step);
    else steps.set(zone, [step]);
  }
  return scan.failed ? new Map() : steps;
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

/** The records of a data.cdb by a hash of all their octets; each is looked at again before it counts as found. */
class RecordTable {
  readonly failed: boolean;
  readonly octets: Uint8Array;
  private slots: Uint32Array;
  private readonly keyPositions: number[] = [];
  private readonly lengths: number[] = [];
  private readonly found: boolean[] = [];

  constructor(bytes: Uint8Array) {
    this.octets = bytes;
    const scan = new CdbScan(bytes);
    this.slots = new Uint32Array(1 << 16);
    while (scan.next()) {
      if (this.find(bytes, scan.keyPos, scan.keyLength, scan.dataLength, false)) continue;
      this.add(scan.keyPos, scan.keyLength, scan.dataLength);
    }
    this.failed = scan.failed;
  }

  /** Whether a record is there; marks it as found if `marks`. */
  find(bytes: Uint8Array, keyPos: number, keyLength: number, dataLength: number, marks: boolean): boolean {
    const length = keyLength + dataLength;
    const mask = this.slots.length - 1;
    for (let slot = hashOf(bytes, keyPos, length) & mask; ; slot = (slot + 1) & mask) {
      const entry = this.slots[slot]! - 1;
      if (entry < 0) return false;
      if (this.lengths[entry] !== keyLength * 0x10000 + dataLength) continue;
      if (!equalAt(this.octets, this.keyPositions[entry]!, bytes, keyPos, length)) continue;
      if (marks) this.found[entry] = true;
      return true;
    }
  }

  /** The records that were never found. */
  *rest(): Generator<{ keyPos: number; keyLength: number; dataPos: number; dataLength: number }> {
    for (const [entry, keyPos] of this.keyPositions.entries()) {
      if (this.found[entry]) continue;
      const keyLength = Math.floor(this.lengths[entry]! / 0x10000);
      yield { keyPos, keyLength, dataPos: keyPos + keyLength, dataLength: this.lengths[entry]! % 0x10000 };
    }
  }

  private add(keyPos: number, keyLength: number, dataLength: number): void {
    this.keyPositions.push(keyPos);
    this.lengths.push(keyLength * 0x10000 + dataLength);
    this.found.push(false);
    if (2 * this.keyPositions.length > this.slots.length) this.grow();
    else this.enter(this.keyPositions.length - 1);
  }

  private enter(entry: number): void {
    const mask = this.slots.length - 1;
    const length = Math.floor(this.lengths[entry]! / 0x10000) + (this.lengths[entry]! % 0x10000);
    let slot = hashOf(this.octets, this.keyPositions[entry]!, length) & mask;
    while (this.slots[slot] !== 0) slot = (slot + 1) & mask;
    this.slots[slot] = entry + 1;
  }

  private grow(): void {
    this.slots = new Uint32Array(4 * this.slots.length);
    for (let entry = 0; entry < this.keyPositions.length; entry++) this.enter(entry);
  }
}

/** FNV-1a, and its high bits mixed into the low ones that choose the slot. */
function hashOf(bytes: Uint8Array, from: number, length: number): number {
  let hash = 0x811c9dc5;
  for (let i = from; i < from + length; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
  return (hash ^ (hash >>> 15)) >>> 0;
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
