// A response taken apart: its records, and what they say about the question. Counterpart: the first half of the
// HAVEPACKET part of query.c. Nothing here decides whom to believe; accept.ts does.

import { EMPTY, unpack32 } from '../base/bytes.ts';
import { CLASS_IN } from '../wire/constants.ts';
import * as FLAG from '../wire/flag.ts';
import { shapeOf } from '../wire/layout.ts';
import { isWithin, NAME_MAX, nameEqual, nameLength } from '../wire/name.ts';
import { readRdata } from '../wire/rdata.ts';
import { ANSWER, AUTHORITY, RecordCursor } from '../wire/record.ts';
import * as TYPE from '../wire/type.ts';
import { TTL_MAX } from './cache.ts';
import type { Asked } from './level.ts';

/** Aliases followed within one response. */
const CHAIN_MAX = 16;
const TTL_NONSENSE = 1000000000;
/** Longest time a denial is kept, in seconds. */
const NEGATIVE_TTL_MAX = 3600;

/** Record belongs to nothing that was asked. */
export const UNASKED = 0;
/** Record of a name that the answer's aliases lead to. */
export const CHAINED = 1;
/** Record of the name and type asked for. */
export const ASKED = 2;

/** One record. */
export class ResponseRecord {
  /** The owner is `names[ownerAt]` of the response. */
  ownerAt = 0;
  ownerLength = 0;
  type = 0;
  class = 0;
  /** Seconds, what is no sane TTL already made one. */
  ttl = 0;
  /** Offset in the message. */
  dataAt = 0;
  dataLength = 0;
  section = 0;
  /** UNASKED, CHAINED or ASKED; the last two in the answer section only. */
  rank = UNASKED;
}

const cursor = new RecordCursor();
const owner = new Uint8Array(NAME_MAX);
const scratch = new Uint8Array(65535 + 2 * NAME_MAX);

/** A response. One object is used for one message after the other: allocating is a fifth of what a question costs. */
export class Response {
  message: Uint8Array = EMPTY;
  readonly records: ResponseRecord[] = [];
  /** The owners' names, decompressed, in the case of the message. */
  names: Uint8Array = new Uint8Array(512);
  /** The answer section has the type asked for at the name asked for. */
  hasAnswer = false;
  /** The CNAME record at the name asked for (not when CNAME or ANY was asked for); the last one if there are several. */
  alias: ResponseRecord | undefined;
  /** The last NS record of the authority section. */
  referral: ResponseRecord | undefined;
  /** There is an SOA record for the name asked for in the authority section. */
  isNegative = false;
  /** Seconds that the denial may be kept: the SOA's TTL or its MINIMUM, whichever is smaller. */
  negativeTtl = 0;
  private namesUsed = 0;
  private readonly spare: ResponseRecord[] = [];

  /**
   * Takes apart a message, which is only borrowed, that came in response to the question `asked`. False when the header,
   * a record or a name in one is malformed.
   */
  parse(message: Uint8Array, asked: Asked): boolean {
    this.message = message;
    for (const record of this.records) this.spare.push(record);
    this.records.length = 0;
    this.namesUsed = 0;
    this.hasAnswer = false;
    this.alias = undefined;
    this.referral = undefined;
    this.isNegative = false;
    this.negativeTtl = 0;
    cursor.start(message);
    while (cursor.next(owner)) if (!this.addRecord()) return false;
    if (cursor.failed) return false;
    this.relate(asked);
    return true;
  }

  get rcode(): number {
    return this.message[3]! & FLAG.RCODE;
  }

  /** The record where the cursor stands; false when its data are malformed. */
  private addRecord(): boolean {
    const { type, section, dataAt } = cursor;
    const dataLength = cursor.dataEnd - dataAt;
    if (
      cursor.class === CLASS_IN &&
      shapeOf(type).names > 0 &&
      readRdata(cursor.reader, type, dataLength, scratch, 0) < 0
    ) {
      return false;
    }
    const record = this.spare.pop() ?? new ResponseRecord();
    record.ownerLength = nameLength(owner);
    record.ownerAt = this.keepOwner(record.ownerLength);
    record.type = type;
    record.class = cursor.class;
    record.ttl = saneTtl(cursor.ttl);
    record.dataAt = dataAt;
    record.dataLength = dataLength;
    record.section = section;
    record.rank = UNASKED;
    this.records.push(record);
    return true;
  }

  private keepOwner(length: number): number {
    const at = this.namesUsed;
    if (at + length > this.names.length) {
      const larger = new Uint8Array(2 * this.names.length);
      larger.set(this.names);
      this.names = larger;
    }
    for (let i = 0; i < length; i++) this.names[at + i] = owner[i]!;
    this.namesUsed = at + length;
    return at;
  }

  /**
   * The record's data with names decompressed, to `out[at]`, which needs room for them and 510 octets; returns the
   * offset after them.
   */
  readData(record: ResponseRecord, out: Uint8Array, at: number): number {
    const { reader } = cursor;
    reader.start(this.message);
    reader.pos = record.dataAt;
    return readRdata(reader, record.type, record.dataLength, out, at);
  }

  /** The smallest TTL of the records asked for that have this type. */
  answerTtl(type: number): number {
    let ttl = TTL_MAX;
    for (const record of this.records)
      if (record.rank === ASKED && record.type === type) ttl = Math.min(ttl, record.ttl);
    return ttl;
  }

  /** True when the name at `name[at]` is the record's owner. */
  isOwner(record: ResponseRecord, name: Uint8Array, at: number): boolean {
    return nameEqual(this.names, record.ownerAt, name, at);
  }

  /** Works out what the response says about the question. */
  private relate(asked: Asked): void {
    this.followAnswer(asked);
    for (const record of this.records) {
      if (record.section !== AUTHORITY || record.class !== CLASS_IN) continue;
      if (record.type === TYPE.NS) this.referral = record;
      else if (record.type === TYPE.SOA && this.isSoaFor(record, asked)) this.readDenial(record);
    }
  }

  /** The SOA's owner must be the name or above it, and not above the zone that the server was asked for. */
  private isSoaFor(record: ResponseRecord, { name, zoneAt }: Asked): boolean {
    return isWithin(name, 0, this.names, record.ownerAt) && isWithin(this.names, record.ownerAt, name, zoneAt);
  }

  private readDenial(record: ResponseRecord): void {
    const end = this.readData(record, scratch, 0);
    const minimum = saneTtl(unpack32(scratch, end - 4));
    this.isNegative = true;
    this.negativeTtl = Math.min(record.ttl, minimum, NEGATIVE_TTL_MAX);
  }

  /** Marks what was asked for, and what the aliases in the answer lead to. */
  private followAnswer(asked: Asked): void {
    let { name } = asked;
    for (let hop = 0; hop <= CHAIN_MAX; hop++) {
      const alias = this.markAt(name, asked.type, hop === 0 ? ASKED : CHAINED);
      if (!alias) return;
      if (hop === 0) this.alias = alias;
      const target = new Uint8Array(NAME_MAX);
      this.readData(alias, target, 0);
      // A chain that comes back to a name already seen has nothing new to mark.
      for (const record of this.records) if (record.rank !== UNASKED && this.isOwner(record, target, 0)) return;
      name = target;
    }
  }

  /** Marks the answers at `name`; returns the alias to follow. */
  private markAt(name: Uint8Array, qtype: number, rank: number): ResponseRecord | undefined {
    let alias: ResponseRecord | undefined;
    const length = nameLength(name);
    for (const record of this.records) {
      if (record.section !== ANSWER) break;
      if (record.class !== CLASS_IN || record.ownerLength !== length) continue;
      const isWanted = record.type === qtype || qtype === TYPE.ANY;
      if (!isWanted && record.type !== TYPE.CNAME) continue;
      if (!this.isOwner(record, name, 0)) continue;
      record.rank = rank;
      if (isWanted) this.hasAnswer ||= rank === ASKED;
      else alias = record;
    }
    return alias;
  }
}

/** A TTL as it is used: over 1000000000 means 0, over a week means a week. */
function saneTtl(ttl: number): number {
  return ttl > TTL_NONSENSE ? 0 : Math.min(ttl, TTL_MAX);
}
