// A UDP service: datagrams in, replies out, many per system call where the system can. Counterpart: socket_udp.c,
// socket_bind.c, socket_recv.c, socket_send.c. `bindUdp` gives one interface over two transports: recvmmsg and
// sendmmsg through koffi (udp-batch.ts), and Node's dgram where koffi does not load (udp-plain.ts).
import type { Endpoint } from '../base/endpoint.ts';
import { libc } from '../base/libc.ts';
import type { UdpOptions, UdpSocket } from './datagram.ts';
import { bindBatch } from './udp-batch.ts';
import { bindPlain } from './udp-plain.ts';

/** Binds a UDP socket, SO_REUSEADDR set as in the original. Throws (rejects with) `UdpError`. */
export function bindUdp(local: Endpoint, options: UdpOptions): Promise<UdpSocket> {
  const calls = process.platform === 'linux' && process.arch.endsWith('64') ? libc() : undefined;
  return calls ? bindBatch(calls, local, options) : bindPlain(local, options);
}
