// What the lookup programs share: the resolver's configuration, one question to the caches or to given servers, names
// to addresses. Counterpart: dns_resolve.c, dns_ip.c, dns_ipq.c and the mains of dnsip, dnsmx, dnsname, dnstxt.

import { type Address, formatIp4, formatIp6, type Ip4, type Ip6, scanIp6 } from '../base/address.ts';
import { bytesOf } from '../base/bytes.ts';
import { type Endpoint, scanEndpoints } from '../base/endpoint.ts';
import { Fatal, UsageError } from '../base/errors.ts';
import { codeText, errorCode } from '../base/oserror.ts';
import { stdout } from '../base/output.ts';
import { shuffle } from '../base/random.ts';
import { Exchange, type Manner, type StubQuestion } from '../stub/exchange.ts';
import { addresses6In, addressesIn, type BadReply, isBad } from '../stub/extract.ts';
import { literalAddresses } from '../stub/literal.ts';
import { SERVERS_MAX } from '../stub/resolv-conf.ts';
import { applyRules, candidates } from '../stub/rewrite.ts';
import { transmitted } from '../transport/transmit.ts';
import { nameOf } from '../wire/name.ts';
import * as TYPE from '../wire/type.ts';
import { argText, envBytes } from './args.ts';
import type { Options, ProgramOption } from './main.ts';
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

/** What users may say about how questions are asked. */
export type ClientManner = Omit<Manner, 'recursive' | 'anyOpcode'>;

/** For --help: where questions go. */
export const CACHE_NOTES = `Environment:
  DNSCACHEIP    caches to ask, instead of those of /etc/resolv.conf: 127.0.0.1, 127.0.0.1:5353, [::1]`;

/** The same, and what completes names. */
export const REWRITE_NOTES = `${CACHE_NOTES}
  DNSREWRITEFILE  rules that complete names, instead of /etc/dnsrewrite
  LOCALDOMAIN     domains to search, with single spaces between them`;

/** The options of every client, for `run`. */
export const CLIENT_OPTIONS: readonly ProgramOption[] = [
  ['--timeout <seconds>', 'give up a question after so many seconds (a minute)'],
];

/** Those of clients that are used in scripts. */
export const CHECK_OPTIONS: readonly ProgramOption[] = [
  ['--check', 'exit with 1 for an answer that is none, with 111 without a response'],
  ...CLIENT_OPTIONS,
];

/** How the options want questions to be asked. Throws UsageError. */
export function mannerOf({ timeout }: Options): ClientManner {
  if (timeout === undefined) return {};
  const seconds = /^(?:[0-9]+\.?|[0-9]*\.[0-9]+)$/.test(String(timeout)) ? Number(timeout) : 0;
  if (seconds <= 0 || seconds > 1e6) throw new UsageError(`--timeout takes seconds, not ${timeout}`);
  return { timeout: seconds };
}

/** What came of a lookup that was to be checked. */
export type Checked = 'found' | 'none' | 'failed';

/** The exit code of --check, when the program ends: 111 for one failure, else 1 for one that was not found, else 0. */
export function noteCheck(outcome: Checked): void {
  const code = { found: 0, none: 1, failed: 111 }[outcome];
  process.exitCode = Math.max(Number(process.exitCode ?? 0), code);
}

/** Asks the caches, recursion desired. With `forPeople` a response may have any opcode. */
export async function askCaches(question: StubQuestion, manner: ClientManner, forPeople = false): Promise<Asked> {
  let servers: readonly Endpoint[];
  try {
    servers = resolverConfig().cacheServers(seconds());
  } catch (error) {
    return { reply: undefined, server: undefined, error: errorCode(error) || 'EIO', milliseconds: 0 };
  }
  return outcomeOf(new Exchange(question, servers, { ...manner, recursive: true, anyOpcode: forPeople }));
}

/** Asks the servers, no recursion desired, for the tools that show the reply. */
export function askServers(
  question: StubQuestion,
  servers: readonly Endpoint[],
  manner: ClientManner = {},
): Promise<Asked> {
  return outcomeOf(new Exchange(question, servers, { ...manner, recursive: false, anyOpcode: true }));
}

async function outcomeOf(exchange: Exchange): Promise<Asked> {
  const before = seconds();
  const { reply, repliedBy, error } = await transmitted(exchange);
  return { reply, server: repliedBy, error, milliseconds: Math.round((seconds() - before) * 1e6) / 1e3 };
}

/** Takes from a response what is looked for. */
export type Extract<T> = (response: Uint8Array) => T | BadReply;

/** Looks the name (Latin-1 text) up in the caches and takes from the reply what `extract` does. Throws LookupErrors. */
export async function lookup<T extends object | undefined>(
  text: string,
  type: number,
  extract: Extract<T>,
  manner: ClientManner = {},
): Promise<T> {
  const name = nameOf(text);
  if (!name) throw new LookupError('EPROTO');
  return lookupName({ name, type }, extract, manner);
}

/** The same for a name in wire form. */
export async function lookupName<T extends object | undefined>(
  question: StubQuestion,
  extract: Extract<T>,
  manner: ClientManner = {},
): Promise<T> {
  const { reply, error } = await askCaches(question, manner);
  if (!reply) throw new LookupError(error);
  const found = extract(reply);
  if (isBad(found)) throw new LookupError(found.code);
  return found;
}

/** The name's addresses: itself where it is made of digits, dots and brackets, else its A records in random order. */
export async function addressesOf(text: string, manner: ClientManner = {}): Promise<Ip4[]> {
  return literalAddresses(text) ?? shuffle(await lookup(text, TYPE.A, addressesIn, manner));
}

/**
 * The same for IPv6: an IPv6 address, which may have brackets, is itself; else what `addressesOf` takes for addresses;
 * else the AAAA records, then the A records, each in random order.
 */
export async function addresses6Of(text: string, manner: ClientManner = {}): Promise<Address[]> {
  const ip = scanIp6(text.replace(/^\[(.*)\]$/, '$1'));
  if (ip) return [ip];
  if (text.includes(':')) throw new LookupError('EINVAL');
  const literal = literalAddresses(text);
  if (literal) return literal;
  return [...(await aaaaOf(text, manner)), ...(await addressesOf(text, manner))];
}

/** The name's AAAA records in random order. */
async function aaaaOf(text: string, manner: ClientManner): Promise<Ip6[]> {
  return shuffle(await lookup(text, TYPE.AAAA, addresses6In, manner));
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
  find: (name: string) => Promise<readonly Address[]>,
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
export async function serversOf(typed: string, manner: ClientManner = {}): Promise<Endpoint[]> {
  if (typed.includes(':')) {
    const scanned = scanEndpoints(bytesOf(typed), SERVERS_MAX);
    if (scanned.endpoints.length > 0 && scanned.length === typed.length) return scanned.endpoints;
  }
  let { addresses } = await qualify(typed, (name) => addressesOf(name, manner));
  if (addresses.length === 0) ({ addresses } = await qualify(typed, (name) => aaaaOf(name, manner)));
  return addresses.slice(0, SERVERS_MAX).map((ip) => ({ ip, port: 53 }));
}

/** Prints a line of addresses, a space after each */
export function printAddresses(addresses: readonly Address[], format: (ip: Address) => string): void {
  for (const ip of addresses) stdout.putText(`${format(ip)} `);
  stdout.putText('\n');
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
