// All records of a data file at hand, by owner, and where zones begin and end among them: what tinydns-check looks at.
// Names are wire form, lowercased, as Latin-1 text, a wildcard's with its `*` label, so that they can be keys.
import { bytesOf, LOWER, textOf, unpack16 } from '../base/bytes.ts';
import { checkedNameLength, formatName } from '../wire/name.ts';
import * as TYPE from '../wire/type.ts';
import { MALFORMED, RecordView, VALUE_MAX } from './record.ts';

/** A record of a data file. */
export interface StoredRecord {
  readonly owner: string;
  readonly type: number;
  /** Two octets as a number; 0 for all clients. */
  readonly location: number;
  readonly data: Uint8Array;
  /** The number of the line that it comes from, and the line's letter; 0 and nothing for what comes from a data.cdb. */
  readonly line: number;
  readonly letter: string;
}

/** Where a name belongs: the nearest name at or above it with NS records, which is a zone's or a delegation's. */
export interface Cut {
  readonly name: string;
  readonly isZone: boolean;
}

const STAR = '\x01*';
const NONE: readonly StoredRecord[] = [];
const LOCATED_HEAD = 17;
const view = new RecordView();
const NOW = { hi: 0, lo: 0 };

export class ZoneData {
  readonly records: StoredRecord[] = [];
  private readonly owners = new Map<string, StoredRecord[]>();
  private above: Set<string> | undefined; // names that have others below them

  /** Adds the record that a key and a value of a data.cdb are; other keys, of locations, are passed over. */
  add(key: Uint8Array, value: Uint8Array, line = 0, letter = ''): void {
    if (key[0] === 0 && key.length > 1) return;
    if (value.length > VALUE_MAX || view.read(value, 0, value.length, locationIn(value), NOW) === MALFORMED) return;
    const owner = (view.isWild ? STAR : '') + textOf(key);
    const location = view.dataPos === LOCATED_HEAD ? locationIn(value) : 0;
    const record = { owner, type: view.type, location, data: value.slice(view.dataPos), line, letter };
    this.records.push(record);
    const others = this.owners.get(owner);
    if (others) others.push(record);
    else this.owners.set(owner, [record]);
  }

  /** The records of exactly this name. */
  at(name: string): readonly StoredRecord[] {
    return this.owners.get(name) ?? NONE;
  }

  /** All names, in order of their first records. */
  names(): Iterable<string> {
    return this.owners.keys();
  }

  /** The records that tinydns finds for a name: its own and those of the nearest wildcard. */
  find(name: string): readonly StoredRecord[] {
    const own = this.at(name);
    if (own.length > 0) return own;
    for (const above of namesFrom(name)) {
      const wild = above === name ? NONE : this.at(STAR + above);
      if (wild.length > 0) return wild;
      if (this.has(above, TYPE.NS)) break;
    }
    return NONE;
  }

  /** True for a name that has records, or names below it that have some. No record may be added afterwards. */
  exists(name: string): boolean {
    if (!this.above) {
      this.above = new Set();
      for (const owner of this.names()) for (const above of namesFrom(owner)) this.above.add(above);
    }
    return this.above.has(name) || this.find(name).length > 0;
  }

  has(name: string, type: number): boolean {
    return this.at(name).some((record) => record.type === type);
  }

  /** Undefined for a name outside of all zones and delegations. */
  cutOf(name: string): Cut | undefined {
    for (const above of namesFrom(name)) {
      if (this.has(above, TYPE.NS)) return { name: above, isZone: this.has(above, TYPE.SOA) };
    }
    return undefined;
  }
}

function locationIn(value: Uint8Array): number {
  return unpack16(value, 3);
}

/** The name and all above it, the root last. */
function* namesFrom(name: string): Generator<string> {
  for (let at = 0; at < name.length; at += name.charCodeAt(at) + 1) yield name.slice(at);
}

/**
 * The name in the data of a record, which begins `at` octets from its start; undefined where there is none, or a
 * malformed one.
 */
export function targetOf({ type, data }: StoredRecord): string | undefined {
  const at = { [TYPE.NS]: 0, [TYPE.CNAME]: 0, [TYPE.MX]: 2, [TYPE.SRV]: 6 }[type];
  if (at === undefined || checkedNameLength(data, at, data.length) === 0) return undefined;
  return textOf(data.subarray(at).map((octet) => LOWER[octet]!));
}

/** True for a name that is `zone` or below it. */
export function isAtOrBelow(name: string, zone: string): boolean {
  for (const above of namesFrom(name)) if (above === zone) return true;
  return false;
}

/** The name as people write it. */
export function formatKey(name: string): string {
  return name.startsWith(STAR) ? `*.${formatName(bytesOf(name), 2)}` : formatName(bytesOf(name));
}
