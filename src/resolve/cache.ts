// The cache: one buffer, made once, never grown. Counterpart: cache.c.
//
//     0         heads         writer     oldest         unused     size
//     | chains  | newer entries | free   | older entries | tail     |
//
// Invariant: heads <= writer <= oldest <= unused <= size. New entries go to `writer`; where they would run into the
// oldest one, that one is forgotten; at the end of the buffer writing starts again at `heads`. The first `heads` octets
// are a table of chains, 4 octets each, holding the place of the newest entry of the chain. The link of an entry is the
// exclusive or of its two neighbours' places (the newer one of the newest entry is the chain's own place), so the
// oldest entry, which has no older neighbour, can be unlinked in one step.
//
// An entry is 20 octets, the key (type and lowercased name) and the data:
//
//     link 4 | data length 4 | key length 2 | kind 1 | depth 1 | expiry 8 (seconds, float64) | key | data
//
// Entries of different `kind` never answer for each other: that is how what refers never becomes an answer.
import { LOWER } from '../base/bytes.ts';
import { NameHash } from '../base/keyed-hash.ts';
import { NAME_MAX, nameLength } from '../wire/name.ts';
import * as TYPE from '../wire/type.ts';

/** What came in the answer section for the question asked: may answer clients. */
export const KIND_ANSWER = 0;
/** What came as authority or additional data: only leads to servers (RFC 2181 section 5.4.1). */
export const KIND_REFERRAL = 1;

/** Longest time an answer is kept, in seconds: a week. */
export const TTL_MAX = 604800;
const ENTRY_HEAD = 20;
const DATA_MAX = 1000000;
const SIZE_MIN = 100;
const SIZE_MAX = 1000000000;
/** Links followed in one lookup before it gives up. */
const CHAIN_MAX = 100;

/** What is put into the cache. */
export interface Entry {
  readonly kind: number;
  readonly type: number;
  /** The data are its first `length` octets. */
  readonly data: Uint8Array;
  readonly length: number;
  /** Seconds, at most `TTL_MAX` are kept. */
  readonly ttl: number;
  /** The caller's, 0 to 255. */
  readonly depth?: number;
}

/** The cache. Times are seconds of a clock that only goes forward. */
export class Cache {
  /** The buffer; what `find` found stands at `bytes[dataAt..dataAt + dataLength]` until the next `put`. */
  readonly bytes: Uint8Array;
  dataAt = 0;
  dataLength = 0;
  /** Seconds left of what was found, 0 to `TTL_MAX`. */
  ttl = 0;
  /** When it expires. */
  expiry = 0;
  /** The number that was put with it. */
  depth = 0;
  /** A DNAME record was put at some time: else nobody needs to look for one above a name. */
  hasHadDname = false;
  /** Octets of all entries ever put, for the `stats` line. */
  motion = 0;

  private readonly view: DataView;
  private readonly size: number;
  private readonly heads: number;
  private writer: number;
  private oldest: number;
  private unused: number;

  private readonly key = new Uint8Array(NAME_MAX);
  private keyLength = 0;
  private readonly hash = new NameHash(); // of `key`

  /** `size` in octets, taken as the next number from 100 to 1000000000. Throws RangeError when memory is short. */
  constructor(size: number) {
    this.size = Math.min(Math.max(size, SIZE_MIN), SIZE_MAX);
    const buffer = new ArrayBuffer(this.size);
    this.bytes = new Uint8Array(buffer);
    this.view = new DataView(buffer);
    let heads = 4;
    while (heads <= Math.floor(this.size / 32)) heads *= 2;
    this.heads = heads;
    this.writer = heads;
    this.oldest = this.size;
    this.unused = this.size;
  }

  /** Chooses the name that the following calls of `find` and `put` are about; copied, lowercased. */
  select(name: Uint8Array, at = 0): void {
    const length = nameLength(name, at);
    for (let i = 0; i < length; i++) this.key[i] = LOWER[name[at + i]!]!;
    this.keyLength = length;
    this.hash.take(name, at, length);
  }

  /** Looks for the newest entry of the selected name. True when it is there and has not expired. */
  find(kind: number, type: number, now: number): boolean {
    const { view } = this;
    let newer = this.chain(kind, type);
    let place = view.getInt32(newer, true);
    for (let links = 0; place !== 0 && links <= CHAIN_MAX; links++) {
      if (this.isAt(place, kind, type)) return this.found(place, now);
      const older = view.getInt32(place, true) ^ newer;
      newer = place;
      place = older;
    }
    return false;
  }

  /**
   * Stores a copy of the entry's data for the selected name. With a `ttl` of 0 or less nothing. An older entry of the
   * same key stays, but is not found any more.
   */
  put({ kind, type, data, length, ttl, depth = 0 }: Entry, now: number): void {
    if (ttl <= 0 || length > DATA_MAX) return;
    const octets = ENTRY_HEAD + 2 + this.keyLength + length;
    if (!this.makeRoom(octets)) return;
    const { bytes, view, writer } = this;
    const head = this.chain(kind, type);
    const next = view.getInt32(head, true);
    if (next !== 0) view.setInt32(next, view.getInt32(next, true) ^ head ^ writer, true);
    view.setInt32(head, writer, true);
    view.setInt32(writer, next ^ head, true);
    view.setInt32(writer + 4, length, true);
    view.setUint16(writer + 8, this.keyLength + 2, true);
    bytes[writer + 10] = kind;
    bytes[writer + 11] = depth;
    view.setFloat64(writer + 12, now + Math.min(ttl, TTL_MAX), true);
    let at = writer + ENTRY_HEAD;
    bytes[at++] = type >> 8;
    bytes[at++] = type;
    for (let i = 0; i < this.keyLength; i++) bytes[at++] = this.key[i]!;
    for (let i = 0; i < length; i++) bytes[at++] = data[i]!;
    this.writer = at;
    this.motion += octets;
    if (type === TYPE.DNAME) this.hasHadDname = true;
  }

  private chain(kind: number, type: number): number {
    return (4 * this.hash.mixed((kind << 16) | type)) & (this.heads - 4);
  }

  private isAt(place: number, kind: number, type: number): boolean {
    const { bytes, key, keyLength } = this;
    if (this.view.getUint16(place + 8, true) !== keyLength + 2 || bytes[place + 10] !== kind) return false;
    let at = place + ENTRY_HEAD;
    if (bytes[at++] !== type >> 8 || bytes[at++] !== (type & 255)) return false;
    for (let i = 0; i < keyLength; i++) if (bytes[at++] !== key[i]) return false;
    return true;
  }

  private found(place: number, now: number): boolean {
    const expiry = this.view.getFloat64(place + 12, true);
    if (expiry < now) return false;
    this.expiry = expiry;
    this.ttl = Math.min(expiry - now, TTL_MAX);
    this.depth = this.bytes[place + 11]!;
    this.dataLength = this.view.getInt32(place + 4, true);
    this.dataAt = place + ENTRY_HEAD + this.view.getUint16(place + 8, true);
    return true;
  }

  /** Forgets the oldest entries until `length` octets are free at `writer`; false when they never will be. */
  private makeRoom(length: number): boolean {
    while (this.writer + length > this.oldest) {
      if (this.oldest === this.unused) {
        if (this.writer <= this.heads) return false;
        this.unused = this.writer;
        this.oldest = this.heads;
        this.writer = this.heads;
      }
      this.forgetOldest();
    }
    return true;
  }

  private forgetOldest(): void {
    const { view, oldest } = this;
    const newer = view.getInt32(oldest, true);
    view.setInt32(newer, view.getInt32(newer, true) ^ oldest, true);
    this.oldest = oldest + ENTRY_HEAD + view.getUint16(oldest + 8, true) + view.getInt32(oldest + 4, true);
    if (this.oldest === this.unused) {
      this.unused = this.size;
      this.oldest = this.size;
    }
  }
}
