// Compiles a cdb file. Counterpart: cdb_make.c. Records go out as they are added; what is kept in memory per record is
// its hash and position, 8 octets. Output is byte for byte the original's: records in order of addition, then 256
// tables of two slots a record, filled by linear probing in that order, then the header at offset 0.
import { pack32le } from '../base/bytes.ts';
import { cdbHash } from './hash.ts';
import { CDB_HEADER_SIZE } from './reader.ts';

const TABLES = 256;
const SIZE_LIMIT = 0xffffffff;
/** Slots that the original can allocate: its table sizes are computed in 32 bits. */
const SLOTS_LIMIT = 536870911;

/** The file would pass 4 GB, which the format cannot say. Programs report `out of memory`, as the original does. */
export class CdbTooLarge extends Error {
  readonly code = 'ENOMEM';
  constructor() {
    super('a cdb file holds at most 4 GB');
  }
}

/** Writes `bytes[0..length]` at file offset `position`; the maker uses the buffer again afterwards. */
export type WriteAt = (bytes: Uint8Array, length: number, position: number) => void;

/**
 * Takes records; the first `keyLength` octets of `key` and `dataLength` of `data` are looked at during the call only.
 */
export interface CdbSink {
  add(key: Uint8Array, data: Uint8Array, keyLength?: number, dataLength?: number): void;
}

export class CdbMaker implements CdbSink {
  private readonly write: WriteAt;
  private readonly buffer = new Uint8Array(1 << 18);
  private used = 0; // octets in `buffer`
  private written = CDB_HEADER_SIZE; // file offset of buffer[0]
  private hashes = new Uint32Array(1024);
  private positions = new Uint32Array(1024);
  /** Records added so far. */
  records = 0;

  constructor(write: WriteAt) {
    this.write = write;
  }

  /**
   * Adds a record: the first `keyLength` octets of `key`, the first `dataLength` of `data`, both copied. Throws
   * `CdbTooLarge`, and what the writer throws.
   */
  add(key: Uint8Array, data: Uint8Array, keyLength: number = key.length, dataLength: number = data.length): void {
    const position = this.written + this.used;
    this.checkSize(8 + keyLength + dataLength);
    if (this.records === this.hashes.length) this.grow();
    this.positions[this.records] = position;
    this.hashes[this.records++] = cdbHash(key, 0, keyLength);
    const { buffer } = this;
    if (this.used + 8 + keyLength + dataLength > buffer.length) this.flush();
    if (8 + keyLength + dataLength > buffer.length) return this.addLarge(key, data, keyLength, dataLength);
    let at = pack32le(buffer, pack32le(buffer, this.used, keyLength), dataLength);
    for (let i = 0; i < keyLength; i++) buffer[at++] = key[i]!;
    for (let i = 0; i < dataLength; i++) buffer[at++] = data[i]!;
    this.used = at;
  }

  /** Writes the tables and the header. The maker is of no use afterwards. */
  finish(): void {
    const counts = new Uint32Array(TABLES);
    for (let i = 0; i < this.records; i++) counts[this.hashes[i]! & 255]!++;
    const starts = new Uint32Array(TABLES);
    let largest = 1;
    for (let table = 0, sum = 0; table < TABLES; table++) {
      starts[table] = sum;
      sum += counts[table]!;
      largest = Math.max(largest, 2 * counts[table]!);
    }
    if (this.records + largest > SLOTS_LIMIT) throw new CdbTooLarge();
    const byTable = new Uint32Array(this.records); // record numbers grouped by table, in order of addition
    for (let i = 0; i < this.records; i++) byTable[starts[this.hashes[i]! & 255]!++] = i;

    const header = new Uint8Array(CDB_HEADER_SIZE);
    const slotHash = new Uint32Array(largest);
    const slotPosition = new Uint32Array(largest);
    for (let table = 0, next = 0; table < TABLES; table++) {
      const count = counts[table]!;
      const slots = 2 * count;
      pack32le(header, 8 * table, this.written + this.used);
      pack32le(header, 8 * table + 4, slots);
      slotHash.fill(0, 0, slots);
      slotPosition.fill(0, 0, slots);
      for (const end = next + count; next < end; next++) {
        const record = byTable[next]!;
        const hash = this.hashes[record]!;
        let slot = (hash >>> 8) % slots;
        while (slotPosition[slot] !== 0) if (++slot === slots) slot = 0;
        slotHash[slot] = hash;
        slotPosition[slot] = this.positions[record]!;
      }
      this.checkSize(8 * slots);
      for (let slot = 0; slot < slots; slot++) {
        this.number(slotHash[slot]!);
        this.number(slotPosition[slot]!);
      }
    }
    this.flush();
    this.write(header, header.length, 0);
  }

  private number(value: number): void {
    if (this.used + 4 > this.buffer.length) this.flush();
    this.used = pack32le(this.buffer, this.used, value);
  }

  private addLarge(key: Uint8Array, data: Uint8Array, keyLength: number, dataLength: number): void {
    this.number(keyLength);
    this.number(dataLength);
    this.put(key, keyLength);
    this.put(data, dataLength);
  }

  private put(bytes: Uint8Array, length: number): void {
    for (let at = 0; at < length; ) {
      if (this.used === this.buffer.length) this.flush();
      const stop = Math.min(length, at + this.buffer.length - this.used);
      while (at < stop) this.buffer[this.used++] = bytes[at++]!;
    }
  }

  private flush(): void {
    if (this.used > 0) this.write(this.buffer, this.used, this.written);
    this.written += this.used;
    this.used = 0;
  }

  private checkSize(more: number): void {
    if (this.written + this.used + more > SIZE_LIMIT) throw new CdbTooLarge();
  }

  private grow(): void {
    const hashes = new Uint32Array(2 * this.hashes.length);
    hashes.set(this.hashes);
    this.hashes = hashes;
    const positions = new Uint32Array(2 * this.positions.length);
    positions.set(this.positions);
    this.positions = positions;
  }
}
