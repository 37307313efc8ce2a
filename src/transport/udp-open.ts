// The sockets of udp-batch.ts: made and bound, taken from another process, or connected to one peer, with the buffers
// that each kind needs.
import { HeldAddress, isUnspecified } from '../base/address.ts';
import { unpack16 } from '../base/bytes.ts';
import type { Endpoint, LocalEndpoint } from '../base/endpoint.ts';
import type { Calls } from '../base/libc.ts';
import { errorCode } from '../base/oserror.ts';
import { bindSocket, IPPROTO_IPV6, newSocket, SOCK_DGRAM, SOL_SOCKET, setOption } from './bind.ts';
import { UdpError, type UdpOptions } from './datagram.ts';
import {
  AF_INET,
  AF_INET6,
  type Family,
  familyOf,
  putSockaddr,
  readSockaddr,
  SOCKADDR_SIZE,
  sockaddrSize,
} from './sockaddr.ts';
import { BatchSocket } from './udp-batch.ts';

/** SO_SNDBUF to ask for: responses that wait for somebody's link-layer address must not stand in the way of others. */
const SEND_BUFFER = 4 << 20;
/** SO_RCVBUF of a socket on a shared address: what comes while this process starts must have room. */
const SHARED_BUFFER = 4 << 20;

const SO_TYPE = 3;
const SO_SNDBUF = 7;
const SO_RCVBUF = 8;
const SO_RCVBUFFORCE = 33;
const SO_SNDBUFFORCE = 32;
const IPV6_RECVPKTINFO = 49;

/** See `bindUdp`. */
export function bindBatch(calls: Calls, local: LocalEndpoint, options: UdpOptions): BatchSocket {
  const family = familyOf(local.ip);
  const fd = orUdpError('create', () => newSocket(calls, family, SOCK_DGRAM));
  orUdpError('bind', () => bindSocket(calls, fd, local));
  const socket = openBatch(calls, fd, family, family === AF_INET6 && isUnspecified(local.ip), options);
  if (local.isShared) {
    setOption(calls, fd, SOL_SOCKET, SO_RCVBUF, SHARED_BUFFER);
    setOption(calls, fd, SOL_SOCKET, SO_RCVBUFFORCE, SHARED_BUFFER);
  }
  return socket;
}

function orUdpError<T>(step: UdpError['step'], action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw new UdpError(step, errorCode(error));
  }
}

/** See `adoptUdp`. The buffers are left as whoever made the socket wants them. */
export function adoptBatch(calls: Calls, fd: number, options: UdpOptions): BatchSocket | undefined {
  const type = new Uint8Array(4);
  calls.getsockopt(fd, SOL_SOCKET, SO_TYPE, type, Uint8Array.of(4, 0, 0, 0));
  const address = new Uint8Array(SOCKADDR_SIZE);
  if (type[0] !== SOCK_DGRAM || calls.getsockname(fd, address, Uint8Array.of(SOCKADDR_SIZE, 0, 0, 0)) !== 0) {
    return undefined;
  }
  const family = unpack16(address, 0) === AF_INET << 8 ? AF_INET : AF_INET6;
  const isAny = family === AF_INET6 && isUnspecified(readSockaddr(address, 0, family, new HeldAddress()));
  if (isAny) setOption(calls, fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
  return new BatchSocket(calls, fd, family, isAny, options.receiveMax);
}

function openBatch(calls: Calls, fd: number, family: Family, isAny: boolean, options: UdpOptions): BatchSocket {
  setOption(calls, fd, SOL_SOCKET, SO_RCVBUF, options.receiveBuffer);
  // The first one goes beyond what is allowed to everybody, and needs root.
  setOption(calls, fd, SOL_SOCKET, SO_SNDBUF, SEND_BUFFER);
  setOption(calls, fd, SOL_SOCKET, SO_SNDBUFFORCE, SEND_BUFFER);
  if (isAny) setOption(calls, fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
  return new BatchSocket(calls, fd, family, isAny, options.receiveMax);
}

/** See `connectUdp`. */
export function connectBatch(calls: Calls, peer: Endpoint, options: UdpOptions): BatchSocket | undefined {
  const family = familyOf(peer.ip);
  const fd = newSocket(calls, family, SOCK_DGRAM);
  const address = new Uint8Array(SOCKADDR_SIZE);
  putSockaddr(address, 0, family, peer.ip, peer.port);
  if (calls.connect(fd, address, sockaddrSize(family)) !== 0) {
    calls.close(fd);
    return undefined;
  }
  setOption(calls, fd, SOL_SOCKET, SO_RCVBUF, options.receiveBuffer);
  return new BatchSocket(calls, fd, family, false, options.receiveMax);
}
