// Which location a client is in, out of the `%` lines. Counterpart: find_client_loc of tdlookup.c. Keys are NUL, `%`
// and 4, 3, 2, 1, 0 octets of the client's address; the first hit decides.
import { unpack16 } from '../base/bytes.ts';
import { CdbCursor } from '../cdb/reader.ts';

const cursor = new CdbCursor();
const key = new Uint8Array([0, 0x25, 0, 0, 0, 0]);

/**
 * The location of the client `ip[ipAt..ipAt + 4]` as a number (two octets, network order): 0 when no prefix of the
 * address is in the file or the value found is not two octets long; -1 when the file is corrupt where it was read.
 */
export function clientLocation(db: Uint8Array, ip: Uint8Array, ipAt = 0): number {
  for (let i = 0; i < 4; i++) key[2 + i] = ip[ipAt + i]!;
  for (let octets = 4; octets >= 0; octets--) {
    cursor.start(db, key, 0, 2 + octets);
    if (cursor.next()) return cursor.dataLength === 2 ? unpack16(db, cursor.dataPos) : 0;
    if (cursor.failed) return -1;
  }
  return 0;
}
