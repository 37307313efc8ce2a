// What the lookup programs share: the resolver's configuration, one question to the caches or to given servers, names
// to addresses. Counterpart: dns_resolve.c, dns_ip.c, dns_ipq.c and the mains of dnsip, dnsmx, dnsname, dnstxt.

import { type Address, formatIp4, formatIp6, type Ip4, type Ip6, scanIp6 } from '../base/address.ts';
import { type Endpoint, scanEndpoints } from '../base/endpoint.ts';
import { Fatal } from '../base/errors.ts';
import { codeText, errorCode } from '../base/oserror.ts';
import { shuffle } from '../base/random.ts';
import { Exchange, type StubQuestion } from '../stub/exchange.ts';
import { addresses6In, addressesIn, type BadReply, isBad } from '../stub/extract.ts';
import { literalAddresses } from '../stub/literal.ts';
import { SERVERS_MAX } from '../stub/resolv-conf.ts';
import { applyRules, candidates } from '../stub/rewrite.ts';
import { transmitted } from '../transport/transmit.ts';
import { nameOf } from '../wire/name.ts';
import * as TYPE from '../wire/type.ts';
import { argText, envBytes } from './args.ts';
import { ResolverConfig } from './resolver-config.ts';

/** A lookup that failed: the code of the last attempt's failure, of a bad reply, or of the system. */
export class LookupError extends Error {
  override name = 'LookupError';
  readonly code: string;
  constructor(code: string) {
    super(codeText(code));
    this.code = code;
  }
}

let configuration: ResolverConfig | undefined;

/** The process's resolver configuration, read when first used. */
export function resolverConfig(): ResolverConfig {
  configuration ??= new ResolverConfig({
    dnsCacheIp: envBytes('DNSCACHEIP'),
    dnsRewriteFile: envBytes('DNSREWRITEFILE'),
    localDomain: envBytes('LOCALDOMAIN'),
    hostname: () => process.getBuiltinModule('node:os').hostname(),
  });
  return configuration;
}

/** Seconds of a clock that only goes forward. */
export function seconds(): number {
  const [whole, nano] = process.hrtime(); // `performance` would load for a millisecond
  return whole + nano / 1e9;
}

/** How a question ended: with a reply from `server`, or with the code of the last attempt's failure. */
export interface Asked {
  readonly reply: Uint8Array | undefined;
  readonly server: Endpoint | undefined;
  readonly error: string;
  /** From the first attempt to the end, rounded to a microsecond. */
  readonly milliseconds: number;
}

/** Asks the caches, recursion desired. */
export async function askCaches(question: StubQuestion, anyOpcode = false): Promise<Asked> {
  let servers: readonly Endpoint[];
  try {
    servers = resolverConfig().cacheServers(seconds());
  } catch (error) {
    return { reply: undefined, server: undefined, error: errorCode(error) || 'EIO', milliseconds: 0 };
  }
  return ended(new Exchange(question, servers, { recursive: true, anyOpcode }));
}

/** Asks the servers, no recursion desired, for the tools that show the reply. */
export function askServers(question: StubQuestion, servers: readonly Endpoint[]): Promise<Asked> {
  return ended(new Exchange(question, servers, { recursive: false, anyOpcode: true }));
}

async function ended(exchange: Exchange): Promise<Asked> {
  const before = seconds();
  const { reply, repliedBy, error } = await transmitted(exchange);
  return { reply, server: repliedBy, error, milliseconds: Math.round((seconds() - before) * 1e6) / 1e3 };
}

/** Looks the name (Latin-1 text) up in the caches and takes from the reply what `extract` does. Throws LookupErrors. */
export async function lookup<T extends object | undefined>(
  text: string,
  qtype: number,
  extract: (reply: Uint8Array) => T | BadReply,
): Promise<T> {
  const qname = nameOf(text);
  if (!qname) throw new LookupError('EPROTO');
  return lookupName(qname, qtype, extract);
}

/** The same for a name in wire form. */
export async function lookupName<T extends object | undefined>(
  qname: Uint8Array,
  qtype: number,
  extract: (reply: Uint8Array) => T | BadReply,
): Promise<T> {
  const { reply, error } = await askCaches({ name: qname, type: qtype });
  if (!reply) throw new LookupError(error);
  const found = extract(reply);
  if (isBad(found)) throw new LookupError(found.code);
  return found;
}

/** The name's addresses: itself where it is made of digits, dots and brackets, else its A records in random order. */
export async function addressesOf(text: string): Promise<Ip4[]> {
  return literalAddresses(text) ?? shuffle(await lookup(text, TYPE.A, addressesIn));
}

/**
 * The same for IPv6: an IPv6 address, which may have brackets, is itself; else what `addressesOf` takes for addresses;
 * else the AAAA records, then the A records, each in random order.
 */
export async function addresses6Of(text: string): Promise<Address[]> {
  const ip = scanIp6(text.replace(/^\[(.*)\]$/, '$1'));
  if (ip) return [ip];
  if (text.includes(':')) throw new LookupError('EINVAL');
  const literal = literalAddresses(text);
  if (literal) return literal;
  return [...(await aaaaOf(text)), ...(await addressesOf(text))];
}

/** The name's AAAA records in random order. */
async function aaaaOf(text: string): Promise<Ip6[]> {
  return shuffle(await lookup(text, TYPE.AAAA, addresses6In));
}

/** The address as IPv6 has it: `2001:db8::1`, `::ffff:1.2.3.4`. */
export function formatMapped(ip: Address): string {
  return ip.length === 4 ? `::ffff:${formatIp4(ip)}` : formatIp6(ip);
}

/** A name after rewriting and searching, and its addresses. */
export interface Qualified {
  readonly name: string;
  readonly addresses: readonly Address[];
}

/**
 * Rewrites the name and tries the candidates; the first with an address wins, else it is the last one, without any.
 * Text that has one of `others` is no name that a `?` rule applies to.
 */
export async function qualify(
  typed: string,
  find: (name: string) => Promise<readonly Address[]> = addressesOf,
  others = '',
): Promise<Qualified> {
  let rules: readonly string[];
  try {
    rules = resolverConfig().rewriteRules(seconds());
  } catch (error) {
    throw new LookupError(errorCode(error) || 'EIO');
  }
  let found: Qualified = { name: typed, addresses: [] };
  for (const name of candidates(applyRules(rules, typed, others))) {
    found = { name, addresses: await find(name) };
    if (found.addresses.length > 0) break;
  }
  return found;
}

/**
 * The servers that an argument names: addresses with ports (`1.2.3.4:5353`, `[2001:db8::1]:5353`, several with dots
 * between them), or whatever `qualify` makes of it, port 53; IPv6 addresses only where there is no other.
 */
export async function serversOf(typed: string): Promise<Endpoint[]> {
  if (typed.includes(':')) {
    const scanned = scanEndpoints(Buffer.from(typed, 'latin1'), SERVERS_MAX);
    if (scanned.endpoints.length > 0 && scanned.length === typed.length) return scanned.endpoints;
  }
  let { addresses } = await qualify(typed);
  if (addresses.length === 0) addresses = (await qualify(typed, aaaaOf)).addresses;
  return addresses.slice(0, SERVERS_MAX).map((ip) => ({ ip, port: 53 }));
}

/** Runs the lookup; a failure becomes `Fatal("MESSAGE: ERR")`. */
export async function orUnable<T>(message: string, action: Promise<T>): Promise<T> {
  try {
    return await action;
  } catch (error) {
    if (error instanceof LookupError) throw new Fatal(`${message}: ${error.message}`);
    throw error;
  }
}

/**
 * Runs `act` for the arguments in order, each as Latin-1 text. The first failure is the end: a lookup's becomes
 * `Fatal("MESSAGE ARGUMENT: ERR")`.
 */
export async function forEachArgument(
  args: readonly string[],
  message: string,
  act: (text: string) => Promise<void>,
): Promise<void> {
  for (let i = 0; i < args.length; i++) {
    const text = argText(args, i);
    await orUnable(`${message} ${text}`, act(text));
  }
}
