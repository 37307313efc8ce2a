// tinydns as a library, the package's `./tinydns`: lines of a data file to a cdb in memory, and questions answered from
// one. What is compiled and answered is what tinydns-data and tinydns would, octet for octet.

import { TinydnsResponder } from '../answer/tinydns.ts';
import { type Address, copyIp4, isMapped, scanIp6 } from '../base/address.ts';
import { randomBelow } from '../base/random.ts';
import { compiled } from '../data/compiled.ts';
import { Log } from '../log/qlog.ts';
import { ContentServer } from '../program/dns-server.ts';
import type { Datagram } from '../transport/datagram.ts';
import { MESSAGE_MAX } from '../wire/constants.ts';
import { EdnsServer, PAYLOAD } from '../wire/edns.ts';

export { DataError } from '../data/compiled.ts';

/**
 * Compiles the lines of a data file (octets, or text to be taken as UTF-8) to the octets of a data.cdb. `serial` is the
 * serial number of zones that do not state theirs, the time of the file for tinydns-data. Throws `DataError` for a line
 * that tinydns-data would refuse.
 */
export function compile(data: Uint8Array | string, serial: number): Uint8Array {
  const text = typeof data === 'string' ? new TextEncoder().encode(data) : data;
  return compiled(text, serial);
}

/** What answering can be told; by default addresses are in random order and the time is the system's. */
export interface AnswerOptions {
  /** Picks one of 0 to n - 1; the order of addresses, and which eight of more than eight are in an answer, follow. */
  randomBelow?: (n: number) => number;
  /** Seconds since 1970, for records with time stamps. */
  unixSeconds?: () => number;
}

/** Answers one query message; undefined where tinydns would not answer. The octets are the caller's. */
export type Answer = (query: Uint8Array, client?: string) => Uint8Array | undefined;

/**
 * Makes a function that answers query messages, as tinydns does over UDP, from the octets of a data.cdb. `client` is
 * the address that the query came from, in text, which matters for locations; TypeError when it is none. The file is
 * not copied.
 */
export function answering(db: Uint8Array, options: AnswerOptions = {}): Answer {
  const responder = new TinydnsResponder({ current: () => db }, { randomBelow, ...options });
  const server = new ContentServer(responder, new Log(false, () => {}), new EdnsServer(PAYLOAD));
  const response = new Uint8Array(MESSAGE_MAX + 1);
  return (query, client = '0.0.0.0') => {
    const ip = scanAddress(client);
    const datagram: Datagram = { bytes: query, from: 0, to: query.length, ip, port: 0, reply: response, replyAt: 0 };
    server.begin();
    const length = server.datagram(datagram);
    server.end();
    return length === 0 ? undefined : response.slice(0, length);
  };
}

function scanAddress(text: string): Address {
  const ip = scanIp6(text) ?? scanIp6(`::ffff:${text}`);
  if (!ip) throw new TypeError(`not an address: ${text}`);
  return isMapped(ip) ? copyIp4(ip, 12) : ip;
}
