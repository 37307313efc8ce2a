// Replies to clients. Counterpart: response.c as query.c uses it. A reply has one question and an answer section: the
// aliases passed on the way, then the records. Nothing is allocated: there is one reply at a time.

import { unpack16 } from '../base/bytes.ts';
import { MESSAGE_MAX } from '../wire/constants.ts';
import * as FLAG from '../wire/flag.ts';
import { NAME_MAX, nameLength } from '../wire/name.ts';
import * as RCODE from '../wire/rcode.ts';
import * as TYPE from '../wire/type.ts';
import { Writer } from '../wire/writer.ts';
import type { Classified, ReplyRecord } from './classify.ts';

/** The question whose reply is written; `qclass` as the client asked, 1 or 255. */
export interface Question {
  readonly id: number;
  readonly qname: Uint8Array;
  readonly qtype: number;
  readonly qclass: number;
}

/** `name` is a CNAME for what comes next. */
export interface Alias {
  readonly name: Uint8Array;
  readonly ttl: number;
}

/** Room for a reply. */
export const REPLY_MAX: number = MESSAGE_MAX;

const target = new Uint8Array(NAME_MAX);
const mailbox = new Uint8Array(NAME_MAX);

/** Writes replies where the caller wants them. */
export class Answers {
  private bytes: Uint8Array = new Uint8Array(0);
  private at = 0;
  private questionLength = 0;
  private readonly writer = new Writer();
  private readonly hideTtl: boolean;

  /** With `hideTtl` every TTL is sent as 0. */
  constructor(hideTtl: boolean) {
    this.hideTtl = hideTtl;
  }

  /** The replies to come go to `bytes[at]` and the 65535 octets after it. */
  into(bytes: Uint8Array, at: number): void {
    this.bytes = bytes;
    this.at = at;
  }

  /** Octets of the reply; over 65535 there is none: see `failed`. */
  get length(): number {
    return this.writer.length;
  }

  /** The reply is longer than 65535 octets. */
  get failed(): boolean {
    return this.writer.failed;
  }

  /** Begins a reply without error: header, question and the aliases, the last of which leads to `name`. */
  start(question: Question, aliases: readonly Alias[], name: Uint8Array): void {
    const { writer } = this;
    writer.start(this.bytes, this.at);
    writer.question(question.id, FLAG.QR | FLAG.RD | FLAG.RA, question.qname, 0, question.qtype, question.qclass);
    this.questionLength = writer.length;
    for (let i = 0; i < aliases.length; i++) {
      const alias = aliases[i]!;
      this.putName(alias.name, 0, TYPE.CNAME, alias.ttl, aliases[i + 1]?.name ?? name, 0);
    }
  }

  /** Turns it into a denial: NXDOMAIN, with the AA that the original sets there and nowhere else. */
  setNxdomain(): void {
    this.writer.setRcode(RCODE.NXDOMAIN);
    this.writer.flags |= FLAG.AA;
  }

  /** Turns it into a failure: SERVFAIL. */
  setServfail(): void {
    this.writer.setRcode(RCODE.SERVFAIL);
  }

  /** Cuts the reply down to header and question and sets TC. The header goes on counting the records, as in the original. */
  truncate(): void {
    this.writer.flags |= FLAG.TC;
    this.writer.truncate(this.questionLength);
  }

  /** A record whose data is one name. */
  putName(owner: Uint8Array, ownerAt: number, type: number, ttl: number, name: Uint8Array, nameAt: number): void {
    const mark = this.startRecord(owner, ownerAt, type, ttl);
    this.writer.name(name, nameAt);
    this.writer.endRecord(mark);
  }

  /** A record with the data `bytes[from..to]`. */
  putBytes(owner: Uint8Array, type: number, ttl: number, bytes: Uint8Array, from: number, to: number): void {
    const mark = this.startRecord(owner, 0, type, ttl);
    this.writer.put(bytes, from, to);
    this.writer.endRecord(mark);
  }

  /** The set that the cache holds as `bytes[from..to]`; see `remember.ts` for its form. */
  putSet(owner: Uint8Array, type: number, ttl: number, bytes: Uint8Array, from: number, to: number): void {
    const { writer } = this;
    for (let at = from; at < to; ) {
      switch (type) {
        case TYPE.A:
          this.putBytes(owner, type, ttl, bytes, at, at + 4);
          at += 4;
          break;
        case TYPE.NS:
        case TYPE.CNAME:
        case TYPE.PTR:
          this.putName(owner, 0, type, ttl, bytes, at);
          at += nameLength(bytes, at);
          break;
        case TYPE.MX: {
          const mark = this.startRecord(owner, 0, type, ttl);
          writer.put(bytes, at, at + 2);
          writer.name(bytes, at + 2);
          writer.endRecord(mark);
          at += 2 + nameLength(bytes, at + 2);
          break;
        }
        case TYPE.SOA: {
          const mark = this.startRecord(owner, 0, type, ttl);
          const mailboxAt = at + 20 + nameLength(bytes, at + 20);
          writer.name(bytes, at + 20);
          writer.name(bytes, mailboxAt);
          writer.put(bytes, at, at + 20);
          writer.endRecord(mark);
          at = mailboxAt + nameLength(bytes, mailboxAt);
          break;
        }
        default: {
          const length = unpack16(bytes, at);
          this.putBytes(owner, type, ttl, bytes, at + 2, at + 2 + length);
          at += 2 + length;
        }
      }
    }
  }

  /** A record of a reply just received. */
  putRecord(reply: Classified, record: ReplyRecord, ttl: number): void {
    const { writer } = this;
    const { type, dataAt } = record;
    const mark = this.startRecord(reply.names, record.ownerAt, type, ttl);
    switch (type) {
      case TYPE.NS:
      case TYPE.CNAME:
      case TYPE.PTR:
        reply.nameAt(dataAt, target);
        writer.name(target, 0);
        break;
      case TYPE.MX:
        reply.nameAt(dataAt + 2, target);
        writer.put(reply.message, dataAt, dataAt + 2);
        writer.name(target, 0);
        break;
      case TYPE.SOA: {
        const numbersAt = reply.nameAt(reply.nameAt(dataAt, target), mailbox);
        writer.name(target, 0);
        writer.name(mailbox, 0);
        writer.put(reply.message, numbersAt, numbersAt + 20);
        break;
      }
      default:
        writer.put(reply.message, dataAt, dataAt + record.dataLength);
    }
    writer.endRecord(mark);
  }

  private startRecord(owner: Uint8Array, ownerAt: number, type: number, ttl: number): number {
    return this.writer.startRecord(1, owner, ownerAt, type, this.hideTtl ? 0 : ttl);
  }
}
