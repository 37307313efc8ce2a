// Authoritative responses from data.cdb. Counterpart: tdlookup.c, linked into tinydns, axfrdns and tinydns-get alike, so
// they cannot disagree. Order of work: zone cut, answer (with wildcards), authority, additional, trimming. Nothing is
// allocated per question; a corrupt file or a malformed record declines the question.

import { taiOfUnix } from '../base/tai.ts';
import { cdbHash } from '../cdb/hash.ts';
import { checkedNameLength } from '../wire/name.ts';
import * as RCODE from '../wire/rcode.ts';
import { putRdata } from '../wire/rdata.ts';
import type { Tail } from '../wire/tail.ts';
import * as TYPE from '../wire/type.ts';
import type { Writer } from '../wire/writer.ts';
import { AddressPool } from './address-pool.ts';
import { ClientView, RecordList } from './client-view.ts';
import { GIVEN_A, GIVEN_AAAA, Glue } from './glue.ts';
import type { DataFile, Question, Responder } from './responder.ts';
import { Section } from './section.ts';
import { type Zone, ZoneMemory } from './zone-memory.ts';

const ANSWER = 1;
const AUTHORITY = 2;
const ADDITIONAL = 3;

export class TinydnsResponder implements Responder {
  private readonly file: DataFile;
  private readonly unixSeconds: () => number;
  private db: Uint8Array | undefined = undefined;
  private readonly view = new ClientView();
  private readonly zones = new ZoneMemory();
  private readonly section = new Section();
  private readonly addresses: AddressPool;
  private readonly glue = new Glue();
  // What is visible under the question's own name, at the zone cut, and under the wildcard looked at now.
  private readonly own = new RecordList();
  private readonly atCut = new RecordList();
  private readonly wild = new RecordList();
  /** The records at the zone cut that was found; undefined when it is a `zone` remembered, and they were not read. */
  private cutList: RecordList | undefined = undefined;
  private zone: Zone | undefined = undefined;
  private hasSoa = false;
  private gaveSoa = false;
  private gaveNs = false;
  /** Types of addresses that the answer has: `GIVEN_A`, `GIVEN_AAAA`. */
  private given = 0;

  /**
   * Answers from `file`. `randomBelow(n)` picks 0 to n - 1: the order of addresses is the only thing in a response that
   * is random. `unixSeconds` is the clock.
   */
  constructor(file: DataFile, randomBelow: (n: number) => number, unixSeconds: () => number = systemClock) {
    this.file = file;
    this.unixSeconds = unixSeconds;
    this.addresses = new AddressPool(randomBelow);
  }

  begin(): void {
    this.db = this.file.current();
    taiOfUnix(this.unixSeconds(), this.view.now);
  }

  /**
   * See `Responder`. There is no answer when no zone of ours encloses the name, when the data are corrupt where they were
   * read, or when there is no file.
   */
  respond(question: Question, response: Writer): boolean {
    const { db, view, zones, glue } = this;
    if (!db || !view.open(db, question.ip)) return false;
    zones.use(db);
    glue.start(db);
    this.gaveSoa = false;
    this.gaveNs = false;
    this.given = 0;

    const cut = this.findCut(question);
    if (cut < 0) return false;
    const isOurs = this.hasSoa;
    if (isOurs) {
      const found = this.answer(question, cut, response);
      if (found < 0) return false;
      if (found === 0) response.setRcode(RCODE.NXDOMAIN);
      if (found === 0) response.setAuthoritative(true);
    } else response.setAuthoritative(false);

    const afterAnswer = response.length;
    const wanted = isOurs && response.count(ANSWER) === 0 ? TYPE.SOA : TYPE.NS;
    const tail = wanted === TYPE.NS && response.isQuestionOnlyName ? this.tailFor(question) : undefined;
    if (tail?.replay(response, question.name, question.length, cut, question.maxResponse)) return true;
    tail?.record(response, question.length, cut);
    if (!this.authority(question, cut, wanted, response)) return false;
    const afterAuthority = response.length;
    if (!glue.put(view, response, question.knowsEdns, question.name, this.given)) return false;
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
   * The zone cut: the closest enclosing name with a visible NS record, as an offset into the question's name; -1 when
   * there is none. Sets `hasSoa`, `cutList` and, when the zone is or may be remembered, `zone`.
   */
  private findCut(question: Question): number {
    const { name, length } = question;
    const { view, zones } = this;
    let list = this.own;
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
      if (!view.collect(list, name, at, length, false, hash)) return -1;
      let hasNs = false;
      this.hasSoa = false;
      for (let i = 0; i < list.count; i++) {
        if (list.types[i] === TYPE.NS) hasNs = true;
        else if (list.types[i] === TYPE.SOA) this.hasSoa = true;
      }
      if (hasNs) {
        this.cutList = list;
        if (at > 0 && !view.sawTimed) this.zone = zones.add(view, hash, length - at, this.hasSoa);
        return at;
      }
      if (name[at] === 0) return -1;
    }
  }

  /**
   * The answer section: records of the name itself, or, when it has none, of the closest wildcard up to the zone cut.
   * 1 when the name exists (with or without records of the type), 0 when it does not, -1 when something is corrupt.
   */
  private answer(question: Question, cut: number, response: Writer): number {
    const { name, length, type: qtype } = question;
    const { view, addresses, section } = this;
    section.begin(response, ANSWER, name, 0);
    let list = this.own;
    for (let at = 0; ; ) {
      addresses.clear();
      for (let i = 0; i < list.count; i++) {
        const type = list.types[i]!;
        if (type === TYPE.SOA && this.gaveSoa) continue;
        if (type !== qtype && qtype !== TYPE.ANY && type !== TYPE.CNAME) continue;
        const from = list.from[i]!;
        if (type === TYPE.A && list.to[i]! - from === 4) addresses.add(view.db, from, list.ttls[i]!);
        else if (!this.append(list, i)) return -1;
      }
      if (addresses.put(section)) this.given |= GIVEN_A;
      if (list.count > 0) return 1;
      if (at === cut) return 0;
      at += name[at]! + 1;
      list = this.wild;
      if (!view.collect(list, name, at, length, true)) return -1;
    }
  }

  /** Appends record `i` of the list to the section. False when its data are malformed. */
  private append(list: RecordList, i: number): boolean {
    const { section } = this;
    const { db } = this.view;
    const type = list.types[i]!;
    const from = list.from[i]!;
    const to = list.to[i]!;
    const mark = section.startRecord(type, list.ttls[i]!);
    if (type === TYPE.NS) {
      if (!this.putHost(from, to)) return false;
      this.gaveNs = true;
    } else if (type === TYPE.MX) {
      if (from + 2 > to) return false;
      section.response.put(db, from, from + 2);
      if (!this.putHost(from + 2, to)) return false;
    } else {
      if (putRdata(section.response, type, db, from, to) < 0) return false;
      if (type === TYPE.A) this.given |= GIVEN_A;
      else if (type === TYPE.AAAA) this.given |= GIVEN_AAAA;
      else if (type === TYPE.SOA) this.gaveSoa = true;
    }
    section.response.endRecord(mark);
    return true;
  }

  /** Writes a name whose addresses belong into the additional section. */
  private putHost(from: number, to: number): boolean {
    const { db } = this.view;
    if (checkedNameLength(db, from, to) === 0) return false;
    this.glue.add(from, this.section.response.name(db, from));
    return true;
  }

  /** The SOA for an empty answer of ours, else the NS set of the zone, unless the answer gave it. */
  private authority(question: Question, cut: number, wanted: number, response: Writer): boolean {
    const { name, length } = question;
    if (wanted === TYPE.NS && cut === 0 && this.gaveNs) return true;
    const list = this.cutList ?? this.atCut;
    if (!this.cutList && !this.view.collect(list, name, cut, length, false)) return false;
    this.section.begin(response, AUTHORITY, name, cut);
    for (let i = 0; i < list.count; i++) {
      if (list.types[i] !== wanted) continue;
      if (!this.append(list, i)) return false;
      if (wanted === TYPE.SOA) break;
    }
    return true;
  }
}

function systemClock(): number {
  return Math.floor(Date.now() / 1000);
}
