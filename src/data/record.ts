// A record of tinydns's data.cdb, written and read. Counterpart: rr_start() and rr_finish() of tinydns-data.c, the head
// of tdlookup.c's find() and of axfrdns.c's build(). A value is: type (2 octets, network order); marker `=`, `>` (with
// location), `*` (wildcard), `+` (wildcard with location); location (2 octets, only after `>` and `+`); TTL (4); TAI64
// timestamp (8, zero: none); rdata, names uncompressed. The key is the owner, lowercased, a wildcard's without its `*`
// label.
import { LOWER, pack16, pack32, unpack16, unpack32 } from '../base/bytes.ts';
import { compareTai, type Tai } from '../base/tai.ts';
import { nameLength } from '../wire/name.ts';

/** Longest value that is read; a longer one is an error. */
export const VALUE_MAX = 32767;

export const MARK_NORMAL = 0x3d;
const MARK_NORMAL_LOCATED = 0x3e;
export const MARK_WILD = 0x2a;
const MARK_WILD_LOCATED = 0x2b;
const STAR = 42;

/** What stands before the rdata of a value. */
export interface RecordHead {
  type: number;
  isWild: boolean;
  /** Two octets as a number in network order; 0 for a record that all clients see. */
  location: number;
  /** Seconds. */
  ttl: number;
  /** TAI64, 8 octets: zero, or when the record begins to exist; with a TTL of 0, when it ends. */
  readonly timestamp: Uint8Array;
}

/** True for a name whose first label is `*`. */
export function isWildcard(owner: Uint8Array): boolean {
  return owner[0] === 1 && owner[1] === STAR;
}

/** Writes the key of records of `owner`, a name in wire form, at `key[0]` (255 octets of room); returns its length. */
export function putRecordKey(key: Uint8Array, owner: Uint8Array): number {
  const from = isWildcard(owner) ? 2 : 0;
  const length = nameLength(owner, from);
  for (let i = 0; i < length; i++) key[i] = LOWER[owner[from + i]!]!;
  return length;
}

/** Writes the beginning of a value at `value[0]`, at most 17 octets; returns the offset where the rdata belongs. */
export function putRecordHead(value: Uint8Array, head: RecordHead): number {
  const { isWild, location, timestamp } = head;
  let at = pack16(value, 0, head.type);
  if (location === 0) value[at++] = isWild ? MARK_WILD : MARK_NORMAL;
  else {
    value[at++] = isWild ? MARK_WILD_LOCATED : MARK_NORMAL_LOCATED;
    at = pack16(value, at, location);
  }
  at = pack32(value, at, head.ttl);
  for (let i = 0; i < 8; i++) value[at++] = timestamp[i]!;
  return at;
}

/** What a record is to a client: there, not there, or not a record at all. */
export const VISIBLE = 1;
export const HIDDEN = 0;
export const MALFORMED = -1;

const TTL_MIN = 2;
const TTL_MAX = 3600;

/** The fields of one value, read in place; reused for every record. */
export class RecordView {
  type = 0;
  isWild = false;
  /** The TTL to send, in seconds: as stored, or what is left until a time to die, from 2 to 3600. */
  ttl = 0;
  /** The rdata is `bytes[dataPos..dataEnd]` of the bytes last read. */
  dataPos = 0;
  dataEnd = 0;
  /** The record has a timestamp; also told of records that are hidden for it, not of those of other locations. */
  isTimed = false;
  /** The timestamp is a time to die (the TTL is stored as 0). */
  isDying = false;

  /**
   * Reads the value `bytes[at..at + length]` as a client at `location` (two octets as a number) sees it at `now`, and
   * tells `VISIBLE`, `HIDDEN` (another location, not yet born, dead) or `MALFORMED` (too long, or too short for its
   * fields). `wild` is true to see only wildcard records, false to see only others, undefined to see both.
   */
  read(bytes: Uint8Array, at: number, length: number, location: number, now: Tai, wild?: boolean): number {
    if (length > VALUE_MAX || length < 3) return MALFORMED;
    this.isTimed = false;
    const end = at + length;
    this.type = unpack16(bytes, at);
    const marker = bytes[at + 2]!;
    let pos = at + 3;
    if (marker === MARK_NORMAL_LOCATED || marker === MARK_WILD_LOCATED) {
      if (pos + 2 > end) return MALFORMED;
      if (unpack16(bytes, pos) !== location) return HIDDEN;
      pos += 2;
    }
    this.isWild = marker === MARK_WILD || marker === MARK_WILD_LOCATED;
    if (wild !== undefined && wild !== this.isWild) return HIDDEN;
    if (pos + 12 > end) return MALFORMED;
    this.ttl = unpack32(bytes, pos);
    this.dataPos = pos + 12;
    this.dataEnd = end;
    this.isDying = false;
    const hi = unpack32(bytes, pos + 4);
    const lo = unpack32(bytes, pos + 8);
    return hi === 0 && lo === 0 ? VISIBLE : this.atTime(hi, lo, now);
  }

  private atTime(hi: number, lo: number, now: Tai): number {
    this.isTimed = true;
    const age = compareTai(hi, lo, now.hi, now.lo);
    if (this.ttl !== 0) return age < 0 ? VISIBLE : HIDDEN; // time to be born
    this.isDying = true;
    if (age < 0) return HIDDEN;
    const left = hi === now.hi ? lo - now.lo : TTL_MAX;
    this.ttl = Math.min(TTL_MAX, Math.max(TTL_MIN, left));
    return VISIBLE;
  }
}
