// What the resolver tells about its work. Counterpart: the log_* functions that dnscache's query.c calls. The lines
// are written by log/cachelog.ts; tests collect them.
import type { Address } from '../base/address.ts';
import type { Endpoint } from '../base/endpoint.ts';

/** A record that was accepted, as far as all types have it. The owner's name begins at `names[ownerAt]`. */
export interface AcceptedRecord {
  /** The server that sent it. */
  readonly ip: Address;
  readonly type: number;
  readonly ttl: number;
  readonly names: Uint8Array;
  readonly ownerAt: number;
}

/** One method per line. Names are wire names at an offset, copied or printed before the method returns. */
export interface ResolveLog {
  /** Answered from the cache: `cached TYPE NAME`. */
  cached(type: number, name: Uint8Array): void;
  /** A CNAME from the cache is followed. */
  cachedCname(name: Uint8Array, target: Uint8Array, targetAt: number): void;
  /** A name server of a delegation from the cache. */
  cachedNs(zone: Uint8Array, zoneAt: number, server: Uint8Array, serverAt: number): void;
  cachedNxdomain(name: Uint8Array): void;
  /** The same question failed a moment ago. */
  cachedServfail(name: Uint8Array, type: number): void;
  /** A question goes out to servers of the zone that begins at `name[zoneAt]`, in this order. */
  tx(level: number, type: number, name: Uint8Array, zoneAt: number, servers: readonly Endpoint[]): void;
  /** A record was accepted. Its data are `bytes[from..to]`, names in them whole. */
  rr(record: AcceptedRecord, bytes: Uint8Array, from: number, to: number): void;
  nxdomain(ip: Address, ttl: number, name: Uint8Array): void;
  nodata(ip: Address, ttl: number, type: number, name: Uint8Array): void;
  /** The server `ip` refers to `referral`, which is not below the zone it was asked for. */
  lame(ip: Address, name: Uint8Array, zoneAt: number, referral: Uint8Array, referralAt: number): void;
  /** All tries for a name failed. */
  servfail(name: Uint8Array, code: string): void;
  /** The numbers of the moment. */
  stats(): void;
}
