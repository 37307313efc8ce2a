// UDP over Node's dgram: where recvmmsg cannot be had. Each datagram is a batch of one.
import { createSocket, type RemoteInfo } from 'node:dgram';
import { ANY4, formatAddress, ip4Of } from '../base/address.ts';
import { bytesOf } from '../base/bytes.ts';
import type { Endpoint } from '../base/endpoint.ts';
import { errorCode } from '../base/oserror.ts';
import { MESSAGE_MAX } from '../wire/constants.ts';
import { type Datagram, type DatagramHandler, UdpError, type UdpOptions, type UdpSocket } from './datagram.ts';

/** See `bindUdp`. */
export function bindPlain(local: Endpoint, options: UdpOptions): Promise<UdpSocket> {
  const socket = createSocket({ type: 'udp4', reuseAddr: true });
  const bound: UdpSocket = {
    serve(handler) {
      const take = plainTaker(handler, options.receiveMax);
      socket.on('message', (message, peer) => {
        const length = take(message, peer);
        // The reply buffer is used again at once, so dgram, which sends later, is given a copy.
        if (length > 0) socket.send(take.reply.slice(0, length), peer.port, peer.address, () => {});
      });
    },
    serveOnly(handler) {
      this.serve(handler);
    },
    close() {
      socket.close();
    },
    send(bytes, from, to, ip, port) {
      if (port !== 0) socket.send(bytes.slice(from, to), port, formatAddress(ip), () => {});
    },
  };
  return new Promise((resolve, reject) => {
    socket.once('error', (error) => reject(new UdpError('bind', errorCode(error))));
    socket.bind({ address: formatAddress(local.ip), port: local.port, exclusive: true }, () => {
      socket.removeAllListeners('error');
      socket.on('error', () => {}); // a receive error costs nothing but the packet
      socket.setRecvBufferSize(options.receiveBuffer);
      resolve(bound);
    });
  });
}

function plainTaker(handler: DatagramHandler, receiveMax: number) {
  const reply = new Uint8Array(MESSAGE_MAX + 1);
  const datagram: Datagram = { bytes: reply, from: 0, to: 0, ip: ANY4, port: 0, reply, replyAt: 0 };
  const take = (message: Buffer, peer: RemoteInfo): number => {
    datagram.bytes = new Uint8Array(message.buffer, message.byteOffset, message.length);
    datagram.to = Math.min(message.length, receiveMax);
    datagram.ip = ip4Of(bytesOf(peer.address)) ?? ANY4;
    datagram.port = peer.port;
    handler.begin();
    const length = handler.datagram(datagram);
    handler.end();
    return peer.port === 0 ? 0 : length;
  };
  return Object.assign(take, { reply });
}
