// Sockets to a cache on this machine that many questions share, each with an ID of its own, sent and received in
// batches where the system can. For dnsfilter, which asks one cache very often: a socket for each question would be
// half of its work. Nobody can forge a response on these: the kernel drops what comes from outside with an address in
// 127.0.0.0/8, and another local program would have to hold the port of the server.
import { formatAddress } from '../base/address.ts';
import { equal, unpack16 } from '../base/bytes.ts';
import type { Endpoint } from '../base/endpoint.ts';
import { type ErrorCode, errorCode } from '../base/oserror.ts';
import type { Attempt } from '../wire/attempt.ts';
import { UDP_MAX } from '../wire/constants.ts';
import type { Attempting, AttemptListener } from './attempt.ts';
import type { SharedSockets } from './transmit.ts';
import { connectUdp } from './udp.ts';

/** Questions under way on one socket at most: their responses must fit its receive buffer. */
const SHARED_MAX = 64;
const RECEIVE_BUFFER = 131072;

/** As many sockets as the questions under way need. */
export class LoopbackSockets implements SharedSockets {
  private readonly sockets: LoopbackSocket[] = [];

  start(attempt: Attempt, listener: AttemptListener): Attempting | undefined {
    const { server } = attempt;
    let socket = this.sockets.find((socket) => socket.waiting.size < SHARED_MAX && socket.isFor(server));
    if (!socket) {
      socket = new LoopbackSocket(server);
      this.sockets.push(socket);
    }
    return socket.start(attempt, listener);
  }

  /** Closes the sockets; nothing may be under way. */
  close(): void {
    for (const socket of this.sockets) socket.close();
    this.sockets.length = 0;
  }
}

class LoopbackSocket {
  /** Who waits for a response, by the ID of the question. */
  readonly waiting = new Map<number, AttemptListener>();
  /** Closes the socket. */
  readonly close: () => void;
  private readonly server: Endpoint;
  private readonly write: (query: Uint8Array) => void;

  constructor(server: Endpoint) {
    this.server = server;
    const batched = connectUdp(server, { receiveMax: UDP_MAX + 1, receiveBuffer: RECEIVE_BUFFER });
    if (batched) {
      batched.serve({
        begin() {},
        end() {},
        datagram: ({ bytes, from, to }) => {
          this.received(bytes.subarray(from, to));
          return 0;
        },
        failed: (code) => this.failed(code),
      });
      const peer = { ...server, scope: 0, asked: undefined, socket: batched };
      this.write = (query) => batched.send(query, 0, query.length, peer);
      this.close = () => batched.close();
      return;
    }
    const { createSocket } = process.getBuiltinModule('node:dgram');
    const udp = createSocket({ type: 'udp4', lookup: (host, _options, found) => found(null, host, 4) });
    const failed = (error: Error | null) => error && this.failed(errorCode(error) || 'EIO');
    udp.on('message', (message) => this.received(message));
    udp.on('error', failed);
    udp.bind({ address: '0.0.0.0', port: 0, exclusive: true });
    udp.connect(server.port, formatAddress(server.ip));
    this.write = (query) => udp.send(query, failed);
    this.close = () => void udp.close();
  }

  isFor(server: Endpoint): boolean {
    return server.port === this.server.port && equal(server.ip, this.server.ip);
  }

  start({ query, seconds }: Attempt, listener: AttemptListener): Attempting | undefined {
    const { waiting } = this;
    const id = unpack16(query, 0);
    if (waiting.has(id)) return undefined;
    const timer = setTimeout(() => end('ETIMEDOUT'), seconds * 1000);
    const close = (): void => {
      clearTimeout(timer);
      waiting.delete(id);
    };
    const end = (code: ErrorCode): void => {
      close();
      listener.failed(code, false);
    };
    waiting.set(id, { received: (message) => listener.received(message), failed: end });
    this.write(query);
    return { close };
  }

  private received(message: Uint8Array): void {
    if (message.length >= 2) this.waiting.get(unpack16(message, 0))?.received(message);
  }

  /** Refused, say: whichever question the error came for, there is nobody for any of them. */
  private failed(code: ErrorCode): void {
    for (const listener of [...this.waiting.values()]) listener.failed(code, false);
  }
}
