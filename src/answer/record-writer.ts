// Records of data.cdb written into a response, and what the response has of them so far. Counterpart: the middle of
// doit() in tdlookup.c, from `if (byte_diff(d, 2, DNS_T_CNAME)...` on.

import { checkedNameLength } from '../wire/name.ts';
import { putRdata } from '../wire/rdata.ts';
import * as TYPE from '../wire/type.ts';
import { AddressPool } from './address-pool.ts';
import type { ClientView, RecordList } from './client-view.ts';
import { GIVEN_A, GIVEN_AAAA, type Glue } from './glue.ts';
import { Section } from './section.ts';

/** Addresses given of a name that has more. */
const ADDRESSES_MAX = 8;

/** What is written otherwise than by djbdns 1.05. */
export interface RecordOptions {
  /** Picks 0 to n - 1: the order of addresses is the only thing in a response that is random. */
  readonly randomBelow: (n: number) => number;
  /** Type ANY is answered with the records of one type (RFC 8482). */
  readonly minimalAny?: boolean;
  /** Addresses in an answer, A and AAAA records each, 0 for all; AAAA records then come in random order too. */
  readonly maxAddresses?: number | undefined;
}

export class RecordWriter {
  /** Where records go. */
  readonly section: Section = new Section();
  gaveNs = false;
  /** Types of addresses that the answer has: `GIVEN_A`, `GIVEN_AAAA`. */
  given = 0;
  /** Of the name last answered: records of the type asked for are in the answer. */
  gaveType = false;
  /** Of the name last answered: where the first CNAME's data stand in the file, or -1. */
  aliasPos = -1;
  private gaveSoa = false;
  private readonly view: ClientView;
  private readonly glue: Glue;
  private readonly minimalAny: boolean;
  private readonly addresses: AddressPool;
  private readonly addresses6: AddressPool | undefined;

  /** Writes what `view` collects; hosts that it names go to `glue`. */
  constructor(view: ClientView, glue: Glue, { randomBelow, minimalAny = false, maxAddresses }: RecordOptions) {
    const most = maxAddresses === 0 ? Number.MAX_SAFE_INTEGER : (maxAddresses ?? ADDRESSES_MAX);
    this.view = view;
    this.glue = glue;
    this.minimalAny = minimalAny;
    this.addresses = new AddressPool(TYPE.A, 4, most, randomBelow);
    this.addresses6 = maxAddresses === undefined ? undefined : new AddressPool(TYPE.AAAA, 16, most, randomBelow);
  }

  /** Begins a response. */
  start(): void {
    this.gaveSoa = false;
    this.gaveNs = false;
    this.given = 0;
  }

  /** Begins a name of the answer section. */
  startName(): void {
    this.gaveType = false;
    this.aliasPos = -1;
  }

  /** Appends the records of the list that answer a question for `type`. False when one is malformed. */
  appendFrom(list: RecordList, qtype: number): boolean {
    const { view, section, addresses, addresses6 } = this;
    const isAny = qtype === TYPE.ANY;
    const type = isAny && this.minimalAny ? typeOfSome(list) : qtype;
    const isAll = isAny && type === TYPE.ANY;
    addresses.clear();
    addresses6?.clear();
    for (let i = 0; i < list.count; i++) {
      const found = list.types[i]!;
      if (found === TYPE.SOA && this.gaveSoa) continue;
      if (found !== type && !isAll && found !== TYPE.CNAME) continue;
      if (found === type) this.gaveType = true;
      const from = list.from[i]!;
      const size = list.to[i]! - from;
      if (found === TYPE.A && size === 4) addresses.add(view.db, from, list.ttls[i]!);
      else if (found === TYPE.AAAA && size === 16 && addresses6) addresses6.add(view.db, from, list.ttls[i]!);
      else if (!this.append(list, i)) return false;
    }
    if (addresses.put(section)) this.given |= GIVEN_A;
    if (addresses6?.put(section)) this.given |= GIVEN_AAAA;
    return true;
  }

  /** Appends record `i` of the list to the section. False when its data are malformed. */
  append(list: RecordList, i: number): boolean {
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
      else if (type === TYPE.CNAME && this.aliasPos < 0) this.aliasPos = from;
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
}

/** CNAME if there is one in the list, which is not empty, else the type of the first record. */
function typeOfSome(list: RecordList): number {
  return list.has(TYPE.CNAME) ? TYPE.CNAME : list.types[0]!;
}
