// Load balancing: up to three addresses of a name, at random, for a few seconds, by where the client is. Counterpart:
// pickdns.c. The records of the file are in data/location.ts and data/pickdns-record.ts.

import { CdbCursor } from '../cdb/reader.ts';
import { ClientLocations, PICKDNS_LOCATIONS } from '../data/location.ts';
import { ADDRESS_SIZE, ADDRESSES_KEY_MAX, putAddressesKey } from '../data/pickdns-record.ts';
import * as TYPE from '../wire/type.ts';
import type { Writer } from '../wire/writer.ts';
import { type DataFile, type Question, type Responder, refuse, startAnswer } from './responder.ts';

/** Seconds. */
const TTL = 5;
/** Addresses in an answer, and addresses that they are picked from: the first 512 octets of a value. */
const PICKED_MAX = 3;
const ADDRESSES_MAX = 128;

export class PickdnsResponder implements Responder {
  private readonly file: DataFile;
  private db: Uint8Array | undefined = undefined;
  private readonly randomBelow: (n: number) => number;
  private readonly locations = new ClientLocations(new CdbCursor(), PICKDNS_LOCATIONS);
  private readonly cursor = new CdbCursor();
  private readonly key = new Uint8Array(ADDRESSES_KEY_MAX);
  private readonly order = new Uint8Array(ADDRESSES_MAX);

  /** Answers from `file`. `randomBelow(n)` picks 0 to n - 1. */
  constructor(file: DataFile, randomBelow: (n: number) => number) {
    this.file = file;
    this.randomBelow = randomBelow;
  }

  begin(): void {
    this.db = this.file.current();
  }

  /** See `Responder`. There is no answer when there is no file, or it is corrupt where it was read. */
  respond(question: Question, response: Writer): boolean {
    const { db } = this;
    if (!db) return false;
    const { type, ip } = question;
    const { cursor } = this;
    if (type !== TYPE.A && type !== TYPE.MX && type !== TYPE.ANY) return refuse(response);
    const location = this.locations.find(db, ip);
    if (location < 0) return false;
    let found = this.find(db, location, question);
    if (!found && !cursor.failed && location !== 0) found = this.find(db, 0, question);
    if (cursor.failed) return false;
    if (!found) return refuse(response);
    if (type !== TYPE.MX) this.pick(db, question, response);
    return true;
  }

  /** Searches the addresses of the question's name for a location; they are the cursor's value then. */
  private find(db: Uint8Array, location: number, { name, length }: Question): boolean {
    this.cursor.start(db, this.key, 0, putAddressesKey(this.key, location, name, 0, length));
    return this.cursor.next();
  }

  /** Puts up to three of the cursor's addresses into the answer, every selection and order as likely. */
  private pick(db: Uint8Array, question: Question, response: Writer): void {
    const { cursor, order } = this;
    const count = Math.min(Math.floor(cursor.dataLength / ADDRESS_SIZE), ADDRESSES_MAX);
    for (let i = 0; i < count; i++) order[i] = i;
    for (let i = 0; i < Math.min(count, PICKED_MAX); i++) {
      const j = i + this.randomBelow(count - i);
      const at = cursor.dataPos + ADDRESS_SIZE * order[j]!;
      order[j] = order[i]!;
      const mark = startAnswer(question, response, TYPE.A, TTL);
      response.put(db, at, at + ADDRESS_SIZE);
      response.endRecord(mark);
    }
  }
}
