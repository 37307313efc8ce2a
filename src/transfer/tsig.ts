// Signatures of messages between two hosts that share a secret (TSIG, RFC 8945). djbdns 1.05 has no counterpart. A
// `TsigChain` is one conversation: a request and the messages that answer it. Client and server hold one each. A
// message is signed together with the signature before it, so nothing can be taken out of a stream, put in, or played
// again. No clock: the caller says what time it is.

import type { Hmac } from 'node:crypto';
import { EMPTY, equal, pack16, textOf, unpack16 } from '../base/bytes.ts';
import { HEADER_SIZE } from '../wire/constants.ts';
import { nameEqual } from '../wire/name.ts';
import {
  algorithmOf,
  BADKEY,
  BADSIG,
  BADTIME,
  BADTRUNC,
  CLASS_ANY,
  findTsig,
  macSize,
  putTime,
  putTsig,
  type TsigFields,
  type TsigKey,
  type TsigRecord,
} from './tsig-record.ts';

/** Seconds that the clocks of both ends may differ by (RFC 8945 section 10). */
const FUDGE = 300;
/** A shorter MAC is no MAC at all (RFC 8945 section 5.2.2.1). */
const MAC_MIN = 10;
/** Messages of a stream that may follow each other without a signature (RFC 8945 section 5.3.1). */
const UNSIGNED_MAX = 99;

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

  private put(bytes: Uint8Array, from: number, to: number, fields: TsigFields): number {
    const hmac = this.begin();
    hmac.update(bytes.subarray(from, to));
    const mac = this.finish(hmac, fields);
    const end = putTsig(bytes, to, this.key.name, algorithmOf(this.key), mac, fields);
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
  private finish(hmac: Hmac, { time, fudge, error, other }: TsigFields): Uint8Array {
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

/** A refusal that cannot be signed: the request's key name and algorithm with `error`, and no MAC. Returns the end. */
function putUnsigned(bytes: Uint8Array, from: number, to: number, request: TsigRecord, error: number): number {
  const { time, fudge } = request;
  const fields = { time, fudge, id: unpack16(bytes, from), error, other: EMPTY };
  pack16(bytes, from + 10, unpack16(bytes, from + 10) + 1);
  return putTsig(bytes, to, request.name, request.algorithm, EMPTY, fields);
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
