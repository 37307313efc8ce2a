// What the lookup programs take from a response. Counterpart: dns_ip.c, dns_mx.c, dns_txt.c, dns_name.c. Only the
// answer section is read and owner names are ignored: any record of the wanted type and class IN counts, so that chains
// of CNAME records need no work.

import { copyIp4, copyIp6, type Ip4, type Ip6 } from '../base/address.ts';
import { CLASS_IN } from '../wire/constants.ts';
import { NAME_MAX } from '../wire/name.ts';
import { ANSWER, RecordCursor } from '../wire/record.ts';
import * as TYPE from '../wire/type.ts';

/** The code of a response that cannot be walked (`EPROTO`; `EIO` for a TXT record longer than the packet). */
export interface BadReply {
  readonly code: 'EPROTO' | 'EIO';
}

const PROTOCOL: BadReply = { code: 'EPROTO' };

export function isBad(result: object | undefined): result is BadReply {
  return result !== undefined && 'code' in result;
}

/** A TTL with the highest bit set counts as 0 (RFC 2181 section 8). */
const TTL_MAX = 0x7fffffff;

const cursor = new RecordCursor(true); // as in the original, data may claim more than there is if nothing follows it
const { reader } = cursor;
const name = new Uint8Array(NAME_MAX);

/**
 * Stops at each record of the answer section that has this type and class IN. At the end the cursor may have failed.
 */
function* answersOf(response: Uint8Array, type: number): Generator<void> {
  cursor.start(response);
  for (let left = cursor.count(ANSWER); left > 0 && cursor.next(); left--) {
    if (cursor.type === type && cursor.class === CLASS_IN) yield;
  }
}

/** The addresses of the A records of 4 octets, in the order of the packet, with duplicates. */
export function addressesIn(response: Uint8Array): Ip4[] | BadReply {
  const addresses: Ip4[] = [];
  for (const _ of answersOf(response, TYPE.A)) {
    if (cursor.dataEnd - cursor.dataAt !== 4) continue;
    reader.skip(4);
    if (!reader.failed) addresses.push(copyIp4(response, cursor.dataAt));
  }
  return cursor.failed ? PROTOCOL : addresses;
}

/** The addresses of the AAAA records of 16 octets, likewise. */
export function addresses6In(response: Uint8Array): Ip6[] | BadReply {
  const addresses: Ip6[] = [];
  for (const _ of answersOf(response, TYPE.AAAA)) {
    if (cursor.dataEnd - cursor.dataAt !== 16) continue;
    reader.skip(16);
    if (!reader.failed) addresses.push(copyIp6(response, cursor.dataAt));
  }
  return cursor.failed ? PROTOCOL : addresses;
}

/** An MX record: the preference, and the exchange as a name of its own. */
export interface MailExchange {
  readonly preference: number;
  readonly exchange: Uint8Array;
}

/** The MX records in the order of the packet. */
export function mailExchangesIn(response: Uint8Array): MailExchange[] | BadReply {
  const exchanges: MailExchange[] = [];
  for (const _ of answersOf(response, TYPE.MX)) {
    exchanges.push({ preference: reader.u16(), exchange: name.slice(0, reader.name(name)) });
  }
  return cursor.failed ? PROTOCOL : exchanges;
}

/** The name in the first PTR record; undefined when there is none. What follows that record is not looked at. */
export function hostNameIn(response: Uint8Array): Uint8Array | BadReply | undefined {
  let host: Uint8Array | undefined;
  for (const _ of answersOf(response, TYPE.PTR)) {
    host = name.slice(0, reader.name(name));
    break;
  }
  return cursor.failed ? PROTOCOL : host;
}

/** The smallest TTL in the answer section: how long the answer may be kept. 0 when there are no answers. */
export function leastTtl(response: Uint8Array): number {
  cursor.start(response);
  const answers = cursor.count(ANSWER);
  let least = answers > 0 ? TTL_MAX : 0;
  for (let left = answers; left > 0 && cursor.next() && cursor.dataEnd <= reader.end; left--) {
    least = cursor.ttl > TTL_MAX ? 0 : Math.min(least, cursor.ttl);
  }
  return cursor.failed || cursor.dataEnd > reader.end ? 0 : least;
}

/**
 * The strings of all TXT records joined, octets below 32 and above 126 as `?`; a string that claims to be longer than
 * its record is taken as far as it goes.
 */
export function textIn(response: Uint8Array): Uint8Array | BadReply {
  const text: number[] = [];
  for (const _ of answersOf(response, TYPE.TXT)) {
    if (cursor.dataEnd > reader.end) return { code: 'EIO' };
    let left = 0; // octets of the current string still to come
    for (const octet of reader.copy(cursor.dataEnd - reader.pos)) {
      if (left === 0) left = octet;
      else {
        left--;
        text.push(octet < 32 || octet > 126 ? 63 : octet);
      }
    }
  }
  return cursor.failed ? PROTOCOL : Uint8Array.from(text);
}
