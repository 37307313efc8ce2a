// Sockets to a cache on this machine that many questions share, each with an ID of its own, sent and received in
// batches where the system can. For dnsfilter, which asks one cache very often: a socket for each question would be
// half of its work. Nobody can forge a reply on these: the kernel drops what comes from outside with an address in
// 127.0.0.0/8, and another local program would have to hold the port of the server.

import { formatIp4 } from '../base/address.ts';
import { equal } from '../base/bytes.ts';
import type { Endpoint } from '../base/endpoint.ts';
import { errorCode } from '../base/oserror.ts';
import type { Attempt } from '../stub/exchange.ts';
import { UDP_MAX } from '../wire/constants.ts';
import type { Attempted, SharedSocket, SharedSockets } from './transmit.ts';
import { connectUdp } from './udp.ts';

/** Questions under way on one socket at most: their replies must fit its receive buffer. */
const SHARED_MAX = 64;
const RECEIVE_BUFFER = 131072;

/** As many sockets as the questions under way need. */
export class LoopbackSockets implements SharedSockets {
  private readonly sockets: LoopbackSocket[] = [];

  send(runner: Attempted, attempt: Attempt): SharedSocket | undefined {
    const { server, query } = attempt;
    let socket = this.sockets.find((socket) => socket.waiting.size < SHARED_MAX && socket.isFor(server));
    if (!socket) {
      socket = new LoopbackSocket(server);
      this.sockets.push(socket);
    }
    return socket.send(runner, query) ? socket : undefined;
  }

  /** Closes the sockets; nothing may be under way. */
  close(): void {
    for (const socket of this.sockets) socket.close();
    this.sockets.length = 0;
  }
}

class LoopbackSocket implements SharedSocket {
  readonly waiting = new Map<number, Attempted>();
  /** Closes the socket. */
  readonly close: () => void;
  private readonly ids = new Map<Attempted, number>();
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
      this.write = (query) => batched.send(query, 0, query.length, server.ip, server.port);
      this.close = () => batched.close();
      return;
    }
    const { createSocket } = process.getBuiltinModule('node:dgram');
    const udp = createSocket({ type: 'udp4', lookup: (host, _options, found) => found(null, host, 4) });
    const failed = (error: Error | null) => error && this.failed(errorCode(error) || 'EIO');
    udp.on('message', (message) => this.received(message));
    udp.on('error', failed);
    udp.bind({ address: '0.0.0.0', port: 0, exclusive: true });
    udp.connect(server.port, formatIp4(server.ip));
    this.write = (query) => udp.send(query, failed);
    this.close = () => void udp.close();
  }

  isFor(server: Endpoint): boolean {
    return server.port === this.server.port && equal(server.ip, this.server.ip);
  }

  send(runner: Attempted, query: Uint8Array): boolean {
    const id = (query[0]! << 8) | query[1]!;
    if (this.waiting.has(id)) return false;
    this.waiting.set(id, runner);
    this.ids.set(runner, id);
    this.write(query);
    return true;
  }

  forget(runner: Attempted): void {
    this.waiting.delete(this.ids.get(runner)!);
    this.ids.delete(runner);
  }

  private received(message: Uint8Array): void {
    if (message.length >= 2) this.waiting.get((message[0]! << 8) | message[1]!)?.received(message);
  }

  /** Refused, say: whichever question the error came for, there is nobody for any of them. */
  private failed(code: string): void {
    for (const runner of [...this.waiting.values()]) runner.failed(code);
  }
}
