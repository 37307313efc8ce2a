// NOTIFY (RFC 1996): tells a secondary that a zone has changed, and reads what it says to that. No sockets. djbdns 1.05
// has no counterpart: its users tell secondaries by rsync, or wait for the refresh interval.

import { composeQuery } from '../stub/exchange.ts';
import { HEADER_SIZE } from '../wire/constants.ts';
import * as FLAG from '../wire/flag.ts';
import * as RCODE from '../wire/rcode.ts';
import * as TYPE from '../wire/type.ts';

const OPCODE_NOTIFY = 4 << 11;

/** Seconds to wait for an acknowledgement after each of five sendings: half a minute in all. */
export const NOTIFY_WAITS: readonly number[] = [1, 2, 4, 8, 15];

/** The message that says `zone` has changed. The serial is left for the secondary to ask for. */
export function composeNotify(zone: Uint8Array, id: number): Uint8Array {
  const message = composeQuery({ name: zone, type: TYPE.SOA }, false);
  message[0] = id >> 8;
  message[1] = id;
  message[2] = (OPCODE_NOTIFY | FLAG.AA) >> 8;
  return message;
}

/** The rcode of a reply to the NOTIFY with this ID; -1 when the message is none. */
export function notifyRcode(message: Uint8Array, id: number): number {
  if (message.length < HEADER_SIZE || message[0] !== id >> 8 || message[1] !== (id & 255)) return -1;
  const flags = (message[2]! << 8) | message[3]!;
  if ((flags & (FLAG.QR | FLAG.OPCODE)) !== (FLAG.QR | OPCODE_NOTIFY)) return -1;
  return flags & FLAG.RCODE;
}

const VERDICTS: Readonly<Record<number, string>> = {
  [RCODE.NOERROR]: 'acknowledged',
  [RCODE.FORMERR]: 'format error',
  [RCODE.SERVFAIL]: 'server failure',
  [RCODE.NXDOMAIN]: 'name error',
  [RCODE.NOTIMP]: 'not implemented',
  [RCODE.REFUSED]: 'refused',
  9: 'not authoritative',
};

/** What an rcode means, in words. */
export function verdictOf(rcode: number): string {
  return VERDICTS[rcode] ?? `rcode ${rcode}`;
}
