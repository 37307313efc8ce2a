// One line of a data file taken apart. Counterpart: the parsing loop of tinydns-data.c, tinydns-edit.c, pickdns-data.c.
// A line is a letter and fields between colons; no escape protects a colon, `\072` is one.

/** Fields that are kept; of what a line has beyond them nothing is. */
const FIELDS_MAX = 15;

/** The fields of a line: field `i` is `text[from[i]..to[i]]`, empty when the line has no such field. */
export class Fields {
  text: Uint8Array = new Uint8Array(0);
  readonly from: Uint32Array = new Uint32Array(FIELDS_MAX);
  readonly to: Uint32Array = new Uint32Array(FIELDS_MAX);

  /** Splits `text[from..to]`, a line without its letter, which is only borrowed. */
  split(text: Uint8Array, from: number, to: number): void {
    this.text = text;
    let at = from;
    for (let i = 0; i < FIELDS_MAX; i++) {
      this.from[i] = at;
      while (at < to && text[at] !== 58) at++;
      this.to[i] = at;
      if (at < to) at++;
    }
  }

  /** True when the field holds the octet. */
  has(field: number, octet: number): boolean {
    for (let at = this.from[field]!; at < this.to[field]!; at++) if (this.text[at] === octet) return true;
    return false;
  }

  /** The field as a location: its first two octets as they are, NUL where there are fewer, as a number in network order. */
  location(field: number): number {
    const from = this.from[field]!;
    const length = this.to[field]! - from;
    return (length > 0 ? this.text[from]! << 8 : 0) | (length > 1 ? this.text[from + 1]! : 0);
  }
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
