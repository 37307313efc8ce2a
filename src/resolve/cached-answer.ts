// Answering from the cache. Counterpart: the first half of query.c's NEWNAME.

import { nameLength } from '../wire/name.ts';
import * as TYPE from '../wire/type.ts';
import { KIND_ANSWER } from './cache.ts';
import type { Resolver } from './resolver.ts';

/** In what order the cache is searched for a set that answers ANY. */
const ANY_ORDER = [TYPE.NS, TYPE.PTR, TYPE.MX, TYPE.SOA, TYPE.A] as const;

/**
 * Looks for what answers the question. Returns the type of the set that the cache has found: an empty set says that
 * there are no such records, CNAME, where it was not asked for, that the name is an alias, and ANY that there is no
 * such name. 0 when nothing is known.
 */
export function findAnswer(name: Uint8Array, type: number, { cache, now }: Resolver): number {
  cache.select(name);
  if (cache.find(KIND_ANSWER, TYPE.ANY, now)) return TYPE.ANY;
  if (cache.find(KIND_ANSWER, TYPE.CNAME, now) && cache.dataLength > 0) return TYPE.CNAME;
  if (type === TYPE.ANY) {
    for (const each of ANY_ORDER) if (cache.find(KIND_ANSWER, each, now) && cache.dataLength > 0) return each;
    return 0;
  }
  if (type === TYPE.CNAME || type === TYPE.AXFR) return 0;
  return cache.find(KIND_ANSWER, type, now) ? type : 0;
}

/**
 * Looks for a DNAME record above the name, nearest first (RFC 6672). Returns the octets of its owner's name, 0 for
 * none; the cache has found its target.
 */
export function findDname(name: Uint8Array, { cache, now }: Resolver): number {
  for (let at = 0; cache.hasHadDname && name[at] !== 0; ) {
    at += 1 + name[at]!;
    cache.select(name, at);
    if (cache.find(KIND_ANSWER, TYPE.DNAME, now) && cache.dataLength > 0) return nameLength(name, at);
  }
  return 0;
}
