// Scripted DNS servers on loopback, for resolvers to meet: each has an address of its own, port 53, UDP and TCP, and a
// script that is free to answer well, badly, late, many times or not at all. Messages are written and read with
// dns-packet, which shares no code with the programs under test.
import { createSocket, type Socket } from 'node:dgram';
import { createServer, type Server, type Socket as TcpSocket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import dnsPacket from 'dns-packet';

/** A question as a scripted server gets it. */
export interface Query {
  readonly id: number;
  readonly flags: number;
  /** Lowercased, no dot at the end, the root is empty. */
  readonly name: string;
  /** As `A`, `NS`, ... */
  readonly type: string;
  /** The question section as it came, to be echoed. */
  readonly question: dnsPacket.Question[];
  readonly overTcp: boolean;
  readonly raw: Buffer;
  /** Who asked. */
  readonly client: string;
  readonly port: number;
}

/** Sends a message to whoever asked; may be called any number of times, now or later. */
export type Send = (message: Uint8Array) => void;
export type Script = (query: Query, send: Send) => void;

/** What a reply says. Records are `rr` text. */
export interface Reply {
  rcode?: number;
  /** Header bits beside QR and the rcode; AA unless given. */
  flags?: number;
  answer?: readonly string[];
  authority?: readonly string[];
  additional?: readonly string[];
  /** Sent over UDP even if it is longer than 512 octets. */
  oversize?: boolean;
}

const UDP_MAX = 512;
export const AA = 0x0400;
export const TC = 0x0200;
export const SERVFAIL = 2;
export const NXDOMAIN = 3;
export const REFUSED = 5;

/** A record from text: `www.example 300 A 192.0.2.1`. The root is `.`; other names have no dot at the end. */
export function rr(text: string): dnsPacket.Answer {
  const [name = '', ttlText, type, ...data] = text.split(' ');
  const first = data[0] ?? '';
  const record = { name, ttl: Number(ttlText), class: 'IN', type };
  switch (type) {
    case 'MX':
      return { ...record, data: { preference: Number(first), exchange: data[1] } } as dnsPacket.Answer;
    case 'SOA': {
      const [serial, refresh, retry, expire, minimum] = data.slice(2).map(Number);
      const soa = { mname: first, rname: data[1], serial, refresh, retry, expire, minimum };
      return { ...record, data: soa } as dnsPacket.Answer;
    }
    case 'TXT':
      return { ...record, data: data.join(' ') } as dnsPacket.Answer;
    case 'SRV': {
      const [priority, weight, port] = data.map(Number);
      return { ...record, data: { priority, weight, port, target: data[3] } } as dnsPacket.Answer;
    }
    default:
      return { ...record, data: first } as dnsPacket.Answer;
  }
}

/** The octets of a reply to `query`; over UDP only its header and question, with TC, when it is too long. */
export function reply(query: Query, { rcode = 0, flags = AA, oversize = false, ...sections }: Reply): Buffer {
  const message = dnsPacket.encode({
    id: query.id,
    type: 'response',
    flags: flags | rcode,
    questions: query.question,
    answers: (sections.answer ?? []).map(rr),
    authorities: (sections.authority ?? []).map(rr),
    additionals: (sections.additional ?? []).map(rr),
  } as dnsPacket.Packet);
  if (query.overTcp || oversize || message.length <= UDP_MAX) return message;
  return reply(query, { rcode, flags: flags | TC });
}

/** A zone that a scripted server answers from as it should: answers, aliases, referrals with glue, negatives. */
export class ScriptedZone {
  readonly apex: string;
  records: string[];

  constructor(apex: string, records: readonly string[]) {
    this.apex = apex;
    this.records = [...records];
  }

  /** The honest reply. */
  answer(query: Query): Reply {
    const at = (name: string, type?: string): string[] =>
      this.records.filter((text) => {
        const [owner = '', , itsType] = text.toLowerCase().split(' ');
        return (owner === '.' ? '' : owner) === name && (type === undefined || itsType === type.toLowerCase());
      });
    for (let zone = query.name; zone !== this.apex && zone !== ''; zone = parent(zone)) {
      const cut = at(zone, 'NS');
      if (cut.length === 0) continue;
      const glue = cut.flatMap((text) => at((text.split(' ')[3] ?? '').toLowerCase(), 'A'));
      return { flags: 0, authority: cut, additional: glue };
    }
    const alias = at(query.name, 'CNAME');
    if (alias.length > 0) return { answer: alias };
    const found = at(query.name, query.type);
    if (found.length > 0) return { answer: found };
    const soa = at(this.apex, 'SOA');
    const exists = this.records.some((text) => isWithin(text.split(' ')[0]?.toLowerCase() ?? '', query.name));
    return exists ? { authority: soa } : { rcode: NXDOMAIN, authority: soa };
  }

  /** A script that answers honestly. */
  readonly script: Script = (query, send) => send(reply(query, this.answer(query)));
}

function parent(name: string): string {
  const dot = name.indexOf('.');
  return dot < 0 ? '' : name.slice(dot + 1);
}

/** True when `name` is `zone` or below it; both lowercased, without a dot at the end. */
export function isWithin(name: string, zone: string): boolean {
  return zone === '' || name === zone || name.endsWith(`.${zone}`);
}

/** A server at `address`, port 53. `script` may be replaced at any time. */
export class ScriptedServer {
  readonly address: string;
  script: Script;
  /** How many messages came. */
  queries = 0;
  private readonly udp: Socket = createSocket('udp4');
  private readonly tcp: Server = createServer((socket) => this.serve(socket));
  private readonly connections = new Set<TcpSocket>();
  private isClosed = false; // a script may still send

  constructor(address: string, script: Script) {
    this.address = address;
    this.script = script;
    this.udp.on('message', (raw, client) => {
      const query = readQuery(raw, false, client.address, client.port);
      if (!query) return;
      this.queries++;
      this.script(query, (message) => this.send(message, client.port, client.address));
    });
  }

  /**
   * Listens on UDP, and on TCP too unless told otherwise. Waits up to a minute and a half for an address in use: the
   * tests of another checkout on this machine use the same ones.
   */
  async listen(overTcp = true): Promise<this> {
    for (let tries = 0; ; tries++) {
      try {
        await this.bindUdp();
        break;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || tries === 180) throw error;
        await sleep(500);
      }
    }
    if (overTcp) await new Promise<void>((resolve) => this.tcp.listen(53, this.address, resolve));
    return this;
  }

  private bindUdp(): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      this.udp.once('error', reject);
      this.udp.bind(53, this.address, () => {
        this.udp.off('error', reject);
        resolve();
      });
    });
  }

  /** A datagram from this server's address, port 53, to anybody. */
  send(message: Uint8Array, port: number, address: string): void {
    if (!this.isClosed) this.udp.send(message, port, address, () => {});
  }

  close(): void {
    this.isClosed = true;
    this.udp.close();
    this.tcp.close();
    for (const socket of this.connections) socket.destroy();
  }

  private serve(socket: TcpSocket): void {
    this.connections.add(socket);
    socket.on('close', () => this.connections.delete(socket));
    socket.on('error', () => socket.destroy());
    let pending = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      pending = Buffer.concat([pending, chunk]);
      while (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE(0)) {
        const length = pending.readUInt16BE(0);
        const query = readQuery(
          pending.subarray(2, 2 + length),
          true,
          socket.remoteAddress ?? '',
          socket.remotePort ?? 0,
        );
        pending = pending.subarray(2 + length);
        if (!query) continue;
        this.queries++;
        this.script(query, (message) => {
          const prefix = Buffer.alloc(2);
          prefix.writeUInt16BE(message.length, 0);
          socket.write(Buffer.concat([prefix, message]));
        });
      }
    });
  }
}

/** A question message taken apart; undefined when it is none. */
export function readQuery(raw: Buffer, overTcp: boolean, client: string, port: number): Query | undefined {
  try {
    const packet = dnsPacket.decode(raw);
    const question = packet.questions?.[0];
    if (!question) return undefined;
    const name = question.name.toLowerCase().replace(/^\.$/, '');
    const flags = raw.readUInt16BE(2);
    const questions = packet.questions ?? [];
    const type = question.type as string;
    return { id: raw.readUInt16BE(0), flags, name, type, question: questions, overTcp, raw, client, port };
  } catch {
    return undefined;
  }
}
