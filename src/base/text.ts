// Numbers in text. Counterpart: scan_ulong.c, fmt_ulong.c. The rule is lax everywhere: the longest run of decimal
// digits, no sign, no blanks; what follows is the caller's business; overflow wraps at 2^64.

/** A number found in text: 64 bits in two halves. Each scan brings its own. */
export class Decimal {
  hi = 0;
  lo = 0;

  /** The number, exact up to 2^53. */
  get value(): number {
    return this.hi * 0x100000000 + this.lo;
  }
}

/** Scans digits in `text` from `from` to before `to` into `out`; returns how many there are. Without any it is 0. */
export function scanDecimal(text: Uint8Array, from: number, to: number, out: Decimal): number {
  let hi = 0;
  let lo = 0;
  let at = from;
  for (; at < to; at++) {
    const digit = text[at]! - 48;
    if (digit < 0 || digit > 9) break;
    const next = lo * 10 + digit;
    lo = next >>> 0;
    if (hi !== 0 || next > 0xffffffff) hi = (hi * 10 + Math.floor(next / 0x100000000)) >>> 0;
  }
  out.hi = hi;
  out.lo = lo;
  return at - from;
}

/** The number at the start of `text`, modulo 2^32; 0 when there is none. */
export function decimalOf(text: Uint8Array): number {
  const number = new Decimal();
  scanDecimal(text, 0, text.length, number);
  return number.lo;
}

/** The number that the whole `text` is, exact up to 2^53; -1 when it is not digits only, or empty. */
export function wholeDecimal(text: Uint8Array): number {
  const number = new Decimal();
  const digits = scanDecimal(text, 0, text.length, number);
  return digits > 0 && digits === text.length ? number.value : -1;
}

/** The value of a lowercase hexadecimal digit; -1 of any other octet. */
export function hexDigit(octet: number): number {
  if (octet >= 48 && octet <= 57) return octet - 48;
  return octet >= 97 && octet <= 102 ? octet - 87 : -1;
}

/** The octets that hexadecimal digits say, in pairs and nothing else; undefined for other text. */
export function scanHex(text: string): Uint8Array | undefined {
  return /^(?:[0-9A-Fa-f]{2})*$/.test(text) ? Uint8Array.from(Buffer.from(text, 'hex')) : undefined;
}

/** The octets that base64 with its padding says (RFC 4648 section 4); undefined for other text. */
export function scanBase64(text: string): Uint8Array | undefined {
  const octets = Buffer.from(text, 'base64');
  return octets.toString('base64') === text ? Uint8Array.from(octets) : undefined;
}

const BASE32 = '0123456789abcdefghijklmnopqrstuv';

/** Lowercase base32 with the extended hex alphabet and without padding (RFC 4648 section 7, RFC 5155 section 3.3). */
export function formatBase32(octets: Uint8Array): string {
  let text = '';
  for (let bit = 0; bit < 8 * octets.length; bit += 5) {
    const pair = (octets[bit >> 3]! << 8) | (octets[(bit >> 3) + 1] ?? 0);
    text += BASE32[(pair >> (11 - (bit & 7))) & 31]!;
  }
  return text;
}

/** The way back, letters in either case; undefined for text that no octets give. */
export function scanBase32(text: string): Uint8Array | undefined {
  const octets = new Uint8Array(Math.floor((5 * text.length) / 8));
  let bits = 0;
  let held = 0; // how many of `bits` are not in an octet yet
  let at = 0;
  for (const character of text.toLowerCase()) {
    const digit = BASE32.indexOf(character);
    if (digit < 0) return undefined;
    bits = ((bits << 5) | digit) & 0xfff;
    held += 5;
    if (held >= 8) {
      held -= 8;
      octets[at++] = bits >> held;
    }
  }
  return formatBase32(octets) === text.toLowerCase() ? octets : undefined;
}

/** The unsigned 64-bit number `hi * 2^32 + lo` in decimal. */
export function formatDecimal64(hi: number, lo: number): string {
  if (hi === 0) return String(lo >>> 0);
  // Long division by 10^9 in 16-bit limbs keeps every intermediate below 2^53.
  const limbs = [hi >>> 16, hi & 0xffff, lo >>> 16, lo & 0xffff];
  let text = '';
  while (limbs.some((limb) => limb !== 0)) {
    let rest = 0;
    for (let i = 0; i < 4; i++) {
      const value = rest * 0x10000 + limbs[i]!;
      limbs[i] = Math.floor(value / 1e9);
      rest = value % 1e9;
    }
    text = String(rest).padStart(9, '0') + text;
  }
  return text.replace(/^0+/, '');
}
