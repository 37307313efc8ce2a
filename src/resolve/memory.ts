// What went wrong lately: which servers are dead or lame, which questions failed. Without it every client pays again
// for a server that does not answer (RFC 9520 asks resolvers to remember failures). A fixed table that forgets: an
// entry is a keyed hash of 64 bits and a time, and a newer one takes the place of the one that stood there.
import { NameHash } from '../base/keyed-hash.ts';

const SLOTS = 8192;

/** A bounded set of things to remember until a time. */
export class Memory {
  private readonly marks = new Uint32Array(SLOTS);
  private readonly until = new Float64Array(SLOTS);
  /** Nothing is remembered for longer. */
  private latest = 0;
  private readonly hash = new NameHash();
  private mark = 0; // what `slotOf` found beside the slot

  /** Remembers `bytes[at..at + length]` together with `tag` until the Unix second `until`. Case is ignored. */
  remember(tag: number, bytes: Uint8Array, at: number, length: number, until: number): void {
    const slot = this.slotOf(tag, bytes, at, length);
    this.marks[slot] = this.mark;
    this.until[slot] = until;
    this.latest = Math.max(this.latest, until);
  }

  /** True when it was remembered until `now` or later. */
  holds(tag: number, bytes: Uint8Array, at: number, length: number, now: number): boolean {
    if (now >= this.latest) return false; // as a rule all is well
    const slot = this.slotOf(tag, bytes, at, length);
    return this.marks[slot] === this.mark && this.until[slot]! > now;
  }

  /** Forgets it. */
  forget(tag: number, bytes: Uint8Array, at: number, length: number): void {
    if (this.latest === 0) return;
    const slot = this.slotOf(tag, bytes, at, length);
    if (this.marks[slot] === this.mark) this.until[slot] = 0;
  }

  private slotOf(tag: number, bytes: Uint8Array, at: number, length: number): number {
    this.hash.take(bytes, at, length);
    this.mark = this.hash.mixed(tag);
    return this.hash.mixed(~tag) & (SLOTS - 1);
  }
}
