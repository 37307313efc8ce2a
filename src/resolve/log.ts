// What the resolver tells about its work. Counterpart: the log_* functions that dnscache's query.c calls. The lines
// are written by log/cachelog.ts; tests collect them.
import type { Endpoint } from '../base/endpoint.ts';

/** One method per line. Names are wire names at an offset, copied or printed before the method returns. */
export interface ResolveLog {
  /** Answered out of the cache: `cached TYPE NAME`. */
  cached(type: number, name: Uint8Array): void;
  /** An alias out of the cache is followed. */
  cachedCname(name: Uint8Array, target: Uint8Array, targetAt: number): void;
  /** A name server of a delegation out of the cache. */
  cachedNs(zone: Uint8Array, zoneAt: number, server: Uint8Array, serverAt: number): void;
  cachedNxdomain(name: Uint8Array): void;
  /** The same question failed a moment ago. */
  cachedServfail(name: Uint8Array, type: number): void;
  /** A question goes out to servers, in this order. */
  tx(
    level: number,
    type: number,
    name: Uint8Array,
    control: Uint8Array,
    controlAt: number,
    servers: readonly Endpoint[],
  ): void;
  /** A record was accepted from the server `ip`: type and data. */
  rr(ip: Uint8Array, ttl: number, type: number, name: Uint8Array, nameAt: number, data: Uint8Array): void;
  /** The same of a type whose data is a name: 2, 5 or 12. */
  rrName(ip: Uint8Array, ttl: number, type: number, name: Uint8Array, nameAt: number, target: Uint8Array): void;
  rrMx(ip: Uint8Array, ttl: number, name: Uint8Array, nameAt: number, preference: number, target: Uint8Array): void;
  /** `numbers` are the 20 octets serial, refresh, retry, expire, minimum. */
  rrSoa(
    ip: Uint8Array,
    ttl: number,
    name: Uint8Array,
    nameAt: number,
    primary: Uint8Array,
    mailbox: Uint8Array,
    numbers: Uint8Array,
  ): void;
  nxdomain(ip: Uint8Array, ttl: number, name: Uint8Array): void;
  nodata(ip: Uint8Array, ttl: number, type: number, name: Uint8Array): void;
  /** The server `ip` refers to `referral`, which is not below the zone it was asked for. */
  lame(ip: Uint8Array, control: Uint8Array, controlAt: number, referral: Uint8Array, referralAt: number): void;
  /** All tries for a name failed. */
  servfail(name: Uint8Array, code: string): void;
  /** The numbers of the moment. */
  stats(): void;
}
