// Addresses as the kernel has them, struct sockaddr_in and sockaddr_in6 of Linux:
//   sockaddr_in   16 octets: family 0 (host order), port 2, address 4
//   sockaddr_in6  28 octets: family 0 (host order), port 2, flow 4, address 8, scope 24 (host order)
// Hosts are little-endian here, see udp.ts; ports and addresses are in network order.
import { type Address, type HeldAddress, newIp6 } from '../base/address.ts';
import { pack16, pack32le } from '../base/bytes.ts';

export const AF_INET = 2;
export const AF_INET6 = 10;

/** Room for an address of either family, a multiple of 16. */
export const SOCKADDR_SIZE = 32;
const SIZE4 = 16;
const SIZE6 = 28;

/** A socket's family: what addresses it takes and gives. */
export type Family = typeof AF_INET | typeof AF_INET6;

/** The family of sockets for an address. */
export function familyOf(ip: Address): Family {
  return ip.length === 4 ? AF_INET : AF_INET6;
}

/** How many octets an address of the family has. */
export function sockaddrSize(family: Family): number {
  return family === AF_INET ? SIZE4 : SIZE6;
}

/** Writes an address for a socket of the family; `scope` is the number of the interface of a link-local address. */
export function putSockaddr(bytes: Uint8Array, at: number, family: Family, ip: Address, port: number, scope = 0): void {
  bytes.fill(0, at, at + SOCKADDR_SIZE);
  bytes[at] = family;
  pack16(bytes, at + 2, port);
  if (family === AF_INET) {
    bytes.set(ip, at + 4);
    return;
  }
  bytes.set(ip.length === 16 ? ip : mapped(ip), at + 8);
  pack32le(bytes, at + 24, scope);
}

/** Takes the address of a socket of the family out of its octets. */
export function readSockaddr(bytes: Uint8Array, at: number, family: Family, into: HeldAddress): Address {
  return family === AF_INET ? into.hold4(bytes, at + 4) : into.hold6(bytes, at + 8);
}

const MAPPED = newIp6();
MAPPED.fill(255, 10, 12);

/** The IPv6 form of an IPv4 address; good until the next call. */
export function mapped(ip: Uint8Array): Uint8Array {
  MAPPED.set(ip, 12);
  return MAPPED;
}
