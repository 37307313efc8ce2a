// Builds a DNS message in a buffer that the caller lends. Counterpart: response.c. Compression is djb's to the octet:
// a suffix is remembered when it is first written, if it is at most 128 octets long, fewer than 100 are remembered and
// its offset is below 16384 (the last bound is the correction for CVE-2009-0858). Nothing is allocated per message.
import { LOWER } from '../base/bytes.ts';
import { CLASS_IN, FLAG_AA, HEADER_SIZE, MESSAGE_MAX } from './constants.ts';
import { nameLength } from './name.ts';

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

  // The remembered suffixes: where each stands in the message, and a fingerprint that tells most others apart.
  private remembered = 0;
  private readonly offsets = new Uint16Array(REMEMBERED_MAX);
  private readonly fingerprints = new Int32Array(REMEMBERED_MAX);

  /** Begins a message at `bytes[origin]`; `bytes` must have room for what is written, at most 65535 octets are. */
  start(bytes: Uint8Array, origin = 0): void {
    this.bytes = bytes;
    this.origin = origin;
    this.pos = origin;
    this.limit = Math.min(bytes.length, origin + MESSAGE_MAX);
    this.failed = false;
    this.remembered = 0;
  }

  /** How many suffixes can be pointed to. The same number at two moments: no name was written between them. */
  get suffixes(): number {
    return this.remembered;
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
    return this.startFields(section, type, ttl);
  }

  /** Like `startRecord` for an owner known to stand at `offset` of the message, as `name` or `questionOffset` told. */
  startRecordAt(section: number, offset: number, type: number, ttl: number): number {
    this.u16(0xc000 | offset);
    return this.startFields(section, type, ttl);
  }

  /**
   * Where the question's name from its octet `at` on can be pointed to, or -1 when that suffix is not remembered (the
   * root, more than 128 octets, or too many labels to be sure).
   */
  questionOffset(qname: Uint8Array, at: number): number {
    if (qname[at] === 0 || this.remembered >= REMEMBERED_MAX) return -1;
    return nameLength(qname, at) <= REMEMBERED_NAME_MAX ? HEADER_SIZE + at : -1;
  }

  private startFields(section: number, type: number, ttl: number): number {
    if (!this.room(10)) return this.pos;
    const { bytes, pos, origin } = this;
    bytes[pos] = type >> 8;
    bytes[pos + 1] = type;
    bytes[pos + 2] = 0;
    bytes[pos + 3] = CLASS_IN;
    bytes[pos + 4] = ttl >>> 24;
    bytes[pos + 5] = ttl >>> 16;
    bytes[pos + 6] = ttl >>> 8;
    bytes[pos + 7] = ttl;
    this.pos = pos + 10;
    const count = origin + 4 + 2 * section;
    bytes[count + 1]!++;
    if (bytes[count + 1] === 0) bytes[count]!++; // the low octet wrapped
    return this.pos;
  }

  /** Fills in the rdata length of the record that began with `mark`. */
  endRecord(mark: number): void {
    if (this.failed) return;
    const length = this.pos - mark;
    this.bytes[mark - 2] = length >> 8;
    this.bytes[mark - 1] = length;
  }

  /**
   * The name at `name[at]`, as far as possible as a pointer to one written before. Returns the offset in the message
   * where the whole name can be pointed to from now on, or -1 when it is not remembered.
   */
  name(name: Uint8Array, at: number): number {
    let length = nameLength(name, at);
    const { bytes } = this;
    let whole = -1;
    for (let isWhole = true; length > 1; isWhole = false) {
      const label = name[at]!;
      const fingerprint = length | (label << 8) | (LOWER[name[at + 1]!]! << 16) | (LOWER[name[at + label]!]! << 24);
      const found = this.find(name, at, fingerprint);
      if (found >= 0) {
        if (!this.room(2)) return -1;
        bytes[this.pos++] = 0xc0 | (found >> 8);
        bytes[this.pos++] = found;
        return isWhole ? found : whole;
      }
      if (!this.room(label + 1)) return -1;
      const offset = this.pos - this.origin;
      if (length <= REMEMBERED_NAME_MAX && this.remembered < REMEMBERED_MAX && offset < POINTER_LIMIT) {
        this.fingerprints[this.remembered] = fingerprint;
        this.offsets[this.remembered++] = offset;
        if (isWhole) whole = offset;
      }
      for (const end = at + label; at <= end; at++) bytes[this.pos++] = name[at]!;
      length -= label + 1;
    }
    if (!this.room(1)) return -1;
    bytes[this.pos++] = 0;
    return whole;
  }

  /** The offset of the first remembered suffix that equals the name, or -1. */
  private find(name: Uint8Array, at: number, fingerprint: number): number {
    for (let i = 0; i < this.remembered; i++) {
      if (this.fingerprints[i] === fingerprint && this.isAt(this.offsets[i]!, name, at)) return this.offsets[i]!;
    }
    return -1;
  }

  /** True when the name at `offset` of the message equals the one at `name[at]`, ignoring ASCII case. */
  private isAt(offset: number, name: Uint8Array, at: number): boolean {
    const { bytes, origin } = this;
    let pos = origin + offset;
    for (;;) {
      let label = bytes[pos++]!;
      while (label >= 0xc0) {
        pos = origin + (((label & 0x3f) << 8) | bytes[pos]!);
        label = bytes[pos++]!;
      }
      if (label !== name[at++]) return false;
      if (label === 0) return true;
      for (const end = pos + label; pos < end; pos++, at++) if (LOWER[bytes[pos]!] !== LOWER[name[at]!]) return false;
    }
  }

  private room(length: number): boolean {
    if (this.failed || this.pos + length > this.limit) {
      this.failed = true;
      return false;
    }
    return true;
  }
}
