// The UDP socket that axfr-getd takes NOTIFY on. Bound without SO_REUSEADDR: with it Linux would let it share the
// address and port of a tinydns without an error, and take its queries.
import { createSocket, type Socket } from 'node:dgram';
import { type Address, addressOf } from '../base/address.ts';
import { formatHost, type LocalEndpoint } from '../base/endpoint.ts';

/** Answers a datagram from an address; undefined for no answer. */
export type Answer = (message: Uint8Array, from: Address) => Uint8Array | undefined;

/** Binds a socket; `serve` makes it answer. Rejects with the system's error. */
export function bindNotifySocket(local: LocalEndpoint): Promise<{ serve(answer: Answer): void }> {
  const isIp6 = local.ip.length === 16;
  const socket = createSocket({
    type: isIp6 ? 'udp6' : 'udp4',
    reuseAddr: false,
    ...(isIp6 ? { ipv6Only: !local.isDual } : {}),
  });
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.bind({ address: formatHost(local), port: local.port, exclusive: true }, () => {
      socket.off('error', reject);
      socket.on('error', () => {}); // a receive error costs nothing but the packet
      resolve({ serve: (answer) => serve(socket, answer) });
    });
  });
}

function serve(socket: Socket, answer: Answer): void {
  socket.on('message', (message, peer) => {
    const from = addressOf(peer.address);
    const response = from && answer(new Uint8Array(message), from);
    if (response && peer.port !== 0) socket.send(response, peer.port, peer.address, () => {});
  });
}
