// How long servers take to answer, so that near ones are asked before far ones. It is learnt from every response.

import type { Endpoint } from '../base/endpoint.ts';
import { randomBelow } from '../base/random.ts';
import { Recent } from './recent.ts';

/** Seconds that a time counts. */
const KEPT_SECONDS = 600;
/**
 * Servers at most so many milliseconds slower than the fastest one are as good: which is asked first stays a secret.
 */
const BAND = 400;
/** One question in so many goes to a slow server first, which may have become fast. */
const SLOW_TURN = 20;
const TAG = 1;

export class RoundTrips {
  private readonly recent = new Recent();

  /** The server has answered within `milliseconds`. New times count a third. */
  add(server: Endpoint, milliseconds: number, now: number): void {
    this.recent.selectServer(TAG, server);
    const known = this.recent.get(now);
    this.recent.set(now + KEPT_SECONDS, known < 0 ? milliseconds : (2 * known + milliseconds) / 3);
  }

  /** The server has answered lately. */
  has(server: Endpoint, now: number): boolean {
    return this.time(server, now) >= 0;
  }

  /** Puts servers in random order, into another: those of the fastest band, or not yet known, first; then by time. */
  sort(servers: Endpoint[], now: number): Endpoint[] {
    if (servers.length < 2 || this.recent.isEmpty(now)) return servers;
    let fastest = Infinity;
    let slowest = 0;
    for (const server of servers) {
      const time = this.time(server, now);
      if (time < 0) continue;
      fastest = Math.min(fastest, time);
      slowest = Math.max(slowest, time);
    }
    const limit = fastest + BAND;
    if (slowest <= limit) return servers; // as a rule
    const times = new Map(servers.map((server) => [server, this.time(server, now)]));
    const isFast = (server: Endpoint) => times.get(server)! <= limit;
    const slow = servers.filter((server) => !isFast(server));
    slow.sort((a, b) => times.get(a)! - times.get(b)!);
    const fast = servers.filter(isFast);
    if (fast.length === 0 || randomBelow(SLOW_TURN) > 0) return [...fast, ...slow];
    const [chosen] = slow.splice(randomBelow(slow.length), 1);
    return [chosen!, ...fast, ...slow];
  }

  private time(server: Endpoint, now: number): number {
    this.recent.selectServer(TAG, server);
    return this.recent.get(now);
  }
}
