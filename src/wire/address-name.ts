// Names that spell an address: decimal labels below the root, in-addr.arpa or another base. Counterpart: dd.c, and
// dns_name4_domain() of dns_nd.c.
import { nameEqual, nameOf } from './name.ts';

/**
 * Reads the decimal labels of `name` that stand before `base`, in the order of the name, into `out[at]` (room for
 * four). Returns how many there are, 0 to 4; -1 when the name is anything else. A decimal label has one to three digits,
 * no leading zero, and a value of at most 255.
 */
export function scanAddressLabels(name: Uint8Array, base: Uint8Array, out: Uint8Array, at = 0): number {
  let pos = 0;
  for (let labels = 0; ; labels++) {
    if (nameEqual(name, pos, base, 0)) return labels;
    if (labels === 4) return -1;
    const length = name[pos++]!;
    if (length === 0 || length > 3) return -1;
    let value = 0;
    for (const end = pos + length; pos < end; pos++) {
      const digit = name[pos]! - 48;
      if (digit < 0 || digit > 9) return -1;
      value = value * 10 + digit;
    }
    if (value > 255 || (length > 1 && name[pos - length] === 48)) return -1;
    out[at + labels] = value;
  }
}

/** The name under in-addr.arpa whose PTR records belong to an IPv4 address. */
export function reverseName(ip: Uint8Array): Uint8Array {
  return nameOf(`${ip[3]}.${ip[2]}.${ip[1]}.${ip[0]}.in-addr.arpa`)!;
}
