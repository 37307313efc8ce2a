// Typed lines, `:OWNER:TYPE:DATA:...` with a type's name and data as text. djbdns 1.05 refuses such a line, so no
// letter is used up; records are those of the line with a number and octets.
import { TYPED } from '../wire/layout.ts';
import { formatRdata, isGeneric, scanRdata } from '../wire/rdata-text.ts';
import { Reader } from '../wire/reader.ts';
import { tokensOf } from '../wire/tokens.ts';
import * as TYPE from '../wire/type.ts';
import { scanAnyType, typeName } from '../wire/type.ts';
import { BadLine } from './bad-line.ts';

/** Types that have lines of their own, and those that no zone has. */
const PROHIBITED: ReadonlySet<number> = new Set([TYPE.NS, TYPE.CNAME, TYPE.SOA, TYPE.PTR, TYPE.MX, ...TYPE.META]);

/** The type that field 1 of a `:` line names; -1 when it begins with a digit, or is no known name. */
export function scanLineType(text: string): number {
  return /^[A-Za-z]/.test(text) ? scanAnyType(text) : -1;
}

/** The octets that the data field of a typed line says. Throws `BadLine`. */
export function scanTypedData(type: number, text: string): Uint8Array {
  if (PROHIBITED.has(type)) throw new BadLine(`type ${type === 0 ? 0 : typeName(type)} prohibited`);
  const tokens = tokensOf(text);
  const data = tokens && (TYPED.has(type) || isGeneric(tokens[0])) ? scanRdata(type, tokens) : undefined;
  if (!data) throw new BadLine(`malformed ${typeName(type)} data`);
  return data;
}

/** Longer text is no longer shorter than the octets in octal. */
const TEXT_MAX = 2 * 65535;

/**
 * Type and data of a typed line for the data of `type` where the reader stands, up to `end`, without a colon in the
 * data; undefined where there is no text that says the same octets, names whole. The reader stays where it is.
 */
export function formatTypedData(type: number, reader: Reader, end: number): string | undefined {
  const text = TYPED.has(type) ? formatRdata(type, reader, end, true) : undefined;
  if (text === undefined || text.length > TEXT_MAX) return undefined;
  // Each text stands for one string of octets, so that text which comes back the same has said all of them.
  const data = scanRdata(type, tokensOf(text)!);
  if (!data) return undefined;
  const again = new Reader();
  again.start(data);
  if (formatRdata(type, again, data.length, true) !== text) return undefined;
  return `${typeName(type)}:${text.replaceAll(':', '\\072')}`;
}
