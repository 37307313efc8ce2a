// The log of the content servers and axfrdns. Counterpart: qlog.c. A line for each packet:
//
//     IIIIIIII:PPPP:DDDD S TTTT NAME
//     IIIIIIII:PPPP:DDDD S TTTT NAME RCODE OCTETS
//     IIIIIIII:PPPP:DDDD S TTTT NAME RCODE OCTETS TC
//
// client address (32 digits for IPv6), port, query ID and type in hexadecimal; S is one of + - I C E /, and left out by
// axfrdns. The longer forms are $LOGRESULT's: the response's code by its name, its octets, and whether it was cut.

import type { Address } from '../base/address.ts';
import { ROOT } from '../wire/name.ts';
import { rcodeName } from '../wire/rcode.ts';
import { type Fields, scanHexPeer } from './entry.ts';
import { LogLines, type Sink } from './lines.ts';

/** The status character of a packet that could not be read. */
const UNREADABLE = 47;

/** A client's address and port. */
export interface Client {
  readonly ip: Address;
  readonly port: number;
}

/** Lines are kept back until `flush`, or until there are 64 KiB of them. */
export class Log {
  private readonly lines: LogLines;

  /** `stamped`: each line begins with a TAI64N label and a space, as `tai64n` would put it. */
  constructor(stamped: boolean, sink?: Sink) {
    this.lines = new LogLines(stamped, sink);
  }

  /** A line of ASCII text. */
  line(text: string): void {
    this.lines.begin().text(text).end();
  }

  /** A packet's line. `status` is a character's code, or 0 for axfrdns's form. */
  query(client: Client, id: number, status: number, type: number, name: Uint8Array): void {
    const { lines } = this;
    lines.begin().hex(client.ip).colon().hex16(client.port).colon().hex16(id);
    if (status !== 0) lines.mark(status);
    lines.hex16(type).escapedName(name).end();
  }

  /** What came of the packet whose line has just been written: the response's code, its octets, whether TC is set. */
  result(rcode: number, octets: number, isTruncated: boolean): void {
    const line = this.lines.reopen().text(rcodeName(rcode)).decimal(octets);
    if (isTruncated) line.text('TC');
    line.end();
  }

  /** The line of a packet that could not be read: no ID, type or name. */
  unreadable(client: Client): void {
    this.query(client, 0, UNREADABLE, 0, ROOT);
  }

  /** Writes what there is. */
  flush(): void {
    this.lines.flush();
  }
}

const PACKET =
  /^([0-9a-f]{8}|[0-9a-f]{32}):([0-9a-f]{4}):([0-9a-f]{4}) (?:([-+ICE/]) )?([0-9a-f]{4}) (\S+)(?: ([A-Z]+\d*) (\d+)( TC)?)?$/;

/** Takes a packet's line apart; undefined for any other text. */
export function scanPacketLine(text: string): Fields | undefined {
  const match = PACKET.exec(text);
  if (!match) return undefined;
  const [, ip, port, id, status, type, name, rcode, octets, cut] = match as (string | undefined)[];
  const fields: Fields = {
    event: 'packet',
    client: scanHexPeer(ip, port),
    id: parseInt(id!, 16),
    type: parseInt(type!, 16),
    name: name!,
  };
  if (status) fields.status = status;
  if (rcode) Object.assign(fields, { rcode, octets: Number(octets), truncated: cut !== undefined });
  return fields;
}
