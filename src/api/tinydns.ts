// tinydns as a library, the package's `./tinydns`: lines of a data file to a cdb in memory, and questions answered from
// one. What is compiled and answered is what tinydns-data and tinydns would, octet for octet.

import { TinydnsResponder } from '../answer/tinydns.ts';
import { type Address, copyIp4, isMapped, scanIp6 } from '../base/address.ts';
import { Fatal } from '../base/errors.ts';
import { randomBelow } from '../base/random.ts';
import { CdbMaker } from '../cdb/maker.ts';
import { BadLine } from '../data/bad-line.ts';
import { trimmedEnd } from '../data/fields.ts';
import { TinydnsCompiler } from '../data/tinydns-text.ts';
import { Log } from '../log/qlog.ts';
import { ContentServer } from '../program/dns-server.ts';
import type { Datagram } from '../transport/datagram.ts';
import { MESSAGE_MAX } from '../wire/constants.ts';
import { EdnsServer, PAYLOAD } from '../wire/edns.ts';

const NEWLINE = 10;

/** A line that tinydns-data would refuse. `line` counts from 1. */
export class DataError extends Error {
  override name = 'DataError';
  readonly line: number;
  constructor(line: number, reason: string) {
    super(`unable to parse data line ${line}: ${reason}`);
    this.line = line;
  }
}

/**
 * Compiles the lines of a data file (octets, or text to be taken as UTF-8) to the octets of a data.cdb. `serial` is the
 * serial number of zones that do not state theirs, the time of the file for tinydns-data. Throws `DataError` for a line
 * that tinydns-data would refuse.
 */
export function compile(data: Uint8Array | string, serial: number): Uint8Array {
  const text = typeof data === 'string' ? new TextEncoder().encode(data) : data;
  let file = new Uint8Array(4096);
  let length = 0;
  const maker = new CdbMaker((bytes, count, position) => {
    length = Math.max(length, position + count);
    if (length > file.length) {
      const larger = new Uint8Array(2 * length);
      larger.set(file);
      file = larger;
    }
    file.set(bytes.subarray(0, count), position);
  });
  const compiler = new TinydnsCompiler(maker, serial);
  for (let from = 0, line = 1; from < text.length; line++) {
    const newline = text.indexOf(NEWLINE, from);
    const to = newline < 0 ? text.length : newline;
    const end = trimmedEnd(text, from, to);
    try {
      if (end > from) compiler.line(text, from, end);
    } catch (error) {
      if (error instanceof BadLine || error instanceof Fatal) throw new DataError(line, error.message);
      throw error;
    }
    from = to + 1;
  }
  compiler.end();
  maker.finish();
  return file.slice(0, length);
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
