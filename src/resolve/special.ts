// Names that dnscache answers by itself, before it looks anywhere. Counterpart: globalip() and the 1.0.0.127 case of
// query.c: `localhost` is 127.0.0.1, a dotted quad is that address, and 1.0.0.127.in-addr.arpa is localhost.
import { bytesOf } from '../base/bytes.ts';
import { scanAddressLabels } from '../wire/address-name.ts';
import { nameEqual, nameOf, ROOT } from '../wire/name.ts';

/** TTL of these answers, in seconds. */
export const SPECIAL_TTL = 655360;

export const LOCALHOST: Uint8Array = bytesOf('\x09localhost\0');
const LOOPBACK = Uint8Array.of(127, 0, 0, 1);
/** ::1 */
export const LOOPBACK6: Uint8Array = Uint8Array.of(...new Uint8Array(15), 1);
const LOOPBACK_REVERSE6 = nameOf(`1.${'0.'.repeat(31)}ip6.arpa`)!;
const LOOPBACK_REVERSE = bytesOf('\x011\x010\x010\x03127\x07in-addr\x04arpa\0');

/** Writes the four octets of the address that the name stands for to `out[at]`; false when it stands for none. */
export function specialIp(name: Uint8Array, out: Uint8Array, at: number): boolean {
  if (name[0] !== 9 || !nameEqual(name, 0, LOCALHOST, 0)) return scanAddressLabels(name, ROOT, out, at) === 4;
  out.set(LOOPBACK, at);
  return true;
}

/** True for 1.0.0.127.in-addr.arpa, whose pointer is `LOCALHOST`. */
export function isLoopbackReverse(name: Uint8Array): boolean {
  return name[0] === 1 && nameEqual(name, 0, LOOPBACK_REVERSE, 0);
}

/** True for the name of ::1 in ip6.arpa, whose pointer is `LOCALHOST` where dnscache has to do with IPv6. */
export function isLoopbackReverse6(name: Uint8Array): boolean {
  return nameEqual(name, 0, LOOPBACK_REVERSE6, 0);
}
