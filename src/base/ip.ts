// Addresses are bytes, 4 or 16 of them, in network order. Counterpart: ip4_scan.c, ip4_fmt.c.
// The IPv4 scanner is djb's lax one: four decimal numbers separated by single dots, each modulo 256,
// whatever follows is the caller's business. Strict text forms and IPv6 are in ip6.ts.
import { putDecimal } from './bytes.ts';
import { decimal, scanDecimal } from './text.ts';

/** Scans an IPv4 address at `from` into `out[at..at+4]`; returns how many octets of text it took, 0 for none. */
export function scanIp4(text: Uint8Array, from: number, to: number, out: Uint8Array, at: number): number {
  let pos = from;
  for (let i = 0; i < 4; i++) {
    if (i > 0) {
      if (pos >= to || text[pos] !== 46) return 0;
      pos++;
    }
    const digits = scanDecimal(text, pos, to);
    if (digits === 0) return 0;
    out[at + i] = decimal.lo;
    pos += digits;
  }
  return pos - from;
}

/** The IPv4 address that `text` begins with, or undefined. Trailing text is accepted, as everywhere in djbdns. */
export function ip4Of(text: Uint8Array): Uint8Array | undefined {
  const ip = new Uint8Array(4);
  return scanIp4(text, 0, text.length, ip, 0) > 0 ? ip : undefined;
}

/** Dotted text of the four octets at `at`. */
export function formatIp4(ip: Uint8Array, at = 0): string {
  return `${ip[at]}.${ip[at + 1]}.${ip[at + 2]}.${ip[at + 3]}`;
}

/** Writes the dotted text of the four octets at `ip[from]`; returns the offset after it. */
export function putIp4(out: Uint8Array, at: number, ip: Uint8Array, from: number): number {
  for (let i = 0; i < 4; i++) {
    if (i > 0) out[at++] = 46;
    at = putDecimal(out, at, ip[from + i]!);
  }
  return at;
}
