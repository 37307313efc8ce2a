// NOTIFY (RFC 1996): tells a secondary that a zone has changed, and reads what it says to that. No sockets. djbdns 1.05
// has no counterpart: its users tell secondaries by rsync, or wait for the refresh interval.

import { CLASS_IN, HEADER_SIZE } from '../wire/constants.ts';
import * as FLAG from '../wire/flag.ts';
import { NAME_MAX } from '../wire/name.ts';
import * as RCODE from '../wire/rcode.ts';
import { putRdata } from '../wire/rdata.ts';
import * as TYPE from '../wire/type.ts';
import { Writer } from '../wire/writer.ts';
import type { ZoneSoa } from './axfr.ts';

const OPCODE_NOTIFY = 4 << 11;

/** Seconds to wait for an acknowledgement after each of five sendings: half a minute in all. */
export const NOTIFY_WAITS: readonly number[] = [1, 2, 4, 8, 15];

/**
 * The message that says `zone` has changed. With `soa` its new SOA goes along (RFC 1996 section 3.7), without it the
 * serial is left for the secondary to ask for.
 */
export function composeNotify(zone: Uint8Array, id: number, soa?: ZoneSoa): Uint8Array {
  const message = new Uint8Array(HEADER_SIZE + 3 * NAME_MAX + 64);
  const writer = new Writer();
  writer.start(message);
  writer.question(id, OPCODE_NOTIFY | FLAG.AA, zone, 0, TYPE.SOA, CLASS_IN);
  if (soa) {
    const mark = writer.startRecord(1, zone, 0, TYPE.SOA, soa.ttl);
    putRdata(writer, TYPE.SOA, soa.data, 0, soa.data.length);
    writer.endRecord(mark);
  }
  return message.slice(0, writer.length);
}

/** The rcode of a reply to the NOTIFY with this ID; -1 when the message is none. */
export function notifyRcode(message: Uint8Array, id: number): number {
  if (message.length < HEADER_SIZE || message[0] !== id >> 8 || message[1] !== (id & 255)) return -1;
  const flags = (message[2]! << 8) | message[3]!;
  if ((flags & (FLAG.QR | FLAG.OPCODE)) !== (FLAG.QR | OPCODE_NOTIFY)) return -1;
  return flags & FLAG.RCODE;
}

/** What an rcode means, in words. */
export function verdictOf(rcode: number): string {
  return rcode === RCODE.NOERROR ? 'acknowledged' : RCODE.rcodeWords(rcode);
}
