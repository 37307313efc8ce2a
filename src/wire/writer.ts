// Builds a DNS message in a buffer that the caller lends. Counterpart: response.c. Compression is djb's to the octet:
// a suffix is remembered when it is first written, if it is at most 128 octets long, fewer than 100 are remembered and
// its offset is below 16384 (the last bound is the correction for CVE-2009-0858). Nothing is allocated per message.
import { LOWER } from '../base/bytes.ts';
import { FLAG_AA, HEADER_SIZE, MESSAGE_MAX } from './constants.ts';
import { NAME_MAX, nameEqual } from './name.ts';

const REMEMBERED_MAX = 100;
const REMEMBERED_NAME_MAX = 128;
const POINTER_LIMIT = 16384;

export class Writer {
  bytes: Uint8Array = new Uint8Array(0);
  /** Offset of the message's first octet in `bytes`. */
  origin = 0;
  pos = 0;
  /** Set for good by an append past 65535 octets or past the buffer; the message is then not usable. */
  failed = false;
  private limit = 0;

  // The remembered suffixes: where each stands in the message, its length, its hash, and where it stands in `arena`,
  // which keeps a copy of each name written.
  private remembered = 0;
  private readonly offsets = new Uint16Array(REMEMBERED_MAX);
  private readonly lengths = new Uint8Array(REMEMBERED_MAX);
  private readonly hashes = new Int32Array(REMEMBERED_MAX);
  private readonly places = new Uint16Array(REMEMBERED_MAX);
  private readonly arena = new Uint8Array(REMEMBERED_MAX * NAME_MAX);
  private arenaUsed = 0;

  // The labels of the name being written: offset in the name and hash of the suffix that begins there.
  private readonly labelAt = new Uint8Array(128);
  private readonly suffixHash = new Int32Array(128);

  /** Begins a message at `bytes[origin]`; `bytes` must have room for what is written, at most 65535 octets are. */
  start(bytes: Uint8Array, origin = 0): void {
    this.bytes = bytes;
    this.origin = origin;
    this.pos = origin;
    this.limit = Math.min(bytes.length, origin + MESSAGE_MAX);
    this.failed = false;
    this.remembered = 0;
    this.arenaUsed = 0;
  }

  /** Octets written so far. */
  get length(): number {
    return this.pos - this.origin;
  }

  /**
   * The header and the question: counts 1, 0, 0, 0. The question's name is written whole and its suffixes are the
   * first that later names can point to, so owners equal to it show the client's case.
   */
  question(id: number, flags: number, qname: Uint8Array, qtype: number, qclass: number): void {
    this.header(id, flags, 1);
    this.name(qname, 0);
    this.u16(qtype);
    this.u16(qclass);
  }

  /** The header alone; the other three counts are 0. */
  header(id: number, flags: number, questions: number): void {
    if (!this.room(HEADER_SIZE)) return;
    this.u16(id);
    this.u16(flags);
    this.u16(questions);
    for (let i = 0; i < 6; i++) this.bytes[this.pos++] = 0;
  }

  get flags(): number {
    return (this.bytes[this.origin + 2]! << 8) | this.bytes[this.origin + 3]!;
  }

  set flags(flags: number) {
    this.bytes[this.origin + 2] = flags >> 8;
    this.bytes[this.origin + 3] = flags;
  }

  setRcode(rcode: number): void {
    this.flags = (this.flags & ~15) | rcode;
  }

  setAuthoritative(on: boolean): void {
    this.flags = on ? this.flags | FLAG_AA : this.flags & ~FLAG_AA;
  }

  /** The count of section 0 (question) to 3 (additional). */
  count(section: number): number {
    const at = this.origin + 4 + 2 * section;
    return (this.bytes[at]! << 8) | this.bytes[at + 1]!;
  }

  setCount(section: number, count: number): void {
    const at = this.origin + 4 + 2 * section;
    this.bytes[at] = count >> 8;
    this.bytes[at + 1] = count;
  }

  /** Drops everything from offset `length` of the message on. Names written there must not be pointed to afterwards. */
  truncate(length: number): void {
    this.pos = this.origin + length;
  }

  u16(value: number): void {
    if (!this.room(2)) return;
    this.bytes[this.pos++] = value >> 8;
    this.bytes[this.pos++] = value;
  }

  u32(value: number): void {
    if (!this.room(4)) return;
    this.bytes[this.pos++] = value >>> 24;
    this.bytes[this.pos++] = value >>> 16;
    this.bytes[this.pos++] = value >>> 8;
    this.bytes[this.pos++] = value;
  }

  /** `bytes[from..to]` as they are. */
  put(bytes: Uint8Array, from = 0, to = bytes.length): void {
    if (!this.room(to - from)) return;
    for (let i = from; i < to; i++) this.bytes[this.pos++] = bytes[i]!;
  }

  /**
   * Owner, type, class IN and TTL of a record in `section` (1 to 3), and the place for its length. Returns a mark for
   * `endRecord`, to be called when the rdata is written.
   */
  startRecord(section: number, owner: Uint8Array, ownerAt: number, type: number, ttl: number): number {
    this.name(owner, ownerAt);
    this.u16(type);
    this.u16(1);
    this.u32(ttl);
    this.u16(0);
    if (!this.failed) this.setCount(section, this.count(section) + 1);
    return this.pos;
  }

  /** Fills in the rdata length of the record that began with `mark`. */
  endRecord(mark: number): void {
    if (this.failed) return;
    const length = this.pos - mark;
    this.bytes[mark - 2] = length >> 8;
    this.bytes[mark - 1] = length;
  }

  /** The name at `name[at]`, as far as possible as a pointer to one written before. */
  name(name: Uint8Array, at: number): void {
    const labels = this.scanLabels(name, at);
    const length = this.labelAt[labels]! + 1;
    let copied = -1; // where in the arena this name's copy is
    for (let i = 0; i < labels; i++) {
      const suffixAt = this.labelAt[i]!;
      const suffixLength = length - suffixAt;
      const found = this.find(name, at + suffixAt, suffixLength, this.suffixHash[i]!);
      if (found >= 0) return this.u16(0xc000 | found);
      const offset = this.pos - this.origin;
      if (suffixLength <= REMEMBERED_NAME_MAX && this.remembered < REMEMBERED_MAX && offset < POINTER_LIMIT) {
        if (copied < 0) copied = this.keep(name, at, length);
        this.remember(offset, copied + suffixAt, suffixLength, this.suffixHash[i]!);
      }
      this.put(name, at + suffixAt, at + this.labelAt[i + 1]!);
    }
    if (this.room(1)) this.bytes[this.pos++] = 0;
  }

  /** Offsets of the labels into `labelAt` (the last one is the root's), hashes of the suffixes; returns their number. */
  private scanLabels(name: Uint8Array, at: number): number {
    const { labelAt, suffixHash } = this;
    let labels = 0;
    let pos = 0;
    for (;;) {
      labelAt[labels] = pos;
      const label = name[at + pos]!;
      if (label === 0) break;
      labels++;
      pos += label + 1;
    }
    let hash = 0;
    for (let i = labels - 1; i >= 0; i--) {
      const stop = at + labelAt[i + 1]!;
      for (let j = at + labelAt[i]!; j < stop; j++) hash = (Math.imul(hash, 33) ^ LOWER[name[j]!]!) | 0;
      suffixHash[i] = hash;
    }
    return labels;
  }

  private find(name: Uint8Array, at: number, length: number, hash: number): number {
    for (let i = 0; i < this.remembered; i++) {
      if (this.hashes[i] !== hash || this.lengths[i] !== length) continue;
      if (nameEqual(name, at, this.arena, this.places[i]!)) return this.offsets[i]!;
    }
    return -1;
  }

  private keep(name: Uint8Array, at: number, length: number): number {
    const place = this.arenaUsed;
    for (let i = 0; i < length; i++) this.arena[place + i] = name[at + i]!;
    this.arenaUsed += length;
    return place;
  }

  private remember(offset: number, place: number, length: number, hash: number): void {
    const i = this.remembered++;
    this.offsets[i] = offset;
    this.places[i] = place;
    this.lengths[i] = length;
    this.hashes[i] = hash;
  }

  private room(length: number): boolean {
    if (this.failed || this.pos + length > this.limit) {
      this.failed = true;
      return false;
    }
    return true;
  }
}
