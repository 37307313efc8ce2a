// A data.cdb of tinydns as one client sees it at one moment: records of other locations, not yet born or dead, are not
// there. Counterpart: find() and find_client_loc() of tdlookup.c.

import type { Address } from '../base/address.ts';
import { EMPTY } from '../base/bytes.ts';
import type { Tai } from '../base/tai.ts';
import { cdbHash } from '../cdb/hash.ts';
import { CdbCursor } from '../cdb/reader.ts';
import { ExistingNames } from '../data/existing-names.ts';
import { ClientLocations } from '../data/location.ts';
import { MALFORMED, RecordView, VISIBLE } from '../data/record.ts';

/** The visible records under one name: parallel lists that grow and are reused. */
export class RecordList {
  count = 0;
  readonly types: number[] = [];
  readonly ttls: number[] = [];
  /** The rdata of record i is `db[from[i]..to[i]]`. */
  readonly from: number[] = [];
  readonly to: number[] = [];

  add(record: RecordView): void {
    const i = this.count++;
    this.types[i] = record.type;
    this.ttls[i] = record.ttl;
    this.from[i] = record.dataPos;
    this.to[i] = record.dataEnd;
  }

  /** True when one of the records is of this type. */
  has(type: number): boolean {
    for (let i = 0; i < this.count; i++) if (this.types[i] === type) return true;
    return false;
  }
}

export class ClientView {
  db: Uint8Array = EMPTY;
  /** The client's location, two octets as a number. */
  location = 0;
  /** The moment, kept up to date by the owner. */
  readonly now: Tai = { hi: 0, lo: 0 };
  /** A record of the name last collected has a timestamp, so that what is visible changes with time. */
  sawTimed = false;
  private readonly names = new ExistingNames();
  private readonly locations = new ClientLocations(new CdbCursor());
  private readonly cursor = new CdbCursor();
  private readonly record = new RecordView();

  /** Looks at `db` for the client at `ip`. False when the file is corrupt where it was read. */
  open(db: Uint8Array, ip: Address): boolean {
    this.db = db;
    this.location = this.locations.find(db, ip);
    return this.location >= 0;
  }

  /**
   * Puts the visible records of `name[at..end]` into `list`: those of the name itself, or with `wild` those of the
   * wildcard below it. `hash` is the name's cdb hash. False when something is corrupt.
   */
  collect(
    list: RecordList,
    name: Uint8Array,
    at: number,
    end: number,
    wild: boolean,
    hash = cdbHash(name, at, end),
  ): boolean {
    const { cursor, record, db, location, now } = this;
    list.count = 0;
    this.sawTimed = false;
    cursor.start(db, name, at, end, hash);
    while (cursor.next()) {
      const seen = record.read(db, cursor.dataPos, cursor.dataLength, location, now, wild);
      if (record.isTimed) this.sawTimed = true;
      if (seen === VISIBLE) list.add(record);
      else if (seen === MALFORMED) return false;
    }
    return !cursor.failed;
  }

  /** The file says which names exist. */
  get knowsNames(): boolean {
    return this.names.areWritten(this.db);
  }

  /** The file says that the lowercase name `name[at..end]` exists for names below it. */
  hasName(name: Uint8Array, at: number, end: number): boolean {
    return this.names.has(this.db, name, at, end);
  }

  /** Where the name last collected, of `length` octets, stands in the file as a key; it must have had a record. */
  keyPos(length: number): number {
    return this.cursor.dataPos - length;
  }
}
