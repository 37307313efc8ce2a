// Where a client finds its caches and its rewriting rules: environment, /etc/dnsrewrite, /etc/resolv.conf, host name.
// Counterpart: dns_rcip.c, dns_rcrw.c. What was read is kept for ten minutes or 10,000 uses, whichever is first.
import { textOf } from '../base/bytes.ts';
import { DNS_PORT, type Endpoint } from '../base/endpoint.ts';
import { readIfExists } from '../base/files.ts';
import { scanIp4 } from '../base/ip.ts';
import { scanEndpoints } from '../base/ip6.ts';

/** Servers used at most. */
export const SERVERS_MAX = 16;
const SECONDS = 600;
const USES = 10000;
const RESOLV_CONF = '/etc/resolv.conf';
const LOCALHOST: Endpoint = { ip: Uint8Array.of(127, 0, 0, 1), port: DNS_PORT };

/** What the environment says; a variable that is not set is undefined. Bytes as in the environment. */
export interface ResolverSettings {
  dnsCacheIp: Uint8Array | undefined;
  dnsRewriteFile: Uint8Array | undefined;
  localDomain: Uint8Array | undefined;
  hostname(): string;
}

/** `read` again when what was read is too old or used too often. `now` in seconds of any steady clock. */
class Kept<T> {
  private value: T | undefined;
  private until = 0;
  private uses = 0;
  private readonly read: () => T;

  constructor(read: () => T) {
    this.read = read;
  }

  get(now: number): T {
    if (this.value === undefined || this.uses <= 0 || now >= this.until) {
      this.value = undefined; // if reading fails, the next use tries again
      this.value = this.read();
      this.until = now + SECONDS;
      this.uses = USES;
    }
    this.uses--;
    return this.value;
  }
}

/** A client's configuration. Both methods throw the system error of a file that exists and cannot be read. */
export class ResolverConfig {
  private readonly servers: Kept<Endpoint[]>;
  private readonly rules: Kept<string[]>;

  constructor(settings: ResolverSettings) {
    this.servers = new Kept(() => cacheServers(settings));
    this.rules = new Kept(() => rewriteRules(settings));
  }

  /** The caches to ask, in order. */
  cacheServers(now: number): readonly Endpoint[] {
    return this.servers.get(now);
  }

  /** The rules for `applyRules` of rewrite.ts, as Latin-1 text. */
  rewriteRules(now: number): readonly string[] {
    return this.rules.get(now);
  }
}

function cacheServers(settings: ResolverSettings): Endpoint[] {
  const named = scanEndpoints(settings.dnsCacheIp ?? new Uint8Array(0), SERVERS_MAX).endpoints;
  if (named.length > 0) return named;
  const servers = nameservers(readIfExists(RESOLV_CONF) ?? new Uint8Array(0));
  return servers.length > 0 ? servers : [LOCALHOST];
}

/** The servers in the `nameserver` lines of a resolv.conf: one IPv4 address a line; 0.0.0.0 means this host. */
export function nameservers(resolvConf: Uint8Array): Endpoint[] {
  const servers: Endpoint[] = [];
  for (const line of linesOf(resolvConf)) {
    const match = /^nameserver[ \t]+/.exec(line);
    if (!match || servers.length === SERVERS_MAX) continue;
    const address = Buffer.from(line.slice(match[0].length), 'latin1');
    const ip = new Uint8Array(4);
    if (scanIp4(address, 0, address.length, ip, 0) === 0) continue;
    servers.push(ip.every((octet) => octet === 0) ? LOCALHOST : { ip, port: DNS_PORT });
  }
  return servers;
}

function rewriteRules(settings: ResolverSettings): string[] {
  const file = readIfExists(settings.dnsRewriteFile ? textOf(settings.dnsRewriteFile) : '/etc/dnsrewrite');
  if (file) return linesOf(file).flatMap((line) => line.replace(/[ \t\r]+$/, '').split('\0'));
  if (settings.localDomain) return searchRules(Buffer.from(settings.localDomain).toString('latin1').split(' '));
  const search = searchList(readIfExists(RESOLV_CONF) ?? new Uint8Array(0));
  if (search) return searchRules(search);
  const hostname = settings.hostname();
  const dot = hostname.indexOf('.');
  return dot < 0 ? ['*.:'] : [`?:${hostname.slice(dot)}`, '*.:'];
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

function searchRules(domains: readonly string[]): string[] {
  return [`?:${domains.map((domain) => `+.${domain}`).join('')}`, '*.:'];
}

function linesOf(file: Uint8Array): string[] {
  return Buffer.from(file).toString('latin1').split('\n');
}
