// A primary in this process whose zones have versions: version 2 differs from version 1 in ten records, and so on. Over
// UDP it tells its SOA, over TCP it gives the zone whole or what has changed since a version. NOTIFY is sent from it.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { framed, MessageStream } from '../../src/wire/framing.ts';
import { formatName } from '../../src/wire/name.ts';
import * as TYPE from '../../src/wire/type.ts';
import { a, message, ns, soa, type TestRecord } from './zone-messages.ts';

/** Hosts that have another address in each version, and hosts that stay: `h0`, `s0` ... */
export const CHANGING = 10;
export const STAYING = 20;

/** The address that a host has in a version, and one that stays has in all. */
export function addressIn(version: number): string {
  return `10.0.${version >> 8}.${version & 255}`;
}

const STAYS = 60_000;
/** REFRESH and RETRY at the lower bound of axfr-getd. */
const TIMERS = [3600, 1, 100_000, 300];

function hosts(zone: string, version: number): TestRecord[] {
  return Array.from({ length: CHANGING }, (_, i) => a(`h${i}.${zone}`, version));
}

interface Asked {
  readonly id: number;
  readonly zone: string;
  readonly type: number;
  /** Of the SOA that an IXFR question ends with. */
  readonly serial: number;
}

function asked(request: Uint8Array): Asked {
  let end = 12;
  while (request[end]! > 0) end += request[end]! + 1;
  const view = new DataView(request.buffer, request.byteOffset, request.length);
  return {
    id: view.getUint16(0),
    zone: formatName(request.slice(12, end + 1)),
    type: view.getUint16(end + 1),
    serial: request.length > end + 25 ? view.getUint32(request.length - 20) : 0,
  };
}

export class VersionedPrimary {
  /** The versions of its zones; what is not here is refused. */
  readonly versions = new Map<string, number>();
  /** More records of a zone, in each version. */
  readonly more = new Map<string, readonly TestRecord[]>();
  readonly ip: string;
  readonly port: number;
  private readonly datagrams = createSocket('udp4');
  private readonly notifier = createSocket('udp4');
  private readonly connections = new Set<Socket>();
  private readonly server = createServer((socket) => this.serve(socket));
  /** Zones whose answers wait, and the answers. */
  private held: ReadonlySet<string> = new Set();
  private waiting: (() => void)[] = [];

  constructor(ip: string, port = 5300) {
    this.ip = ip;
    this.port = port;
  }

  async listen(): Promise<this> {
    this.datagrams.bind(this.port, this.ip);
    this.notifier.bind(0, this.ip);
    this.server.listen(this.port, this.ip);
    await Promise.all([this.datagrams, this.notifier, this.server].map((each) => once(each, 'listening')));
    this.datagrams.on('message', (request, peer) => {
      this.answer(request, false, (response) => this.datagrams.send(response, peer.port, peer.address));
    });
    return this;
  }

  /** Connections that are open. */
  get open(): number {
    return this.connections.size;
  }

  close(): void {
    for (const socket of this.connections) socket.destroy();
    this.server.close();
    this.datagrams.close();
    this.notifier.close();
  }

  /** Sets all zones to a version. */
  set(version: number): void {
    for (const zone of this.versions.keys()) this.versions.set(zone, version);
  }

  /** Keeps back what is asked of these zones until `release`. */
  hold(zones: Iterable<string>): void {
    this.held = new Set(zones);
  }

  release(): void {
    this.held = new Set();
    const { waiting } = this;
    this.waiting = [];
    for (const answer of waiting) answer();
  }

  /** Tells a secondary the version of a zone. */
  notify(zone: string, ip: string, port: number): void {
    const options = { id: 77, flags: 0x2400, question: [zone, TYPE.SOA] as const };
    this.notifier.send(message([this.soa(zone)], options), port, ip);
  }

  private soa(zone: string, version = this.versions.get(zone)!): TestRecord {
    return soa(zone, version, TIMERS);
  }

  private serve(socket: Socket): void {
    const messages = new MessageStream();
    this.connections.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => this.connections.delete(socket));
    socket.on('data', (chunk) => {
      messages.push(chunk);
      for (let request = messages.next(); request; request = messages.next()) {
        this.answer(request, true, (response) => socket.write(framed(response)));
      }
    });
  }

  private answer(request: Uint8Array, isStream: boolean, send: (response: Uint8Array) => void): void {
    const { id, zone, type, serial } = asked(request);
    const version = this.versions.get(zone);
    const reply = (): void => {
      if (version === undefined) send(message([], { id, flags: 0x8005 }));
      else if (type === TYPE.SOA || !isStream) send(message([this.soa(zone)], { id }));
      else send(message(type === TYPE.IXFR ? this.changes(zone, serial) : this.whole(zone), { id }));
    };
    if (this.held.has(zone)) this.waiting.push(reply);
    else reply();
  }

  private whole(zone: string): TestRecord[] {
    const last = this.soa(zone);
    const stay = Array.from({ length: STAYING }, (_, i) => a(`s${i}.${zone}`, STAYS));
    const more = this.more.get(zone) ?? [];
    return [last, ns(zone, `ns.${zone}`), ...hosts(zone, this.versions.get(zone)!), ...stay, ...more, last];
  }

  private changes(zone: string, from: number): TestRecord[] {
    const last = this.soa(zone);
    const to = this.versions.get(zone)!;
    if (from >= to) return [last];
    return [last, this.soa(zone, from), ...hosts(zone, from), last, ...hosts(zone, to), last];
  }
}
