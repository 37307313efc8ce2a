// Numbers in text. Counterpart: scan_ulong.c, fmt_ulong.c. The rule is lax everywhere: the longest run of decimal
// digits, no sign, no blanks; what follows is the caller's business; overflow wraps at 2^64.

/** What `scanDecimal` found: 64 bits in two halves, and the number of digits (0: no number). Overwritten by each call. */
export const decimal = { hi: 0, lo: 0, digits: 0 };

/** Scans digits in `text` from `from` to before `to` into `decimal`; returns how many there are. */
export function scanDecimal(text: Uint8Array, from = 0, to = text.length): number {
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
  decimal.hi = hi;
  decimal.lo = lo;
  decimal.digits = at - from;
  return at - from;
}

/** The number at the start of `text`, modulo 2^32; 0 when there is none. */
export function decimalOf(text: Uint8Array): number {
  scanDecimal(text);
  return decimal.lo;
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
