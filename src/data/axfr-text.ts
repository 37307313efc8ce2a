// Turns the messages of a zone transfer into lines of a tinydns data file. Counterpart: doit() of axfr-get.c. Record
// types that data lines know get their line, all others become `:` lines with octal escapes. Timestamps, locations and
// wildcard NS records do not come out of a transfer.

import { bytesOf, putDecimal, putText, unpack16, unpack32 } from '../base/bytes.ts';
import { putIp4 } from '../base/ip.ts';
import { decimalOf } from '../base/text.ts';
import { CLASS_IN, HEADER_SIZE } from '../wire/constants.ts';
import { isWithin, NAME_MAX, NAME_TEXT_MAX, putName, putOctal } from '../wire/name.ts';
import { Reader } from '../wire/reader.ts';
import * as TYPE from '../wire/type.ts';

const HASH = 35;
const COLON = 58;
const DOT = 46;
const NEWLINE = 10;
const STAR = 42;

/** The longest line: rdata of 65535 octets, each as `\ooo`, an owner, two numbers. */
const LINE_MAX = 4 * 65535 + NAME_TEXT_MAX + 64;

/** For each octet of rdata: 1 when it stands for itself. */
const LITERAL = new Uint8Array(256);
for (const octet of bytesOf('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-')) LITERAL[octet] = 1;

/** Takes `bytes[0..length]`, which are overwritten afterwards. */
export type PutBytes = (bytes: Uint8Array, length: number) => void;

/** The data lines of one transfer. `message` after `message`; `soas` tells when it is complete; at the end `flush`. */
export class AxfrText {
  /** SOA records seen so far that belong to the zone, of children too: the second one ends a transfer. */
  soas = 0;
  /** Lines written so far, the comment not counted. */
  records = 0;
  private readonly zone: Uint8Array;
  private readonly put: PutBytes;
  private readonly out = new Uint8Array(2 * LINE_MAX);
  private used = 0;
  private readonly reader = new Reader();
  private readonly owner = new Uint8Array(NAME_MAX);
  private readonly name = new Uint8Array(NAME_MAX);

  /** `zone` is a name in wire form; records outside it are skipped. `put` gets the lines in large pieces. */
  constructor(zone: Uint8Array, put: PutBytes) {
    this.zone = zone;
    this.put = put;
  }

  /**
   * All records of the message `bytes[from..to]`, whatever its section counts say. False when it is malformed, or has
   * an NS record of a wildcard, which no data line can say.
   */
  message(bytes: Uint8Array, from: number, to: number): boolean {
    const { reader } = this;
    reader.start(bytes, from, to);
    if (!skipQuestions(reader)) return false;
    while (reader.pos < to) if (!this.record()) return false;
    return true;
  }

  /** Hands out what is still buffered. */
  flush(): void {
    if (this.used > 0) this.put(this.out, this.used);
    this.used = 0;
  }

  private record(): boolean {
    const { reader, owner, out } = this;
    if (reader.name(owner) === 0) return false;
    const { bytes, pos, end } = reader;
    if (pos + 10 > end) return false;
    const type = unpack16(bytes, pos);
    const ttl = unpack32(bytes, pos + 4);
    const from = pos + 10;
    const to = from + unpack16(bytes, pos + 8);
    if (to > end) return false;
    if (!isWithin(owner, 0, this.zone, 0) || unpack16(bytes, pos + 2) !== CLASS_IN) {
      reader.pos = to;
      return true;
    }
    if (type === TYPE.SOA && ++this.soas > 1) {
      reader.pos = to;
      return true;
    }
    if (this.used > out.length - LINE_MAX) this.flush();
    reader.pos = from;
    reader.end = to; // names in rdata must end there, though their pointers may lead anywhere before
    const at = this.line(this.used, type, from, to);
    if (reader.failed) return false;
    reader.pos = to;
    reader.end = end;
    out[at] = COLON;
    const after = putDecimal(out, at + 1, ttl);
    out[after] = NEWLINE;
    this.used = after + 1;
    this.records++;
    return true;
  }

  /** The record's line up to before the TTL's colon; returns the offset after it. On bad rdata the reader has failed. */
  private line(at: number, type: number, from: number, to: number): number {
    const { reader, owner, out } = this;
    switch (type) {
      case TYPE.SOA:
        return this.soaLine(at);
      case TYPE.NS:
        if (owner[0] === 1 && owner[1] === STAR) reader.failed = true;
        at = putOwner(out, at, 38, owner);
        out[at++] = COLON;
        return this.target(at);
      case TYPE.CNAME:
        return this.target(putOwner(out, at, 67, owner));
      case TYPE.PTR:
        return this.target(putOwner(out, at, 94, owner));
      case TYPE.MX: {
        at = putOwner(out, at, 64, owner);
        out[at++] = COLON;
        const distance = reader.u16();
        at = this.target(at);
        out[at++] = COLON;
        return putDecimal(out, at, distance);
      }
      case TYPE.A:
        if (to - from === 4) return putIp4(out, putOwner(out, at, 43, owner), reader.bytes, from);
        break;
      default:
    }
    at = putDecimal(out, putOwner(out, at, COLON, owner), type);
    out[at++] = COLON;
    return putRdata(out, at, reader.bytes, from, to);
  }

  /** A name and the dot that keeps tinydns-data from completing it. The dot follows the root too. */
  private target(at: number): number {
    const { reader, name, out } = this;
    if (reader.name(name) === 0) return at;
    at = putName(out, at, name, 0);
    out[at] = DOT;
    return at + 1;
  }

  private soaLine(at: number): number {
    const { reader, owner, name, out } = this;
    if (reader.name(name) === 0) return at;
    const { pos } = reader;
    if (!reader.skipName()) return at;
    const serial = reader.u32();
    reader.pos = pos;
    at = putDecimal(out, putText(out, at, '#'), serial);
    at = putText(out, at, ' auto axfr-get\n');
    at = putOwner(out, at, 90, owner);
    at = putName(out, at, name, 0);
    out[at++] = DOT;
    out[at++] = COLON;
    at = this.target(at);
    for (let i = 0; i < 5; i++) {
      out[at++] = COLON;
      at = putDecimal(out, at, reader.u32());
    }
    return at;
  }
}

/** The letter of a line, the owner, a colon; returns the offset after it. */
function putOwner(out: Uint8Array, at: number, letter: number, owner: Uint8Array): number {
  out[at] = letter;
  at = putName(out, at + 1, owner, 0);
  out[at] = COLON;
  return at + 1;
}

function putRdata(out: Uint8Array, at: number, bytes: Uint8Array, from: number, to: number): number {
  for (; from < to; from++) {
    const octet = bytes[from]!;
    if (LITERAL[octet] === 1) out[at++] = octet;
    else at = putOctal(out, at, octet);
  }
  return at;
}

/** Moves from the start of a message to its first record; false when it is shorter than its questions. */
export function skipQuestions(reader: Reader): boolean {
  reader.skip(4);
  const questions = reader.u16();
  reader.skip(HEADER_SIZE - 6);
  for (let i = 0; i < questions && !reader.failed; i++) {
    reader.skipName();
    reader.skip(4);
  }
  return !reader.failed;
}

/** The serial in the first line of a file that a transfer wrote (`#SERIAL auto axfr-get`), modulo 2^32; 0 without one. */
export function serialOfFile(text: Uint8Array): number {
  return text[0] === HASH ? decimalOf(text.subarray(1)) : 0;
}
