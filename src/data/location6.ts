// Locations of IPv6 clients: the records of `%` lines with an IPv6 prefix, written and looked up. An entry's key is
// NUL, `/`, the prefix's length and its 16 octets, host bits zero; its value a location of two octets. The key NUL, `/`
// has the lengths in use, an octet each, in descending order. djbdns 1.05 looks none of these up.
import { type Address, scanIp6 } from '../base/address.ts';
import { bytesOf, EMPTY, pack16, unpack16 } from '../base/bytes.ts';
import { scanHex, wholeDecimal } from '../base/text.ts';
import type { CdbSink } from '../cdb/maker.ts';
import type { CdbSearch } from '../cdb/search.ts';
import { BadLine } from './bad-line.ts';
import type { Fields } from './fields.ts';

const START = [0, 0x2f] as const;
const LENGTHS_KEY = Uint8Array.from(START);
const PREFIX = 3;
const KEY_SIZE = PREFIX + 16;
const BITS = 128;

/** The entries of one file: `add` for each line, `end` after the last. */
export class Location6Maker {
  private readonly maker: CdbSink;
  private readonly lengths = new Set<number>();

  constructor(maker: CdbSink) {
    this.maker = maker;
  }

  /** Adds the line's entry if its prefix is `[ADDRESS]`, `[ADDRESS]/LENGTH` or `sHEX`; false if it is none of them. */
  add(line: Fields): boolean {
    const prefix = line.isBracketed(1) ? scanPrefix6(line.textOf(1)) : scanDigits(line.textOf(1));
    if (!prefix) return false;
    const key = new Uint8Array(KEY_SIZE);
    key.set(START);
    putKey(key, prefix.length, prefix.octets);
    const value = new Uint8Array(2);
    pack16(value, 0, line.location(0));
    this.maker.add(key, value);
    this.lengths.add(prefix.length);
    return true;
  }

  /** Adds the record of the lengths, if there is any entry. */
  end(): void {
    if (this.lengths.size === 0) return;
    this.maker.add(LENGTHS_KEY, Uint8Array.from([...this.lengths].sort((a, b) => b - a)));
  }
}

/** A prefix of IPv6 addresses. */
export interface Prefix6 {
  readonly octets: Uint8Array;
  readonly length: number;
}

/** The prefix `[ADDRESS]` or `[ADDRESS]/LENGTH`, host bits as they are. Throws `BadLine` for any other text. */
export function scanPrefix6(text: string): Prefix6 {
  const [, address = '', slash, bits = ''] = /^\[(.*?)\](\/(.*))?$/s.exec(text) ?? [];
  const octets = scanIp6(address);
  const length = slash === undefined ? BITS : wholeDecimal(bytesOf(bits));
  if (!octets || length < 0 || length > BITS) throw new BadLine('malformed IP address');
  return { octets, length };
}

/** `s` and 1 to 32 hexadecimal digits. */
function scanDigits(text: string): Prefix6 | undefined {
  const digits = /^s([0-9A-Fa-f]{1,32})$/.exec(text)?.[1];
  return digits === undefined ? undefined : { octets: scanHex(digits.padEnd(32, '0'))!, length: 4 * digits.length };
}

/** Writes length and address behind the start of a key, the bits behind the prefix as zero. */
function putKey(key: Uint8Array, length: number, ip: Uint8Array): void {
  key[PREFIX - 1] = length;
  putMasked(key, PREFIX, length, ip);
}

/** Writes the 16 octets of the address at `key[at]`, the bits behind the first `length` as zero. */
export function putMasked(key: Uint8Array, at: number, length: number, ip: Uint8Array): void {
  for (let i = 0; i < 16; i++) key[at + i] = ip[i]! & (0xff00 >> Math.min(8, Math.max(0, length - 8 * i)));
}

/** Looks the locations of IPv6 clients up. */
export class Locations6<File> {
  private readonly cursor: CdbSearch<File>;
  private readonly key = Uint8Array.from([...START, 0, ...new Uint8Array(16)]);
  private db: File | undefined;
  private lengths: Uint8Array = EMPTY;

  constructor(cursor: CdbSearch<File>) {
    this.cursor = cursor;
  }

  /**
   * The location of the client `ip` (16 octets) in the file `db` as a number: 0 where the value is not two octets long;
   * -1 when the file is corrupt where it was read; undefined when no prefix of the address is in the file.
   */
  find(db: File, ip: Address): number | undefined {
    const { cursor, key } = this;
    if (db !== this.db) {
      cursor.start(db, LENGTHS_KEY);
      const hasAny = cursor.next();
      if (cursor.failed) return -1;
      this.lengths = hasAny ? cursor.bytes.slice(cursor.dataPos, cursor.dataPos + cursor.dataLength) : EMPTY;
      this.db = db;
    }
    for (const length of this.lengths) {
      putKey(key, length, ip);
      cursor.start(db, key);
      if (cursor.next()) return cursor.dataLength === 2 ? unpack16(cursor.bytes, cursor.dataPos) : 0;
      if (cursor.failed) return -1;
    }
    return undefined;
  }
}
