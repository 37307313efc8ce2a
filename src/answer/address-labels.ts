// Names that spell an address: up to four decimal labels below a base, as walldns and rbldns take them. Counterpart:
// dd.c.
import { nameEqual } from '../wire/name.ts';

/**
 * Reads the decimal labels of `name` that stand before `base`, in the order of the name, into `out` (room for four).
 * Returns how many there are, 0 to 4; -1 when the name is anything else. A decimal label has one to three digits, no
 * leading zero, and a value of at most 255.
 */
export function scanAddressLabels(name: Uint8Array, base: Uint8Array, out: Uint8Array): number {
  let at = 0;
  for (let labels = 0; ; labels++) {
    if (nameEqual(name, at, base, 0)) return labels;
    if (labels === 4) return -1;
    const length = name[at++]!;
    if (length === 0 || length > 3) return -1;
    let value = 0;
    for (const end = at + length; at < end; at++) {
      const digit = name[at]! - 48;
      if (digit < 0 || digit > 9) return -1;
      value = value * 10 + digit;
    }
    if (value > 255 || (length > 1 && name[at - length] === 48)) return -1;
    out[labels] = value;
  }
}
