// Zones that were answered from lately: what there is at the zone cut, and the tail of a reply, that is, its NS set and
// glue, as it was once composed. Nearly every answer out of a zone ends with the same octets but for where its pointers
// point. Only what cannot change while the file stays is kept: no name with a timestamp on any of its records.
// Saves 0.5 us of 5.5 a query (bench/tinydns.ts).
import { equalAt, LOWER } from '../base/bytes.ts';
import { HEADER_SIZE } from '../wire/constants.ts';
import type { Writer } from '../wire/writer.ts';

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
  // The pointers in the tail: where, to what offset, and whether that counts from the tail's start or from where the
  // cut's name stands in the question.
  private pointers = 0;
  private readonly pointerAt = new Uint16Array(POINTERS_MAX);
  private readonly pointerTo = new Uint16Array(POINTERS_MAX);
  private readonly isInTail = new Uint8Array(POINTERS_MAX);

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
    this.pointers = 0;
    const cutAt = HEADER_SIZE + cut;
    for (let pos = 0; pos < size; ) {
      if (!this.keepPointer(pos, start, cutAt)) return;
      const data = pos + 12; // behind owner, type, class, TTL and length
      pos = data + ((this.tail[pos + 10]! << 8) | this.tail[pos + 11]!);
      if (data + start > glueStart) continue; // an address
      const end = this.labelsEnd(data);
      if (end < pos && this.tail[end]! >= 0xc0 && !this.keepPointer(end, start, cutAt)) return;
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
    const { tail, tailLength } = this;
    if (tailLength === 0 || length > QNAME_MAX || reply.length > 8192) return -1;
    const before = labelBefore(name, cut);
    const start = reply.length;
    const at = reply.pos;
    for (let i = 0; i < this.pointers; i++) {
      if (this.isInTail[i] === 0 && this.pointerTo[i] === 0 && this.follows(name, before, this.pointerAt[i]!))
        return -1;
    }
    reply.put(tail, 0, tailLength);
    if (reply.failed) return -1;
    for (let i = 0; i < this.pointers; i++) {
      const target = this.pointerTo[i]! + (this.isInTail[i] === 1 ? start : HEADER_SIZE + cut);
      const pos = at + this.pointerAt[i]!;
      reply.bytes[pos] = 0xc0 | (target >> 8);
      reply.bytes[pos + 1] = target;
    }
    reply.setCount(2, this.nsCount);
    reply.setCount(3, this.glueCount);
    return start + this.authorityLength;
  }

  private keepPointer(pos: number, start: number, cutAt: number): boolean {
    const { tail, pointers } = this;
    const target = ((tail[pos]! & 0x3f) << 8) | tail[pos + 1]!;
    if (tail[pos]! < 0xc0 || pointers === POINTERS_MAX || target < cutAt) return false;
    this.pointerAt[pointers] = pos;
    this.isInTail[pointers] = target >= start ? 1 : 0;
    this.pointerTo[pointers] = target - (target >= start ? start : cutAt);
    this.pointers++;
    return true;
  }

  /** Where the labels of the name at `pos` end: at its pointer or its zero octet. */
  private labelsEnd(pos: number): number {
    const { tail } = this;
    while (tail[pos]! > 0 && tail[pos]! < 0xc0) pos += tail[pos]! + 1;
    return pos;
  }

  /** True when the label that ends at `end` of the tail is the one at `name[at]`. */
  private follows(name: Uint8Array, at: number, end: number): boolean {
    const { tail } = this;
    const label = name[at]!;
    const from = end - label - 1;
    if (from < 0 || tail[from] !== label) return false;
    for (let i = 1; i <= label; i++) if (LOWER[tail[from + i]!] !== LOWER[name[at + i]!]) return false;
    return true;
  }
}

/** Where the label before the name at `name[cut]` begins. */
function labelBefore(name: Uint8Array, cut: number): number {
  let at = 0;
  for (let next = name[0]! + 1; next < cut; next = at + name[at]! + 1) at = next;
  return at;
}

export class ZoneCache {
  private db: Uint8Array | undefined;
  private readonly slots: Zone[] = [];

  constructor() {
    for (let i = 0; i < SLOTS; i++) this.slots.push(new Zone());
  }

  /** Forgets everything when `db` is another file than before. */
  use(db: Uint8Array): void {
    if (db === this.db) return;
    this.db = db;
    for (const slot of this.slots) slot.keyPos = -1;
  }

  /** The slot for a name with this hash; it may hold another. */
  slot(hash: number): Zone {
    return this.slots[hash & (SLOTS - 1)]!;
  }

  /** The zone of `name[at..length]`, which has this cdb hash, or undefined. */
  find(hash: number, name: Uint8Array, at: number, length: number, location: number): Zone | undefined {
    const zone = this.slot(hash);
    if (zone.hash !== hash || zone.keyPos < 0 || zone.location !== location || zone.keyLength !== length - at) {
      return undefined;
    }
    return equalAt(this.db!, zone.keyPos, name, at, length - at) ? zone : undefined;
  }
}
