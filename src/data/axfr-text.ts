// Turns the records of a zone transfer into lines of a tinydns data file. Counterpart: doit() of axfr-get.c. Record
// types that data lines know get their line, all others become `:` lines with octal escapes, or typed lines.
// Timestamps, locations and wildcard NS records do not come out of a transfer. Which records belong in the file is the
// caller's business.

import { formatIp4At } from '../base/address.ts';
import { bytesOf, formatDecimalAt, formatHex, formatTextAt } from '../base/bytes.ts';
import { decimalOf } from '../base/text.ts';
import { formatOctalAt } from '../wire/escape.ts';
import { formatNameAt, NAME_MAX, NAME_TEXT_MAX } from '../wire/name.ts';
import type { Reader } from '../wire/reader.ts';
import * as TYPE from '../wire/type.ts';
import { formatTypedData } from './typed-line.ts';

const HASH = 35;
const COLON = 58;
const DOT = 46;
const NEWLINE = 10;
const STAR = 42;

/** The longest line but for its data, of which each octet may be `\ooo`: three names, and numbers. */
const LINE_HEAD = 3 * NAME_TEXT_MAX + 128;
/** Room for lines: two of the longest. */
const ROOM = 2 * (4 * 65535 + LINE_HEAD);

/** For each octet of rdata: 1 when it stands for itself. */
const LITERAL = new Uint8Array(256);
for (const octet of bytesOf('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-')) LITERAL[octet] = 1;

/** Takes `bytes[0..length]`, which are overwritten afterwards. */
export type PutBytes = (bytes: Uint8Array, length: number) => void;

/** The lines of one file: `record` after `record`, at the end `flush`. */
export class AxfrText {
  /** Lines written so far, the comment not counted. */
  records = 0;
  private readonly put: PutBytes;
  private out: Uint8Array;
  private used = 0;
  private readonly name = new Uint8Array(NAME_MAX);
  private readonly isTyped: boolean;

  /**
   * `put` gets the lines in pieces of up to `room` octets, larger ones only where one line is; with `isTyped` records
   * have typed lines where these say all of them.
   */
  constructor(put: PutBytes, isTyped = false, room = ROOM) {
    this.put = put;
    this.isTyped = isTyped;
    this.out = new Uint8Array(room);
  }

  /**
   * The line of a record of `owner`. Its data is what the reader has before it, to its `end`; names in it may point to
   * anywhere before. False when the data is malformed, or the record is an NS of a wildcard, which no line can say. A
   * line that `isHidden` has a `#` before it.
   */
  record(owner: Uint8Array, type: number, ttl: number, data: Reader, isHidden = false): boolean {
    const room = this.isTyped ? ROOM / 2 : 4 * (data.end - data.pos) + LINE_HEAD;
    if (this.used + room > this.out.length) this.makeRoom(room);
    const { out } = this;
    if (isHidden) out[this.used] = HASH;
    const at = this.line(isHidden ? this.used + 1 : this.used, owner, type, data);
    if (data.failed) return false;
    out[at] = COLON;
    const after = formatDecimalAt(out, at + 1, ttl);
    out[after] = NEWLINE;
    this.used = after + 1;
    this.records++;
    return true;
  }

  private makeRoom(room: number): void {
    this.flush();
    if (room > this.out.length) this.out = new Uint8Array(room);
  }

  /** Hands out what is still buffered. */
  flush(): void {
    if (this.used > 0) this.put(this.out, this.used);
    this.used = 0;
  }

  /**
   * The record's line up to before the TTL's colon; returns the offset after it. On bad rdata the reader has failed.
   */
  private line(at: number, owner: Uint8Array, type: number, reader: Reader): number {
    const { out } = this;
    const { pos, end } = reader;
    switch (type) {
      case TYPE.SOA:
        return this.soaLine(at, owner, reader);
      case TYPE.NS:
        if (owner[0] === 1 && owner[1] === STAR) reader.failed = true;
        at = putOwner(out, at, 38, owner);
        out[at++] = COLON;
        return this.target(at, reader);
      case TYPE.CNAME:
        return this.target(putOwner(out, at, 67, owner), reader);
      case TYPE.PTR:
        return this.target(putOwner(out, at, 94, owner), reader);
      case TYPE.MX: {
        at = putOwner(out, at, 64, owner);
        out[at++] = COLON;
        const distance = reader.u16();
        at = this.target(at, reader);
        out[at++] = COLON;
        return formatDecimalAt(out, at, distance);
      }
      case TYPE.A:
        if (end - pos === 4) return formatIp4At(out, putOwner(out, at, 43, owner), reader.bytes, pos);
        break;
      default:
    }
    if (this.isTyped && type === TYPE.AAAA && end - pos === 16) {
      return formatTextAt(out, putOwner(out, at, 51, owner), formatHex(reader.bytes, pos, end));
    }
    const typed = this.isTyped ? formatTypedData(type, reader, end) : undefined;
    if (typed !== undefined) return formatTextAt(out, putOwner(out, at, COLON, owner), typed);
    at = formatDecimalAt(out, putOwner(out, at, COLON, owner), type);
    out[at++] = COLON;
    return putRdata(out, at, reader.bytes, pos, end);
  }

  /** A name and the dot that keeps tinydns-data from completing it. The dot follows the root too. */
  private target(at: number, reader: Reader): number {
    const { name, out } = this;
    if (reader.name(name) === 0) return at;
    at = formatNameAt(out, at, name, 0);
    out[at] = DOT;
    return at + 1;
  }

  private soaLine(at: number, owner: Uint8Array, reader: Reader): number {
    const { name, out } = this;
    if (reader.name(name) === 0) return at;
    const { pos } = reader;
    if (!reader.skipName()) return at;
    const serial = reader.u32();
    reader.pos = pos;
    at = formatDecimalAt(out, formatTextAt(out, at, '#'), serial);
    at = formatTextAt(out, at, ' auto axfr-get\n');
    at = putOwner(out, at, 90, owner);
    at = formatNameAt(out, at, name, 0);
    out[at++] = DOT;
    out[at++] = COLON;
    at = this.target(at, reader);
    for (let i = 0; i < 5; i++) {
      out[at++] = COLON;
      at = formatDecimalAt(out, at, reader.u32());
    }
    return at;
  }
}

/** The letter of a line, the owner, a colon; returns the offset after it. */
function putOwner(out: Uint8Array, at: number, letter: number, owner: Uint8Array): number {
  out[at] = letter;
  at = formatNameAt(out, at + 1, owner, 0);
  out[at] = COLON;
  return at + 1;
}

function putRdata(out: Uint8Array, at: number, bytes: Uint8Array, from: number, to: number): number {
  for (; from < to; from++) {
    const octet = bytes[from]!;
    if (LITERAL[octet] === 1) out[at++] = octet;
    else at = formatOctalAt(out, at, octet);
  }
  return at;
}

/**
 * The serial in the first line of a file that a transfer wrote (`#SERIAL auto axfr-get`), modulo 2^32; 0 without one.
 */
export function serialOfFile(text: Uint8Array): number {
  return text[0] === HASH ? decimalOf(text.subarray(1)) : 0;
}
