// A level of a query: one name looked up for one purpose, and whom to ask about it. Level 0 is the client's question;
// each level above finds what the one below needs.

import { copyIp4, copyIp6, isUnspecified } from '../base/address.ts';
import { equal } from '../base/bytes.ts';
import { DNS_PORT, type Endpoint } from '../base/endpoint.ts';
import type { ErrorCode } from '../base/oserror.ts';
import { copyName, NAME_MAX, nameEqual, nameLength } from '../wire/name.ts';
import * as TYPE from '../wire/type.ts';

/** Servers of one zone that are asked, and names of servers that are kept. */
export const SERVERS_MAX = 16;

/** A name of a server, and the type of address that is looked for next. */
export interface PendingServer {
  readonly name: Uint8Array;
  readonly type: number;
}

/** The servers of a zone: addresses that are known, and names whose addresses are not. */
export interface Delegation {
  readonly zone: Uint8Array;
  readonly expiry: number;
  readonly pending: readonly PendingServer[];
  readonly addresses: readonly Endpoint[];
}

/** What is asked of the servers of which zone. */
export interface Asked {
  readonly name: Uint8Array;
  readonly type: number;
  /** Where in `name` the zone begins whose servers are asked. */
  readonly zoneAt: number;
}

/** A response, and whose it is. */
export interface ServerResponse {
  readonly message: Uint8Array;
  readonly server: Endpoint;
}

/** A level's failure: the log line it deserves. */
export type Failure = 'servfail' | 'drop' | 'silent';

/** What to do next. `wait`: an attempt is under way, or the response is ready. `up`: the level has come to its end. */
export type Step = 'wait' | 'name' | 'servers' | 'up';

/** Made once and used for one name after the other. */
export class Level implements Asked {
  /** The level that needs the address of a name server, which this one looks for; undefined in level 0. */
  readonly below: Level | undefined;
  readonly name: Uint8Array = new Uint8Array(NAME_MAX);
  type: number = TYPE.A;
  zoneAt = 0;
  /** When that zone's delegation ends; Infinity for zones of servers/. */
  zoneExpiry = Infinity;
  /** The zone is listed in servers/. */
  isListed = false;
  /** The delegation of that zone comes from the cache: the zone above may know better. */
  isRemembered = false;
  /** Names of that zone's servers that have addresses which are not known. */
  pending: PendingServer[] = [];
  addresses: Endpoint[] = [];
  /** At least so many addresses are wanted before the servers are asked again. */
  wanted = 1;
  /** A response without AA, for want of a better one. */
  secondBest: ServerResponse | undefined;
  /** An address was found. */
  hasFound = false;
  /** Aliases followed; those of the client's question are the query's. */
  aliases = 0;
  /** What to say when no server is left, and the error in it. */
  failure: Failure = 'silent';
  error: ErrorCode = '';

  constructor(below?: Level) {
    this.below = below;
  }

  begin(name: Uint8Array, type: number): void {
    this.type = type;
    this.setName(name);
    this.pending.length = 0;
    this.addresses.length = 0;
    this.wanted = 1;
    this.aliases = 0;
    this.failure = 'silent';
    this.secondBest = undefined;
    this.hasFound = false;
  }

  setName(name: Uint8Array): void {
    const length = nameLength(name);
    for (let i = 0; i < length; i++) this.name[i] = name[i]!;
  }

  /** Makes the zone at `name[zoneAt]` the one that is asked; nothing is known of its servers yet. */
  setZone(zoneAt: number, zoneExpiry: number, origin: 'listed' | 'cache' | 'referral'): void {
    this.zoneAt = zoneAt;
    this.zoneExpiry = zoneExpiry;
    this.isListed = origin === 'listed';
    this.isRemembered = origin === 'cache';
    this.secondBest = undefined;
    this.pending = [];
    this.addresses = [];
    this.wanted = 1;
  }

  /** The delegation of the zone that is asked, as far as it is known now. */
  delegation(): Delegation {
    const { name, zoneAt, zoneExpiry, pending, addresses } = this;
    return { zone: copyName(name, zoneAt), expiry: zoneExpiry, pending: pending.slice(), addresses: addresses.slice() };
  }

  /** One more of the zone's servers; those above `SERVERS_MAX` are left out. `type` is what is looked for first. */
  addServer(names: Uint8Array, at: number, type: number): void {
    if (this.pending.length < SERVERS_MAX) this.pending.push({ name: copyName(names, at), type });
  }

  /**
   * The address at `ip[at]`, 4 octets for type A and 16 for AAAA, of one of the zone's servers. 0.0.0.0 and `::` are
   * none; one that is there is not new.
   */
  addAddress(type: number, ip: Uint8Array, at: number): void {
    const { addresses } = this;
    if (addresses.length >= SERVERS_MAX) return;
    const address = type === TYPE.AAAA ? copyIp6(ip, at) : copyIp4(ip, at);
    if (isUnspecified(address) || addresses.some((known) => equal(known.ip, address))) return;
    addresses.push({ ip: address, port: DNS_PORT });
  }

  isAbout({ name, type }: PendingServer): boolean {
    return type === this.type && nameEqual(name, 0, this.name, 0);
  }
}
