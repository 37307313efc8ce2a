// What all queries share.

import type { EdnsServer } from '../wire/edns.ts';
import type { Cache } from './cache.ts';
import type { Failures } from './failures.ts';
import type { ResolveLog } from './log.ts';
import type { Response } from './response.ts';
import type { ResponseWriter } from './response-writer.ts';
import type { Roots } from './roots.ts';
import type { RoundTrips } from './round-trips.ts';

/** `now` and `milliseconds` are set by the caller before it calls a query. */
export interface Resolver {
  readonly cache: Cache;
  readonly roots: Roots;
  readonly failures: Failures;
  readonly roundTrips: RoundTrips;
  readonly writer: ResponseWriter;
  /** The response that is being used: within one call it is taken apart, accepted and answered from. */
  readonly response: Response;
  readonly log: ResolveLog;
  /** Ask the servers of servers/@ to do the work: `$FORWARDONLY`. */
  readonly forwardOnly: boolean;
  /** The types of addresses that servers are asked at, A before AAAA: those that `$IPSEND` has a way for. */
  readonly families: readonly number[];
  /** There is IPv6 in `$IP` or `$IPSEND`: ::1 is localhost. */
  readonly knowsIp6: boolean;
  /** Octets that questions to servers offer in an OPT record: `$EDNS`; 0 for none. */
  readonly ednsPayload: number;
  /** What is done about EDNS of clients. */
  readonly edns: EdnsServer;
  /** The time, in whole seconds of a clock that only goes forward. It must not be 0. */
  now: number;
  /** The same in milliseconds. */
  milliseconds: number;
}
