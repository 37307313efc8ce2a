// The OPT record of EDNS (RFC 6891 section 6.1), read in requests and written: root, type 41, payload size in place of
// the class; extended response code, version, DO and 15 reserved bits in place of the TTL; options of code, length and
// octets as data.

import { ROOT } from './name.ts';
import type { Reader } from './reader.ts';
import * as TYPE from './type.ts';
import type { Writer } from './writer.ts';

/** Octets of an OPT record without options. */
export const OPT_SIZE = 11;
/** What stands before the octets of an option. */
export const OPTION_HEAD = 4;
/** The option of DNS cookies (RFC 7873). */
export const COOKIE = 10;

const ADDITIONAL = 3;
/** The bit DO in the TTL: the client understands DNSSEC (RFC 3225). */
export const DNSSEC_OK = 0x8000;

/** What a message says of EDNS; reused for every message. */
export class Opt {
  /** There is an OPT record, good or bad. */
  isPresent = false;
  /**
   * It is not the only one, its owner is not the root, or its data or an option run past the end. Nothing else is told.
   */
  isBad = false;
  /** Octets of the largest response that the sender takes over UDP, as it says. */
  payload = 0;
  /** The upper eight bits of a response's code. */
  extended = 0;
  version = 0;
  dnssecOk = false;
  /** The octets of the first COOKIE option are `bytes[cookieAt..cookieAt + cookieLength]` of the message; -1: none. */
  cookieLength = -1;
  cookieAt = 0;

  clear(): void {
    this.isPresent = false;
    this.isBad = false;
    this.extended = 0;
    this.dnssecOk = false;
    this.cookieLength = -1;
  }

  /**
   * Looks for OPT among the records that come next in a message: `before` of answer and authority section, then
   * `additional`. A walk that breaks off ends quietly, with what was found so far. Names are not followed through their
   * pointers, so that a message of many records costs no more than its length.
   */
  read(reader: Reader, before: number, additional: number): void {
    this.clear();
    for (let i = 0; i < before + additional; i++) {
      const ownerAt = reader.pos;
      reader.skipName();
      const type = reader.u16();
      const payload = reader.u16();
      const ttl = reader.u32();
      const length = reader.u16();
      if (reader.failed) return;
      if (type === TYPE.OPT && i >= before) {
        if (this.isPresent || reader.bytes[ownerAt] !== 0 || reader.pos + length > reader.end) {
          this.clear();
          this.isPresent = true;
          this.isBad = true;
          return;
        }
        this.isPresent = true;
        this.payload = payload;
        this.extended = ttl >>> 24;
        this.version = (ttl >>> 16) & 255;
        this.dnssecOk = (ttl & DNSSEC_OK) !== 0;
        this.isBad = !this.readOptions(reader.bytes, reader.pos, reader.pos + length);
        if (this.isBad) this.dnssecOk = false;
      }
      reader.skip(length);
    }
  }

  /** False when an option runs past the end. */
  private readOptions(bytes: Uint8Array, at: number, end: number): boolean {
    while (at < end) {
      if (at + OPTION_HEAD > end) return false;
      const code = (bytes[at]! << 8) | bytes[at + 1]!;
      const length = (bytes[at + 2]! << 8) | bytes[at + 3]!;
      at += OPTION_HEAD;
      if (at + length > end) return false;
      if (code === COOKIE && this.cookieLength < 0) {
        this.cookieAt = at;
        this.cookieLength = length;
      }
      at += length;
    }
    return true;
  }
}

/**
 * Begins an OPT record of version 0 in the additional section; its options follow, then `writer.endRecord` with the
 * mark returned. `extended` is the upper eight bits of the response code.
 */
export function startOpt(writer: Writer, payload: number, extended: number, dnssecOk: boolean): number {
  writer.put(ROOT);
  writer.u16(TYPE.OPT);
  writer.u16(payload);
  writer.u16(extended << 8);
  writer.u16(dnssecOk ? DNSSEC_OK : 0);
  writer.u16(0);
  if (!writer.failed) writer.setCount(ADDITIONAL, writer.count(ADDITIONAL) + 1);
  return writer.pos;
}
