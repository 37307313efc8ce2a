// What the files that configure a client say: resolv.conf's servers and search list, dnsrewrite's rules. Counterpart:
// dns_rcip.c, dns_rcrw.c, whose reading of files is in program/resolver-config.ts. Text is Latin-1.

import { type Address, ip4, ip4Of, isUnspecified, scanIp6 } from '../base/address.ts';
import { bytesOf, textOf } from '../base/bytes.ts';
import { DNS_PORT, type Endpoint } from '../base/endpoint.ts';

/** Servers used at most. */
export const SERVERS_MAX = 16;
/** The cache that is asked where no other is named. */
export const LOCALHOST: Endpoint = { ip: ip4(127, 0, 0, 1), port: DNS_PORT };

/**
 * The servers in the `nameserver` lines of a resolv.conf: one address a line, IPv4 by djb's lax rule or else a whole
 * IPv6 address before the next blank, perhaps with an interface (`fe80::1%eth0`); 0.0.0.0 and `::` mean this host.
 */
export function nameservers(resolvConf: Uint8Array): Endpoint[] {
  const servers: Endpoint[] = [];
  for (const line of linesOf(resolvConf)) {
    const match = /^nameserver[ \t]+/.exec(line);
    if (!match || servers.length === SERVERS_MAX) continue;
    const text = line.slice(match[0].length);
    const [, address = '', scope] = /^([^ \t\r%]*)(?:%([^ \t\r]+))?/.exec(text)!;
    const lax = ip4Of(bytesOf(text));
    const ip = lax ?? scanIp6(address);
    if (!ip) continue;
    const server = { ip: isUnspecified(ip) ? loopback(ip) : ip, port: DNS_PORT };
    servers.push(lax || !scope ? server : { ...server, scope });
  }
  return servers;
}

/** This host, in the family of the address. */
function loopback(ip: Address): Address {
  return ip.length === 4 ? LOCALHOST.ip : scanIp6('::1')!;
}

/** The domains of the first `search` or `domain` line of a resolv.conf; undefined when there is none. */
export function searchList(resolvConf: Uint8Array): string[] | undefined {
  for (const line of linesOf(resolvConf)) {
    if (!/^(?:search|domain)[ \t]/.test(line)) continue;
    const words = line.slice(7).split(/[ \t]/);
    return words.filter((word) => word !== '');
  }
  return undefined;
}

/** The rules that make a search list of these domains. */
export function searchRules(domains: readonly string[]): string[] {
  return [`?:${domains.map((domain) => `+.${domain}`).join('')}`, '*.:'];
}

/** The rules of a dnsrewrite file, one a line, blanks at the end of a line left out. */
export function rulesIn(dnsrewrite: Uint8Array): string[] {
  return linesOf(dnsrewrite).flatMap((line) => withoutBlanks(line).split('\0'));
}

/** By hand, because a regular expression looks at each blank of a line once for every blank before it. */
function withoutBlanks(line: string): string {
  let end = line.length;
  while (end > 0 && ' \t\r'.includes(line[end - 1]!)) end--;
  return line.slice(0, end);
}

function linesOf(file: Uint8Array): string[] {
  return textOf(file).split('\n');
}
