// One line of a data file taken apart. Counterpart: the parsing loop of tinydns-data.c, tinydns-edit.c, pickdns-data.c.
// A line is a letter and fields between colons; no escape protects a colon, `\072` is one. Colons of an IPv6 address in
// brackets do not end a field, nor do those that quotes protect in the data of a typed line.

import { textOf } from '../base/bytes.ts';
import { Decimal, scanDecimal } from '../base/text.ts';

const QUOTE = 34;
const COLON = 58;
const BRACKET = 91;
const BACKSLASH = 92;
const CLOSING_BRACKET = 93;

/** Fields that are kept; of what a line has beyond them nothing is. */
const FIELDS_MAX = 15;

/** The fields of a line: field `i` is `text[from[i]..to[i]]`, empty when the line has no such field. */
export class Fields {
  text: Uint8Array = new Uint8Array(0);
  readonly from: Uint32Array = new Uint32Array(FIELDS_MAX);
  readonly to: Uint32Array = new Uint32Array(FIELDS_MAX);
  private readonly decimal = new Decimal();

  /**
   * Splits `text[from..to]`, a line without its letter, which is only borrowed. With `mayBracket` field 1 may begin
   * with an address in brackets.
   */
  split(text: Uint8Array, from: number, to: number, mayBracket = false): void {
    this.text = text;
    this.splitFrom(0, from, to);
    const at = this.from[1]!;
    if (mayBracket && text[at] === BRACKET) this.splitBehind(1, Math.max(at, bracketEnd(text, at, to)), to);
  }

  /** Splits `text[at..to]` into field `first` and those after it. */
  private splitFrom(first: number, at: number, to: number): void {
    const { text } = this;
    for (let i = first; i < FIELDS_MAX; i++) {
      this.from[i] = at;
      while (at < to && text[at] !== COLON) at++;
      this.to[i] = at;
      if (at < to) at++;
    }
  }

  /** Splits what follows once more: `field` goes on to the first colon from `at` on. */
  private splitBehind(field: number, at: number, to: number): void {
    while (at < to && this.text[at] !== COLON) at++;
    this.to[field] = at;
    this.splitFrom(field + 1, Math.min(at + 1, to), to);
  }

  /** Splits what follows field 1 once more, field 2 being the data of a typed line. `to` is the end of the line. */
  splitTyped(to: number): void {
    this.splitBehind(2, dataEnd(this.text, this.from[2]!, to), to);
  }

  /** The field as Latin-1 text. */
  textOf(field: number): string {
    return textOf(this.text, this.from[field], this.to[field]);
  }

  /** True when the field begins with an address in brackets, whatever follows it. */
  isBracketed(field: number): boolean {
    const from = this.from[field]!;
    return this.text[from] === BRACKET && bracketEnd(this.text, from, this.to[field]!) > 0;
  }

  /** True when the field holds the octet. */
  has(field: number, octet: number): boolean {
    for (let at = this.from[field]!; at < this.to[field]!; at++) if (this.text[at] === octet) return true;
    return false;
  }

  /** The field as a number modulo 2^32, or the default when it has no digits. */
  number(field: number, absent: number): number {
    const { decimal } = this;
    return scanDecimal(this.text, this.from[field]!, this.to[field]!, decimal) > 0 ? decimal.lo : absent;
  }

  /** True for a number that is 0 before it is taken modulo 2^32. */
  isZero(field: number): boolean {
    const { decimal } = this;
    return scanDecimal(this.text, this.from[field]!, this.to[field]!, decimal) > 0 && decimal.value === 0;
  }

  /**
   * The field as a location: its first two octets as they are, NUL where there are fewer, as a number in network order.
   */
  location(field: number): number {
    const from = this.from[field]!;
    const length = this.to[field]! - from;
    return (length > 0 ? this.text[from]! << 8 : 0) | (length > 1 ? this.text[from + 1]! : 0);
  }
}

/**
 * The offset after the bracket that closes the one at `at`, if between them are only hexadecimal digits, dots and
 * colons, of these at least `colons`; 0 if not.
 */
function bracketEnd(text: Uint8Array, at: number, to: number, colons = 2): number {
  let left = colons;
  for (let pos = at + 1; pos < to; pos++) {
    const octet = text[pos]!;
    if (octet === CLOSING_BRACKET) return left <= 0 ? pos + 1 : 0;
    if (octet === COLON) left--;
    else if (!isAddressOctet(octet)) return 0;
  }
  return 0;
}

function isAddressOctet(octet: number): boolean {
  const lower = octet | 32;
  return octet === 46 || (octet >= 48 && octet <= 57) || (lower >= 97 && lower <= 102);
}

/** The end of a typed line's data: the first colon that neither quotes nor brackets protect. */
function dataEnd(text: Uint8Array, from: number, to: number): number {
  let isQuoted = false;
  for (let at = from; at < to; at++) {
    const octet = text[at]!;
    if (octet === BACKSLASH) {
      if (isQuoted || text[at + 1] !== COLON) at++;
    } else if (octet === QUOTE) isQuoted = !isQuoted;
    else if (isQuoted) continue;
    else if (octet === COLON) return at;
    else if (octet === BRACKET) at = Math.max(at, bracketEnd(text, at, to, 0) - 1);
  }
  return to;
}

/** The end of `text[from..to]` without the spaces, tabs and newlines at its end. Carriage returns stay. */
export function trimmedEnd(text: Uint8Array, from: number, to: number): number {
  while (to > from) {
    const octet = text[to - 1];
    if (octet !== 32 && octet !== 9 && octet !== 10) break;
    to--;
  }
  return to;
}
