// Zones that were answered from lately: whether they are ours, and how responses from them end. Questions come for the
// same zones again and again, and what stands at a zone cut takes a search for each label of the name. Zone cuts with a
// timestamp on any record are not remembered, because what they show changes while the file stays.
import { EMPTY, equalView, viewOf } from '../base/bytes.ts';
import { Tail } from '../wire/tail.ts';
import type { ClientView } from './client-view.ts';
import type { Question } from './responder.ts';

const SLOTS = 64;

/** One zone, as clients of one location see it. */
export class Zone {
  /** Where the zone's name stands in the file as a key, -1 in an empty slot; its length and cdb hash. */
  keyPos = -1;
  keyLength = 0;
  hash = 0;
  location = 0;
  /** The zone is ours; else it is delegated. */
  hasSoa = false;
  /** Its NS set and their addresses, as responses end with them. */
  readonly tail: Tail = new Tail();
  /** The same to clients that know EDNS, which get AAAA records too. */
  readonly ednsTail: Tail = new Tail();
}

export class ZoneMemory {
  private db: Uint8Array = EMPTY;
  private view: DataView = viewOf(EMPTY);
  private readonly slots: Zone[] = [];

  constructor() {
    for (let i = 0; i < SLOTS; i++) this.slots.push(new Zone());
  }

  /** Forgets everything when `db` is another file than before. */
  use(db: Uint8Array): void {
    if (db === this.db) return;
    this.db = db;
    this.view = viewOf(db);
    for (const slot of this.slots) slot.keyPos = -1;
  }

  /** The zone that the question's name from octet `at` on names, which has this cdb hash; undefined when unknown. */
  find(hash: number, { nameView, length }: Question, at: number, location: number): Zone | undefined {
    const zone = this.slots[hash & (SLOTS - 1)]!;
    if (zone.hash !== hash || zone.keyPos < 0 || zone.location !== location || zone.keyLength !== length - at) {
      return undefined;
    }
    return equalView(this.view, zone.keyPos, nameView, at, length - at) ? zone : undefined;
  }

  /** Remembers the zone whose name, of `length` octets, `view` collected last; one with an equal hash is forgotten. */
  add(view: ClientView, hash: number, length: number, hasSoa: boolean): Zone {
    const zone = this.slots[hash & (SLOTS - 1)]!;
    zone.keyPos = view.keyPos(length);
    zone.keyLength = length;
    zone.hash = hash;
    zone.location = view.location;
    zone.hasSoa = hasSoa;
    zone.tail.forget();
    zone.ednsTail.forget();
    return zone;
  }
}
