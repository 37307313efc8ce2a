// The connections of axfrdns --listen: at most so many at a time, each with a session that lasts until one side hangs
// up. Counterpart: the limit and the backlog of tcpserver, which lets whoever comes first keep all others out. Here
//   an address that has more connections than others gives one up when somebody with fewer waits;
//   while somebody waits, a connection that keeps us waiting for 5 seconds has to go, however it spreads its octets;
//   of those who wait, one whose address has the fewest connections comes first.
import type { Socket } from 'node:net';
import { formatAddress } from '../base/address.ts';
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
  /** Encrypts a connection; undefined: nothing does. */
  readonly wrap?: ((socket: Socket) => Socket) | undefined;
}

/** Connections that wait for our attention. */
const WAITING_MAX = 20;
/** Milliseconds that a connection may keep us waiting while others wait. */
const IDLE_WHILE_WAITED_FOR = 5000;
const LOOK_INTERVAL = 200;

/** Calls `serve` for each connection, for ever; when its promise is fulfilled the connection is closed. */
export function serveSessions(
  listeners: readonly TcpListener[],
  options: SessionOptions,
  serve: (session: Session) => Promise<void>,
): void {
  const sessions = new Sessions(options, serve);
  for (const listener of listeners) listener.serve((accepted) => sessions.take(accepted));
}

/** A connection being served, and whether it has been told to go. */
interface Served {
  readonly connection: SocketConnection;
  readonly address: string;
  isLeaving: boolean;
}

interface Waiting {
  readonly accepted: Accepted;
  readonly address: string;
}

class Sessions {
  private readonly options: SessionOptions;
  private readonly serve: (session: Session) => Promise<void>;
  private readonly served = new Set<Served>();
  private readonly waiting: Waiting[] = [];
  private isLooking = false;

  constructor(options: SessionOptions, serve: (session: Session) => Promise<void>) {
    this.options = options;
    this.serve = serve;
  }

  /** Serves a new connection, now or later. */
  take(accepted: Accepted): void {
    const waiting = { accepted, address: formatAddress(accepted.ip) };
    if (this.served.size < this.options.limit) return void this.begin(waiting);
    if (this.waiting.length >= WAITING_MAX && !this.dropWaiting(waiting.address)) return void accepted.socket.destroy();
    this.waiting.push(waiting);
    this.shareOut(waiting.address);
    if (!this.isLooking) this.look();
  }

  private async begin({ accepted: { socket: plain, ...ends }, address }: Waiting): Promise<void> {
    const { served, options } = this;
    const socket = options.wrap ? options.wrap(plain) : plain;
    const connection = new SocketConnection(socket, socket, options.seconds);
    const session = { connection, address, isLeaving: false };
    served.add(session);
    options.counted(served.size);
    await this.serve({ connection, ...ends });
    connection.close();
    served.delete(session);
    options.counted(served.size);
    while (this.waiting.length > 0 && served.size < options.limit) void this.begin(this.nextWaiting());
  }

  /** Takes out the one that has waited longest of those whose address has the fewest connections. */
  private nextWaiting(): Waiting {
    const counts = countsOf(this.served);
    let best = 0;
    for (const [i, { address }] of this.waiting.entries()) {
      if ((counts.get(address) ?? 0) < (counts.get(this.waiting[best]!.address) ?? 0)) best = i;
    }
    return this.waiting.splice(best, 1)[0]!;
  }

  /**
   * Makes room among those who wait, at the cost of an address that has more there than `newcomer`; false if none has.
   */
  private dropWaiting(newcomer: string): boolean {
    const counts = countsOf(this.waiting);
    const { address, count } = mostOf(counts);
    if (count <= (counts.get(newcomer) ?? 0) + 1) return false;
    const last = this.waiting.findLastIndex((each) => each.address === address);
    this.waiting.splice(last, 1)[0]!.accepted.socket.destroy();
    return true;
  }

  /** Lets a connection of the address that has most go, if it has at least two more than `newcomer`. */
  private shareOut(newcomer: string): void {
    const staying = [...this.served].filter(({ isLeaving }) => !isLeaving);
    const counts = countsOf(staying);
    const { address, count } = mostOf(counts);
    if (count > (counts.get(newcomer) ?? 0) + 1) dismiss(idlest(staying.filter((each) => each.address === address)));
  }

  /** While somebody waits, looks now and then for the connection that has kept us waiting longest. */
  private look(): void {
    this.isLooking = this.waiting.length > 0;
    if (!this.isLooking) return;
    const longest = idlest([...this.served].filter(({ isLeaving }) => !isLeaving));
    if (longest && longest.connection.idleTime() >= IDLE_WHILE_WAITED_FOR) dismiss(longest);
    setTimeout(() => this.look(), LOOK_INTERVAL);
  }
}

function dismiss(session: Served | undefined): void {
  if (!session) return;
  session.isLeaving = true;
  session.connection.endIdling();
}

/** The session that keeps us waiting longest. */
function idlest(sessions: readonly Served[]): Served | undefined {
  let found = sessions[0];
  for (const each of sessions) if (each.connection.idleTime() > found!.connection.idleTime()) found = each;
  return found;
}

/** How many there are of each address. */
function countsOf(all: Iterable<{ readonly address: string }>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { address } of all) counts.set(address, (counts.get(address) ?? 0) + 1);
  return counts;
}

/** The address that has most. */
function mostOf(counts: ReadonlyMap<string, number>): { address: string; count: number } {
  let most = { address: '', count: 0 };
  for (const [address, count] of counts) if (count > most.count) most = { address, count };
  return most;
}
