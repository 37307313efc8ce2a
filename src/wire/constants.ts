// Numbers of the DNS protocol (RFC 1035, 3596, 2782, 6891 and the IANA registries). Counterpart: dns.h.

export const TYPE_A = 1;
export const TYPE_NS = 2;
export const TYPE_CNAME = 5;
export const TYPE_SOA = 6;
export const TYPE_PTR = 12;
export const TYPE_MX = 15;
export const TYPE_TXT = 16;
export const TYPE_AAAA = 28;
export const TYPE_SRV = 33;
export const TYPE_OPT = 41;
export const TYPE_IXFR = 251;
export const TYPE_AXFR = 252;
export const TYPE_ANY = 255;

export const CLASS_IN = 1;
export const CLASS_ANY = 255;

export const RCODE_NOERROR = 0;
export const RCODE_FORMERR = 1;
export const RCODE_SERVFAIL = 2;
export const RCODE_NXDOMAIN = 3;
export const RCODE_NOTIMP = 4;
export const RCODE_REFUSED = 5;

// The second 16 bits of the header.
export const FLAG_QR = 0x8000;
export const MASK_OPCODE = 0x7800;
export const FLAG_AA = 0x0400;
export const FLAG_TC = 0x0200;
export const FLAG_RD = 0x0100;
export const FLAG_RA = 0x0080;
export const MASK_Z = 0x0070;
export const MASK_RCODE = 0x000f;

export const HEADER_SIZE = 12;
/** Longest message over UDP without EDNS (RFC 1035 section 4.2.1). */
export const UDP_MAX = 512;
/** Longest message at all: what the two-octet length before a TCP message can say. */
export const MESSAGE_MAX = 65535;

/** The type mnemonics that djbdns knows. */
const TYPES: ReadonlyMap<string, number> = new Map([
  ['any', TYPE_ANY],
  ['a', TYPE_A],
  ['ns', TYPE_NS],
  ['mx', TYPE_MX],
  ['ptr', TYPE_PTR],
  ['txt', TYPE_TXT],
  ['cname', TYPE_CNAME],
  ['soa', TYPE_SOA],
  ['hinfo', 13],
  ['rp', 17],
  ['sig', 24],
  ['key', 25],
  ['aaaa', TYPE_AAAA],
  ['axfr', TYPE_AXFR],
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
