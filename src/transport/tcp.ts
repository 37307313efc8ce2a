// TCP connections that this process makes or accepts itself. Counterpart: tcpclient and tcpserver of ucspi-tcp.
import { connect, createServer, type ListenOptions, type Server, type Socket } from 'node:net';
import { type Address, ANY4, addressOf, formatAddress } from '../base/address.ts';
import { type Endpoint, formatHost, type LocalEndpoint } from '../base/endpoint.ts';
import { libc } from '../base/libc.ts';
import { systemError } from '../base/oserror.ts';
import { bindSocket, newSocket, SOCK_STREAM } from './bind.ts';
import { SocketConnection } from './connection.ts';
import { familyOf } from './sockaddr.ts';
import { encrypt, type TlsClientOptions, tlsProblem } from './tls.ts';

/** How to connect, besides to whom. */
export interface ConnectOptions {
  /** The address to connect from; undefined: the system's choice. */
  readonly source?: Address | undefined;
  /** Encrypt, with a server that proves to be this one. */
  readonly tls?: TlsClientOptions | undefined;
}

/** Connects to `server`; `seconds` limit connecting, and each read and write afterwards. Throws system errors. */
export function connectTo(
  server: Endpoint,
  seconds: number,
  { source, tls }: ConnectOptions = {},
): Promise<SocketConnection> {
  return new Promise((resolve, reject) => {
    const host = formatHost(server);
    const localAddress = source && formatAddress(source);
    const plain = connect({ host, port: server.port, allowHalfOpen: true, ...(localAddress ? { localAddress } : {}) });
    const socket = tls ? encrypt(plain, tls) : plain;
    const fail = (error: Error): void => {
      clearTimeout(timer);
      socket.destroy();
      reject(error);
    };
    const timer = setTimeout(() => fail(systemError('ETIMEDOUT')), seconds * 1000);
    socket.once('error', fail);
    socket.once(tls ? 'secureConnect' : 'connect', () => {
      clearTimeout(timer);
      socket.off('error', fail);
      const problem = tls && tlsProblem(socket);
      if (problem !== undefined) return fail(new Error(problem));
      resolve(new SocketConnection(socket, socket, seconds));
    });
  });
}

/** A connection that a client made. Nothing is read from it before `socket.resume` is called. */
export interface Accepted {
  readonly socket: Socket;
  /** The client's address and port. */
  readonly ip: Address;
  readonly port: number;
  /** The address and port that it connected to. */
  readonly local: Endpoint;
}

/** Connections that the kernel keeps for us. */
const BACKLOG = 20;

/** The descriptor of a socket bound to an address that other processes may bind too. Throws system errors. */
function bindShared(local: LocalEndpoint): number {
  const calls = libc();
  if (!calls) throw systemError('EOPNOTSUPP'); // Node 20 cannot ask for it
  const fd = newSocket(calls, familyOf(local.ip), SOCK_STREAM);
  bindSocket(calls, fd, local);
  return fd;
}

/** A socket that listens. Connections that come before `serve` is called wait for it. */
export class TcpListener {
  private readonly server: Server;
  private waiting: Socket[] = [];
  private take: (socket: Socket) => void = (socket) => void this.waiting.push(socket);

  constructor() {
    this.server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, (socket) => {
      socket.on('error', () => {}); // of a socket that waits; afterwards reads and writes report it
      this.take(socket);
    });
  }

  /** Listens on `local`. Rejects with the system's error. */
  listen(local: LocalEndpoint): Promise<this> {
    const { port, isDual, isShared } = local;
    if (isShared) return this.adopt(bindShared(local));
    return this.listenTo({ host: formatHost(local), port, ipv6Only: !isDual });
  }

  private listenTo(where: ListenOptions | { fd: number }): Promise<this> {
    const { server } = this;
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen({ ...where, backlog: BACKLOG, exclusive: true }, () => {
        server.off('error', reject);
        server.on('error', () => {}); // accepting failed: there will be another connection
        resolve(this);
      });
    });
  }

  /** Listens on a socket that another process has bound, by its descriptor. Rejects with the system's error. */
  adopt(fd: number): Promise<this> {
    return this.listenTo({ fd });
  }

  /** Accepts no more connections; those that there are go on. */
  close(): void {
    this.server.close();
  }

  /** Calls `serve` for each connection from here on. */
  serve(serve: (accepted: Accepted) => void): void {
    this.take = (socket) => {
      const ip = addressOf(socket.remoteAddress ?? '');
      const here = addressOf(socket.localAddress ?? '');
      const local = { ip: here ?? ANY4, port: socket.localPort ?? 0 };
      if (ip) serve({ socket, ip, port: socket.remotePort ?? 0, local });
      else socket.destroy(); // it has gone already
    };
    for (const socket of this.waiting) this.take(socket);
    this.waiting = [];
  }
}
