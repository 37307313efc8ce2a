// Records as a zone file (RFC 1035 section 5): one a line, owners relative to the zone, names in data whole, escapes in
// decimal.

import { layoutOf } from '../wire/layout.ts';
import { formatName, isWithin, nameLength } from '../wire/name.ts';
import { formatGeneric } from '../wire/rdata-object.ts';
import { formatAbsolute, formatRdata } from '../wire/rdata-text.ts';
import { Reader } from '../wire/reader.ts';
import { typeName } from '../wire/type.ts';
import { type StoredRecord, ZoneError } from './zone-records.ts';

/** The lines of a zone's file, in the order of `records`. Throws `ZoneError` for data that does not fit its type. */
export function* formatZone(zone: Uint8Array, records: readonly StoredRecord[]): Generator<string> {
  yield `$ORIGIN ${zoneText(formatAbsolute(zone))}\n`;
  let last = '';
  for (const record of records) {
    const owner = ownerText(record.owner, zone);
    const type = layoutOf(record.type) ? typeName(record.type) : `TYPE${record.type}`;
    yield `${owner === last ? '' : owner}\t${record.ttl}\tIN\t${type}\t${dataText(record)}\n`;
    last = owner;
  }
}

/** The owner relative to the zone, `@` for the zone's own name. */
function ownerText(owner: Uint8Array, zone: Uint8Array): string {
  const labels = nameLength(owner) - nameLength(zone);
  if (!isWithin(owner, 0, zone, 0)) throw new ZoneError(`${formatName(owner)} is not in the zone`);
  if (labels === 0) return '@';
  const relative = new Uint8Array(labels + 1);
  relative.set(owner.subarray(0, labels));
  return zoneText(formatAbsolute(relative).slice(0, -1));
}

function dataText({ owner, type, data }: StoredRecord): string {
  if (!layoutOf(type)) return formatGeneric(data, 0, data.length);
  const reader = new Reader();
  reader.start(data);
  const text = formatRdata(type, reader, data.length);
  if (text === undefined) throw new ZoneError(`${formatName(owner)} ${typeName(type)}: the data does not fit its type`);
  return zoneText(text);
}

/** Our escapes, three octal digits, in decimal; an asterisk and a slash need none. */
function zoneText(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => {
    const octet = parseInt(digits, 8);
    if (octet === 42 || octet === 47) return String.fromCharCode(octet);
    return `\\${String(octet).padStart(3, '0')}`;
  });
}
