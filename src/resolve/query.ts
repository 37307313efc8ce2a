// One client's question on its way to an answer. Counterpart: query.c. No sockets, no timers, no clock: it says what to
// send (`attempt`), is told what came of it (`received`, `failed`, `unsendable`), and at the end has a response.
//
// Level 0 is the question; each level above it looks for the address of a name server that the level below needs. A
// level knows the zone it is asking, the addresses of that zone's servers, and names of servers still without an
// address. Packets go out as soon as one address is known; the other names are looked up when those servers do not
// help. The number of steps, of aliases, of levels and of lookups for name servers is bounded, so that no set of
// delegations can keep a query busy, or turn it on somebody (NXNS). A query that starts always ends with a response.

import { EMPTY } from '../base/bytes.ts';
import type { Endpoint } from '../base/endpoint.ts';
import type { ErrorCode } from '../base/oserror.ts';
import { Exchange, type Manner } from '../stub/exchange.ts';
import type { Attempt } from '../wire/attempt.ts';
import * as FLAG from '../wire/flag.ts';
import { copyName, isWithin, NAME_MAX, nameEqual, nameLength } from '../wire/name.ts';
import * as RCODE from '../wire/rcode.ts';
import * as TYPE from '../wire/type.ts';
import { accept } from './accept.ts';
import { KIND_ANSWER } from './cache.ts';
import { findAnswer, findDname } from './cached-answer.ts';
import { dataAt } from './cached-set.ts';
import { ALIASES_MAX, ClientResponse } from './client-response.ts';
import { type Failure, Level, type PendingServer } from './level.ts';
import type { Resolver } from './resolver.ts';
import { type Response, substituteName } from './response.ts';
import type { Place } from './response-writer.ts';
import { chooseServers, inOrder, takeAnswered, takeFound, takeParentsWord, takeReferral } from './servers.ts';
import { isLoopbackReverse, isLoopbackReverse6, LOCALHOST, LOOPBACK6, SPECIAL_TTL, specialIp } from './special.ts';

const LEVELS = 5;
/** Levels from this one on take from the cache only delegations of which an address is known. */
const LEVELS_WITH_DELEGATIONS = 2;
const STEPS_MAX = 100;
/** Lookups over the network for addresses of name servers, in one query. */
const LOOKUPS_MAX = 10;

// What to do next. WAIT: an attempt is under way, or the response is ready.
type Step = 'wait' | 'name' | 'servers' | 'up';

const address = new Uint8Array(4);

/** The query of an `Owner`, who waits for the response. It is made once and used for one question after the other. */
export class Query<Owner = unknown> {
  readonly owner: Owner;
  /** What the client asked, and what it gets. */
  readonly client: ClientResponse;

  private readonly resolver: Resolver;
  private readonly edns: Pick<Manner, 'edns' | 'withoutEdns'> = {};
  private readonly levels: Level[] = [];
  private depth = 0; // the level at work
  private steps = 0;
  private lookups = 0;
  private readonly lookedUp: Uint8Array[] = []; // by level: the server's name, whatever alias it has
  private exchange: Exchange | undefined;
  private asked: Endpoint[] = []; // the servers of the exchange
  private tries = 0; // attempts of the exchange that came to nothing
  private anySent = false;
  private askedAt = 0; // milliseconds: when the attempt began

  constructor(resolver: Resolver, owner: Owner) {
    this.resolver = resolver;
    this.owner = owner;
    this.client = new ClientResponse(resolver.writer, resolver.edns);
    const { ednsPayload, failures } = resolver;
    if (ednsPayload > 0) {
      this.edns = {
        edns: { size: ednsPayload, dnssecOk: false },
        withoutEdns: {
          has: (server) => failures.hasWithoutEdns(server, resolver.now),
          add: (server) => failures.addWithoutEdns(server, resolver.now),
        },
      };
    }
    for (let i = 0; i < LEVELS; i++) this.levels.push(new Level());
  }

  private get level(): Level {
    return this.levels[this.depth]!;
  }

  /** What the transport is to do now; undefined when the query is done. */
  get attempt(): Attempt | undefined {
    return this.exchange?.attempt;
  }

  /** Name and type of the question that `attempt` asks. */
  get askedName(): Uint8Array {
    return this.level.name;
  }

  get askedType(): number {
    return this.level.type;
  }

  get done(): boolean {
    return this.client.isReady;
  }

  /**
   * Begins with the question that `client` has taken. Often done at once, from the cache: then the response is in
   * `place`, where 65535 octets have room.
   */
  start(place: Place): void {
    const { client } = this;
    client.start(place);
    this.levels[0]!.begin('question', client.qname, client.qtype);
    this.depth = 0;
    this.steps = 0;
    this.lookups = 0;
    this.exchange = undefined;
    this.run('name');
    client.detach();
  }

  /** Gives the question up; nothing is left under way. */
  stop(): void {
    this.exchange = undefined;
  }

  /**
   * A message came for the attempt. False: it is no response to it, the attempt goes on. True: see `attempt`, `done`.
   */
  received(message: Uint8Array): boolean {
    const { exchange } = this;
    if (!exchange?.attempt) return false;
    const { server, transport, query } = exchange.attempt;
    const verdict = exchange.received(message);
    if (verdict === 'ignore') return false;
    const { failures, roundTrips, forwardOnly, now, milliseconds } = this.resolver;
    if (transport === 'udp') roundTrips.add(server, milliseconds - this.askedAt, now);
    if (verdict === 'done') {
      failures.remove(server, this.level, now);
      this.exchange = undefined;
      this.run(this.useResponse(exchange.reply!, server));
      this.resolver.response.release();
      return true;
    }
    this.anySent = true;
    if (exchange.attempt && exchange.attempt.transport !== transport) {
      this.tries = 0; // truncated: now over TCP, each server once
      return true;
    }
    const next = exchange.attempt;
    if (next && next.server === server && next.query !== query) return true; // now without OPT
    const isRefusal = message.length > 3 && (message[3]! & FLAG.RCODE) === RCODE.REFUSED;
    if (isRefusal && !forwardOnly) failures.addBad(server, this.level, now);
    this.movedOn(exchange);
    return true;
  }

  /** The attempt failed with a system error, or `ETIMEDOUT`. */
  failed(code: ErrorCode): void {
    this.anySent = true;
    this.unsendable(code);
  }

  /** The attempt failed before anything was sent. */
  unsendable(code: ErrorCode): void {
    const { exchange } = this;
    const server = exchange?.attempt?.server;
    if (!exchange || !server) return;
    const { failures, now } = this.resolver;
    if (code === 'ETIMEDOUT') failures.addBad(server, this.level, now);
    else failures.addUnreachable(server, now);
    exchange.failed(code);
    this.movedOn(exchange);
  }

  /** The exchange has left a server for the next one, or has run out of them. */
  private movedOn(exchange: Exchange): void {
    this.tries++;
    this.askedAt = this.resolver.milliseconds;
    const { level } = this;
    const { attempt } = exchange;
    if (attempt && !this.hasWaitedEnough(level)) return;
    this.exchange = undefined;
    if (this.canLookUp(level)) {
      level.wanted = level.addresses.length + 1;
      return this.run('servers');
    }
    if (level.secondBest) return this.run(this.withoutServers(level));
    if (attempt) return this.run(this.fail('servfail'));
    if (this.depth > 0) this.rememberFailure();
    // Where nothing could be sent at all the original drops the question instead of answering SERVFAIL; the log says
    // so.
    this.run(this.anySent ? this.fail('servfail') : this.fail('drop', exchange.error));
  }

  /**
   * All servers were asked once and there are more names: see about those first. A lookup on behalf of servers that may
   * yet answer goes round twice, not four times.
   */
  private hasWaitedEnough(level: Level): boolean {
    const rounds = Math.floor(this.tries / this.asked.length);
    if (rounds >= 1 && (level.secondBest || this.canLookUp(level))) return true;
    return rounds >= 2 && this.levels.slice(0, this.depth).some(({ addresses }) => addresses.length > 0);
  }

  private run(step: Step): void {
    while (step !== 'wait') {
      if (step === 'name') step = this.newName();
      else if (step === 'servers') step = this.findServers();
      else step = this.backDown();
    }
  }

  /** The lookup of an address has come to its end, for better or worse. */
  private backDown(): Step {
    const { name, type, hasFound, addresses } = this.level;
    const server = { name: this.lookedUp[this.depth]!, type: TYPE.AAAA };
    this.depth--;
    const { level, resolver } = this;
    if (!hasFound && addresses.length === 0) takeParentsWord(level, name, type, resolver);
    if (type === TYPE.A && resolver.families.includes(TYPE.AAAA)) {
      // At once where there is nobody else to ask, else when those who are known do not help.
      if (hasFound) level.pending.push(server);
      else level.pending.unshift(server);
    }
    return 'servers';
  }

  /** A name to look up: the question, what an alias leads to, or a name server. First without the network. */
  private newName(): Step {
    if (++this.steps >= STEPS_MAX) return this.giveUp();
    const { level } = this;
    return (
      this.answerSpecial(level) ?? this.answerFromCache(level) ?? this.answerFromDname(level) ?? this.beginAsking(level)
    );
  }

  private answerSpecial(level: Level): Step | undefined {
    const { name, purpose } = level;
    if (specialIp(name, address, 0)) {
      if (purpose === 'address') return this.found((below) => below.addAddress(TYPE.A, address, 0));
      const isIp6 = level.type === TYPE.AAAA && this.resolver.knowsIp6 && nameEqual(name, 0, LOCALHOST, 0);
      return isIp6 ? this.answerOne(level, TYPE.AAAA, LOOPBACK6) : this.answerOne(level, TYPE.A, address);
    }
    if (!isLoopbackReverse(name) && !(this.resolver.knowsIp6 && isLoopbackReverse6(name))) return undefined;
    if (purpose === 'address') return 'up';
    this.answerOne(level, TYPE.PTR, LOCALHOST);
    this.resolver.log.stats();
    return 'wait';
  }

  /** The name has one record, of `type`. */
  private answerOne(level: Level, type: number, data: Uint8Array): Step {
    const writer = this.client.begin(level.name);
    const head = { names: level.name, ownerAt: 0, type, ttl: SPECIAL_TTL };
    if (level.type === type || level.type === TYPE.ANY) writer.putRecord(head, data, 0, data.length);
    return this.finish();
  }

  private answerFromCache(level: Level): Step | undefined {
    const { cache, log } = this.resolver;
    const { name, type } = level;
    const found = findAnswer(name, type, this.resolver);
    if (found === 0) return undefined;
    if (found === TYPE.ANY) {
      log.cachedNxdomain(name);
      return this.deny(level, RCODE.NXDOMAIN);
    }
    if (found === TYPE.CNAME && type !== TYPE.CNAME && type !== TYPE.ANY) {
      if (this.hasFailedLately()) return this.failedLately();
      log.cachedCname(name, cache.bytes, cache.dataAt);
      return this.follow(level, copyName(cache.bytes, cache.dataAt), cache.ttl);
    }
    log.cached(found, name);
    if (level.purpose === 'address') return this.found((below) => takeFound(below, type, this.resolver));
    const head = { names: name, ownerAt: 0, type: found, ttl: cache.ttl };
    this.client.begin(name).putSet(head, cache.bytes, cache.dataAt, cache.dataAt + cache.dataLength);
    return this.finish();
  }

  /** A DNAME record in the cache makes the name an alias. */
  private answerFromDname(level: Level): Step | undefined {
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

  /** Chooses the zone whose servers are asked. */
  private beginAsking(level: Level): Step {
    if (this.hasFailedLately()) return this.failedLately();
    return this.chooseServers(level, this.firstZone(level)) ? 'servers' : this.fail('drop', 'EIO');
  }

  /**
   * Where in the level's name the zones begin that may be asked. DS records are data of the zone above. The address of
   * a server inside its own zone is wanted because that zone's servers could not be asked: the zone above has it as
   * glue.
   */
  private firstZone({ name, type, purpose }: Level): number {
    if (type === TYPE.DS && name[0] !== 0) return 1 + name[0]!;
    if (purpose !== 'address') return 0;
    const below = this.levels[this.depth - 1]!;
    if (below.isListed || !isWithin(name, 0, below.name, below.zoneAt)) return 0;
    const at = nameLength(name) - nameLength(below.name, below.zoneAt);
    return name[at] === 0 ? at : at + 1 + name[at]!;
  }

  private chooseServers(level: Level, from: number): boolean {
    const mayLookUp = this.depth < LEVELS_WITH_DELEGATIONS;
    return chooseServers(level, from, mayLookUp, this.resolver);
  }

  /** Asks the servers whose addresses are known, or looks one up. */
  private findServers(): Step {
    const { level } = this;
    if (level.addresses.length < level.wanted && this.canLookUp(level)) {
      const server = level.pending.shift()!;
      if (this.isBeingLookedUp(server)) return 'servers';
      this.lookups++;
      this.depth++;
      this.lookedUp[this.depth] = server.name;
      this.level.begin('address', server.name, server.type);
      return 'name';
    }
    return level.addresses.length > 0 ? this.ask(level) : this.withoutServers(level);
  }

  /**
   * Nobody of the zone is left to ask. A delegation from the cache none of whose servers can be found is as if it were
   * not known: its glue may have expired before it.
   */
  private withoutServers(level: Level): Step {
    const { secondBest, name, zoneAt } = level;
    if (secondBest) {
      level.secondBest = undefined;
      return this.useResponse(secondBest.message, secondBest.server, true);
    }
    if (level.isRemembered && name[zoneAt] !== 0) {
      if (this.chooseServers(level, zoneAt + 1 + name[zoneAt]!)) return 'servers';
    }
    return this.fail(level.failure, level.error);
  }

  private canLookUp(level: Level): boolean {
    return level.pending.length > 0 && this.depth + 1 < LEVELS && this.lookups < LOOKUPS_MAX;
  }

  private isBeingLookedUp(server: PendingServer): boolean {
    return this.levels.some((level, i) => i > 0 && i <= this.depth && level.isAbout(server));
  }

  private ask(level: Level): Step {
    const { log, forwardOnly, milliseconds } = this.resolver;
    const { name, type, zoneAt } = level;
    this.asked = inOrder(level, this.resolver);
    log.tx(this.depth, type, name, zoneAt, this.asked);
    this.tries = 0;
    this.anySent = false;
    this.askedAt = milliseconds;
    this.exchange = new Exchange({ name: copyName(name), type }, this.asked, {
      recursive: forwardOnly,
      answeringRcode: RCODE.YXDOMAIN,
      ...this.edns,
    });
    return 'wait';
  }

  /** What a server of the level's zone said. `isLast`: nobody will say it better. */
  private useResponse(message: Uint8Array, server: Endpoint, isLast = false): Step {
    if (++this.steps >= STEPS_MAX) return this.giveUp();
    const { level } = this;
    const { response, log, failures, forwardOnly, now } = this.resolver;
    if (!response.parse(message, level)) return this.withoutServer(level, server, 'drop', 'EPROTO');
    const { meaning } = response;
    if (meaning === 'lame') {
      log.lame(server.ip, level.name, level.zoneAt, response.names, response.referral!.ownerAt);
      failures.addBad(server, level, now);
      return this.withoutServer(level, server, 'silent', '');
    }
    if (meaning === 'sideways') return this.withoutServer(level, server, 'drop', 'EIO');
    const isTrusted = level.isListed || forwardOnly;
    const isFinal = isTrusted || isLast || meaning === 'referral' || response.isAuthoritative;
    if (!isFinal && this.mayBetter(level)) {
      level.secondBest ??= { message, server };
      failures.addBad(server, level, now);
      return this.withoutServer(level, server, 'silent', '');
    }
    accept({ response, ip: server.ip, level, isTrusted }, this.resolver);
    return this.goOn(level, response, server);
  }

  /** Another server of the zone may know better than one that does not serve it (no AA). */
  private mayBetter(level: Level): boolean {
    return level.addresses.length > 1 || level.secondBest !== undefined || this.canLookUp(level);
  }

  /** The response has been accepted: what follows from it. */
  private goOn(level: Level, response: Response, server: Endpoint): Step {
    const { log } = this.resolver;
    const { name, type } = level;
    const { meaning, negativeTtl } = response;
    if (meaning === 'alias') return this.follow(level, response.aliasTarget, response.aliasTtl);
    if (meaning === 'overlong') return this.deny(level, RCODE.YXDOMAIN);
    if (meaning === 'nxdomain') {
      log.nxdomain(server.ip, negativeTtl, name);
      this.keepDenial(name, TYPE.ANY, negativeTtl);
      return this.deny(level, RCODE.NXDOMAIN);
    }
    if (meaning === 'nodata' && type !== TYPE.ANY && type !== TYPE.CNAME) {
      this.keepDenial(name, type, negativeTtl);
      log.nodata(server.ip, negativeTtl, type, name);
    }
    log.stats();
    if (meaning === 'referral') {
      takeReferral(level, response, this.resolver);
      return 'servers';
    }
    if (level.purpose === 'address') return this.found((below) => takeAnswered(below, response));
    this.client.answer(name, response);
    return 'wait';
  }

  private keepDenial(name: Uint8Array, type: number, ttl: number): void {
    const { cache, now } = this.resolver;
    cache.select(name);
    cache.put({ kind: KIND_ANSWER, type, data: EMPTY, length: 0, ttl }, now);
  }

  /** The server's response is no use: on with the others. */
  private withoutServer(level: Level, server: Endpoint, failure: Failure, error: ErrorCode): Step {
    level.addresses = level.addresses.filter((each) => each !== server);
    level.failure = failure;
    level.error = error;
    level.wanted = 1;
    return 'servers';
  }

  /** The name is an alias for `target`. */
  private follow(level: Level, target: Uint8Array, ttl: number): Step {
    if (level.purpose === 'address') {
      if (++level.aliases > ALIASES_MAX) return this.fail('silent');
      level.setName(target);
      return 'name';
    }
    const isGood = this.client.addAlias(level.name, ttl, target);
    level.setName(target);
    return isGood ? 'name' : this.giveUp();
  }

  /** There is no such name, or there would be one that is too long. */
  private deny(level: Level, rcode: number): Step {
    if (level.purpose === 'address') return 'up';
    this.client.begin(level.name).setDenial(rcode);
    return this.finish();
  }

  /** An address lookup has come to its end: the level below takes what it found. */
  private found(take: (below: Level) => void): Step {
    take(this.levels[this.depth - 1]!);
    this.level.hasFound = true;
    return 'up';
  }

  /** The whole query has gone too far: too many steps, or aliases that do not end. */
  private giveUp(): Step {
    this.depth = 0;
    return this.fail('drop', 'EIO');
  }

  /** This level has nobody left to ask. */
  private fail(failure: Failure, error: ErrorCode = 'EIO'): Step {
    if (failure === 'servfail') this.resolver.log.servfail(this.level.name, 'EIO');
    if (this.depth > 0) return 'up';
    this.rememberFailure();
    if (failure === 'drop') this.client.dropped = error;
    return this.finishServfail();
  }

  /**
   * At level 0 what failed is the client's question, whatever alias it was at: a name that an alias or a delegation of
   * somebody else leads to must not become unreachable by that. At other levels it is a lookup, known to lookups only.
   */
  private rememberFailure(): void {
    const { failures, now } = this.resolver;
    if (this.depth > 0) failures.addLookup(this.level.name, this.level.type, now);
    else failures.addQuestion(this.client.qname, this.client.qtype, now);
  }

  private hasFailedLately(): boolean {
    const { failures, now } = this.resolver;
    if (this.depth > 0) return failures.hasLookup(this.level.name, this.level.type, now);
    return !this.client.hasAliases && failures.hasQuestion(this.client.qname, this.client.qtype, now);
  }

  private failedLately(): Step {
    this.resolver.log.cachedServfail(this.level.name, this.level.type);
    return this.depth > 0 ? 'up' : this.finishServfail();
  }

  private finishServfail(): Step {
    this.client.finishServfail();
    return 'wait';
  }

  private finish(): Step {
    this.client.finish();
    return 'wait';
  }
}
