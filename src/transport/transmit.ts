// Carries out an exchange over real sockets. Counterpart: the I/O of dns_transmit.c and dns_resolve.c. Invariant: every
// attempt has a socket of its own, bound to an unpredictable port and connected, so that only the server's port can
// answer it; the policy (whom, how long, what counts as a reply) is stub/exchange.ts.
import type { Socket as UdpSocket } from 'node:dgram';
import type { Socket as TcpSocket } from 'node:net';
import { type Address, formatAddress, type Ip4, type Ip6 } from '../base/address.ts';
import { pack16 } from '../base/bytes.ts';
import { errorCode } from '../base/oserror.ts';
import { randomBelow } from '../base/random.ts';
import type { Attempt, Exchange } from '../stub/exchange.ts';

/** Random ports tried before the system may choose. */
const BINDS = 10;
const PORT_FIRST = 1025;
const PORT_COUNT = 64510;

/** How questions are sent. */
export interface TransmitOptions {
  /** The address to send from, where not any, to IPv4 servers. */
  readonly ip4?: Ip4 | undefined;
  /** The same for IPv6 servers. */
  readonly ip6?: Ip6 | undefined;
  /** Where questions to servers on 127.0.0.0/8 may share sockets; for programs that ask a local cache very often. */
  readonly loopback?: SharedSockets | undefined;
}

const DEFAULTS: TransmitOptions = {};

/** Whoever waits for a reply. */
export interface Attempted {
  received(message: Uint8Array): void;
  failed(code: string): void;
}

/** Sockets that attempts share; see loopback.ts. */
export interface SharedSockets {
  /** Sends the query; undefined where it must have a socket of its own, because its ID is taken. */
  send(runner: Attempted, attempt: Attempt): SharedSocket | undefined;
}

/** One of them. */
export interface SharedSocket {
  /** Nobody waits for the runner's reply any more. */
  forget(runner: Attempted): void;
}

/** An exchange under way. `cancel` closes its socket; `done` is then not called any more. */
export interface Transmission {
  cancel(): void;
}

/**
 * Runs the exchange to its end, then calls `done` once, never before this function has returned: `exchange.reply` or
 * `exchange.error` is set by then. System errors move the exchange on to its next server; nothing is thrown.
 */
export function transmit(exchange: Exchange, done: () => void, options: TransmitOptions = DEFAULTS): Transmission {
  const runner = new Runner(exchange, done, options);
  runner.go();
  return runner;
}

/** The exchange as a promise that is fulfilled at its end, whichever it is. */
export function transmitted(exchange: Exchange, options: TransmitOptions = DEFAULTS): Promise<Exchange> {
  return new Promise((resolve) => transmit(exchange, () => resolve(exchange), options));
}

/** Addresses are literal, so there is nothing to look up, and Node's resolver need not be loaded. */
type Found = (error: Error | null, address: string, family: number) => void;
const lookup4 = (host: string, _options: unknown, found: Found): void => found(null, host, 4);
const lookup6 = (host: string, _options: unknown, found: Found): void => found(null, host, 6);

class Runner implements Transmission, Attempted {
  private readonly exchange: Exchange;
  private readonly done: () => void;
  private readonly options: TransmitOptions;
  private udp: UdpSocket | undefined;
  private tcp: TcpSocket | undefined;
  private shared: SharedSocket | undefined;
  private timer: NodeJS.Timeout | undefined;
  private over = false;

  constructor(exchange: Exchange, done: () => void, options: TransmitOptions) {
    this.exchange = exchange;
    this.done = done;
    this.options = options;
  }

  cancel(): void {
    this.over = true;
    this.close();
  }

  /** Starts the attempt that the exchange asks for; attempts that fail at once are passed over. */
  go(): void {
    for (;;) {
      const attempt = this.exchange.attempt;
      if (!attempt) break;
      const code = attempt.transport === 'udp' ? this.startUdp(attempt) : this.startTcp(attempt, BINDS);
      if (code === '') return;
      this.close();
      this.exchange.failed(code);
    }
    this.over = true;
    process.nextTick(this.done);
  }

  /** The attempt is over, as the exchange has noted: on to the next one. */
  private next(): void {
    this.close();
    this.go();
  }

  /** The attempt failed with this code. */
  failed(code: string): void {
    if (this.over) return;
    this.exchange.failed(code);
    this.next();
  }

  /** A message came for the attempt. */
  received(message: Uint8Array): void {
    if (this.over) return;
    if (this.exchange.received(message) !== 'ignore') this.next();
  }

  private close(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const { udp, tcp } = this;
    this.udp = undefined;
    this.tcp = undefined;
    this.shared?.forget(this);
    this.shared = undefined;
    udp?.removeAllListeners('message').removeAllListeners('error').on('error', ignore).close();
    tcp?.removeAllListeners('error').on('error', ignore).destroy();
  }

  private wait(seconds: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.failed('ETIMEDOUT'), seconds * 1000);
  }

  /** The address to bind, as text. */
  private localText(server: Address): string | undefined {
    const ip = server.length === 4 ? this.options.ip4 : this.options.ip6;
    return ip && formatAddress(ip);
  }

  /** Sends the query; returns the code of what failed at once, or the empty string. */
  private startUdp(attempt: Attempt): string {
    const { ip, port } = attempt.server;
    const isIp4 = ip.length === 4;
    const { loopback } = this.options;
    if (loopback && isIp4 && ip[0] === 127) {
      this.shared = loopback.send(this, attempt);
      if (this.shared) {
        this.wait(attempt.seconds);
        return '';
      }
    }
    const { createSocket } = process.getBuiltinModule('node:dgram'); // here, because `dnsip 1.2.3.4` needs no socket
    const udp = createSocket({ type: isIp4 ? 'udp4' : 'udp6', lookup: isIp4 ? lookup4 : lookup6 });
    this.udp = udp;
    // With a literal address dgram binds, connects and sends before the call returns, and reports a failed bind
    // through the event, also before the call returns.
    let code = '';
    udp.on('error', (error) => {
      code = errorCode(error);
    });
    const address = this.localText(ip) ?? (isIp4 ? '0.0.0.0' : '::');
    for (let left = BINDS; left >= 0; left--) {
      code = '';
      udp.bind({ address, port: left === 0 ? 0 : randomPort(), exclusive: true });
      if (code !== 'EADDRINUSE' && code !== 'EACCES') break;
    }
    if (code !== '') return code;
    udp.removeAllListeners('error');
    udp.on('error', (error) => this.failed(errorCode(error) || 'EIO'));
    udp.on('message', (message) => this.received(message));
    udp.connect(port, formatAddress(ip), undefined);
    try {
      udp.send(attempt.query, (error) => {
        if (error && this.udp === udp) this.failed(errorCode(error) || 'EIO');
      });
    } catch {
      // Not connected: the event with the reason follows.
    }
    this.wait(attempt.seconds);
    return '';
  }

  /** Connects, sends the query, gathers the reply. A port in use shows only after a while: then once more. */
  private startTcp(attempt: Attempt, binds: number): string {
    const { ip, port } = attempt.server;
    const { createConnection } = process.getBuiltinModule('node:net');
    const localAddress = this.localText(ip);
    const tcp = createConnection({
      host: formatAddress(ip),
      port,
      ...(localAddress ? { localAddress } : {}),
      ...(binds > 0 ? { localPort: randomPort() } : {}),
    });
    this.tcp = tcp;
    tcp.on('error', (error) => {
      const code = errorCode(error);
      if (code === 'EADDRINUSE' && binds > 0 && !this.over) {
        this.close();
        this.startTcp(attempt, binds - 1);
      } else this.failed(code || 'EIO');
    });
    tcp.on('connect', () => {
      const { query } = attempt;
      const message = new Uint8Array(2 + query.length);
      pack16(message, 0, query.length);
      message.set(query, 2);
      tcp.write(message, () => this.tcp === tcp && this.wait(attempt.seconds));
    });
    const parts = new Gatherer();
    tcp.on('data', (chunk) => {
      const message = parts.add(chunk);
      if (message && this.tcp === tcp) this.received(message);
    });
    tcp.on('end', () => this.tcp === tcp && this.failed('EIO'));
    this.wait(attempt.seconds);
    return '';
  }
}

/** Puts a TCP message together: two octets of length, then the message. */
class Gatherer {
  private bytes = new Uint8Array(0);

  /** The whole message, when `chunk` completes it; what follows it is not looked at. */
  add(chunk: Uint8Array): Uint8Array | undefined {
    const bytes = new Uint8Array(this.bytes.length + chunk.length);
    bytes.set(this.bytes);
    bytes.set(chunk, this.bytes.length);
    this.bytes = bytes;
    if (bytes.length < 2) return undefined;
    const length = (bytes[0]! << 8) | bytes[1]!;
    return bytes.length >= 2 + length ? bytes.subarray(2, 2 + length) : undefined;
  }
}

function ignore(): void {
  // The socket is closed; what it still reports concerns nobody.
}

function randomPort(): number {
  return PORT_FIRST + randomBelow(PORT_COUNT);
}
