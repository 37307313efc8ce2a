// A bounded table of what happened lately. It forgets: an entry is a keyed hash of 64 bits, a time until which it
// counts, and a number; a newer one takes the place of the one that stood there. Nobody outside can choose what it
// forgets.

import type { Endpoint } from '../base/endpoint.ts';
import { NameHash } from '../base/keyed-hash.ts';
import { nameLength } from '../wire/name.ts';
import type { Asked } from './level.ts';

const SLOTS = 8192;

/**
 * The table. Entries are about a name, a server, or a server and a zone, under a tag; one is selected, then used. Times
 * are the resolver's seconds.
 */
export class Recent {
  private readonly marks = new Uint32Array(SLOTS);
  private readonly until = new Float64Array(SLOTS);
  private readonly numbers = new Float64Array(SLOTS);
  /** No entry counts longer. */
  private latest = 0;
  private readonly hash = new NameHash();
  // What was selected.
  private slot = 0;
  private mark = 0;

  /** Nothing at all counts any more: as a rule all is well. */
  isEmpty(now: number): boolean {
    return now >= this.latest;
  }

  /** What the following calls are about: the name at `name[at]`, under the tag. */
  selectName(tag: number, name: Uint8Array, at = 0): void {
    this.hash.take(name, at, nameLength(name, at));
    this.selectTaken(tag);
  }

  selectServer(tag: number, server: Endpoint): void {
    this.hash.takeEndpoint(server.ip, server.port);
    this.selectTaken(tag);
  }

  /** The server, as one that is asked about this zone. */
  selectServerAndZone(tag: number, server: Endpoint, { name, zoneAt }: Asked): void {
    this.hash.takeEndpoint(server.ip, server.port, name, zoneAt, nameLength(name, zoneAt));
    this.selectTaken(tag);
  }

  set(until: number, number = 0): void {
    const { slot } = this;
    this.marks[slot] = this.mark;
    this.until[slot] = until;
    this.numbers[slot] = number;
    this.latest = Math.max(this.latest, until);
  }

  /** The number of the entry; -1 when there is none that counts. */
  get(now: number): number {
    const { slot } = this;
    return this.until[slot]! > now && this.marks[slot] === this.mark ? this.numbers[slot]! : -1;
  }

  has(now: number): boolean {
    return this.get(now) >= 0;
  }

  remove(): void {
    const { slot } = this;
    if (this.marks[slot] === this.mark) this.until[slot] = 0;
  }

  private selectTaken(tag: number): void {
    this.slot = this.hash.mixed(~tag) & (SLOTS - 1);
    this.mark = this.hash.mixed(tag);
  }
}
