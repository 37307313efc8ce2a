// Choosing servers: which zone's servers a level asks, where they are, and in what order. Counterpart: the NEWNAME and
// HAVENS parts of query.c.

import type { Endpoint } from '../base/endpoint.ts';
import { shuffle } from '../base/random.ts';
import { CLASS_IN } from '../wire/constants.ts';
import { NAME_MAX, nameLength } from '../wire/name.ts';
import { AUTHORITY } from '../wire/record.ts';
import * as TYPE from '../wire/type.ts';
import { KIND_ANSWER, KIND_REFERRAL } from './cache.ts';
import type { Level } from './level.ts';
import type { Resolver } from './resolver.ts';
import { ASKED, type Response, type ResponseRecord } from './response.ts';
import { isLoopbackReverse, specialIp } from './special.ts';

const address = new Uint8Array(4);
const server = new Uint8Array(NAME_MAX);

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
function takeKnownAddresses(level: Level, resolver: Resolver): void {
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

/** Takes the addresses that a response gives for the level above, which looked for them. */
export function takeAnswered(level: Level, response: Response): void {
  for (const { rank, dataAt, dataLength } of response.records) {
    if (rank === ASKED && dataLength === 4) level.addAddress(response.message, dataAt);
  }
}

/** A referral: the level goes on with the servers of the zone below. */
export function takeReferral(level: Level, response: Response, referral: ResponseRecord, resolver: Resolver): void {
  let { ttl } = referral;
  const { zoneExpiry } = level;
  level.setZone(nameLength(level.name) - referral.ownerLength, zoneExpiry, false);
  for (const record of response.records) {
    if (record.section !== AUTHORITY || record.type !== TYPE.NS || record.class !== CLASS_IN) continue;
    if (!response.isOwner(record, response.names, referral.ownerAt)) continue;
    ttl = Math.min(ttl, record.ttl);
    response.readData(record, server, 0);
    level.addServer(server, 0);
  }
  level.zoneExpiry = Math.min(zoneExpiry, resolver.now + ttl);
  takeKnownAddresses(level, resolver);
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
