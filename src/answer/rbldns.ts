// Lists of addresses: is `d.c.b.a.BASE`, or a prefix of a.b.c.d, in the list? Counterpart: rbldns.c. The records of
// the file are in data/rbldns-record.ts. IPv6 addresses, as 32 labels of a digit (RFC 5782 section 2.4), are ours;
// their records are in data/rbldns-prefix6.ts.

import { formatIp4At, formatIp6, newIp6 } from '../base/address.ts';
import { formatTextAt } from '../base/bytes.ts';
import { CdbCursor } from '../cdb/reader.ts';
import { Prefixes6 } from '../data/rbldns-prefix6.ts';
import { ANSWER_KEY, ANSWER_TEXT, PREFIX_KEY_SIZE, putPrefixKey } from '../data/rbldns-record.ts';
import { scanAddressLabels, scanNibbleLabels } from '../wire/address-name.ts';
import * as RCODE from '../wire/rcode.ts';
import * as TYPE from '../wire/type.ts';
import type { Writer } from '../wire/writer.ts';
import { PrefixIndex } from './prefix-index.ts';
import { type DataFile, type Question, type Responder, refuse, startAnswer } from './responder.ts';

/** Seconds. */
const TTL = 2048;
/** Octets of the answer's value (address and text) that are used. */
const VALUE_MAX = 100;
const IP_TEXT_MAX = 39;
const DOLLAR = 36;

const DEFAULT_VALUE = new Uint8Array([127, 0, 0, 2, ...Buffer.from('Listed $')]);

export class RbldnsResponder implements Responder {
  private readonly file: DataFile;
  private db: Uint8Array | undefined = undefined;
  private readonly base: Uint8Array;
  private readonly prefixes = new PrefixIndex();
  private readonly cursor = new CdbCursor();
  private readonly labels = new Uint8Array(4);
  private readonly ip = new Uint8Array(4);
  private isIp6 = false;
  private readonly ip6 = newIp6();
  private readonly prefixes6 = new Prefixes6();
  private readonly key = new Uint8Array(PREFIX_KEY_SIZE);
  private readonly value = new Uint8Array(VALUE_MAX + IP_TEXT_MAX);
  private readonly length = new Uint8Array(1);

  /** Answers from `file` for names below `base`, a name in wire form that is kept. */
  constructor(file: DataFile, base: Uint8Array) {
    this.file = file;
    this.base = base;
  }

  begin(): void {
    this.db = this.file.current();
  }

  /** See `Responder`. There is no answer when there is no file, or it is corrupt where it was read. */
  respond(question: Question, response: Writer): boolean {
    const { db } = this;
    if (!db) return false;
    const { type } = question;
    const { labels, ip } = this;
    this.prefixes.use(db);
    const wantsAddress = type === TYPE.A || type === TYPE.ANY;
    const wantsText = type === TYPE.TXT || type === TYPE.ANY;
    if (!wantsAddress && !wantsText) return refuse(response);
    let listed: number;
    this.isIp6 = scanNibbleLabels(question.name, this.base, this.ip6) === 32;
    if (this.isIp6) {
      const known = this.prefixes6.use(db);
      if (known === 0) return refuse(response);
      listed = known < 0 ? -1 : this.prefixes6.find(this.ip6);
    } else {
      if (scanAddressLabels(question.name, this.base, labels) !== 4) return refuse(response);
      for (let i = 0; i < 4; i++) ip[i] = labels[3 - i]!;
      listed = this.isListed(db);
    }
    if (listed < 0) return false;
    if (listed === 0) {
      response.setRcode(RCODE.NXDOMAIN);
      response.setAuthoritative(true);
      return true;
    }
    const end = this.findValue(db);
    if (end < 0) return false;
    if (wantsAddress) {
      const mark = startAnswer(question, response, TYPE.A, TTL);
      response.put(this.value, 0, ANSWER_TEXT);
      response.endRecord(mark);
    }
    if (wantsText) {
      const mark = startAnswer(question, response, TYPE.TXT, TTL);
      this.length[0] = end - ANSWER_TEXT;
      response.put(this.length);
      response.put(this.value, ANSWER_TEXT, end);
      response.endRecord(mark);
    }
    return true;
  }

  /** 1 when a prefix of `ip`, 32 to 8 bits long, is in the file; 0 when none is; -1 when the file is corrupt. */
  private isListed(db: Uint8Array): number {
    const { ip, key, cursor } = this;
    const address = (ip[0]! << 24) | (ip[1]! << 16) | (ip[2]! << 8) | ip[3]!;
    for (let lengths = this.prefixes.lengths(address); lengths !== 0; lengths &= lengths - 1) {
      const host = 31 - Math.clz32(lengths & -lengths); // bits of the address that are not in the prefix
      putPrefixKey(key, (address >>> host) << host, 32 - host);
      cursor.start(db, key, 0, PREFIX_KEY_SIZE);
      if (cursor.next()) return 1;
      if (cursor.failed) return -1;
    }
    return 0;
  }

  /**
   * The answer's address and text into `value`, a final `$` as `ip`; returns their length, -1 when the file is corrupt.
   */
  private findValue(db: Uint8Array): number {
    const { cursor, value } = this;
    cursor.start(db, ANSWER_KEY, 0, 0);
    const found = cursor.next() && cursor.dataLength >= ANSWER_TEXT;
    if (cursor.failed) return -1;
    const from = found ? db : DEFAULT_VALUE;
    const at = found ? cursor.dataPos : 0;
    const length = found ? Math.min(cursor.dataLength, VALUE_MAX) : DEFAULT_VALUE.length;
    for (let i = 0; i < length; i++) value[i] = from[at + i]!;
    if (length < 5 || value[length - 1] !== DOLLAR) return length;
    return this.isIp6 ? this.putText6(length - 1) : formatIp4At(value, length - 1, this.ip, 0);
  }

  /** The text of the IPv6 address into `value`; returns the offset after it. */
  private putText6(at: number): number {
    return formatTextAt(this.value, at, formatIp6(this.ip6));
  }
}
