// Zones that were answered from lately: what there is at the zone cut, and the tail of a reply, that is, its NS set and
// glue, as it was once composed. Nearly every answer out of a zone ends with the same octets but for where its pointers
// point. Only what cannot change while the file stays is kept: no name with a timestamp on any of its records.
// Saves 0.5 us of 5.5 a query (bench/tinydns.ts).
import { EMPTY, equalView, LOWER, viewOf } from '../base/bytes.ts';
import { HEADER_SIZE } from '../wire/constants.ts';
import type { Writer } from '../wire/writer.ts';
import type { Question } from './question.ts';

const SLOTS = 64;
/** Longest tail that is kept. */
const TAIL_MAX = 400;
const POINTERS_MAX = 40;
/** Questions up to this length have all their suffixes remembered by the writer, whatever their labels. */
const QNAME_MAX = 128;

/** One zone, as clients of one location see it. */
export class Zone {
  /** Where the cut's name stands in the file as a key, -1 in an empty slot; its length and cdb hash. */
  keyPos = -1;
  keyLength = 0;
  hash = 0;
  location = 0;
  /** The zone is ours; else it is delegated. */
  hasSoa = false;

  private tailLength = 0; // 0: there is none
  private authorityLength = 0;
  private nsCount = 0;
  private glueCount = 0;
  private readonly tail = new Uint8Array(TAIL_MAX);
  private readonly tailView: DataView = viewOf(this.tail);
  // The pointers in the tail: where, and to what offset. Those to the cut's name and its ends count from where that name
  // stands in the question; the others from the tail's start.
  private readonly intoCut = new Pointers();
  private readonly intoTail = new Pointers();
  // Where the labels stand that a pointer to the cut's name follows: the last labels of servers within the zone.
  private lastLabels = 0;
  private readonly lastLabelAt = new Uint16Array(POINTERS_MAX);

  fill(keyPos: number, keyLength: number, hash: number, location: number, hasSoa: boolean): void {
    this.keyPos = keyPos;
    this.keyLength = keyLength;
    this.hash = hash;
    this.location = location;
    this.hasSoa = hasSoa;
    this.tailLength = 0;
  }

  /**
   * Keeps the octets of `reply` from offset `start` on as the tail: NS records of the cut up to offset `glueStart`,
   * then A records. The question's name is `length` octets, the cut's name begins at its octet `cut`, which is not 0.
   * What cannot be kept is not.
   */
  keepTail(reply: Writer, start: number, glueStart: number, length: number, cut: number): void {
    const size = reply.length - start;
    this.tailLength = 0;
    if (size > TAIL_MAX || length > QNAME_MAX) return;
    const { bytes, origin } = reply;
    for (let i = 0; i < size; i++) this.tail[i] = bytes[origin + start + i]!;
    this.intoCut.count = 0;
    this.intoTail.count = 0;
    this.lastLabels = 0;
    const cutAt = HEADER_SIZE + cut;
    for (let pos = 0; pos < size; ) {
      if (!this.keepPointer(pos, pos, start, cutAt)) return;
      const data = pos + 12; // behind owner, type, class, TTL and length
      pos = data + ((this.tail[pos + 10]! << 8) | this.tail[pos + 11]!);
      if (data + start > glueStart) continue; // an address
      let label = data;
      let end = data;
      while (this.tail[end]! > 0 && this.tail[end]! < 0xc0) {
        label = end;
        end += this.tail[end]! + 1;
      }
      if (end < pos && this.tail[end]! >= 0xc0 && !this.keepPointer(end, label, start, cutAt)) return;
    }
    this.authorityLength = glueStart - start;
    this.nsCount = reply.count(2);
    this.glueCount = reply.count(3);
    this.tailLength = size;
  }

  /**
   * Ends `reply` with the tail, if it is the same here: the only names in `reply` are the question's, `name` with
   * `length` octets, and no name in the tail shares more with the question than the cut's name. Returns the offset
   * where the authority section ends, or -1 when nothing was written.
   */
  putTail(reply: Writer, name: Uint8Array, length: number, cut: number): number {
    const { tailLength } = this;
    if (tailLength === 0 || length > QNAME_MAX || reply.length > 8192) return -1;
    const start = reply.length;
    const at = reply.pos;
    if (this.lastLabels > 0) {
      const before = labelBefore(name, cut);
      for (let i = 0; i < this.lastLabels; i++) if (this.isLabel(this.lastLabelAt[i]!, name, before)) return -1;
    }
    reply.putView(this.tailView, 0, tailLength);
    if (reply.failed) return -1;
    this.intoCut.put(reply, at, HEADER_SIZE + cut);
    this.intoTail.put(reply, at, start);
    reply.setCount(2, this.nsCount);
    reply.setCount(3, this.glueCount);
    return start + this.authorityLength;
  }

  /** Keeps the pointer at `pos` of the tail, before which a label begins at `label` if that is another place. */
  private keepPointer(pos: number, label: number, start: number, cutAt: number): boolean {
    const { tail } = this;
    const target = ((tail[pos]! & 0x3f) << 8) | tail[pos + 1]!;
    if (tail[pos]! < 0xc0 || target < cutAt) return false;
    if (target >= start) return this.intoTail.add(pos, target - start);
    if (target === cutAt && label !== pos) this.lastLabelAt[this.lastLabels++] = label;
    return this.intoCut.add(pos, target - cutAt);
  }

  /** True when the label at `from` of the tail is the one at `name[at]`. */
  private isLabel(from: number, name: Uint8Array, at: number): boolean {
    const { tail } = this;
    const label = name[at]!;
    if (tail[from] !== label) return false;
    for (let i = 1; i <= label; i++) if (LOWER[tail[from + i]!] !== LOWER[name[at + i]!]) return false;
    return true;
  }
}

/** Compression pointers of a tail: where they are, and how far behind a place that is another in each reply they point. */
class Pointers {
  count = 0;
  private readonly at = new Uint16Array(POINTERS_MAX);
  private readonly to = new Uint16Array(POINTERS_MAX);

  /** False when there is no room. */
  add(at: number, to: number): boolean {
    if (this.count === POINTERS_MAX) return false;
    this.at[this.count] = at;
    this.to[this.count++] = to;
    return true;
  }

  /** Writes them into a tail that begins at `tail` of the reply's buffer; the place is `place` octets into the reply. */
  put(reply: Writer, tail: number, place: number): void {
    for (let i = 0; i < this.count; i++) reply.setPointer(tail + this.at[i]!, place + this.to[i]!);
  }
}

/** Where the label before the name at `name[cut]` begins. */
function labelBefore(name: Uint8Array, cut: number): number {
  let at = 0;
  for (let next = name[0]! + 1; next < cut; next = at + name[at]! + 1) at = next;
  return at;
}

export class ZoneCache {
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

  /** The slot for a name with this hash; it may hold another. */
  slot(hash: number): Zone {
    return this.slots[hash & (SLOTS - 1)]!;
  }

  /** The zone of the end of the question's name from `at` on, which has this cdb hash, or undefined. */
  find(hash: number, { nameView, length }: Question, at: number, location: number): Zone | undefined {
    const zone = this.slot(hash);
    if (zone.hash !== hash || zone.keyPos < 0 || zone.location !== location || zone.keyLength !== length - at) {
      return undefined;
    }
    return equalView(this.view, zone.keyPos, nameView, at, length - at) ? zone : undefined;
  }
}
