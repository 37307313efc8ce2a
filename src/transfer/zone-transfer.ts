// Fetches a zone from a primary: SOA query, and when the serial differs, AXFR. Counterpart: main() of axfr-get.c. A
// state machine over the octets of one TCP connection: no sockets, no files; what becomes of the records is the sink's
// business. ID, flags and TC of responses are not looked at, as in the original. A response to AXFR that has an error
// code and no record ends the transfer at once; the original waits for the server to hang up.

import { pack16, unpack16, unpack32 } from '../base/bytes.ts';
import { composeQuery } from '../stub/exchange.ts';
import { CLASS_IN, HEADER_SIZE, MESSAGE_MAX } from '../wire/constants.ts';
import * as FLAG from '../wire/flag.ts';
import { isWithin, NAME_MAX, nameEqual } from '../wire/name.ts';
import { Reader } from '../wire/reader.ts';
import * as TYPE from '../wire/type.ts';

/**
 * What a transfer wants next: more bytes; the AXFR query sent (and a file for the lines); or nothing, because the
 * serial is the same, all records are here, or the peer's bytes make no sense.
 */
export type TransferStep = 'more' | 'transfer' | 'unchanged' | 'done' | 'malformed';

/** Takes the records of a zone, one after the other. */
export interface RecordSink {
  /**
   * A record of `owner`, which is the zone or below it. Its data is what the reader has before it, to its `end`; names
   * in it may point to anywhere before. Owner and data are good during the call. False refuses the record: the transfer
   * is malformed.
   */
  record(owner: Uint8Array, type: number, ttl: number, data: Reader): boolean;
}

export class ZoneTransfer {
  /** Octets received, lengths included. */
  received = 0;
  /** SOA records seen so far that belong to the zone, of children too: the second one ends the transfer. */
  private soas = 0;
  private readonly sink: RecordSink;
  private readonly zone: Uint8Array;
  private readonly oldSerial: number;
  private input = new Uint8Array(4 * (MESSAGE_MAX + 2));
  private from = 0;
  private to = 0;
  private transferring = false;
  private readonly reader = new Reader();
  private readonly name = new Uint8Array(NAME_MAX);

  /** `oldSerial` is that of the zone here, 0 for none; a serial of 0 on either side always transfers. */
  constructor(zone: Uint8Array, oldSerial: number, sink: RecordSink) {
    this.zone = zone;
    this.oldSerial = oldSerial;
    this.sink = sink;
  }

  /** The first query with its length, to be sent before anything is received. */
  soaQuery(): Uint8Array {
    return framedQuery(this.zone, TYPE.SOA);
  }

  /** The second query with its length, to be sent when `step` says `transfer`. */
  axfrQuery(): Uint8Array {
    return framedQuery(this.zone, TYPE.AXFR);
  }

  /** Takes a copy of bytes from the connection, of any number and cut anywhere. */
  push(bytes: Uint8Array): void {
    this.received += bytes.length;
    if (this.from === this.to) {
      this.from = 0;
      this.to = 0;
    }
    if (this.to + bytes.length > this.input.length) this.makeRoom(bytes.length);
    this.input.set(bytes, this.to);
    this.to += bytes.length;
  }

  private makeRoom(more: number): void {
    const waiting = this.input.subarray(this.from, this.to);
    if (waiting.length + more > this.input.length) {
      const larger = new Uint8Array(2 * (waiting.length + more));
      larger.set(waiting);
      this.input = larger;
    } else this.input.copyWithin(0, this.from, this.to);
    this.to -= this.from;
    this.from = 0;
  }

  /** Works off what was pushed, until something else has to happen. */
  step(): TransferStep {
    const { input } = this;
    while (this.soas < 2) {
      const start = this.from + 2;
      if (start > this.to) return 'more';
      const end = start + unpack16(input, this.from);
      if (end > this.to) return 'more';
      this.from = end;
      if (!this.transferring) return this.soaReply(start, end);
      if (!this.message(start, end) || this.isRefusal(start, end)) return 'malformed';
    }
    return 'done';
  }

  /** All records of a message, whatever its section counts say. False when it is malformed. */
  private message(start: number, end: number): boolean {
    const { reader } = this;
    reader.start(this.input, start, end);
    if (!skipQuestions(reader)) return false;
    while (reader.pos < end) if (!this.record()) return false;
    return true;
  }

  /** The record at the reader goes to the sink, unless it is outside the zone, of another class or a later SOA. */
  private record(): boolean {
    const { reader, name: owner } = this;
    if (reader.name(owner) === 0) return false;
    const { bytes, pos, end } = reader;
    if (pos + 10 > end) return false;
    const type = unpack16(bytes, pos);
    const from = pos + 10;
    const to = from + unpack16(bytes, pos + 8);
    if (to > end) return false;
    const isOurs = isWithin(owner, 0, this.zone, 0) && unpack16(bytes, pos + 2) === CLASS_IN;
    if (isOurs && !(type === TYPE.SOA && ++this.soas > 1)) {
      reader.pos = from;
      reader.end = to; // names in the data must end there, though their pointers may lead anywhere before
      if (!this.sink.record(owner, type, unpack32(bytes, pos + 4), reader)) return false;
    }
    reader.pos = to;
    reader.end = end;
    return true;
  }

  private soaReply(start: number, end: number): TransferStep {
    const serial = this.serialOf(start, end);
    if (serial < 0) return 'malformed';
    if (serial !== 0 && serial === this.oldSerial) return 'unchanged';
    this.transferring = true;
    return 'transfer';
  }

  /** The serial in the message's first answer, which must be the zone's SOA; -1 when it is not there. */
  private serialOf(start: number, end: number): number {
    const { reader, name } = this;
    reader.start(this.input, start, end);
    if (!skipQuestions(reader) || unpack16(this.input, start + 6) === 0) return -1;
    reader.name(name);
    const type = reader.u16();
    const qclass = reader.u16();
    reader.skip(6);
    if (reader.failed || type !== TYPE.SOA || qclass !== CLASS_IN || !nameEqual(name, 0, this.zone, 0)) return -1;
    reader.skipName();
    reader.skipName();
    const serial = reader.u32();
    return reader.failed ? -1 : serial;
  }

  /** An error code and not one record in any section. The message is known to be well-formed. */
  private isRefusal(start: number, end: number): boolean {
    const { input } = this;
    if ((input[start + 3]! & FLAG.RCODE) === 0) return false;
    return start + HEADER_SIZE <= end && unpack32(input, start + 6) === 0 && unpack16(input, start + 10) === 0;
  }
}

/** A query with ID 0 and its two-octet length before it. */
function framedQuery(zone: Uint8Array, type: number): Uint8Array {
  const query = composeQuery(zone, type, false);
  const framed = new Uint8Array(2 + query.length);
  pack16(framed, 0, query.length);
  framed.set(query, 2);
  return framed;
}

/** Moves from the start of a message to its first record; false when it is shorter than its questions. */
function skipQuestions(reader: Reader): boolean {
  reader.skip(4);
  const questions = reader.u16();
  reader.skip(HEADER_SIZE - 6);
  for (let i = 0; i < questions && !reader.failed; i++) {
    reader.skipName();
    reader.skip(4);
  }
  return !reader.failed;
}
