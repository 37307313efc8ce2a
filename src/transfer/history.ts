// How zones have changed, for transfers of changes alone (IXFR, RFC 1995). ixfr.cdb is a cdb: the key is a zone in wire
// form, lowercased, and the serial that a step comes from (4 octets); the value is the serial that it leads to (4),
// then records in wire form and uncompressed, as they are sent: the old SOA, what goes, the new SOA, what comes. What
// is written is read in this file. No files are opened here.

import { concat, equalAt, pack32, textOf, unpack16, unpack32 } from '../base/bytes.ts';
import { CdbCursor, CdbScan } from '../cdb/reader.ts';
import { checkedNameLength, nameLength } from '../wire/name.ts';
import * as TYPE from '../wire/type.ts';

/** Steps that are kept of a zone at most. */
const STEPS_MAX = 100;

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

/** The steps in an ixfr.cdb by zone; none of a file that is corrupt. */
export function readHistory(file: Uint8Array | undefined): ReadonlyMap<string, readonly Step[]> {
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

/** The steps that lead to `serial`, the oldest first. */
export function chainTo(steps: readonly Step[] | undefined, serial: number): Step[] {
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
export function newest(chain: readonly Step[], size: number): readonly Step[] {
  let first = chain.length;
  for (let sum = 0; first > 0 && chain.length - first < STEPS_MAX; first--) {
    sum += chain[first - 1]!.records.length;
    if (sum >= size) break;
  }
  return chain.slice(first);
}
