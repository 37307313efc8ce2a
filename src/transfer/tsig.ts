// Signatures of messages between two hosts that share a secret (TSIG, RFC 8945). djbdns 1.05 has no counterpart. A
// `TsigChain` is one conversation: a request and the messages that answer it. Client and server hold one each. A
// message is signed together with the signature before it, so nothing can be taken out of a stream, put in, or played
// again. No clock: the caller says what time it is.

import type { Hmac } from 'node:crypto';
import { EMPTY, equal, pack16, pack32, textOf, unpack16, unpack32 } from '../base/bytes.ts';
import { HEADER_SIZE } from '../wire/constants.ts';
import { lowerName, NAME_MAX, nameEqual, nameOf } from '../wire/name.ts';
import { RecordCursor } from '../wire/record.ts';
import * as TYPE from '../wire/type.ts';

const CLASS_ANY = 255;
/** Seconds that the clocks of both ends may differ by (RFC 8945 section 10). */
const FUDGE = 300;
/** Messages of a stream that may follow each other without a signature (RFC 8945 section 5.3.1). */
const UNSIGNED_MAX = 99;
/** A shorter MAC is no MAC at all (RFC 8945 section 5.2.2.1). */
const MAC_MIN = 10;

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

/** What a signature that is checked turns out to be. `unsigned`: there is none. */
export type TsigVerdict =
  | 'right'
  | 'unsigned'
  | 'malformed'
  | 'other key'
  | 'bad signature'
  | 'cut signature'
  | 'bad time';

/** One conversation: `sign` and `verify` in the order in which messages go and come. */
export class TsigChain {
  readonly key: TsigKey;
  /** Seconds by which the other end's clock was ahead of ours in the message verified last. */
  ahead = 0;
  /** The record of the message verified last. */
  record: TsigRecord | undefined;
  /** Messages that came unsigned since the last signed one. */
  private unsigned = 0;
  private previousMac: Uint8Array = EMPTY;
  private signed = 0;
  private lastTime = 0;
  /** The hash of what follows the last signature, while that is unsigned messages. */
  private pending: Hmac | undefined;

  constructor(key: TsigKey) {
    this.key = key;
  }

  /** True when the last message was signed: before that nothing of a stream may be used. */
  get isComplete(): boolean {
    return this.signed > 0 && this.unsigned === 0;
  }

  /** Octets that `sign` adds to a message. */
  get room(): number {
    return this.key.name.length + 10 + this.key.algorithm.length + 2 + 16 + macSize(this.key) + 6;
  }

  /**
   * Signs the message `bytes[from..to]` at `now` (Unix seconds); the record goes behind it, where there must be `room`
   * octets and six for `other`. `error` and `other` are a server's. Returns the offset after the record.
   */
  sign(bytes: Uint8Array, from: number, to: number, now: number, error = 0, other: Uint8Array = EMPTY): number {
    const id = unpack16(bytes, from);
    return this.put(bytes, from, to, { time: now, fudge: FUDGE, id, error, other });
  }

  /** Answers a request whose time was off: signed, with the request's own time and fudge, and our time beside them. */
  signBadTime(bytes: Uint8Array, from: number, to: number, request: TsigRecord, now: number): number {
    const other = new Uint8Array(6);
    putTime(other, 0, now);
    const { time, fudge } = request;
    return this.put(bytes, from, to, { time, fudge, id: unpack16(bytes, from), error: BADTIME, other });
  }

  private put(bytes: Uint8Array, from: number, to: number, fields: Fields): number {
    const hmac = this.begin();
    hmac.update(bytes.subarray(from, to));
    const mac = this.finish(hmac, fields);
    const end = putRecord(bytes, to, this.key.name, algorithmOf(this.key), mac, fields);
    pack16(bytes, from + 10, unpack16(bytes, from + 10) + 1);
    this.advance(mac);
    return end;
  }

  /**
   * Checks the next message at `now` (Unix seconds). Anything but `right` and `unsigned` ends the conversation, and so
   * does the hundredth message without a signature, which is `unsigned` with `isOverdue`.
   */
  verify(message: Uint8Array, now: number): TsigVerdict {
    const found = findTsig(message);
    this.record = undefined;
    if (found === 'malformed') return 'malformed';
    const { record } = found;
    if (!record) {
      this.pending ??= this.begin();
      this.pending.update(message);
      this.unsigned++;
      return 'unsigned';
    }
    this.record = record;
    return this.check(message, record, now);
  }

  /** More messages came unsigned than may, or the first did. */
  get isOverdue(): boolean {
    return this.unsigned > UNSIGNED_MAX || (this.unsigned > 0 && this.signed < 2);
  }

  private check(message: Uint8Array, record: TsigRecord, now: number): TsigVerdict {
    const { key } = this;
    const size = macSize(key);
    if (!nameEqual(record.name, 0, key.name, 0) || !equal(record.algorithm, algorithmOf(key))) return 'other key';
    if (record.mac.length > size || record.mac.length < Math.max(MAC_MIN, size >> 1)) return 'malformed';
    const hmac = this.begin();
    const header = new Uint8Array(message.subarray(0, HEADER_SIZE)); // `slice` of a Buffer would share its memory
    pack16(header, 0, record.originalId);
    pack16(header, 10, unpack16(header, 10) - 1);
    hmac.update(header);
    hmac.update(message.subarray(HEADER_SIZE, record.start));
    const { time, fudge, originalId: id, error, other } = record;
    const mac = this.finish(hmac, { time, fudge, id, error, other });
    const { timingSafeEqual } = process.getBuiltinModule('node:crypto');
    if (!timingSafeEqual(mac.subarray(0, record.mac.length), record.mac)) return 'bad signature';
    this.advance(mac);
    if (record.mac.length < size) return 'cut signature';
    this.ahead = time - now;
    if (Math.abs(this.ahead) > fudge || time < this.lastTime) return 'bad time';
    this.lastTime = this.signed > 1 ? time : 0;
    return 'right';
  }

  /** The hash so far of the next message: the signature before it, and messages between them. */
  private begin(): Hmac {
    const { pending } = this;
    this.pending = undefined;
    if (pending) return pending;
    const { createHmac } = process.getBuiltinModule('node:crypto');
    const hmac = createHmac(this.key.algorithm.slice(5), this.key.secret);
    if (this.signed === 0) return hmac;
    const length = new Uint8Array(2);
    pack16(length, 0, this.previousMac.length);
    return hmac.update(length).update(this.previousMac);
  }

  /** The MAC. Behind the message come all variables in a request and in its first response, later only the time. */
  private finish(hmac: Hmac, { time, fudge, error, other }: Fields): Uint8Array {
    const timers = new Uint8Array(8);
    pack16(timers, putTime(timers, 0, time), fudge);
    if (this.signed >= 2) return hmac.update(timers).digest();
    const head = new Uint8Array(6);
    pack16(head, 0, CLASS_ANY);
    const tail = new Uint8Array(4);
    pack16(tail, pack16(tail, 0, error), other.length);
    for (const part of [this.key.name, head, algorithmOf(this.key), timers, tail, other]) hmac.update(part);
    return hmac.digest();
  }

  private advance(mac: Uint8Array): void {
    this.previousMac = mac;
    this.signed++;
    this.unsigned = 0;
  }
}

/** The fields of a TSIG record that are not names or the MAC. */
interface Fields {
  readonly time: number;
  readonly fudge: number;
  readonly id: number;
  readonly error: number;
  readonly other: Uint8Array;
}

/** A refusal that cannot be signed: the request's key name and algorithm with `error`, and no MAC. Returns the end. */
function putUnsigned(bytes: Uint8Array, from: number, to: number, request: TsigRecord, error: number): number {
  const { time, fudge } = request;
  const fields = { time, fudge, id: unpack16(bytes, from), error, other: EMPTY };
  pack16(bytes, from + 10, unpack16(bytes, from + 10) + 1);
  return putRecord(bytes, to, request.name, request.algorithm, EMPTY, fields);
}

/** Owner, type 250, class ANY, TTL 0, and the data of RFC 8945 section 4.2. No compression. */
function putRecord(
  out: Uint8Array,
  start: number,
  name: Uint8Array,
  algorithm: Uint8Array,
  mac: Uint8Array,
  { time, fudge, id, error, other }: Fields,
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

/** 48 bits of Unix seconds. */
function putTime(out: Uint8Array, at: number, seconds: number): number {
  return pack32(out, pack16(out, at, Math.floor(seconds / 0x100000000)), seconds >>> 0);
}

/** The 48 bits of a server's time in the other data of a BADTIME response; undefined when they are not there. */
export function timeIn(other: Uint8Array): number | undefined {
  return other.length === 6 ? unpack16(other, 0) * 0x100000000 + unpack32(other, 2) : undefined;
}

function macSize(key: TsigKey): number {
  return MAC_SIZES[key.algorithm]!;
}

const algorithms = new Map<string, Uint8Array>();

function algorithmOf(key: TsigKey): Uint8Array {
  let name = algorithms.get(key.algorithm);
  if (!name) {
    name = nameOf(key.algorithm)!;
    algorithms.set(key.algorithm, name);
  }
  return name;
}

/** What a server makes of a request's signature: none, a chain to sign responses with, or what to refuse it with. */
export type RequestCheck =
  | { readonly kind: 'unsigned' }
  | { readonly kind: 'malformed' }
  | { readonly kind: 'right'; readonly chain: TsigChain }
  | { readonly kind: 'refused'; readonly error: number; readonly record: TsigRecord; readonly chain: TsigChain };

/**
 * Checks a request as a server (RFC 8945 section 5.2). `keyOf` finds a key by its name, lowercased and in wire form.
 * The response to what is refused has the rcode NOTAUTH and the record that `putRefusal` adds.
 */
export function checkRequest(
  message: Uint8Array,
  keyOf: (name: Uint8Array) => TsigKey | undefined,
  now: number,
): RequestCheck {
  const found = findTsig(message);
  if (found === 'malformed') return { kind: 'malformed' };
  const { record } = found;
  if (!record) return { kind: 'unsigned' };
  const key = keyOf(record.name);
  const algorithm = textOf(record.algorithm, 1, 1 + (record.algorithm[0] ?? 0));
  const chain = new TsigChain(key ?? { name: record.name, algorithm: 'hmac-sha256', secret: EMPTY });
  if (!key || algorithm !== key.algorithm) return { kind: 'refused', error: BADKEY, record, chain };
  switch (chain.verify(message, now)) {
    case 'right':
      return { kind: 'right', chain };
    case 'bad time':
      return { kind: 'refused', error: BADTIME, record, chain };
    case 'cut signature':
      return { kind: 'refused', error: BADTRUNC, record, chain };
    case 'malformed':
      return { kind: 'malformed' };
    default:
      return { kind: 'refused', error: BADSIG, record, chain };
  }
}

/** Adds the TSIG record of a refusal to the response `bytes[from..to]`; returns the offset after it. */
export function putRefusal(
  bytes: Uint8Array,
  from: number,
  to: number,
  refused: RequestCheck & { kind: 'refused' },
  now: number,
): number {
  const { error, record, chain } = refused;
  if (error === BADTIME) return chain.signBadTime(bytes, from, to, record, now);
  if (error === BADTRUNC) return chain.sign(bytes, from, to, now, BADTRUNC);
  return putUnsigned(bytes, from, to, record, error);
}
