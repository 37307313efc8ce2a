// TCP connections that this process makes or accepts itself. Counterpart: tcpclient and tcpserver of ucspi-tcp.
import { connect, createServer, type Server, type Socket } from 'node:net';
import { type Address, ANY4, addressOf } from '../base/address.ts';
import { type Endpoint, formatHost, type LocalEndpoint } from '../base/endpoint.ts';
import { systemError } from '../base/oserror.ts';
import { type Connection, SocketConnection } from './connection.ts';

/** Connects to `server`; `seconds` limit connecting, and each read and write afterwards. Throws system errors. */
export function connectTo(server: Endpoint, seconds: number): Promise<Connection> {
  return new Promise((resolve, reject) => {
    const host = formatHost(server);
    const socket = connect({ host, port: server.port, allowHalfOpen: true });
    const fail = (error: Error): void => {
      clearTimeout(timer);
      socket.destroy();
      reject(error);
    };
    const timer = setTimeout(() => fail(systemError('ETIMEDOUT')), seconds * 1000);
    socket.once('error', fail);
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.off('error', fail);
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
    const { server } = this;
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      const where = { host: formatHost(local), port: local.port, ipv6Only: !local.isDual };
      server.listen({ ...where, backlog: BACKLOG, exclusive: true }, () => {
        server.off('error', reject);
        server.on('error', () => {}); // accepting failed: there will be another connection
        resolve(this);
      });
    });
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
