// Record types: the numbers that the code names, for `import * as TYPE from '../wire/type.ts'`, the mnemonics that
// djbdns's programs take, and every mnemonic of the IANA registry "Resource Record (RR) TYPEs", for people who type or
// read them.

export const A = 1;
export const NS = 2;
export const MD = 3;
export const MF = 4;
export const CNAME = 5;
export const SOA = 6;
export const MB = 7;
export const MG = 8;
export const MR = 9;
export const PTR = 12;
export const HINFO = 13;
export const MINFO = 14;
export const MX = 15;
export const TXT = 16;
export const RP = 17;
export const AFSDB = 18;
export const RT = 21;
export const SIG = 24;
export const KEY = 25;
export const PX = 26;
export const AAAA = 28;
export const NXT = 30;
export const SRV = 33;
export const NAPTR = 35;
export const KX = 36;
export const CERT = 37;
export const DNAME = 39;
export const OPT = 41;
export const DS = 43;
export const SSHFP = 44;
export const RRSIG = 46;
export const NSEC = 47;
export const DNSKEY = 48;
export const DHCID = 49;
export const NSEC3 = 50;
export const NSEC3PARAM = 51;
export const TLSA = 52;
export const SMIMEA = 53;
export const CDS = 59;
export const CDNSKEY = 60;
export const OPENPGPKEY = 61;
export const CSYNC = 62;
export const ZONEMD = 63;
export const SVCB = 64;
export const HTTPS = 65;
export const SPF = 99;
export const TKEY = 249;
export const TSIG = 250;
export const IXFR = 251;
export const AXFR = 252;
export const MAILB = 253;
export const MAILA = 254;
export const ANY = 255;
export const URI = 256;
export const CAA = 257;

/** Types that no zone has records of (RFC 6895 section 3.1). */
export const META: ReadonlySet<number> = new Set([0, OPT, TKEY, TSIG, IXFR, AXFR, MAILB, MAILA, ANY]);

/** The type mnemonics that djbdns knows. */
const TYPES: ReadonlyMap<string, number> = new Map([
  ['any', ANY],
  ['a', A],
  ['ns', NS],
  ['mx', MX],
  ['ptr', PTR],
  ['txt', TXT],
  ['cname', CNAME],
  ['soa', SOA],
  ['hinfo', HINFO],
  ['rp', RP],
  ['sig', SIG],
  ['key', KEY],
  ['aaaa', AAAA],
  ['axfr', AXFR],
]);

/**
 * A query type as djbdns's programs take it: digits only (also none at all: 0), modulo 65536, or one of djbdns's
 * mnemonics in any case. -1 for anything else.
 */
export function scanType(text: string): number {
  if (/^[0-9]*$/.test(text)) {
    let number = 0;
    for (const digit of text) number = (number * 10 + Number(digit)) & 0xffff;
    return number;
  }
  return TYPES.get(text.toLowerCase()) ?? -1;
}

/** In the order of the numbers; a number stands where the sequence jumps. */
const REGISTRY =
  '1 A NS MD MF CNAME SOA MB MG MR NULL WKS PTR HINFO MINFO MX TXT RP AFSDB X25 ISDN RT NSAP NSAP-PTR SIG KEY PX GPOS ' +
  'AAAA LOC NXT EID NIMLOC SRV ATMA NAPTR KX CERT A6 DNAME SINK OPT APL DS SSHFP IPSECKEY RRSIG NSEC DNSKEY DHCID ' +
  'NSEC3 NSEC3PARAM TLSA SMIMEA 55 HIP NINFO RKEY TALINK CDS CDNSKEY OPENPGPKEY CSYNC ZONEMD SVCB HTTPS DSYNC HHIT ' +
  'BRID 99 SPF UINFO UID GID UNSPEC NID L32 L64 LP EUI48 EUI64 128 NXNAME 249 TKEY TSIG IXFR AXFR MAILB MAILA ANY URI ' +
  'CAA AVC DOA AMTRELAY RESINFO WALLET CLA IPN 32768 TA DLV';

const numbers = new Map<string, number>();
const names = new Map<number, string>();

function fill(): void {
  let number = 0;
  for (const word of REGISTRY.split(' ')) {
    if (/^[0-9]/.test(word)) number = Number(word);
    else {
      names.set(number, word);
      numbers.set(word, number++);
    }
  }
}

/**
 * A type as people write it: what `scanType` takes, any registered mnemonic in any case, or `TYPE` and a number up to
 * 65535 (RFC 3597). -1 for anything else.
 */
export function scanAnyType(text: string): number {
  const known = scanType(text);
  if (known >= 0) return known;
  const generic = /^TYPE([0-9]{1,5})$/i.exec(text);
  if (generic) return Number(generic[1]) <= 65535 ? Number(generic[1]) : -1;
  if (numbers.size === 0) fill();
  return numbers.get(text.toUpperCase()) ?? -1;
}

/** The registered mnemonic in capitals, or `TYPEnnn`. */
export function typeName(type: number): string {
  if (names.size === 0) fill();
  return names.get(type) ?? `TYPE${type}`;
}
