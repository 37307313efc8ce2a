// See docs/resolution.md, "Which zone is asked" and "Which server first".
//
// Choosing servers: which zone's servers a level asks, where they are, and in what order. Counterpart: the NEWNAME and
// HAVENS parts of query.c.

import type { Endpoint } from '../base/endpoint.ts';
import { shuffle } from '../base/random.ts';
import { CLASS_IN } from '../wire/constants.ts';
import { isWithin, NAME_MAX, nameEqual, nameLength } from '../wire/name.ts';
import { ADDITIONAL, AUTHORITY } from '../wire/record.ts';
import * as TYPE from '../wire/type.ts';
import { KIND_ANSWER, KIND_REFERRAL } from './cache.ts';
import { dataAt, recordEnd } from './cached-set.ts';
import type { Delegation, Level, PendingServer } from './level.ts';
import type { Resolver } from './resolver.ts';
import { ASKED, type Response } from './response.ts';
import { isLoopbackReverse, specialIp } from './special.ts';

const address = new Uint8Array(4);
const server = new Uint8Array(NAME_MAX);

/** Where to look for servers: from the label of the level's name at `from` upwards. */
interface Choice {
  readonly from: number;
  /** Delegations count of which no address is known. */
  readonly mayLookUp: boolean;
  /** What the query itself was told, which the cache may not have kept. */
  readonly told: readonly Delegation[];
}

/**
 * The nearest servers that are known for the level's name: those listed in servers/, or those of a delegation in the
 * cache or that the query was told. False when there are none.
 */
export function chooseServers(level: Level, { from, mayLookUp, told }: Choice, resolver: Resolver): boolean {
  const { cache, roots, forwardOnly, now } = resolver;
  const { name } = level;
  for (let at = from; ; at += name[at]! + 1) {
    const listed = roots.serversOf(name, at);
    if (listed) {
      level.setZone(at, Infinity, 'listed');
      level.addresses = listed.slice();
      return true;
    }
    if (!forwardOnly) {
      cache.select(name, at);
      if (cache.find(KIND_REFERRAL, TYPE.NS, now) && cache.dataLength > 0) {
        takeDelegation(level, at, resolver);
        if (mayLookUp || level.addresses.length > 0) return true;
      }
      const delegation = told.findLast(({ zone }) => nameEqual(zone, 0, name, at));
      if (delegation && (mayLookUp || delegation.addresses.length > 0)) {
        level.setZone(at, delegation.expiry, 'cache');
        level.addresses = delegation.addresses.slice();
        level.pending = delegation.pending.slice();
        return true;
      }
    }
    if (name[at] === 0) return false;
  }
}

/** The delegation that the cache has just found, of the zone at `at`. */
function takeDelegation(level: Level, at: number, resolver: Resolver): void {
  const { cache, log } = resolver;
  level.setZone(at, cache.expiry, 'cache');
  const end = cache.dataAt + cache.dataLength;
  for (let pos = cache.dataAt; pos < end; pos += nameLength(cache.bytes, pos)) {
    log.cachedNs(level.name, at, cache.bytes, pos);
    level.addServer(cache.bytes, pos, resolver.families[0]!);
  }
  takeKnownAddresses(level, resolver);
}

/** Takes the addresses of the level's pending names that need no lookup. */
function takeKnownAddresses(level: Level, resolver: Resolver): void {
  const { families } = resolver;
  const unknown: PendingServer[] = [];
  const later: PendingServer[] = [];
  for (const server of level.pending) {
    if (specialIp(server.name, address, 0)) {
      level.addAddress(TYPE.A, address, 0);
      continue;
    }
    let known = 0;
    let isIp6Missing = false;
    for (const type of families) {
      if (takeKnown(level, server.name, type, resolver)) known++;
      else if (type === TYPE.AAAA) isIp6Missing = true;
    }
    if (known === 0) {
      if (!isLoopbackReverse(server.name)) unknown.push(server);
    } else if (isIp6Missing) later.push({ name: server.name, type: TYPE.AAAA }); // when those that are known do not help
  }
  level.pending = unknown;
  for (const server of later) unknown.push(server);
}

/** Takes what the cache has: an answer, or what a zone above said. */
function takeKnown(level: Level, name: Uint8Array, type: number, resolver: Resolver): boolean {
  const { cache, log, now } = resolver;
  cache.select(name);
  const isKnown = (cache.find(KIND_ANSWER, type, now) && cache.dataLength > 0) || cache.find(KIND_REFERRAL, type, now);
  if (!isKnown) return false;
  log.cached(type, name);
  takeFound(level, type, resolver);
  return true;
}

/** Takes the addresses of the set that the cache has just found. */
export function takeFound(level: Level, type: number, { cache }: Resolver): void {
  const end = cache.dataAt + cache.dataLength;
  for (let at = cache.dataAt; at < end; at = recordEnd(type, cache.bytes, at)) {
    level.addAddress(type, cache.bytes, dataAt(type, at));
  }
}

/** Takes the addresses that a response gives to the level above, which looked for them. */
export function takeAnswered(level: Level, response: Response): void {
  for (const { rank, type, dataAt: at } of response.records) {
    if (rank === ASKED) level.addAddress(type, response.message, at);
  }
}

/** Takes the addresses that zones above told as glue of the name that the level above looked for in vain. */
export function takeParentsWord(level: Level, name: Uint8Array, type: number, resolver: Resolver): void {
  const { cache, log, now } = resolver;
  cache.select(name);
  if (!cache.find(KIND_REFERRAL, type, now)) return;
  log.cached(type, name);
  takeFound(level, type, resolver);
}

/** The level goes on with the servers of the zone that the response refers to. */
export function takeReferral(level: Level, response: Response, resolver: Resolver): void {
  const referral = response.referral!;
  let { ttl } = referral;
  const { zoneAt, zoneExpiry } = level;
  level.setZone(nameLength(level.name) - referral.ownerLength, zoneExpiry, 'referral');
  for (const record of response.records) {
    if (record.section !== AUTHORITY || record.type !== TYPE.NS || record.class !== CLASS_IN) continue;
    if (!response.isOwner(record, response.names, referral.ownerAt)) continue;
    ttl = Math.min(ttl, record.ttl);
    response.readData(record, server, 0);
    level.addServer(server, 0, resolver.families[0]!);
  }
  level.zoneExpiry = Math.min(zoneExpiry, resolver.now + ttl);
  takeKnownAddresses(level, resolver);
  takeGlue(level, response, zoneAt, resolver);
}

/** Glue that the cache does not have, because its TTL is 0 or the cache is small, is taken from the response itself. */
function takeGlue(level: Level, response: Response, zoneAt: number, { roots, families }: Resolver): void {
  if (level.pending.length === 0) return;
  const { names } = response;
  level.pending = level.pending.filter((server) => {
    let isFound = false;
    for (const record of response.records) {
      const { type, section, class: klass, ownerAt, isBad } = record;
      if (!families.includes(type) || section !== ADDITIONAL || klass !== CLASS_IN || isBad) continue;
      if (!response.isOwner(record, server.name, 0)) continue;
      if (!isWithin(names, ownerAt, level.name, zoneAt) || !roots.same(names, ownerAt, level.name, zoneAt)) continue;
      level.addAddress(type, response.message, record.dataAt);
      isFound = true;
    }
    return !isFound;
  });
}

/** The level's servers, fast ones first and otherwise at random, those that failed a moment ago at the end. */
export function inOrder(level: Level, { failures, roundTrips, now }: Resolver): Endpoint[] {
  const servers = level.addresses.slice();
  if (servers.length < 2) return servers;
  shuffle(servers);
  const good = servers.filter((server) => !failures.hasServer(server, level, now));
  if (good.length === servers.length) return roundTrips.sort(servers, now);
  return [...roundTrips.sort(good, now), ...servers.filter((server) => !good.includes(server))];
}
