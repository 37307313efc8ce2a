// The addresses of an answer: a few of them, in random order, so that clients spread over the hosts of a name.
// Counterpart: the shuffle in tdlookup.c's doit(), which keeps eight.

import type { Section } from './section.ts';

export class AddressPool {
  private readonly type: number;
  private readonly size: number;
  private readonly most: number;
  private readonly randomBelow: (n: number) => number;
  private octets: Uint8Array;
  private seen = 0;
  private ttl = 0;

  /**
   * For records of `type`, whose data have `size` octets; at most `most` are given. `randomBelow(n)` picks 0 to n - 1.
   */
  constructor(type: number, size: number, most: number, randomBelow: (n: number) => number) {
    this.type = type;
    this.size = size;
    this.most = most;
    this.randomBelow = randomBelow;
    this.octets = new Uint8Array(8 * size);
  }

  clear(): void {
    this.seen = 0;
  }

  /**
   * Adds the address at `db[from]`. The first ones are shuffled inside out: each goes to a random place among those
   * already there, and what stood in that place moves to the end. When there are as many as are given, the random place
   * may be behind the last, and then the address is not kept; so each of n addresses is kept with chance `most` / n.
   */
  add(db: Uint8Array, from: number, ttl: number): void {
    const { size, most } = this;
    const last = this.seen++;
    this.ttl = ttl;
    const place = this.randomBelow(last + 1);
    if (place >= most) return;
    if (last < most && size * (last + 1) > this.octets.length) this.grow();
    const { octets } = this;
    if (place !== last && last < most) octets.copyWithin(size * last, size * place, size * (place + 1));
    for (let i = 0; i < size; i++) octets[size * place + i] = db[from + i]!;
  }

  /** Writes the addresses, all with the TTL of the last. False when there are none. */
  put(section: Section): boolean {
    const { size } = this;
    const count = Math.min(this.seen, this.most);
    for (let i = 0; i < count; i++) {
      const mark = section.startRecord(this.type, this.ttl);
      section.response.put(this.octets, size * i, size * (i + 1));
      section.response.endRecord(mark);
    }
    return count > 0;
  }

  private grow(): void {
    const larger = new Uint8Array(2 * this.octets.length);
    larger.set(this.octets);
    this.octets = larger;
  }
}
