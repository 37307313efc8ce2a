// The records of rbldns's data.cdb, written and read. Counterpart: rbldns-data.c, rbldns.c. A listed prefix is a key of
// four address octets and its length in bits, with an empty value. The empty key has the address and the text that
// listed addresses are answered with.
import { EMPTY, pack32, unpack32 } from '../base/bytes.ts';

/** Octets of a prefix's key. */
export const PREFIX_KEY_SIZE = 5;

/** The key of the answer: its value is an address of four octets, then the text. */
export const ANSWER_KEY: Uint8Array = EMPTY;
/** Where in that value the text begins. */
export const ANSWER_TEXT = 4;

/** Writes the key of the prefix of `length` bits of the address `ip`, a number in network order, at `key[0]`. */
export function putPrefixKey(key: Uint8Array, ip: number, length: number): void {
  pack32(key, 0, ip);
  key[4] = length;
}

/** The address of the prefix key at `key[at]`. */
export function prefixAddress(key: Uint8Array, at: number): number {
  return unpack32(key, at);
}

/** The length in bits of the prefix key at `key[at]`: anything at all, as the compiler takes what a line says. */
export function prefixLength(key: Uint8Array, at: number): number {
  return key[at + 4]!;
}
