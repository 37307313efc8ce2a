// The value of a record in tinydns's data.cdb. Counterpart: the head of tdlookup.c's find() and of axfrdns.c's
// build(). Layout: type (2 octets, network order); marker `=`, `>` (with location), `*` (wildcard), `+` (wildcard with
// location); location (2 octets, only after `>` and `+`); TTL (4); TAI64 timestamp (8, zero: none); rdata, names
// uncompressed. The key is the owner, lowercased, a wildcard's without its `*` label.
import { unpack16, unpack32 } from '../base/bytes.ts';
import { compareTai, type Tai } from '../base/tai.ts';

/** Longest value that is read; a longer one is an error. */
export const VALUE_MAX = 32767;

export const MARK_NORMAL = 0x3d;
export const MARK_NORMAL_LOCATED = 0x3e;
export const MARK_WILD = 0x2a;
export const MARK_WILD_LOCATED = 0x2b;

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
