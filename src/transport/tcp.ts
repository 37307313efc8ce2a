// TCP connections that this process makes or accepts itself. Counterpart: tcpclient and tcpserver of ucspi-tcp.
import { connect, createServer, type Socket } from 'node:net';
import { type Address, formatAddress, ip4Of } from '../base/address.ts';
import { bytesOf } from '../base/bytes.ts';
import type { Endpoint } from '../base/endpoint.ts';
import { type Connection, SocketConnection, systemError } from './connection.ts';

/** Connects to `server`; `seconds` limit connecting, and each read and write afterwards. Throws system errors. */
export function connectTo(server: Endpoint, seconds: number): Promise<Connection> {
  return new Promise((resolve, reject) => {
    const host = formatAddress(server.ip);
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

/** A connection that a client made. */
export interface Accepted {
  readonly connection: Connection;
  /** The client's address and port. */
  readonly ip: Address;
  readonly port: number;
}

export interface ListenOptions {
  /**
   * Connections served at a time; others wait, as many as tcpserver's backlog, and beyond that are closed at once. While
   * somebody waits, a connection that idles for 5 seconds has to go: or a few silent clients could keep all others out.
   */
  readonly limit: number;
  /** Seconds that limit each read and write. */
  readonly seconds: number;
  /** Told how many connections are being served whenever that changes. */
  readonly counted: (count: number) => void;
}

/** Connections that wait for the kernel's or for our attention. */
const BACKLOG = 20;
/** Milliseconds that a connection may idle while others wait. */
const IDLE_WHILE_WAITED_FOR = 5000;
const LOOK_INTERVAL = 200;

/**
 * Accepts connections on an IPv4 address for ever and calls `serve` for each; when its promise is fulfilled the
 * connection is closed. Resolves when the socket is bound; throws (rejects with) system errors.
 */
export function listenTcp(
  local: Endpoint,
  options: ListenOptions,
  serve: (accepted: Accepted) => Promise<void>,
): Promise<void> {
  const waiting: Socket[] = [];
  const served = new Set<SocketConnection>();
  let looking = false;

  /** While somebody waits, looks now and then for the connection that has idled longest. */
  const makeRoom = (): void => {
    looking = waiting.length > 0;
    if (!looking) return;
    let idlest: SocketConnection | undefined;
    for (const connection of served) {
      const idle = connection.idleTime();
      if (idle >= IDLE_WHILE_WAITED_FOR && idle > (idlest?.idleTime() ?? 0)) idlest = connection;
    }
    idlest?.endIdling();
    setTimeout(makeRoom, LOOK_INTERVAL);
  };

  const begin = async (socket: Socket): Promise<void> => {
    const ip = socket.remoteAddress === undefined ? undefined : ip4Of(bytesOf(socket.remoteAddress));
    if (!ip) return void socket.destroy(); // it has gone already
    const connection = new SocketConnection(socket, socket, options.seconds);
    served.add(connection);
    options.counted(served.size);
    await serve({ connection, ip, port: socket.remotePort ?? 0 });
    connection.close();
    served.delete(connection);
    options.counted(served.size);
    beginWaiting();
  };

  const beginWaiting = (): void => {
    while (served.size < options.limit) {
      const socket = waiting.shift();
      if (!socket) return;
      void begin(socket);
    }
  };

  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, (socket) => {
    socket.on('error', () => {}); // of a socket that waits; afterwards reads and writes report it
    if (served.size < options.limit) void begin(socket);
    else if (waiting.length < BACKLOG) {
      waiting.push(socket);
      if (!looking) makeRoom();
    } else socket.destroy();
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: formatAddress(local.ip), port: local.port, backlog: BACKLOG, exclusive: true }, () => {
      server.off('error', reject);
      server.on('error', () => {}); // accepting failed: there will be another connection
      resolve();
    });
  });
}
