// For which domains which servers are asked without looking further. Counterpart: roots.c. The files of servers/ are read
// by program/servers-directory.ts.
import { isUnspecified } from '../base/address.ts';
import { textOf } from '../base/bytes.ts';
import { type Endpoint, scanEndpoint4 } from '../base/endpoint.ts';
import { lowerName } from '../wire/name.ts';

/** Addresses kept of one file. */
const ADDRESSES_MAX = 16;

/** The listed domains. Names are wire names in any case. */
export class Roots {
  private readonly servers = new Map<string, readonly Endpoint[]>();
  private onlyRoot = true;

  /** Adds a domain, lowercased by the caller; one that is there already stays as it is. */
  add(domain: Uint8Array, servers: readonly Endpoint[]): void {
    const key = textOf(domain);
    if (this.servers.has(key)) return;
    this.servers.set(key, servers);
    if (domain.length > 1) this.onlyRoot = false;
  }

  /** The servers listed for exactly this domain, none of them 0.0.0.0; undefined when it is not listed. */
  serversOf(domain: Uint8Array, at = 0): readonly Endpoint[] | undefined {
    if (this.onlyRoot && domain[at] !== 0) return undefined;
    return this.servers.get(textOf(lowerName(domain, at)));
  }

  /** True when both names have the same listed domain nearest above them, or both none. */
  same(a: Uint8Array, aAt: number, b: Uint8Array, bAt: number): boolean {
    return this.onlyRoot || this.nearest(a, aAt) === this.nearest(b, bAt);
  }

  private nearest(name: Uint8Array, at: number): string | undefined {
    const lower = textOf(lowerName(name, at));
    for (let pos = 0; pos < lower.length; pos += lower.charCodeAt(pos) + 1) {
      const suffix = lower.slice(pos);
      if (this.servers.has(suffix)) return suffix;
    }
    return undefined;
  }
}

/**
 * The servers in a file of servers/. Lines that do not begin with an IPv4 address (`1.2.3.4`, or `1.2.3.4:5353` for
 * another port) are skipped; 0.0.0.0 takes a place and is left out.
 */
export function scanServers(text: Uint8Array): Endpoint[] {
  const servers: Endpoint[] = [];
  let kept = 0;
  for (let from = 0; from < text.length && kept < ADDRESSES_MAX; ) {
    const newline = text.indexOf(10, from);
    const to = newline < 0 ? text.length : newline;
    const found = scanEndpoint4(text, from, to);
    if (found) {
      kept++;
      const { ip, port } = found;
      if (!isUnspecified(ip)) servers.push({ ip, port });
    }
    from = to + 1;
  }
  return servers;
}
