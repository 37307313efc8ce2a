// The addresses in pickdns's data.cdb, written and read. Counterpart: pickdns-data.c, pickdns.c. A key is `+`, a
// location of two octets and a name in wire form, lowercased; its value the name's addresses there, four octets each.
// The records of locations are in location.ts.
import { pack16 } from '../base/bytes.ts';
import { NAME_MAX } from '../wire/name.ts';

const PLUS = 43;
const NAME = 3;

/** Room for the longest key. */
export const ADDRESSES_KEY_MAX: number = NAME + NAME_MAX;

/** Octets of an address in a value. */
export const ADDRESS_SIZE = 4;

/**
 * Writes the key of the `length` octets of the lowercased name at `name[at]`, for clients at `location` (two octets as
 * a number, 0: elsewhere), at `key[0]`; returns its length.
 */
export function putAddressesKey(
  key: Uint8Array,
  location: number,
  name: Uint8Array,
  at: number,
  length: number,
): number {
  key[0] = PLUS;
  pack16(key, 1, location);
  for (let i = 0; i < length; i++) key[NAME + i] = name[at + i]!;
  return NAME + length;
}
