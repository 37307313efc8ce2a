// Octets in text as djbdns's programs write and read them: `\` and octal digits. Counterpart: the loops of
// printrecord.c, axfr-get.c and tinydns-data.c.
import { textOf } from '../base/bytes.ts';

const BACKSLASH = 92;

/** Writes `\ooo` at `out[at]`; returns the offset after it. */
export function formatOctalAt(out: Uint8Array, at: number, octet: number): number {
  out[at] = BACKSLASH;
  out[at + 1] = 48 + (octet >> 6);
  out[at + 2] = 48 + ((octet >> 3) & 7);
  out[at + 3] = 48 + (octet & 7);
  return at + 4;
}

/** Octets 33 to 126 except the backslash literal, all others as `\ooo`. */
export function formatOpaque(bytes: Uint8Array, from: number, to: number): string {
  const out = new Uint8Array(4 * (to - from));
  let at = 0;
  for (let i = from; i < to; i++) {
    const octet = bytes[i]!;
    if (octet >= 33 && octet <= 126 && octet !== BACKSLASH) out[at++] = octet;
    else at = formatOctalAt(out, at, octet);
  }
  return textOf(out, 0, at);
}

/** Octets 32 to 126 except the backslash literal, all others as `\ooo`. */
export function formatText(bytes: Uint8Array): string {
  return formatOpaque(bytes, 0, bytes.length).replaceAll('\\040', ' ');
}

/** The octets in quotes: 32 to 126 except quote and backslash literal, all others as `\ooo`. */
export function formatQuoted(bytes: Uint8Array): string {
  return `"${formatText(bytes).replaceAll('"', '\\042')}"`;
}

/**
 * Text with escapes, `from` to before `to`, as octets at `out[at]`; returns the offset after them. `\` and one to three
 * octal digits is that octet modulo 256, `\` and any other octet is that octet, a lone `\` at the end is dropped.
 * `out` may be `text` itself only when `at <= from`.
 */
export function unescapeText(text: Uint8Array, from: number, to: number, out: Uint8Array, at: number): number {
  for (let pos = from; pos < to; ) {
    let octet = text[pos++]!;
    if (octet === BACKSLASH) {
      if (pos >= to) break;
      octet = text[pos++]!;
      if (isOctal(octet)) {
        octet -= 48;
        for (let i = 0; i < 2 && pos < to && isOctal(text[pos]!); i++) octet = octet * 8 + text[pos++]! - 48;
      }
    }
    out[at++] = octet;
  }
  return at;
}

export function isOctal(octet: number): boolean {
  return octet >= 48 && octet <= 55;
}
