// The tail of a response, recorded and replayed: authority and additional section as they were once composed. Nearly
// every answer from a zone ends with the same octets, but for where its compression pointers point; replaying them
// saves 0.5 us of 5.5 a query (bench/tinydns.ts). Replayed octets are those that composing anew would give.

import { LOWER, viewOf } from '../base/bytes.ts';
import { HEADER_SIZE } from './constants.ts';
import type { Writer } from './writer.ts';

/** Longest tail that is kept. */
const TAIL_MAX = 400;
const POINTERS_MAX = 40;
/** Names of questions up to this length have at most 64 suffixes, and the writer points to all of them. */
const QNAME_MAX = 128;
/** Suffixes in a response whose tail is kept, so that the writer has room for the tail's behind any such question. */
const SUFFIXES_MAX = 36;
/** Responses longer than this before the tail might put it where pointers do not reach. */
const START_MAX = 8192;

const AUTHORITY = 2;
const ADDITIONAL = 3;

/** A tail that begins behind a response in which no name but the question's was written. */
export class Tail {
  private length = 0; // 0: there is none
  private authorityCount = 0;
  private additionalCount = 0;
  private readonly octets = new Uint8Array(TAIL_MAX);
  private readonly view: DataView = viewOf(this.octets);
  // The pointers: where in the tail, and how far behind a place that is elsewhere in each response: the zone's name in
  // the question, or the tail's beginning.
  private readonly intoZone = new Pointers();
  private readonly intoTail = new Pointers();
  // Where the labels stand that a pointer to the zone's name follows: the last labels of hosts within the zone.
  private labels = 0;
  private readonly labelAt = new Uint16Array(POINTERS_MAX);
  // Where the recording began, and where the zone's name stands in that response.
  private start = 0;
  private zoneAt = 0;
  private canKeep = false;

  forget(): void {
    this.length = 0;
  }

  /**
   * Begins recording: what is written into `response` from now on, until `end`, goes behind a question whose name, of
   * `length` octets, has the zone's name from octet `zoneAt` on (not 0). `response` tells of each pointer it writes.
   */
  record(response: Writer, length: number, zoneAt: number): void {
    this.length = 0;
    this.intoZone.count = 0;
    this.intoTail.count = 0;
    this.labels = 0;
    this.start = response.length;
    this.zoneAt = HEADER_SIZE + zoneAt;
    this.canKeep = length <= QNAME_MAX;
    response.tail = this;
  }

  /**
   * The pointer at offset `at` of the response leads to offset `target`. Before it, if that is not -1, the label at
   * offset `label` was written as part of the same name.
   */
  pointer(at: number, target: number, label: number): void {
    const { start, zoneAt } = this;
    if (target >= start) {
      if (!this.intoTail.add(at - start, target - start)) this.canKeep = false;
    } else if (target < zoneAt || !this.intoZone.add(at - start, target - zoneAt)) this.canKeep = false;
    else if (target === zoneAt && label >= 0) this.labelAt[this.labels++] = label - start;
  }

  /** Ends recording. What cannot be replayed is not kept. */
  end(response: Writer): void {
    response.tail = undefined;
    const { start, octets } = this;
    const { bytes, origin } = response;
    const size = response.length - start;
    if (response.failed || !this.canKeep || size > TAIL_MAX || response.suffixes > SUFFIXES_MAX) return;
    for (let i = 0; i < size; i++) octets[i] = bytes[origin + start + i]!;
    this.authorityCount = response.count(AUTHORITY);
    this.additionalCount = response.count(ADDITIONAL);
    this.length = size;
  }

  /**
   * Ends `response` with the tail if it is the same here and at most `max` octets come of it. Nothing but the
   * question's name, `name` with `length` octets, was written as a name into `response`; the zone's name begins at its
   * octet `zoneAt`. Returns false, and has written nothing, when the tail has to be composed.
   */
  replay(response: Writer, name: Uint8Array, length: number, zoneAt: number, max: number): boolean {
    const start = response.length;
    const size = this.length;
    if (size === 0 || length > QNAME_MAX || start > START_MAX || start + size > max) return false;
    // Composed anew, a host whose label before the zone's name is also the question's would share that label with it.
    if (this.labels > 0 && this.hasLabel(name, labelBefore(name, zoneAt))) return false;
    const at = response.pos;
    response.putView(this.view, 0, size);
    if (response.failed) return true;
    this.intoZone.put(response, at, HEADER_SIZE + zoneAt);
    this.intoTail.put(response, at, start);
    response.setCount(AUTHORITY, this.authorityCount);
    response.setCount(ADDITIONAL, this.additionalCount);
    return true;
  }

  /** True when one of the labels before pointers to the zone's name is the one at `name[at]`. */
  private hasLabel(name: Uint8Array, at: number): boolean {
    for (let i = 0; i < this.labels; i++) if (isLabel(this.octets, this.labelAt[i]!, name, at)) return true;
    return false;
  }
}

/**
 * Compression pointers of a tail: where they are, and how far behind a place that each response has elsewhere they
 * lead.
 */
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

  /** Writes them into a tail that begins at `tail` of the response's buffer; the place is at offset `place`. */
  put(response: Writer, tail: number, place: number): void {
    for (let i = 0; i < this.count; i++) response.setPointer(tail + this.at[i]!, place + this.to[i]!);
  }
}

/** True when the labels at `a[aAt]` and `b[bAt]` are the same, ignoring ASCII case. */
function isLabel(a: Uint8Array, aAt: number, b: Uint8Array, bAt: number): boolean {
  for (let i = 0; i <= b[bAt]!; i++) if (LOWER[a[aAt + i]!] !== LOWER[b[bAt + i]!]) return false;
  return true;
}

/** Where the label before the name at `name[to]` begins. */
function labelBefore(name: Uint8Array, to: number): number {
  let at = 0;
  for (let next = name[0]! + 1; next < to; next = at + name[at]! + 1) at = next;
  return at;
}
