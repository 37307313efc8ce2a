// What those who ask servers (stub/exchange.ts, resolve/query.ts) and the transport that carries it out say to each
// other. Counterpart: the two halves of dns_transmit.c.
import type { Endpoint } from '../base/endpoint.ts';

/** One question to one server. Every attempt gets a socket and an unpredictable port of its own. */
export interface Attempt {
  readonly transport: 'udp' | 'tcp';
  readonly server: Endpoint;
  /** Seconds until the attempt counts as `ETIMEDOUT`; over TCP once for connect and send, once for the response. */
  readonly seconds: number;
  /** The query message, without TCP's length. Owned by who asks, good until the next attempt. */
  readonly query: Uint8Array;
}
