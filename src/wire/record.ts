// A walk over a message: header, questions, records of the three sections. Counterpart: the loops over a packet in
// dns_ip.c, dns_mx.c, dns_nd.c, dns_txt.c, printpacket.c, axfr-get.c and query.c. A cursor never throws: like its
// reader it fails once and for all, so a caller checks `failed` when the walk is over.

import { unpack16 } from '../base/bytes.ts';
import { HEADER_SIZE } from './constants.ts';
import { Reader } from './reader.ts';

/** Numbers of a message's sections, in their order. */
export const QUESTION = 0;
export const ANSWER = 1;
export const AUTHORITY = 2;
export const ADDITIONAL = 3;

export class RecordCursor {
  /** Stands on the first octet of the data of the record last read, and may be moved: the walk goes on at `dataEnd`. */
  readonly reader: Reader = new Reader();
  id = 0;
  flags = 0;
  /** The section that the question or record last read is in. */
  section = 0;
  type = 0;
  class = 0;
  /** Seconds, unsigned. */
  ttl = 0;
  /** The data is `bytes[dataAt..dataEnd]` of the reader. */
  dataAt = 0;
  dataEnd = 0;
  private left = 0; // questions or records of the section that are still to come
  private readonly mayOverrun: boolean;

  /**
   * With `mayOverrun` the data of the last record may claim to go on behind the message, as djbdns's clients allow:
   * `dataEnd` is what the record claims. Without it such a record is malformed.
   */
  constructor(mayOverrun = false) {
    this.mayOverrun = mayOverrun;
  }

  /** Begins the message `bytes[from..to]`, which is only borrowed, and reads its header. */
  start(bytes: Uint8Array, from = 0, to: number = bytes.length): void {
    const { reader } = this;
    reader.start(bytes, from, to);
    this.id = reader.u16();
    this.flags = reader.u16();
    this.left = reader.u16();
    reader.skip(HEADER_SIZE - 6);
    this.section = QUESTION;
    this.dataEnd = reader.pos;
  }

  /** Something was malformed: nothing read since `start` can be relied on. */
  get failed(): boolean {
    return this.reader.failed;
  }

  /** The walk has come to the end of the message exactly: no octet is left over. */
  get isAtEnd(): boolean {
    return !this.reader.failed && this.dataEnd === this.reader.end;
  }

  /** How many questions or records the header says that a section has. */
  count(section: number): number {
    return unpack16(this.reader.bytes, this.reader.origin + 4 + 2 * section);
  }

  /** Reads the next question, its name into `name` if given; false when there is none, or on failure. */
  nextQuestion(name?: Uint8Array): boolean {
    if (this.section !== QUESTION || this.left === 0) return false;
    const { reader } = this;
    this.left--;
    this.readName(name);
    this.type = reader.u16();
    this.class = reader.u16();
    this.dataEnd = reader.pos;
    return !reader.failed;
  }

  /** Skips the questions that were not read; false on failure. */
  skipQuestions(): boolean {
    while (this.nextQuestion());
    return !this.failed;
  }

  /**
   * Reads the next record of the message, past the questions and from section to section; false when there is none, or
   * on failure. Its owner is decompressed into `owner` (255 octets of room) if given, else skipped without a look at
   * where its pointers lead.
   */
  next(owner?: Uint8Array): boolean {
    if (this.section === QUESTION && !this.skipQuestions()) return false;
    while (this.left === 0) {
      if (this.section === ADDITIONAL) return false;
      this.left = this.count(++this.section);
    }
    this.left--;
    return this.nextUncounted(owner);
  }

  /** Like `next` for what stands after the record last read, whatever the counts say. */
  nextUncounted(owner?: Uint8Array): boolean {
    const { reader } = this;
    reader.pos = this.dataEnd;
    this.readName(owner);
    this.type = reader.u16();
    this.class = reader.u16();
    this.ttl = reader.u32();
    const length = reader.u16();
    this.dataAt = reader.pos;
    this.dataEnd = reader.pos + length;
    if (this.dataEnd > reader.end && !this.mayOverrun) reader.failed = true;
    return !reader.failed;
  }

  private readName(out: Uint8Array | undefined): void {
    if (out) this.reader.name(out);
    else this.reader.skipName();
  }
}
