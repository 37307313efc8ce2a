// UDP over Node's dgram: where recvmmsg cannot be had. Each datagram is a batch of one. Which address of the host was
// asked is not known here: responses from a socket for all addresses leave with the one that the system chooses.
import type { RemoteInfo, Socket } from 'node:dgram';
import { ANY4, addressOf, formatAddress } from '../base/address.ts';
import { formatHost, type LocalEndpoint } from '../base/endpoint.ts';
import { errorCode } from '../base/oserror.ts';
import { MESSAGE_MAX } from '../wire/constants.ts';
import { type DatagramHandler, UdpError, type UdpOptions, type UdpSocket } from './datagram.ts';

/** See `bindUdp`. */
export function bindPlain(local: LocalEndpoint, options: UdpOptions): Promise<UdpSocket> {
  if (local.isShared) throw new UdpError('bind', 'EOPNOTSUPP'); // Node 20 cannot ask for it
  const isIp4 = local.ip.length === 4;
  const { createSocket } = process.getBuiltinModule('node:dgram');
  const socket = createSocket({ type: isIp4 ? 'udp4' : 'udp6', reuseAddr: true, ipv6Only: !isIp4 && !local.isDual });
  const bound = serviceOf(socket, isIp4, options);
  return new Promise((resolve, reject) => {
    socket.once('error', (error) => reject(new UdpError('bind', errorCode(error))));
    socket.bind({ address: formatHost(local), port: local.port, exclusive: true }, () => {
      socket.removeAllListeners('error');
      socket.on('error', () => {}); // a receive error costs nothing but the packet
      socket.setRecvBufferSize(options.receiveBuffer);
      resolve(bound);
    });
  });
}

/** See `adoptUdp`. */
export function adoptPlain(fd: number, options: UdpOptions): UdpSocket | undefined {
  const { createSocket } = process.getBuiltinModule('node:dgram');
  const socket = createSocket('udp6');
  socket.on('error', () => {});
  try {
    socket.bind({ fd });
  } catch {
    socket.close();
    return undefined; // no UDP socket
  }
  return serviceOf(socket, socket.address().family === 'IPv4', options);
}

function serviceOf(socket: Socket, isIp4: boolean, options: UdpOptions): UdpSocket {
  const bound: UdpSocket = {
    serve(handler) {
      const take = plainTaker(bound, handler, options.receiveMax);
      socket.on('message', (message, peer) => {
        const length = take(message, peer);
        // The reply buffer is used again at once, so dgram, which sends later, is given a copy.
        if (length > 0) socket.send(take.reply.slice(0, length), peer.port, peer.address, () => {});
      });
    },
    close() {
      socket.close();
    },
    drain() {}, // addresses cannot be shared here, and datagrams are answered as they come
    send(bytes, from, to, { ip, port, scope }) {
      if (port === 0) return;
      const address = ip.length === 4 && !isIp4 ? `::ffff:${formatAddress(ip)}` : formatAddress(ip);
      socket.send(bytes.slice(from, to), port, scope === 0 ? address : `${address}%${scope}`, () => {});
    },
  };
  return bound;
}

function plainTaker(socket: UdpSocket, handler: DatagramHandler, receiveMax: number) {
  const reply = new Uint8Array(MESSAGE_MAX + 1);
  const take = (message: Buffer, { address, port }: RemoteInfo): number => {
    const bytes = new Uint8Array(message.buffer, message.byteOffset, message.length);
    const to = Math.min(message.length, receiveMax);
    const ip = addressOf(address) ?? ANY4;
    const scope = address.split('%')[1] ?? 0;
    handler.begin();
    const length = handler.datagram({
      bytes,
      from: 0,
      to,
      ip,
      port,
      scope,
      asked: undefined,
      socket,
      reply,
      replyAt: 0,
    });
    handler.end();
    return port === 0 ? 0 : length;
  };
  return Object.assign(take, { reply });
}
