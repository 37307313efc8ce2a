// Authoritative responses from data.cdb. Counterpart: tdlookup.c, linked into tinydns, axfrdns and tinydns-get alike,
// so they cannot disagree. Order of work: zone cut, answer (with wildcards), authority, additional, trimming. Nothing
// is allocated per question; a corrupt file or a malformed record declines the question.

import { LOWER } from '../base/bytes.ts';
import { taiOfUnix, unixNow } from '../base/tai.ts';
import { cdbHash } from '../cdb/hash.ts';
import { isWithin, NAME_MAX, nameEqual, nameLength } from '../wire/name.ts';
import * as RCODE from '../wire/rcode.ts';
import type { Tail } from '../wire/tail.ts';
import * as TYPE from '../wire/type.ts';
import type { Writer } from '../wire/writer.ts';
import { ClientView, RecordList } from './client-view.ts';
import { Glue } from './glue.ts';
import { type RecordOptions, RecordWriter } from './record-writer.ts';
import { type DataFile, type Question, type Responder, refuse } from './responder.ts';
import { type Zone, ZoneMemory } from './zone-memory.ts';

const ANSWER = 1;
const AUTHORITY = 2;
const ADDITIONAL = 3;

/** CNAME records that are followed for one question. */
const FOLLOWED_MAX = 16;

// What `answer` found of a name.
const CORRUPT = -1;
const ABSENT = 0;
const EXISTS = 1;

/** How answers differ from those of djbdns 1.05; without any of it they do not. */
export interface TinydnsOptions extends RecordOptions {
  /** The clock. */
  readonly unixSeconds?: () => number;
  /** Names outside all zones are REFUSED instead of met with silence. */
  readonly refuse?: boolean;
  /** A CNAME record is followed within its zone. */
  readonly followCname?: boolean;
}

/** A name that the answer section is about: the question's, or the target of a CNAME record. */
class Subject {
  name: Uint8Array;
  length = 0;
  /** Where the zone's name begins in it. */
  cut = 0;
  /** What is visible under the name itself. */
  own = new RecordList();

  constructor(name: Uint8Array) {
    this.name = name;
  }
}

export class TinydnsResponder implements Responder {
  private readonly file: DataFile;
  private readonly options: TinydnsOptions;
  private readonly unixSeconds: () => number;
  private db: Uint8Array | undefined = undefined;
  private readonly view = new ClientView();
  private readonly zones = new ZoneMemory();
  private readonly glue = new Glue();
  private readonly records: RecordWriter;
  private readonly asked = new Subject(new Uint8Array(0));
  private readonly target = new Subject(new Uint8Array(NAME_MAX));
  /** What the answer section is about last. */
  private subject: Subject = this.asked;
  // What is visible at the zone cut, and under the name looked at now.
  private readonly atCut = new RecordList();
  private readonly scratch = new RecordList();
  /** The records at the zone cut that was found; undefined when it is a `zone` remembered, and they were not read. */
  private cutList: RecordList | undefined = undefined;
  private zone: Zone | undefined = undefined;
  private hasSoa = false;
  // The targets followed for this question, as they stand in the file.
  private readonly followed: number[] = [];
  private followedCount = 0;

  /** Answers from `file`. */
  constructor(file: DataFile, options: TinydnsOptions) {
    this.file = file;
    this.options = options;
    this.unixSeconds = options.unixSeconds ?? unixNow;
    this.records = new RecordWriter(this.view, this.glue, options);
  }

  begin(): void {
    this.db = this.file.current();
    taiOfUnix(this.unixSeconds(), this.view.now);
  }

  /**
   * See `Responder`. There is no answer when no zone of ours encloses the name (unless `refuse` is set), when the data
   * are corrupt where they were read, or when there is no file.
   *
   * This stays one function. V8 does not take one so long into the server's, so that each is optimized with all that it
   * calls; cut in two they become one function too large for that, and a question costs 0.2 us more.
   */
  respond(question: Question, response: Writer): boolean {
    const { db, view, zones, glue, asked, records } = this;
    if (!db || !view.open(db, question.ip)) return false;
    zones.use(db);
    glue.start(db);
    records.start();
    this.subject = asked;
    asked.name = question.name;
    asked.length = question.length;

    asked.cut = this.findCut(question);
    if (asked.cut < 0) return asked.cut === NO_ZONE && this.options.refuse === true && refuse(response);
    const isOurs = this.hasSoa;
    let isEmpty = false;
    if (isOurs) {
      const found = this.answers(question, response);
      if (found === CORRUPT) return false;
      if (found === ABSENT) response.setRcode(RCODE.NXDOMAIN);
      if (found === ABSENT) response.setAuthoritative(true);
      isEmpty = response.count(ANSWER) === 0 || found === ABSENT || this.endsInNothing();
    } else response.setAuthoritative(false);

    const afterAnswer = response.length;
    const tail = !isEmpty && response.isQuestionOnlyName ? this.tailFor(question) : undefined;
    if (tail?.replay(response, question.name, question.length, asked.cut, question.maxResponse)) return true;
    tail?.record(response, question.length, asked.cut);
    if (!this.authority(isEmpty ? TYPE.SOA : TYPE.NS, response)) return false;
    const afterAuthority = response.length;
    if (!glue.put(view, response, question.knowsEdns, this.subject.name, records.given)) return false;
    if (glue.isLasting) tail?.end(response);

    if (isOurs && response.length > question.maxResponse) {
      response.truncate(afterAuthority);
      response.setCount(ADDITIONAL, 0);
      if (response.length > question.maxResponse) {
        response.truncate(afterAnswer);
        response.setCount(AUTHORITY, 0);
      }
    }
    return true;
  }

  private tailFor({ knowsEdns }: Question): Tail | undefined {
    return knowsEdns ? this.zone?.ednsTail : this.zone?.tail;
  }

  /**
   * The zone cut: the closest enclosing name with a visible NS record, as an offset into the question's name; NO_ZONE
   * or CORRUPT_ZONE when there is none. Sets `hasSoa`, `cutList` and, when the zone is or may be remembered, `zone`.
   */
  private findCut(question: Question): number {
    const { name, length } = question;
    const { view, zones } = this;
    let list = this.asked.own;
    this.zone = undefined;
    this.cutList = undefined;
    for (let at = 0; ; at += name[at]! + 1) {
      const hash = cdbHash(name, at, length);
      if (at > 0) {
        const zone = zones.find(hash, question, at, view.location);
        if (zone) {
          this.zone = zone;
          this.hasSoa = zone.hasSoa;
          return at;
        }
        list = this.atCut;
      }
      if (!view.collect(list, name, at, length, false, hash)) return CORRUPT_ZONE;
      this.hasSoa = list.has(TYPE.SOA);
      if (list.has(TYPE.NS)) {
        this.cutList = list;
        if (at > 0 && !view.sawTimed) this.zone = zones.add(view, hash, length - at, this.hasSoa);
        return at;
      }
      if (name[at] === 0) return NO_ZONE;
    }
  }

  /**
   * The answer section: what there is of the question's name, and, if that is wanted, of the names that it is an alias
   * of.
   */
  private answers(question: Question, response: Writer): number {
    const { options, records, asked } = this;
    const { type } = question;
    records.section.begin(response, ANSWER, question.name, 0);
    const found = this.answer(asked, type);
    const mayFollow = options.followCname && found === EXISTS && type !== TYPE.CNAME && type !== TYPE.ANY;
    return mayFollow ? this.follow(type, response) : found;
  }

  /** The last subject exists, but has neither the type asked for nor a CNAME record. */
  private endsInNothing(): boolean {
    return this.subject === this.target && !this.records.gaveType && this.records.aliasPos < 0;
  }

  /**
   * Answers with what there is of the CNAME's target, of its target and so on, as long as they are in the same zone.
   * Returns what `answer` does for the last of them; EXISTS, and the response stands as it is, where the chain leaves
   * the zone, comes back to a name that it had, or is too long.
   */
  private follow(type: number, response: Writer): number {
    const { view, asked, target, records } = this;
    this.followedCount = 0;
    while (!records.gaveType && records.aliasPos >= 0 && this.followedCount < FOLLOWED_MAX) {
      const pos = records.aliasPos;
      target.length = nameLength(view.db, pos);
      for (let i = 0; i < target.length; i++) target.name[i] = LOWER[view.db[pos + i]!]!;
      if (!isWithin(target.name, 0, asked.name, asked.cut) || this.wasSubject(pos)) return EXISTS;
      target.cut = target.length - (asked.length - asked.cut);
      const isInZone = this.collectTarget();
      if (isInZone !== EXISTS) return isInZone === CORRUPT ? CORRUPT : EXISTS;
      this.followed[this.followedCount++] = pos;
      this.subject = target;
      records.section.begin(response, ANSWER, target.name, 0, -1);
      const found = this.answer(target, type);
      if (found !== EXISTS) return found;
    }
    return EXISTS;
  }

  /** True when the name at `pos` of the file is the question's or was followed already. */
  private wasSubject(pos: number): boolean {
    const { db } = this.view;
    if (nameEqual(db, pos, this.asked.name, 0)) return true;
    for (let i = 0; i < this.followedCount; i++) if (nameEqual(db, pos, db, this.followed[i]!)) return true;
    return false;
  }

  /** The target's own records. ABSENT when a zone cut lies between it and the zone that the question is in. */
  private collectTarget(): number {
    const { view, target, scratch } = this;
    const { name, length, cut, own } = target;
    if (!view.collect(own, name, 0, length, false)) return CORRUPT;
    if (cut > 0 && own.has(TYPE.NS)) return ABSENT;
    for (let at = cut > 0 ? name[0]! + 1 : 0; at < cut; at += name[at]! + 1) {
      if (!view.collect(scratch, name, at, length, false)) return CORRUPT;
      if (scratch.has(TYPE.NS)) return ABSENT;
    }
    return EXISTS;
  }

  /**
   * Answers with the records of a name itself, or, when it has none, of the closest wildcard up to the zone cut. EXISTS
   * when there are any (of the type or not), else ABSENT; CORRUPT when something is. In files that say which names
   * exist, names without records may exist, and the wildcard is that of the closest name that does (RFC 4592).
   */
  private answer(subject: Subject, type: number): number {
    const { view, scratch, records } = this;
    const { name, length, cut, own } = subject;
    records.startName();
    if (own.count > 0) return records.appendFrom(own, type) ? EXISTS : CORRUPT;
    if (view.knowsNames) return this.answerByNames(subject, type);
    for (let at = 0; at < cut; ) {
      at += name[at]! + 1;
      if (!view.collect(scratch, name, at, length, true)) return CORRUPT;
      if (scratch.count > 0) return records.appendFrom(scratch, type) ? EXISTS : CORRUPT;
    }
    return ABSENT;
  }

  /** `answer` for a name without records of its own, by RFC 4592 section 3.3.1. */
  private answerByNames({ name, length, cut }: Subject, type: number): number {
    const { view, scratch, records } = this;
    if (cut === 0) return ABSENT;
    if (isStar(name, 0)) {
      // The wildcard itself: its records are its own.
      if (!view.collect(scratch, name, 2, length, true)) return CORRUPT;
      if (scratch.count > 0) return records.appendFrom(scratch, type) ? EXISTS : CORRUPT;
    }
    for (let at = 0; at <= cut; at += name[at]! + 1) {
      const exists = at === cut ? EXISTS : this.existence(name, at, length);
      if (exists === CORRUPT) return CORRUPT;
      if (exists === ABSENT) continue;
      if (at === 0) return EXISTS;
      if (!view.collect(scratch, name, at, length, true)) return CORRUPT;
      if (scratch.count === 0) return ABSENT;
      return records.appendFrom(scratch, type) ? EXISTS : CORRUPT;
    }
    return ABSENT;
  }

  /** Whether `name[at..length]` exists: for a record of its own, for a wildcard or another name below it. */
  private existence(name: Uint8Array, at: number, length: number): number {
    const { view, scratch } = this;
    if (!view.collect(scratch, name, at, length, false)) return CORRUPT;
    if (scratch.count > 0) return EXISTS;
    if (!view.collect(scratch, name, at, length, true)) return CORRUPT;
    if (scratch.count > 0) return EXISTS;
    if (isStar(name, at)) {
      if (!view.collect(scratch, name, at + 2, length, true)) return CORRUPT;
      if (scratch.count > 0) return EXISTS;
    }
    return view.hasName(name, at, length) ? EXISTS : ABSENT;
  }

  /** The SOA for an empty answer of ours, else the NS set of the zone, unless the answer gave it. */
  private authority(wanted: number, response: Writer): boolean {
    const { records } = this;
    const { name, length, cut } = this.asked;
    if (wanted === TYPE.NS && this.subject.cut === 0 && records.gaveNs) return true;
    const list = this.cutList ?? this.atCut;
    if (!this.cutList && !this.view.collect(list, name, cut, length, false)) return false;
    records.section.begin(response, AUTHORITY, name, cut);
    for (let i = 0; i < list.count; i++) {
      if (list.types[i] !== wanted) continue;
      if (!records.append(list, i)) return false;
      if (wanted === TYPE.SOA) break;
    }
    return true;
  }
}

// Why there is no zone cut.
const NO_ZONE = -1;
const CORRUPT_ZONE = -2;

const STAR = 42;

/** True when the first label of the name at `name[at]` is `*`. */
function isStar(name: Uint8Array, at: number): boolean {
  return name[at] === 1 && name[at + 1] === STAR;
}
