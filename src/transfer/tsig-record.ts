// The TSIG record (RFC 8945 section 4.2): the key, how a message's record is found and read, how one is written. What
// is signed, and what of it is believed, is in tsig.ts.

import { pack16, pack32 } from '../base/bytes.ts';
import { lowerName, NAME_MAX, nameOf } from '../wire/name.ts';
import { RecordCursor } from '../wire/record.ts';
import * as TYPE from '../wire/type.ts';

/** The class of TSIG records. */
export const CLASS_ANY = 255;

/** What the error field of a TSIG record says (RFC 8945 section 3). */
export const BADSIG = 16;
export const BADKEY = 17;
export const BADTIME = 18;
export const BADTRUNC = 22;

/** Octets of the MACs by the algorithm's name. */
const MAC_SIZES: Readonly<Record<string, number>> = {
  'hmac-sha1': 20,
  'hmac-sha224': 28,
  'hmac-sha256': 32,
  'hmac-sha384': 48,
  'hmac-sha512': 64,
};

/** A secret that two hosts share. */
export interface TsigKey {
  /** In wire form, lowercased. */
  readonly name: Uint8Array;
  /** One of those known here, in lowercase: `hmac-sha256`, say. */
  readonly algorithm: string;
  readonly secret: Uint8Array;
}

/** The TSIG record of a message. */
export interface TsigRecord {
  /** Offset of the record in the message: where the signed octets end. */
  readonly start: number;
  /** Names are lowercased. */
  readonly name: Uint8Array;
  readonly algorithm: Uint8Array;
  /** When it was signed, in Unix seconds. */
  readonly time: number;
  readonly fudge: number;
  readonly mac: Uint8Array;
  readonly originalId: number;
  readonly error: number;
  readonly other: Uint8Array;
}

/** What a search for a TSIG record found: the record, none, or something that no message may have. */
export type FoundTsig = { readonly record: TsigRecord | undefined } | 'malformed';

const cursor = new RecordCursor();
const owner = new Uint8Array(NAME_MAX);
const algorithmName = new Uint8Array(NAME_MAX);

/**
 * The TSIG record of a message. Malformed: the message does not end where its records do, or a TSIG record is not the
 * last of the additional section.
 */
export function findTsig(message: Uint8Array): FoundTsig {
  cursor.start(message);
  let record: TsigRecord | undefined;
  if (!cursor.skipQuestions()) return 'malformed';
  for (let start = cursor.dataEnd; cursor.next(owner); start = cursor.dataEnd) {
    if (record) return 'malformed';
    if (cursor.type !== TYPE.TSIG) continue;
    record = cursor.section === 3 ? readTsig(start) : undefined;
    if (!record) return 'malformed';
  }
  return cursor.isAtEnd ? { record } : 'malformed';
}

/** The TSIG record that the cursor stands on; undefined when its data make no sense. */
function readTsig(start: number): TsigRecord | undefined {
  const { reader, dataEnd } = cursor;
  if (cursor.class !== CLASS_ANY || cursor.ttl !== 0) return undefined;
  reader.name(algorithmName);
  const time = reader.u16() * 0x100000000 + reader.u32();
  const fudge = reader.u16();
  const mac = reader.copy(reader.u16());
  const originalId = reader.u16();
  const error = reader.u16();
  const other = reader.copy(reader.u16());
  if (reader.failed || reader.pos !== dataEnd) return undefined;
  const [name, algorithm] = [lowerName(owner), lowerName(algorithmName)];
  return { start, name, algorithm, time, fudge, mac, originalId, error, other };
}

/** The fields of a TSIG record that are not names or the MAC. */
export interface TsigFields {
  readonly time: number;
  readonly fudge: number;
  readonly id: number;
  readonly error: number;
  readonly other: Uint8Array;
}

/** Owner, type 250, class ANY, TTL 0, and the data of RFC 8945 section 4.2. No compression. */
export function putTsig(
  out: Uint8Array,
  start: number,
  name: Uint8Array,
  algorithm: Uint8Array,
  mac: Uint8Array,
  { time, fudge, id, error, other }: TsigFields,
): number {
  let at = putBytes(out, start, name);
  at = pack16(out, at, TYPE.TSIG);
  at = pack16(out, at, CLASS_ANY);
  at = pack32(out, at, 0);
  at = pack16(out, at, algorithm.length + 16 + mac.length + other.length);
  at = putBytes(out, at, algorithm);
  at = putTime(out, at, time);
  at = pack16(out, at, fudge);
  at = putBytes(out, pack16(out, at, mac.length), mac);
  at = pack16(out, at, id);
  at = pack16(out, at, error);
  return putBytes(out, pack16(out, at, other.length), other);
}

function putBytes(out: Uint8Array, at: number, bytes: Uint8Array): number {
  out.set(bytes, at);
  return at + bytes.length;
}

/** Writes 48 bits of Unix seconds; returns the offset after them. */
export function putTime(out: Uint8Array, at: number, seconds: number): number {
  return pack32(out, pack16(out, at, Math.floor(seconds / 0x100000000)), seconds >>> 0);
}

/** Octets of a whole MAC of the key. */
export function macSize(key: TsigKey): number {
  return MAC_SIZES[key.algorithm]!;
}

const algorithms = new Map<string, Uint8Array>();

/** The name of the key's algorithm in wire form. */
export function algorithmOf(key: TsigKey): Uint8Array {
  let name = algorithms.get(key.algorithm);
  if (!name) {
    name = nameOf(key.algorithm)!;
    algorithms.set(key.algorithm, name);
  }
  return name;
}
