// The lines that servers log, put together as octets: fields one after the other, a space after each. Lines are kept
// back until `flush`, because one write for each line was a third of the original's work.

import { formatDecimalAt, formatHexAt, formatTextAt, LOWER } from '../base/bytes.ts';
import { writeAll } from '../base/output.ts';
import { formatTai64nNowAt, LABEL_SIZE } from '../base/tai.ts';
import { formatNameAt, NAME_MAX, NAME_TEXT_MAX } from '../wire/name.ts';

const SIZE = 65536;
/** Room for the longest line: three names, or one all of escapes, and sixteen IPv6 addresses. */
const LINE_MAX = LABEL_SIZE + NAME_TEXT_MAX + 3 * NAME_MAX + 16 * 33;
const NEWLINE = 10;
const SPACE = 32;
const DOT = 46;
const COLON = 58;

/** How dnscache shows an octet of a name: itself, lowercased, or a question mark where it does not print. */
const SHOWN = new Uint8Array(256);
for (let i = 0; i < 256; i++) SHOWN[i] = i <= 32 || i > 126 ? 63 : LOWER[i]!;

/** Takes what has been collected, `bytes[from..to]`, which is overwritten afterwards. */
export type Sink = (bytes: Uint8Array, from: number, to: number) => void;

/** Lines are `begin`, fields in their order, `end`. */
export class LogLines {
  private readonly bytes = new Uint8Array(SIZE);
  private used = 0;
  private readonly stamped: boolean;
  private readonly sink: Sink;

  /** `stamped`: each line begins with a TAI64N label and a space, as `tai64n` would put it. */
  constructor(stamped: boolean, sink: Sink = toStderr) {
    this.stamped = stamped;
    this.sink = sink;
  }

  /** Writes what has been collected. */
  flush(): void {
    const { used } = this;
    if (used === 0) return;
    this.used = 0;
    this.sink(this.bytes, 0, used);
  }

  begin(): this {
    if (this.used > SIZE - LINE_MAX) this.flush();
    if (!this.stamped) return this;
    this.used = formatTai64nNowAt(this.bytes, this.used);
    return this.octet(SPACE);
  }

  /** The newline takes the place of the space after the last field. */
  end(): void {
    this.bytes[this.used - 1] = NEWLINE;
  }

  /** The line before goes on: a space in place of its newline. It must have been ended since the last `flush`. */
  reopen(): this {
    this.bytes[this.used - 1] = SPACE;
    return this;
  }

  /** A colon in place of the space: the next field belongs to this one. */
  colon(): this {
    this.bytes[this.used - 1] = COLON;
    return this;
  }

  /** ASCII text; what is longer than a line has room for is cut. */
  text(text: string): this {
    this.used = formatTextAt(this.bytes, this.used, text.length > LINE_MAX ? text.slice(0, LINE_MAX) : text);
    return this.octet(SPACE);
  }

  octet(octet: number): this {
    this.bytes[this.used++] = octet;
    return this;
  }

  /** A character and a space. */
  mark(octet: number): this {
    return this.octet(octet).octet(SPACE);
  }

  decimal(number: number): this {
    this.used = formatDecimalAt(this.bytes, this.used, number);
    return this.octet(SPACE);
  }

  /** Four hexadecimal digits. */
  hex16(number: number): this {
    this.used = formatHexAt(this.bytes, this.used, number, 4);
    return this.octet(SPACE);
  }

  /** Two hexadecimal digits for each octet; of `most` octets or more the first `most` and `...`. */
  hex(bytes: Uint8Array, most = Infinity, from = 0, to: number = bytes.length): this {
    const end = Math.min(to, from + most);
    for (let i = from; i < end; i++) this.used = formatHexAt(this.bytes, this.used, bytes[i]!, 2);
    if (to - from >= most) this.used = formatTextAt(this.bytes, this.used, '...');
    return this.octet(SPACE);
  }

  /** The name that begins at `at`, as the content servers show it: see `formatNameAt`. */
  escapedName(name: Uint8Array, at = 0): this {
    this.used = formatNameAt(this.bytes, this.used, name, at);
    return this.octet(SPACE);
  }

  /** The name that begins at `at`, as dnscache shows it: with a dot at the end. */
  dottedName(name: Uint8Array, at = 0): this {
    const { bytes } = this;
    let label = name[at++]!;
    if (label === 0) return this.mark(DOT);
    while (label > 0) {
      for (const end = at + label; at < end; at++) bytes[this.used++] = SHOWN[name[at]!]!;
      bytes[this.used++] = DOT;
      label = name[at++]!;
    }
    return this.octet(SPACE);
  }
}

/** A reader that went away is ignored, as the original does: the service goes on unlogged. */
function toStderr(bytes: Uint8Array, from: number, to: number): void {
  try {
    writeAll(2, bytes, from, to);
  } catch {
    // Nothing can be said about it.
  }
}
