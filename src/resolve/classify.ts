// A reply taken apart: its records, and what they say about the question. Counterpart: the first half of the
// HAVEPACKET part of query.c. Nothing here decides whom to believe; remember.ts does. One object is reused for every
// reply, because a reply is used up before the next one is looked at.

import { unpack16, unpack32 } from '../base/bytes.ts';
import { CLASS_IN, HEADER_SIZE } from '../wire/constants.ts';
import * as FLAG from '../wire/flag.ts';
import { isWithin, NAME_MAX, nameEqual, nameLength } from '../wire/name.ts';
import { Reader } from '../wire/reader.ts';
import * as TYPE from '../wire/type.ts';

/** Aliases followed within one reply. */
const CHAIN_MAX = 16;
const TTL_NONSENSE = 1000000000;
const TTL_MAX = 604800;
/** Longest time a denial is kept, in seconds. */
const NEGATIVE_TTL_MAX = 3600;

/** Record belongs to nothing that was asked. */
export const UNASKED = 0;
/** Record of a name that the answer's aliases lead to. */
export const CHAINED = 1;
/** Record of the name and type asked for. */
export const ASKED = 2;

export const SECTION_ANSWER = 1;
export const SECTION_AUTHORITY = 2;
export const SECTION_ADDITIONAL = 3;

/** One record. `ownerAt` is an offset in `Classified.names`; `dataAt` one in the message. */
export interface ReplyRecord {
  ownerAt: number;
  ownerLength: number;
  type: number;
  klass: number;
  /** Seconds, what is no sane TTL already made one. */
  ttl: number;
  dataAt: number;
  dataLength: number;
  section: number;
  /** UNASKED, CHAINED or ASKED; the last two in the answer section only. */
  rank: number;
}

/** A TTL as it is used: over 1000000000 means 0, over a week means a week. */
export function saneTtl(ttl: number): number {
  return ttl > TTL_NONSENSE ? 0 : Math.min(ttl, TTL_MAX);
}

/** A reply. After `parse` the records, after `classify` the rest too. */
export class Classified {
  message: Uint8Array = new Uint8Array(0);
  /** The owners' names, decompressed, in the case of the message. */
  names: Uint8Array = new Uint8Array(4096);
  /** The first `count` of them are this reply's. */
  readonly records: ReplyRecord[] = [];
  count = 0;
  rcode = 0;
  /** The answer section has the type asked for at the name asked for. */
  hasAnswer = false;
  /** The CNAME record at the name asked for (not when CNAME or ANY was asked for); the last one if there are several. */
  alias: ReplyRecord | undefined;
  /** The last NS record of the authority section. */
  referral: ReplyRecord | undefined;
  /** There is an SOA record for the name asked for in the authority section. */
  denies = false;
  /** Seconds that the denial may be kept: the SOA's TTL or its MINIMUM, whichever is smaller. */
  negativeTtl = 0;

  private readonly reader = new Reader();
  private readonly scratch = new Uint8Array(NAME_MAX);
  private namesUsed = 0;

  /** Takes a message in, which is only borrowed; false when the header, a record or a name in one is malformed. */
  parse(message: Uint8Array): boolean {
    this.message = message;
    this.count = 0;
    this.namesUsed = 0;
    this.hasAnswer = false;
    this.alias = undefined;
    this.referral = undefined;
    this.denies = false;
    this.negativeTtl = 0;
    if (message.length < HEADER_SIZE) return false;
    const { reader } = this;
    reader.start(message);
    reader.skip(HEADER_SIZE);
    reader.skipName();
    reader.skip(4);
    this.rcode = message[3]! & FLAG.RCODE;
    for (let section = SECTION_ANSWER; section <= SECTION_ADDITIONAL; section++) {
      const count = unpack16(message, 4 + 2 * section);
      for (let i = 0; i < count && !reader.failed; i++) this.readRecord(section);
    }
    return !reader.failed;
  }

  private readRecord(section: number): void {
    const { reader, scratch } = this;
    const length = reader.name(scratch);
    const ownerAt = this.keepName(length);
    const type = reader.u16();
    const klass = reader.u16();
    const ttl = saneTtl(reader.u32());
    const dataLength = reader.u16();
    const dataAt = reader.pos;
    reader.skip(dataLength);
    const end = reader.pos;
    if (reader.failed || (klass === CLASS_IN && !this.isDataGood(type, dataAt, dataLength))) {
      reader.failed = true;
      return;
    }
    reader.pos = end;
    let record = this.records[this.count];
    if (!record) {
      record = { ownerAt: 0, ownerLength: 0, type: 0, klass: 0, ttl: 0, dataAt: 0, dataLength: 0, section: 0, rank: 0 };
      this.records.push(record);
    }
    this.count++;
    record.ownerAt = ownerAt;
    record.ownerLength = length;
    record.type = type;
    record.klass = klass;
    record.ttl = ttl;
    record.dataAt = dataAt;
    record.dataLength = dataLength;
    record.section = section;
    record.rank = UNASKED;
  }

  private keepName(length: number): number {
    const at = this.namesUsed;
    if (at + length > this.names.length) {
      const larger = new Uint8Array(2 * this.names.length);
      larger.set(this.names);
      this.names = larger;
    }
    for (let i = 0; i < length; i++) this.names[at + i] = this.scratch[i]!;
    this.namesUsed = at + length;
    return at;
  }

  /** Names inside the data must be names. They may be compressed, and the data may be longer, as in the original. */
  private isDataGood(type: number, at: number, length: number): boolean {
    const { reader, scratch } = this;
    reader.pos = at;
    switch (type) {
      case TYPE.NS:
      case TYPE.CNAME:
      case TYPE.PTR:
        reader.name(scratch);
        return !reader.failed && length > 0;
      case TYPE.MX:
        reader.skip(2);
        reader.name(scratch);
        return !reader.failed && length > 2;
      case TYPE.SOA:
        reader.name(scratch);
        reader.name(scratch);
        reader.skip(20);
        return !reader.failed && length > 21;
      default:
        return true;
    }
  }

  /** Decompresses the name at offset `at` of the message into `out`; returns the offset after it. The reply has been parsed. */
  nameAt(at: number, out: Uint8Array): number {
    this.reader.failed = false;
    this.reader.pos = at;
    this.reader.name(out);
    return this.reader.pos;
  }

  /** Works out what the reply says about the question, asked of a server for the zone at `qname[controlAt]`. */
  classify(qname: Uint8Array, qtype: number, controlAt: number): void {
    this.followAnswer(qname, qtype);
    for (let i = 0; i < this.count; i++) {
      const record = this.records[i]!;
      if (record.section !== SECTION_AUTHORITY || record.klass !== CLASS_IN) continue;
      if (record.type === TYPE.NS) this.referral = record;
      else if (record.type === TYPE.SOA && this.isSoaFor(record, qname, controlAt)) this.readDenial(record);
    }
  }

  /** The SOA's owner must be the name or above it, and not above the zone that the server was asked for. */
  private isSoaFor(record: ReplyRecord, qname: Uint8Array, controlAt: number): boolean {
    const { names } = this;
    return isWithin(qname, 0, names, record.ownerAt) && isWithin(names, record.ownerAt, qname, controlAt);
  }

  private readDenial(record: ReplyRecord): void {
    const { message, scratch } = this;
    const numbersAt = this.nameAt(this.nameAt(record.dataAt, scratch), scratch);
    const minimum = saneTtl(unpack32(message, numbersAt + 16));
    this.denies = true;
    this.negativeTtl = Math.min(record.ttl, minimum, NEGATIVE_TTL_MAX);
  }

  /** Marks what was asked for, and what the aliases in the answer lead to. */
  private followAnswer(qname: Uint8Array, qtype: number): void {
    const { records, names } = this;
    let name = qname;
    for (let hop = 0; hop <= CHAIN_MAX; hop++) {
      const rank = hop === 0 ? ASKED : CHAINED;
      const followed = this.markAt(name, qtype, rank);
      if (!followed) return;
      if (hop === 0) this.alias = followed;
      const target = new Uint8Array(NAME_MAX);
      this.nameAt(followed.dataAt, target);
      // A chain that comes back to a name already seen has nothing new to mark.
      for (let i = 0; i < this.count; i++) {
        const record = records[i]!;
        if (record.rank !== UNASKED && nameEqual(names, record.ownerAt, target, 0)) return;
      }
      name = target;
    }
  }

  /** Marks the answers at `name`; returns the alias to follow. */
  private markAt(name: Uint8Array, qtype: number, rank: number): ReplyRecord | undefined {
    let alias: ReplyRecord | undefined;
    const length = nameLength(name);
    for (let i = 0; i < this.count; i++) {
      const record = this.records[i]!;
      if (record.section !== SECTION_ANSWER) break;
      if (record.klass !== CLASS_IN || record.ownerLength !== length) continue;
      const isWanted = record.type === qtype || qtype === TYPE.ANY;
      if (!isWanted && record.type !== TYPE.CNAME) continue;
      if (!nameEqual(this.names, record.ownerAt, name, 0)) continue;
      record.rank = rank;
      if (isWanted) this.hasAnswer ||= rank === ASKED;
      else alias = record;
    }
    return alias;
  }
}
