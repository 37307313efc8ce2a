// Sockets bound by the calls themselves: where Node has no word for what is wanted of them. Counterpart: socket_bind.c.
import type { LocalEndpoint } from '../base/endpoint.ts';
import { type Calls, lastError } from '../base/libc.ts';
import { systemError } from '../base/oserror.ts';
import { AF_INET6, familyOf, putSockaddr, SOCKADDR_SIZE, sockaddrSize } from './sockaddr.ts';

export const SOCK_STREAM = 1;
export const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0x80000;
export const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const SO_REUSEPORT = 15;
export const IPPROTO_IPV6 = 41;
const IPV6_V6ONLY = 26;

/** A new socket of the family, closed when another program is executed. Throws system errors. */
export function newSocket(calls: Calls, family: number, type: number): number {
  const fd = calls.socket(family, type | SOCK_CLOEXEC, 0);
  if (fd < 0) throw lastError();
  return fd;
}

/** Sets an option that is a number. Whether the system agrees is not asked. */
export function setOption(calls: Calls, fd: number, level: number, option: number, value: number): void {
  calls.setsockopt(fd, level, option, new Uint8Array(new Int32Array([value]).buffer), 4);
}

/** Binds a socket of the address's family, SO_REUSEADDR set as in the original. Throws system errors. */
export function bindSocket(calls: Calls, fd: number, local: LocalEndpoint): void {
  const family = familyOf(local.ip);
  setOption(calls, fd, SOL_SOCKET, SO_REUSEADDR, 1);
  if (local.isShared) setOption(calls, fd, SOL_SOCKET, SO_REUSEPORT, 1);
  if (family === AF_INET6) setOption(calls, fd, IPPROTO_IPV6, IPV6_V6ONLY, local.isDual ? 0 : 1);
  const address = new Uint8Array(SOCKADDR_SIZE);
  putSockaddr(address, 0, family, local.ip, local.port, scopeNumber(calls, local.scope));
  if (calls.bind(fd, address, sockaddrSize(family)) !== 0) throw lastError();
}

/** The number of an interface given by name or number, 0 for none. Throws `ENODEV` when it does not exist. */
export function scopeNumber(calls: Calls, scope: string | undefined): number {
  if (scope === undefined) return 0;
  const number = /^[0-9]+$/.test(scope) ? Number(scope) : calls.if_nametoindex(scope);
  if (number === 0) throw systemError('ENODEV');
  return number;
}
