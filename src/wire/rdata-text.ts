// Record data as text and back: what typed data lines and zone files have, the escapes in octal. The text is canonical:
// the same octets always give the same text. Not for hot paths. There is no counterpart in djbdns 1.05.
import { scanAnyIp6, scanQuad } from '../base/address.ts';
import { bytesOf, concat, pack32, textOf } from '../base/bytes.ts';
import { formatBase32, scanBase32, scanBase64, scanHex } from '../base/text.ts';
import { formatOctalAt, formatQuoted } from './escape.ts';
import { type FieldKind, layoutOf, TYPED } from './layout.ts';
import { NAME_MAX, nameOf } from './name.ts';
import { formatGeneric, readField } from './rdata-object.ts';
import { Reader } from './reader.ts';
import { formatParams, readParams, scanParams } from './svcb.ts';
import { octetsOf, type Token } from './tokens.ts';
import { scanAnyType } from './type.ts';

const DATA_MAX = 65535;
const STRING_MAX = 255;

const field = new Reader();

/**
 * The data of `type` where the reader stands, up to `end`, as text; names in it may point to anywhere in the message.
 * With `isFlat` addresses inside of service parameters are 32 digits, so that no colon is in them. Undefined when the
 * type has no layout, or the data does not fit it exactly. The reader stays where it is.
 */
export function formatRdata(
  type: number,
  { bytes, origin, pos }: Reader,
  end: number,
  isFlat = false,
): string | undefined {
  const layout = layoutOf(type);
  if (!layout) return undefined;
  field.start(bytes, origin, end);
  field.pos = pos;
  const words: string[] = [];
  for (const { kind } of layout) {
    const text = formatField(field, kind, isFlat);
    if (text === undefined || field.failed) return undefined;
    if (text !== '') words.push(text);
  }
  return field.pos === end ? words.join(' ') : undefined;
}

/** The same as `--typed` output has it: in the generic form where there is no text, or the type has none there. */
export function formatTyped(type: number, reader: Reader, end: number): string {
  const text = TYPED.has(type) ? formatRdata(type, reader, end) : undefined;
  return text ?? formatGeneric(reader.bytes, reader.pos, end);
}

function formatField(reader: Reader, kind: FieldKind, isFlat: boolean): string | undefined {
  switch (kind) {
    case 'name':
    case 'old-name':
    case 'new-name':
      return reader.name(scratch) > 0 ? formatAbsolute(scratch) : undefined;
    case 'string':
      return formatQuoted(reader.copy(reader.u8()));
    case 'strings':
      return formatStrings(reader);
    case 'text':
      return formatQuoted(rest(reader));
    case 'target':
      return reader.pos < reader.end ? formatQuoted(rest(reader)) : undefined;
    case 'hash':
      return formatBase32(reader.copy(reader.u8()));
    case 'params':
      return formatParams(readParams(reader), isFlat);
    default: {
      const value = readField(reader, kind);
      if (kind === 'tag' && !/^[0-9A-Za-z]+$/.test(String(value))) return undefined;
      if (kind === 'hex' && value === '') return undefined;
      if (kind === 'salt' && value === '') return '-';
      return Array.isArray(value) ? value.join(' ') : String(value);
    }
  }
}

const scratch = new Uint8Array(NAME_MAX);

function rest(reader: Reader): Uint8Array {
  return reader.copy(reader.failed ? 0 : reader.end - reader.pos);
}

function formatStrings(reader: Reader): string | undefined {
  const strings: string[] = [];
  while (!reader.failed && reader.pos < reader.end) strings.push(formatQuoted(reader.copy(reader.u8())));
  return strings.length > 0 ? strings.join(' ') : undefined;
}

/** The name with a final dot, in its own case; letters, digits, `-` and `_` literal, every other octet `\ooo`. */
export function formatAbsolute(name: Uint8Array, at = 0): string {
  if (name[at] === 0) return '.';
  const out = new Uint8Array(4 * NAME_MAX);
  let end = 0;
  for (let label = name[at++]!; label !== 0; label = name[at++]!) {
    for (const stop = at + label; at < stop; at++) {
      const octet = name[at]!;
      if (isLiteral(octet)) out[end++] = octet;
      else end = formatOctalAt(out, end, octet);
    }
    out[end++] = 46;
  }
  return textOf(out, 0, end);
}

function isLiteral(octet: number): boolean {
  if (octet === 45 || octet === 95) return true;
  return octet >= 48 && octet <= 57 ? true : (octet | 32) >= 97 && (octet | 32) <= 122;
}

/** Finds the name that a word means; undefined for none. */
export type ScanName = (word: Token) => Uint8Array | undefined;

/**
 * The data of `type` in wire form, names whole, from its words; undefined when they are malformed, or not as many as
 * the type has. `\# LENGTH HEX...` is taken for every type, and is the only form of types without a layout. A service
 * record of priority 0 has no parameters.
 */
export function scanRdata(
  type: number,
  tokens: readonly Token[],
  name: ScanName = ({ text }) => nameOf(text),
): Uint8Array | undefined {
  if (isGeneric(tokens[0])) return scanGeneric(tokens.slice(1));
  const layout = layoutOf(type);
  if (!layout) return undefined;
  const parts: Uint8Array[] = [];
  let at = 0;
  for (const { kind } of layout) {
    const isRest = REST.has(kind);
    const words = isRest ? tokens.slice(at) : tokens.slice(at, at + 1);
    if (!isRest && words.length === 0) return undefined;
    if (kind === 'params' && words.length > 0 && parts[0]![0] === 0 && parts[0]![1] === 0) return undefined;
    const part = scanField(kind, words, name);
    if (!part) return undefined;
    parts.push(part);
    at += words.length;
  }
  const data = concat(parts);
  return at === tokens.length && data.length <= DATA_MAX ? data : undefined;
}

/** True when a first word announces the generic form. */
export function isGeneric(first: Token | undefined): boolean {
  return first !== undefined && !first.isQuoted && first.text === '\\#';
}

/** Fields that all words to the end belong to. */
const REST: ReadonlySet<FieldKind> = new Set(['strings', 'hex', 'base64', 'types', 'params'] as const);

function scanField(kind: FieldKind, words: readonly Token[], name: ScanName): Uint8Array | undefined {
  const text = words[0]?.text ?? '';
  const all = words.map((word) => word.text).join('');
  switch (kind) {
    case 'u8':
      return scanNumber(text, 1);
    case 'u16':
      return scanNumber(text, 2);
    case 'u32':
      return scanNumber(text, 4);
    case 'time':
      return scanTime(text);
    case 'type':
      return scanNumber(String(scanAnyType(text)), 2);
    case 'name':
    case 'old-name':
    case 'new-name':
      return words[0] && name(words[0]);
    case 'ip4':
      return scanQuad(text);
    case 'ip6':
      return scanAnyIp6(textOf(octetsOf(text)));
    case 'string':
      return lengthPrefixed(octetsOf(text));
    case 'tag':
      return /^[0-9A-Za-z]+$/.test(text) ? lengthPrefixed(bytesOf(text)) : undefined;
    case 'strings':
      return words.length > 0 ? concat(words.flatMap((word) => pieces(octetsOf(word.text)))) : undefined;
    case 'text':
      return octetsOf(text);
    case 'target':
      return text === '' ? undefined : octetsOf(text);
    case 'hex':
      return all === '' ? undefined : scanHex(all);
    case 'base64':
      return scanBase64(all);
    case 'salt':
      return lengthPrefixed(text === '-' ? new Uint8Array(0) : scanHex(text));
    case 'hash':
      return lengthPrefixed(scanBase32(text));
    case 'types':
      return scanTypes(words);
    case 'params':
      return scanParams(words);
  }
}

/** A number of `width` octets: digits only, in range. */
function scanNumber(text: string, width: number): Uint8Array | undefined {
  if (!/^[0-9]{1,10}$/.test(text) || Number(text) >= 2 ** (8 * width)) return undefined;
  const octets = new Uint8Array(4);
  pack32(octets, 0, Number(text));
  return octets.slice(4 - width);
}

/** `YYYYMMDDHHMMSS` in UTC, or seconds (RFC 4034 section 3.2). */
function scanTime(text: string): Uint8Array | undefined {
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(text)?.slice(1).map(Number);
  if (!parts) return scanNumber(text, 4);
  const [year, month, day, hour, minute, second] = parts as [number, number, number, number, number, number];
  const seconds = Date.UTC(year, month - 1, day, hour, minute, second) / 1000;
  return scanNumber(String(((seconds % 2 ** 32) + 2 ** 32) % 2 ** 32), 4);
}

function lengthPrefixed(octets: Uint8Array | undefined): Uint8Array | undefined {
  return octets && octets.length <= STRING_MAX ? concat([Uint8Array.of(octets.length), octets]) : undefined;
}

/** Strings of at most 255 octets that together are `octets`; of nothing, one that is empty. */
function pieces(octets: Uint8Array): Uint8Array[] {
  const strings: Uint8Array[] = [];
  for (let at = 0; at === 0 || at < octets.length; at += STRING_MAX) {
    const piece = octets.subarray(at, at + STRING_MAX);
    strings.push(Uint8Array.of(piece.length), piece);
  }
  return strings;
}

/** `LENGTH HEX...`: exactly so many octets (RFC 3597 section 5). */
function scanGeneric(words: readonly Token[]): Uint8Array | undefined {
  const [length, ...rest] = words.map((word) => word.text);
  const data = scanHex(rest.join(''));
  return length !== undefined && scanNumber(length, 2) && data?.length === Number(length) ? data : undefined;
}

/** The bitmap of types (RFC 4034 section 4.1.2). */
function scanTypes(words: readonly Token[]): Uint8Array | undefined {
  const types = words.map((word) => scanAnyType(word.text)).sort((a, b) => a - b);
  if (types.some((type) => type < 0)) return undefined;
  const windows = new Map<number, Uint8Array>();
  for (const type of types) {
    const length = ((type & 255) >> 3) + 1;
    const bitmap = new Uint8Array(length);
    bitmap.set(windows.get(type >> 8) ?? []);
    bitmap[length - 1]! |= 0x80 >> (type & 7);
    windows.set(type >> 8, bitmap);
  }
  return concat([...windows].flatMap(([window, bitmap]) => [Uint8Array.of(window, bitmap.length), bitmap]));
}
