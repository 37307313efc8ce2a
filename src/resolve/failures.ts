// What went wrong lately: which servers are dead or lame, which questions failed. Without it every client pays again
// for a server that does not answer (RFC 9520 asks resolvers to remember failures). A fixed table that forgets: an
// entry is a keyed hash of 64 bits and a time, and a newer one takes the place of the one that stood there.
//
// All times are Unix seconds. Names are wire names in any case.
import type { Endpoint } from '../base/endpoint.ts';
import { NameHash } from '../base/keyed-hash.ts';
import { NAME_MAX, nameLength } from '../wire/name.ts';
import type { Asked } from './level.ts';

const SLOTS = 8192;

/** Seconds to remember that a server is dead or lame, and that a question failed. */
const SERVER_SECONDS = 60;
const QUESTION_SECONDS = 5;

// What an entry is about: a server, a server for a zone; a question is kept under its type, below these.
const TAG_DEAD = 0x10000;
const TAG_LAME = 0x20000;
const TAG_LOOKUP = 0x30000;

/** A bounded set of failures. */
export class Failures {
  private readonly marks = new Uint32Array(SLOTS);
  private readonly until = new Float64Array(SLOTS);
  /** No entry lasts longer. */
  private latest = 0;
  private readonly hash = new NameHash();
  /** Scratch for what is hashed: an address at four bits an octet, which case does not change, and a name. */
  private readonly key = new Uint8Array(32 + NAME_MAX);

  /** The server was silent or unreachable. */
  addDead(server: Endpoint, now: number): void {
    this.add(TAG_DEAD, this.key, this.putServer(server), now + SERVER_SECONDS);
  }

  removeDead(server: Endpoint): void {
    if (this.latest === 0) return;
    const slot = this.slotOf(TAG_DEAD, this.key, this.putServer(server));
    if (this.marks[slot] === this.hash.mixed(TAG_DEAD)) this.until[slot] = 0;
  }

  /** The server does not serve the zone that it was asked about. */
  addLame(server: Endpoint, asked: Asked, now: number): void {
    this.add(TAG_LAME, this.key, this.putServerAndZone(server, asked), now + SERVER_SECONDS);
  }

  /** The server was dead, or lame for this zone, a moment ago. */
  hasServer(server: Endpoint, asked: Asked, now: number): boolean {
    if (now >= this.latest) return false; // as a rule all is well
    return (
      this.has(TAG_DEAD, this.key, this.putServer(server), now) ||
      this.has(TAG_LAME, this.key, this.putServerAndZone(server, asked), now)
    );
  }

  /** Nobody answered the client's question for this name and type. */
  addQuestion(name: Uint8Array, type: number, now: number): void {
    this.add(type, name, nameLength(name), now + QUESTION_SECONDS);
  }

  hasQuestion(name: Uint8Array, type: number, now: number): boolean {
    return this.has(type, name, nameLength(name), now);
  }

  /** Nobody told the address of this name server. Kept apart from clients' questions. */
  addLookup(name: Uint8Array, now: number): void {
    this.addQuestion(name, TAG_LOOKUP, now);
  }

  hasLookup(name: Uint8Array, now: number): boolean {
    return this.hasQuestion(name, TAG_LOOKUP, now);
  }

  private add(tag: number, bytes: Uint8Array, length: number, until: number): void {
    const slot = this.slotOf(tag, bytes, length);
    this.marks[slot] = this.hash.mixed(tag);
    this.until[slot] = until;
    this.latest = Math.max(this.latest, until);
  }

  private has(tag: number, bytes: Uint8Array, length: number, now: number): boolean {
    if (now >= this.latest) return false;
    const slot = this.slotOf(tag, bytes, length);
    return this.until[slot]! > now && this.marks[slot] === this.hash.mixed(tag);
  }

  /** The place of an entry; its mark is `hash.mixed(tag)` afterwards. */
  private slotOf(tag: number, bytes: Uint8Array, length: number): number {
    this.hash.take(bytes, 0, length);
    return this.hash.mixed(~tag) & (SLOTS - 1);
  }

  private putServer(server: Endpoint): number {
    let at = 0;
    for (const octet of server.ip) {
      this.key[at++] = octet >> 4;
      this.key[at++] = octet & 15;
    }
    return at;
  }

  private putServerAndZone(server: Endpoint, { name, zoneAt }: Asked): number {
    const at = this.putServer(server);
    const length = nameLength(name, zoneAt);
    for (let i = 0; i < length; i++) this.key[at + i] = name[zoneAt + i]!;
    return at + length;
  }
}
