// The records of one zone out of a data.cdb, as its zone file has them: in the canonical order of names (RFC 4034
// section 6.1), each once. What a zone file cannot say, locations and timestamps, is refused unless the caller says how
// to take it. Of a child zone that is in the same file there are the delegation and its glue.
import { textOf } from '../base/bytes.ts';
import type { Tai } from '../base/tai.ts';
import { CdbScan } from '../cdb/reader.ts';
import { checkedNameLength, formatName, isWithin, lowerInPlace, lowerName, nameEqual } from '../wire/name.ts';
import { rdataLength } from '../wire/rdata.ts';
import * as TYPE from '../wire/type.ts';
import { typeName } from '../wire/type.ts';
import { MALFORMED, RecordView, VISIBLE } from './record.ts';

export interface StoredRecord {
  readonly owner: Uint8Array;
  readonly type: number;
  readonly ttl: number;
  readonly data: Uint8Array;
}

/** How records are taken that not everybody sees always: as a client in a location, at a moment. */
export interface Seen {
  /** Two octets as a number. */
  readonly location?: number | undefined;
  readonly now?: Tai | undefined;
}

/** A zone that is not there, or that no zone file can say. The message says which record and why. */
export class ZoneError extends Error {
  override name = 'ZoneError';
}

const NEVER: Tai = { hi: 0, lo: 0 };

/** The records of `zone` (lowercased) in the cdb `db`, its SOA first. Throws `ZoneError`. */
export function zoneRecords(db: Uint8Array, zone: Uint8Array, seen: Seen): StoredRecord[] {
  const records = visible(db, zone, seen);
  const soas = records.filter(({ type }) => type === TYPE.SOA);
  const own = soas.filter(({ owner }) => nameEqual(owner, 0, zone, 0));
  if (own.length === 0) throw new ZoneError(`no zone ${formatName(zone)} in the data`);
  if (own.some(({ data }) => textOf(data) !== textOf(own[0]!.data))) {
    throw new ZoneError(`zone ${formatName(zone)} has more than one SOA`);
  }
  const children = new Set(soas.filter((soa) => !own.includes(soa)).map(({ owner }) => textOf(owner)));
  const servers = new Set(records.filter(({ type }) => type === TYPE.NS).map(({ data }) => textOf(lowerName(data))));
  return sorted(records.filter((record) => belongs(record, children, servers)));
}

function visible(db: Uint8Array, zone: Uint8Array, { location, now }: Seen): StoredRecord[] {
  const scan = new CdbScan(db);
  const view = new RecordView();
  const records: StoredRecord[] = [];
  while (scan.next()) {
    const { bytes, keyPos, keyLength } = scan;
    const isName = keyLength > 0 && checkedNameLength(bytes, keyPos, keyPos + keyLength) === keyLength;
    if (!isName || !isWithin(bytes, keyPos, zone, 0)) continue;
    const state = view.read(bytes, scan.dataPos, scan.dataLength, location ?? 0, now ?? NEVER);
    const key = bytes.slice(keyPos, keyPos + keyLength);
    const owner = view.isWild ? Uint8Array.from([1, 42, ...key]) : key;
    const fail = (reason: string): never => {
      throw new ZoneError(`${formatName(owner)} ${typeName(view.type)}: ${reason}`);
    };
    if (state === MALFORMED) fail('the record is malformed');
    if (view.isTimed && !now) fail('the record has a timestamp: say --now to take what is there now');
    if (state !== VISIBLE && !view.isTimed && location === undefined) {
      fail('the record has a location: say --location to take what is seen there');
    }
    if (state !== VISIBLE) continue;
    const { type, ttl, dataPos, dataEnd } = view;
    const length = rdataLength(type, bytes, dataPos, dataEnd);
    if (length < 0) fail('malformed data');
    records.push({ owner, type, ttl, data: bytes.slice(dataPos, dataPos + length) });
  }
  if (scan.failed) throw new ZoneError('the file is corrupt');
  return records;
}

/** True unless the record is one of a child zone's own: neither delegation nor the address of a server. */
function belongs({ owner, type }: StoredRecord, children: ReadonlySet<string>, servers: ReadonlySet<string>): boolean {
  for (let at = 0; children.size > 0; at += owner[at]! + 1) {
    if (children.has(textOf(owner, at))) {
      if (at === 0 && (type === TYPE.NS || type === TYPE.DS)) return true;
      return (type === TYPE.A || type === TYPE.AAAA) && servers.has(textOf(owner));
    }
    if (owner[at] === 0) return true;
  }
  return true;
}

function sorted(records: readonly StoredRecord[]): StoredRecord[] {
  const keyed = records.map((record) => ({ key: sortKey(record), record }));
  keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  return keyed.filter(({ key }, i) => key !== keyed[i - 1]?.key).map(({ record }) => record);
}

/**
 * Text that sorts as records do: the owner's labels from the last to the first, lowercase; SOA before other types; the
 * data. An octet is one more than it is, so that the end of a label comes before everything.
 */
function sortKey({ owner, type, data }: StoredRecord): string {
  const labels: string[] = [];
  const name = owner.slice();
  lowerInPlace(name, 0, name.length);
  for (let at = 0; name[at] !== 0; at += name[at]! + 1) labels.push(raised(name.subarray(at + 1, at + 1 + name[at]!)));
  const kind = type === TYPE.SOA ? 0 : type;
  return `${labels.reverse().join('\0')}\0\0${String.fromCharCode(kind)}${raised(data)}`;
}

function raised(octets: Uint8Array): string {
  return Array.from(octets, (octet) => String.fromCharCode(octet + 1)).join('');
}
