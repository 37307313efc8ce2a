// dnscache's TCP clients. Counterpart: the t* half of dnscache.c. At most 20 connections; a new one takes the place of
// the oldest. A connection's queries are answered one after the other; while one is being resolved, or its reply
// written, nothing more is read, so a client that never reads costs one reply at most. Idle for ten seconds: closed.
import type { Socket } from 'node:net';
import type { Address } from '../base/address.ts';
import { type ErrorCode, errorCode } from '../base/oserror.ts';
import { MessageStream } from '../wire/framing.ts';
import type { Accepted, TcpListener } from './tcp.ts';

const CONNECTIONS_MAX = 20;
const IDLE_MS = 10000;

/** What a connection tells its owner. Codes are such as `EPIPE`. */
export interface TcpEvents<Query> {
  /** May this client connect? False closes the connection without a word. */
  accepts(ip: Address, port: number): boolean;
  opened(client: TcpClient<Query>): void;
  /** A message has come; `respond` or `abandon` is called for it, now or later. */
  asked(client: TcpClient<Query>, message: Uint8Array): void;
  /** The connection goes away while it has a `query`, which is being resolved. */
  dropped(client: TcpClient<Query>, code: ErrorCode): void;
  closed(client: TcpClient<Query>, code: ErrorCode): void;
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
  private readonly messages = new MessageStream();
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

  /**
   * Sends `bytes[at..at + length]`; the two octets before `at` are overwritten with the length. The bytes are copied.
   */
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
    this.messages.push(chunk);
    if (this.state === 'reading') this.next();
  }

  /** Takes the next message out of what has come, or waits for more. */
  private next(): void {
    const message = this.messages.next();
    if (!message) {
      if (this.isEnded) return this.close('EPIPE');
      return void this.socket.resume();
    }
    if (message.length === 0) return this.close('EPROTO');
    this.state = 'resolving';
    this.socket.pause();
    this.events.asked(this, message);
  }

  private close(code: ErrorCode): void {
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

/** The connections at the moment. */
export class TcpClients<Query> {
  private readonly clients: TcpClient<Query>[] = []; // the oldest first
  private readonly events: TcpEvents<Query>;

  /** Serves the connections that come in by the listeners from here on. */
  constructor(listeners: readonly TcpListener[], events: TcpEvents<Query>) {
    this.events = events;
    for (const listener of listeners) listener.serve((accepted) => this.open(accepted));
  }

  /** How many there are. */
  get active(): number {
    return this.clients.length;
  }

  private open({ socket, ip, port }: Accepted): void {
    const { clients, events } = this;
    if (!events.accepts(ip, port)) return void socket.destroy();
    if (clients.length >= CONNECTIONS_MAX) clients[0]!.evict();
    const forget = () => void clients.splice(clients.indexOf(client), 1);
    const client = new TcpClient<Query>(socket, ip, port, events, forget);
    clients.push(client);
    events.opened(client);
    socket.resume();
  }
}
