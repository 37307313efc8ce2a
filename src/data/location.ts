// Which location a client is in: the records of `%` lines, as the compilers write them and the servers look them up.
// Counterpart: find_client_loc of tdlookup.c, its likeness in pickdns.c, and the `%` lines of tinydns-data.c and
// pickdns-data.c. Keys are NUL and `%` (pickdns: `%`), then the first octets of clients' addresses; values are the
// location's two octets. The longest prefix of a client's address that is in the file decides; those of IPv6 clients
// are in location6.ts.
import { type Address, ANY4, type Ip4 } from '../base/address.ts';
import { pack16, unpack16, unpack32 } from '../base/bytes.ts';
import type { CdbSink } from '../cdb/maker.ts';
import type { CdbSearch } from '../cdb/search.ts';
import type { Fields } from './fields.ts';
import { Locations6 } from './location6.ts';

/** Clients whose location is remembered: resolvers come again and again (0.3 us of a 5 us query). A power of two. */
const REMEMBERED = 1024;

/** What the keys of a file begin with, and how many octets of an address a prefix has at least. */
export interface LocationKeys {
  readonly start: readonly number[];
  readonly least: number;
}

export const TINYDNS_LOCATIONS: LocationKeys = { start: [0, 0x25], least: 0 };
export const PICKDNS_LOCATIONS: LocationKeys = { start: [0x25], least: 1 };

/**
 * Adds the record of a `%LOCATION:PREFIX` line, the prefix being octets of an IPv4 address. What is no number begins no
 * octet, so that a prefix of anything else is that of everybody.
 */
export function addLocation(maker: CdbSink, keys: LocationKeys, line: Fields): void {
  const { text } = line;
  const from = line.from[1]!;
  const to = line.to[1]!;
  const key = new Uint8Array(keys.start.length + to - from);
  key.set(keys.start);
  const end = scanPrefix(text, from, to, key, keys.start.length);
  const value = new Uint8Array(2);
  pack16(value, 0, line.location(0));
  maker.add(key, value, end);
}

/**
 * The octets of a prefix, `from` to before `to`, at `out[at]`: numbers modulo 256, dots skipped anywhere, up to the
 * first other octet. Returns the offset after them.
 */
function scanPrefix(text: Uint8Array, from: number, to: number, out: Uint8Array, at: number): number {
  for (let pos = from; pos < to; ) {
    if (text[pos] === 46) {
      pos++;
      continue;
    }
    const start = pos;
    let octet = 0;
    while (pos < to && text[pos]! >= 48 && text[pos]! <= 57) octet = (octet * 10 + text[pos++]! - 48) & 255;
    if (pos === start) break;
    out[at++] = octet;
  }
  return at;
}

/** The locations of clients in the file last asked, which `cursor` searches. */
export class ClientLocations<File> {
  private readonly cursor: CdbSearch<File>;
  private readonly key: Uint8Array;
  private readonly start: number; // of the address in `key`
  private readonly least: number;
  private readonly six: Locations6<File>;
  private everybody: number | undefined; // the location of clients without a prefix, once looked up
  private db: File | undefined;
  // Slot i holds a client's address and its location, or -1 where it is empty.
  private readonly clients = new Uint32Array(REMEMBERED);
  private readonly locations = new Int32Array(REMEMBERED);

  /** `keys` says whose file it is, by default that of tinydns-data. */
  constructor(cursor: CdbSearch<File>, { start, least }: LocationKeys = TINYDNS_LOCATIONS) {
    this.cursor = cursor;
    this.six = new Locations6(cursor);
    this.key = new Uint8Array([...start, 0, 0, 0, 0]);
    this.start = start.length;
    this.least = least;
  }

  /**
   * The location of the client `ip` in the file `db` as a number (two octets, network order): 0 when no prefix of the
   * address is in the file or the value found is not two octets long; -1 when the file is corrupt where it was read.
   */
  find(db: File, ip: Address): number {
    if (db !== this.db) {
      this.db = db;
      this.locations.fill(-1);
      this.everybody = undefined;
    }
    if (ip.length === 16)
      return this.least > 0 ? 0 : (this.six.find(db, ip) ?? (this.everybody ??= this.search(db, ANY4, 0)));
    const client = unpack32(ip, 0);
    const slot = (Math.imul(client, 0x9e3779b1) >>> 16) & (REMEMBERED - 1);
    if (this.clients[slot] === client && this.locations[slot] !== -1) return this.locations[slot]!;
    this.clients[slot] = client;
    return (this.locations[slot] = this.search(db, ip, 4));
  }

  private search(db: File, ip: Ip4, most: number): number {
    const { cursor, key, start, least } = this;
    for (let i = 0; i < 4; i++) key[start + i] = ip[i]!;
    for (let octets = most; octets >= least; octets--) {
      cursor.start(db, key, 0, start + octets);
      if (cursor.next()) return cursor.dataLength === 2 ? unpack16(cursor.bytes, cursor.dataPos) : 0;
      if (cursor.failed) return -1;
    }
    return 0;
  }
}
