// The copy of a zone that a secondary keeps: the lines of axfr-get and a last line that says how many lines and octets
// stand before it, and their CRC-32. A copy without a right last line is served, but is nothing that differences can be
// applied to. A line whose owner a published child zone speaks for has a `#` before it.
//
// A record is its line without the TTL: so deletions find what they delete, whatever TTL they carry.

import { crc32 } from 'node:zlib';
import { bytesOf, concat, EMPTY, textOf } from '../base/bytes.ts';
import { formatName, isWithin, NAME_MAX, nameEqual } from '../wire/name.ts';
import { readWholeRdata } from '../wire/rdata.ts';
import { Reader } from '../wire/reader.ts';
import * as TYPE from '../wire/type.ts';
import { AxfrText, type PutBytes } from './axfr-text.ts';
import type { PublishedZones } from './published.ts';

const NEWLINE = 10;
const HASH = 35;
const COLON = 58;
const END = '#end ';
/** Longest data that axfrdns can send. */
const DATA_MAX = 32750;
/** Room for any data with names that are expanded. */
const DATA_ROOM = 65535 + 3 * NAME_MAX;
/** Differences beyond this are worse than the whole zone: records, octets of their lines. */
const CHANGES_MAX = 100_000;
const CHANGES_OCTETS_MAX = 32_000_000;

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
function formatEnd(lines: number, octets: number, crc: number): string {
  return `${END}${lines} ${octets} ${crc.toString(16).padStart(8, '0')}\n`;
}

/** Lines that are removed from a copy and added to it, several steps put together. */
export class ZoneChanges {
  /** What the copy must have, by the record. */
  readonly removed: Set<string> = new Set();
  /** Lines to add, by the record. */
  readonly added: Map<string, string> = new Map();
  private octets = 0;

  /** Takes a line out. False when it cannot be there: it was taken out before. */
  remove(line: string): boolean {
    const key = keyOf(line);
    this.octets += line.length;
    if (this.added.delete(key)) return true;
    if (this.removed.has(key)) return false;
    this.removed.add(key);
    return true;
  }

  /** Puts a line in. False when it is there: it was put in before. */
  add(line: string): boolean {
    const key = keyOf(line);
    this.octets += line.length;
    if (this.added.has(key)) return false;
    this.added.set(key, line);
    return true;
  }

  get isTooLarge(): boolean {
    return this.removed.size + this.added.size > CHANGES_MAX || this.octets > CHANGES_OCTETS_MAX;
  }
}

/** The record that a line stands for. */
function keyOf(line: string): string {
  return line.slice(0, line.lastIndexOf(':'));
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

/** Why changes cannot be applied. */
export type PatchProblem =
  | 'not as it was written'
  | 'deletion of what is not there'
  | 'addition of what is there'
  | 'no NS';

/**
 * Makes a new copy of an old one as a stream: `push` what the old one has, in pieces of any size, then `end`. Memory is
 * the size of the changes. With no changes it only hides and shows lines as the published zones want it.
 */
export class CopyPatch {
  /** Set when the changes do not fit the old copy: nothing of the new one may be used. */
  problem: PatchProblem | undefined;
  private readonly zoneText: string;
  private readonly published: PublishedZones;
  private readonly changes: ZoneChanges;
  private readonly soaLines: string | undefined;
  private rest: Uint8Array = EMPTY;
  private number = 0; // of the next line of the old copy
  private oldOctets = 0;
  private oldCrc = 0;
  private isOver = false;
  private removed = 0;
  private servers = 0;
  private lines = 0;
  private octets = 0;
  private crc = 0;

  /** `soaLines` are the first two lines of the new copy; undefined: those of the old one. */
  constructor(zoneText: string, published: PublishedZones, changes: ZoneChanges, soaLines?: string) {
    this.zoneText = zoneText;
    this.published = published;
    this.changes = changes;
    this.soaLines = soaLines;
  }

  /** Takes octets of the old copy; returns octets of the new one. */
  push(octets: Uint8Array): Uint8Array {
    const bytes = this.rest.length > 0 ? concat([this.rest, octets]) : octets;
    const to = bytes.lastIndexOf(NEWLINE) + 1;
    this.rest = bytes.slice(to);
    return this.takeLines(bytes, to);
  }

  /** The octets that end the new copy; `problem` must be looked at. */
  end(): Uint8Array {
    const { added, removed } = this.changes;
    if (!this.isOver || this.rest.length > 0) this.fail('not as it was written');
    if (this.removed !== removed.size) this.fail('deletion of what is not there');
    const more: string[] = [];
    for (const [key, line] of added) {
      if (this.isServer(line)) this.servers++;
      const isHidden = this.published.hides(this.zoneText, ownerOf(key));
      more.push(isHidden ? `#${line}` : line);
    }
    if (this.servers === 0) this.fail('no NS');
    const text = bytesOf(more.join(''));
    this.count(text, more.length);
    return concat([text, bytesOf(formatEnd(this.lines, this.octets, this.crc))]);
  }

  /** Goes through the whole lines of `bytes[0..to]`. What stays as it is goes out in long pieces. */
  private takeLines(bytes: Uint8Array, to: number): Uint8Array {
    const pieces: Uint8Array[] = [];
    let kept = 0; // from here on everything stays
    let lines = 0;
    let from = 0;
    while (from < to) {
      const next = bytes.indexOf(NEWLINE, from) + 1;
      if (this.isOver) this.fail('not as it was written');
      if (bytes[from] === HASH && this.number > 0 && this.isEnd(bytes, from, next)) {
        this.oldCrc = crc32(bytes.subarray(0, from), this.oldCrc);
        this.finishOld(textOf(bytes, from, next), this.oldOctets + from);
        pieces.push(bytes.subarray(kept, from));
        kept = next;
      } else {
        const line = this.line(bytes, from, next);
        if (line === undefined) lines++;
        else {
          pieces.push(bytes.subarray(kept, from), bytesOf(line));
          if (line !== '') lines += this.number === 0 ? 2 : 1;
          kept = next;
        }
        this.number++;
      }
      from = next;
    }
    pieces.push(bytes.subarray(kept, to));
    if (!this.isOver) this.oldCrc = crc32(bytes.subarray(0, to), this.oldCrc);
    this.oldOctets += to;
    const out = pieces.length === 1 ? pieces[0]! : concat(pieces);
    this.count(out, lines);
    return out;
  }

  private count(bytes: Uint8Array, lines: number): void {
    this.crc = crc32(bytes, this.crc);
    this.octets += bytes.length;
    this.lines += lines;
  }

  private isEnd(bytes: Uint8Array, from: number, to: number): boolean {
    return to - from > END.length && textOf(bytes, from, from + END.length) === END;
  }

  private finishOld(line: string, octets: number): void {
    this.isOver = true;
    if (line !== formatEnd(this.number, octets, this.oldCrc)) this.fail('not as it was written');
  }

  /** What a line of the old copy becomes: undefined for itself, '' for nothing. The line ends before `next`. */
  private line(bytes: Uint8Array, from: number, next: number): string | undefined {
    const { number, soaLines, published, zoneText } = this;
    if (number < 2) return soaLines === undefined ? undefined : number === 0 ? soaLines : '';
    const wasHidden = bytes[from] === HASH;
    const start = wasHidden ? from + 1 : from;
    const mayHide = wasHidden || published.hasBelow(zoneText);
    if (!mayHide && bytes[from] !== 38 && this.changes.removed.size === 0 && this.changes.added.size === 0) {
      return undefined;
    }
    let colon = next - 1;
    while (colon > start && bytes[colon] !== COLON) colon--;
    const key = textOf(bytes, start, colon);
    if (this.changes.removed.has(key)) {
      this.removed++;
      return '';
    }
    if (this.changes.added.has(key)) this.fail('addition of what is there');
    if (this.isServer(key)) this.servers++;
    if (!mayHide) return undefined;
    const isHidden = published.hides(zoneText, ownerOf(key));
    if (isHidden === wasHidden) return undefined;
    return `${isHidden ? '#' : ''}${textOf(bytes, start, next)}`;
  }

  private isServer(line: string): boolean {
    return line.startsWith(`&${this.zoneText}:`);
  }

  private fail(problem: PatchProblem): void {
    this.problem ??= problem;
  }
}

/** The owner's name in a line. */
function ownerOf(line: string): string {
  return line.slice(1, line.indexOf(':'));
}
