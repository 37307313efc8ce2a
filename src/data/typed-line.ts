// Typed lines, `:OWNER:TYPE:DATA:...` with a type's name and data as text. djbdns 1.05 refuses such a line, so no letter
// is used up; records are those of the line with a number and octets.
import { TYPED } from '../wire/layout.ts';
import { isGeneric, scanRdata } from '../wire/rdata-text.ts';
import { tokensOf } from '../wire/tokens.ts';
import * as TYPE from '../wire/type.ts';
import { scanAnyType, typeName } from '../wire/type.ts';
import { BadLine } from './bad-line.ts';

/** Types that have lines of their own, and those that no zone has (RFC 6895 section 3.1). */
const PROHIBITED: ReadonlySet<number> = new Set([
  0,
  TYPE.NS,
  TYPE.CNAME,
  TYPE.SOA,
  TYPE.PTR,
  TYPE.MX,
  TYPE.OPT,
  TYPE.TKEY,
  TYPE.TSIG,
  TYPE.IXFR,
  TYPE.AXFR,
  TYPE.MAILB,
  TYPE.MAILA,
  TYPE.ANY,
]);

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
