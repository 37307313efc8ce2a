// dnscache's questions to servers. Counterpart: the I/O half of dns_transmit.c as dnscache uses it. Carries out what a
// query's `attempt` says: a new socket on a new random port for every try, connected to the server, so that only that
// server's datagrams get in.
//
// The same question is never on its way twice to one server: who comes second waits for the reply of the first, with
// its own deadline. Without that, many clients asking for one name made many packets that a forged reply could match
// (CVE-2008-4392). When the first gives up, one of those who wait takes its place and sends.
import { createSocket } from 'node:dgram';
import { connect, type Socket as TcpSocket } from 'node:net';
import { formatIp4 } from '../base/address.ts';
import { unpack32 } from '../base/bytes.ts';
import type { Endpoint } from '../base/endpoint.ts';
import { NameHash } from '../base/keyed-hash.ts';
import { errorCode } from '../base/oserror.ts';
import { randomBelow } from '../base/random.ts';
import { nameLength } from '../wire/name.ts';

/** Tries for a random port before the kernel chooses one. */
const PORT_TRIES = 10;
const PORT_MIN = 1025;
const PORT_COUNT = 64510;

/** A question under way, as resolve/query.ts has it. */
export interface Asker {
  readonly attempt:
    | {
        readonly transport: 'udp' | 'tcp';
        readonly server: Endpoint;
        readonly seconds: number;
        readonly query: Uint8Array;
      }
    | undefined;
  readonly askedName: Uint8Array;
  readonly askedType: number;
  received(message: Uint8Array): boolean;
  failed(code: string): void;
  unsendable(code: string): void;
}

/** What the owner of the questions is told. */
export interface UpstreamEvents {
  /** Called before every event, for the clock. */
  wake(): void;
  /** The question has no attempt left: its reply is ready. */
  done(asker: Asker): void;
  /** The question waits for the reply to the same question of somebody else. */
  merged(asker: Asker, server: Endpoint): void;
  /** Called after every event, for the log. */
  rest(): void;
}

/** One attempt under way. */
interface Flight {
  readonly asker: Asker;
  readonly key: number;
  /** Those who wait for this flight's reply; undefined in a flight that waits itself. */
  waiters: Flight[] | undefined;
  leader: Flight | undefined;
  timer: NodeJS.Timeout | undefined;
  close: () => void;
}

function nothing(): void {}

/** dgram and net look names up even when they are addresses; this keeps them from it, and synchronous. */
function noLookup(address: string, _: unknown, done: (error: null, address: string, family: number) => void): void {
  done(null, address, 4);
}

/** All questions under way. */
export class Upstream {
  private readonly localAddress: string;
  private readonly events: UpstreamEvents;
  private readonly leaders = new Map<number, Flight>();
  private readonly flights = new Map<Asker, Flight>();

  /** Questions leave from the address `local`; 0.0.0.0 lets the kernel choose. */
  constructor(local: Uint8Array, events: UpstreamEvents) {
    this.localAddress = formatIp4(local);
    this.events = events;
  }

  /** Takes a question up that has an attempt. `done` may be called at once. */
  start(asker: Asker): void {
    this.go(asker);
  }

  /** Forgets the question: nothing more is heard of it. */
  stop(asker: Asker): void {
    const flight = this.flights.get(asker);
    if (flight) this.end(flight);
  }

  private go(asker: Asker): void {
    const { attempt } = asker;
    if (!attempt) return this.events.done(asker);
    const key = keyOf(asker, attempt.transport, attempt.server);
    const leader = this.leaders.get(key);
    const flight: Flight = { asker, key, waiters: undefined, leader, timer: undefined, close: nothing };
    this.flights.set(asker, flight);
    if (leader) {
      leader.waiters!.push(flight);
      // Over TCP the leader has one period to connect and one to read.
      this.arm(flight, attempt.transport === 'tcp' ? 2 * attempt.seconds : attempt.seconds);
      this.events.merged(asker, attempt.server);
      return;
    }
    this.lead(flight);
    this.arm(flight, attempt.seconds);
  }

  /** Makes the flight the one that sends. */
  private lead(flight: Flight): void {
    flight.leader = undefined;
    flight.waiters = [];
    this.leaders.set(flight.key, flight);
    const attempt = flight.asker.attempt!;
    if (attempt.transport === 'udp') this.openUdp(flight, attempt.server, attempt.query);
    else this.openTcp(flight, attempt.server, attempt.query, attempt.seconds);
  }

  private arm(flight: Flight, seconds: number): void {
    clearTimeout(flight.timer);
    flight.timer = setTimeout(() => this.fail(flight, 'ETIMEDOUT', false), seconds * 1000);
  }

  /** Takes the flight out of everything; one of those who waited for it takes over. */
  private end(flight: Flight): void {
    clearTimeout(flight.timer);
    this.flights.delete(flight.asker);
    flight.close();
    flight.close = nothing;
    const { leader, waiters } = flight;
    if (leader) {
      leader.waiters = leader.waiters!.filter((each) => each !== flight);
      return;
    }
    if (!waiters) return;
    flight.waiters = undefined;
    this.leaders.delete(flight.key);
    const heir = waiters.shift();
    if (!heir) return;
    this.lead(heir);
    heir.waiters = waiters;
    for (const waiter of waiters) waiter.leader = heir;
  }

  private fail(flight: Flight, code: string, isUnsent: boolean): void {
    if (this.flights.get(flight.asker) !== flight) return;
    this.events.wake();
    this.end(flight);
    if (isUnsent) flight.asker.unsendable(code);
    else flight.asker.failed(code);
    this.go(flight.asker);
    this.events.rest();
  }

  /** A message came for the flight; those who wait each get it under the id of their own query. */
  private deliver(flight: Flight, message: Uint8Array): void {
    if (this.flights.get(flight.asker) !== flight) return;
    this.events.wake();
    if (flight.asker.received(message)) {
      const waiters = flight.waiters ?? [];
      flight.waiters = [];
      this.end(flight);
      // One after the other to its end: a reply that is ready is good until the next one is made.
      this.go(flight.asker);
      for (const waiter of waiters) this.deliverCopy(waiter, message);
    }
    this.events.rest();
  }

  private deliverCopy(waiter: Flight, message: Uint8Array): void {
    const { asker } = waiter;
    if (this.flights.get(asker) !== waiter) return;
    const { query } = asker.attempt!;
    const copy = new Uint8Array(message); // not slice: that of a Buffer shares its memory
    copy[0] = query[0]!;
    copy[1] = query[1]!;
    waiter.leader = undefined;
    this.end(waiter);
    // What moves the first one on moves the others on too: they asked the same.
    if (!asker.received(copy)) asker.failed('EPROTO');
    this.go(asker);
  }

  private openUdp(flight: Flight, server: Endpoint, query: Uint8Array): void {
    const socket = createSocket({ type: 'udp4', lookup: noLookup as never });
    flight.close = () => socket.close(nothing);
    let bindError = '';
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.syscall === 'bind') bindError = errorCode(error);
      else this.fail(flight, errorCode(error), error.syscall !== 'recvmsg');
    });
    // What arrived between bind and connect has not been filtered by the kernel.
    const address = formatIp4(server.ip);
    socket.on('message', (message, from) => {
      if (from.port === server.port && from.address === address) this.deliver(flight, message);
    });
    for (let tries = 0; tries <= PORT_TRIES; tries++) {
      bindError = '';
      socket.bind({ port: tries < PORT_TRIES ? randomPort() : 0, address: this.localAddress, exclusive: true });
      if (bindError === '') break;
    }
    if (bindError !== '') return void setImmediate(() => this.fail(flight, bindError, true));
    socket.connect(server.port, address);
    try {
      socket.send(query, nothing as never);
    } catch {
      // Not connected: no route there, a broadcast address, and the like. The error event is on its way. Anybody can
      // name such an address in a delegation.
    }
  }

  private openTcp(flight: Flight, server: Endpoint, query: Uint8Array, seconds: number, tries = 0): void {
    const socket: TcpSocket = connect({
      host: formatIp4(server.ip),
      port: server.port,
      localAddress: this.localAddress,
      localPort: tries < PORT_TRIES ? randomPort() : 0,
    });
    flight.close = () => socket.destroy();
    let isConnected = false;
    socket.on('error', (error) => {
      const isPortTaken = errorCode(error) === 'EADDRINUSE' && tries < PORT_TRIES;
      if (!isPortTaken || this.flights.get(flight.asker) !== flight)
        return this.fail(flight, errorCode(error), !isConnected);
      this.openTcp(flight, server, query, seconds, tries + 1);
    });
    socket.on('connect', () => {
      isConnected = true;
    });
    const message = new Uint8Array(2 + query.length);
    message[0] = query.length >> 8;
    message[1] = query.length;
    message.set(query, 2);
    socket.write(message, (error) => {
      if (!error && this.flights.get(flight.asker) === flight) this.arm(flight, seconds);
    });
    const reply = new Assembler();
    socket.on('data', (chunk: Buffer) => {
      const whole = reply.take(chunk);
      if (whole) this.deliver(flight, whole);
    });
    socket.on('end', () => this.fail(flight, 'EIO', false));
  }
}

/** Puts one message with its length before it together. However small the pieces are, each octet is copied once. */
class Assembler {
  private bytes: Uint8Array = new Uint8Array(2);
  private filled = 0;
  private isLengthKnown = false;

  /** Returns the message when it is complete; what comes behind it is ignored. */
  take(chunk: Uint8Array): Uint8Array | undefined {
    let from = this.fill(chunk, 0);
    if (!this.isLengthKnown) {
      if (this.filled < 2) return undefined;
      this.isLengthKnown = true;
      this.bytes = new Uint8Array((this.bytes[0]! << 8) | this.bytes[1]!);
      this.filled = 0;
      from = this.fill(chunk, from);
    }
    return this.filled === this.bytes.length ? this.bytes : undefined;
  }

  private fill(chunk: Uint8Array, from: number): number {
    const length = Math.min(chunk.length - from, this.bytes.length - this.filled);
    for (let i = 0; i < length; i++) this.bytes[this.filled + i] = chunk[from + i]!;
    this.filled += length;
    return from + length;
  }
}

function randomPort(): number {
  return PORT_MIN + randomBelow(PORT_COUNT);
}

const questionHash = new NameHash();

/**
 * The same for the same question to the same server over the same transport: 53 bits of a keyed hash, in a quarter of the
 * time of a string. Should two questions ever meet in one, the second is not fooled: it looks at the question of a reply.
 */
function keyOf(asker: Asker, transport: 'udp' | 'tcp', { ip, port }: Endpoint): number {
  questionHash.take(asker.askedName, 0, nameLength(asker.askedName));
  let hash = questionHash.mixed((asker.askedType << 1) | (transport === 'tcp' ? 1 : 0));
  for (let i = 0; i < ip.length; i += 4) hash = questionHash.mixed(hash ^ unpack32(ip, i));
  hash = questionHash.mixed(hash ^ port);
  return (hash >>> 11) * 0x100000000 + questionHash.mixed(~hash);
}
