// Lines of addresses by name and location to cdb records. Counterpart: pickdns-data.c, sort of it included: addresses
// of one name come out in the order that an unstable heapsort leaves them in, so data.cdb is octet for
// octet the original's. The records are in pickdns-record.ts and location.ts.

import { scanIp4 } from '../base/address.ts';
import { pack16, unpack16 } from '../base/bytes.ts';
import { Fatal } from '../base/errors.ts';
import type { CdbMaker } from '../cdb/maker.ts';
import { lowerInPlace, NAME_MAX, scanName } from '../wire/name.ts';
import { BadLine } from './bad-line.ts';
import { Fields } from './fields.ts';
import { addLocation, PICKDNS_LOCATIONS } from './location.ts';
import { ADDRESS_SIZE, ADDRESSES_KEY_MAX, putAddressesKey } from './pickdns-record.ts';

const HASH = 35;
const PERCENT = 37;
const PLUS = 43;
const DASH = 45;

// An entry in `entries`: its address (4 octets), then what it is sorted by: location (2), length of the name (1), the
// name in wire form, lowercase.
const LOCATION = 4;
const LENGTH = 6;
const NAME = 7;

/** Compiles lines into a cdb; `line` for each line, `end` after the last, then the caller finishes the maker. */
export class PickdnsCompiler {
  private readonly maker: CdbMaker;
  private readonly fields = new Fields();
  private readonly key = new Uint8Array(ADDRESSES_KEY_MAX);
  private entries = new Uint8Array(1 << 16);
  private used = 0;
  private starts = new Uint32Array(1024); // where each entry begins
  private count = 0;

  constructor(maker: CdbMaker) {
    this.maker = maker;
  }

  /**
   * Takes the line `text[from..to]`, blanks at its end already removed, not empty. Throws `BadLine`; `Fatal` for a name
   * that is too long, in the original's words.
   */
  line(text: Uint8Array, from: number, to: number): void {
    const first = text[from];
    if (first === HASH || first === DASH) return;
    if (first !== PLUS && first !== PERCENT) throw new BadLine('unrecognized leading character');
    this.fields.split(text, from + 1, to);
    if (first === PLUS) this.address();
    else addLocation(this.maker, PICKDNS_LOCATIONS, this.fields);
  }

  /** Adds a record for every location and name, sorted, with its addresses. */
  end(): void {
    const { entries, starts, count } = this;
    heapSort(starts, count, (a, b) => this.compare(a, b));
    let value = new Uint8Array(4096);
    for (let i = 0; i < count; ) {
      const first = starts[i]!;
      let end = 0;
      do {
        if (end + ADDRESS_SIZE > value.length) value = doubled(value, value.length + ADDRESS_SIZE);
        for (let octet = 0; octet < ADDRESS_SIZE; octet++) value[end++] = entries[starts[i]! + octet]!;
        i++;
      } while (i < count && this.compare(starts[i]!, first) === 0);
      const location = unpack16(entries, first + LOCATION);
      const keyLength = putAddressesKey(this.key, location, entries, first + NAME, entries[first + LENGTH]!);
      this.maker.add(this.key, value, keyLength, end);
    }
  }

  /** `+NAME:IP:LOCATION`. */
  private address(): void {
    const { fields } = this;
    const start = this.used;
    if (start + NAME + NAME_MAX + 1 > this.entries.length) this.entries = doubled(this.entries, this.used);
    if (this.count === this.starts.length) {
      const larger = new Uint32Array(2 * this.count);
      larger.set(this.starts);
      this.starts = larger;
    }
    const { entries } = this;
    const length = scanName(fields.text, fields.from[0]!, fields.to[0]!, entries, start + NAME);
    if (length === 0) throw new Fatal('out of memory');
    if (scanIp4(fields.text, fields.from[1]!, fields.to[1]!, entries, start) === 0) {
      throw new BadLine('malformed IP address');
    }
    pack16(entries, start + LOCATION, fields.location(2));
    entries[start + LENGTH] = length;
    lowerInPlace(entries, start + NAME, length);
    this.starts[this.count++] = start;
    this.used = start + NAME + length;
  }

  /** Below, at or above 0 as entry `a` comes before, with or after entry `b`. */
  private compare(a: number, b: number): number {
    const { entries } = this;
    let left = NAME - LOCATION + entries[a + LENGTH]!; // when the lengths differ it ends there at the latest
    for (let at = LOCATION; left > 0; at++, left--) {
      const difference = entries[a + at]! - entries[b + at]!;
      if (difference !== 0) return difference;
    }
    return 0;
  }
}

/** A copy with twice the room; the first `used` octets are kept. */
function doubled(bytes: Uint8Array, used: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(2 * bytes.length);
  larger.set(bytes.subarray(0, used));
  return larger;
}

/**
 * Sorts the first `count` items. Bottom-up heapsort; where equal items end up is part of the file format: the hole
 * sinks to a leaf, past the right child of two equal ones, and the item climbs back only past what is smaller than it.
 */
export function heapSort(items: Uint32Array, count: number, compare: (a: number, b: number) => number): void {
  let root = count; // items root..end are in heap order; both count from 1
  let end = count;
  while (end > 1) {
    let item: number;
    if (root > 1) {
      root--;
      item = items[root - 1]!;
    } else {
      item = items[end - 1]!;
      items[end - 1] = items[0]!;
      end--;
    }
    let hole = root;
    let child = 2 * hole;
    while (child < end) {
      if (compare(items[child]!, items[child - 1]!) >= 0) child++;
      items[hole - 1] = items[child - 1]!;
      hole = child;
      child = 2 * hole;
    }
    if (child === end) {
      items[hole - 1] = items[child - 1]!;
      hole = child;
    }
    while (hole > root) {
      const parent = hole >> 1;
      if (compare(item, items[parent - 1]!) <= 0) break;
      items[hole - 1] = items[parent - 1]!;
      hole = parent;
    }
    items[hole - 1] = item;
  }
}
