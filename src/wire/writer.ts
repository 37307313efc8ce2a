// Builds a DNS message in a buffer that the caller lends. Counterpart: response.c. Compression is djb's to the octet:
// a suffix is remembered when it is first written, if it is at most 128 octets long, fewer than 100 are remembered and
// its offset is below 16384 (the last bound is the correction for CVE-2009-0858). Nothing is allocated per message.

import { copyView, LOWER, viewOf } from '../base/bytes.ts';
import { CLASS_IN, HEADER_SIZE, MESSAGE_MAX } from './constants.ts';
import * as FLAG from './flag.ts';
import { nameLength } from './name.ts';
import type { Tail } from './tail.ts';

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
  /**
   * True until a name is written behind the question's. Only then are the question's suffixes remembered; for most
   * replies that is never.
   */
  isQuestionOnlyName = false;
  /** The recording that goes on, which is told of each compression pointer. */
  tail: Tail | undefined = undefined;
  private view: DataView = viewOf(this.bytes);
  private limit = 0;

  /** Suffixes that can be pointed to. */
  suffixes = 0;
  // Where each suffix stands in the message, and a fingerprint that tells most others apart.
  private readonly offsets = new Uint16Array(REMEMBERED_MAX);
  private readonly fingerprints = new Int32Array(REMEMBERED_MAX);

  /** Begins a message at `bytes[origin]`; `bytes` must have room for what is written, at most 65535 octets are. */
  start(bytes: Uint8Array, origin = 0): void {
    if (bytes !== this.bytes) {
      this.bytes = bytes;
      this.view = viewOf(bytes);
    }
    this.origin = origin;
    this.pos = origin;
    this.limit = Math.min(bytes.length, origin + MESSAGE_MAX);
    this.failed = false;
    this.suffixes = 0;
    this.tail = undefined;
    this.isQuestionOnlyName = false;
  }

  /** Octets written so far. */
  get length(): number {
    return this.pos - this.origin;
  }

  /**
   * The header and the question: counts 1, 0, 0, 0. The question's name, at `qname[at]`, is written whole and its
   * suffixes are the first that later names can point to, so owners equal to it show the client's case.
   */
  question(id: number, flags: number, qname: Uint8Array, at: number, qtype: number, qclass: number): void {
    this.header(id, flags, 1);
    this.put(qname, at, at + nameLength(qname, at));
    this.u16(qtype);
    this.u16(qclass);
    this.isQuestionOnlyName = !this.failed;
  }

  /** The header alone; the other three counts are 0. */
  header(id: number, flags: number, questions: number): void {
    if (!this.room(HEADER_SIZE)) return;
    const { view, pos } = this;
    view.setUint16(pos, id);
    view.setUint16(pos + 2, flags);
    view.setUint16(pos + 4, questions);
    view.setUint16(pos + 6, 0);
    view.setUint32(pos + 8, 0);
    this.pos = pos + HEADER_SIZE;
  }

  get flags(): number {
    return this.view.getUint16(this.origin + 2);
  }

  set flags(flags: number) {
    this.view.setUint16(this.origin + 2, flags);
  }

  setRcode(rcode: number): void {
    this.flags = (this.flags & ~15) | rcode;
  }

  setAuthoritative(on: boolean): void {
    this.flags = on ? this.flags | FLAG.AA : this.flags & ~FLAG.AA;
  }

  /** The count of section 0 (question) to 3 (additional). */
  count(section: number): number {
    return this.view.getUint16(this.origin + 4 + 2 * section);
  }

  setCount(section: number, count: number): void {
    this.view.setUint16(this.origin + 4 + 2 * section, count);
  }

  /** Sets the counts of answer, authority and additional section to 0. */
  clearCounts(): void {
    for (let section = 1; section <= 3; section++) this.setCount(section, 0);
  }

  /** Drops everything from offset `length` of the message on. Names written there must not be pointed to afterwards. */
  truncate(length: number): void {
    this.pos = this.origin + length;
  }

  u16(value: number): void {
    if (!this.room(2)) return;
    this.view.setUint16(this.pos, value);
    this.pos += 2;
  }

  u32(value: number): void {
    if (!this.room(4)) return;
    this.view.setUint32(this.pos, value);
    this.pos += 4;
  }

  /** `bytes[from..to]` as they are. */
  put(bytes: Uint8Array, from = 0, to = bytes.length): void {
    if (bytes === this.bytes) return this.putView(this.view, from, to);
    if (!this.room(to - from)) return;
    for (let i = from; i < to; i++) this.bytes[this.pos++] = bytes[i]!;
  }

  /** Like `put`; faster for more than a few octets. */
  putView(view: DataView, from: number, to: number): void {
    if (!this.room(to - from)) return;
    copyView(this.view, this.pos, view, from, to - from);
    this.pos += to - from;
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
    this.tail?.pointer(this.length, offset, -1);
    this.u16(0xc000 | offset);
    return this.startFields(section, type, ttl);
  }

  /**
   * Where the question's name from its octet `at` on can be pointed to, or -1 when that suffix is not remembered (the
   * root, or more than 128 octets).
   */
  questionOffset(qname: Uint8Array, at: number): number {
    if (qname[at] === 0) return -1;
    return nameLength(qname, at) <= REMEMBERED_NAME_MAX ? HEADER_SIZE + at : -1;
  }

  private startFields(section: number, type: number, ttl: number): number {
    if (!this.room(10)) return this.pos;
    const { view, pos } = this;
    view.setUint16(pos, type);
    view.setUint16(pos + 2, CLASS_IN);
    view.setUint32(pos + 4, ttl);
    this.setCount(section, this.count(section) + 1);
    this.pos = pos + 10;
    return this.pos;
  }

  /** Writes a pointer to `offset` of the message over the two octets at `pos` of the buffer. */
  setPointer(pos: number, offset: number): void {
    this.view.setUint16(pos, 0xc000 | offset);
  }

  /** Fills in the rdata length of the record that began with `mark`. */
  endRecord(mark: number): void {
    if (this.failed) return;
    this.view.setUint16(mark - 2, this.pos - mark);
  }

  /**
   * The name at `name[at]`, as far as possible as a pointer to one written before. Returns the offset in the message
   * where the whole name can be pointed to from now on, or -1 when it is not remembered.
   */
  name(name: Uint8Array, at: number): number {
    if (this.isQuestionOnlyName) this.rememberQuestion();
    let length = nameLength(name, at);
    const { bytes } = this;
    let whole = -1;
    let previous = -1; // offset of the label last written
    for (let isWhole = true; length > 1; isWhole = false) {
      const label = name[at]!;
      const fingerprint = fingerprintOf(name, at, length);
      const found = this.find(name, at, fingerprint);
      if (found >= 0) {
        if (!this.room(2)) return -1;
        this.tail?.pointer(this.length, found, previous);
        bytes[this.pos++] = 0xc0 | (found >> 8);
        bytes[this.pos++] = found;
        return isWhole ? found : whole;
      }
      if (!this.room(label + 1)) return -1;
      const offset = this.pos - this.origin;
      if (this.remember(fingerprint, length, offset) && isWhole) whole = offset;
      previous = offset;
      for (const end = at + label; at <= end; at++) bytes[this.pos++] = name[at]!;
      length -= label + 1;
    }
    if (!this.room(1)) return -1;
    bytes[this.pos++] = 0;
    return whole;
  }

  /**
   * Remembers the suffix of `length` octets at `offset` of the message; false when it is one that is not remembered.
   */
  private remember(fingerprint: number, length: number, offset: number): boolean {
    if (length > REMEMBERED_NAME_MAX || this.suffixes >= REMEMBERED_MAX || offset >= POINTER_LIMIT) return false;
    this.fingerprints[this.suffixes] = fingerprint;
    this.offsets[this.suffixes++] = offset;
    return true;
  }

  /** Remembers the suffixes of the question's name: 64 at most, for a name of 128 octets has no more labels. */
  private rememberQuestion(): void {
    const { bytes, origin } = this;
    this.isQuestionOnlyName = false;
    let at = origin + HEADER_SIZE;
    for (let length = nameLength(bytes, at); length > 1; ) {
      this.remember(fingerprintOf(bytes, at, length), length, at - origin);
      length -= bytes[at]! + 1;
      at += bytes[at]! + 1;
    }
  }

  /** The offset of the first remembered suffix that equals the name, or -1. */
  private find(name: Uint8Array, at: number, fingerprint: number): number {
    for (let i = 0; i < this.suffixes; i++) {
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

/** What tells most names of `length` octets apart: the length, the first label's, its first and its last octet. */
function fingerprintOf(name: Uint8Array, at: number, length: number): number {
  const label = name[at]!;
  return length | (label << 8) | (LOWER[name[at + 1]!]! << 16) | (LOWER[name[at + label]!]! << 24);
}
