// Which location a client is in, out of the `%` lines. Counterpart: find_client_loc of tdlookup.c, and its likeness in
// pickdns.c. Keys are NUL, `%` (pickdns: `%`) and 4, 3, 2, 1, 0 octets of the client's address (pickdns: not 0); the
// first hit decides.
import { type Address, ANY4, type Ip4 } from '../base/address.ts';
import { unpack16, unpack32 } from '../base/bytes.ts';
import { CdbCursor } from '../cdb/reader.ts';

/** Clients whose location is remembered: resolvers come again and again (0.3 us of a 5 us query). A power of two. */
const REMEMBERED = 1024;

export class ClientLocations {
  private readonly cursor = new CdbCursor();
  private readonly key: Uint8Array;
  private readonly start: number; // of the address in `key`
  private readonly least: number;
  private db: Uint8Array | undefined;
  // Slot i holds a client's address and its location, or -1 where it is empty.
  private readonly clients = new Uint32Array(REMEMBERED);
  private readonly locations = new Int32Array(REMEMBERED);

  /** Keys begin with `start` and have `least` or more address octets; by default they are those of tinydns-data. */
  constructor(start: readonly number[] = [0, 0x25], least = 0) {
    this.key = new Uint8Array([...start, 0, 0, 0, 0]);
    this.start = start.length;
    this.least = least;
  }

  /**
   * The location of the client `ip` in the file `db` as a number (two octets, network order): 0 when no prefix of the
   * address is in the file or the value found is not two octets long; -1 when the file is corrupt where it was read.
   */
  find(db: Uint8Array, ip: Address): number {
    if (db !== this.db) {
      this.db = db;
      this.locations.fill(-1);
    }
    // Prefixes are of IPv4 addresses; what has none is in the location of everybody.
    if (ip.length === 16) return this.least > 0 ? 0 : this.search(db, ANY4, 0);
    const client = unpack32(ip, 0);
    const slot = (Math.imul(client, 0x9e3779b1) >>> 16) & (REMEMBERED - 1);
    if (this.clients[slot] === client && this.locations[slot] !== -1) return this.locations[slot]!;
    this.clients[slot] = client;
    return (this.locations[slot] = this.search(db, ip, 4));
  }

  private search(db: Uint8Array, ip: Ip4, most: number): number {
    const { cursor, key, start, least } = this;
    for (let i = 0; i < 4; i++) key[start + i] = ip[i]!;
    for (let octets = most; octets >= least; octets--) {
      cursor.start(db, key, 0, start + octets);
      if (cursor.next()) return cursor.dataLength === 2 ? unpack16(db, cursor.dataPos) : 0;
      if (cursor.failed) return -1;
    }
    return 0;
  }
}
