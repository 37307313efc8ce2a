// A server's address and port, and its text: `1.2.3.4`, `1.2.3.4:5353`, `[2001:db8::1]:5353`, `2001:db8::1`. The port
// is our extension; the original's is always 53.
import { formatIp4, scanIp4 } from './ip.ts';
import { decimal, scanDecimal } from './text.ts';

export const DNS_PORT = 53;

/** Where a server listens. `ip` is 4 or 16 octets in network order. */
export interface Endpoint {
  readonly ip: Uint8Array;
  readonly port: number;
}

/** What `scanEndpoint4` found, and how many octets of text it took. */
export interface ScannedEndpoint extends Endpoint {
  readonly length: number;
}

/**
 * Scans an IPv4 address by djb's lax rule at `from`, and `:PORT` if it follows at once; undefined when there is no
 * address. A colon without a port number from 1 to 65535 is not taken.
 */
export function scanEndpoint4(text: Uint8Array, from: number, to: number): ScannedEndpoint | undefined {
  const ip = new Uint8Array(4);
  const length = scanIp4(text, from, to, ip, 0);
  if (length === 0) return undefined;
  const colon = from + length;
  if (text[colon] !== 58 || colon >= to) return { ip, port: DNS_PORT, length };
  const digits = scanDecimal(text, colon + 1, to);
  if (digits === 0 || decimal.hi !== 0 || decimal.lo < 1 || decimal.lo > 65535) return { ip, port: DNS_PORT, length };
  return { ip, port: decimal.lo, length: length + 1 + digits };
}

/** `1.2.3.4` for port 53, `1.2.3.4:5353` for another. IPv4 only; see ip6.ts for the rest. */
export function formatEndpoint4(endpoint: Endpoint): string {
  return endpoint.port === DNS_PORT ? formatIp4(endpoint.ip) : `${formatIp4(endpoint.ip)}:${endpoint.port}`;
}
