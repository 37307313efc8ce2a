// Domain names in wire form: length-prefixed labels and a final zero octet, no pointers. Counterpart: dns_domain.c,
// dns_dfd.c, dns_dtda.c. A name lives somewhere in a larger octet string, so functions take (bytes, offset); unless a
// docstring says otherwise the name there is known to be well-formed. Names keep their case; comparing ignores it
// (A-Z only, RFC 4343).
import { bytesOf, LOWER, textOf } from '../base/bytes.ts';
import { formatOctalAt, isOctal } from './escape.ts';

/** Longest name in octets, the length octets and the final zero included (RFC 1035 section 2.3.4). */
export const NAME_MAX = 255;
export const LABEL_MAX = 63;

export const ROOT: Uint8Array = new Uint8Array(1);

/** Octets of the name at `at`, the final zero included. */
export function nameLength(name: Uint8Array, at = 0): number {
  let pos = at;
  for (;;) {
    const label = name[pos++]!;
    if (label === 0) return pos - at;
    pos += label;
  }
}

/**
 * Octets of the name at `at` when it is well-formed and ends before `end`; 0 when it is not (a label over 63 octets,
 * a name over 255, no end).
 */
export function checkedNameLength(name: Uint8Array, at: number, end: number): number {
  let pos = at;
  while (pos < end) {
    const label = name[pos++]!;
    if (label === 0) return pos - at <= NAME_MAX ? pos - at : 0;
    if (label > LABEL_MAX) return 0;
    pos += label;
  }
  return 0;
}

/** True when the two names are the same, ignoring ASCII case. */
export function nameEqual(a: Uint8Array, aAt: number, b: Uint8Array, bAt: number): boolean {
  for (;;) {
    const label = a[aAt++]!;
    if (label !== b[bAt++]) return false;
    if (label === 0) return true;
    for (let i = 0; i < label; i++) if (LOWER[a[aAt++]!] !== LOWER[b[bAt++]!]) return false;
  }
}

/** True when `name` is `zone` or below it, ignoring ASCII case. */
export function isWithin(name: Uint8Array, at: number, zone: Uint8Array, zoneAt: number): boolean {
  const zoneLength = nameLength(zone, zoneAt);
  let left = nameLength(name, at);
  while (left > zoneLength) {
    const step = name[at]! + 1;
    at += step;
    left -= step;
  }
  return left === zoneLength && nameEqual(name, at, zone, zoneAt);
}

/** Lowercases `length` octets in place: of names (length octets are below A) and of text alike. */
export function lowerInPlace(name: Uint8Array, at: number, length: number): void {
  for (let i = at; i < at + length; i++) name[i] = LOWER[name[i]!]!;
}

/** A copy of the name at `at`. */
export function copyName(name: Uint8Array, at = 0): Uint8Array {
  return name.slice(at, at + nameLength(name, at));
}

/** A lowercased copy of the name at `at`. */
export function lowerName(name: Uint8Array, at = 0): Uint8Array {
  const copy = copyName(name, at);
  lowerInPlace(copy, 0, copy.length);
  return copy;
}

/**
 * Scans dotted text into wire form at `out[at]`; returns its length, or 0 when a label is longer than 63 octets or the
 * name longer than 255. `.` ends a label, empty labels vanish (so leading, doubled and trailing dots are harmless),
 * `\` and one to three octal digits is that octet modulo 256, `\` and any other octet is that octet, a lone `\` at the
 * end is dropped. Case is kept. `out` needs 256 octets of room.
 */
export function scanName(text: Uint8Array, from: number, to: number, out: Uint8Array, at: number): number {
  let length = 0; // octets of finished labels
  let label = 0; // octets of the unfinished label, which stand after the place for its length octet
  let pos = from;
  for (;;) {
    const dot = pos >= to || text[pos] === 46;
    if (dot) {
      if (label > 0) {
        out[at + length] = label;
        length += label + 1;
        label = 0;
      }
      if (pos >= to) break;
      pos++;
      continue;
    }
    let octet = text[pos++]!;
    if (octet === 92) {
      if (pos >= to) continue;
      octet = text[pos++]!;
      if (isOctal(octet)) {
        octet -= 48;
        for (let i = 0; i < 2 && pos < to && isOctal(text[pos]!); i++) octet = octet * 8 + text[pos++]! - 48;
      }
    }
    if (label >= LABEL_MAX || length + label + 3 > NAME_MAX) return 0;
    out[at + length + 1 + label++] = octet;
  }
  out[at + length] = 0;
  return length + 1;
}

const scanned = new Uint8Array(NAME_MAX + 1);

/** The name that dotted text means (see `scanName`), or undefined when it is too long. Strings are Latin-1. */
export function nameOf(text: Uint8Array | string): Uint8Array | undefined {
  const bytes = typeof text === 'string' ? bytesOf(text) : text;
  const length = scanName(bytes, 0, bytes.length, scanned, 0);
  return length > 0 ? scanned.slice(0, length) : undefined;
}

/** For each octet: itself when it prints literally in a name (lowercased letters, digits, `-`, `_`), else 0. */
const LITERAL = new Uint8Array(256);
for (const octet of bytesOf('abcdefghijklmnopqrstuvwxyz0123456789-_')) LITERAL[octet] = octet;
for (let octet = 65; octet <= 90; octet++) LITERAL[octet] = octet + 32;

/** Room that `formatNameAt` may need: every octet as `\ooo`. */
export const NAME_TEXT_MAX = 4 * NAME_MAX;

/**
 * Writes the name as text at `out[at]`; returns the offset after it. Lowercased; letters, digits, `-` and `_` literal,
 * every other octet `\ooo`; dots between labels and none at the end; the root is `.`.
 */
export function formatNameAt(out: Uint8Array, at: number, name: Uint8Array, nameAt: number): number {
  let label = name[nameAt++]!;
  if (label === 0) {
    out[at] = 46;
    return at + 1;
  }
  for (;;) {
    for (const end = nameAt + label; nameAt < end; nameAt++) {
      const octet = name[nameAt]!;
      const literal = LITERAL[octet]!;
      if (literal !== 0) out[at++] = literal;
      else at = formatOctalAt(out, at, octet);
    }
    label = name[nameAt++]!;
    if (label === 0) return at;
    out[at++] = 46;
  }
}

const printed = new Uint8Array(NAME_TEXT_MAX);

/** The name as text, in the form of `formatNameAt`. */
export function formatName(name: Uint8Array, at = 0): string {
  const length = formatNameAt(printed, 0, name, at);
  return textOf(printed, 0, length);
}
