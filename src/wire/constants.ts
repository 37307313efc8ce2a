// Numbers of the DNS protocol (RFC 1035, 3596, 2782, 6891 and the IANA registries). Counterpart: dns.h.

export const CLASS_IN = 1;
export const CLASS_ANY = 255;

export const HEADER_SIZE = 12;
/** Longest message over UDP without EDNS (RFC 1035 section 4.2.1). */
export const UDP_MAX = 512;
/** Longest message at all: what the two-octet length before a TCP message can say. */
export const MESSAGE_MAX = 65535;
