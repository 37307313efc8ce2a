// Fetches a zone from a primary: SOA query, and when the serial differs, AXFR. Counterpart: main() of axfr-get.c. A
// state machine over the bytes of one TCP connection: no sockets, no files. ID, flags and TC of replies are not
// looked at, as in the original; a reply to AXFR that has an error code and no record ends the transfer at once, where
// the original waits for the server to hang up.

import { pack16, unpack16, unpack32 } from '../base/bytes.ts';
import { AxfrText, type PutBytes, skipQuestions } from '../data/axfr-text.ts';
import { composeQuery } from '../stub/exchange.ts';
import { CLASS_IN, HEADER_SIZE, MESSAGE_MAX } from '../wire/constants.ts';
import * as FLAG from '../wire/flag.ts';
import { NAME_MAX, nameEqual } from '../wire/name.ts';
import { Reader } from '../wire/reader.ts';
import * as TYPE from '../wire/type.ts';

/**
 * What a transfer wants next: more bytes; the AXFR query sent (and a file for the lines); or nothing, because the
 * serial is the same, all records are here, or the peer's bytes make no sense.
 */
export type TransferStep = 'more' | 'transfer' | 'unchanged' | 'done' | 'malformed';

export class ZoneTransfer {
  /** The data lines; `records` and `soas` count what came. */
  readonly text: AxfrText;
  /** Octets received, lengths included. */
  received = 0;
  private readonly zone: Uint8Array;
  private readonly oldSerial: number;
  private input = new Uint8Array(4 * (MESSAGE_MAX + 2));
  private from = 0;
  private to = 0;
  private transferring = false;
  private readonly reader = new Reader();
  private readonly name = new Uint8Array(NAME_MAX);

  /** `oldSerial` is that of the zone here, 0 for none; a serial of 0 on either side always transfers. */
  constructor(zone: Uint8Array, oldSerial: number, put: PutBytes) {
    this.zone = zone;
    this.oldSerial = oldSerial;
    this.text = new AxfrText(zone, put);
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
    const { input, text } = this;
    while (text.soas < 2) {
      const start = this.from + 2;
      if (start > this.to) return 'more';
      const end = start + unpack16(input, this.from);
      if (end > this.to) return 'more';
      this.from = end;
      if (!this.transferring) return this.soaReply(start, end);
      if (!text.message(input, start, end) || this.isRefusal(start, end)) return 'malformed';
    }
    text.flush();
    return 'done';
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
