// axfr-getd's connections to primaries: so many at a time in all, and so many to one address. Who waits is served round
// robin by address, so a slow primary delays its own zones only. A connection that is done with one zone takes the next
// that waits for the same primary, key and TLS name, and is closed when none comes soon.

import { formatAddress } from '../base/address.ts';
import { formatEndpoint } from '../base/endpoint.ts';
import { systemError } from '../base/oserror.ts';
import type { Primary } from '../data/primaries.ts';
import type { SocketConnection } from '../transport/connection.ts';
import { MessageStream } from '../wire/framing.ts';

/** Milliseconds that a connection waits for another zone. Less than any peer's patience. */
const IDLE = 2000;

/** Zones that may wait for connections to one address; what waits here takes memory. More than a second's work. */
const CROWD = 2000;

/** A connection and what has come of its stream. */
export interface PrimaryStream {
  readonly connection: SocketConnection;
  readonly messages: MessageStream;
  /** It has served a zone before: the peer may close it at any time. */
  isUsed: boolean;
}

interface Waiter {
  readonly pool: string;
  readonly primary: Primary;
  readonly take: (stream: PrimaryStream | Promise<PrimaryStream>) => void;
  readonly fail: (error: Error) => void;
}

interface IdleStream {
  readonly pool: string;
  readonly address: string;
  readonly stream: PrimaryStream;
  readonly timer: NodeJS.Timeout;
}

export interface StreamLimits {
  readonly total: number;
  readonly perAddress: number;
}

export class ZoneStreams {
  private readonly limits: StreamLimits;
  private readonly connect: (primary: Primary) => Promise<SocketConnection>;
  /** Connections by address, idle ones too. */
  private readonly counts = new Map<string, number>();
  private total = 0;
  private readonly waiting = new Map<string, Waiter[]>();
  private idle: IdleStream[] = [];

  constructor(limits: StreamLimits, connect: (primary: Primary) => Promise<SocketConnection>) {
    this.limits = limits;
    this.connect = connect;
  }

  /** Open connections. */
  get open(): number {
    return this.total;
  }

  /** So many wait for the address of the primary that another zone had better come later. */
  isCrowded({ ip }: Primary): boolean {
    return (this.waiting.get(formatAddress(ip))?.length ?? 0) >= CROWD;
  }

  /** A connection to the primary, perhaps after a wait. Rejects with what connecting rejects with. */
  acquire(primary: Primary): Promise<PrimaryStream> {
    return new Promise((resolve, reject) => {
      const address = formatAddress(primary.ip);
      const queue = this.waiting.get(address);
      const waiter: Waiter = { pool: poolOf(primary), primary, take: resolve, fail: reject };
      if (queue) queue.push(waiter);
      else this.waiting.set(address, [waiter]);
      this.serve();
    });
  }

  /** The primary does not answer: who waits for a connection to its address waits in vain. */
  giveUp(primary: Primary): void {
    const address = formatAddress(primary.ip);
    const queue = this.waiting.get(address) ?? [];
    this.waiting.delete(address);
    for (const { fail } of queue) fail(systemError('ETIMEDOUT'));
  }

  /** Gives a connection back. `isClean`: nothing of an answer is on its way, and it may serve another zone. */
  release(primary: Primary, stream: PrimaryStream, isClean: boolean): void {
    const address = formatAddress(primary.ip);
    if (!isClean) {
      stream.connection.close();
      this.count(address, -1);
      return this.serve();
    }
    stream.isUsed = true;
    const pool = poolOf(primary);
    const timer = setTimeout(() => this.closeIdle(entry), IDLE);
    const entry: IdleStream = { pool, address, stream, timer };
    this.idle.push(entry);
    this.serve();
  }

  private closeIdle(entry: IdleStream): void {
    clearTimeout(entry.timer);
    this.idle = this.idle.filter((each) => each !== entry);
    entry.stream.connection.close();
    this.count(entry.address, -1);
    this.serve();
  }

  private count(address: string, by: number): void {
    const count = (this.counts.get(address) ?? 0) + by;
    if (count === 0) this.counts.delete(address);
    else this.counts.set(address, count);
    this.total += by;
  }

  /** Gives connections to those who wait, one address after the other. */
  private serve(): void {
    for (let isServed = true; isServed; ) {
      isServed = false;
      for (const address of [...this.waiting.keys()]) if (this.serveAddress(address)) isServed = true;
    }
  }

  private serveAddress(address: string): boolean {
    const queue = this.waiting.get(address)!;
    const waiter = queue[0]!;
    const reusable = this.idle.find(({ pool }) => pool === waiter.pool);
    const count = this.counts.get(address) ?? 0;
    if (reusable) {
      clearTimeout(reusable.timer);
      this.idle = this.idle.filter((each) => each !== reusable);
      waiter.take(reusable.stream);
    } else if (count < this.limits.perAddress && this.total < this.limits.total) {
      this.count(address, 1);
      waiter.take(this.connectTo(waiter.primary, address));
    } else {
      const useless = this.idle.find((each) => count < this.limits.perAddress || each.address === address);
      if (useless) this.closeIdle(useless);
      return false;
    }
    queue.shift();
    // To the end of the round, or out of it.
    this.waiting.delete(address);
    if (queue.length > 0) this.waiting.set(address, queue);
    return true;
  }

  private async connectTo(primary: Primary, address: string): Promise<PrimaryStream> {
    try {
      return { connection: await this.connect(primary), messages: new MessageStream(), isUsed: false };
    } catch (error) {
      this.count(address, -1);
      setImmediate(() => this.serve());
      throw error;
    }
  }
}

function poolOf(primary: Primary): string {
  return `${formatEndpoint(primary)} ${primary.key ?? ''} ${primary.tls ?? ''}`;
}
