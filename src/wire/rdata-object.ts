// Record data taken apart into named fields, for people and scripts. What the table of layouts does not know, or what
// does not fit it, is shown in the generic form of RFC 3597. Not for hot paths. There is no counterpart in djbdns 1.05.
import { formatIp4, formatIp6 } from '../base/address.ts';
import { formatHex } from '../base/bytes.ts';
import { formatText } from './escape.ts';
import { type FieldKind, layoutOf } from './layout.ts';
import { formatName, NAME_MAX } from './name.ts';
import { Reader } from './reader.ts';
import { paramsObject, readParams } from './svcb.ts';
import { typeName } from './type.ts';

/** A field's value: numbers as numbers, names and addresses as text, lists where the record has several. */
export type FieldValue = string | number | readonly string[] | Readonly<Record<string, string | readonly string[]>>;

/** Record data by field name. `generic` alone stands for data that is not taken apart. */
export type RdataObject = Readonly<Record<string, FieldValue>>;

const nameOctets = new Uint8Array(NAME_MAX);

/** The record data of `type` at `packet[from..to]`, taken apart where it fits its type exactly. */
export function rdataObject(packet: Uint8Array, from: number, to: number, type: number): RdataObject {
  const layout = layoutOf(type);
  if (layout) {
    const reader = new Reader();
    reader.start(packet, 0, to);
    reader.pos = from;
    const object: Record<string, FieldValue> = {};
    for (const { name, kind } of layout) object[name] = readField(reader, kind);
    if (!reader.failed && reader.pos === to) return object;
  }
  return { generic: formatGeneric(packet, from, to) };
}

/** `\# LENGTH HEX` (RFC 3597 section 5). */
export function formatGeneric(bytes: Uint8Array, from: number, to: number): string {
  return `\\# ${to - from}${to > from ? ' ' : ''}${formatHex(bytes, from, to)}`;
}

/** One field as people and JSON see it. What is left of the data ends where the reader does. */
export function readField(reader: Reader, kind: FieldKind): FieldValue {
  switch (kind) {
    case 'u8':
      return reader.u8();
    case 'u16':
      return reader.u16();
    case 'u32':
      return reader.u32();
    case 'time':
      return formatTime(reader.u32());
    case 'name':
    case 'old-name':
    case 'new-name':
      return reader.name(nameOctets) > 0 ? formatName(nameOctets) : '';
    case 'ip4': {
      const ip = reader.copy(4);
      return reader.failed ? '' : formatIp4(ip);
    }
    case 'ip6': {
      const ip = reader.copy(16);
      return reader.failed ? '' : formatIp6(ip);
    }
    case 'string':
    case 'tag':
      return formatText(reader.copy(reader.u8()));
    case 'strings': {
      const strings: string[] = [];
      while (!reader.failed && reader.pos < reader.end) strings.push(formatText(reader.copy(reader.u8())));
      return strings;
    }
    case 'text':
    case 'target':
      return formatText(rest(reader));
    case 'hex':
      return formatHex(rest(reader));
    case 'base64':
      return Buffer.from(rest(reader)).toString('base64');
    case 'salt':
    case 'hash':
      return formatHex(reader.copy(reader.u8()));
    case 'type':
      return typeName(reader.u16());
    case 'types':
      return readTypes(reader);
    case 'params':
      return paramsObject(readParams(reader));
  }
}

function rest(reader: Reader): Uint8Array {
  return reader.copy(reader.failed ? 0 : reader.end - reader.pos);
}

/** `YYYYMMDDHHMMSS` in UTC (RFC 4034 section 3.2), the century the one we are in. */
function formatTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(/\..*|[-:T]/g, '');
}

/** The type bitmap of NSEC and its kin (RFC 4034 section 4.1.2). */
function readTypes(reader: Reader): string[] {
  const types: string[] = [];
  while (!reader.failed && reader.pos < reader.end) {
    const window = reader.u8();
    for (const [i, octet] of reader.copy(reader.u8()).entries()) {
      for (let bit = 0; bit < 8; bit++) {
        if (octet & (0x80 >> bit)) types.push(typeName(window * 256 + i * 8 + bit));
      }
    }
  }
  return types;
}
