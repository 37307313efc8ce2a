// Response codes (RFC 1035 section 4.1.1, RFC 6895 section 2.3), for `import * as RCODE from '../wire/rcode.ts'`.

export const NOERROR = 0;
export const FORMERR = 1;
export const SERVFAIL = 2;
export const NXDOMAIN = 3;
export const NOTIMP = 4;
export const REFUSED = 5;
/** A name that should not exist does: a DNAME record makes a name that is too long (RFC 6672 section 2.2). */
export const YXDOMAIN = 6;
/** The server is not one for this zone; or a signature is refused (RFC 8945 section 3). */
export const NOTAUTH = 9;
/** A version of EDNS that the server does not know (RFC 6891 section 6.1.3); its upper bits stand in the OPT record. */
export const BADVERS = 16;

const NAMES = ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED', 'YXDOMAIN', 'YXRRSET', 'NXRRSET'];
NAMES.push('NOTAUTH', 'NOTZONE', 'DSOTYPENI');
NAMES[BADVERS] = 'BADVERS';
NAMES[23] = 'BADCOOKIE';

/** The registered name in capitals, or `RCODEnn`. */
export function rcodeName(rcode: number): string {
  return NAMES[rcode] ?? `RCODE${rcode}`;
}

const WORDS: Readonly<Record<number, string>> = {
  [FORMERR]: 'format error',
  [SERVFAIL]: 'server failure',
  [NXDOMAIN]: 'name error',
  [NOTIMP]: 'not implemented',
  [REFUSED]: 'refused',
  [NOTAUTH]: 'not authoritative',
};

/** What an error means, in words for messages and logs. */
export function rcodeWords(rcode: number): string {
  return WORDS[rcode] ?? `rcode ${rcode}`;
}
