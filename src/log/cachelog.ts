// dnscache's log. Counterpart: log.c. A line is a word and fields after it: numbers and types in decimal, addresses,
// ports and IDs in hexadecimal, names lowercased with a dot at the end, errors in djb's words.

import type { Address } from '../base/address.ts';
import { unpack16, unpack32 } from '../base/bytes.ts';
import type { Endpoint } from '../base/endpoint.ts';
import { codeText } from '../base/oserror.ts';
import type { AcceptedRecord, ResolveLog } from '../resolve/log.ts';
import { shapeOf } from '../wire/layout.ts';
import { nameLength } from '../wire/name.ts';
import * as TYPE from '../wire/type.ts';
import { type Fields, type Peer, scanHexAddress, scanHexPeer } from './entry.ts';
import { LogLines, type Sink } from './lines.ts';
import type { Client } from './qlog.ts';
import { readData } from './rdata-text.ts';

/** Octets of a record shown. */
const DATA_SHOWN = 32;

/** What stats lines tell: queries so far, octets put into the cache, clients waiting over UDP, TCP connections. */
export interface Counts {
  readonly queries: number;
  readonly motion: number;
  readonly udpActive: number;
  readonly tcpActive: number;
}

/** The types whose records have lines of their own. */
const RECORD_WORDS: readonly (readonly [type: number, word: string])[] = [
  [TYPE.NS, 'ns'],
  [TYPE.CNAME, 'cname'],
  [TYPE.PTR, 'ptr'],
  [TYPE.MX, 'mx'],
  [TYPE.SOA, 'soa'],
];
const wordOfType = new Map(RECORD_WORDS);
const typeOfWord = new Map(RECORD_WORDS.map(([type, word]) => [word, type]));

/** Lines are kept back until `flush`. Error codes are such as `ETIMEDOUT`. */
export class CacheLog implements ResolveLog {
  private readonly lines: LogLines;
  private readonly counts: () => Counts;

  /** `stamped`: each line begins with a TAI64N label and a space, as `tai64n` would put it. */
  constructor(counts: () => Counts, stamped = false, sink?: Sink) {
    this.lines = new LogLines(stamped, sink);
    this.counts = counts;
  }

  /** Writes what has been collected. */
  flush(): void {
    this.lines.flush();
  }

  starting(): void {
    this.begin('starting').end();
  }

  query(number: number, client: Client, id: number, type: number, name: Uint8Array): void {
    this.begin('query').decimal(number);
    this.client(client).colon().hex16(id).decimal(type).dottedName(name).end();
  }

  sent(number: number, length: number): void {
    this.begin('sent').decimal(number).decimal(length).end();
  }

  drop(number: number, code: string): void {
    this.begin('drop').decimal(number).text(codeText(code)).end();
  }

  tcpOpen(client: Client): void {
    this.begin('tcpopen');
    this.client(client).end();
  }

  /** A client that may not ask. */
  refused(client: Client): void {
    this.begin('refused');
    this.client(client).end();
  }

  tcpClose(client: Client, code: string): void {
    this.begin('tcpclose');
    this.client(client).text(codeText(code)).end();
  }

  cached(type: number, name: Uint8Array): void {
    this.begin('cached').decimal(type).dottedName(name).end();
  }

  cachedCname(name: Uint8Array, target: Uint8Array, targetAt: number): void {
    this.begin('cached cname').dottedName(name).dottedName(target, targetAt).end();
  }

  cachedNs(zone: Uint8Array, zoneAt: number, server: Uint8Array, serverAt: number): void {
    this.begin('cached ns').dottedName(zone, zoneAt).dottedName(server, serverAt).end();
  }

  cachedNxdomain(name: Uint8Array): void {
    this.begin('cached nxdomain').dottedName(name).end();
  }

  cachedServfail(name: Uint8Array, type: number): void {
    this.begin('cached servfail').dottedName(name).decimal(type).end();
  }

  tx(level: number, type: number, name: Uint8Array, zoneAt: number, servers: readonly Endpoint[]): void {
    const line = this.begin('tx').decimal(level).decimal(type).dottedName(name).dottedName(name, zoneAt);
    for (const server of servers) line.hex(server.ip);
    line.end();
  }

  /** The question is already on its way to the server for somebody else, whose reply will do. */
  merge(ip: Address, type: number, name: Uint8Array): void {
    this.begin('merge').hex(ip).decimal(type).dottedName(name).end();
  }

  rr(record: AcceptedRecord, bytes: Uint8Array, from: number, to: number): void {
    const line = this.record(record);
    if (!wordOfType.has(record.type)) return line.hex(bytes, DATA_SHOWN, from, to).end();
    const { before, names, after } = shapeOf(record.type);
    if (before > 0) line.decimal(unpack16(bytes, from));
    let at = from + before;
    for (let i = 0; i < names; i++, at += nameLength(bytes, at)) line.dottedName(bytes, at);
    for (const end = at + after; at < end; at += 4) line.decimal(unpack32(bytes, at));
    line.end();
  }

  nxdomain(ip: Address, ttl: number, name: Uint8Array): void {
    this.begin('nxdomain').hex(ip).decimal(ttl).dottedName(name).end();
  }

  nodata(ip: Address, ttl: number, type: number, name: Uint8Array): void {
    this.begin('nodata').hex(ip).decimal(ttl).decimal(type).dottedName(name).end();
  }

  lame(ip: Address, name: Uint8Array, zoneAt: number, referral: Uint8Array, referralAt: number): void {
    this.begin('lame').hex(ip).dottedName(name, zoneAt).dottedName(referral, referralAt).end();
  }

  servfail(name: Uint8Array, code: string): void {
    this.begin('servfail').dottedName(name).text(codeText(code)).end();
  }

  stats(): void {
    const { queries, motion, udpActive, tcpActive } = this.counts();
    this.begin('stats').decimal(queries).decimal(motion).decimal(udpActive).decimal(tcpActive).end();
  }

  private begin(words: string): LogLines {
    return this.lines.begin().text(words);
  }

  private client({ ip, port }: Client): LogLines {
    return this.lines.hex(ip).colon().hex16(port);
  }

  private record({ ip, ttl, type, names, ownerAt }: AcceptedRecord): LogLines {
    const line = this.begin('rr').hex(ip).decimal(ttl);
    const word = wordOfType.get(type);
    return (word === undefined ? line.decimal(type) : line.text(word)).dottedName(names, ownerAt);
  }
}

/** Takes one of dnscache's lines apart, `starting` excepted; undefined for any other text. */
export function scanCacheLine(text: string): Fields | undefined {
  const space = text.indexOf(' ');
  const event = text.slice(0, space);
  if (space < 0 || !Object.hasOwn(LINES, event)) return undefined;
  const fields = LINES[event]!(text.slice(space + 1).split(' '));
  if (!fields || Object.values(fields).some((value) => Number.isNaN(value))) return undefined;
  fields.event ??= event;
  return fields;
}

/** The lines by their first word; the words are those after it. A number that is not one is NaN. */
const LINES: Readonly<Record<string, (words: string[]) => Fields | undefined>> = {
  query([number, peer, type, name, ...more]) {
    const [ip, port, id] = peer?.split(':') ?? [];
    if (!name || !id || more.length > 0) return undefined;
    return { number: Number(number), client: scanHexPeer(ip, port), id: parseInt(id, 16), type: Number(type), name };
  },
  sent: ([number, octets, ...more]) =>
    octets && more.length === 0 ? { number: Number(number), octets: Number(octets) } : undefined,
  drop: ([number, ...error]) => (error.length > 0 ? { number: Number(number), error: error.join(' ') } : undefined),
  tcpopen([peer]) {
    const client = scanClient(peer);
    return client && { client };
  },
  refused([peer, ...more]) {
    const client = more.length > 0 ? undefined : scanClient(peer);
    return client && { client };
  },
  tcpclose([peer, ...error]) {
    const client = scanClient(peer);
    return client && { client, error: error.join(' ') };
  },
  tx([level, type, name = '', zone = '', ...servers]) {
    if (zone === '') return undefined;
    return { level: Number(level), type: Number(type), name, zone, servers: servers.map(scanHexAddress) };
  },
  merge: ([ip = '', type, name]) => (name ? { server: scanHexAddress(ip), type: Number(type), name } : undefined),
  cached([kind, name, more]) {
    if (!kind || !name) return undefined;
    if (kind === 'cname') return more ? { event: 'cached alias', name, target: more } : undefined;
    if (kind === 'ns') return more ? { event: 'cached delegation', zone: name, target: more } : undefined;
    if (kind === 'nxdomain') return { event: 'cached nxdomain', name };
    if (kind === 'servfail') return { event: 'cached failure', name, ...(more ? { type: Number(more) } : {}) };
    return /^\d+$/.test(kind) ? { type: Number(kind), name } : undefined;
  },
  rr([ip = '', ttl, kind, name, ...data]) {
    if (!ip || !kind || !name) return undefined;
    const known = typeOfWord.get(kind);
    const type = known ?? (/^\d+$/.test(kind) ? Number(kind) : NaN);
    const text = known === undefined ? readData(type, data[0] ?? '') : data.join(' ');
    return { server: scanHexAddress(ip), ttl: Number(ttl), type, name, data: text };
  },
  nxdomain: ([ip = '', ttl, name]) => (name ? { server: scanHexAddress(ip), ttl: Number(ttl), name } : undefined),
  nodata([ip = '', ttl, type, name]) {
    return name ? { server: scanHexAddress(ip), ttl: Number(ttl), type: Number(type), name } : undefined;
  },
  lame: ([ip = '', zone = '', target]) => (target ? { server: scanHexAddress(ip), zone, target } : undefined),
  servfail: ([name, ...error]) => (name && error.length > 0 ? { name, error: error.join(' ') } : undefined),
  stats(words) {
    if (words.length !== 4 || !words.every((word) => /^\d+$/.test(word))) return undefined;
    const [queries, motion, udp, tcp] = words.map(Number) as [number, number, number, number];
    return { stats: { queries, motion, udp, tcp } };
  },
};

function scanClient(peer = ''): Peer | undefined {
  const match = /^([0-9a-f]{8}|[0-9a-f]{32}):([0-9a-f]{4})$/.exec(peer);
  return match ? scanHexPeer(match[1], match[2]) : undefined;
}
