// Lists of addresses to cdb records. Counterpart: rbldns-data.c. The records are in rbldns-record.ts; data.cdb is octet
// for octet the original's. Nothing is allocated per line.

import { scanIp4 } from '../base/address.ts';
import { EMPTY, textOf } from '../base/bytes.ts';
import { Decimal, scanDecimal } from '../base/text.ts';
import type { CdbMaker } from '../cdb/maker.ts';
import { BadLine } from './bad-line.ts';
import { Prefix6Maker } from './rbldns-prefix6.ts';
import { ANSWER_KEY, ANSWER_TEXT, PREFIX_KEY_SIZE } from './rbldns-record.ts';

const HASH = 35;
const DOT = 46;
const SLASH = 47;
const COLON = 58;
const BRACKET = 91;

/** Compiles lines into a cdb: `line` for each line, then `end`; then the caller finishes the maker. */
export class RbldnsCompiler {
  private readonly maker: CdbMaker;
  private readonly key = new Uint8Array(PREFIX_KEY_SIZE);
  private readonly prefixes6: Prefix6Maker;
  private readonly number = new Decimal();
  private value = new Uint8Array(4096);

  constructor(maker: CdbMaker) {
    this.maker = maker;
    this.prefixes6 = new Prefix6Maker(maker);
  }

  /** Compiles the line `text[from..to]`, blanks at its end already removed, not empty. Throws `BadLine`. */
  line(text: Uint8Array, from: number, to: number): void {
    const first = text[from]!;
    if (first === HASH) return;
    if (first === COLON) this.answer(text, from + 1, to);
    else if (first === BRACKET) this.prefixes6.add(textOf(text, from, to));
    else if (first >= 48 && first <= 57) this.entry(text, from, to);
    else throw new BadLine('unrecognized leading character');
  }

  /** Adds the records that can only be added when all lines were seen. */
  end(): void {
    this.prefixes6.end();
  }

  /** `IP:TEXT`. Without an IP the one of the last such line is taken, as in the original. */
  private answer(text: Uint8Array, from: number, to: number): void {
    const colon = text.indexOf(COLON, from);
    if (colon < 0 || colon >= to) throw new BadLine('missing colon');
    if (this.value.length < to - from + ANSWER_TEXT) this.grow(to - from + ANSWER_TEXT);
    const { value } = this;
    if (colon > from && scanIp4(text, from, colon, value, 0) !== colon - from) {
      throw new BadLine('malformed IP address');
    }
    let end = ANSWER_TEXT;
    for (let at = colon + 1; at < to; at++) value[end++] = text[at]!;
    this.maker.add(ANSWER_KEY, value, 0, end);
  }

  /** An address or the beginning of one, and `/LENGTH` perhaps. Host bits and short lengths are stored as they come. */
  private entry(text: Uint8Array, from: number, to: number): void {
    const { key, number } = this;
    key.fill(0);
    let at = from;
    for (let i = 0; ; i++) {
      const digits = scanDecimal(text, at, to, number);
      if (digits === 0) break;
      if (i < 4) key[i] = number.lo;
      at += digits;
      if (at >= to || text[at] !== DOT) break;
      at++;
    }
    key[4] = 32;
    if (at < to && text[at] === SLASH) {
      scanDecimal(text, at + 1, to, number); // 0 where there are no digits
      if (number.value < 32) key[4] = number.value;
    }
    this.maker.add(key, EMPTY);
  }

  private grow(length: number): void {
    const larger = new Uint8Array(2 * length);
    larger.set(this.value.subarray(0, ANSWER_TEXT)); // the last address
    this.value = larger;
  }
}
