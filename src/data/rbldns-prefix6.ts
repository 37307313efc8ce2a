// Prefixes of IPv6 addresses in rbldns's data.cdb, written and looked up. A prefix is a key of 16 octets, host bits
// zero, and its length in bits, with an empty value. The key `/` has the lengths in use, an octet each, in descending
// order.
import { EMPTY } from '../base/bytes.ts';
import type { CdbMaker } from '../cdb/maker.ts';
import { CdbCursor } from '../cdb/reader.ts';
import { putMasked, scanPrefix6 } from './location6.ts';

const LENGTHS_KEY = Uint8Array.of(0x2f);
const KEY_SIZE = 17;
const LENGTH = 16;

/** The prefixes of one file: `add` for each line, `end` after the last. */
export class Prefix6Maker {
  private readonly maker: CdbMaker;
  private readonly lengths = new Set<number>();

  constructor(maker: CdbMaker) {
    this.maker = maker;
  }

  /** Adds the prefix `[ADDRESS]` or `[ADDRESS]/LENGTH`. Throws `BadLine` for any other text. */
  add(text: string): void {
    const { octets, length } = scanPrefix6(text);
    const key = new Uint8Array(KEY_SIZE);
    putMasked(key, 0, length, octets);
    key[LENGTH] = length;
    this.maker.add(key, EMPTY);
    this.lengths.add(length);
  }

  /** Adds the record of the lengths, if there is any prefix. */
  end(): void {
    if (this.lengths.size > 0) this.maker.add(LENGTHS_KEY, Uint8Array.from([...this.lengths].sort((a, b) => b - a)));
  }
}

/** Looks addresses up. */
export class Prefixes6 {
  private readonly cursor = new CdbCursor();
  private readonly key = new Uint8Array(KEY_SIZE);
  private db: Uint8Array | undefined = undefined;
  private lengths: Uint8Array = EMPTY;

  /** 1 when the file has prefixes of IPv6 addresses, 0 when it has none; -1 when it is corrupt where it was read. */
  use(db: Uint8Array): number {
    if (db !== this.db) {
      const { cursor } = this;
      cursor.start(db, LENGTHS_KEY);
      this.lengths = cursor.next() ? db.slice(cursor.dataPos, cursor.dataPos + cursor.dataLength) : EMPTY;
      if (cursor.failed) return -1;
      this.db = db;
    }
    return this.lengths.length > 0 ? 1 : 0;
  }

  /** 1 when a prefix of the address is in the file last used, 0 when none is; -1 when the file is corrupt. */
  find(ip: Uint8Array): number {
    const { cursor, key, db } = this;
    for (const length of this.lengths) {
      putMasked(key, 0, length, ip);
      key[LENGTH] = length;
      cursor.start(db!, key);
      if (cursor.next()) return 1;
      if (cursor.failed) return -1;
    }
    return 0;
  }
}
