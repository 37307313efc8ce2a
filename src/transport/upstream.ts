// dnscache's questions to servers, each attempt over a socket of its own (attempt.ts). Counterpart: the I/O half of
// dns_transmit.c as dnscache uses it.
//
// The same question is never on its way twice to one server: who comes second waits for the response to the first, with
// a deadline of its own. Without that, many clients asking for one name made many packets that a forged response could
// match (CVE-2008-4392). When the first gives up, one of those who wait takes its place and sends.
import { unpack32 } from '../base/bytes.ts';
import { NameHash } from '../base/keyed-hash.ts';
import type { ErrorCode } from '../base/oserror.ts';
import type { Attempt } from '../wire/attempt.ts';
import { nameLength } from '../wire/name.ts';
import { type Attempting, type AttemptListener, type Source, startAttempt } from './attempt.ts';

/** A question under way, as resolve/query.ts has it. */
export interface Asker {
  /** What to do now; undefined when there is nothing left to do. */
  readonly attempt: Attempt | undefined;
  /** The question that `attempt` asks: a name in wire form, and a type. */
  readonly askedName: Uint8Array;
  readonly askedType: number;
  /** A message came. False: it is no response to the attempt, which goes on. */
  received(message: Uint8Array): boolean;
  /** The attempt failed. */
  failed(code: ErrorCode): void;
  /** The attempt failed before anything was sent. */
  unsendable(code: ErrorCode): void;
}

/** What the owner of the questions is told. */
export interface UpstreamEvents<A extends Asker> {
  /** Called before all others when something happened, for the clock. */
  before(): void;
  /** The question has no attempt left: its response is ready. */
  done(asker: A): void;
  /** The question waits for the response to the same question of somebody else. */
  merged(asker: A): void;
  /** Called after all others, for the log. */
  after(): void;
}

/** An attempt that somebody waits for: under way itself, or the same as that of its leader. */
class Flight<A extends Asker> implements AttemptListener {
  readonly asker: A;
  readonly key: number;
  readonly upstream: Upstream<A>;
  /** Those who wait for what comes of this one; undefined in one that waits itself. */
  waiters: Flight<A>[] | undefined;
  leader: Flight<A> | undefined;
  attempting: Attempting | undefined;
  deadline: NodeJS.Timeout | undefined; // of one that waits

  constructor(asker: A, key: number, upstream: Upstream<A>, leader: Flight<A> | undefined) {
    this.asker = asker;
    this.key = key;
    this.upstream = upstream;
    this.leader = leader;
  }

  received(message: Uint8Array): void {
    this.upstream.deliver(this, message);
  }

  failed(code: ErrorCode, isUnsent: boolean): void {
    this.upstream.fail(this, code, isUnsent);
  }
}

/** All questions under way. */
export class Upstream<A extends Asker> {
  private readonly source: Source;
  private readonly events: UpstreamEvents<A>;
  private readonly leaders = new Map<number, Flight<A>>();
  private readonly flights = new Map<A, Flight<A>>();

  /** Questions leave from the addresses of `source`. */
  constructor(source: Source, events: UpstreamEvents<A>) {
    this.source = source;
    this.events = events;
  }

  /** Takes a question up. `done` may be called at once. */
  start(asker: A): void {
    const { attempt } = asker;
    if (!attempt) return this.events.done(asker);
    const key = keyOf(asker, attempt);
    const leader = this.leaders.get(key);
    const flight = new Flight(asker, key, this, leader);
    this.flights.set(asker, flight);
    if (!leader) return this.lead(flight, []);
    leader.waiters!.push(flight);
    // Over TCP the leader has one period to connect and one to read.
    const seconds = attempt.transport === 'tcp' ? 2 * attempt.seconds : attempt.seconds;
    flight.deadline = setTimeout(() => this.fail(flight, 'ETIMEDOUT', false), seconds * 1000);
    this.events.merged(asker);
  }

  /** Forgets the question: nothing more is heard of it. */
  stop(asker: A): void {
    const flight = this.flights.get(asker);
    if (flight) this.end(flight);
  }

  /** A message came for the flight; those who wait each get it under the ID of their own query. */
  deliver(flight: Flight<A>, message: Uint8Array): void {
    this.events.before();
    if (flight.asker.received(message)) {
      const waiters = flight.waiters ?? [];
      flight.waiters = [];
      this.end(flight);
      // One after the other to its end: a response that is ready is good until the next one is made.
      this.start(flight.asker);
      for (const waiter of waiters) this.deliverCopy(waiter, message);
    }
    this.events.after();
  }

  /** The flight came to nothing. */
  fail(flight: Flight<A>, code: ErrorCode, isUnsent: boolean): void {
    this.events.before();
    this.end(flight);
    if (isUnsent) flight.asker.unsendable(code);
    else flight.asker.failed(code);
    this.start(flight.asker);
    this.events.after();
  }

  /** Makes the flight the one that sends. One that waited keeps its own deadline. */
  private lead(flight: Flight<A>, waiters: Flight<A>[]): void {
    flight.leader = undefined;
    flight.waiters = waiters;
    for (const waiter of waiters) waiter.leader = flight;
    this.leaders.set(flight.key, flight);
    flight.attempting = startAttempt(flight.asker.attempt!, this.source, flight);
  }

  /** Takes the flight out of everything; one of those who waited for it takes over. */
  private end(flight: Flight<A>): void {
    clearTimeout(flight.deadline);
    flight.attempting?.close();
    // Tables that the maps have outgrown hold the flight until the next full collection: not the socket with it.
    flight.attempting = undefined;
    this.flights.delete(flight.asker);
    const { leader, waiters } = flight;
    if (leader) {
      leader.waiters = leader.waiters!.filter((each) => each !== flight);
      return;
    }
    if (!waiters) return;
    flight.waiters = undefined;
    this.leaders.delete(flight.key);
    const heir = waiters.shift();
    if (heir) this.lead(heir, waiters);
  }

  private deliverCopy(waiter: Flight<A>, message: Uint8Array): void {
    const { asker } = waiter;
    if (this.flights.get(asker) !== waiter) return;
    const { query } = asker.attempt!;
    const copy = new Uint8Array(message); // not slice: that of a Buffer shares its memory
    copy[0] = query[0]!;
    copy[1] = query[1]!;
    waiter.leader = undefined;
    this.end(waiter);
    // What moves the first one on moves the others on too: they asked the same.
    if (!asker.received(copy)) asker.failed('EPROTO');
    this.start(asker);
  }
}

const questionHash = new NameHash();

/**
 * The same for the same question to the same server over the same transport: 53 bits of a keyed hash, in a quarter of
 * the time of a string. Should two questions ever meet in one, the second is not fooled: it looks at the question of a
 * response.
 */
function keyOf({ askedName, askedType }: Asker, { transport, server: { ip, port } }: Attempt): number {
  questionHash.take(askedName, 0, nameLength(askedName));
  let hash = questionHash.mixed((askedType << 1) | (transport === 'tcp' ? 1 : 0));
  for (let i = 0; i < ip.length; i += 4) hash = questionHash.mixed(hash ^ unpack32(ip, i));
  hash = questionHash.mixed(hash ^ port);
  return (hash >>> 11) * 0x100000000 + questionHash.mixed(~hash);
}
