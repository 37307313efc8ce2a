// What the environment asks of tinydns's answers that djbdns 1.05 does not give; axfrdns reads it too.

import type { TinydnsOptions } from '../answer/tinydns.ts';
import { Fatal } from '../base/errors.ts';
import { randomBelow } from '../base/random.ts';
import { wholeDecimal } from '../base/text.ts';
import { envBytes } from './args.ts';
import { isSet } from './env.ts';

/** For --help. */
export const TINYDNS_NOTES = `  REFUSE        set: refuse questions outside all zones instead of not answering them
  FOLLOWCNAME   set: answer with what CNAME records lead to in the same zone
  MAXADDRESSES  addresses in an answer (8), IPv4 and IPv6 each; 0: all`;

/** `$REFUSE`, `$FOLLOWCNAME`, `$MAXADDRESSES`. Fatal: `unable to parse $MAXADDRESSES`. */
export function tinydnsOptions(): TinydnsOptions {
  return {
    randomBelow,
    refuse: isSet('REFUSE'),
    followCname: isSet('FOLLOWCNAME'),
    maxAddresses: maxAddresses(),
  };
}

function maxAddresses(): number | undefined {
  const text = envBytes('MAXADDRESSES');
  if (text === undefined) return undefined;
  const number = wholeDecimal(text);
  if (number < 0) throw new Fatal('unable to parse $MAXADDRESSES');
  return number;
}
