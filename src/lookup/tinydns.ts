// Authoritative answers out of data.cdb. Counterpart: tdlookup.c, linked into tinydns, axfrdns and tinydns-get alike,
// so they cannot disagree. Order of work: zone cut, answer (with wildcards), authority, additional, trimming.
// Nothing is allocated per question; a corrupt file or a malformed record declines the question.

import type { Tai } from '../base/tai.ts';
import { cdbHash } from '../cdb/hash.ts';
import { CdbCursor } from '../cdb/reader.ts';
import { MALFORMED, RecordView, VISIBLE } from '../data/record.ts';
import {
  RCODE_NXDOMAIN,
  TYPE_A,
  TYPE_ANY,
  TYPE_CNAME,
  TYPE_MX,
  TYPE_NS,
  TYPE_PTR,
  TYPE_SOA,
  UDP_MAX,
} from '../wire/constants.ts';
import { checkedNameLength, lowerInPlace, NAME_MAX, nameEqual } from '../wire/name.ts';
import type { Writer } from '../wire/writer.ts';
import { clientLocation } from './location.ts';
import type { Question } from './question.ts';

const ANSWER = 1;
const AUTHORITY = 2;
const ADDITIONAL = 3;

/** Addresses in one answer; of more, a random selection is given. */
const ADDRESSES_MAX = 8;
/** The five numbers after the names of an SOA. */
const SOA_NUMBERS = 20;

export class TinydnsLookup {
  private readonly randomBelow: (n: number) => number;
  private readonly cursor = new CdbCursor();
  private readonly record = new RecordView();
  private db: Uint8Array = new Uint8Array(0);
  private location = 0;
  private now: Tai = { hi: 0, lo: 0 };
  private hasNs = false;
  private hasSoa = false;
  private gaveSoa = false;
  private gaveNs = false;
  private gaveAddress = false;

  // The addresses of the answer, four octets each.
  private readonly addresses = new Uint8Array(4 * ADDRESSES_MAX);
  private addressCount = 0;
  private addressTtl = 0;

  // The names that NS and MX records of the reply point to: where each stands in `db`, and the hash of it lowercased.
  private readonly targets: number[] = [];
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
    this.location = clientLocation(db, question.ip);
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
        reply.setRcode(RCODE_NXDOMAIN);
        reply.setAuthoritative(true);
      }
    } else {
      reply.setAuthoritative(false);
    }

    const afterAnswer = reply.length;
    if (!this.authority(question, cut, authoritative, reply)) return false;
    const afterAuthority = reply.length;
    if (!this.additional(question, reply)) return false;

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

  /**
   * The closest enclosing name with a visible NS record, as an offset into the question's name; `hasSoa` tells whether
   * it has an SOA as well, that is, whether the zone is ours or was delegated. -1: there is none.
   */
  private findCut({ name, length }: Question): number {
    for (let at = 0; at < length; at += name[at]! + 1) {
      this.hasNs = false;
      this.hasSoa = false;
      this.cursor.start(this.db, name, at, length);
      for (let found = this.next(false); found !== 0; found = this.next(false)) {
        if (found < 0) return -1;
        if (this.record.type === TYPE_NS) this.hasNs = true;
        else if (this.record.type === TYPE_SOA) this.hasSoa = true;
      }
      if (this.hasNs) return at;
      if (name[at] === 0) return -1;
    }
    return -1;
  }

  /** The next visible record of the cursor's key into `record`: 1, 0 at the end, -1 when something is corrupt. */
  private next(wild: boolean): number {
    const { cursor, record } = this;
    while (cursor.next()) {
      const seen = record.read(this.db, cursor.dataPos, cursor.dataLength, this.location, this.now, wild);
      if (seen === VISIBLE) return 1;
      if (seen === MALFORMED) return -1;
    }
    return cursor.failed ? -1 : 0;
  }

  /**
   * The answer section: records of the name itself, or, when it has none, of the closest wildcard up to the zone cut.
   * 1 when the name exists (with or without records of the type), 0 when it does not, -1 when something is corrupt.
   */
  private answer(question: Question, cut: number, reply: Writer): number {
    const { name, length, type: qtype } = question;
    const { record } = this;
    for (let at = 0; ; at += name[at]! + 1) {
      let exists = 0;
      this.addressCount = 0;
      this.cursor.start(this.db, name, at, length);
      for (let found = this.next(at > 0); found !== 0; found = this.next(at > 0)) {
        if (found < 0) return -1;
        exists = 1;
        if (record.type === TYPE_SOA && this.gaveSoa) continue;
        if (record.type !== qtype && qtype !== TYPE_ANY && record.type !== TYPE_CNAME) continue;
        if (record.type === TYPE_A && record.dataEnd - record.dataPos === 4) this.collectAddress();
        else if (!this.append(reply, ANSWER, name, 0)) return -1;
      }
      this.appendAddresses(reply, name);
      if (exists === 1 || at === cut) return exists;
    }
  }

  private collectAddress(): void {
    const { addresses, db, record } = this;
    const k = this.addressCount++;
    this.addressTtl = record.ttl;
    const i = this.randomBelow(k + 1);
    if (i >= ADDRESSES_MAX) return;
    if (i !== k && k < ADDRESSES_MAX) addresses.copyWithin(4 * k, 4 * i, 4 * i + 4);
    for (let octet = 0; octet < 4; octet++) addresses[4 * i + octet] = db[record.dataPos + octet]!;
  }

  private appendAddresses(reply: Writer, owner: Uint8Array): void {
    const count = Math.min(this.addressCount, ADDRESSES_MAX);
    for (let i = 0; i < count; i++) {
      const mark = reply.startRecord(ANSWER, owner, 0, TYPE_A, this.addressTtl);
      reply.put(this.addresses, 4 * i, 4 * i + 4);
      reply.endRecord(mark);
      this.gaveAddress = true;
    }
  }

  /** Appends `record` under `owner`, names in its data compressed. False when its data is malformed. */
  private append(reply: Writer, section: number, owner: Uint8Array, ownerAt: number): boolean {
    const { db, record } = this;
    const { type, dataEnd } = record;
    let pos = record.dataPos;
    const mark = reply.startRecord(section, owner, ownerAt, type, record.ttl);
    switch (type) {
      case TYPE_NS:
      case TYPE_CNAME:
      case TYPE_PTR:
        if (checkedNameLength(db, pos, dataEnd) === 0) return false;
        reply.name(db, pos);
        break;
      case TYPE_MX:
        if (pos + 2 > dataEnd || checkedNameLength(db, pos + 2, dataEnd) === 0) return false;
        reply.put(db, pos, pos + 2);
        pos += 2;
        reply.name(db, pos);
        break;
      case TYPE_SOA:
        for (let i = 0; i < 2; i++) {
          const length = checkedNameLength(db, pos, dataEnd);
          if (length === 0) return false;
          reply.name(db, pos);
          pos += length;
        }
        if (pos + SOA_NUMBERS > dataEnd) return false;
        reply.put(db, pos, pos + SOA_NUMBERS);
        this.gaveSoa = true;
        break;
      default:
        reply.put(db, pos, dataEnd);
        if (type === TYPE_A) this.gaveAddress = true;
    }
    reply.endRecord(mark);
    if (type === TYPE_NS) this.gaveNs = true;
    if (type === TYPE_NS || type === TYPE_MX) this.targets[this.targetCount++] = pos;
    return true;
  }

  /** The SOA for an empty answer of ours, else the NS set of the zone, unless the answer gave it. */
  private authority(question: Question, cut: number, authoritative: boolean, reply: Writer): boolean {
    const { name, length } = question;
    const wanted = authoritative && reply.count(ANSWER) === 0 ? TYPE_SOA : TYPE_NS;
    if (wanted === TYPE_NS && cut === 0 && this.gaveNs) return true;
    this.cursor.start(this.db, name, cut, length);
    for (let found = this.next(false); found !== 0; found = this.next(false)) {
      if (found < 0) return false;
      if (this.record.type !== wanted) continue;
      if (!this.append(reply, AUTHORITY, name, cut)) return false;
      if (wanted === TYPE_SOA) break;
    }
    return true;
  }

  /** The addresses of what NS and MX records name, each name once, and not where the answer gave them. */
  private additional(question: Question, reply: Writer): boolean {
    const { db, record, target, targetHashes } = this;
    for (let i = 0; i < this.targetCount; i++) {
      const targetPos = this.targets[i]!;
      const length = checkedNameLength(db, targetPos, db.length);
      for (let octet = 0; octet < length; octet++) target[octet] = db[targetPos + octet]!;
      lowerInPlace(target, 0, length);
      const hash = cdbHash(target, 0, length);
      targetHashes[i] = hash;
      if (this.gaveAddress && nameEqual(target, 0, question.name, 0)) continue;
      if (this.isEarlierTarget(i, hash)) continue;
      this.cursor.start(db, target, 0, length);
      for (let found = this.next(false); found !== 0; found = this.next(false)) {
        if (found < 0) return false;
        if (record.type !== TYPE_A) continue;
        if (record.dataPos + 4 > record.dataEnd) return false;
        const mark = reply.startRecord(ADDITIONAL, target, 0, TYPE_A, record.ttl);
        reply.put(db, record.dataPos, record.dataPos + 4);
        reply.endRecord(mark);
      }
    }
    return true;
  }

  private isEarlierTarget(i: number, hash: number): boolean {
    for (let j = 0; j < i; j++) {
      if (this.targetHashes[j] === hash && nameEqual(this.target, 0, this.db, this.targets[j]!)) return true;
    }
    return false;
  }
}
