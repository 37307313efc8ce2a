// A UDP service: datagrams in, replies out, many per system call where the system can. Counterpart: socket_udp.c,
// socket_bind.c, socket_recv.c, socket_send.c. `bindUdp` gives one interface over two transports: recvmmsg and
// sendmmsg through koffi (udp-batch.ts), and Node's dgram where koffi does not load (udp-plain.ts).
import type { Endpoint, LocalEndpoint } from '../base/endpoint.ts';
import { type Calls, libc } from '../base/libc.ts';
import type { DatagramHandler, UdpOptions, UdpSocket } from './datagram.ts';
import { BatchSocket, serveOnly } from './udp-batch.ts';
import { adoptBatch, bindBatch, connectBatch } from './udp-open.ts';
import { adoptPlain, bindPlain } from './udp-plain.ts';

/** Where the structures that message-block.ts lays out are what the kernel expects. */
const BATCHING = ['x64', 'arm64', 'riscv64'];

function batching(): Calls | undefined {
  return process.platform === 'linux' && BATCHING.includes(process.arch) ? libc() : undefined;
}

/** Binds a UDP socket, SO_REUSEADDR set as in the original. Throws (rejects with) `UdpError`. */
export async function bindUdp(local: LocalEndpoint, options: UdpOptions): Promise<UdpSocket> {
  const calls = batching();
  return calls ? bindBatch(calls, local, options) : bindPlain(local, options);
}

/** A UDP socket that another process has bound, by its descriptor; undefined for what is none. */
export function adoptUdp(fd: number, options: UdpOptions): UdpSocket | undefined {
  const calls = batching();
  return calls ? adoptBatch(calls, fd, options) : adoptPlain(fd, options);
}

/**
 * A UDP socket with a port of the system's choice that only `peer` can send to, and whose errors its handler is told;
 * undefined where there is no batching, or no way to the peer.
 */
export function connectUdp(peer: Endpoint, options: UdpOptions): UdpSocket | undefined {
  const calls = batching();
  return calls && connectBatch(calls, peer, options);
}

/** Serves the sockets on the event loop. */
export function serveUdp(sockets: readonly UdpSocket[], handler: DatagramHandler): void {
  for (const socket of sockets) socket.serve(handler);
}

/** Serves the sockets, and nothing else where the transport can do that: then this never returns. */
export function serveUdpOnly(sockets: readonly UdpSocket[], handler: DatagramHandler): void {
  const batched = sockets.filter((socket) => socket instanceof BatchSocket);
  if (batched.length === sockets.length) serveOnly(batched, handler);
  serveUdp(sockets, handler);
}
