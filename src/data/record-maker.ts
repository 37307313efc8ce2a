// Records of data.cdb being made, one after another, in memory that is used again. Counterpart: rr_start(), rr_add()
// and rr_finish() of tinydns-data.c. What a record looks like is in record.ts.

import { pack16, pack32 } from '../base/bytes.ts';
import { hexDigit } from '../base/text.ts';
import type { CdbSink } from '../cdb/maker.ts';
import { unescapeText } from '../wire/escape.ts';
import { NAME_MAX, nameLength } from '../wire/name.ts';
import * as TYPE from '../wire/type.ts';
import { ExistingNamesMaker } from './existing-names.ts';
import type { Fields } from './fields.ts';
import { isWildcard, putRecordHead, putRecordKey, type RecordHead } from './record.ts';

/** Longest character-string that TXT data is cut into. */
export const TXT_RUN = 127;

/** Adds records to a cdb: `start`, then what is put, then `finish`. The caller makes room first. */
export class RecordMaker {
  private readonly maker: CdbSink;
  private readonly names: ExistingNamesMaker | undefined;
  private readonly head: RecordHead = { type: 0, isWild: false, location: 0, ttl: 0, timestamp: new Uint8Array(8) };
  private isTimed = false; // `head.timestamp` may be other than zero
  private readonly key = new Uint8Array(NAME_MAX + 1);
  private keyLength = 0;
  private value = new Uint8Array(4096);
  private valueEnd = 0;

  /** With `writesNames` the file says which names exist. */
  constructor(maker: CdbSink, writesNames: boolean) {
    this.maker = maker;
    this.names = writesNames ? new ExistingNamesMaker(maker) : undefined;
  }

  /** Room for values of `size` octets. */
  makeRoom(size: number): void {
    this.value = new Uint8Array(size);
  }

  /** All records were added. */
  end(): void {
    this.names?.end();
  }

  /** The records that follow have the timestamp in `field` and the location in the one after it. */
  timeAndPlace(fields: Fields, field: number): void {
    const { head } = this;
    const { timestamp } = head;
    const digits = Math.min(16, fields.to[field]! - fields.from[field]!);
    if (this.isTimed) timestamp.fill(0);
    this.isTimed = digits > 0;
    for (let i = 0; i < digits; i++) {
      const nibble = Math.max(0, hexDigit(fields.text[fields.from[field]! + i]!));
      timestamp[i >> 1]! |= i & 1 ? nibble : nibble << 4;
    }
    head.location = fields.location(field + 1);
  }

  /** Begins a record of `owner`, whose rdata is to follow. */
  start(owner: Uint8Array, type: number, ttl: number): void {
    const { head } = this;
    head.type = type;
    head.ttl = ttl;
    head.isWild = isWildcard(owner);
    this.keyLength = putRecordKey(this.key, owner);
    this.valueEnd = putRecordHead(this.value, head);
  }

  /** Adds the record begun. */
  finish(): void {
    this.maker.add(this.key, this.value, this.keyLength, this.valueEnd);
    this.names?.add(this.key, this.keyLength, this.head.type === TYPE.SOA);
  }

  /** Adds `bytes[0..length]` to the rdata. */
  put(bytes: Uint8Array, length: number): void {
    for (let i = 0; i < length; i++) this.value[this.valueEnd++] = bytes[i]!;
  }

  /** Adds a name in wire form. */
  putName(name: Uint8Array): void {
    this.put(name, nameLength(name));
  }

  put16(number: number): void {
    this.valueEnd = pack16(this.value, this.valueEnd, number);
  }

  put32(number: number): void {
    this.valueEnd = pack32(this.value, this.valueEnd, number);
  }

  /** Adds text as character-strings of `TXT_RUN` octets. */
  putRuns(text: Uint8Array, length: number): void {
    for (let at = 0; at < length; at += TXT_RUN) {
      const run = Math.min(TXT_RUN, length - at);
      this.value[this.valueEnd++] = run;
      for (let i = 0; i < run; i++) this.value[this.valueEnd++] = text[at + i]!;
    }
  }

  /** Adds what the text `text[from..to]` with its escapes stands for. */
  putUnescaped(text: Uint8Array, from: number, to: number): void {
    this.valueEnd = unescapeText(text, from, to, this.value, this.valueEnd);
  }
}
