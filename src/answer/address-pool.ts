// The addresses of an answer: eight at most, in random order, so that clients spread over the hosts of a name.
// Counterpart: the shuffle in tdlookup.c's doit(), which keeps as many.

import * as TYPE from '../wire/type.ts';
import type { Section } from './section.ts';

/** Addresses given of a name that has more. */
const GIVEN_MAX = 8;

export class AddressPool {
  private readonly randomBelow: (n: number) => number;
  private readonly octets = new Uint8Array(4 * GIVEN_MAX);
  private seen = 0;
  private ttl = 0;

  /** `randomBelow(n)` picks 0 to n - 1. */
  constructor(randomBelow: (n: number) => number) {
    this.randomBelow = randomBelow;
  }

  clear(): void {
    this.seen = 0;
  }

  /**
   * Adds the address `db[from..from + 4]`. The first eight are shuffled inside out: each goes to a random place among
   * those already there, and what stood in that place moves to the end. From the ninth on the random place may be
   * behind the eighth, and then the address is not kept; so each of n addresses is kept with chance 8/n.
   */
  add(db: Uint8Array, from: number, ttl: number): void {
    const { octets } = this;
    const last = this.seen++;
    this.ttl = ttl;
    const place = this.randomBelow(last + 1);
    if (place >= GIVEN_MAX) return;
    if (place !== last && last < GIVEN_MAX) octets.copyWithin(4 * last, 4 * place, 4 * place + 4);
    for (let i = 0; i < 4; i++) octets[4 * place + i] = db[from + i]!;
  }

  /** Writes the addresses, all with the TTL of the last. False when there are none. */
  put(section: Section): boolean {
    const count = Math.min(this.seen, GIVEN_MAX);
    for (let i = 0; i < count; i++) {
      const mark = section.startRecord(TYPE.A, this.ttl);
      section.response.put(this.octets, 4 * i, 4 * i + 4);
      section.response.endRecord(mark);
    }
    return count > 0;
  }
}
