// What the lookup programs take from a response. Counterpart: dns_ip.c, dns_mx.c, dns_txt.c, dns_name.c. Only the answer section is read and owner names are ignored: any record of the
// wanted type and class IN counts, so that CNAME chains need no work.

import type { Ip4 } from '../base/address.ts';
import { CLASS_IN, HEADER_SIZE } from '../wire/constants.ts';
import { NAME_MAX } from '../wire/name.ts';
import { Reader } from '../wire/reader.ts';
import * as TYPE from '../wire/type.ts';

/** The code of a reply that cannot be walked (`EPROTO`; `EIO` for a TXT record longer than the packet). */
export interface BadReply {
  readonly code: 'EPROTO' | 'EIO';
}

const PROTOCOL: BadReply = { code: 'EPROTO' };

export function isBad(result: object | undefined): result is BadReply {
  return result !== undefined && 'code' in result;
}

/** A TTL with the highest bit set counts as 0 (RFC 2181 section 8). */
const TTL_MAX = 0x7fffffff;

const reader = new Reader();
const name = new Uint8Array(NAME_MAX);

/**
 * Calls `visit` with the length of the rdata of each answer of this type and class IN, `reader` standing on its first
 * octet; it may stop the walk by returning true. False when the reply cannot be walked. As in the original, rdata may
 * claim more than there is as long as nothing behind it is wanted.
 */
function walkAnswers(reply: Uint8Array, wanted: number, visit: (rdlength: number) => boolean): boolean {
  reader.start(reply);
  reader.skip(6);
  const answers = reader.u16();
  reader.skip(HEADER_SIZE - 8);
  reader.skipName();
  reader.pos += 4;
  for (let i = 0; i < answers; i++) {
    reader.skipName();
    const type = reader.u16();
    const isInternet = reader.u16() === CLASS_IN;
    reader.skip(4);
    const rdlength = reader.u16();
    if (reader.failed) return false;
    const next = reader.pos + rdlength;
    if (type === wanted && isInternet && visit(rdlength)) return !reader.failed;
    if (reader.failed) return false;
    reader.pos = next;
  }
  return !reader.failed;
}

/** The addresses of the A records of 4 octets, in the order of the packet, with duplicates. */
export function addressesIn(reply: Uint8Array): Ip4[] | BadReply {
  const addresses: Ip4[] = [];
  const good = walkAnswers(reply, TYPE.A, (rdlength) => {
    if (rdlength === 4) addresses.push(reader.copy(4) as Ip4);
    return false;
  });
  return good ? addresses : PROTOCOL;
}

/** An MX record: the preference, and the exchange as a name of its own. */
export interface MailExchange {
  readonly preference: number;
  readonly exchange: Uint8Array;
}

/** The MX records in the order of the packet. */
export function mailExchangesIn(reply: Uint8Array): MailExchange[] | BadReply {
  const exchanges: MailExchange[] = [];
  const good = walkAnswers(reply, TYPE.MX, () => {
    const preference = reader.u16();
    exchanges.push({ preference, exchange: name.slice(0, reader.name(name)) });
    return false;
  });
  return good ? exchanges : PROTOCOL;
}

/** The name in the first PTR record; undefined when there is none. What follows that record is not looked at. */
export function hostNameIn(reply: Uint8Array): Uint8Array | BadReply | undefined {
  let host: Uint8Array | undefined;
  const good = walkAnswers(reply, TYPE.PTR, () => {
    host = name.slice(0, reader.name(name));
    return true;
  });
  return good ? host : PROTOCOL;
}

/** The smallest TTL in the answer section: how long the answer may be kept. 0 when there are no answers. */
export function leastTtl(reply: Uint8Array): number {
  reader.start(reply);
  reader.skip(6);
  const answers = reader.u16();
  reader.skip(HEADER_SIZE - 8);
  reader.skipName();
  reader.skip(4);
  let least = answers > 0 ? TTL_MAX : 0;
  for (let i = 0; i < answers; i++) {
    reader.skipName();
    reader.skip(4);
    const ttl = reader.u32();
    least = ttl > TTL_MAX ? 0 : Math.min(least, ttl);
    reader.skip(reader.u16());
  }
  return reader.failed ? 0 : least;
}

/**
 * The strings of all TXT records joined, octets below 32 and above 126 as `?`; a string that claims to be longer than
 * its record is taken as far as it goes.
 */
export function textIn(reply: Uint8Array): Uint8Array | BadReply {
  const text: number[] = [];
  let isShort = false;
  const good = walkAnswers(reply, TYPE.TXT, (rdlength) => {
    isShort = reader.pos + rdlength > reader.end;
    if (isShort) return true;
    let left = 0; // octets of the current string still to come
    for (const octet of reader.copy(rdlength)) {
      if (left === 0) left = octet;
      else {
        left--;
        text.push(octet < 32 || octet > 126 ? 63 : octet);
      }
    }
    return false;
  });
  if (isShort) return { code: 'EIO' };
  return good ? Uint8Array.from(text) : PROTOCOL;
}
