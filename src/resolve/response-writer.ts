// Responses to clients. Counterpart: response.c as query.c uses it. A response has one question and an answer section:
// the aliases passed on the way, then the records. What is begun is finished within one call of its query.

import type { Address } from '../base/address.ts';
import { MESSAGE_MAX } from '../wire/constants.ts';
import type { EdnsServer, OptHolder } from '../wire/edns.ts';
import * as FLAG from '../wire/flag.ts';
import * as RCODE from '../wire/rcode.ts';
import { putRdata } from '../wire/rdata.ts';
import * as TYPE from '../wire/type.ts';
import { Writer } from '../wire/writer.ts';
import { dataAt, recordEnd } from './cached-set.ts';

/** What the client asked. */
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

/** Where octets stand: `bytes[at]` and behind. */
export interface Place {
  readonly bytes: Uint8Array;
  readonly at: number;
}

/** Room for a response. */
export const RESPONSE_MAX: number = MESSAGE_MAX;
/** Octets that are kept free before a response, for the length that TCP has there. */
export const PREFIX = 2;

export class ResponseWriter {
  private questionLength = 0;
  private readonly writer = new Writer();
  private readonly hideTtl: boolean;

  /** With `hideTtl` every TTL is sent as 0. */
  constructor(hideTtl: boolean) {
    this.hideTtl = hideTtl;
  }

  /** Where responses are put together that have no place of their own. */
  private readonly scratch: Place = { bytes: new Uint8Array(PREFIX + RESPONSE_MAX), at: PREFIX };

  /** Octets of the response so far; over 65535 there is none: see `failed`. */
  get length(): number {
    return this.writer.length;
  }

  /** The response is longer than 65535 octets. */
  get failed(): boolean {
    return this.writer.failed;
  }

  /**
   * Begins a response without error in `place`, where `RESPONSE_MAX` octets have room, or in a place that `copy` copies
   * from: header, question and the aliases, the last of which leads to `name`.
   */
  start(place: Place | undefined, question: Question, aliases: readonly Alias[], name: Uint8Array): void {
    const { writer } = this;
    const { bytes, at } = place ?? this.scratch;
    writer.start(bytes, at);
    writer.question(question.id, FLAG.QR | FLAG.RD | FLAG.RA, question.qname, 0, question.qtype, question.qclass);
    this.questionLength = writer.length;
    for (let i = 0; i < aliases.length; i++) {
      const alias = aliases[i]!;
      const target = aliases[i + 1]?.name ?? name;
      this.putRecord({ names: alias.name, ownerAt: 0, type: TYPE.CNAME, ttl: alias.ttl }, target, 0, target.length);
    }
  }

  /** Makes it NXDOMAIN, with the AA that the original sets there and nowhere else, or YXDOMAIN. */
  setDenial(rcode: number): void {
    this.writer.setRcode(rcode);
    if (rcode === RCODE.NXDOMAIN) this.writer.flags |= FLAG.AA;
  }

  setServfail(): void {
    this.writer.setRcode(RCODE.SERVFAIL);
  }

  /**
   * Cuts it down to header and question and sets TC. The header goes on counting the records, as in the original,
   * unless the client knows EDNS.
   */
  truncate(knowsEdns: boolean): void {
    this.writer.flags |= FLAG.TC;
    this.writer.truncate(this.questionLength);
    if (knowsEdns) this.writer.clearCounts();
  }

  /** Ends it with an OPT record. */
  putOpt(edns: EdnsServer, asked: OptHolder, client: Address): void {
    edns.putOpt(this.writer, asked, RCODE.NOERROR, client);
  }

  /** A copy of the response, which was begun without a place: in `place`, where it has room there. */
  copy(place: Place): Place {
    const { length } = this;
    const { bytes } = this.scratch;
    if (place.at + length > place.bytes.length) return { bytes: bytes.slice(0, PREFIX + length), at: PREFIX };
    for (let i = 0; i < length; i++) place.bytes[place.at + i] = bytes[PREFIX + i]!;
    return place;
  }

  /** A record with the data `bytes[from..to]`, names in them whole. */
  putRecord(head: RecordHead, bytes: Uint8Array, from: number, to: number): void {
    const { writer } = this;
    const ttl = this.hideTtl ? 0 : head.ttl;
    const mark = writer.startRecord(1, head.names, head.ownerAt, head.type, ttl);
    putRdata(writer, head.type, bytes, from, to);
    writer.endRecord(mark);
  }

  /** The set that the cache holds as `bytes[from..to]`. */
  putSet(head: RecordHead, bytes: Uint8Array, from: number, to: number): void {
    for (let at = from; at < to; ) {
      const end = recordEnd(head.type, bytes, at);
      this.putRecord(head, bytes, dataAt(head.type, at), end);
      at = end;
    }
  }
}

/** Owner, at `names[ownerAt]`, type and TTL of a record. */
export interface RecordHead {
  readonly names: Uint8Array;
  readonly ownerAt: number;
  readonly type: number;
  readonly ttl: number;
}
