// A query's questions to the servers of one zone, round by round, and what is learnt about the servers from it.
// Counterpart: query.c's side of dns_transmit.c. What is done when nobody helps is the query's business.

import type { ErrorCode } from '../base/oserror.ts';
import { Exchange, type Manner } from '../stub/exchange.ts';
import type { Attempt } from '../wire/attempt.ts';
import * as FLAG from '../wire/flag.ts';
import { copyName } from '../wire/name.ts';
import * as RCODE from '../wire/rcode.ts';
import type { Level, ServerResponse } from './level.ts';
import type { Resolver } from './resolver.ts';
import { inOrder } from './servers.ts';

/**
 * What a message is: none for the attempt, a reason to ask the same server in another way, or to go on to the next
 * one, or the response.
 */
type Heard = 'ignore' | 'again' | 'next' | 'done';

/** Made once and used for one zone's servers after the other's. */
export class Rounds {
  /** Something was sent. */
  anySent = false;
  private readonly resolver: Resolver;
  private readonly manner: Manner;
  private exchange: Exchange | undefined;
  private servers = 0;
  private tries = 0; // attempts that came to nothing
  private askedAt = 0; // milliseconds: when the attempt began

  constructor(resolver: Resolver) {
    this.resolver = resolver;
    const { ednsPayload, failures, roundTrips, forwardOnly } = resolver;
    const manner = { recursive: forwardOnly, answeringRcode: RCODE.YXDOMAIN };
    const withoutEdns: Manner['withoutEdns'] = {
      has: (server) => failures.hasWithoutEdns(server, resolver.now),
      add: (server) => failures.addWithoutEdns(server, resolver.now),
    };
    const isHeard: Manner['isHeard'] = (server) => roundTrips.has(server, resolver.now);
    const edns = { size: ednsPayload, dnssecOk: false };
    this.manner = ednsPayload > 0 ? { ...manner, edns, withoutEdns, isHeard } : manner;
  }

  /** What the transport is to do now. */
  get attempt(): Attempt | undefined {
    return this.exchange?.attempt;
  }

  /** The error of the last attempt. */
  get error(): ErrorCode {
    return this.exchange?.error ?? '';
  }

  /** How often all servers have been asked in vain. */
  get count(): number {
    return Math.floor(this.tries / this.servers);
  }

  /** Begins to ask the level's servers; `depth` is for the log. */
  start(level: Level, depth: number): void {
    const { resolver } = this;
    const { name, type, zoneAt } = level;
    const servers = inOrder(level, resolver);
    resolver.log.tx(depth, type, name, zoneAt, servers);
    this.servers = servers.length;
    this.tries = 0;
    this.anySent = false;
    this.askedAt = resolver.milliseconds;
    this.exchange = new Exchange({ name: copyName(name), type }, servers, this.manner);
  }

  stop(): void {
    this.exchange = undefined;
  }

  /** A message came for the attempt. */
  received(message: Uint8Array, level: Level): Heard {
    const { exchange } = this;
    if (!exchange?.attempt) return 'ignore';
    const { server, transport, query } = exchange.attempt;
    const verdict = exchange.received(message);
    if (verdict === 'ignore') return verdict;
    const { failures, roundTrips, forwardOnly, now, milliseconds } = this.resolver;
    if (transport === 'udp') roundTrips.add(server, milliseconds - this.askedAt, now);
    if (verdict === 'done') {
      failures.remove(server, level, now);
      return verdict;
    }
    this.anySent = true;
    const next = exchange.attempt;
    if (next && next.transport !== transport) {
      this.tries = 0; // truncated: now over TCP, each server once
      return 'again';
    }
    if (next && next.server === server && next.query !== query) return 'again'; // now without OPT
    const isRefusal = message.length > 3 && (message[3]! & FLAG.RCODE) === RCODE.REFUSED;
    if (isRefusal && !forwardOnly) failures.addBad(server, level, now);
    this.movedOn();
    return verdict;
  }

  /** The response, after `done`; nothing is under way any more. */
  takeResponse(): ServerResponse {
    const { reply, repliedBy } = this.exchange!;
    this.exchange = undefined;
    return { message: reply!, server: repliedBy! };
  }

  /** The attempt failed. False: there was none. */
  failed(code: ErrorCode, level: Level): boolean {
    const { exchange } = this;
    const server = exchange?.attempt?.server;
    if (!exchange || !server) return false;
    const { failures, now } = this.resolver;
    if (code === 'ETIMEDOUT') failures.addBad(server, level, now);
    else failures.addUnreachable(server, now);
    exchange.failed(code);
    this.movedOn();
    return true;
  }

  private movedOn(): void {
    this.tries++;
    this.askedAt = this.resolver.milliseconds;
  }
}
