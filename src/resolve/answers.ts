// What is known of a level's name without asking anybody, and what a level comes to: a response to the client, an
// address for the level below, an alias, a failure. Counterpart: the first half of query.c's NEWNAME, and its ends.

import type { ErrorCode } from '../base/oserror.ts';
import { copyName, NAME_MAX, nameEqual } from '../wire/name.ts';
import * as RCODE from '../wire/rcode.ts';
import * as TYPE from '../wire/type.ts';
import { findAnswer, findDname } from './cached-answer.ts';
import { dataAt } from './cached-set.ts';
import { ALIASES_MAX, type ClientResponse } from './client-response.ts';
import type { Failure, Level, Step } from './level.ts';
import type { Resolver } from './resolver.ts';
import { type Response, substituteName } from './response.ts';
import { takeAnswered, takeFound } from './servers.ts';
import { isLoopbackReverse, isLoopbackReverse6, LOCALHOST, LOOPBACK6, SPECIAL_TTL, specialIp } from './special.ts';

const address = new Uint8Array(4);

/** The answers of one query. Every method says what the query does next. */
export class Answers {
  private readonly resolver: Resolver;
  private readonly client: ClientResponse;

  constructor(resolver: Resolver, client: ClientResponse) {
    this.resolver = resolver;
    this.client = client;
  }

  /** What is known of the name; undefined when servers have to be asked. */
  known(level: Level): Step | undefined {
    return (
      this.special(level) ??
      this.cached(level) ??
      this.cachedDname(level) ??
      (this.hasFailedLately(level) ? this.failedLately(level) : undefined)
    );
  }

  private special(level: Level): Step | undefined {
    const { name, type, below } = level;
    const { knowsIp6, log } = this.resolver;
    if (specialIp(name, address, 0)) {
      if (below) {
        below.addAddress(TYPE.A, address, 0);
        return this.found(level);
      }
      const isIp6 = type === TYPE.AAAA && knowsIp6 && nameEqual(name, 0, LOCALHOST, 0);
      return isIp6 ? this.one(level, TYPE.AAAA, LOOPBACK6) : this.one(level, TYPE.A, address);
    }
    if (!isLoopbackReverse(name) && !(knowsIp6 && isLoopbackReverse6(name))) return undefined;
    if (below) return 'up';
    this.one(level, TYPE.PTR, LOCALHOST);
    log.stats();
    return 'wait';
  }

  /** The name has one record, of `type`. */
  private one(level: Level, type: number, data: Uint8Array): Step {
    const writer = this.client.begin(level.name);
    const head = { names: level.name, ownerAt: 0, type, ttl: SPECIAL_TTL };
    if (level.type === type || level.type === TYPE.ANY) writer.putRecord(head, data, 0, data.length);
    return this.finish();
  }

  private cached(level: Level): Step | undefined {
    const { cache, log } = this.resolver;
    const { name, type, below } = level;
    const found = findAnswer(name, type, this.resolver);
    if (found === 0) return undefined;
    if (found === TYPE.ANY) {
      log.cachedNxdomain(name);
      return this.deny(level, RCODE.NXDOMAIN);
    }
    if (found === TYPE.CNAME && type !== TYPE.CNAME && type !== TYPE.ANY) {
      if (this.hasFailedLately(level)) return this.failedLately(level);
      log.cachedCname(name, cache.bytes, cache.dataAt);
      return this.follow(level, copyName(cache.bytes, cache.dataAt), cache.ttl);
    }
    log.cached(found, name);
    if (below) {
      takeFound(below, type, this.resolver);
      return this.found(level);
    }
    const head = { names: name, ownerAt: 0, type: found, ttl: cache.ttl };
    this.client.begin(name).putSet(head, cache.bytes, cache.dataAt, cache.dataAt + cache.dataLength);
    return this.finish();
  }

  /** A DNAME record in the cache makes the name an alias. */
  private cachedDname(level: Level): Step | undefined {
    const { cache, log } = this.resolver;
    const ownerLength = findDname(level.name, this.resolver);
    if (ownerLength === 0) return undefined;
    const target = new Uint8Array(NAME_MAX);
    const record = dataAt(TYPE.DNAME, cache.dataAt);
    if (!substituteName(level.name, ownerLength, cache.bytes.subarray(record), target)) {
      return this.deny(level, RCODE.YXDOMAIN);
    }
    log.cachedCname(level.name, target, 0);
    return this.follow(level, target, cache.ttl);
  }

  /** What the response says is the answer. */
  answer(level: Level, response: Response): Step {
    if (level.below) {
      takeAnswered(level.below, response);
      return this.found(level);
    }
    this.client.answer(level.name, response);
    return 'wait';
  }

  /** The name is an alias for `target`. */
  follow(level: Level, target: Uint8Array, ttl: number): Step {
    if (level.below) {
      if (++level.aliases > ALIASES_MAX) return this.fail(level, 'silent');
      level.setName(target);
      return 'name';
    }
    const isGood = this.client.addAlias(level.name, ttl, target);
    level.setName(target);
    return isGood ? 'name' : this.fail(level, 'drop');
  }

  /** There is no such name, or there would be one that is too long. */
  deny(level: Level, rcode: number): Step {
    if (level.below) return 'up';
    this.client.begin(level.name).setDenial(rcode);
    return this.finish();
  }

  /** This level has nobody left to ask. */
  fail(level: Level, failure: Failure, error: ErrorCode = 'EIO'): Step {
    if (failure === 'servfail') this.resolver.log.servfail(level.name, 'EIO');
    if (level.below) return 'up';
    this.rememberFailure(level);
    if (failure === 'drop') this.client.dropped = error;
    return this.servfail();
  }

  /**
   * At level 0 what failed is the client's question, whatever alias it was at: a name that an alias or a delegation of
   * somebody else leads to must not become unreachable by that. At other levels it is a lookup, known to lookups only.
   */
  rememberFailure({ below, name, type }: Level): void {
    const { failures, now } = this.resolver;
    if (below) failures.addLookup(name, type, now);
    else failures.addQuestion(this.client.qname, this.client.qtype, now);
  }

  private hasFailedLately({ below, name, type }: Level): boolean {
    const { failures, now } = this.resolver;
    if (below) return failures.hasLookup(name, type, now);
    return !this.client.hasAliases && failures.hasQuestion(this.client.qname, this.client.qtype, now);
  }

  private failedLately({ below, name, type }: Level): Step {
    this.resolver.log.cachedServfail(name, type);
    return below ? 'up' : this.servfail();
  }

  /** The level below has got an address. */
  private found(level: Level): Step {
    level.hasFound = true;
    return 'up';
  }

  private servfail(): Step {
    this.client.finishServfail();
    return 'wait';
  }

  private finish(): Step {
    this.client.finish();
    return 'wait';
  }
}
