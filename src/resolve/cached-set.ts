// The form of a set in the cache, written and read. Each record's data stand one behind the other, names whole:
//
// - of the types that the original's cache knew, A NS CNAME SOA PTR MX, as they are: their fields say where they end;
// - of every other type with their length before them, two octets, most significant first.

import { pack16, unpack16 } from '../base/bytes.ts';
import { shapeOf } from '../wire/layout.ts';
import { rdataLength } from '../wire/rdata.ts';
import * as TYPE from '../wire/type.ts';
import type { Response, ResponseRecord } from './response.ts';

function isPlain(type: number): boolean {
  return type === TYPE.A || shapeOf(type).names > 0;
}

/** Where the data begin of the record of `type` that stands at `at` of a set. */
export function dataAt(type: number, at: number): number {
  return isPlain(type) ? at : at + 2;
}

/** The end of the record of `type` that stands at `bytes[at]` of a set; the next one begins there. */
export function recordEnd(type: number, bytes: Uint8Array, at: number): number {
  if (type === TYPE.A) return at + 4;
  return isPlain(type) ? at + rdataLength(type, bytes, at, bytes.length) : at + 2 + unpack16(bytes, at);
}

/** Writes a record of a response to `out[at]`, in the place of a set that it has there; returns its end. */
export function putCachedRecord(response: Response, record: ResponseRecord, out: Uint8Array, at: number): number {
  const from = dataAt(record.type, at);
  const end = response.readData(record, out, from);
  if (from > at) pack16(out, at, end - from);
  return end;
}
