// What stands behind the question of an IXFR: the SOA that the client has (RFC 1995 section 3).

import { unpack32 } from '../base/bytes.ts';
import { NAME_MAX, nameEqual } from '../wire/name.ts';
import { AUTHORITY, RecordCursor } from '../wire/record.ts';
import * as TYPE from '../wire/type.ts';

const cursor = new RecordCursor();
const owner = new Uint8Array(NAME_MAX);

/** The serial in an SOA of the zone with which the authority section of a request begins; undefined without one. */
export function soaSerialIn(message: Uint8Array, zone: Uint8Array): number | undefined {
  cursor.start(message);
  if (!cursor.next(owner) || cursor.section !== AUTHORITY) return undefined;
  const { reader } = cursor;
  if (cursor.type !== TYPE.SOA || !nameEqual(owner, 0, zone, 0)) return undefined;
  if (!reader.skipName() || !reader.skipName() || reader.pos + 20 !== cursor.dataEnd) return undefined;
  return unpack32(reader.bytes, reader.pos);
}
