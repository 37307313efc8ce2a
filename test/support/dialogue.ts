// Dialogues with the resolver: a fake clock, fake servers, no sockets. A server is a function from the question to what
// it does: a reply in text, raw octets, silence until the try times out, or a system error.

import dnsPacket from 'dns-packet';
import { formatAddress, ip4Of, scanIp6 } from '../../src/base/address.ts';
import { bytesOf } from '../../src/base/bytes.ts';
import { CacheLog } from '../../src/log/cachelog.ts';
import { Cache } from '../../src/resolve/cache.ts';
import { Failures } from '../../src/resolve/failures.ts';
import { Query } from '../../src/resolve/query.ts';
import type { Resolver } from '../../src/resolve/resolver.ts';
import { Response } from '../../src/resolve/response.ts';
import { RESPONSE_MAX, ResponseWriter } from '../../src/resolve/response-writer.ts';
import { Roots } from '../../src/resolve/roots.ts';
import { RoundTrips } from '../../src/resolve/round-trips.ts';
import { EdnsServer } from '../../src/wire/edns.ts';
import { nameOf } from '../../src/wire/name.ts';
import { type Query as Asked, type Reply, reply } from './scripted.ts';

/**
 * What a server does with a question, perhaps after some seconds: `refuse` means ECONNREFUSED, `unreachable` that it
 * cannot be sent.
 */
export type Deed =
  | Reply
  | Uint8Array
  | { after: number; deed: Deed }
  | 'silent'
  | 'refuse'
  | 'unreachable'
  | ((asked: Asked) => Uint8Array);
export type Server = (asked: Asked) => Deed;

/** One message sent: when (seconds since the beginning), over what, to whom, what. */
export interface Sent {
  at: number;
  transport: string;
  server: string;
  question: string;
  query: Buffer;
}

/** What a client got. */
export interface Outcome {
  /** `flags` of the header, with the rcode. */
  flags: number;
  /** `owner ttl type data` in order. */
  records: string[];
  bytes: Buffer;
  /** The log lines of this question, `query` and `sent` lines excepted; `tx` lines with the servers sorted. */
  log: string[];
  sent: Sent[];
  /** Seconds that it took. */
  seconds: number;
}

export interface DialogueOptions {
  /** The files of servers/: domain to addresses. */
  roots?: Record<string, string[]>;
  cacheSize?: number;
  forwardOnly?: boolean;
  hideTtl?: boolean;
  /** 1 for IPv4, 28 for IPv6. */
  families?: number[];
  /** Octets offered in questions. */
  edns?: number;
}

const START = 1_700_000_000;

/** A resolver and the servers it knows. */
export class Dialogue {
  readonly servers: Record<string, Server>;
  readonly resolver: Resolver;
  /** Unix seconds. */
  now = START;
  private log = '';
  private readonly cacheLog: CacheLog;
  private queries = 0;

  constructor(servers: Record<string, Server>, options: DialogueOptions = {}) {
    this.servers = servers;
    const roots = new Roots();
    for (const [domain, addresses] of Object.entries(options.roots ?? { '.': ['10.0.0.1'] })) {
      const endpoints = addresses.map((address) => ({ ip: scanIp6(address) ?? ip4Of(bytesOf(address))!, port: 53 }));
      roots.add(nameOf(domain)!, endpoints);
    }
    const cache = new Cache(options.cacheSize ?? 100_000);
    const counts = () => ({ queries: this.queries, motion: cache.motion, udpActive: 1, tcpActive: 0 });
    this.cacheLog = new CacheLog(counts, false, (bytes, from, to) => {
      this.log += Buffer.from(bytes.subarray(from, to)).toString('latin1');
    });
    this.resolver = {
      cache,
      roots,
      failures: new Failures(),
      roundTrips: new RoundTrips(),
      writer: new ResponseWriter(options.hideTtl ?? false),
      response: new Response(),
      families: options.families ?? [1],
      knowsIp6: options.families?.includes(28) ?? false,
      edns: new EdnsServer(0),
      ednsPayload: options.edns ?? 0,
      log: this.cacheLog,
      forwardOnly: options.forwardOnly ?? false,
      now: this.now,
      milliseconds: this.now * 1000,
    };
  }

  /** Asks as a client; the clock moves on by what the servers make the resolver wait. */
  ask(name: string, type: string | number = 'A', qclass = 1): Outcome {
    const began = this.now;
    const sent: Sent[] = [];
    const query = this.begin(name, type, qclass);
    while (!query.done) {
      this.attempt(query, began, sent);
      this.setClock();
      if (sent.length > 2000) throw new Error('no end');
    }
    this.cacheLog.flush();
    const log = this.log.split('\n').slice(0, -1).map(sortServers);
    this.log = '';
    if (query.client.dropped !== '') log.push(`drop ${query.client.dropped}`);
    const bytes = responseOf(query);
    const seconds = this.now - began;
    return { flags: bytes.readUInt16BE(2), records: recordsOf(bytes), bytes, log, sent, seconds };
  }

  /** Asks for all the names at once, one message by turns; the records of each. */
  askTogether(names: readonly string[], type: string | number = 'A'): string[][] {
    const began = this.now;
    const sent: Sent[] = [];
    const queries = names.map((name) => this.begin(name, type, 1));
    for (let waiting = queries; waiting.length > 0; waiting = waiting.filter(({ done }) => !done)) {
      for (const query of waiting) if (!query.done) this.attempt(query, began, sent);
      this.setClock();
      if (sent.length > 2000) throw new Error('no end');
    }
    return queries.map((query) => recordsOf(responseOf(query)));
  }

  private begin(name: string, type: string | number, qclass: number): Query {
    this.setClock();
    const query = new Query(this.resolver, undefined);
    this.queries++;
    Object.assign(query.client, { id: 4711, qtype: typeNumber(type), qclass, max: RESPONSE_MAX });
    query.client.qname.set(nameOf(name)!);
    query.start({ bytes: new Uint8Array(70000), at: 0 });
    return query;
  }

  private setClock(): void {
    this.resolver.now = Math.floor(this.now);
    this.resolver.milliseconds = this.now * 1000;
  }

  private attempt(query: Query, began: number, sent: Sent[]): void {
    const attempt = query.attempt!;
    const server = formatAddress(attempt.server.ip);
    const raw = Buffer.from(attempt.query);
    const asked = readAsked(raw, attempt.transport === 'tcp');
    const at = this.now - began;
    sent.push({ at, transport: attempt.transport, server, question: `${asked.type} ${asked.name}`, query: raw });
    let deed = this.servers[server]?.(asked) ?? 'silent';
    if (typeof deed === 'object' && 'after' in deed) {
      const { after } = deed;
      deed = after < attempt.seconds ? deed.deed : 'silent';
      if (deed !== 'silent') this.now += after;
      this.setClock();
    }
    if (deed === 'silent') {
      this.now += attempt.seconds;
      this.setClock();
      return query.failed('ETIMEDOUT');
    }
    if (deed === 'refuse') return query.failed('ECONNREFUSED');
    if (deed === 'unreachable') return query.unsendable('ENETUNREACH');
    const message =
      deed instanceof Uint8Array ? deed : typeof deed === 'function' ? deed(asked) : reply(asked, deed as Reply);
    if (query.received(new Uint8Array(message))) return;
    this.now += attempt.seconds;
    this.setClock();
    query.failed('ETIMEDOUT');
  }
}

function responseOf({ client: { place, length } }: Query): Buffer {
  return Buffer.from(place.bytes.slice(place.at, place.at + length));
}

function typeNumber(type: string | number): number {
  if (typeof type === 'number') return type;
  const question = { type: 'query', questions: [{ name: 'x', type }] } as dnsPacket.Packet;
  return dnsPacket.encode(question).readUInt16BE(15);
}

function readAsked(raw: Buffer, overTcp: boolean): Asked {
  const { questions = [] } = dnsPacket.decode(raw);
  const { name, type } = questions[0]!;
  return {
    id: raw.readUInt16BE(0),
    flags: raw.readUInt16BE(2),
    name: name === '.' ? '' : name.toLowerCase(),
    type,
    question: questions,
    overTcp,
    raw,
    client: '',
    port: 0,
  };
}

function recordsOf(bytes: Buffer): string[] {
  const { answers = [] } = dnsPacket.decode(bytes);
  return answers.map((record) => {
    const { name, type, ttl, data } = record as { name: string; type: string; ttl: number; data: unknown };
    const text =
      type === 'MX'
        ? `${(data as { preference: number }).preference} ${(data as { exchange: string }).exchange}`
        : type === 'SOA'
          ? (data as { mname: string }).mname
          : String(data);
    return `${name} ${ttl} ${type} ${text}`;
  });
}

/** Servers are asked in random order: their addresses sorted. */
function sortServers(line: string): string {
  const words = line.split(' ');
  if (words[0] !== 'tx') return line;
  return [...words.slice(0, 5), ...words.slice(5).sort()].join(' ');
}
