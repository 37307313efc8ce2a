// dnscache's log lines. Counterpart: log.c. Lines are put together as bytes and written to stderr in one piece at the
// end of whatever caused them: the original's one write per line was a third of its work. Names are lowercased, with
// a dot at the end; what does not print is a question mark. Addresses, ports and ids are hexadecimal.

import { LOWER, putDecimal, putHex, putText } from '../base/bytes.ts';
import type { Endpoint } from '../base/endpoint.ts';
import { codeText } from '../base/oserror.ts';
import { writeAll } from '../base/output.ts';
import { putTai64nNow } from '../base/tai.ts';
import type { ResolveLog } from '../resolve/log.ts';
import * as TYPE from '../wire/type.ts';

const SIZE = 65536;
/** Room for the longest line: three names, sixteen addresses. */
const LINE_MAX = 2048;
/** Octets of a record shown. */
const DATA_SHOWN = 32;

/** A client's address and port. */
export interface ClientAddress {
  readonly ip: Uint8Array;
  readonly port: number;
}

/** What stats lines tell: queries so far, octets put into the cache, clients waiting over UDP, TCP connections. */
export interface Counts {
  readonly queries: number;
  readonly motion: number;
  readonly udpActive: number;
  readonly tcpActive: number;
}

/** Where a name's octet goes: itself, lowercased, or a question mark. */
const SHOWN = new Uint8Array(256);
for (let i = 0; i < 256; i++) SHOWN[i] = i <= 32 || i > 126 ? 63 : LOWER[i]!;

/** Collects lines until `flush`. Error codes are such as `ETIMEDOUT` and printed in djb's words. */
export class CacheLog implements ResolveLog {
  private readonly buffer = new Uint8Array(SIZE);
  private used = 0;
  private readonly counts: () => Counts;
  private readonly write: (bytes: Uint8Array) => void;

  private readonly labelled: boolean;

  /** `labelled`: each line begins with a TAI64N label and a space, as `tai64n` would put it. */
  constructor(counts: () => Counts, labelled = false, write: (bytes: Uint8Array) => void = toStderr) {
    this.counts = counts;
    this.labelled = labelled;
    this.write = write;
  }

  /** Writes what has been collected. A reader that went away loses it. */
  flush(): void {
    if (this.used === 0) return;
    const lines = this.buffer.subarray(0, this.used);
    this.used = 0;
    this.write(lines);
  }

  starting(): void {
    this.start('starting');
    this.end();
  }

  query(number: number, client: ClientAddress, id: number, type: number, name: Uint8Array): void {
    this.start('query ');
    this.number(number);
    this.space();
    this.client(client);
    this.octet(58);
    this.hex(id, 4);
    this.space();
    this.number(type);
    this.space();
    this.name(name, 0);
    this.end();
  }

  sent(number: number, length: number): void {
    this.start('sent ');
    this.number(number);
    this.space();
    this.number(length);
    this.end();
  }

  drop(number: number, code: string): void {
    this.start('drop ');
    this.number(number);
    this.space();
    this.text(codeText(code));
    this.end();
  }

  tcpOpen(client: ClientAddress): void {
    this.start('tcpopen ');
    this.client(client);
    this.end();
  }

  tcpClose(client: ClientAddress, code: string): void {
    this.start('tcpclose ');
    this.client(client);
    this.space();
    this.text(codeText(code));
    this.end();
  }

  cached(type: number, name: Uint8Array): void {
    this.start('cached ');
    this.number(type);
    this.space();
    this.name(name, 0);
    this.end();
  }

  cachedCname(name: Uint8Array, target: Uint8Array, targetAt: number): void {
    this.start('cached cname ');
    this.name(name, 0);
    this.space();
    this.name(target, targetAt);
    this.end();
  }

  cachedNs(zone: Uint8Array, zoneAt: number, server: Uint8Array, serverAt: number): void {
    this.start('cached ns ');
    this.name(zone, zoneAt);
    this.space();
    this.name(server, serverAt);
    this.end();
  }

  cachedNxdomain(name: Uint8Array): void {
    this.start('cached nxdomain ');
    this.name(name, 0);
    this.end();
  }

  cachedServfail(name: Uint8Array, type: number): void {
    this.start('cached servfail ');
    this.name(name, 0);
    this.space();
    this.number(type);
    this.end();
  }

  tx(
    level: number,
    type: number,
    name: Uint8Array,
    control: Uint8Array,
    controlAt: number,
    servers: readonly Endpoint[],
  ): void {
    this.start('tx ');
    this.number(level);
    this.space();
    this.number(type);
    this.space();
    this.name(name, 0);
    this.space();
    this.name(control, controlAt);
    for (const server of servers) {
      this.space();
      this.ip(server.ip);
    }
    this.end();
  }

  /** The question is already on its way to the server for somebody else, whose reply will do. */
  merge(ip: Uint8Array, type: number, name: Uint8Array): void {
    this.start('merge ');
    this.ip(ip);
    this.space();
    this.number(type);
    this.space();
    this.name(name, 0);
    this.end();
  }

  rr(ip: Uint8Array, ttl: number, type: number, name: Uint8Array, nameAt: number, data: Uint8Array): void {
    this.startRr(ip, ttl);
    this.number(type);
    this.space();
    this.name(name, nameAt);
    this.space();
    const shown = Math.min(data.length, DATA_SHOWN);
    for (let i = 0; i < shown; i++) this.hex(data[i]!, 2);
    if (shown === DATA_SHOWN) this.text('...');
    this.end();
  }

  rrName(ip: Uint8Array, ttl: number, type: number, name: Uint8Array, nameAt: number, target: Uint8Array): void {
    this.startRr(ip, ttl);
    this.text(type === TYPE.NS ? 'ns ' : type === TYPE.CNAME ? 'cname ' : 'ptr ');
    this.name(name, nameAt);
    this.space();
    this.name(target, 0);
    this.end();
  }

  rrMx(ip: Uint8Array, ttl: number, name: Uint8Array, nameAt: number, preference: number, target: Uint8Array): void {
    this.startRr(ip, ttl);
    this.text('mx ');
    this.name(name, nameAt);
    this.space();
    this.number(preference);
    this.space();
    this.name(target, 0);
    this.end();
  }

  rrSoa(
    ip: Uint8Array,
    ttl: number,
    name: Uint8Array,
    nameAt: number,
    primary: Uint8Array,
    mailbox: Uint8Array,
    numbers: Uint8Array,
  ): void {
    this.startRr(ip, ttl);
    this.text('soa ');
    this.name(name, nameAt);
    this.space();
    this.name(primary, 0);
    this.space();
    this.name(mailbox, 0);
    for (let i = 0; i < 20; i += 4) {
      this.space();
      const high = (numbers[i]! << 8) | numbers[i + 1]!;
      this.number(high * 0x10000 + ((numbers[i + 2]! << 8) | numbers[i + 3]!));
    }
    this.end();
  }

  nxdomain(ip: Uint8Array, ttl: number, name: Uint8Array): void {
    this.start('nxdomain ');
    this.ip(ip);
    this.space();
    this.number(ttl);
    this.space();
    this.name(name, 0);
    this.end();
  }

  nodata(ip: Uint8Array, ttl: number, type: number, name: Uint8Array): void {
    this.start('nodata ');
    this.ip(ip);
    this.space();
    this.number(ttl);
    this.space();
    this.number(type);
    this.space();
    this.name(name, 0);
    this.end();
  }

  lame(ip: Uint8Array, control: Uint8Array, controlAt: number, referral: Uint8Array, referralAt: number): void {
    this.start('lame ');
    this.ip(ip);
    this.space();
    this.name(control, controlAt);
    this.space();
    this.name(referral, referralAt);
    this.end();
  }

  servfail(name: Uint8Array, code: string): void {
    this.start('servfail ');
    this.name(name, 0);
    this.space();
    this.text(codeText(code));
    this.end();
  }

  stats(): void {
    const { queries, motion, udpActive, tcpActive } = this.counts();
    this.start('stats ');
    this.number(queries);
    this.space();
    this.number(motion);
    this.space();
    this.number(udpActive);
    this.space();
    this.number(tcpActive);
    this.end();
  }

  private startRr(ip: Uint8Array, ttl: number): void {
    this.start('rr ');
    this.ip(ip);
    this.space();
    this.number(ttl);
    this.space();
  }

  private start(word: string): void {
    if (this.labelled) {
      this.used = putTai64nNow(this.buffer, this.used);
      this.space();
    }
    this.text(word);
  }

  private end(): void {
    this.octet(10);
    if (this.used > SIZE - LINE_MAX) this.flush();
  }

  private octet(octet: number): void {
    this.buffer[this.used++] = octet;
  }

  private space(): void {
    this.buffer[this.used++] = 32;
  }

  private text(text: string): void {
    this.used = putText(this.buffer, this.used, text);
  }

  private number(number: number): void {
    this.used = putDecimal(this.buffer, this.used, number);
  }

  private hex(number: number, digits: number): void {
    this.used = putHex(this.buffer, this.used, number, digits);
  }

  private ip(ip: Uint8Array): void {
    for (let i = 0; i < ip.length; i++) this.hex(ip[i]!, 2);
  }

  private client(client: ClientAddress): void {
    this.ip(client.ip);
    this.octet(58);
    this.hex(client.port, 4);
  }

  private name(name: Uint8Array, at: number): void {
    const { buffer } = this;
    let label = name[at++]!;
    if (label === 0) return this.octet(46);
    while (label > 0) {
      for (const end = at + label; at < end; at++) buffer[this.used++] = SHOWN[name[at]!]!;
      buffer[this.used++] = 46;
      label = name[at++]!;
    }
  }
}

function toStderr(bytes: Uint8Array): void {
  try {
    writeAll(2, bytes);
  } catch {
    // Nobody reads the log: the original does not mind either.
  }
}
