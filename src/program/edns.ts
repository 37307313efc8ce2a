// What the environment says of EDNS: UDPSIZE and COOKIESECRET. Read before root is dropped, and before there is a
// socket.

import { textOf } from '../base/bytes.ts';
import { Fatal } from '../base/errors.ts';
import { wholeDecimal } from '../base/text.ts';
import { EdnsServer, PAYLOAD } from '../wire/edns.ts';
import { envBytes } from './args.ts';

const PAYLOAD_MIN = 512;
export const PAYLOAD_MAX = 4096;

/** For --help. */
export const EDNS_NOTES = `  UDPSIZE       octets of the largest response to clients with EDNS, 512 to 4096 (1232); 0: no EDNS
  COOKIESECRET  32 hexadecimal digits, the key of DNS cookies`;

/**
 * `$UDPSIZE` (0, or 512 to 4096) and `$COOKIESECRET` (32 hexadecimal digits, then older ones). Fatal for anything else.
 */
export function ednsFromEnvironment(): EdnsServer {
  const size = envBytes('UDPSIZE');
  const payload = size ? wholeDecimal(size) : PAYLOAD;
  const isSize = payload === 0 || (payload >= PAYLOAD_MIN && payload <= PAYLOAD_MAX);
  if (!isSize) throw new Fatal('unable to parse $UDPSIZE');
  return new EdnsServer(payload, cookieSecret());
}

/**
 * The secret that new cookies are made with. Those after the commas are what older cookies were made with; they would
 * matter to a server that treats clients with a good cookie otherwise.
 */
function cookieSecret(): Uint8Array | undefined {
  const text = envBytes('COOKIESECRET');
  if (text === undefined) return undefined;
  const secrets = textOf(text).split(',');
  if (!secrets.every((secret) => /^[0-9a-fA-F]{32}$/.test(secret))) throw new Fatal('unable to parse $COOKIESECRET');
  return Buffer.from(secrets[0]!, 'hex');
}
