// A bounded table of what happened lately. It forgets: an entry is a keyed hash of 64 bits, a time until which it
// counts, and a number; a newer one takes the place of the one that stood there. Nobody outside can choose what it
// forgets.

import type { Endpoint } from '../base/endpoint.ts';
import { NameHash } from '../base/keyed-hash.ts';
import { NAME_MAX, nameLength } from '../wire/name.ts';
import type { Asked } from './level.ts';

const SLOTS = 8192;

/**
 * The table. Entries are about a name, a server, or a server and a zone, under a tag; times are the resolver's seconds.
 */
export class Recent {
  private readonly marks = new Uint32Array(SLOTS);
  private readonly until = new Float64Array(SLOTS);
  private readonly numbers = new Float64Array(SLOTS);
  /** No entry counts longer. */
  private latest = 0;
  private readonly hash = new NameHash();
  /** Scratch for what is hashed: an address at four bits an octet, which case does not change, a port, a name. */
  private readonly key = new Uint8Array(36 + NAME_MAX);
  private keyLength = 0;

  /** Nothing at all counts any more: as a rule all is well. */
  isEmpty(now: number): boolean {
    return now >= this.latest;
  }

  /** What the following calls are about: the name at `name[at]`. */
  selectName(name: Uint8Array, at = 0): void {
    this.keyLength = 0;
    this.appendName(name, at);
  }

  selectServer({ ip, port }: Endpoint): void {
    let at = 0;
    for (const octet of ip) {
      this.key[at++] = octet >> 4;
      this.key[at++] = octet & 15;
    }
    for (let shift = 12; shift >= 0; shift -= 4) this.key[at++] = (port >> shift) & 15;
    this.keyLength = at;
  }

  /** The server, as one that is asked about this zone. */
  selectServerAndZone(server: Endpoint, { name, zoneAt }: Asked): void {
    this.selectServer(server);
    this.appendName(name, zoneAt);
  }

  set(tag: number, until: number, number = 0): void {
    const slot = this.slotOf(tag);
    this.marks[slot] = this.hash.mixed(tag);
    this.until[slot] = until;
    this.numbers[slot] = number;
    this.latest = Math.max(this.latest, until);
  }

  /** The number of the entry; -1 when there is none that counts. */
  get(tag: number, now: number): number {
    const slot = this.slotOf(tag);
    return this.until[slot]! > now && this.marks[slot] === this.hash.mixed(tag) ? this.numbers[slot]! : -1;
  }

  has(tag: number, now: number): boolean {
    return this.get(tag, now) >= 0;
  }

  remove(tag: number): void {
    const slot = this.slotOf(tag);
    if (this.marks[slot] === this.hash.mixed(tag)) this.until[slot] = 0;
  }

  private appendName(name: Uint8Array, at: number): void {
    const length = nameLength(name, at);
    for (let i = 0; i < length; i++) this.key[this.keyLength + i] = name[at + i]!;
    this.keyLength += length;
  }

  /** The place of an entry; its mark is `hash.mixed(tag)` afterwards. */
  private slotOf(tag: number): number {
    this.hash.take(this.key, 0, this.keyLength);
    return this.hash.mixed(~tag) & (SLOTS - 1);
  }
}
