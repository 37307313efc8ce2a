// Authoritative answers out of data.cdb. Counterpart: tdlookup.c, linked into tinydns, axfrdns and tinydns-get alike,
// so they cannot disagree. Order of work: zone cut, answer (with wildcards), authority, additional, trimming.
// Nothing is allocated per question; a corrupt file or a malformed record declines the question.

import { LOWER } from '../base/bytes.ts';
import type { Tai } from '../base/tai.ts';
import { cdbHash } from '../cdb/hash.ts';
import { CdbCursor } from '../cdb/reader.ts';
import { ClientLocations } from '../data/location.ts';
import { MALFORMED, RecordView, VISIBLE } from '../data/record.ts';
import { UDP_MAX } from '../wire/constants.ts';
import { checkedNameLength, NAME_MAX, nameEqual, nameLength } from '../wire/name.ts';
import * as RCODE from '../wire/rcode.ts';
import * as TYPE from '../wire/type.ts';
import type { Writer } from '../wire/writer.ts';
import { type Glue, GlueCache } from './glue-cache.ts';
import type { Question } from './question.ts';
import { type Zone, ZoneCache } from './zone-cache.ts';

const ANSWER = 1;
const AUTHORITY = 2;
const ADDITIONAL = 3;

/** Addresses in one answer; of more, a random selection is given. */
const ADDRESSES_MAX = 8;
/** The five numbers after the names of an SOA. */
const SOA_NUMBERS = 20;

/** The visible records under one name, as found in the file: parallel lists that grow and are reused. */
class RecordList {
  count = 0;
  readonly types: number[] = [];
  readonly ttls: number[] = [];
  readonly from: number[] = [];
  readonly to: number[] = [];

  add(record: RecordView): void {
    const i = this.count++;
    this.types[i] = record.type;
    this.ttls[i] = record.ttl;
    this.from[i] = record.dataPos;
    this.to[i] = record.dataEnd;
  }
}

export class TinydnsLookup {
  private readonly randomBelow: (n: number) => number;
  private readonly locations = new ClientLocations();
  private readonly glue = new GlueCache();
  private readonly zones = new ZoneCache();
  private readonly cursor = new CdbCursor();
  private readonly record = new RecordView();
  private db: Uint8Array = new Uint8Array(0);
  private location = 0;
  private now: Tai = { hi: 0, lo: 0 };
  // What is visible under the question's own name, under the zone cut, and under the name looked at now.
  private readonly own = new RecordList();
  private readonly cutList = new RecordList();
  private readonly scratch = new RecordList();
  private atCut: RecordList | undefined;
  private zone: Zone | undefined;
  private hasSoa = false;
  private sawTimed = false; // a record of the name last collected has a timestamp
  private gaveSoa = false;
  private gaveNs = false;
  private gaveAddress = false;
  private isGlueKept = false; // all glue of the reply is in the cache, so it cannot change

  // The addresses of the answer, four octets each.
  private readonly addresses = new Uint8Array(4 * ADDRESSES_MAX);
  private addressCount = 0;
  private addressTtl = 0;

  // The names that NS and MX records of the reply point to: where each stands in `db`, where in the reply (-1: nowhere
  // that can be pointed to), and its hash, lowercased.
  private readonly targets: number[] = [];
  private readonly targetOffsets: number[] = [];
  private readonly targetHashes: number[] = [];
  private targetCount = 0;
  private readonly target = new Uint8Array(NAME_MAX);

  /** `randomBelow(n)` picks 0 to n - 1: the order of addresses is the only chance in an answer. */
  constructor(randomBelow: (n: number) => number) {
    this.randomBelow = randomBelow;
  }

  /**
   * Answers `question` out of the cdb file `db` at the time `now` into `reply`, which holds header (AA set or not, as
   * the caller sees fit) and question. Returns false when there is no answer to give: no zone of ours encloses the
   * name, or the data is corrupt where it was read. The reply is unusable then, as it is when its writer `failed`.
   */
  respond(db: Uint8Array, question: Question, now: Tai, reply: Writer): boolean {
    this.db = db;
    this.now = now;
    this.glue.use(db);
    this.zones.use(db);
    this.location = this.locations.find(db, question.ip);
    if (this.location < 0) return false;
    this.gaveSoa = false;
    this.gaveNs = false;
    this.gaveAddress = false;
    this.targetCount = 0;

    const cut = this.findCut(question);
    if (cut < 0) return false;
    const authoritative = this.hasSoa;
    if (authoritative) {
      const found = this.answer(question, cut, reply);
      if (found < 0) return false;
      if (found === 0) {
        reply.setRcode(RCODE.NXDOMAIN);
        reply.setAuthoritative(true);
      }
    } else {
      reply.setAuthoritative(false);
    }

    const afterAnswer = reply.length;
    const wanted = authoritative && reply.count(ANSWER) === 0 ? TYPE.SOA : TYPE.NS;
    const usual = wanted === TYPE.NS && reply.isQuestionOnlyName;
    const { zone } = this;
    let afterAuthority = usual && zone ? zone.putTail(reply, question.name, question.length, cut) : -1;
    if (afterAuthority < 0) {
      if (!this.authority(question, cut, wanted, reply)) return false;
      afterAuthority = reply.length;
      if (!this.additional(question, reply)) return false;
      if (usual && zone && this.isGlueKept && !reply.failed) {
        zone.keepTail(reply, afterAnswer, afterAuthority, question.length, cut);
      }
    }

    if (authoritative && reply.length > UDP_MAX) {
      reply.truncate(afterAuthority);
      reply.setCount(ADDITIONAL, 0);
      if (reply.length > UDP_MAX) {
        reply.truncate(afterAnswer);
        reply.setCount(AUTHORITY, 0);
      }
    }
    return true;
  }

  /** Puts the visible records of `name[at..length]` into `list`, wildcards or others. False when something is corrupt. */
  private collect(
    name: Uint8Array,
    at: number,
    length: number,
    wild: boolean,
    list: RecordList,
    hash = cdbHash(name, at, length),
  ): boolean {
    const { cursor, record, db, location, now } = this;
    list.count = 0;
    this.sawTimed = false;
    cursor.start(db, name, at, length, hash);
    while (cursor.next()) {
      const seen = record.read(db, cursor.dataPos, cursor.dataLength, location, now, wild);
      if (record.isTimed) this.sawTimed = true;
      if (seen === VISIBLE) list.add(record);
      else if (seen === MALFORMED) return false;
    }
    return !cursor.failed;
  }

  /**
   * The closest enclosing name with a visible NS record, as an offset into the question's name; `hasSoa` tells whether
   * the zone is ours or was delegated. Its records are in `atCut`, or, when it is a `zone` remembered, nowhere yet.
   * -1: there is none.
   */
  private findCut(question: Question): number {
    const { name, length } = question;
    const { location, zones } = this;
    let list = this.own;
    this.zone = undefined;
    for (let at = 0; ; at += name[at]! + 1) {
      const hash = cdbHash(name, at, length);
      if (at > 0) {
        const zone = zones.find(hash, question, at, location);
        if (zone) {
          this.zone = zone;
          this.atCut = undefined;
          this.hasSoa = zone.hasSoa;
          return at;
        }
        list = this.cutList;
      }
      if (!this.collect(name, at, length, false, list, hash)) return -1;
      let hasNs = false;
      this.hasSoa = false;
      for (let i = 0; i < list.count; i++) {
        if (list.types[i] === TYPE.NS) hasNs = true;
        else if (list.types[i] === TYPE.SOA) this.hasSoa = true;
      }
      if (hasNs) {
        this.atCut = list;
        if (at > 0 && !this.sawTimed) {
          this.zone = zones.slot(hash);
          this.zone.fill(this.cursor.dataPos - (length - at), length - at, hash, location, this.hasSoa);
        }
        return at;
      }
      if (name[at] === 0) return -1;
    }
  }

  /**
   * The answer section: records of the name itself, or, when it has none, of the closest wildcard up to the zone cut.
   * 1 when the name exists (with or without records of the type), 0 when it does not, -1 when something is corrupt.
   */
  private answer(question: Question, cut: number, reply: Writer): number {
    const { name, length, type: qtype } = question;
    const owner = reply.questionOffset(name, 0);
    let list = this.own;
    for (let at = 0; ; ) {
      this.addressCount = 0;
      for (let i = 0; i < list.count; i++) {
        const type = list.types[i]!;
        if (type === TYPE.SOA && this.gaveSoa) continue;
        if (type !== qtype && qtype !== TYPE.ANY && type !== TYPE.CNAME) continue;
        if (type === TYPE.A && list.to[i]! - list.from[i]! === 4) this.collectAddress(list.from[i]!, list.ttls[i]!);
        else if (!this.append(reply, ANSWER, name, 0, owner, list, i)) return -1;
      }
      if (this.addressCount > 0) this.appendAddresses(reply, name, owner);
      if (list.count > 0) return 1;
      if (at === cut) return 0;
      at += name[at]! + 1;
      list = this.scratch;
      if (!this.collect(name, at, length, true, list)) return -1;
    }
  }

  private collectAddress(from: number, ttl: number): void {
    const { addresses, db } = this;
    const k = this.addressCount++;
    this.addressTtl = ttl;
    const i = this.randomBelow(k + 1);
    if (i >= ADDRESSES_MAX) return;
    if (i !== k && k < ADDRESSES_MAX) addresses.copyWithin(4 * k, 4 * i, 4 * i + 4);
    for (let octet = 0; octet < 4; octet++) addresses[4 * i + octet] = db[from + octet]!;
  }

  private appendAddresses(reply: Writer, name: Uint8Array, owner: number): void {
    const count = Math.min(this.addressCount, ADDRESSES_MAX);
    for (let i = 0; i < count; i++) {
      const mark = startRecord(reply, ANSWER, name, 0, owner, TYPE.A, this.addressTtl);
      reply.put(this.addresses, 4 * i, 4 * i + 4);
      reply.endRecord(mark);
    }
    this.gaveAddress = true;
  }

  /**
   * Appends record `i` of the list under `name[at]`, which stands at `owner` of the reply when that is not -1; names in
   * its data are compressed. False when its data is malformed.
   */
  private append(
    reply: Writer,
    section: number,
    name: Uint8Array,
    at: number,
    owner: number,
    list: RecordList,
    i: number,
  ): boolean {
    const { db } = this;
    const type = list.types[i]!;
    const end = list.to[i]!;
    let pos = list.from[i]!;
    const mark = startRecord(reply, section, name, at, owner, type, list.ttls[i]!);
    switch (type) {
      case TYPE.NS:
        if (!this.putTarget(reply, pos, end)) return false;
        this.gaveNs = true;
        break;
      case TYPE.MX:
        if (pos + 2 > end) return false;
        reply.put(db, pos, pos + 2);
        if (!this.putTarget(reply, pos + 2, end)) return false;
        break;
      case TYPE.CNAME:
      case TYPE.PTR:
        if (checkedNameLength(db, pos, end) === 0) return false;
        reply.name(db, pos);
        break;
      case TYPE.SOA:
        for (let names = 0; names < 2; names++) {
          const length = checkedNameLength(db, pos, end);
          if (length === 0) return false;
          reply.name(db, pos);
          pos += length;
        }
        if (pos + SOA_NUMBERS > end) return false;
        reply.put(db, pos, pos + SOA_NUMBERS);
        this.gaveSoa = true;
        break;
      default:
        reply.put(db, pos, end);
        if (type === TYPE.A) this.gaveAddress = true;
    }
    reply.endRecord(mark);
    return true;
  }

  /** Writes a name whose addresses belong into the additional section. */
  private putTarget(reply: Writer, pos: number, end: number): boolean {
    if (checkedNameLength(this.db, pos, end) === 0) return false;
    this.targets[this.targetCount] = pos;
    this.targetOffsets[this.targetCount++] = reply.name(this.db, pos);
    return true;
  }

  /** The SOA for an empty answer of ours, else the NS set of the zone, unless the answer gave it. */
  private authority(question: Question, cut: number, wanted: number, reply: Writer): boolean {
    const { name, length } = question;
    if (wanted === TYPE.NS && cut === 0 && this.gaveNs) return true;
    const list = this.atCut ?? this.cutList;
    if (!this.atCut && !this.collect(name, cut, length, false, list)) return false;
    const owner = reply.questionOffset(name, cut);
    for (let i = 0; i < list.count; i++) {
      if (list.types[i] !== wanted) continue;
      if (!this.append(reply, AUTHORITY, name, cut, owner, list, i)) return false;
      if (wanted === TYPE.SOA) break;
    }
    return true;
  }

  /** The addresses of what NS and MX records name, each name once, and not where the answer gave them. */
  private additional(question: Question, reply: Writer): boolean {
    const { db } = this;
    this.isGlueKept = true;
    for (let i = 0; i < this.targetCount; i++) {
      const pos = this.targets[i]!;
      this.targetHashes[i] = -1;
      if (this.gaveAddress && nameEqual(db, pos, question.name, 0)) continue;
      const glue = this.glueOf(pos);
      if (!glue) return false;
      if (glue.pos < 0) this.isGlueKept = false;
      this.targetHashes[i] = glue.hash;
      if (i > 0 && this.isEarlierTarget(i)) continue;
      for (let j = 0; j < glue.count; j++) {
        const from = glue.from[j]!;
        // The name in the file has the case that it was typed with; owners are lowercase.
        if (this.targetOffsets[i]! < 0) this.loadTarget(pos);
        const mark = startRecord(reply, ADDITIONAL, this.target, 0, this.targetOffsets[i]!, TYPE.A, glue.ttls[j]!);
        reply.put(db, from, from + 4);
        reply.endRecord(mark);
      }
    }
    return true;
  }

  /** The addresses of the name at `pos` of the file, or undefined when something is corrupt. */
  private glueOf(pos: number): Glue | undefined {
    const { scratch, target, location } = this;
    const glue = this.glue.slot(pos);
    if (glue.pos === pos && glue.location === location) return glue;
    glue.pos = -1;
    const length = this.loadTarget(pos);
    if (!this.collect(target, 0, length, false, scratch)) return undefined;
    glue.count = 0;
    for (let j = 0; j < scratch.count; j++) {
      if (scratch.types[j] !== TYPE.A) continue;
      if (scratch.from[j]! + 4 > scratch.to[j]!) return undefined;
      glue.from[glue.count] = scratch.from[j]!;
      glue.ttls[glue.count++] = scratch.ttls[j]!;
    }
    glue.hash = cdbHash(target, 0, length);
    glue.location = location;
    if (!this.sawTimed) glue.pos = pos;
    return glue;
  }

  /** The name at `pos` of the file, lowercased, into `target`; returns its length. */
  private loadTarget(pos: number): number {
    const { db, target } = this;
    const length = nameLength(db, pos);
    for (let i = 0; i < length; i++) target[i] = LOWER[db[pos + i]!]!;
    return length;
  }

  /** True when target `i` is the same name as one before it. */
  private isEarlierTarget(i: number): boolean {
    const { db, targets, targetHashes } = this;
    for (let j = 0; j < i; j++) {
      if (targetHashes[j] === targetHashes[i] && nameEqual(db, targets[i]!, db, targets[j]!)) return true;
    }
    return false;
  }
}

/** `startRecord` of the writer, with the owner as a pointer where one is known. */
function startRecord(
  reply: Writer,
  section: number,
  name: Uint8Array,
  at: number,
  owner: number,
  type: number,
  ttl: number,
): number {
  if (owner >= 0) return reply.startRecordAt(section, owner, type, ttl);
  return reply.startRecord(section, name, at, type, ttl);
}
