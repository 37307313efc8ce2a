// Lists of addresses to cdb records. Counterpart: rbldns-data.c. Keys and values are in src/answer/rbldns.ts; data.cdb
// is byte for byte the original's. Nothing is allocated per line.

import { scanIp4 } from '../base/address.ts';
import { EMPTY } from '../base/bytes.ts';
import { decimal, scanDecimal } from '../base/text.ts';
import type { CdbMaker } from '../cdb/maker.ts';
import { BadLine } from './bad-line.ts';

const HASH = 35;
const DOT = 46;
const SLASH = 47;
const COLON = 58;

/** Compiles lines into a cdb; `line` for each line, then the caller finishes the maker. */
export class RbldnsCompiler {
  private readonly maker: CdbMaker;
  private readonly key = new Uint8Array(5);
  private value = new Uint8Array(4096);

  constructor(maker: CdbMaker) {
    this.maker = maker;
  }

  /** Compiles the line `text[from..to]`, blanks at its end already removed, not empty. Throws `BadLine`. */
  line(text: Uint8Array, from: number, to: number): void {
    const first = text[from]!;
    if (first === HASH) return;
    if (first === COLON) this.answer(text, from + 1, to);
    else if (first >= 48 && first <= 57) this.entry(text, from, to);
    else throw new BadLine('unrecognized leading character');
  }

  /** `IP:TEXT`. Without an IP the one of the last such line is taken, as in the original. */
  private answer(text: Uint8Array, from: number, to: number): void {
    const colon = text.indexOf(COLON, from);
    if (colon < 0 || colon >= to) throw new BadLine('missing colon');
    if (this.value.length < to - from + 4) this.grow(to - from + 4);
    const { value } = this;
    if (colon > from && scanIp4(text, from, colon, value, 0) !== colon - from) {
      throw new BadLine('malformed IP address');
    }
    let end = 4;
    for (let at = colon + 1; at < to; at++) value[end++] = text[at]!;
    this.maker.add(EMPTY, value, 0, 0, 0, end);
  }

  /** An address or the beginning of one, and `/LENGTH` perhaps. Host bits and short lengths are stored as they come. */
  private entry(text: Uint8Array, from: number, to: number): void {
    const { key } = this;
    key.fill(0);
    let at = from;
    for (let i = 0; ; i++) {
      const digits = scanDecimal(text, at, to);
      if (digits === 0) break;
      if (i < 4) key[i] = decimal.lo;
      at += digits;
      if (at >= to || text[at] !== DOT) break;
      at++;
    }
    key[4] = 32;
    if (at < to && text[at] === SLASH) {
      scanDecimal(text, at + 1, to); // 0 where there are no digits
      if (decimal.hi === 0 && decimal.lo < 32) key[4] = decimal.lo;
    }
    this.maker.add(key, EMPTY, 0, 5, 0, 0);
  }

  private grow(length: number): void {
    const larger = new Uint8Array(2 * length);
    larger.set(this.value.subarray(0, 4)); // the last address
    this.value = larger;
  }
}
