// Names that spell an address: decimal labels below the root, in-addr.arpa or another base. Counterpart: dd.c, and
// dns_name4_domain() of dns_nd.c. IPv6 is ours.
import { type Address, isMapped } from '../base/address.ts';
import { formatDecimalAt } from '../base/bytes.ts';
import { hexDigit } from '../base/text.ts';
import { copyName, NAME_MAX, nameEqual, nameOf } from './name.ts';

/**
 * Reads the decimal labels of `name` that stand before `base`, in the order of the name, into `out[at]` (room for
 * four). Returns how many there are, 0 to 4; -1 when the name is anything else. A decimal label has one to three
 * digits, no leading zero, and a value of at most 255.
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

/**
 * Reads the labels of one hexadecimal digit of the lowercase `name` that stand before `base`. Returns how many there
 * are, 0 to 32; -1 when the name is anything else. When they are 32, `out` is the address that they spell, the last
 * digit first; else its octets have no meaning.
 */
export function scanNibbleLabels(name: Uint8Array, base: Uint8Array, out: Uint8Array): number {
  for (let labels = 0; ; labels++) {
    const at = 2 * labels;
    if (nameEqual(name, at, base, 0)) return labels;
    if (labels === 32 || name[at] !== 1) return -1;
    const nibble = hexDigit(name[at + 1]!);
    if (nibble < 0) return -1;
    const octet = 15 - (labels >> 1);
    out[octet] = labels & 1 ? out[octet]! | (nibble << 4) : nibble;
  }
}

export const IN_ADDR_ARPA: Uint8Array = nameOf('in-addr.arpa')!;
export const IP6_ARPA: Uint8Array = nameOf('ip6.arpa')!;
/** Left the DNS in 2005; lines of old still give names below it. */
export const IP6_INT: Uint8Array = nameOf('ip6.int')!;

/**
 * Writes the name below `base` whose PTR records belong to the address at `out[0]`: a label of decimal digits for each
 * of 4 octets, of one hexadecimal digit for each half of 16 octets, the last one first.
 */
export function putReverseName(out: Uint8Array, ip: Uint8Array, base: Uint8Array): void {
  let at = 0;
  for (let i = ip.length - 1; i >= 0; i--) {
    const octet = ip[i]!;
    if (ip.length === 4) {
      const end = formatDecimalAt(out, at + 1, octet);
      out[at] = end - at - 1;
      at = end;
    } else {
      at = putNibble(out, putNibble(out, at, octet & 15), octet >> 4);
    }
  }
  for (let i = 0; i < base.length; i++) out[at++] = base[i]!;
}

function putNibble(out: Uint8Array, at: number, nibble: number): number {
  out[at] = 1;
  out[at + 1] = nibble < 10 ? 48 + nibble : 87 + nibble;
  return at + 2;
}

/**
 * The name whose PTR records belong to the address, under in-addr.arpa or ip6.arpa (RFC 3596 section 2.5). An IPv4
 * address in IPv6 form counts as what it is.
 */
export function reverseName(ip: Address): Uint8Array {
  const octets = ip.length === 16 && isMapped(ip) ? ip.subarray(12) : ip;
  const name = new Uint8Array(NAME_MAX);
  putReverseName(name, octets, octets.length === 4 ? IN_ADDR_ARPA : IP6_ARPA);
  return copyName(name);
}
