// Record data from octets to octets: checked, copied out of a message, written into one. What a type's data consists of
// is the table's business (layout.ts). Only names of the types that djbdns knows are looked at; all other data are
// octets.
//
// Stored data have their names whole. In a message names may be compressed, and the data may claim more octets than
// its fields take: as in djbdns, what is left over does not matter and is not passed on.

import { FIELD_WIDTHS, type FieldKind, layoutOf, shapeOf } from './layout.ts';
import { checkedNameLength, NAME_MAX } from './name.ts';
import type { Reader } from './reader.ts';
import * as TYPE from './type.ts';
import type { Writer } from './writer.ts';

/**
 * Octets that the stored data of `type` at `bytes[from..to]` take; -1 when they are too few, or a name is malformed.
 */
export function rdataLength(type: number, bytes: Uint8Array, from: number, to: number): number {
  const { before, names, after } = shapeOf(type);
  if (names === 0) return to - from;
  let at = from + before;
  for (let i = 0; i < names; i++) {
    const length = checkedNameLength(bytes, at, to);
    if (length === 0) return -1;
    at += length;
  }
  return at + after <= to ? at + after - from : -1;
}

/**
 * Writes the stored data of `type` at `bytes[from..to]` as the data of a record begun with the writer, its names
 * compressed where it can be. Returns the octets taken from `bytes`, -1 when `rdataLength` would: the message is of no
 * use then.
 */
export function putRdata(writer: Writer, type: number, bytes: Uint8Array, from: number, to: number): number {
  const { before, names, after } = shapeOf(type);
  if (names === 0) {
    writer.put(bytes, from, to);
    return to - from;
  }
  let at = from + before;
  if (before > 0) {
    if (at > to) return -1;
    writer.put(bytes, from, at);
  }
  for (let i = 0; i < names; i++) {
    const length = checkedNameLength(bytes, at, to);
    if (length === 0) return -1;
    writer.name(bytes, at);
    at += length;
  }
  if (at + after > to) return -1;
  if (after > 0) writer.put(bytes, at, at + after);
  return at + after - from;
}

const name = new Uint8Array(NAME_MAX);

/**
 * Reads the data of `type`, `length` octets where the reader stands in a message, as stored data to `out[at]`: names
 * whole. Returns the offset after them, -1 when a name is malformed or the data are too few octets for their fields;
 * the reader has failed then. `out` needs room for `length` octets and 255 for each name. Names may end behind the
 * data, as in djbdns; a caller that minds compares the reader's position.
 */
export function readRdata(reader: Reader, type: number, length: number, out: Uint8Array, at: number): number {
  const { before, names, after } = shapeOf(type);
  if (names === 0) return copyOctets(reader, length, out, at);
  if (length < before + names + after) reader.failed = true;
  at = copyOctets(reader, before, out, at);
  for (let i = 0; i < names; i++) {
    const octets = reader.name(name);
    for (let j = 0; j < octets; j++) out[at++] = name[j]!;
  }
  return copyOctets(reader, after, out, at);
}

/** True for types whose data have names that a message may have compressed (RFC 3597 section 4). */
export function hasNames(type: number): boolean {
  return type < NAMED.length && NAMED[type]!;
}

const NAMED: readonly boolean[] = Array.from({ length: TYPE.DNAME + 1 }, (_, type) =>
  (layoutOf(type) ?? []).some(({ kind }) => kind === 'name' || kind === 'old-name'),
);

/**
 * Like `readRdata`, for resolvers and secondaries: the names of all types that may have been compressed are made whole,
 * not of those alone that djbdns knows.
 */
export function readWholeRdata(reader: Reader, type: number, length: number, out: Uint8Array, at: number): number {
  if (shapeOf(type).names > 0 || !hasNames(type)) return readRdata(reader, type, length, out, at);
  const end = reader.pos + length;
  for (const { kind } of layoutOf(type)!) {
    if (kind === 'old-name') {
      const octets = reader.name(name);
      for (let j = 0; j < octets; j++) out[at++] = name[j]!;
    } else at = copyOctets(reader, fieldLength(kind, reader, end), out, at);
    if (reader.failed || reader.pos > end) return -1;
  }
  return at;
}

/** Octets of a field that is no name, where the reader stands; those that are left for a field that has no length. */
function fieldLength(kind: FieldKind, { bytes, pos }: Reader, end: number): number {
  const width = FIELD_WIDTHS[kind];
  if (width !== undefined) return width;
  return kind === 'string' && pos < end ? 1 + bytes[pos]! : end - pos;
}

function copyOctets(reader: Reader, length: number, out: Uint8Array, at: number): number {
  const { bytes, pos } = reader;
  reader.skip(length);
  if (reader.failed) return -1;
  for (let i = pos; i < pos + length; i++) out[at++] = bytes[i]!;
  return at;
}
