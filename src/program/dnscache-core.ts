// What dnscache's clients over UDP and over TCP have in common: who may ask, what is a question, the queries and their
// numbers, the clock, when the log is written. The work is done by resolve/query.ts; what it asks of servers is sent by
// transport/upstream.ts.

import type { Address } from '../base/address.ts';
import type { ErrorCode } from '../base/oserror.ts';
import { unixNow } from '../base/tai.ts';
import type { CacheLog } from '../log/cachelog.ts';
import type { Query } from '../resolve/query.ts';
import type { Resolver } from '../resolve/resolver.ts';
import type { Place } from '../resolve/response-writer.ts';
import type { Source } from '../transport/attempt.ts';
import { Upstream, type UpstreamEvents } from '../transport/upstream.ts';
import { CLASS_ANY, CLASS_IN } from '../wire/constants.ts';
import * as FLAG from '../wire/flag.ts';
import * as RCODE from '../wire/rcode.ts';
import { Request } from '../wire/request.ts';
import * as TYPE from '../wire/type.ts';
import { Writer } from '../wire/writer.ts';
import { OkClients } from './okclient.ts';

/** A client's question, and who waits for the response to it. */
export interface Asking {
  /** In the log. */
  number: number;
  readonly query: CacheQuery;
  /** The response is ready. */
  answered(): void;
}

export type CacheQuery = Query<Asking>;

/** Seconds between two lines of the log about clients that may not ask. */
const REFUSED_SECONDS = 60;

/** The resolver without its clock, which `CacheCore` sets. */
export type ResolverParts = Omit<Resolver, 'now' | 'milliseconds' | 'log'>;

export interface CacheOptions {
  /** Questions to servers leave from these addresses. */
  readonly source: Source;
  /** Milliseconds that a client waits at most. */
  readonly patience: number;
  /** Clients that may not ask are logged. */
  readonly logsRefused: boolean;
  /** `queries` counts the questions that were accepted. */
  readonly count: { queries: number };
}

/** What all questions share. */
export class CacheCore implements UpstreamEvents<CacheQuery> {
  readonly log: CacheLog;
  readonly resolver: Resolver;
  /** The request that `read` has read. */
  readonly request: Request;
  private readonly writer = new Writer();
  private readonly upstream: Upstream<CacheQuery>;
  private readonly okClients = new OkClients('ip');
  private readonly count: { queries: number };
  /** Milliseconds that a client waits at most. */
  readonly patience: number;
  private isLogDue = false;
  private readonly logsRefused: boolean;
  private nextRefused = 0;

  constructor(parts: ResolverParts, log: CacheLog, { source, patience, count, logsRefused }: CacheOptions) {
    this.resolver = { ...parts, log, now: 1, milliseconds: 1000 };
    this.log = log;
    this.request = new Request(parts.edns.payload > 0);
    this.count = count;
    this.patience = patience;
    this.logsRefused = logsRefused;
    this.upstream = new Upstream(source, this);
  }

  /** Before every event: what time it is, by a clock that nobody sets back. */
  before(): void {
    const { resolver } = this;
    if (resolver.edns.hasCookies) resolver.edns.now = unixNow();
    resolver.milliseconds = 1000 + performance.now();
    resolver.now = Math.floor(resolver.milliseconds / 1000);
  }

  /** After an event of a server: the log goes out once for all events of one turn of the event loop. */
  after(): void {
    if (this.isLogDue) return;
    this.isLogDue = true;
    setImmediate(() => {
      this.isLogDue = false;
      this.log.flush();
    });
  }

  /** Before clients are looked at: has `ip/` changed? */
  lookAtClients(): void {
    this.okClients.begin();
  }

  /** May this client ask? Ports below 1024 belong to services, which would answer our answer; 53 is a resolver. */
  accepts(ip: Address, port: number): boolean {
    if (port < 1024 && port !== 53) return false;
    const isAccepted = this.okClients.accepts(ip);
    if (!isAccepted && this.logsRefused) this.logRefused(ip, port);
    return isAccepted;
  }

  /** One line a minute at most, whoever it is: nobody can fill the log. */
  private logRefused(ip: Address, port: number): void {
    const { now } = this.resolver;
    if (now < this.nextRefused) return;
    this.nextRefused = now + REFUSED_SECONDS;
    this.log.refused({ ip, port });
  }

  /** Reads a request; false when it is no query that is answered. */
  read(bytes: Uint8Array, from: number, to: number): boolean {
    const { request } = this;
    if (!request.read(bytes, from, to)) return false;
    if ((request.flags & (FLAG.QR | FLAG.OPCODE | FLAG.TC | FLAG.RD)) !== FLAG.RD) return false;
    return request.class === CLASS_IN || request.class === CLASS_ANY;
  }

  /**
   * The octets of a response to the request just read that its OPT record is wrong, in `place`: FORMERR, BADVERS. 0
   * when it is not.
   */
  putEdnsError(client: Address, place: Place): number {
    const { request, writer } = this;
    const { edns } = this.resolver;
    const rcode = edns.errorOf(request);
    if (rcode === RCODE.NOERROR) return 0;
    const { id, name, nameAt, type, class: qclass } = request;
    writer.start(place.bytes, place.at);
    writer.question(id, FLAG.QR | FLAG.RD | (rcode & FLAG.RCODE), name, nameAt, type, qclass);
    edns.putOpt(writer, request, rcode, client);
    return writer.length;
  }

  /**
   * The octets of a response to the request just read, which `read` refused, in `place`: a request for a DNS cookie
   * has one. 0 when it is none.
   */
  putCookie(client: Address, { bytes, at }: Place): number {
    return this.resolver.edns.putCookieOnly(this.writer, this.request, client, bytes, at);
  }

  /**
   * Begins with the request just read; the response may be ready at once, in `place`. False: the question is one that
   * gets none.
   */
  begin(asking: Asking, client: { readonly ip: Address; readonly port: number }, max: number, place: Place): boolean {
    const { query } = asking;
    const question = query.client;
    question.take(this.request, max, client.ip);
    asking.number = ++this.count.queries;
    this.log.query(asking.number, client, question.id, question.qtype, question.qname);
    if (question.qtype === TYPE.AXFR) {
      this.log.drop(asking.number, 'EPERM');
      return false;
    }
    query.start(place);
    return true;
  }

  /** Goes on with a query that needs servers. */
  ask(asking: Asking): void {
    this.upstream.start(asking.query);
  }

  /** Gives a question up; `code` says why. */
  drop(asking: Asking, code: ErrorCode): void {
    this.stop(asking);
    this.log.drop(asking.number, code);
  }

  /** Nobody is interested in the query any more. */
  stop({ query }: Asking): void {
    this.upstream.stop(query);
    query.stop();
  }

  /**
   * The client has waited long enough, and gets the word that nobody answers: SERVFAIL, in the query's `place`. The
   * query goes on, to fill the cache if it still can.
   */
  giveWord(asking: Asking): void {
    asking.query.client.finishServfail();
    this.sent(asking);
  }

  /** Logs that the response goes out. */
  sent({ number, query }: Asking): void {
    const { dropped, length } = query.client;
    if (dropped !== '') this.log.drop(number, dropped);
    this.log.sent(number, length);
  }

  done(query: CacheQuery): void {
    query.owner.answered();
  }

  merged(query: CacheQuery): void {
    this.log.merge(query.attempt!.server.ip, query.askedType, query.askedName);
  }
}
