// IPv6 addresses in text, and lists of servers in which they may stand. djbdns 1.05 knows IPv4 only, so there is no
// counterpart. The package `ip-address` does the text; it is loaded when the first IPv6 address turns up, or by
// `openIp6` in programs that give up the file system before.
import { DNS_PORT, type Endpoint, formatEndpoint4, scanEndpoint4 } from './endpoint.ts';
import { decimal, scanDecimal } from './text.ts';

let library: typeof import('ip-address') | undefined;

/** Loads what IPv6 text needs from disk. */
export function openIp6(): typeof import('ip-address') {
  const { createRequire } = process.getBuiltinModule('node:module');
  library ??= createRequire(import.meta.url)('ip-address') as typeof import('ip-address');
  return library;
}

/** The 16 octets of an IPv6 address in text, without brackets, port or zone; undefined when it is none. */
export function scanIp6(text: string): Uint8Array | undefined {
  if (!/^[0-9A-Fa-f:.]{2,45}$/.test(text) || !text.includes(':')) return undefined;
  const { Address6 } = openIp6();
  if (!Address6.isValid(text)) return undefined;
  const octets = new Address6(text).toUnsignedByteArray();
  const ip = new Uint8Array(16);
  ip.set(octets, 16 - octets.length);
  return ip;
}

/** The text of 16 octets, in the form of RFC 5952. */
export function formatIp6(ip: Uint8Array): string {
  const { Address6 } = openIp6();
  return Address6.fromUnsignedByteArray([...ip]).correctForm();
}

/** `1.2.3.4`, `1.2.3.4:5353`, `2001:db8::1`, `[2001:db8::1]:5353`. */
export function formatEndpoint(endpoint: Endpoint): string {
  if (endpoint.ip.length === 4) return formatEndpoint4(endpoint);
  const address = formatIp6(endpoint.ip);
  return endpoint.port === DNS_PORT ? address : `[${address}]:${endpoint.port}`;
}

/** The servers found, and how many octets of the text they took. */
export interface ScannedEndpoints {
  readonly endpoints: Endpoint[];
  readonly length: number;
}

/**
 * Scans servers one after the other, dots between them skipped: `a.b.c.d`, `a.b.c.d:port`, `[v6]`, `[v6]:port`; ends
 * at the first thing that is none, or after `max`. A bare IPv6 address is taken only when it is the whole text.
 */
export function scanEndpoints(text: Uint8Array, max: number): ScannedEndpoints {
  const endpoints: Endpoint[] = [];
  const bare = scanIp6(Buffer.from(text).toString('latin1'));
  if (bare) return { endpoints: [{ ip: bare, port: DNS_PORT }], length: text.length };
  let pos = 0;
  while (endpoints.length < max) {
    if (text[pos] === 46) {
      pos++;
      continue;
    }
    const found = text[pos] === 91 ? scanBracketed(text, pos) : scanEndpoint4(text, pos, text.length);
    if (!found) break;
    endpoints.push({ ip: found.ip, port: found.port });
    pos += found.length;
  }
  return { endpoints, length: pos };
}

function scanBracketed(text: Uint8Array, from: number): (Endpoint & { length: number }) | undefined {
  const close = text.indexOf(93, from);
  if (close < 0) return undefined;
  const ip = scanIp6(Buffer.from(text.subarray(from + 1, close)).toString('latin1'));
  if (!ip) return undefined;
  const length = close + 1 - from;
  if (text[close + 1] !== 58) return { ip, port: DNS_PORT, length };
  const digits = scanDecimal(text, close + 2, text.length);
  const isPort = digits > 0 && decimal.hi === 0 && decimal.lo >= 1 && decimal.lo <= 65535;
  return isPort ? { ip, port: decimal.lo, length: length + 1 + digits } : { ip, port: DNS_PORT, length };
}
