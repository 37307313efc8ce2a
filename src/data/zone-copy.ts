// The copy of a zone that a secondary keeps: the lines of axfr-get and a last line that says how many lines and octets
// stand before it, and their CRC-32. A copy without a right last line is served, but is nothing that differences can be
// applied to. A line whose owner a published child zone speaks for has a `#` before it.

import { crc32 } from 'node:zlib';
import { bytesOf, textOf } from '../base/bytes.ts';
import { formatName, isWithin, NAME_MAX, nameEqual } from '../wire/name.ts';
import { readWholeRdata } from '../wire/rdata.ts';
import { Reader } from '../wire/reader.ts';
import * as TYPE from '../wire/type.ts';
import { AxfrText, type PutBytes } from './axfr-text.ts';
import type { PublishedZones } from './published.ts';
import { ZoneChanges } from './zone-changes.ts';

/** What the last line of a copy begins with. */
export const END = '#end ';
/** Longest data that axfrdns can send. */
const DATA_MAX = 32750;
/** Room for any data with names that are expanded. */
const DATA_ROOM = 65535 + 3 * NAME_MAX;
/** Octets of a new copy that are handed out together. */
const PIECE = 1 << 13;

/** The data of one record, names whole: scratch of one call. */
const expanded = new Uint8Array(DATA_ROOM);

/** What became of a record: `outside` and `not for data` are left out. */
export type Taken = 'taken' | 'outside' | 'not for data' | 'malformed';

/** What the first two lines of a copy say. Times are in seconds. */
export interface CopyHead {
  readonly serial: number;
  readonly refresh: number;
  readonly retry: number;
  readonly expire: number;
}

/** The head of a copy from its first octets; undefined when it has no SOA of `zone` there. */
export function scanCopyHead(text: string, zone: string): CopyHead | undefined {
  const [first = '', second = ''] = text.split('\n', 2);
  const serial = /^#(\d+) auto axfr-get$/.exec(first)?.[1];
  const fields = second.split(':');
  const numbers = fields.slice(3, 7).map(Number);
  if (fields[0] !== `Z${zone}` || numbers.length < 4 || !numbers.every((number) => Number.isSafeInteger(number))) {
    return undefined;
  }
  const [own, refresh, retry, expire] = numbers as [number, number, number, number];
  return serial === undefined || Number(serial) !== own ? undefined : { serial: own, refresh, retry, expire };
}

/** The last line of a copy. */
export function formatEnd(lines: number, octets: number, crc: number): string {
  return `${END}${lines} ${octets} ${crc.toString(16).padStart(8, '0')}\n`;
}

/** Turns the records of a transfer into a new copy, or into changes to the one that is there. */
export class CopySink {
  /** The records that differences take out of the copy and put in. */
  readonly changes: ZoneChanges = new ZoneChanges();
  /** The new copy's first two lines, once the SOA is here. */
  soaLines = '';
  /** Octets of the new copy so far. */
  octets = 0;
  private readonly zone: Uint8Array;
  private readonly zoneText: string;
  private readonly published: PublishedZones;
  private readonly put: PutBytes;
  private readonly text: AxfrText;
  private readonly data = new Reader();
  private captured = '';
  private isWhole = false;
  private crc = 0;
  private readonly hasChildren: boolean;

  /** `put` gets the new copy in large pieces. `zone` is lowercased. */
  constructor(zone: Uint8Array, published: PublishedZones, put: PutBytes) {
    this.zone = zone;
    this.zoneText = formatName(zone);
    this.published = published;
    this.hasChildren = published.hasBelow(this.zoneText);
    this.put = put;
    this.text = new AxfrText((bytes, length) => this.take(bytes, length), false, PIECE);
  }

  /** The SOA of the new version. False when it is malformed. */
  soa(ttl: number, data: Reader): boolean {
    const isGood = this.text.record(this.zone, TYPE.SOA, ttl, data) && data.pos === data.end;
    this.soaLines = this.capture();
    return isGood;
  }

  /** The records that follow are the whole zone. */
  whole(): void {
    this.isWhole = true;
    const head = bytesOf(this.soaLines);
    this.take(head, head.length);
  }

  /** A record of the whole zone. */
  record(owner: Uint8Array, type: number, ttl: number, data: Reader): Taken {
    const judged = this.judge(owner, type, data);
    if (judged !== 'taken') return judged;
    const isHidden = this.hasChildren && this.published.hides(this.zoneText, formatName(owner));
    return this.text.record(owner, type, ttl, this.data, isHidden) ? 'taken' : 'malformed';
  }

  /** A record that differences take out or put in; `impossible` when that cannot be. */
  change(isAdded: boolean, owner: Uint8Array, type: number, ttl: number, data: Reader): Taken | 'impossible' {
    const judged = this.judge(owner, type, data);
    if (judged !== 'taken') return judged;
    if (!this.text.record(owner, type, ttl, this.data)) return 'malformed';
    const line = this.capture();
    const isPossible = isAdded ? this.changes.add(line) : this.changes.remove(line);
    return isPossible ? 'taken' : 'impossible';
  }

  /** The whole zone is here: its last line is written. */
  end(): void {
    this.text.flush();
    const { octets } = this;
    const last = bytesOf(formatEnd(this.text.records + 1, octets, this.crc));
    this.put(last, last.length);
  }

  /** Whether a record belongs in the copy; its data, names whole, are then before `this.data`. */
  private judge(owner: Uint8Array, type: number, data: Reader): Taken {
    const { zone } = this;
    const length = data.end - data.pos;
    const size = readWholeRdata(data, type, length, expanded, 0);
    if (size < 0 || data.pos !== data.end) return 'malformed';
    if (!isWithin(owner, 0, zone, 0) || (type === TYPE.SOA && !nameEqual(owner, 0, zone, 0))) return 'outside';
    const isWildNs = type === TYPE.NS && owner[0] === 1 && owner[1] === 42;
    if (isWildNs || isNoData(type) || Math.max(size, length) > DATA_MAX) return 'not for data';
    this.data.start(expanded, 0, size);
    return 'taken';
  }

  private take(bytes: Uint8Array, length: number): void {
    if (!this.isWhole) {
      this.captured += textOf(bytes, 0, length);
      return;
    }
    this.crc = crc32(bytes.subarray(0, length), this.crc);
    this.octets += length;
    this.put(bytes, length);
  }

  private capture(): string {
    this.text.flush();
    const text = this.captured;
    this.captured = '';
    return text;
  }
}

/** Types that tinydns-data refuses in a `:` line, or that are questions and no data. */
function isNoData(type: number): boolean {
  return type === 0 || type === TYPE.OPT || (type >= TYPE.TKEY && type <= TYPE.ANY);
}
