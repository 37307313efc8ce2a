// The connections of axfrdns --listen: at most so many at a time, each with a session that lasts until one side hangs up.
// Counterpart: the limit and the backlog of tcpserver. While somebody waits, a connection that idles for 5 seconds has
// to go: or a few silent clients could keep all others out.
import { type Connection, SocketConnection } from './connection.ts';
import type { Accepted, TcpListener } from './tcp.ts';

/** A connection to be served. */
export interface Session extends Omit<Accepted, 'socket'> {
  readonly connection: Connection;
}

export interface SessionOptions {
  /** Connections served at a time; others wait, as many as tcpserver's backlog, and beyond that are closed at once. */
  readonly limit: number;
  /** Seconds that limit each read and write. */
  readonly seconds: number;
  /** Told how many connections are being served whenever that changes. */
  readonly counted: (count: number) => void;
}

/** Connections that wait for our attention. */
const WAITING_MAX = 20;
/** Milliseconds that a connection may idle while others wait. */
const IDLE_WHILE_WAITED_FOR = 5000;
const LOOK_INTERVAL = 200;

/** Calls `serve` for each connection, for ever; when its promise is fulfilled the connection is closed. */
export function serveSessions(
  listeners: readonly TcpListener[],
  options: SessionOptions,
  serve: (session: Session) => Promise<void>,
): void {
  const waiting: Accepted[] = [];
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

  const begin = async ({ socket, ...ends }: Accepted): Promise<void> => {
    const connection = new SocketConnection(socket, socket, options.seconds);
    served.add(connection);
    options.counted(served.size);
    await serve({ connection, ...ends });
    connection.close();
    served.delete(connection);
    options.counted(served.size);
    beginWaiting();
  };

  const beginWaiting = (): void => {
    while (served.size < options.limit) {
      const accepted = waiting.shift();
      if (!accepted) return;
      void begin(accepted);
    }
  };

  const take = (accepted: Accepted): void => {
    if (served.size < options.limit) void begin(accepted);
    else if (waiting.length < WAITING_MAX) {
      waiting.push(accepted);
      if (!looking) makeRoom();
    } else accepted.socket.destroy();
  };
  for (const listener of listeners) listener.serve(take);
}
