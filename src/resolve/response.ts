// A response taken apart: its records, and what they say about the question. Counterpart: the first half of the
// HAVEPACKET part of query.c. Nothing here decides whom to believe; accept.ts does.

import { EMPTY, unpack16, unpack32 } from '../base/bytes.ts';
import { CLASS_IN } from '../wire/constants.ts';
import * as FLAG from '../wire/flag.ts';
import { shapeOf } from '../wire/layout.ts';
import { isWithin, NAME_MAX, nameEqual, nameLength } from '../wire/name.ts';
import * as RCODE from '../wire/rcode.ts';
import { hasNames, readWholeRdata } from '../wire/rdata.ts';
import { ANSWER, AUTHORITY, RecordCursor } from '../wire/record.ts';
import * as TYPE from '../wire/type.ts';
import { TTL_MAX } from './cache.ts';
import type { Asked } from './level.ts';

/** Aliases followed within one response. */
const CHAIN_MAX = 16;
const TTL_NONSENSE = 1000000000;
/** Longest time a denial is kept, in seconds. */
const NEGATIVE_TTL_MAX = 3600;
/** The same of one whose zone has no SOA to say how long. */
const NEGATIVE_TTL_WITHOUT_SOA = 5;

/**
 * What a response is to the question.
 *
 * - `alias`: the name is another name for `aliasTarget`.
 * - `overlong`: it would be, but that name is too long (YXDOMAIN, RFC 6672).
 * - `nxdomain`, `answer`, `nodata`: there is no such name; there are records; there are none of this type.
 * - `nothing`: no error, and not a word about the question.
 * - `referral`: to the servers of a zone below the one that was asked, on the way to the name.
 * - `lame`: NS records that do not lead down. `sideways`: NS records of a zone below, but not on the way to the name.
 */
export type Meaning =
  | 'alias'
  | 'overlong'
  | 'nxdomain'
  | 'answer'
  | 'nodata'
  | 'nothing'
  | 'referral'
  | 'lame'
  | 'sideways';

/** Record belongs to nothing that was asked. */
export const UNASKED = 0;
/** Record of a name that the answer's aliases lead to. */
const CHAINED = 1;
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
  /** The data are not what its type has: its set is of no use. */
  isBad = false;
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
  meaning: Meaning = 'nothing';
  /** What the name is an alias for, and for how many seconds. */
  readonly aliasTarget: Uint8Array = new Uint8Array(NAME_MAX);
  aliasTtl = 0;
  /** An NS record of the delegation of a `referral`; of the last one otherwise. */
  referral: ResponseRecord | undefined;
  /** Seconds that a denial may be kept: the SOA's TTL or its MINIMUM, whichever is smaller. */
  negativeTtl = 0;
  private hasAnswer = false;
  private isAlias = false;
  private isNegative = false;
  private namesUsed = 0;
  private dnames = 0; // records of that type
  private readonly spare: ResponseRecord[] = [];

  /**
   * Takes apart a message, which is only borrowed, that came in response to the question `asked`. False when the
   * header, a record or a name in one is malformed.
   */
  parse(message: Uint8Array, asked: Asked): boolean {
    this.message = message;
    for (const record of this.records) this.spare.push(record);
    this.records.length = 0;
    this.namesUsed = 0;
    this.hasAnswer = false;
    this.isAlias = false;
    this.isNegative = false;
    this.referral = undefined;
    this.negativeTtl = 0;
    this.dnames = 0;
    cursor.start(message);
    while (cursor.next(owner)) if (!this.addRecord()) return false;
    if (cursor.failed) return false;
    this.followAnswer(asked);
    for (const record of this.records) if (record.isBad && record.rank === ASKED) return false;
    this.readAuthority(asked);
    this.meaning = this.findMeaning(asked);
    return true;
  }

  /** Lets go of the message: what outlives a question is what collecting garbage costs. */
  release(): void {
    this.message = EMPTY;
  }

  /** The server says that it serves the zone of the name (AA). */
  get isAuthoritative(): boolean {
    return (unpack16(this.message, 2) & FLAG.AA) !== 0;
  }

  private get rcode(): number {
    return this.message[3]! & FLAG.RCODE;
  }

  /** The record where the cursor stands; false when its data are malformed. */
  private addRecord(): boolean {
    const { type, section, dataAt } = cursor;
    const dataLength = cursor.dataEnd - dataAt;
    let isBad = false;
    if (cursor.class === CLASS_IN) {
      if (type === TYPE.A) isBad = dataLength !== 4;
      else if (type === TYPE.AAAA) isBad = dataLength !== 16;
      else if (hasNames(type) && readWholeRdata(cursor.reader, type, dataLength, scratch, 0) < 0) {
        // What the original read is malformed as a whole.
        if (shapeOf(type).names > 0) return false;
        cursor.reader.failed = false;
        isBad = true;
      }
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
    record.isBad = isBad;
    if (type === TYPE.DNAME) this.dnames++;
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
    return readWholeRdata(reader, record.type, record.dataLength, out, at);
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

  /** Looks for a denial, and for a delegation on the way from the zone asked to the name: the deepest one. */
  private readAuthority(asked: Asked): void {
    let other: ResponseRecord | undefined;
    for (const record of this.records) {
      if (record.section !== AUTHORITY || record.class !== CLASS_IN) continue;
      if (record.type === TYPE.SOA && this.isSoaFor(record, asked)) this.readDenial(record);
      if (record.type !== TYPE.NS) continue;
      if (!this.leadsDown(record, asked)) other = record;
      else if (!this.referral || record.ownerLength > this.referral.ownerLength) this.referral = record;
    }
    this.referral ??= other;
  }

  private leadsDown(record: ResponseRecord, { name, zoneAt }: Asked): boolean {
    return record.ownerLength > nameLength(name, zoneAt) && isWithin(name, 0, this.names, record.ownerAt);
  }

  private findMeaning(asked: Asked): Meaning {
    const { rcode, referral } = this;
    if (rcode === RCODE.YXDOMAIN) return 'overlong';
    if (this.isAlias) return 'alias';
    if (rcode === RCODE.NXDOMAIN) return 'nxdomain';
    if (this.hasAnswer) return 'answer';
    if (this.isNegative) return 'nodata';
    if (!referral) return 'nothing';
    if (this.leadsDown(referral, asked)) return 'referral';
    const { name, zoneAt } = asked;
    if (this.isAuthoritative && this.isOwner(referral, name, zoneAt)) {
      // The zone's own NS set, where others send an SOA record.
      this.negativeTtl = NEGATIVE_TTL_WITHOUT_SOA;
      return 'nodata';
    }
    const isBelow = referral.ownerLength > nameLength(name, zoneAt);
    return isBelow && isWithin(this.names, referral.ownerAt, name, zoneAt) ? 'sideways' : 'lame';
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
      const cname = this.markAt(name, asked.type, hop === 0 ? ASKED : CHAINED);
      if (!cname && (this.dnames === 0 || (hop === 0 && this.hasAnswer))) return;
      const target = new Uint8Array(NAME_MAX);
      const ttl = this.readAlias(name, cname, asked, target);
      if (ttl < 0) return;
      if (hop === 0) {
        this.isAlias = true;
        this.aliasTtl = ttl;
        this.aliasTarget.set(target);
      }
      // A chain that comes back to a name already seen has nothing new to mark.
      for (const record of this.records) if (record.rank !== UNASKED && this.isOwner(record, target, 0)) return;
      name = target;
    }
  }

  /**
   * Writes what the name is an alias for to `target` and returns the TTL, or -1. Where there is a DNAME record the
   * server's CNAME record must be the one that it makes (RFC 6672 section 3.4), or it does not count.
   */
  private readAlias(name: Uint8Array, cname: ResponseRecord | undefined, asked: Asked, target: Uint8Array): number {
    const dname = this.dnameAbove(name, asked);
    if (cname) this.readData(cname, target, 0);
    if (!dname) return cname ? cname.ttl : -1;
    this.readData(dname, scratch, 0);
    const made = new Uint8Array(NAME_MAX);
    const isMade = substituteName(name, dname.ownerLength, scratch, made);
    const isRight = cname !== undefined && isMade && nameEqual(made, 0, target, 0);
    if (cname && !isRight) cname.rank = UNASKED;
    if (!isMade) return -1;
    dname.rank = CHAINED;
    target.set(made);
    return isRight ? cname.ttl : dname.ttl;
  }

  /** The DNAME record of the answer section that is above the name, in the zone that was asked. */
  private dnameAbove(name: Uint8Array, asked: Asked): ResponseRecord | undefined {
    if (this.dnames === 0) return undefined;
    return this.records.find(
      ({ type, section, class: klass, ownerAt, ownerLength, isBad }) =>
        type === TYPE.DNAME &&
        section === ANSWER &&
        klass === CLASS_IN &&
        !isBad &&
        ownerLength < nameLength(name) &&
        isWithin(name, 0, this.names, ownerAt) &&
        isWithin(this.names, ownerAt, asked.name, asked.zoneAt),
    );
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

/**
 * The name with its last `suffixLength` octets replaced by the name `target`, into `out`; false when it is too long.
 */
export function substituteName(name: Uint8Array, suffixLength: number, target: Uint8Array, out: Uint8Array): boolean {
  const kept = nameLength(name) - suffixLength;
  const added = nameLength(target);
  if (kept + added > NAME_MAX) return false;
  for (let i = 0; i < kept; i++) out[i] = name[i]!;
  for (let i = 0; i < added; i++) out[kept + i] = target[i]!;
  return true;
}

/** A TTL as it is used: over 1000000000 means 0, over a week means a week. */
function saneTtl(ttl: number): number {
  return ttl > TTL_NONSENSE ? 0 : Math.min(ttl, TTL_MAX);
}
