// One client's question on its way to an answer. Counterpart: query.c. No sockets, no timers, no clock: it says what to
// send (`attempt`), is told what came of it (`received`, `failed`, `unsendable`), and at the end has a reply.
//
// Level 0 is the question; level n > 0 looks for the address of a name server that level n - 1 needs. Each level knows
// the zone it is asking (`control`), the addresses of that zone's servers, and names of servers still without an
// address. Packets go out as soon as one address is known; the other names are looked up when those servers do not
// help. The number of steps, of aliases, of levels and of lookups for name servers is bounded, so that no set of
// delegations can keep a query busy, or turn it on somebody (NXNS). A query that starts always ends with a reply.

import { copyIp4 } from '../base/address.ts';
import type { Endpoint } from '../base/endpoint.ts';
import type { ErrorCode } from '../base/oserror.ts';
import { randomBelow } from '../base/random.ts';
import { Exchange } from '../stub/exchange.ts';
import type { Attempt } from '../wire/attempt.ts';
import { CLASS_IN } from '../wire/constants.ts';
import * as FLAG from '../wire/flag.ts';
import { copyName, isWithin, NAME_MAX, nameEqual, nameLength } from '../wire/name.ts';
import * as RCODE from '../wire/rcode.ts';
import * as TYPE from '../wire/type.ts';
import type { Alias, Answers } from './answers.ts';
import { type Cache, KIND_ANSWER, KIND_GLUE } from './cache.ts';
import { ASKED, Classified, type ReplyRecord, SECTION_ANSWER, SECTION_AUTHORITY } from './classify.ts';
import type { ResolveLog } from './log.ts';
import type { Memory } from './memory.ts';
import { remember } from './remember.ts';
import type { Roots } from './roots.ts';
import { isLoopbackReverse, LOCALHOST, SPECIAL_TTL, specialIp } from './special.ts';

const LEVELS = 5;
const SERVERS_MAX = 16;
const ALIASES_MAX = 16;
const STEPS_MAX = 100;
/** Lookups over the network for addresses of name servers, in one query. */
const LOOKUPS_MAX = 10;

/** Seconds to remember that a server is dead or lame, and that a question failed. */
const SERVER_SECONDS = 60;
const FAILURE_SECONDS = 5;

// Tags in the memory: a server, a server for a zone; a question is remembered under its type, below these.
const TAG_DEAD = 0x10000;
const TAG_LAME = 0x20000;
const TAG_LOOKUP = 0x30000;

/** What all queries share. `now`, in Unix seconds, is set by the caller before it calls any of them. */
export interface Resolver {
  readonly cache: Cache;
  readonly roots: Roots;
  readonly memory: Memory;
  readonly answers: Answers;
  readonly log: ResolveLog;
  /** Ask the servers of servers/@ to do the work: `$FORWARDONLY`. */
  readonly forwardOnly: boolean;
  now: number;
}

/** A question, or a lookup for a name server's address. */
class Level {
  readonly name: Uint8Array = new Uint8Array(NAME_MAX);
  /** Where in `name` the zone begins whose servers are asked. */
  controlAt = 0;
  /** When that zone's delegation ends. */
  controlExpiry = Infinity;
  /** The zone is listed in servers/. */
  isListed = false;
  /** Names of that zone's servers whose address is not known. */
  pending: Uint8Array[] = [];
  addresses: Endpoint[] = [];
  /** At least so many addresses are wanted before the servers are asked again. */
  wanted = 1;
  aliases = 0;
  /** What to say when no server is left. */
  failure: Failure = 'silent';
  error = '';

  setName(name: Uint8Array): void {
    const length = nameLength(name);
    for (let i = 0; i < length; i++) this.name[i] = name[i]!;
  }

  begin(name: Uint8Array): void {
    this.setName(name);
    this.pending.length = 0;
    this.addresses.length = 0;
    this.wanted = 1;
    this.aliases = 0;
    this.failure = 'silent';
  }
}

// What to do next. WAIT: an attempt is under way, or the reply is ready.
type Step = 'wait' | 'name' | 'servers' | 'up';

/** A level's failure: the log line it deserves, and the error in it. */
type Failure = 'servfail' | 'drop' | 'silent';

const reply = new Classified();
const target = new Uint8Array(NAME_MAX);
const address = new Uint8Array(4);
const serverKey = new Uint8Array(32 + NAME_MAX);

/** A query. It is made once and used for one question after the other. */
export class Query {
  id = 0;
  qclass = CLASS_IN;
  qtype = 0;
  /** The question's name in the client's case; the first `nameLength` octets are used. */
  readonly qname: Uint8Array = new Uint8Array(NAME_MAX);
  /** The reply is in the resolver's `answers`, until another query writes there. */
  done = false;
  /** Why the original would have dropped the question (an error code): logged before the reply, SERVFAIL, is sent. */
  dropped = '';

  private readonly resolver: Resolver;
  private readonly levels: Level[] = [];
  private level = 0;
  private steps = 0;
  private lookups = 0;
  private readonly aliases: Alias[] = [];
  private exchange: Exchange | undefined;
  private asked: Endpoint[] = []; // the servers of the exchange
  private tries = 0; // attempts of the exchange that came to nothing
  private anySent = false;

  constructor(resolver: Resolver) {
    this.resolver = resolver;
    for (let i = 0; i < LEVELS; i++) this.levels.push(new Level());
  }

  /** What the transport is to do now; undefined when the query is done. */
  get attempt(): Attempt | undefined {
    return this.exchange?.attempt;
  }

  /** Name and type of the question that `attempt` asks. */
  get askedName(): Uint8Array {
    return this.levels[this.level]!.name;
  }

  get askedType(): number {
    return this.level > 0 ? TYPE.A : this.qtype;
  }

  /** Begins with the name at `name[at]`, which is copied. Often done at once, out of the cache. */
  start(id: number, name: Uint8Array, at: number, qtype: number, qclass: number): void {
    const length = nameLength(name, at);
    const first = this.levels[0]!;
    for (let i = 0; i < length; i++) this.qname[i] = name[at + i]!;
    first.begin(this.qname);
    this.id = id;
    this.qtype = qtype;
    this.qclass = qclass;
    this.done = false;
    this.dropped = '';
    this.level = 0;
    this.steps = 0;
    this.lookups = 0;
    if (this.aliases.length > 0) this.aliases.length = 0;
    this.exchange = undefined;
    this.run('name');
  }

  /** Gives the question up; nothing is left under way. */
  stop(): void {
    this.exchange = undefined;
  }

  /** A message came for the attempt. False: it was none for it, the attempt goes on. True: see `attempt` and `done`. */
  received(message: Uint8Array): boolean {
    const { exchange } = this;
    if (!exchange?.attempt) return false;
    const { server, transport } = exchange.attempt;
    const verdict = exchange.received(message);
    if (verdict === 'ignore') return false;
    if (verdict === 'done') {
      this.resolver.memory.forget(TAG_DEAD, serverKey, 0, putServer(server));
      this.exchange = undefined;
      this.run(this.useReply(exchange.reply!, server));
      return true;
    }
    this.anySent = true;
    if (exchange.attempt && exchange.attempt.transport !== transport) {
      this.tries = 0; // truncated: now over TCP, each server once
      return true;
    }
    const isRefusal = message.length > 3 && (message[3]! & FLAG.RCODE) === RCODE.REFUSED;
    if (isRefusal && !this.resolver.forwardOnly) this.rememberLame(server);
    this.movedOn(exchange);
    return true;
  }

  /** The attempt failed with a system error, or `ETIMEDOUT`. */
  failed(code: ErrorCode): void {
    this.anySent = true;
    this.attemptFailed(code);
  }

  /** The attempt failed before anything was sent. */
  unsendable(code: ErrorCode): void {
    this.attemptFailed(code);
  }

  private attemptFailed(code: ErrorCode): void {
    const { exchange } = this;
    const server = exchange?.attempt?.server;
    if (!exchange || !server) return;
    const { memory, now } = this.resolver;
    memory.remember(TAG_DEAD, serverKey, 0, putServer(server), now + SERVER_SECONDS);
    exchange.failed(code);
    this.movedOn(exchange);
  }

  /** The exchange has left a server for the next one, or has run out of them. */
  private movedOn(exchange: Exchange): void {
    this.tries++;
    const level = this.levels[this.level]!;
    const { attempt } = exchange;
    if (attempt && !this.hasWaitedEnough(level)) return;
    this.exchange = undefined;
    if (this.canLookUp(level)) {
      level.wanted = level.addresses.length + 1;
      return this.run('servers');
    }
    if (attempt) return this.run(this.fail('servfail'));
    if (this.level > 0) this.rememberFailure();
    this.run(this.anySent ? this.fail('servfail') : this.fail('drop', exchange.error));
  }

  /**
   * All servers were asked once and there are names of more: see about those first. A lookup on behalf of servers that
   * may yet answer goes round twice, not four times.
   */
  private hasWaitedEnough(level: Level): boolean {
    const rounds = Math.floor(this.tries / this.asked.length);
    if (rounds >= 1 && this.canLookUp(level)) return true;
    if (rounds < 2) return false;
    for (let i = 0; i < this.level; i++) if (this.levels[i]!.addresses.length > 0) return true;
    return false;
  }

  private run(step: Step): void {
    while (step !== 'wait') {
      if (step === 'name') step = this.newName();
      else if (step === 'servers') step = this.findServers();
      else {
        this.level--;
        step = 'servers';
      }
    }
  }

  /** A name to look up: the question, what an alias leads to, or a name server. First without the network. */
  private newName(): Step {
    if (++this.steps >= STEPS_MAX) return this.giveUp();
    const level = this.levels[this.level]!;
    const { name } = level;
    const type = this.askedType;
    if (specialIp(name, address, 0)) {
      if (this.level > 0) return this.foundAddress(address, 0);
      this.startAnswer();
      if (type === TYPE.A || type === TYPE.ANY) {
        this.resolver.answers.putBytes(name, TYPE.A, SPECIAL_TTL, address, 0, 4);
      }
      return this.finish();
    }
    if (isLoopbackReverse(name)) {
      if (this.level > 0) return 'up';
      this.startAnswer();
      if (type === TYPE.PTR || type === TYPE.ANY) {
        this.resolver.answers.putName(name, 0, TYPE.PTR, SPECIAL_TTL, LOCALHOST, 0);
      }
      const step = this.finish();
      this.resolver.log.stats();
      return step;
    }
    return this.fromCache(level, type) ?? this.chooseServers(level);
  }

  private fromCache(level: Level, type: number): Step | undefined {
    const { cache, log, now } = this.resolver;
    const { name } = level;
    cache.select(name);
    if (cache.find(KIND_ANSWER, TYPE.ANY, now)) {
      log.cachedNxdomain(name);
      return this.denied();
    }
    if (cache.find(KIND_ANSWER, TYPE.CNAME, now) && cache.dataLength > 0) {
      if (type === TYPE.CNAME || type === TYPE.ANY) return this.answerFromCache(level, TYPE.CNAME);
      if (this.hasFailedLately()) return this.failedLately();
      log.cachedCname(name, cache.bytes, cache.dataAt);
      for (let i = 0; i < cache.dataLength; i++) target[i] = cache.bytes[cache.dataAt + i]!;
      return this.follow(level, cache.ttl);
    }
    if (type === TYPE.ANY) {
      for (const each of ANY_ORDER) {
        if (cache.find(KIND_ANSWER, each, now) && cache.dataLength > 0) return this.answerFromCache(level, each);
      }
      return undefined;
    }
    if (type === TYPE.CNAME || type === TYPE.AXFR || !cache.find(KIND_ANSWER, type, now)) return undefined;
    if (this.level === 0) return this.answerFromCache(level, type);
    log.cached(TYPE.A, name);
    return this.foundAddresses();
  }

  private answerFromCache(level: Level, type: number): Step {
    const { cache, log, answers } = this.resolver;
    log.cached(type, level.name);
    this.startAnswer();
    answers.putSet(level.name, type, cache.ttl, cache.bytes, cache.dataAt, cache.dataAt + cache.dataLength);
    return this.finish();
  }

  /** The nearest servers that are known: those listed in servers/, or of a delegation in the cache. */
  private chooseServers(level: Level): Step {
    const { cache, log, roots, forwardOnly, now } = this.resolver;
    const { name } = level;
    if (this.hasFailedLately()) return this.failedLately();
    level.pending.length = 0;
    level.wanted = 1;
    for (let at = 0; ; at += name[at]! + 1) {
      const listed = roots.serversOf(name, at);
      if (listed) {
        level.controlAt = at;
        level.controlExpiry = Infinity;
        level.isListed = true;
        level.addresses = listed.slice();
        return 'servers';
      }
      if (!forwardOnly && this.level < 2) {
        cache.select(name, at);
        if (cache.find(KIND_GLUE, TYPE.NS, now) && cache.dataLength > 0) {
          level.controlAt = at;
          level.controlExpiry = cache.expiry;
          level.isListed = false;
          level.addresses = [];
          const end = cache.dataAt + cache.dataLength;
          for (let pos = cache.dataAt; pos < end; pos += nameLength(cache.bytes, pos)) {
            log.cachedNs(name, at, cache.bytes, pos);
            if (level.pending.length < SERVERS_MAX) level.pending.push(copyName(cache.bytes, pos));
          }
          this.knownAddresses(level);
          return 'servers';
        }
      }
      if (name[at] === 0) return this.fail('drop', 'EIO');
    }
  }

  /** Takes the addresses of pending names that need no lookup. */
  private knownAddresses(level: Level): void {
    const { cache, log, now } = this.resolver;
    const unknown: Uint8Array[] = [];
    for (const name of level.pending) {
      if (specialIp(name, address, 0)) {
        addAddress(level, address, 0);
        continue;
      }
      cache.select(name);
      const isKnown =
        (cache.find(KIND_ANSWER, TYPE.A, now) && cache.dataLength > 0) || cache.find(KIND_GLUE, TYPE.A, now);
      if (!isKnown) {
        if (!isLoopbackReverse(name)) unknown.push(name);
        continue;
      }
      log.cached(TYPE.A, name);
      this.takeAddresses(level);
    }
    level.pending = unknown;
  }

  /** The A set that the cache has just found. */
  private takeAddresses(level: Level): void {
    const { cache } = this.resolver;
    for (let at = cache.dataAt; at + 4 <= cache.dataAt + cache.dataLength; at += 4) addAddress(level, cache.bytes, at);
  }

  /** Asks the servers whose addresses are known, or looks one up. */
  private findServers(): Step {
    const level = this.levels[this.level]!;
    if (level.addresses.length < level.wanted && this.canLookUp(level)) {
      const name = level.pending.shift()!;
      if (this.isBeingLookedUp(name)) return 'servers';
      this.lookups++;
      this.level++;
      this.levels[this.level]!.begin(name);
      return 'name';
    }
    if (level.addresses.length === 0) return this.fail(level.failure, level.error);
    return this.ask(level);
  }

  private canLookUp(level: Level): boolean {
    return level.pending.length > 0 && this.level + 1 < LEVELS && this.lookups < LOOKUPS_MAX;
  }

  private isBeingLookedUp(name: Uint8Array): boolean {
    for (let i = 1; i <= this.level; i++) if (nameEqual(name, 0, this.levels[i]!.name, 0)) return true;
    return false;
  }

  private ask(level: Level): Step {
    const { log, forwardOnly } = this.resolver;
    this.asked = this.inOrder(level);
    log.tx(this.level, this.askedType, level.name, level.controlAt, this.asked);
    this.tries = 0;
    this.anySent = false;
    this.exchange = new Exchange({ name: copyName(level.name), type: this.askedType }, this.asked, {
      recursive: forwardOnly,
    });
    return 'wait';
  }

  /** The servers in random order, those that were dead or lame lately at the end. */
  private inOrder(level: Level): Endpoint[] {
    const servers = level.addresses.slice();
    if (servers.length < 2) return servers;
    for (let n = servers.length; n > 1; n--) {
      const chosen = randomBelow(n);
      const last = servers[n - 1]!;
      servers[n - 1] = servers[chosen]!;
      servers[chosen] = last;
    }
    const { memory, now } = this.resolver;
    const isGood = (server: Endpoint) =>
      !memory.holds(TAG_DEAD, serverKey, 0, putServer(server), now) &&
      !memory.holds(TAG_LAME, serverKey, 0, putServerAndZone(server, level), now);
    const good = servers.filter(isGood);
    if (good.length === servers.length) return servers;
    return [...good, ...servers.filter((server) => !good.includes(server))];
  }

  private rememberLame(server: Endpoint): void {
    const { memory, now } = this.resolver;
    memory.remember(TAG_LAME, serverKey, 0, putServerAndZone(server, this.levels[this.level]!), now + SERVER_SECONDS);
  }

  private useReply(message: Uint8Array, server: Endpoint): Step {
    if (++this.steps >= STEPS_MAX) return this.giveUp();
    const { cache, log, forwardOnly, now } = this.resolver;
    const level = this.levels[this.level]!;
    const { name, controlAt } = level;
    if (!reply.parse(message)) return this.withoutServer(level, server, 'drop', 'EPROTO');
    const type = this.askedType;
    reply.classify(name, type, controlAt);
    const { alias, referral, rcode } = reply;
    const saysNothing = !alias && rcode !== RCODE.NXDOMAIN && !reply.hasAnswer && !reply.denies;
    if (saysNothing && referral && !isBelow(referral, name, controlAt)) {
      log.lame(server.ip, name, controlAt, reply.names, referral.ownerAt);
      this.rememberLame(server);
      return this.withoutServer(level, server, 'silent', '');
    }
    if (saysNothing && referral && !isWithin(name, 0, reply.names, referral.ownerAt)) {
      return this.withoutServer(level, server, 'drop', 'EIO');
    }
    remember(
      reply,
      {
        ip: server.ip,
        qname: name,
        controlAt,
        controlExpiry: level.controlExpiry,
        trusted: level.isListed || forwardOnly,
      },
      this.resolver,
    );
    if (alias) {
      reply.nameAt(alias.dataAt, target);
      return this.follow(level, alias.ttl);
    }
    if (rcode === RCODE.NXDOMAIN) {
      log.nxdomain(server.ip, reply.negativeTtl, name);
      cache.select(name);
      cache.put(KIND_ANSWER, TYPE.ANY, target, 0, 0, reply.negativeTtl, now);
      return this.denied();
    }
    if (!reply.hasAnswer && reply.denies && type !== TYPE.ANY && type !== TYPE.CNAME) {
      cache.select(name);
      cache.put(KIND_ANSWER, type, target, 0, 0, reply.negativeTtl, now);
      log.nodata(server.ip, reply.negativeTtl, type, name);
    }
    log.stats();
    return saysNothing && referral ? this.descend(level, referral) : this.answerFromReply(level);
  }

  /** The server's reply is no use: on with the others. */
  private withoutServer(level: Level, server: Endpoint, failure: Failure, error: string): Step {
    level.addresses = level.addresses.filter((each) => each !== server);
    level.failure = failure;
    level.error = error;
    level.wanted = 1;
    return 'servers';
  }

  /** The name is an alias for the name in `target`. */
  private follow(level: Level, ttl: number): Step {
    if (this.level > 0) {
      if (++level.aliases > ALIASES_MAX) return this.fail('silent');
      level.setName(target);
      return 'name';
    }
    if (this.aliases.length >= ALIASES_MAX) return this.giveUp();
    this.aliases.push({ name: copyName(level.name), ttl });
    level.setName(target);
    for (const alias of this.aliases) if (nameEqual(alias.name, 0, target, 0)) return this.giveUp();
    return 'name';
  }

  private denied(): Step {
    if (this.level > 0) return 'up';
    this.startAnswer();
    this.resolver.answers.setNxdomain();
    return this.finish();
  }

  private answerFromReply(level: Level): Step {
    if (this.level === 0) {
      this.startAnswer();
      for (let i = 0; i < reply.count; i++) {
        const record = reply.records[i]!;
        if (record.section !== SECTION_ANSWER) break;
        if (record.rank === ASKED) this.resolver.answers.putRecord(reply, record, setTtl(record));
      }
      return this.finish();
    }
    const below = this.levels[this.level - 1]!;
    for (let i = 0; i < reply.count; i++) {
      const record = reply.records[i]!;
      if (record.rank === ASKED && record.dataLength === 4) addAddress(below, reply.message, record.dataAt);
    }
    level.pending.length = 0;
    return 'up';
  }

  /** A referral: on with the servers of the zone below. */
  private descend(level: Level, referral: ReplyRecord): Step {
    level.controlAt = nameLength(level.name) - referral.ownerLength;
    level.isListed = false;
    level.pending = [];
    level.addresses = [];
    level.wanted = 1;
    let ttl = referral.ttl;
    for (let i = 0; i < reply.count; i++) {
      const record = reply.records[i]!;
      if (record.section !== SECTION_AUTHORITY || record.type !== TYPE.NS || record.klass !== CLASS_IN) continue;
      if (!nameEqual(reply.names, record.ownerAt, reply.names, referral.ownerAt)) continue;
      ttl = Math.min(ttl, record.ttl);
      reply.nameAt(record.dataAt, target);
      if (level.pending.length < SERVERS_MAX) level.pending.push(copyName(target));
    }
    level.controlExpiry = Math.min(level.controlExpiry, this.resolver.now + ttl);
    this.knownAddresses(level);
    return 'servers';
  }

  private foundAddress(ip: Uint8Array, at: number): Step {
    addAddress(this.levels[this.level - 1]!, ip, at);
    return 'up';
  }

  private foundAddresses(): Step {
    this.takeAddresses(this.levels[this.level - 1]!);
    return 'up';
  }

  /** The whole query has gone too far: too many steps, or aliases that do not end. */
  private giveUp(): Step {
    this.level = 0;
    return this.fail('drop', 'EIO');
  }

  /** This level has nobody left to ask. */
  private fail(failure: Failure, error = 'EIO'): Step {
    if (failure === 'servfail') this.resolver.log.servfail(this.askedName, 'EIO');
    if (this.level > 0) return 'up';
    this.rememberFailure();
    if (failure === 'drop') this.dropped = error;
    return this.finishServfail();
  }

  /**
   * At level 0 what failed is the client's question, whatever alias it was at: a name that an alias or a delegation of
   * somebody else leads to must not become unreachable by that. At other levels it is a lookup, known to lookups only.
   */
  private rememberFailure(): void {
    const { memory, now } = this.resolver;
    const name = this.level > 0 ? this.askedName : this.qname;
    memory.remember(this.failureTag(), name, 0, nameLength(name), now + FAILURE_SECONDS);
  }

  private hasFailedLately(): boolean {
    const { memory, now } = this.resolver;
    const name = this.askedName;
    if (this.level === 0 && this.aliases.length > 0) return false;
    return memory.holds(this.failureTag(), name, 0, nameLength(name), now);
  }

  private failedLately(): Step {
    this.resolver.log.cachedServfail(this.askedName, this.askedType);
    return this.level > 0 ? 'up' : this.finishServfail();
  }

  private failureTag(): number {
    return this.level > 0 ? TAG_LOOKUP : this.qtype;
  }

  private finishServfail(): Step {
    this.startAnswer();
    this.resolver.answers.setServfail();
    return this.finish();
  }

  private startAnswer(): void {
    this.resolver.answers.start(this, this.aliases, this.levels[0]!.name);
  }

  private finish(): Step {
    const { answers } = this.resolver;
    if (answers.failed) {
      this.dropped = 'EIO';
      answers.start(this, [], this.qname);
      answers.setServfail();
    }
    this.done = true;
    return 'wait';
  }
}

/** In what order the cache is searched for a set that answers ANY. */
const ANY_ORDER = [TYPE.NS, TYPE.PTR, TYPE.MX, TYPE.SOA, TYPE.A] as const;

function addAddress(level: Level, ip: Uint8Array, at: number): void {
  if (level.addresses.length >= SERVERS_MAX) return;
  if ((ip[at]! | ip[at + 1]! | ip[at + 2]! | ip[at + 3]!) === 0) return;
  level.addresses.push({ ip: copyIp4(ip, at), port: 53 });
}

function isBelow(referral: ReplyRecord, name: Uint8Array, controlAt: number): boolean {
  return referral.ownerLength > nameLength(name, controlAt) && isWithin(reply.names, referral.ownerAt, name, controlAt);
}

/** The smallest TTL of the records asked for that have this record's type. */
function setTtl(record: ReplyRecord): number {
  let { ttl } = record;
  for (let i = 0; i < reply.count; i++) {
    const other = reply.records[i]!;
    if (other.rank === ASKED && other.type === record.type) ttl = Math.min(ttl, other.ttl);
  }
  return ttl;
}

/** Puts the server's address into `serverKey`, four bits an octet: what stays as it is where letters are lowercased. */
function putServer(server: Endpoint): number {
  let at = 0;
  for (const octet of server.ip) {
    serverKey[at++] = octet >> 4;
    serverKey[at++] = octet & 15;
  }
  return at;
}

/** The same and the zone that the level is asking it about. */
function putServerAndZone(server: Endpoint, level: Level): number {
  const at = putServer(server);
  const length = nameLength(level.name, level.controlAt);
  for (let i = 0; i < length; i++) serverKey[at + i] = level.name[level.controlAt + i]!;
  return at + length;
}
