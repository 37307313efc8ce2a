// Addresses of hosts: 4 octets (IPv4) or 16 (IPv6) in network order, and their text. Counterpart: ip4_scan.c,
// ip4_fmt.c. The two lengths are two types, so that whoever takes an `Address` and looks at four octets of it does not
// compile. IPv4 text is read by djb's lax rule: four decimal numbers separated by single dots, each modulo 256, and
// what follows is the caller's business. IPv6 text is read strictly and whole (RFC 4291) and written as RFC 5952 says.
import { bytesOf, formatDecimalAt, unpack16 } from './bytes.ts';
import { Decimal, scanDecimal } from './text.ts';

export type Ip4 = Uint8Array & { readonly length: 4 };
export type Ip6 = Uint8Array & { readonly length: 16 };
export type Address = Ip4 | Ip6;

/** The address 0.0.0.0: any, or nobody's. */
export const ANY4: Ip4 = newIp4();

/** Room for an IPv4 address, 0.0.0.0 at first. */
export function newIp4(): Ip4 {
  return new Uint8Array(4) as Ip4;
}

/** Room for an IPv6 address, `::` at first. */
export function newIp6(): Ip6 {
  return new Uint8Array(16) as Ip6;
}

/** The IPv4 address with these four octets. */
export function ip4(...octets: readonly [number, number, number, number]): Ip4 {
  return Uint8Array.from(octets) as Ip4;
}

/** A copy of the four octets at `at`, which the caller has checked to be there. */
export function copyIp4(bytes: Uint8Array, at = 0): Ip4 {
  return bytes.slice(at, at + 4) as Ip4;
}

/** A copy of the sixteen octets at `at`, which the caller has checked to be there. */
export function copyIp6(bytes: Uint8Array, at = 0): Ip6 {
  return bytes.slice(at, at + 16) as Ip6;
}

/** True for the address of no host: 0.0.0.0 and `::`. */
export function isUnspecified(ip: Address): boolean {
  for (let i = 0; i < ip.length; i++) if (ip[i] !== 0) return false;
  return true;
}

/** True when the sixteen octets at `at` are an IPv4 address in IPv6 form: `::ffff:1.2.3.4`. */
export function isMapped(bytes: Uint8Array, at = 0): boolean {
  for (let i = 0; i < 10; i++) if (bytes[at + i] !== 0) return false;
  return bytes[at + 10] === 255 && bytes[at + 11] === 255;
}

/** An address kept apart from where it was found. Nothing is allocated when another one takes its place. */
export class HeldAddress {
  /** The address held; the same object for all addresses of one length. */
  ip: Address = ANY4;
  private readonly four = newIp4();
  private readonly six = newIp6();

  /** Takes a copy of the address. */
  hold(ip: Address): Address {
    return ip.length === 4 ? this.hold4(ip, 0) : this.hold6(ip, 0);
  }

  /** Takes a copy of the four octets at `at`. */
  hold4(bytes: Uint8Array, at: number): Address {
    for (let i = 0; i < 4; i++) this.four[i] = bytes[at + i]!;
    return (this.ip = this.four);
  }

  /** Takes a copy of the sixteen octets at `at`; of four where they are an IPv4 address in IPv6 form. */
  hold6(bytes: Uint8Array, at: number): Address {
    if (isMapped(bytes, at)) return this.hold4(bytes, at + 12);
    for (let i = 0; i < 16; i++) this.six[i] = bytes[at + i]!;
    return (this.ip = this.six);
  }
}

const octet = new Decimal();

/** Scans an IPv4 address at `from` into `out[at..at+4]`; returns how many octets of text it took, 0 for none. */
export function scanIp4(text: Uint8Array, from: number, to: number, out: Uint8Array, at: number): number {
  let pos = from;
  for (let i = 0; i < 4; i++) {
    if (i > 0) {
      if (pos >= to || text[pos] !== 46) return 0;
      pos++;
    }
    const digits = scanDecimal(text, pos, to, octet);
    if (digits === 0) return 0;
    out[at + i] = octet.lo;
    pos += digits;
  }
  return pos - from;
}

/** The IPv4 address that `text` begins with, or undefined. Trailing text is accepted, as everywhere in djbdns. */
export function ip4Of(text: Uint8Array): Ip4 | undefined {
  const ip = newIp4();
  return scanIp4(text, 0, text.length, ip, 0) > 0 ? ip : undefined;
}

/** The IPv6 address that the whole text is, without brackets, port or zone; undefined when it is none. */
export function scanIp6(text: string): Ip6 | undefined {
  const [before = '', after, ...more] = text.split('::');
  const head = groupsOf(before, after === undefined);
  const tail = groupsOf(after ?? '', true);
  if (!head || !tail || more.length > 0) return undefined;
  const given = head.length + tail.length;
  if (after === undefined ? given !== 8 : given > 7) return undefined;
  const ip = newIp6();
  const groups = new DataView(ip.buffer);
  for (const [i, group] of head.entries()) groups.setUint16(2 * i, group);
  for (const [i, group] of tail.entries()) groups.setUint16(16 - 2 * (tail.length - i), group);
  return ip;
}

/** The octets of a strict dotted quad, four numbers up to 255 without leading zeros; undefined for other text. */
export function scanQuad(text: string): Ip4 | undefined {
  const quad = quadOf(text);
  return quad && ip4(quad[0] >> 8, quad[0] & 255, quad[1] >> 8, quad[1] & 255);
}

/** The IPv6 address that the text is: as `scanIp6` takes it, in brackets or without, or as 32 hexadecimal digits. */
export function scanAnyIp6(text: string): Ip6 | undefined {
  if (/^[0-9A-Fa-f]{32}$/.test(text)) return Uint8Array.from(Buffer.from(text, 'hex')) as Ip6;
  return scanIp6(/^\[(.*)\]$/.exec(text)?.[1] ?? text);
}

/** The groups of 16 bits in the text between colons; the last two may be a dotted quad where `mayEndInQuad`. */
function groupsOf(text: string, mayEndInQuad: boolean): number[] | undefined {
  if (text === '') return [];
  const groups: number[] = [];
  const words = text.split(':');
  for (const [i, word] of words.entries()) {
    const quad = mayEndInQuad && i === words.length - 1 ? quadOf(word) : undefined;
    if (quad) groups.push(...quad);
    else if (/^[0-9A-Fa-f]{1,4}$/.test(word)) groups.push(parseInt(word, 16));
    else return undefined;
  }
  return groups;
}

/** The two groups of a strict dotted quad: four numbers up to 255 without leading zeros. */
function quadOf(text: string): [number, number] | undefined {
  const numbers = text.split('.').map((word) => (/^(0|[1-9]\d{0,2})$/.test(word) ? Number(word) : 256));
  if (numbers.length !== 4 || numbers.some((number) => number > 255)) return undefined;
  const [a, b, c, d] = numbers as [number, number, number, number];
  return [(a << 8) | b, (c << 8) | d];
}

/**
 * The address in text as Node gives it, perhaps with an interface behind a percent sign; an IPv4 address in IPv6 form
 * is the IPv4 address. Undefined for anything else.
 */
export function addressOf(text: string): Address | undefined {
  if (!text.includes(':')) return ip4Of(bytesOf(text));
  const ip = scanIp6(text.split('%')[0]!);
  return ip && new HeldAddress().hold(ip);
}

/** Dotted text of the four octets at `at`. */
export function formatIp4(ip: Uint8Array, at = 0): string {
  return `${ip[at]}.${ip[at + 1]}.${ip[at + 2]}.${ip[at + 3]}`;
}

/** Writes the dotted text of the four octets at `ip[from]`; returns the offset after it. */
export function formatIp4At(out: Uint8Array, at: number, ip: Uint8Array, from: number): number {
  for (let i = 0; i < 4; i++) {
    if (i > 0) out[at++] = 46;
    at = formatDecimalAt(out, at, ip[from + i]!);
  }
  return at;
}

/** The text of the sixteen octets at `at`. */
export function formatIp6(ip: Uint8Array, at = 0): string {
  if (isMapped(ip, at)) return `::ffff:${formatIp4(ip, at + 12)}`;
  const groups = Array.from({ length: 8 }, (_, i) => unpack16(ip, at + 2 * i));
  // The longest run of two or more zero groups, the first of equals.
  let start = 0;
  let length = 1;
  for (let from = 0; from < 8; from++) {
    let to = from;
    while (to < 8 && groups[to] === 0) to++;
    if (to - from > length) {
      start = from;
      length = to - from;
    }
  }
  const words = groups.map((group) => group.toString(16));
  if (length === 1) return words.join(':');
  return `${words.slice(0, start).join(':')}::${words.slice(start + length).join(':')}`;
}

/** The first `count` groups of an IPv6 address, none left out, without leading zeros: `2001:db8:0:1`. */
export function formatGroups(ip: Ip6, count: number): string {
  return Array.from({ length: count }, (_, i) => unpack16(ip, 2 * i).toString(16)).join(':');
}

/** The address in text, `1.2.3.4` or `2001:db8::1`. */
export function formatAddress(ip: Address): string {
  return ip.length === 4 ? formatIp4(ip) : formatIp6(ip);
}
