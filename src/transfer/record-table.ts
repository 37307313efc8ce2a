// The records of one data.cdb as a table in which those of another are looked up. The octets of the file are the
// records: the table holds their places only.

import { equalAt } from '../base/bytes.ts';
import { CdbScan } from '../cdb/reader.ts';

/** The records of a data.cdb by a hash of all their octets; each is looked at again before it counts as found. */
export class RecordTable {
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
