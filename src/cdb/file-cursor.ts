// Looks keys up in a cdb file by reading it where the search goes, for files that should be neither mapped nor held.
// Counterpart: cdb.c where it has no mapping. A file that is cut off while it is searched is an end, not a crash, and a
// search costs a few reads however large the file is.
import { EMPTY, equal, unpack32le } from '../base/bytes.ts';
import { cdbHash } from './hash.ts';
import { CDB_HEADER_SIZE } from './reader.ts';
import type { CdbSearch, ReadAt } from './search.ts';

/** Like `CdbCursor`. Values longer than allowed are taken for those of a corrupt file. */
export class CdbFileCursor implements CdbSearch<ReadAt> {
  bytes: Uint8Array = EMPTY;
  readonly dataPos = 0;
  dataLength = 0;
  failed = false;
  private readonly dataMax: number;
  private readonly header = new Uint8Array(CDB_HEADER_SIZE);
  private readonly pair = new Uint8Array(8);
  private read: ReadAt | undefined; // whose header that is
  private key: Uint8Array = EMPTY;
  private hash = 0;
  private tablePos = 0;
  private slots = 0;
  private slot = 0;
  private left = 0; // slots not yet probed

  constructor(dataMax: number) {
    this.dataMax = dataMax;
  }

  /** Begins a search. Of one file the header is read once. Throws what `read` throws, as `next` does. */
  start(read: ReadAt, key: Uint8Array, from = 0, to: number = key.length): void {
    this.left = 0;
    this.failed = false;
    if (read !== this.read) {
      this.read = undefined;
      if (!readAll(read, this.header, 0)) return void this.fail();
      this.read = read;
    }
    this.key = key.subarray(from, to);
    this.hash = cdbHash(key, from, to);
    const entry = (this.hash & 255) * 8;
    this.tablePos = unpack32le(this.header, entry);
    this.slots = unpack32le(this.header, entry + 4);
    if (this.slots === 0) return;
    this.left = this.slots;
    this.slot = (this.hash >>> 8) % this.slots;
  }

  next(): boolean {
    const { pair, key, read } = this;
    while (this.left > 0 && read) {
      if (!readAll(read, pair, this.tablePos + this.slot * 8)) return this.fail();
      const recordPos = unpack32le(pair, 4);
      if (recordPos === 0) {
        this.left = 0;
        return false;
      }
      this.left--;
      if (++this.slot === this.slots) this.slot = 0;
      if (unpack32le(pair, 0) !== this.hash) continue;
      if (!readAll(read, pair, recordPos)) return this.fail();
      if (unpack32le(pair, 0) !== key.length) continue;
      const length = unpack32le(pair, 4);
      const found = new Uint8Array(key.length);
      if (!readAll(read, found, recordPos + 8)) return this.fail();
      if (!equal(found, key)) continue;
      if (length > this.dataMax) return this.fail();
      this.bytes = new Uint8Array(length);
      this.dataLength = length;
      return readAll(read, this.bytes, recordPos + 8 + key.length) || this.fail();
    }
    return false;
  }

  private fail(): false {
    this.failed = true;
    this.left = 0;
    return false;
  }
}

/** Fills `into` from `position` on; false when the file ends before. */
function readAll(read: ReadAt, into: Uint8Array, position: number): boolean {
  for (let at = 0, got = 0; at < into.length; at += got) {
    got = read(into, at, into.length - at, position + at);
    if (got === 0) return false;
  }
  return true;
}
