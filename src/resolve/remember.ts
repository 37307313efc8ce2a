// What is believed of a reply, and kept. Counterpart: the middle of query.c's HAVEPACKET: sort the records, make sets,
// log and store each. Every rule here stops an attack:
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
import { pack16, unpack16 } from '../base/bytes.ts';
import { CLASS_IN } from '../wire/constants.ts';
import { isWithin, NAME_MAX, nameEqual, nameLength } from '../wire/name.ts';
import * as TYPE from '../wire/type.ts';
import { type Cache, KIND_ANSWER, KIND_GLUE } from './cache.ts';
import { ASKED, type Classified, type ReplyRecord, UNASKED } from './classify.ts';
import type { AcceptedRecord, ResolveLog } from './log.ts';
import type { Roots } from './roots.ts';

/** A set with more data than this is used, but not kept. */
const SET_MAX = 8192;
/** Room for a set, and for the longest record after it. */
const ROOM = SET_MAX + 65535 + 2 * NAME_MAX;

/** Servers of a delegation whose addresses are taken from the same reply; query.ts asks no more of them. */
const SERVERS_MAX = 16;

/** Where a reply came from and what it is about. */
export interface Origin {
  /** Address of the server. */
  readonly ip: Address;
  readonly qname: Uint8Array;
  /** Where in `qname` the zone begins that the server was asked for. */
  readonly controlAt: number;
  /** Unix second when that zone's own delegation ends; Infinity for zones of servers/. */
  readonly controlExpiry: number;
  /** The zone is one of servers/, or everything comes from forwarders: its own NS set is believed. */
  readonly trusted: boolean;
}

/** What is believed goes into `cache` and `log`, at the Unix second `now`; `roots` says which zones servers/ lists. */
export interface Keeper {
  readonly cache: Cache;
  readonly roots: Roots;
  readonly log: ResolveLog;
  readonly now: number;
}

const data = new Uint8Array(ROOM);
const target = new Uint8Array(NAME_MAX);
const mailbox = new Uint8Array(NAME_MAX);
const sorted: ReplyRecord[] = [];
// A bound, because every address is held against every server: a reply of 2,000 each would take seconds.
const servers: readonly Uint8Array[] = Array.from({ length: SERVERS_MAX }, () => new Uint8Array(NAME_MAX));
let serverCount = 0;

/** Logs and stores what is believed of the classified reply. */
export function remember(reply: Classified, origin: Origin, keeper: Keeper): void {
  sorted.length = 0;
  for (let i = 0; i < reply.count; i++) sorted.push(reply.records[i]!);
  if (sorted.length > 1) sorted.sort((a, b) => order(reply, a, b));
  collectServers(reply, origin);
  for (let from = 0; from < sorted.length; ) {
    let to = from + 1;
    while (to < sorted.length && isSameSet(reply, sorted[from]!, sorted[to]!)) to++;
    rememberSet(reply, from, to, origin, keeper);
    from = to;
  }
  sorted.length = 0;
}

/** By type, class, owner's length, owner, whether it is an answer, place in the message (the sort is stable). */
function order(reply: Classified, a: ReplyRecord, b: ReplyRecord): number {
  const byKind = a.type - b.type || a.klass - b.klass || a.ownerLength - b.ownerLength;
  if (byKind !== 0) return byKind;
  const { names } = reply;
  if (!nameEqual(names, a.ownerAt, names, b.ownerAt)) {
    for (let i = 0; i < a.ownerLength; i++) {
      const difference = lower(names[a.ownerAt + i]!) - lower(names[b.ownerAt + i]!);
      if (difference !== 0) return difference;
    }
  }
  return b.rank - a.rank;
}

function lower(octet: number): number {
  return octet >= 65 && octet <= 90 ? octet + 32 : octet;
}

function isSameSet(reply: Classified, a: ReplyRecord, b: ReplyRecord): boolean {
  return (
    a.type === b.type &&
    a.klass === b.klass &&
    a.rank === b.rank &&
    a.ownerLength === b.ownerLength &&
    nameEqual(reply.names, a.ownerAt, reply.names, b.ownerAt)
  );
}

function rememberSet(reply: Classified, from: number, to: number, origin: Origin, keeper: Keeper): void {
  const { cache, roots, log, now } = keeper;
  const first = sorted[from]!;
  const { type } = first;
  const { names } = reply;
  const { qname, controlAt } = origin;
  if (first.klass !== CLASS_IN || type === TYPE.ANY || type === TYPE.AXFR) return;
  if (!isWithin(names, first.ownerAt, qname, controlAt)) return;
  if (!roots.same(names, first.ownerAt, qname, controlAt)) return;
  const isAnswer = first.rank !== UNASKED;
  if (type === TYPE.NS && !isAnswer && !isDelegation(reply, first, origin)) return;
  if (type === TYPE.SOA && !isAnswer) return;
  let ttl = first.ttl;
  for (let i = from + 1; i < to; i++) ttl = Math.min(ttl, sorted[i]!.ttl);
  const shown = { ip: origin.ip, type, ttl, names, ownerAt: first.ownerAt };
  const length = collect(reply, from, to, shown, log);
  if (length < 0) return;
  cache.select(names, first.ownerAt);
  if (isAnswer) {
    // What an alias leads to was not asked for: it does not take the place of what was.
    if (first.rank !== ASKED && cache.find(KIND_ANSWER, type, now)) return;
    cache.put(KIND_ANSWER, type, data, 0, length, ttl, now);
    return;
  }
  if (type !== TYPE.NS && !isGlue(reply, first)) return;
  const depth = labels(qname, controlAt);
  if (cache.find(KIND_GLUE, type, now) && cache.depth < depth) return;
  const lifetime = type === TYPE.NS ? Math.min(ttl, origin.controlExpiry - now) : ttl;
  cache.put(KIND_GLUE, type, data, 0, length, lifetime, now, depth);
}

/** An NS set that is believed: on the way down to the name asked for, and below the zone, unless that is trusted. */
function isDelegation(reply: Classified, record: ReplyRecord, origin: Origin): boolean {
  const { qname, controlAt } = origin;
  if (!isWithin(qname, 0, reply.names, record.ownerAt)) return false;
  return origin.trusted || record.ownerLength > nameLength(qname, controlAt);
}

/** Collects the names of the servers in the delegations that this reply brings and that are believed. */
function collectServers(reply: Classified, origin: Origin): void {
  serverCount = 0;
  for (let i = 0; i < reply.count && serverCount < SERVERS_MAX; i++) {
    const record = reply.records[i]!;
    if (record.type !== TYPE.NS || record.klass !== CLASS_IN || record.rank !== UNASKED) continue;
    if (!isDelegation(reply, record, origin)) continue;
    reply.nameAt(record.dataAt, servers[serverCount++]!);
  }
}

/** An address of one of those servers. */
function isGlue(reply: Classified, record: ReplyRecord): boolean {
  if (record.type !== TYPE.A && record.type !== TYPE.AAAA) return false;
  for (let i = 0; i < serverCount; i++) if (nameEqual(servers[i]!, 0, reply.names, record.ownerAt)) return true;
  return false;
}

function labels(name: Uint8Array, at: number): number {
  let count = 0;
  for (let pos = at; name[pos] !== 0; pos += name[pos]! + 1) count++;
  return count;
}

/** Puts the set's data in the cache's form into `data` and logs each record; returns its length, -1 for a set not to be kept. */
function collect(reply: Classified, from: number, to: number, shown: AcceptedRecord, log: ResolveLog): number {
  let length = 0;
  let fits = true;
  let kept = 0;
  for (let i = from; i < to; i++) {
    const record = sorted[i]!;
    const at = single(record.type) ? 0 : length;
    const end = collectRecord(reply, record, at, shown, log);
    if (end < 0) continue;
    kept++;
    if (end > SET_MAX) fits = false;
    else length = end;
  }
  return fits && kept > 0 ? length : -1;
}

/** Types of which a name can have one record: the last one counts. */
function single(type: number): boolean {
  return type === TYPE.CNAME || type === TYPE.SOA;
}

/** One record's data at `data[at]`; returns the offset after it, -1 for an A record that is none. */
function collectRecord(
  reply: Classified,
  record: ReplyRecord,
  at: number,
  shown: AcceptedRecord,
  log: ResolveLog,
): number {
  const { message } = reply;
  const { type, dataAt, dataLength } = record;
  switch (type) {
    case TYPE.NS:
    case TYPE.CNAME:
    case TYPE.PTR:
      reply.nameAt(dataAt, target);
      log.rrName(shown, target);
      return putWireName(at, target);
    case TYPE.MX: {
      reply.nameAt(dataAt + 2, target);
      log.rrMx(shown, unpack16(message, dataAt), target);
      data[at] = message[dataAt]!;
      data[at + 1] = message[dataAt + 1]!;
      return putWireName(at + 2, target);
    }
    case TYPE.SOA: {
      const numbersAt = reply.nameAt(reply.nameAt(dataAt, target), mailbox);
      const numbers = message.subarray(numbersAt, numbersAt + 20);
      log.rrSoa(shown, target, mailbox, numbers);
      data.set(numbers, at);
      return putWireName(putWireName(at + 20, target), mailbox);
    }
    case TYPE.A:
      if (dataLength !== 4) return -1;
      break;
    default:
      at = pack16(data, at, dataLength);
  }
  const bytes = message.subarray(dataAt, dataAt + dataLength);
  log.rr(shown, bytes);
  data.set(bytes, at);
  return at + dataLength;
}

function putWireName(at: number, name: Uint8Array): number {
  const length = nameLength(name);
  for (let i = 0; i < length; i++) data[at + i] = name[i]!;
  return at + length;
}
