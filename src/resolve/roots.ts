// For which domains which servers are asked without looking further. Counterpart: roots.c. The files of servers/ are
// read by program/servers-directory.ts.
import { isUnspecified } from '../base/address.ts';
import { bytesOf, textOf } from '../base/bytes.ts';
import { type Endpoint, scanEndpoint4, scanEndpoints } from '../base/endpoint.ts';
import { lowerName } from '../wire/name.ts';
import * as TYPE from '../wire/type.ts';

/** Addresses kept of one file. */
const ADDRESSES_MAX = 16;
const NEWLINE = 10;

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
 * The servers in a file of servers/, of these families (A, AAAA). Lines that do not begin with an address are skipped:
 * `1.2.3.4`, or `1.2.3.4:5353` for another port; IPv6 text, `[v6]` or `[v6]:5353`, up to a blank. The first sixteen of
 * each family count; 0.0.0.0 and `::` take a place and are left out.
 */
export function scanServers(text: Uint8Array, families: readonly number[]): Endpoint[] {
  const servers: Endpoint[] = [];
  const kept = { 4: 0, 16: 0 };
  for (let from = 0; from < text.length; ) {
    const newline = text.indexOf(NEWLINE, from);
    const to = newline < 0 ? text.length : newline;
    const found = scanEndpoint4(text, from, to) ?? scanEndpoint6(textOf(text, from, to));
    from = to + 1;
    if (!found || !families.includes(found.ip.length === 4 ? TYPE.A : TYPE.AAAA)) continue;
    const { ip, port } = found;
    if (kept[ip.length]++ < ADDRESSES_MAX && !isUnspecified(ip)) servers.push({ ip, port });
  }
  return servers;
}

function scanEndpoint6(line: string): Endpoint | undefined {
  const word = line.split(/[ \t\r]/, 1)[0]!;
  if (!word.includes(':')) return undefined;
  const { endpoints, length } = scanEndpoints(bytesOf(word), 1);
  return length === word.length ? endpoints[0] : undefined;
}
