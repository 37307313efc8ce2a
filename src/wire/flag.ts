// The second 16 bits of a message's header (RFC 1035 section 4.1.1, RFC 4035 section 3.2), for
// `import * as FLAG from '../wire/flag.ts'`.

/** The message is a response. */
export const QR = 0x8000;
/** The field with the opcode. */
export const OPCODE = 0x7800;
/** How far the opcode is shifted. */
export const OPCODE_SHIFT = 11;
/** Authoritative answer. */
export const AA = 0x0400;
/** Truncated. */
export const TC = 0x0200;
/** Recursion desired. */
export const RD = 0x0100;
/** Recursion available. */
export const RA = 0x0080;
/** The reserved field of RFC 1035, which AD and CD were later taken from. */
export const Z = 0x0070;
/** Authentic data. */
export const AD = 0x0020;
/** Checking disabled. */
export const CD = 0x0010;
/** The field with the response code. */
export const RCODE = 0x000f;
