// Walks all records of a cdb file through a window of fixed size, for files that should be neither mapped nor held.
// Counterpart: the loop over the file in axfrdns.c. Memory does not depend on the size of the file, and a file that is
// cut off while it is read is an end, not a crash.
import { unpack32le } from '../base/bytes.ts';
import { CDB_HEADER_SIZE } from './reader.ts';
import type { ReadAt } from './search.ts';

const WINDOW = 1 << 16;

/**
 * The records in file order: after `next()` returned true the key is `bytes[keyPos..keyPos + keyLength]` and the value
 * `bytes[dataPos..dataPos + dataLength]`, good until the next call. Keys and values longer than allowed, and a file
 * that ends before its records do, set `failed`.
 */
export class CdbFileScan {
  readonly bytes: Uint8Array;
  keyPos = 0;
  keyLength = 0;
  dataPos = 0;
  dataLength = 0;
  failed = false;
  private readonly read: ReadAt;
  private readonly keyMax: number;
  private readonly dataMax: number;
  private end = -1; // where the records end in the file; -1 while the header has not been read
  private position = CDB_HEADER_SIZE; // the file position of the next record
  private start = 0; // the file position of bytes[0]
  private filled = 0;

  constructor(read: ReadAt, keyMax: number, dataMax: number) {
    this.read = read;
    this.keyMax = keyMax;
    this.dataMax = dataMax;
    this.bytes = new Uint8Array(Math.max(WINDOW, 8 + keyMax + dataMax));
  }

  /** Advances to the next record; false at the end, or with `failed` set when the file is corrupt here. */
  next(): boolean {
    if (this.failed) return false;
    if (this.end < 0 && !this.readHeader()) return this.fail();
    if (this.position >= this.end) return this.position > this.end && this.fail();
    const { bytes } = this;
    if (!this.ensure(8)) return this.fail();
    const at = this.position - this.start;
    this.keyLength = unpack32le(bytes, at);
    this.dataLength = unpack32le(bytes, at + 4);
    if (this.keyLength > this.keyMax || this.dataLength > this.dataMax) return this.fail();
    const length = 8 + this.keyLength + this.dataLength;
    if (!this.ensure(length)) return this.fail();
    this.keyPos = this.position - this.start + 8;
    this.dataPos = this.keyPos + this.keyLength;
    this.position += length;
    return true;
  }

  private readHeader(): boolean {
    if (!this.fill(CDB_HEADER_SIZE)) return false;
    this.end = unpack32le(this.bytes, 0);
    return true;
  }

  /** Has `length` octets from the next record on in the window; false when the record area or the file ends before. */
  private ensure(length: number): boolean {
    if (this.position + length > this.end) return false;
    const at = this.position - this.start;
    if (at + length <= this.filled) return true;
    this.bytes.copyWithin(0, at, this.filled);
    this.start = this.position;
    this.filled = Math.max(0, this.filled - at);
    return this.fill(length);
  }

  /** Reads on until at least `least` octets are in the window. */
  private fill(least: number): boolean {
    while (this.filled < least) {
      const got = this.read(this.bytes, this.filled, this.bytes.length - this.filled, this.start + this.filled);
      if (got === 0) return false;
      this.filled += got;
    }
    return true;
  }

  private fail(): false {
    this.failed = true;
    return false;
  }
}
