// Carries out one attempt over a socket of its own. Counterpart: the I/O of dns_transmit.c. Invariant: the socket is
// bound to an unpredictable port and connected, so that only the server's port can answer it; what that server's
// messages are worth is for others to say. The modules of Node are loaded with the first attempt: `dnsip 1.2.3.4` needs
// none.
import { type Address, addressOf, formatAddress, type Ip4, type Ip6 } from '../base/address.ts';
import { equal } from '../base/bytes.ts';
import { type Endpoint, formatHost } from '../base/endpoint.ts';
import { type ErrorCode, errorCode } from '../base/oserror.ts';
import { randomBelow } from '../base/random.ts';
import type { Attempt } from '../wire/attempt.ts';
import { framed, MessageStream } from '../wire/framing.ts';

/** Random ports tried before the system may choose. */
const BINDS = 10;
const PORT_FIRST = 1025;
const PORT_COUNT = 64510;

/** The addresses to send from, for each family; where there is none the system chooses. */
export interface Source {
  readonly ip4?: Ip4 | undefined;
  readonly ip6?: Ip6 | undefined;
}

/** Who is told what comes of an attempt. After `failed`, and after `close`, nothing more comes. */
export interface AttemptListener {
  /** A message from the server. The attempt goes on until it is closed. */
  received(message: Uint8Array): void;
  /** `isUnsent`: nothing was sent, over TCP nobody was there. */
  failed(code: ErrorCode, isUnsent: boolean): void;
}

/** An attempt under way. */
export interface Attempting {
  /** Ends it, without a word to its listener. */
  close(): void;
}

/** Starts the attempt. The listener hears nothing before this has returned. */
export function startAttempt(attempt: Attempt, source: Source, listener: AttemptListener): Attempting {
  const local = attempt.server.ip.length === 4 ? source.ip4 : source.ip6;
  return attempt.transport === 'udp'
    ? new UdpAttempt(attempt, local, listener)
    : new TcpAttempt(attempt, local, listener);
}

/** Addresses are literal, so that there is nothing to look up, and Node's resolver need not be loaded. */
function lookup(host: string, _: unknown, found: (error: null, address: string, family: number) => void): void {
  found(null, host, host.includes(':') ? 6 : 4);
}

/** Kept, because `getBuiltinModule` goes through all the exports of a module each time. */
let dgram: typeof import('node:dgram') | undefined;

class UdpAttempt implements Attempting {
  private readonly socket: import('node:dgram').Socket;
  private readonly listener: AttemptListener;
  private timer: NodeJS.Timeout | undefined; // undefined when it is over
  private bindError: ErrorCode = '';

  constructor({ server, query, seconds }: Attempt, local: Address | undefined, listener: AttemptListener) {
    this.listener = listener;
    this.timer = setTimeout(() => this.fail('ETIMEDOUT', false), seconds * 1000);
    const isIp4 = server.ip.length === 4;
    dgram ??= process.getBuiltinModule('node:dgram');
    const socket = dgram.createSocket({ type: isIp4 ? 'udp4' : 'udp6', lookup: lookup as never });
    this.socket = socket;
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.syscall === 'bind') this.bindError = errorCode(error);
      else this.fail(errorCode(error), error.syscall !== 'recvmsg');
    });
    this.bind(local ? formatAddress(local) : isIp4 ? '0.0.0.0' : '::');
    if (this.bindError !== '') {
      setImmediate(() => this.fail(this.bindError, true));
      return;
    }
    const address = formatHost(server);
    // What arrived between bind and connect has not been filtered by the kernel.
    socket.on('message', (message, from) => {
      const isServer = from.port === server.port && (from.address === address || isSame(from.address, server));
      if (isServer && this.timer) listener.received(message);
    });
    socket.connect(server.port, address);
    try {
      socket.send(query, (error) => error && this.fail(errorCode(error), true));
    } catch {
      // Not connected: no route there, a broadcast address, and the like. The error event is on its way. Anybody can
      // name such an address in a delegation.
    }
  }

  close(): void {
    if (!this.timer) return;
    clearTimeout(this.timer);
    this.timer = undefined;
    this.socket.close();
  }

  /** With a literal address dgram binds, and reports a failure through the event, before the call returns. */
  private bind(address: string): void {
    let left = BINDS;
    do {
      this.bindError = '';
      this.socket.bind({ address, port: left === 0 ? 0 : randomPort(), exclusive: true });
    } while (this.isPortTaken() && left-- > 0);
  }

  private isPortTaken(): boolean {
    return this.bindError === 'EADDRINUSE' || this.bindError === 'EACCES';
  }

  private fail(code: ErrorCode, isUnsent: boolean): void {
    if (!this.timer) return;
    this.close();
    this.listener.failed(code || 'EIO', isUnsent);
  }
}

/** The text of an IPv6 address may differ from ours. */
function isSame(text: string, server: Endpoint): boolean {
  const ip = addressOf(text);
  return ip !== undefined && equal(ip, server.ip);
}

class TcpAttempt implements Attempting {
  private readonly attempt: Attempt;
  private readonly local: Address | undefined;
  private readonly listener: AttemptListener;
  private socket: import('node:net').Socket;
  private timer: NodeJS.Timeout | undefined; // undefined when it is over

  constructor(attempt: Attempt, local: Address | undefined, listener: AttemptListener) {
    this.attempt = attempt;
    this.local = local;
    this.listener = listener;
    this.wait();
    this.socket = this.connect(BINDS);
  }

  close(): void {
    if (!this.timer) return;
    clearTimeout(this.timer);
    this.timer = undefined;
    this.socket.destroy();
  }

  private wait(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.fail('ETIMEDOUT', false), this.attempt.seconds * 1000);
  }

  /** Connects, sends the query, takes the response. That a port is in use shows only after a while: then once more. */
  private connect(binds: number): import('node:net').Socket {
    const { server, query } = this.attempt;
    const socket = process.getBuiltinModule('node:net').connect({
      host: formatHost(server),
      port: server.port,
      ...(this.local ? { localAddress: formatAddress(this.local) } : {}),
      ...(binds > 0 ? { localPort: randomPort() } : {}),
    });
    let isConnected = false;
    socket.on('error', (error) => {
      if (errorCode(error) !== 'EADDRINUSE' || binds === 0 || !this.timer) this.fail(errorCode(error), !isConnected);
      else this.socket = this.connect(binds - 1);
    });
    socket.on('connect', () => {
      isConnected = true;
    });
    socket.write(framed(query), (error) => {
      if (!error && this.timer) this.wait();
    });
    const messages = new MessageStream();
    socket.on('data', (octets) => {
      messages.push(octets);
      for (let message = messages.next(); message && this.timer; message = messages.next()) {
        this.listener.received(message);
      }
    });
    socket.on('end', () => this.fail('EIO', false));
    return socket;
  }

  private fail(code: ErrorCode, isUnsent: boolean): void {
    if (!this.timer) return;
    this.close();
    this.listener.failed(code || 'EIO', isUnsent);
  }
}

function randomPort(): number {
  return PORT_FIRST + randomBelow(PORT_COUNT);
}
