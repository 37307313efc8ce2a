// NOTIFY (RFC 1996): tells a secondary that a zone has changed, and reads what it says to that. No sockets. djbdns 1.05
// has no counterpart: its users tell secondaries by rsync, or wait for the refresh interval.

import { composeQuery } from '../stub/exchange.ts';
import {
  FLAG_AA,
  FLAG_QR,
  HEADER_SIZE,
  MASK_OPCODE,
  MASK_RCODE,
  RCODE_FORMERR,
  RCODE_NOERROR,
  RCODE_NOTIMP,
  RCODE_NXDOMAIN,
  RCODE_REFUSED,
  RCODE_SERVFAIL,
  TYPE_SOA,
} from '../wire/constants.ts';

const OPCODE_NOTIFY = 4 << 11;

/** Seconds to wait for an acknowledgement after each of five sendings: half a minute in all. */
export const NOTIFY_WAITS: readonly number[] = [1, 2, 4, 8, 15];

/** The message that says `zone` has changed. The serial is left for the secondary to ask for. */
export function composeNotify(zone: Uint8Array, id: number): Uint8Array {
  const message = composeQuery(zone, TYPE_SOA, false);
  message[0] = id >> 8;
  message[1] = id;
  message[2] = (OPCODE_NOTIFY | FLAG_AA) >> 8;
  return message;
}

/** The rcode of a reply to the NOTIFY with this ID; -1 when the message is none. */
export function notifyRcode(message: Uint8Array, id: number): number {
  if (message.length < HEADER_SIZE || message[0] !== id >> 8 || message[1] !== (id & 255)) return -1;
  const flags = (message[2]! << 8) | message[3]!;
  if ((flags & (FLAG_QR | MASK_OPCODE)) !== (FLAG_QR | OPCODE_NOTIFY)) return -1;
  return flags & MASK_RCODE;
}

const VERDICTS: Readonly<Record<number, string>> = {
  [RCODE_NOERROR]: 'acknowledged',
  [RCODE_FORMERR]: 'format error',
  [RCODE_SERVFAIL]: 'server failure',
  [RCODE_NXDOMAIN]: 'name error',
  [RCODE_NOTIMP]: 'not implemented',
  [RCODE_REFUSED]: 'refused',
  9: 'not authoritative',
};

/** What an rcode means, in words. */
export function verdictOf(rcode: number): string {
  return VERDICTS[rcode] ?? `rcode ${rcode}`;
}
