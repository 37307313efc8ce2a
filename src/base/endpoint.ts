// An address with a port, and its text: `1.2.3.4`, `1.2.3.4:5353`, `[2001:db8::1]:5353`, `2001:db8::1`. Ports and IPv6
// are extensions; the original's port is always 53.
import { type Address, formatAddress, newIp4, scanIp4, scanIp6 } from './address.ts';
import { textOf } from './bytes.ts';
import { Decimal, scanDecimal } from './text.ts';

export const DNS_PORT = 53;

/** Where a server listens. */
export interface Endpoint {
  readonly ip: Address;
  readonly port: number;
  /** The interface of a link-local address, by name or number. */
  readonly scope?: string | undefined;
}

/** Where we listen. */
export interface LocalEndpoint extends Endpoint {
  /** `::` takes IPv4 too. */
  readonly isDual?: boolean;
  /** Other processes may listen there too, and each gets a part of what comes (SO_REUSEPORT). */
  readonly isShared?: boolean;
}

/** An endpoint found in a text, and how many octets of the text it took. */
export interface ScannedEndpoint extends Endpoint {
  readonly length: number;
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
  const bare = scanIp6(textOf(text));
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

/**
 * Scans an IPv4 address by djb's lax rule at `from`, and `:PORT` if it follows at once; undefined when there is no
 * address. A colon without a port number from 1 to 65535 is not taken.
 */
export function scanEndpoint4(text: Uint8Array, from: number, to: number): ScannedEndpoint | undefined {
  const ip = newIp4();
  const length = scanIp4(text, from, to, ip, 0);
  return length === 0 ? undefined : withPort(ip, text, from, from + length, to);
}

function scanBracketed(text: Uint8Array, from: number): ScannedEndpoint | undefined {
  const close = text.indexOf(93, from);
  const ip = close < 0 ? undefined : scanIp6(textOf(text, from + 1, close));
  return ip && withPort(ip, text, from, close + 1, text.length);
}

/** The address that ends at `colon`, with the port behind it if there is one. */
function withPort(ip: Address, text: Uint8Array, from: number, colon: number, to: number): ScannedEndpoint {
  const number = new Decimal();
  const digits = text[colon] === 58 && colon < to ? scanDecimal(text, colon + 1, to, number) : 0;
  const port = number.value;
  if (port < 1 || port > 65535) return { ip, port: DNS_PORT, length: colon - from };
  return { ip, port, length: colon + 1 + digits - from };
}

/** The address as Node's sockets take it, with the interface: `fe80::1%eth0`. */
export function formatHost({ ip, scope }: Endpoint): string {
  return scope === undefined ? formatAddress(ip) : `${formatAddress(ip)}%${scope}`;
}

/** `1.2.3.4` for port 53, `1.2.3.4:5353` for another; `2001:db8::1`, `[2001:db8::1]:5353`. */
export function formatEndpoint(endpoint: Endpoint): string {
  const { ip, port } = endpoint;
  const address = formatHost(endpoint);
  if (port === DNS_PORT) return address;
  return ip.length === 4 ? `${address}:${port}` : `[${address}]:${port}`;
}
