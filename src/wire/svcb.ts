// The parameters of SVCB and HTTPS records (RFC 9460 section 2). In wire form each is a key, a length and as many
// octets, in ascending order of keys; in text `key=value` or `key`.
import { formatIp4, formatIp6, scanAnyIp6, scanQuad } from '../base/address.ts';
import { concat, formatHex, pack16, textOf, unpack16 } from '../base/bytes.ts';
import { scanBase64 } from '../base/text.ts';
import { formatQuoted, formatText } from './escape.ts';
import type { Reader } from './reader.ts';
import { octetsOf, type Token } from './tokens.ts';

const KEYS = ['mandatory', 'alpn', 'no-default-alpn', 'port', 'ipv4hint', 'ech', 'ipv6hint', 'dohpath', 'ohttp'];
const MANDATORY = 0;
const ALPN = 1;
const NO_DEFAULT_ALPN = 2;
const PORT = 3;
const IP4_HINT = 4;
const ECH = 5;
const IP6_HINT = 6;
const DOH_PATH = 7;
const OHTTP = 8;
/** Key 65535 is reserved for nothing ever. */
const KEY_MAX = 65534;

export interface Param {
  readonly key: number;
  readonly value: Uint8Array;
}

/** The parameters up to the end of the reader, in the order they stand there. */
export function readParams(reader: Reader): Param[] {
  const params: Param[] = [];
  while (!reader.failed && reader.pos < reader.end) {
    const key = reader.u16();
    params.push({ key, value: reader.copy(reader.u16()) });
  }
  return params;
}

/** A parameter's key as text. */
export function formatKey(key: number): string {
  return KEYS[key] ?? `key${key}`;
}

/** What a value consists of: a list where the key has several, one text where it has one; undefined when malformed. */
function paramParts({ key, value }: Param): string | readonly string[] | undefined {
  switch (key) {
    case MANDATORY:
      return items(value, 2, (at) => formatKey(unpack16(value, at)));
    case ALPN:
      return stringsIn(value);
    case NO_DEFAULT_ALPN:
    case OHTTP:
      return value.length === 0 ? '' : undefined;
    case PORT:
      return value.length === 2 ? String(unpack16(value, 0)) : undefined;
    case IP4_HINT:
      return items(value, 4, (at) => formatIp4(value, at));
    case IP6_HINT:
      return items(value, 16, (at) => formatIp6(value, at));
    case ECH:
      return Buffer.from(value).toString('base64');
    default:
      return formatText(value);
  }
}

function items(value: Uint8Array, width: number, show: (at: number) => string): readonly string[] | undefined {
  if (value.length % width !== 0) return undefined;
  return Array.from({ length: value.length / width }, (_, i) => show(i * width));
}

function stringsIn(value: Uint8Array): string[] | undefined {
  const strings: string[] = [];
  for (let at = 0; at < value.length; ) {
    const end = at + 1 + value[at]!;
    if (end > value.length) return undefined;
    strings.push(formatText(value.subarray(at + 1, end)));
    at = end;
  }
  return strings;
}

/** The parameters for JSON, by key; a value that is malformed is hexadecimal. */
export function paramsObject(params: readonly Param[]): Record<string, string | readonly string[]> {
  const object: Record<string, string | readonly string[]> = {};
  for (const param of params) object[formatKey(param.key)] = paramParts(param) ?? formatHex(param.value);
  return object;
}

/** The parameters as text; IPv6 addresses as 32 digits if `isFlat`. Undefined when a value is malformed. */
export function formatParams(params: readonly Param[], isFlat: boolean): string | undefined {
  const words: string[] = [];
  for (const param of params) {
    const value = formatValue(param, isFlat);
    if (value === undefined) return undefined;
    words.push(value === '' ? formatKey(param.key) : `${formatKey(param.key)}=${value}`);
  }
  return words.join(' ');
}

function formatValue(param: Param, isFlat: boolean): string | undefined {
  const { key, value } = param;
  const parts = paramParts(param);
  if (parts === undefined) return undefined;
  if (key > OHTTP || key === DOH_PATH) return formatQuoted(value);
  if (typeof parts === 'string') return parts === '' && key === ECH ? undefined : parts;
  if (parts.length === 0) return undefined;
  if (key === ALPN) return formatProtocols(value);
  if (key !== IP6_HINT) return parts.join(',');
  return isFlat ? items(value, 16, (at) => formatHex(value, at, at + 16))!.join(',') : `"${parts.join(',')}"`;
}

/** Protocols with commas between; commas and backslashes in them have a backslash of their own before them. */
function formatProtocols(value: Uint8Array): string {
  const octets: number[] = [];
  for (let at = 0; at < value.length; at += 1 + value[at]!) {
    if (at > 0) octets.push(COMMA);
    for (const octet of value.subarray(at + 1, at + 1 + value[at]!)) {
      if (octet === COMMA || octet === BACKSLASH) octets.push(BACKSLASH);
      octets.push(octet);
    }
  }
  return formatQuoted(Uint8Array.from(octets));
}

const COMMA = 44;
const BACKSLASH = 92;

/** The parameters that words say, in wire form and in order; undefined when one is malformed or they contradict. */
export function scanParams(tokens: readonly Token[]): Uint8Array | undefined {
  const params = new Map<number, Param>();
  for (const { text } of tokens) {
    const [, name = '', value] = /^([^=\\]*)(?:=(.*))?$/s.exec(text) ?? [];
    const key = scanKey(name);
    const octets = octetsOf(value ?? '');
    const wire = name.startsWith('key') ? octets : scanValue(key, octets);
    if (key < 0 || params.has(key) || !wire) return undefined;
    params.set(key, { key, value: wire });
  }
  const mandatory = params.get(MANDATORY)?.value ?? new Uint8Array(0);
  for (let at = 0; at + 1 < mandatory.length; at += 2) if (!params.has(unpack16(mandatory, at))) return undefined;
  if (params.has(NO_DEFAULT_ALPN) && !params.has(ALPN)) return undefined;
  const sorted = [...params.values()].sort((a, b) => a.key - b.key);
  return concat(sorted.flatMap(({ key, value }) => [packed16(key), packed16(value.length), value]));
}

function packed16(number: number): Uint8Array {
  const octets = new Uint8Array(2);
  pack16(octets, 0, number);
  return octets;
}

/** The number of a key, by name or as `keyN`; -1 for anything else. */
function scanKey(name: string): number {
  const number = /^key(0|[1-9][0-9]{0,4})$/.exec(name)?.[1];
  if (number !== undefined) return Number(number) <= KEY_MAX ? Number(number) : -1;
  return KEYS.indexOf(name);
}

/** The value of a key that has a name in wire form; undefined when it is malformed. */
function scanValue(key: number, octets: Uint8Array): Uint8Array | undefined {
  const text = textOf(octets);
  switch (key) {
    case MANDATORY:
      return scanMandatory(text.split(','));
    case ALPN:
      return scanProtocols(octets);
    case NO_DEFAULT_ALPN:
    case OHTTP:
      return octets.length === 0 ? octets : undefined;
    case PORT:
      return /^[0-9]{1,5}$/.test(text) && Number(text) <= 65535 ? packed16(Number(text)) : undefined;
    case IP4_HINT:
      return joined(text.split(',').map(scanQuad));
    case IP6_HINT:
      return joined(text.split(',').map(scanAnyIp6));
    case ECH:
      return text === '' ? undefined : scanBase64(text);
    case DOH_PATH:
      return octets.length > 0 ? octets : undefined;
    default:
      return undefined;
  }
}

function joined(parts: readonly (Uint8Array | undefined)[]): Uint8Array | undefined {
  return parts.every((part) => part !== undefined) ? concat(parts) : undefined;
}

function scanMandatory(names: readonly string[]): Uint8Array | undefined {
  const keys = names.map(scanKey).sort((a, b) => a - b);
  if (keys.some((key, i) => key <= MANDATORY || key === keys[i - 1])) return undefined;
  return concat(keys.map(packed16));
}

/** The way back of `formatProtocols`; each protocol has 1 to 255 octets. */
function scanProtocols(octets: Uint8Array): Uint8Array | undefined {
  const strings: number[][] = [[]];
  for (let i = 0; i < octets.length; i++) {
    if (octets[i] === COMMA) strings.push([]);
    else {
      if (octets[i] === BACKSLASH && i + 1 < octets.length) i++;
      strings.at(-1)!.push(octets[i]!);
    }
  }
  if (strings.some(({ length }) => length === 0 || length > 255)) return undefined;
  return concat(strings.map((string) => Uint8Array.from([string.length, ...string])));
}
