// dnscache's TCP clients. Counterpart: the t* half of dnscache.c. At most 20 connections; a new one takes the place of
// the oldest. A connection's queries are answered one after the other; while one is being resolved, or its reply
// written, nothing more is read, so a client that never reads costs one reply at most. Idle for ten seconds: closed.
import { createServer, type Server, type Socket } from 'node:net';
import { type Address, formatAddress, ip4Of } from '../base/address.ts';
import { bytesOf } from '../base/bytes.ts';
import type { Endpoint } from '../base/endpoint.ts';
import { errorCode } from '../base/oserror.ts';

const CONNECTIONS_MAX = 20;
const IDLE_MS = 10000;
/** Connections that the kernel keeps for us. */
const BACKLOG = 20;

/** What a connection tells its owner. Codes are such as `EPIPE`. */
export interface TcpEvents<Query> {
  /** May this client connect? False closes the connection without a word. */
  accepts(ip: Address, port: number): boolean;
  opened(client: TcpClient<Query>): void;
  /** A message has come; `respond` or `abandon` is called for it, now or later. */
  asked(client: TcpClient<Query>, message: Uint8Array): void;
  /** The connection goes away while it has a `query`, which is being resolved. */
  dropped(client: TcpClient<Query>, code: string): void;
  closed(client: TcpClient<Query>, code: string): void;
}

/** A connection. `query` is its owner's. */
export class TcpClient<Query> {
  readonly ip: Address;
  readonly port: number;
  query: Query | undefined;
  private readonly socket: Socket;
  private readonly events: TcpEvents<Query>;
  private readonly forget: () => void;
  private state: 'reading' | 'resolving' | 'writing' | 'closed' = 'reading';
  private input: Uint8Array = new Uint8Array(0);
  private isEnded = false;
  private readonly timer: NodeJS.Timeout;

  constructor(socket: Socket, ip: Address, port: number, events: TcpEvents<Query>, forget: () => void) {
    this.socket = socket;
    this.ip = ip;
    this.port = port;
    this.events = events;
    this.forget = forget;
    this.timer = setTimeout(() => this.close('EAGAIN'), IDLE_MS);
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.read(chunk));
    socket.on('end', () => {
      this.isEnded = true;
      if (this.state === 'reading') this.close('EPIPE');
    });
    socket.on('error', (error) => this.close(errorCode(error)));
    socket.on('close', () => this.close('EPIPE'));
  }

  /** Sends `bytes[at..at + length]`; the two octets before `at` are overwritten with the length. The bytes are copied. */
  respond(bytes: Uint8Array, at: number, length: number): void {
    if (this.state !== 'resolving') return;
    bytes[at - 2] = length >> 8;
    bytes[at - 1] = length;
    this.state = 'writing';
    this.timer.refresh();
    this.socket.write(bytes.slice(at - 2, at + length), (error) => {
      if (error || this.state !== 'writing') return;
      this.state = 'reading';
      this.timer.refresh();
      this.next();
    });
  }

  /** The query gets no reply: closes the connection. */
  abandon(): void {
    this.close('EPIPE');
  }

  /** The query is not acceptable. */
  reject(): void {
    this.close('EPROTO');
  }

  /** Makes room for another connection. */
  evict(): void {
    if (this.query !== undefined) this.events.dropped(this, 'ETIMEDOUT');
    this.close(this.state === 'resolving' ? 'EPIPE' : 'ETIMEDOUT');
  }

  private read(chunk: Uint8Array): void {
    this.timer.refresh();
    const input = new Uint8Array(this.input.length + chunk.length);
    input.set(this.input);
    input.set(chunk, this.input.length);
    this.input = input;
    if (this.state === 'reading') this.next();
  }

  /** Takes the next message out of what has come, or waits for more. */
  private next(): void {
    const { input } = this;
    const length = input.length >= 2 ? (input[0]! << 8) | input[1]! : -1;
    if (length === 0) return this.close('EPROTO');
    if (length < 0 || input.length < 2 + length) {
      if (this.isEnded) return this.close('EPIPE');
      return void this.socket.resume();
    }
    this.input = input.slice(2 + length);
    this.state = 'resolving';
    this.socket.pause();
    this.events.asked(this, input.subarray(2, 2 + length));
  }

  private close(code: string): void {
    if (this.state === 'closed') return;
    if (code === 'EAGAIN' && this.state === 'resolving') return void this.timer.refresh();
    this.state = 'closed';
    clearTimeout(this.timer);
    if (this.query !== undefined) this.events.dropped(this, code);
    this.socket.destroy();
    this.forget();
    this.events.closed(this, code);
  }
}

/** Listens on `local`. Rejects with the system's error. Connections wait until `serve` is called. */
export function listenTcp(local: Endpoint): Promise<TcpListener> {
  const listener = new TcpListener();
  return new Promise((resolve, reject) => {
    listener.server.once('error', reject);
    listener.server.listen({ host: formatAddress(local.ip), port: local.port, backlog: BACKLOG }, () => {
      listener.server.removeAllListeners('error');
      listener.server.on('error', () => {});
      resolve(listener);
    });
  });
}

/** A listening socket. */
export class TcpListener {
  readonly server: Server;
  private waiting: Socket[] = [];
  private take: (socket: Socket) => void = (socket) => void this.waiting.push(socket);
  private readonly clients: TcpClient<unknown>[] = [];

  constructor() {
    this.server = createServer({ allowHalfOpen: true, pauseOnConnect: false }, (socket) => this.take(socket));
  }

  /** Connections at the moment. */
  get active(): number {
    return this.clients.length;
  }

  /** Serves connections from here on. */
  serve<Query>(events: TcpEvents<Query>): void {
    this.take = (socket) => this.open(socket, events);
    for (const socket of this.waiting) this.take(socket);
    this.waiting = [];
  }

  private open<Query>(socket: Socket, events: TcpEvents<Query>): void {
    const ip = ip4Of(bytesOf(socket.remoteAddress ?? ''));
    const port = socket.remotePort ?? 0;
    if (!ip || !events.accepts(ip, port)) {
      socket.on('error', () => {});
      return void socket.destroy();
    }
    if (this.clients.length >= CONNECTIONS_MAX) this.clients[0]!.evict();
    const forget = () => void this.clients.splice(this.clients.indexOf(client as TcpClient<unknown>), 1);
    const client = new TcpClient<Query>(socket, ip, port, events, forget);
    this.clients.push(client as TcpClient<unknown>);
    events.opened(client);
  }
}
