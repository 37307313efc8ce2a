// One client's question on its way to an answer. Counterpart: query.c. No sockets, no timers, no clock: it says what to
// send (`attempt`), is told what came of it (`received`, `failed`, `unsendable`), and at the end has a response.
//
// Level 0 is the question; each level above it looks for the address of a name server that the level below needs. A
// level knows the zone it is asking, the addresses of that zone's servers, and names of servers still without an
// address. Packets go out as soon as one address is known; the other names are looked up when those servers do not
// help. The number of steps, of aliases, of levels and of lookups for name servers is bounded, so that no set of
// delegations can keep a query busy, or turn it on somebody (NXNS). A query that starts always ends with a response.

import type { Address } from '../base/address.ts';
import { EMPTY } from '../base/bytes.ts';
import type { Endpoint } from '../base/endpoint.ts';
import type { ErrorCode } from '../base/oserror.ts';
import type { Attempt } from '../wire/attempt.ts';
import { isWithin, nameLength } from '../wire/name.ts';
import * as RCODE from '../wire/rcode.ts';
import * as TYPE from '../wire/type.ts';
import { accept } from './accept.ts';
import { Answers } from './answers.ts';
import { KIND_ANSWER } from './cache.ts';
import { ClientResponse } from './client-response.ts';
import { type Delegation, type Failure, Level, type PendingServer, type ServerResponse, type Step } from './level.ts';
import { Lookups } from './lookups.ts';
import type { Resolver } from './resolver.ts';
import type { Response } from './response.ts';
import type { Place } from './response-writer.ts';
import { Rounds } from './rounds.ts';
import { chooseServers, takeParentsWord, takeReferral } from './servers.ts';

const LEVELS = 5;
/** Levels from this one on take from the cache only delegations of which an address is known. */
const LEVELS_WITH_DELEGATIONS = 2;
const STEPS_MAX = 100;

/** The query of an `Owner`, who waits for the response. It is made once and used for one question after the other. */
export class Query<Owner = unknown> {
  readonly owner: Owner;
  /** What the client asked, and what it gets. */
  readonly client: ClientResponse;

  private readonly resolver: Resolver;
  private readonly answers: Answers;
  private readonly rounds: Rounds;
  private readonly levels: Level[] = [];
  private depth = 0; // the level at work
  private steps = 0;
  private readonly lookups = new Lookups();
  private readonly lookedUp: Uint8Array[] = []; // by level: the server's name, whatever alias it has
  private told: Delegation[] = []; // by servers of this query, whatever their TTLs and the cache's size

  constructor(resolver: Resolver, owner: Owner) {
    this.resolver = resolver;
    this.owner = owner;
    this.client = new ClientResponse(resolver.writer, resolver.edns);
    this.answers = new Answers(resolver, this.client);
    this.rounds = new Rounds(resolver);
    for (let i = 0; i < LEVELS; i++) this.levels.push(new Level(this.levels[i - 1]));
  }

  private get level(): Level {
    return this.levels[this.depth]!;
  }

  /** What the transport is to do now; undefined when the query is done. */
  get attempt(): Attempt | undefined {
    return this.rounds.attempt;
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
    this.levels[0]!.begin(client.qname, client.qtype);
    this.depth = 0;
    this.steps = 0;
    this.lookups.start();
    if (this.told.length > 0) this.told = [];
    this.rounds.stop();
    this.run('name');
    client.detach();
  }

  /** Gives the question up; nothing is left under way. */
  stop(): void {
    this.rounds.stop();
  }

  /**
   * A message came for the attempt. False: it is no response to it, the attempt goes on. True: see `attempt`, `done`.
   */
  received(message: Uint8Array): boolean {
    const heard = this.rounds.received(message, this.level);
    if (heard === 'next') this.movedOn();
    if (heard === 'done') {
      this.run(this.useResponse(this.rounds.takeResponse()));
      this.resolver.response.release();
    }
    return heard !== 'ignore';
  }

  /** The attempt failed with a system error, or `ETIMEDOUT`. */
  failed(code: ErrorCode): void {
    this.rounds.anySent = true;
    this.unsendable(code);
  }

  /** The attempt failed before anything was sent. */
  unsendable(code: ErrorCode): void {
    if (this.rounds.failed(code, this.level)) this.movedOn();
  }

  /** A server is left for the next one, or there is none left. */
  private movedOn(): void {
    const { level, answers, rounds } = this;
    const { attempt, error, anySent } = rounds;
    if (attempt && !this.hasWaitedEnough(level)) return;
    rounds.stop();
    if (this.canLookUp(level)) {
      level.wanted = level.addresses.length + 1;
      return this.run('servers');
    }
    if (level.secondBest) return this.run(this.withoutServers(level));
    if (attempt) return this.run(answers.fail(level, 'servfail'));
    if (level.below) answers.rememberFailure(level);
    // Where nothing could be sent at all the original drops the question instead of answering SERVFAIL; the log says
    // so.
    this.run(anySent ? answers.fail(level, 'servfail') : answers.fail(level, 'drop', error));
  }

  /**
   * All servers were asked once and there are more names: see about those first. So does a lookup on behalf of a level
   * that has other servers, or names of others.
   */
  private hasWaitedEnough(level: Level): boolean {
    if (this.rounds.count === 0) return false;
    if (level.secondBest || this.canLookUp(level)) return true;
    return this.hasOthersBelow();
  }

  private hasOthersBelow(): boolean {
    return this.levels.slice(0, this.depth).some((below) => this.hasOthers(below));
  }

  /** The level can go on without the address that is being looked up for it. */
  private hasOthers({ addresses, pending, secondBest }: Level): boolean {
    return addresses.length > 0 || secondBest !== undefined || (pending.length > 0 && this.lookups.isOpen);
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
    if (!hasFound) this.lookups.addVain({ name: server.name, type });
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
    const { level, answers } = this;
    const step = answers.known(level);
    if (step) return step;
    return this.chooseServers(level, this.firstZone(level)) ? 'servers' : answers.fail(level, 'drop');
  }

  /**
   * Where in the level's name the zones begin that may be asked. DS records are data of the zone above. The address of
   * a server inside its own zone is wanted because that zone's servers could not be asked: the zone above has it as
   * glue.
   */
  private firstZone({ name, type, below }: Level): number {
    if (type === TYPE.DS && name[0] !== 0) return 1 + name[0]!;
    if (!below || below.isListed || !isWithin(name, 0, below.name, below.zoneAt)) return 0;
    const at = nameLength(name) - nameLength(below.name, below.zoneAt);
    return name[at] === 0 ? at : at + 1 + name[at]!;
  }

  private chooseServers(level: Level, from: number): boolean {
    const mayLookUp = this.depth < LEVELS_WITH_DELEGATIONS;
    return chooseServers(level, { from, mayLookUp, told: this.told }, this.resolver);
  }

  /** Asks the servers whose addresses are known, or looks one up. */
  private findServers(): Step {
    const { level } = this;
    if (level.addresses.length < level.wanted && this.canLookUp(level)) {
      const server = this.lookups.takeFrom(level.pending);
      if (this.isBeingLookedUp(server)) return 'servers';
      this.lookups.add();
      this.depth++;
      this.lookedUp[this.depth] = server.name;
      this.level.begin(server.name, server.type);
      return 'name';
    }
    if (level.addresses.length === 0) return this.withoutServers(level);
    this.rounds.start(level, this.depth);
    return 'wait';
  }

  /**
   * Nobody of the zone is left to ask. A delegation from the cache none of whose servers can be found is as if it were
   * not known: its glue may have expired before it.
   */
  private withoutServers(level: Level): Step {
    const { secondBest, name, zoneAt } = level;
    if (secondBest) {
      level.secondBest = undefined;
      return this.useResponse(secondBest, true);
    }
    if (level.isRemembered && name[zoneAt] !== 0) {
      if (this.chooseServers(level, zoneAt + 1 + name[zoneAt]!)) return 'servers';
    }
    return this.answers.fail(level, level.failure, level.error);
  }

  private canLookUp(level: Level): boolean {
    const { pending, addresses } = level;
    if (pending.length === 0 || this.depth + 1 >= LEVELS || !this.lookups.isOpen) return false;
    return (
      pending.some((server) => !this.lookups.wasInVain(server)) || (addresses.length === 0 && !this.hasOthersBelow())
    );
  }

  private isBeingLookedUp(server: PendingServer): boolean {
    return this.levels.some((level, i) => i > 0 && i <= this.depth && level.isAbout(server));
  }

  /** What a server of the level's zone said. `isLast`: nobody will say it better. */
  private useResponse(said: ServerResponse, isLast = false): Step {
    if (++this.steps >= STEPS_MAX) return this.giveUp();
    const { message, server } = said;
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
      level.secondBest ??= said;
      failures.addBad(server, level, now);
      return this.withoutServer(level, server, 'silent', '');
    }
    accept({ response, ip: server.ip, level, isTrusted }, this.resolver);
    return this.goOn(level, response, server.ip);
  }

  /** Another server of the zone may know better than one that does not serve it (no AA). */
  private mayBetter(level: Level): boolean {
    return level.addresses.length > 1 || level.secondBest !== undefined || this.canLookUp(level);
  }

  /** The response has been accepted: what follows from it. */
  private goOn(level: Level, response: Response, ip: Address): Step {
    const { answers, resolver } = this;
    const { name, type } = level;
    const { meaning, negativeTtl } = response;
    if (meaning === 'alias') return answers.follow(level, response.aliasTarget, response.aliasTtl);
    if (meaning === 'overlong') return answers.deny(level, RCODE.YXDOMAIN);
    if (meaning === 'nxdomain') {
      resolver.log.nxdomain(ip, negativeTtl, name);
      this.keepDenial(name, TYPE.ANY, negativeTtl);
      return answers.deny(level, RCODE.NXDOMAIN);
    }
    if (meaning === 'nodata' && type !== TYPE.ANY && type !== TYPE.CNAME) {
      this.keepDenial(name, type, negativeTtl);
      resolver.log.nodata(ip, negativeTtl, type, name);
    }
    resolver.log.stats();
    if (meaning === 'referral') {
      takeReferral(level, response, resolver);
      this.told.push(level.delegation());
      return 'servers';
    }
    return answers.answer(level, response);
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

  /** The whole query has gone too far: too many steps, or aliases that do not end. */
  private giveUp(): Step {
    this.depth = 0;
    return this.answers.fail(this.level, 'drop');
  }
}
