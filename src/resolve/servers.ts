// Choosing servers: which zone's servers a level asks, where they are, and in what order. Counterpart: the NEWNAME and
// HAVENS parts of query.c.

import type { Endpoint } from '../base/endpoint.ts';
import { shuffle } from '../base/random.ts';
import { nameLength } from '../wire/name.ts';
import * as TYPE from '../wire/type.ts';
import { KIND_ANSWER, KIND_REFERRAL } from './cache.ts';
import type { Level } from './level.ts';
import type { Resolver } from './resolver.ts';
import { isLoopbackReverse, specialIp } from './special.ts';

const address = new Uint8Array(4);

/**
 * The nearest servers that are known for the level's name: those listed in servers/, or, where delegations count, of
 * one in the cache. False when there are none.
 */
export function chooseServers(level: Level, useDelegations: boolean, resolver: Resolver): boolean {
  const { cache, log, roots, now } = resolver;
  const { name } = level;
  for (let at = 0; ; at += name[at]! + 1) {
    const listed = roots.serversOf(name, at);
    if (listed) {
      level.setZone(at, Infinity, true);
      level.addresses = listed.slice();
      return true;
    }
    if (useDelegations) {
      cache.select(name, at);
      if (cache.find(KIND_REFERRAL, TYPE.NS, now) && cache.dataLength > 0) {
        level.setZone(at, cache.expiry, false);
        const end = cache.dataAt + cache.dataLength;
        for (let pos = cache.dataAt; pos < end; pos += nameLength(cache.bytes, pos)) {
          log.cachedNs(name, at, cache.bytes, pos);
          level.addServer(cache.bytes, pos);
        }
        takeKnownAddresses(level, resolver);
        return true;
      }
    }
    if (name[at] === 0) return false;
  }
}

/** Takes the addresses of the level's pending names that need no lookup. */
export function takeKnownAddresses(level: Level, resolver: Resolver): void {
  const { cache, log, now } = resolver;
  const unknown: Uint8Array[] = [];
  for (const name of level.pending) {
    if (specialIp(name, address, 0)) {
      level.addAddress(address, 0);
      continue;
    }
    cache.select(name);
    const isKnown =
      (cache.find(KIND_ANSWER, TYPE.A, now) && cache.dataLength > 0) || cache.find(KIND_REFERRAL, TYPE.A, now);
    if (!isKnown) {
      if (!isLoopbackReverse(name)) unknown.push(name);
      continue;
    }
    log.cached(TYPE.A, name);
    takeFound(level, resolver);
  }
  level.pending = unknown;
}

/** Takes the addresses of the A set that the cache has just found. */
export function takeFound(level: Level, { cache }: Resolver): void {
  const end = cache.dataAt + cache.dataLength;
  for (let at = cache.dataAt; at + 4 <= end; at += 4) level.addAddress(cache.bytes, at);
}

/** The level's servers in random order, those that were dead or lame a moment ago at the end. */
export function inOrder(level: Level, { failures, now }: Resolver): Endpoint[] {
  const servers = level.addresses.slice();
  if (servers.length < 2) return servers;
  shuffle(servers);
  const good = servers.filter((server) => !failures.hasServer(server, level, now));
  if (good.length === servers.length) return servers;
  return [...good, ...servers.filter((server) => !good.includes(server))];
}
