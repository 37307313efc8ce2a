// Load balancing: up to three addresses of a name, at random, for a few seconds, by where the client is. Counterpart:
// pickdns.c. Keys of the file: `%` and one to four octets of client addresses, with a location of two octets; `+`,
// location and lowercase name, with addresses of four octets each.

import { pack16 } from '../base/bytes.ts';
import { CdbCursor } from '../cdb/reader.ts';
import { NAME_MAX } from '../wire/name.ts';
import * as TYPE from '../wire/type.ts';
import type { Writer } from '../wire/writer.ts';
import { ClientLocations } from './location.ts';
import { type Question, refuse, startAnswer } from './question.ts';

/** Seconds. */
const TTL = 5;
/** Addresses in an answer, and addresses that they are picked from: the first 512 octets of a value. */
const PICKED_MAX = 3;
const ADDRESSES_MAX = 128;

export class PickdnsLookup {
  private readonly randomBelow: (n: number) => number;
  private readonly locations = new ClientLocations([0x25], 1);
  private readonly cursor = new CdbCursor();
  private readonly key = new Uint8Array(3 + NAME_MAX);
  private readonly order = new Uint8Array(ADDRESSES_MAX);

  /** `randomBelow(n)` picks 0 to n - 1. */
  constructor(randomBelow: (n: number) => number) {
    this.randomBelow = randomBelow;
    this.key[0] = 0x2b;
  }

  /**
   * Answers `question` out of the cdb file `db` into `reply`, which holds header and question. False when the file is
   * corrupt where it was read: there is no answer.
   */
  respond(db: Uint8Array, question: Question, reply: Writer): boolean {
    const { name, length, type, ip } = question;
    const { cursor, key } = this;
    if (type !== TYPE.A && type !== TYPE.MX && type !== TYPE.ANY) return refuse(reply);
    const location = this.locations.find(db, ip);
    if (location < 0) return false;
    for (let i = 0; i < length; i++) key[3 + i] = name[i]!;
    let found = this.find(db, location, length);
    if (!found && !cursor.failed && location !== 0) found = this.find(db, 0, length);
    if (cursor.failed) return false;
    if (!found) return refuse(reply);
    if (type !== TYPE.MX) this.pick(db, question, reply);
    return true;
  }

  /** Searches the addresses of the name in `key` for a location; they are the cursor's value then. */
  private find(db: Uint8Array, location: number, length: number): boolean {
    pack16(this.key, 1, location);
    this.cursor.start(db, this.key, 0, 3 + length);
    return this.cursor.next();
  }

  /** Puts up to three of the cursor's addresses into the answer, every selection and order as likely. */
  private pick(db: Uint8Array, question: Question, reply: Writer): void {
    const { cursor, order } = this;
    const count = Math.min(cursor.dataLength >> 2, ADDRESSES_MAX);
    for (let i = 0; i < count; i++) order[i] = i;
    for (let i = 0; i < Math.min(count, PICKED_MAX); i++) {
      const j = i + this.randomBelow(count - i);
      const at = cursor.dataPos + 4 * order[j]!;
      order[j] = order[i]!;
      const mark = startAnswer(question, reply, TYPE.A, TTL);
      reply.put(db, at, at + 4);
      reply.endRecord(mark);
    }
  }
}
