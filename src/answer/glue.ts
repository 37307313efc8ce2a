// The addresses of the hosts that NS and MX records of a response name, for its additional section. They are remembered
// from question to question: all answers from a zone carry the same ones, and looking them up again cost 0.6 us of 5.8.
// Names with a timestamp on any record are not remembered, because what they show changes while the file stays.

import { LOWER } from '../base/bytes.ts';
import { cdbHash } from '../cdb/hash.ts';
import { NAME_MAX, nameEqual, nameLength } from '../wire/name.ts';
import * as TYPE from '../wire/type.ts';
import type { Writer } from '../wire/writer.ts';
import { type ClientView, RecordList } from './client-view.ts';
import { Section } from './section.ts';

/** Types of addresses that the answer has. */
export const GIVEN_A = 1;
export const GIVEN_AAAA = 2;

const ADDITIONAL = 3;
const SLOTS = 256;

/** The addresses of one name for clients of one location. */
interface HostAddresses {
  /** Where the name stands in the file, -1 in an empty slot. */
  pos: number;
  location: number;
  /** cdb hash of the name, lowercased. */
  hash: number;
  count: number;
  /** The first so many are IPv4 addresses, the others IPv6 addresses. */
  count4: number;
  /** Where each address stands in the file, and its TTL. */
  readonly from: number[];
  readonly ttls: number[];
}

export class Glue {
  /** All addresses last written are remembered: they cannot change while the file stays. */
  isLasting = false;
  private db: Uint8Array | undefined;
  private readonly slots: HostAddresses[] = [];
  private readonly section = new Section();
  private readonly found = new RecordList();
  private readonly host = new Uint8Array(NAME_MAX);
  // The hosts named so far: where each name stands in the file, where in the response (-1: nowhere that can be pointed
  // to), and its hash, lowercased.
  private readonly positions: number[] = [];
  private readonly offsets: number[] = [];
  private readonly hashes: number[] = [];
  private count = 0;

  constructor() {
    for (let i = 0; i < SLOTS; i++) {
      this.slots.push({ pos: -1, location: 0, hash: 0, count: 0, count4: 0, from: [], ttls: [] });
    }
  }

  /** Begins a response from `db`. What was remembered of another file is forgotten. */
  start(db: Uint8Array): void {
    this.count = 0;
    if (db === this.db) return;
    this.db = db;
    for (const slot of this.slots) slot.pos = -1;
  }

  /** The response names the host at `pos` of the file, at `offset` of the response as `Writer.name` told it. */
  add(pos: number, offset: number): void {
    this.positions[this.count] = pos;
    this.offsets[this.count++] = offset;
  }

  /**
   * Writes the addresses of the hosts named, each host once, the IPv6 ones only `with6`. The name `owner` has addresses
   * in the answer already, of the types `given`; those are left out. False when something is corrupt.
   */
  put(view: ClientView, response: Writer, with6: boolean, owner: Uint8Array, given: number): boolean {
    const { db } = view;
    this.isLasting = true;
    for (let i = 0; i < this.count; i++) {
      const pos = this.positions[i]!;
      this.hashes[i] = -1;
      const without = given !== 0 && nameEqual(db, pos, owner, 0) ? given : 0;
      if (without & GIVEN_A && !with6) continue;
      const host = this.addressesOf(view, pos);
      if (!host) return false;
      if (host.pos < 0) this.isLasting = false;
      this.hashes[i] = host.hash;
      if (i > 0 && this.isNamedBefore(db, i)) continue;
      const from = without & GIVEN_A ? host.count4 : 0;
      const to = with6 && !(without & GIVEN_AAAA) ? host.count : host.count4;
      if (from === to) continue;
      this.beginHost(db, response, i);
      this.putAddresses(db, host, from, to);
    }
    return true;
  }

  /** The records to come are those of host `i`. */
  private beginHost(db: Uint8Array, response: Writer, i: number): void {
    // The name in the file has the case that it was typed with; owners are lowercase.
    if (this.offsets[i]! < 0) this.loadHost(db, this.positions[i]!);
    this.section.begin(response, ADDITIONAL, this.host, 0, this.offsets[i]);
  }

  private putAddresses(db: Uint8Array, { count4, from, ttls }: HostAddresses, first: number, end: number): void {
    const { section } = this;
    for (let j = first; j < end; j++) {
      const mark = section.startRecord(j < count4 ? TYPE.A : TYPE.AAAA, ttls[j]!);
      section.response.put(db, from[j], from[j]! + (j < count4 ? 4 : 16));
      section.response.endRecord(mark);
    }
  }

  /** The addresses of the host at `pos` of the file; undefined when something is corrupt. */
  private addressesOf(view: ClientView, pos: number): HostAddresses | undefined {
    const { found, host } = this;
    const slot = this.slots[(pos ^ (pos >>> 8)) & (SLOTS - 1)]!;
    if (slot.pos === pos && slot.location === view.location) return slot;
    slot.pos = -1;
    const length = this.loadHost(view.db, pos);
    slot.hash = cdbHash(host, 0, length);
    if (!view.collect(found, host, 0, length, false, slot.hash)) return undefined;
    slot.count = 0;
    for (let i = 0; i < found.count; i++) {
      if (found.types[i] !== TYPE.A) continue;
      if (found.from[i]! + 4 > found.to[i]!) return undefined;
      slot.from[slot.count] = found.from[i]!;
      slot.ttls[slot.count++] = found.ttls[i]!;
    }
    slot.count4 = slot.count;
    for (let i = 0; i < found.count; i++) {
      if (found.types[i] !== TYPE.AAAA || found.to[i]! - found.from[i]! !== 16) continue;
      slot.from[slot.count] = found.from[i]!;
      slot.ttls[slot.count++] = found.ttls[i]!;
    }
    slot.location = view.location;
    if (!view.sawTimed) slot.pos = pos;
    return slot;
  }

  /** The name at `pos` of the file, lowercased, into `host`; returns its length. */
  private loadHost(db: Uint8Array, pos: number): number {
    const length = nameLength(db, pos);
    for (let i = 0; i < length; i++) this.host[i] = LOWER[db[pos + i]!]!;
    return length;
  }

  /** True when host `i` is the same as one before it. */
  private isNamedBefore(db: Uint8Array, i: number): boolean {
    const { positions, hashes } = this;
    for (let j = 0; j < i; j++) {
      if (hashes[j] === hashes[i] && nameEqual(db, positions[i]!, db, positions[j]!)) return true;
    }
    return false;
  }
}
