// Fetches a zone from a primary: SOA query, and when the serial differs, AXFR. Counterpart: main() of axfr-get.c. A
// state machine over the octets of one TCP connection: no sockets, no files; what becomes of the records is the sink's
// business. ID, flags and TC of responses are not looked at, as in the original. A response to AXFR that has an error
// code and no record ends the transfer at once; the original waits for the server to hang up.

import { unpack16, unpack32 } from '../base/bytes.ts';
import { composeQuery } from '../stub/exchange.ts';
import { CLASS_IN, HEADER_SIZE } from '../wire/constants.ts';
import * as FLAG from '../wire/flag.ts';
import { framed, MessageStream } from '../wire/framing.ts';
import { isWithin, NAME_MAX, nameEqual } from '../wire/name.ts';
import * as RCODE from '../wire/rcode.ts';
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
  /** The response code of the message that is malformed; a server that refuses says so there. */
  rcode: number = RCODE.NOERROR;
  private soas = 0;
  private readonly sink: RecordSink;
  private readonly zone: Uint8Array;
  private readonly oldSerial: number;
  private readonly messages = new MessageStream();
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
    this.messages.push(bytes);
  }

  /** Works off what was pushed, until something else has to happen. */
  step(): TransferStep {
    const { messages } = this;
    while (this.soas < 2) {
      if (!messages.advance()) return 'more';
      const { octets, start, end } = messages;
      if (!this.transferring) return this.soaReply(octets.subarray(start, end));
      const isGood = this.message(octets, start, end);
      if (isGood && (octets[start + 3]! & FLAG.RCODE) === 0) continue;
      const message = octets.subarray(start, end);
      if (!isGood || isRefusal(message)) return this.malformed(message);
    }
    return 'done';
  }

  /** All records of a message, whatever its section counts say. False when it is malformed. */
  private message(octets: Uint8Array, start: number, end: number): boolean {
    const { reader } = this;
    reader.start(octets, start, end);
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

  private soaReply(message: Uint8Array): TransferStep {
    const serial = this.serialOf(message);
    if (serial < 0) return this.malformed(message);
    if (serial !== 0 && serial === this.oldSerial) return 'unchanged';
    this.transferring = true;
    return 'transfer';
  }

  private malformed(message: Uint8Array): TransferStep {
    if (message.length >= HEADER_SIZE) this.rcode = message[3]! & FLAG.RCODE;
    return 'malformed';
  }

  /** The serial in the message's first answer, which must be the zone's SOA; -1 when it is not there. */
  private serialOf(message: Uint8Array): number {
    const { reader, name } = this;
    reader.start(message);
    if (!skipQuestions(reader) || unpack16(message, 6) === 0) return -1;
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
}

/** An error code and not one record in any section. The message is known to be well-formed. */
function isRefusal(message: Uint8Array): boolean {
  if ((message[3]! & FLAG.RCODE) === 0 || message.length < HEADER_SIZE) return false;
  return unpack32(message, 6) === 0 && unpack16(message, 10) === 0;
}

/** A query with ID 0 and its two-octet length before it. */
function framedQuery(zone: Uint8Array, type: number): Uint8Array {
  return framed(composeQuery({ name: zone, type }, false));
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
