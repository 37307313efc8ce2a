// Octet strings. Counterpart: byte_*.c, case_*.c, uint16_*.c, uint32_*.c of djbdns.
// Invariant: text from files, arguments and packets is bytes (Uint8Array), never decoded as UTF-8.
// A function whose name ends in View shares memory with its argument; everything else copies.

export const EMPTY: Uint8Array = new Uint8Array(0);

/** ASCII A-Z to a-z, every other octet to itself. */
export const LOWER: Uint8Array = new Uint8Array(256);
for (let i = 0; i < 256; i++) LOWER[i] = i >= 65 && i <= 90 ? i + 32 : i;

/** One octet per UTF-16 unit of `text`, the low eight bits: for literals, and for text made by `textOf`. */
export function bytesOf(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/** The octets from `from` to before `to` as a string of one UTF-16 unit each (Latin-1). */
export function textOf(bytes: Uint8Array, from = 0, to = bytes.length): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('latin1');
}

/** Writes the octets of an ASCII `text` at `at`; returns the offset after it. */
export function formatTextAt(out: Uint8Array, at: number, text: string): number {
  for (let i = 0; i < text.length; i++) out[at++] = text.charCodeAt(i);
  return at;
}

/** True when `length` octets at `a[aFrom]` and `b[bFrom]` are the same. The caller has checked the bounds. */
export function equalAt(a: Uint8Array, aFrom: number, b: Uint8Array, bFrom: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (a[aFrom + i] !== b[bFrom + i]) return false;
  return true;
}

/** Like `equalAt`, four octets at a time. */
export function equalView(a: DataView, aFrom: number, b: DataView, bFrom: number, length: number): boolean {
  let i = 0;
  for (; i + 4 <= length; i += 4) if (a.getUint32(aFrom + i, true) !== b.getUint32(bFrom + i, true)) return false;
  for (; i < length; i++) if (a.getUint8(aFrom + i) !== b.getUint8(bFrom + i)) return false;
  return true;
}

/** True when both octet strings are the same. */
export function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && equalAt(a, 0, b, 0, a.length);
}

/** The same octets as a view, which reads and writes numbers faster than octet by octet. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

/**
 * Copies `length` octets, four at a time: a third of the time that single octets take. In the same memory the two must
 * not overlap. The caller has checked the bounds.
 */
export function copyView(to: DataView, at: number, from: DataView, fromAt: number, length: number): void {
  let i = 0;
  for (; i + 4 <= length; i += 4) to.setUint32(at + i, from.getUint32(fromAt + i, true), true);
  for (; i < length; i++) to.setUint8(at + i, from.getUint8(fromAt + i));
}

/** The strings joined into a new one. */
export function concat(parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const all = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** 16 bits, network order. Like every unpack: the caller has checked the bounds. */
export function unpack16(b: Uint8Array, at: number): number {
  return (b[at]! << 8) | b[at + 1]!;
}

/** 32 bits, network order, unsigned. */
export function unpack32(b: Uint8Array, at: number): number {
  return ((b[at]! << 24) | (b[at + 1]! << 16) | (b[at + 2]! << 8) | b[at + 3]!) >>> 0;
}

/** 32 bits, little-endian, unsigned (cdb files). */
export function unpack32le(b: Uint8Array, at: number): number {
  return ((b[at + 3]! << 24) | (b[at + 2]! << 16) | (b[at + 1]! << 8) | b[at]!) >>> 0;
}

/** Writes 16 bits, network order; returns the offset after them. */
export function pack16(b: Uint8Array, at: number, value: number): number {
  b[at] = value >>> 8;
  b[at + 1] = value;
  return at + 2;
}

/** Writes 32 bits, network order; returns the offset after them. */
export function pack32(b: Uint8Array, at: number, value: number): number {
  b[at] = value >>> 24;
  b[at + 1] = value >>> 16;
  b[at + 2] = value >>> 8;
  b[at + 3] = value;
  return at + 4;
}

/** Writes 32 bits, little-endian; returns the offset after them. */
export function pack32le(b: Uint8Array, at: number, value: number): number {
  b[at] = value;
  b[at + 1] = value >>> 8;
  b[at + 2] = value >>> 16;
  b[at + 3] = value >>> 24;
  return at + 4;
}

const HEX = '0123456789abcdef';
const HEX_PAIRS = new Uint8Array(512);
for (let i = 0; i < 512; i++) HEX_PAIRS[i] = HEX.charCodeAt(i & 1 ? (i >> 1) & 15 : i >> 5);

/** Lowercase hexadecimal of the octets from `from` to before `to`. */
export function formatHex(bytes: Uint8Array, from = 0, to = bytes.length): string {
  let text = '';
  for (let i = from; i < to; i++) text += HEX[bytes[i]! >> 4]! + HEX[bytes[i]! & 15]!;
  return text;
}

/**
 * Writes `digits` (an even number) lowercase hexadecimal digits of `value`, its low 4 * digits bits; returns the offset
 * after them.
 */
export function formatHexAt(out: Uint8Array, at: number, value: number, digits: number): number {
  for (let shift = 4 * (digits - 2); shift >= 0; shift -= 8) {
    const pair = ((value >>> shift) & 255) << 1;
    out[at] = HEX_PAIRS[pair]!;
    out[at + 1] = HEX_PAIRS[pair + 1]!;
    at += 2;
  }
  return at;
}

/** Writes an unsigned number in decimal; returns the offset after it. */
export function formatDecimalAt(out: Uint8Array, at: number, value: number): number {
  let digits = 1;
  for (let limit = 10; value >= limit && digits < 16; limit *= 10) digits++;
  for (let i = at + digits - 1; i >= at; i--) {
    const tens = Math.floor(value / 10);
    out[i] = 48 + (value - 10 * tens);
    value = tens;
  }
  return at + digits;
}
