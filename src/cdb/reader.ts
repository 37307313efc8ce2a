// Looks keys up in the bytes of a cdb file. Counterpart: cdb.c. Layout: 256 entries of (table position, slots), each
// 32-bit little-endian; records (key length, data length, key, data); 256 hash tables of (hash, record position).
// The search state belongs to the caller's cursor, so any number of searches may run over one file.
import { EMPTY, equalView, unpack32le, viewOf } from '../base/bytes.ts';
import { cdbHash } from './hash.ts';
import type { CdbSearch } from './search.ts';

/** Size of the header, and position of the first record. */
export const CDB_HEADER_SIZE = 2048;

/**
 * One search: `start` it with a key, then every `next()` that returns true leaves a value in
 * `bytes[dataPos..dataPos + dataLength]`, in the order in which the records were added. A corrupt file sets `failed`
 * (and ends the search) instead of throwing: a read outside the file is an error, not an absent key.
 */
export class CdbCursor implements CdbSearch<Uint8Array> {
  bytes: Uint8Array = EMPTY;
  // Views, for one load and one bounds check where four octets would take four (0.4 us of a 5 us query).
  private view: DataView = viewOf(EMPTY);
  dataPos = 0;
  dataLength = 0;
  failed = false;
  private key: Uint8Array = EMPTY;
  private keyView: DataView = this.view;
  private keyFrom = 0;
  private keyTo = 0;
  private hash = 0;
  private tablePos = 0;
  private slots = 0;
  private slot = 0;
  private left = 0; // slots not yet probed

  /**
   * Begins a search for `key[from..to]` in the file `bytes`; both are borrowed until the search is over. `hash` is the
   * key's, for callers that know it.
   */
  start(bytes: Uint8Array, key: Uint8Array, from = 0, to: number = key.length, hash = cdbHash(key, from, to)): void {
    if (bytes !== this.bytes) {
      this.bytes = bytes;
      this.view = viewOf(bytes);
    }
    if (key !== this.key) {
      this.key = key;
      this.keyView = viewOf(key);
    }
    this.keyFrom = from;
    this.keyTo = to;
    this.left = 0;
    this.failed = bytes.length < CDB_HEADER_SIZE;
    if (this.failed) return;
    this.hash = hash;
    const entry = (this.hash & 255) * 8;
    this.tablePos = this.view.getUint32(entry, true);
    this.slots = this.view.getUint32(entry + 4, true);
    if (this.slots === 0) return;
    this.left = this.slots;
    this.slot = (this.hash >>> 8) % this.slots;
  }

  /** Advances to the next value; false at the end of the search or on a corrupt file (then `failed` is set). */
  next(): boolean {
    const { bytes, hash, view } = this;
    while (this.left > 0) {
      const at = this.tablePos + this.slot * 8;
      if (at + 8 > bytes.length) return this.fail();
      const recordPos = view.getUint32(at + 4, true);
      if (recordPos === 0) {
        this.left = 0;
        return false;
      }
      this.left--;
      if (++this.slot === this.slots) this.slot = 0;
      if (view.getUint32(at, true) !== hash) continue;
      if (recordPos + 8 > bytes.length) return this.fail();
      const keyLength = this.keyTo - this.keyFrom;
      if (view.getUint32(recordPos, true) !== keyLength) continue;
      const dataLength = view.getUint32(recordPos + 4, true);
      const keyPos = recordPos + 8;
      if (keyPos + keyLength > bytes.length) return this.fail();
      if (!equalView(view, keyPos, this.keyView, this.keyFrom, keyLength)) continue;
      if (keyPos + keyLength + dataLength > bytes.length) return this.fail();
      this.dataPos = keyPos + keyLength;
      this.dataLength = dataLength;
      return true;
    }
    return false;
  }

  private fail(): false {
    this.failed = true;
    this.left = 0;
    return false;
  }
}

/**
 * Walks all records in file order: after `next()` returned true the key is `bytes[keyPos..keyPos + keyLength]` and
 * the value `bytes[dataPos..dataPos + dataLength]`. The record area ends where the header's first table begins.
 */
export class CdbScan {
  readonly bytes: Uint8Array;
  keyPos = 0;
  keyLength = 0;
  dataPos = 0;
  dataLength = 0;
  failed: boolean;
  private pos = CDB_HEADER_SIZE;
  private readonly end: number;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.failed = bytes.length < CDB_HEADER_SIZE;
    this.end = this.failed ? 0 : unpack32le(bytes, 0);
    if (this.end < CDB_HEADER_SIZE || this.end > bytes.length) this.failed = true;
  }

  /** Advances to the next record; false at the end, or with `failed` set when the file is corrupt here. */
  next(): boolean {
    if (this.failed || this.pos === this.end) return false;
    if (this.pos + 8 > this.end) return this.fail();
    this.keyLength = unpack32le(this.bytes, this.pos);
    this.dataLength = unpack32le(this.bytes, this.pos + 4);
    this.keyPos = this.pos + 8;
    this.dataPos = this.keyPos + this.keyLength;
    this.pos = this.dataPos + this.dataLength;
    return this.pos <= this.end || this.fail();
  }

  private fail(): false {
    this.failed = true;
    return false;
  }
}
