// What is believed of a response, and kept. Counterpart: the middle of query.c's HAVEPACKET: sort the records, make
// sets, log and store each. Every rule here stops an attack:
//
// - A server is believed only about names inside the zone it was asked for, and not about a domain that servers/ gives
//   to other servers.
// - Only what was asked for, and what its aliases lead to, is kept as an answer. Everything else (RFC 2181 section
//   5.4.1) is kept apart, leads to servers and never reaches a client; the sections are not mixed in one set.
// - A zone's servers do not say who serves the zone: its NS set comes from its parent (ghost domains, CVE-2012-1191).
// - No delegation outlives the one above it: otherwise a removed domain could hand itself on to its own subdomains
//   for ever (phoenix domains).
// - Glue is taken from the delegation it belongs to, and not from deeper down while what is there is alive.

import type { Address } from '../base/address.ts';
import { LOWER } from '../base/bytes.ts';
import { CLASS_IN } from '../wire/constants.ts';
import { isWithin, NAME_MAX, nameLength } from '../wire/name.ts';
import * as TYPE from '../wire/type.ts';
import { KIND_ANSWER, KIND_REFERRAL } from './cache.ts';
import { dataAt, putCachedRecord } from './cached-set.ts';
import { type Level, SERVERS_MAX } from './level.ts';
import type { Resolver } from './resolver.ts';
import { ASKED, type Response, type ResponseRecord, UNASKED } from './response.ts';

/** A set with more data than this is used, but not kept. */
const SET_MAX = 8192;
/** Responses with more records are not sorted by insertion. */
const INSERTION_MAX = 20;

/** A response, whom it came from, and what was asked. */
export interface Origin {
  readonly response: Response;
  /** Address of the server. */
  readonly ip: Address;
  readonly level: Level;
  /** The zone is one of servers/, or everything comes from forwarders: its own NS set is believed. */
  readonly isTrusted: boolean;
}

const data = new Uint8Array(SET_MAX + 65535 + 2 * NAME_MAX);
const target = new Uint8Array(NAME_MAX);
const sorted: ResponseRecord[] = [];

/** Logs and stores what is believed of the response. */
export function accept(origin: Origin, resolver: Resolver): void {
  const { response } = origin;
  sortRecords(response);
  const servers = delegatedTo(origin);
  for (let from = 0; from < sorted.length; ) {
    let to = from + 1;
    while (to < sorted.length && isSameSet(response, sorted[from]!, sorted[to]!)) to++;
    acceptSet(from, to, servers, origin, resolver);
    from = to;
  }
}

/** Puts the records into `sorted`. The few of most responses by insertion: Array's sort allocates a kilobyte. */
function sortRecords(response: Response): void {
  sorted.length = 0;
  for (const record of response.records) {
    sorted.push(record);
    if (response.records.length > INSERTION_MAX) continue;
    let at = sorted.length - 1;
    for (; at > 0 && order(response, sorted[at - 1]!, record) > 0; at--) sorted[at] = sorted[at - 1]!;
    sorted[at] = record;
  }
  if (sorted.length > INSERTION_MAX) sorted.sort((a, b) => order(response, a, b));
}

/** By type, class, owner's length, owner, whether it is an answer, place in the message (the sort is stable). */
function order(response: Response, a: ResponseRecord, b: ResponseRecord): number {
  const byKind = a.type - b.type || a.class - b.class || a.ownerLength - b.ownerLength;
  if (byKind !== 0) return byKind;
  const { names } = response;
  for (let i = 0; i < a.ownerLength; i++) {
    const difference = LOWER[names[a.ownerAt + i]!]! - LOWER[names[b.ownerAt + i]!]!;
    if (difference !== 0) return difference;
  }
  return b.rank - a.rank;
}

function isSameSet(response: Response, a: ResponseRecord, b: ResponseRecord): boolean {
  return (
    a.type === b.type &&
    a.class === b.class &&
    a.rank === b.rank &&
    a.ownerLength === b.ownerLength &&
    response.isOwner(a, response.names, b.ownerAt)
  );
}

/** The set `sorted[from..to]`. */
function acceptSet(from: number, to: number, servers: Uint8Array[], origin: Origin, resolver: Resolver): void {
  const { cache, roots, now } = resolver;
  const { response, level } = origin;
  const { name, zoneAt } = level;
  const { names } = response;
  const first = sorted[from]!;
  const { type } = first;
  if (first.class !== CLASS_IN || type === TYPE.ANY || type === TYPE.AXFR) return;
  if (!isWithin(names, first.ownerAt, name, zoneAt)) return;
  if (!roots.same(names, first.ownerAt, name, zoneAt)) return;
  const isAnswer = first.rank !== UNASKED;
  if (type === TYPE.NS && !isAnswer && !isDelegation(first, origin)) return;
  if (type === TYPE.SOA && !isAnswer) return;
  for (let i = from; i < to; i++) if (sorted[i]!.isBad) return;
  let { ttl } = first;
  for (let i = from; i < to; i++) ttl = Math.min(ttl, sorted[i]!.ttl);
  const length = collect(from, to, ttl, origin, resolver);
  if (length < 0) return;
  cache.select(names, first.ownerAt);
  if (isAnswer) {
    // What an alias leads to was not asked for: it does not take the place of what was.
    if (first.rank !== ASKED && cache.find(KIND_ANSWER, type, now)) return;
    return cache.put({ kind: KIND_ANSWER, type, data, length, ttl }, now);
  }
  if (type !== TYPE.NS && !isGlue(first, servers, origin)) return;
  const depth = labels(name, zoneAt);
  if (cache.find(KIND_REFERRAL, type, now) && cache.depth < depth) return;
  const lifetime = type === TYPE.NS ? Math.min(ttl, level.zoneExpiry - now) : ttl;
  cache.put({ kind: KIND_REFERRAL, type, data, length, ttl: lifetime, depth }, now);
}

/** An NS set that is believed: on the way down to the name asked for, and below the zone, unless that is trusted. */
function isDelegation(record: ResponseRecord, { response, level, isTrusted }: Origin): boolean {
  if (!isWithin(level.name, 0, response.names, record.ownerAt)) return false;
  return isTrusted || record.ownerLength > nameLength(level.name, level.zoneAt);
}

/**
 * The names of the servers in the delegations that are believed. Only so many, because every address is held against
 * every server: a response of 2,000 each would take seconds.
 */
function delegatedTo(origin: Origin): Uint8Array[] {
  const { response } = origin;
  const servers: Uint8Array[] = [];
  for (const record of response.records) {
    if (servers.length >= SERVERS_MAX) break;
    if (record.type !== TYPE.NS || record.class !== CLASS_IN || record.rank !== UNASKED) continue;
    if (!isDelegation(record, origin)) continue;
    servers.push(target.slice(0, response.readData(record, target, 0)));
  }
  return servers;
}

/** An address of one of those servers, or of the server whose address is looked for. */
function isGlue(record: ResponseRecord, servers: Uint8Array[], { response, level }: Origin): boolean {
  if (record.type !== TYPE.A && record.type !== TYPE.AAAA) return false;
  if (level.below && response.isOwner(record, level.name, 0)) return true;
  return servers.some((server) => response.isOwner(record, server, 0));
}

function labels(name: Uint8Array, at: number): number {
  let count = 0;
  for (let pos = at; name[pos] !== 0; pos += name[pos]! + 1) count++;
  return count;
}

/**
 * Puts the set `sorted[from..to]` in the cache's form into `data` and logs each record; returns its length, -1 for a
 * set not to be kept.
 */
function collect(from: number, to: number, ttl: number, { response, ip }: Origin, { log }: Resolver): number {
  let length = 0;
  let fits = true;
  for (let i = from; i < to; i++) {
    const record = sorted[i]!;
    const { type } = record;
    // Of these types a name can have one record: the last one counts.
    const at = type === TYPE.CNAME || type === TYPE.SOA ? 0 : length;
    const end = putCachedRecord(response, record, data, at);
    log.rr({ ip, type, ttl, names: response.names, ownerAt: record.ownerAt }, data, dataAt(type, at), end);
    if (end > SET_MAX) fits = false;
    else length = end;
  }
  return fits ? length : -1;
}
