// Where a client finds its caches and its rewriting rules: environment, /etc/dnsrewrite, /etc/resolv.conf, host name.
// Counterpart: dns_rcip.c, dns_rcrw.c. What was read is kept for ten minutes or 10,000 uses, whichever is first.
import { EMPTY, textOf } from '../base/bytes.ts';
import { type Endpoint, scanEndpoints } from '../base/endpoint.ts';
import { readIfExists } from '../base/files.ts';
import { LOCALHOST, nameservers, rulesIn, SERVERS_MAX, searchList, searchRules } from '../stub/resolv-conf.ts';

const SECONDS = 600;
const USES = 10000;
const RESOLV_CONF = '/etc/resolv.conf';

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
  const named = scanEndpoints(settings.dnsCacheIp ?? EMPTY, SERVERS_MAX).endpoints;
  if (named.length > 0) return named;
  const servers = nameservers(readIfExists(RESOLV_CONF) ?? EMPTY);
  return servers.length > 0 ? servers : [LOCALHOST];
}

function rewriteRules(settings: ResolverSettings): string[] {
  const file = readIfExists(settings.dnsRewriteFile ? textOf(settings.dnsRewriteFile) : '/etc/dnsrewrite');
  if (file) return rulesIn(file);
  if (settings.localDomain) return searchRules(textOf(settings.localDomain).split(' '));
  const search = searchList(readIfExists(RESOLV_CONF) ?? EMPTY);
  if (search) return searchRules(search);
  const hostname = settings.hostname();
  const dot = hostname.indexOf('.');
  return dot < 0 ? ['*.:'] : [`?:${hostname.slice(dot)}`, '*.:'];
}
