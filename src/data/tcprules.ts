// Access rules for TCP connections: the text that tcprules reads, the cdb that it writes, the look-up that tcpserver,
// tcprulescheck and axfrdns --listen do. Counterpart: tcprules.c, rules.c of ucspi-tcp 0.88. Key: the address text of
// the rule, or the first numbers of an address with a dot (IPv6: groups, with a colon) behind them. Value: `D` NUL for
// deny, then `+VAR=value` NUL for each variable; a plain allow is empty.
import { addressOf, formatAddress, formatGroups, scanIp6 } from '../base/address.ts';
import { bytesOf, concat, EMPTY, equalAt, textOf } from '../base/bytes.ts';
import { Decimal, scanDecimal } from '../base/text.ts';
import { CdbCursor, CdbScan } from '../cdb/reader.ts';

/** Takes one record of the compiled rules; both are the callee's to keep. */
export type PutRule = (key: Uint8Array, value: Uint8Array) => void;

const DENY = bytesOf('deny');
const ALLOW = bytesOf('allow');
const DENIED = bytesOf('D\0');
const HASH = 35;
const PLUS = 43;
const COMMA = 44;
const DASH = 45;
const DOT = 46;
const COLON = 58;
const EQUALS = 61;
const AT = 64;

/**
 * Compiles the line `text[from..to]`, newline and trailing blanks already stripped. Comments and lines without a colon
 * give no record, a range gives one for each address. False when the line cannot be parsed; nothing is put then.
 */
export function scanRule(text: Uint8Array, from: number, to: number, put: PutRule): boolean {
  if (text[from] === HASH) return true;
  const colon = addressEnd(text, from, to);
  if (colon < 0) return true;
  const value = scanInstructions(text, colon + 1, to);
  return value !== undefined && putAddresses(keyOf(text.slice(from, colon)), value, put);
}

/**
 * Where the address ends: at the first colon. One of IPv6 has colons itself, and ends at the first colon that `allow`
 * or `deny` follows, which the original would not parse. -1 when there is no colon.
 */
function addressEnd(text: Uint8Array, from: number, to: number): number {
  const first = indexOf(text, COLON, from, to);
  const match = IP6_RULE.exec(textOf(text, from, to));
  return match ? from + match[1]!.length : first;
}

const IP6_RULE = /^((?:[^:=@]*@)?\[?[0-9A-Fa-f.:]*:[0-9A-Fa-f.:]*\]?):(?:allow|deny)/;

/** The key of an address: itself, but a whole IPv6 address in the form of RFC 5952 and without brackets. */
function keyOf(address: Uint8Array): Uint8Array {
  const [, info = '', text = ''] = /^(.*@)?(.*)$/s.exec(textOf(address)) ?? [];
  const ip = scanIp6(text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text);
  return ip ? bytesOf(info + formatAddress(ip)) : address;
}

/** `deny` or `allow` and the variables, as the record's value; undefined when malformed. */
function scanInstructions(text: Uint8Array, from: number, to: number): Uint8Array | undefined {
  const parts: Uint8Array[] = [];
  let at = from;
  if (at + 4 <= to && equalAt(text, at, DENY, 0, 4)) {
    parts.push(DENIED);
    at += 4;
  } else if (at + 5 <= to && equalAt(text, at, ALLOW, 0, 5)) at += 5;
  else return undefined;
  while (at < to) {
    if (text[at++] !== COMMA) return undefined;
    const quote = indexOf(text, EQUALS, at, to) + 1;
    if (quote === 0 || quote >= to) return undefined;
    const end = indexOf(text, text[quote]!, quote + 1, to);
    if (end < 0) return undefined;
    parts.push(bytesOf('+'), text.slice(at, quote), text.slice(quote + 1, end), bytesOf('\0'));
    at = end + 1;
  }
  return concat(parts);
}

/** Puts the rule for the address, or for each address when its first dash makes a range of one component. */
function putAddresses(address: Uint8Array, value: Uint8Array, put: PutRule): boolean {
  const dash = address.indexOf(DASH);
  if (dash < 0 || address.includes(EQUALS) || address.includes(AT)) {
    put(address, value);
    return true;
  }
  const left = address.lastIndexOf(DOT, dash) + 1;
  const dot = address.indexOf(DOT, dash);
  const right = dot < 0 ? address.length : dot;
  const lowest = scanBound(address, left, dash);
  const highest = scanBound(address, dash + 1, right);
  if (lowest < 0 || highest < 0) return false;
  for (let n = lowest; n <= Math.min(highest, 255); n++) {
    put(concat([address.subarray(0, left), bytesOf(String(n)), address.subarray(right)]), value);
  }
  return true;
}

/** A bound of a range, nothing at all being 0; -1 when it is no number. */
function scanBound(text: Uint8Array, from: number, to: number): number {
  const number = new Decimal();
  return scanDecimal(text, from, to, number) === to - from ? number.value : -1;
}

function indexOf(text: Uint8Array, octet: number, from: number, to: number): number {
  const at = text.indexOf(octet, from);
  return at < to ? at : -1;
}

/** Who connects, as the UCSPI variables TCPREMOTEIP, TCPREMOTEHOST and TCPREMOTEINFO say; undefined for unknown. */
export interface Remote {
  readonly ip: Uint8Array;
  readonly host?: Uint8Array | undefined;
  readonly info?: Uint8Array | undefined;
}

/** What the rules say of a connection. `key` is the rule that matched, undefined when none did (which allows). */
export interface Rule {
  readonly key: Uint8Array | undefined;
  readonly denied: boolean;
  /** Variables to set, `NAME=value` each. */
  readonly variables: readonly Uint8Array[];
}

const cursor = new CdbCursor();

/**
 * The rule for `remote` in the bytes of a compiled file, the most particular one first; undefined when the file is
 * corrupt. Of several rules for one address the first counts.
 */
export function findRule(file: Uint8Array, remote: Remote): Rule | undefined {
  for (const key of candidates(remote)) {
    cursor.start(file, key);
    if (cursor.next()) return unpackRule(key, file.subarray(cursor.dataPos, cursor.dataPos + cursor.dataLength));
    if (cursor.failed) return undefined;
  }
  return { key: undefined, denied: false, variables: [] };
}

/** The keys of the rules that no connection can match: they stand in none of the forms that are looked up. */
export function unmatchableKeys(file: Uint8Array): string[] {
  const scan = new CdbScan(file);
  const keys = new Set<string>();
  while (scan.next()) {
    const key = textOf(file, scan.keyPos, scan.keyPos + scan.keyLength);
    if (!isMatchable(key.replace(/^[^@]*@/, ''))) keys.add(key);
  }
  return [...keys];
}

/** True for a key of everybody, of hosts, of an address or of the beginning of addresses. */
function isMatchable(key: string): boolean {
  if (key === '' || key.startsWith('=')) return true;
  const whole = addressOf(key);
  if (whole && formatAddress(whole) === key) return true;
  if (/^(?:[0-9a-f]{1,4}:){1,7}$/.test(key)) return true;
  return /^(?:(?:0|[1-9][0-9]{0,2})\.){1,3}$/.test(key) && key.split('.').every((octet) => Number(octet) < 256);
}

const INFO_END = bytesOf('@');
const HOST_MARK = bytesOf('=');

/** The keys to look up, in order: info@ip, info@=host, ip, =host, ip's prefixes, host's suffixes, any host, anyone. */
function* candidates({ ip: text, host, info }: Remote): Generator<Uint8Array> {
  const address = text.includes(COLON) ? addressOf(textOf(text)) : undefined;
  const ip = address ? bytesOf(formatAddress(address)) : text;
  if (info) {
    yield concat([info, INFO_END, ip]);
    if (host) yield concat([info, INFO_END, HOST_MARK, host]);
  }
  yield ip;
  if (host) yield concat([HOST_MARK, host]);
  if (address?.length !== 16) {
    for (let end = ip.length; end > 0; end--) if (ip[end - 1] === DOT) yield ip.subarray(0, end);
  } else for (let count = 7; count > 0; count--) yield bytesOf(`${formatGroups(address, count)}:`);
  if (host) {
    for (let from = 0; from < host.length; from++) {
      if (host[from] === DOT) yield concat([HOST_MARK, host.subarray(from)]);
    }
    yield HOST_MARK;
  }
  yield EMPTY;
}

function unpackRule(key: Uint8Array, value: Uint8Array): Rule {
  let denied = false;
  const variables: Uint8Array[] = [];
  for (let from = 0; from < value.length; ) {
    const nul = value.indexOf(0, from);
    if (nul < 0) break;
    if (value[from] === 68) denied = true;
    if (value[from] === PLUS) variables.push(value.slice(from + 1, nul));
    from = nul + 1;
  }
  return { key, denied, variables };
}

/** The rule as tcprulescheck prints it, a line each: which rule, its variables, the decision. Latin-1 text. */
export function formatRule(rule: Rule): string {
  let text = rule.key ? `rule ${textOf(rule.key)}:\n` : 'default:\n';
  if (!rule.denied) for (const variable of rule.variables) text += `set environment variable ${textOf(variable)}\n`;
  return `${text}${rule.denied ? 'deny' : 'allow'} connection\n`;
}
