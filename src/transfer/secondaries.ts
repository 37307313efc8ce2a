// The name servers of a zone that copy it from the primary, as data.cdb lists them. NOTIFY goes to them (RFC 1996
// section 3.3: the zone's NS set, less the name in its SOA).

import type { Ip4 } from '../base/address.ts';
import type { Tai } from '../base/tai.ts';
import { CdbCursor } from '../cdb/reader.ts';
import { MALFORMED, RecordView, VISIBLE } from '../data/record.ts';
import { checkedNameLength, lowerName, nameEqual } from '../wire/name.ts';
import * as TYPE from '../wire/type.ts';
import { findSoa, type ZoneProblem } from './axfr.ts';

/** A secondary: its name, lowercased, and the addresses that data.cdb has for it. */
export interface Secondary {
  readonly name: Uint8Array;
  readonly addresses: readonly Ip4[];
}

/** The secondaries that were looked for, or why there are none. */
export type FoundSecondaries = { readonly secondaries: readonly Secondary[] } | { readonly problem: ZoneProblem };

/**
 * The secondaries of `zone` (lowercased), each once, in the order of the file. Records with a location do not count.
 */
export function secondariesOf(db: Uint8Array, zone: Uint8Array, now: Tai): FoundSecondaries {
  const found = findSoa(new CdbCursor(), db, zone, 0, now);
  if ('problem' in found) return found;
  const { soa } = found;
  const names: Uint8Array[] = [];
  const servers = recordsOf(db, zone, TYPE.NS, now);
  if (!servers) return { problem: 'protocol error' };
  for (const data of servers) {
    if (checkedNameLength(data, 0, data.length) === 0) return { problem: 'protocol error' };
    const isKnown = names.some((name) => nameEqual(name, 0, data, 0));
    if (!isKnown && !nameEqual(data, 0, soa.data, 0)) names.push(lowerName(data));
  }
  const secondaries: Secondary[] = [];
  for (const name of names) {
    const addresses = recordsOf(db, name, TYPE.A, now);
    if (!addresses) return { problem: 'protocol error' };
    secondaries.push({ name, addresses: addresses.filter((address): address is Ip4 => address.length === 4) });
  }
  return { secondaries };
}

/** Copies of the data of all records of a name and type; undefined when the file is corrupt there. */
function recordsOf(db: Uint8Array, name: Uint8Array, type: number, now: Tai): Uint8Array[] | undefined {
  const cursor = new CdbCursor();
  const record = new RecordView();
  const found: Uint8Array[] = [];
  cursor.start(db, name);
  while (cursor.next()) {
    const seen = record.read(db, cursor.dataPos, cursor.dataLength, 0, now, false);
    if (seen === MALFORMED) return undefined;
    if (seen === VISIBLE && record.type === type) found.push(db.slice(record.dataPos, record.dataEnd));
  }
  return cursor.failed ? undefined : found;
}
