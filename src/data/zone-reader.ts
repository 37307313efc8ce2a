// A zone file as records. RFC 1035 section 5, with $TTL (RFC 2308 section 4), BIND's $GENERATE and times like `1h30m`,
// and the generic forms of RFC 3597. Records out of the zone, of other classes, or that make no sense are errors.
import { textOf, unpack32 } from '../base/bytes.ts';
import { layoutOf } from '../wire/layout.ts';
import { isWithin, lowerName, NAME_MAX, nameEqual, nameOf } from '../wire/name.ts';
import { isGeneric, scanRdata } from '../wire/rdata-text.ts';
import { octetsOf, type Token } from '../wire/tokens.ts';
import * as TYPE from '../wire/type.ts';
import { scanAnyType, typeName } from '../wire/type.ts';
import { generated } from './zone-generate.ts';
import { type Entry, EntryReader, ZoneFileError } from './zone-words.ts';

const TTL_MAX = 0x7fffffff;
const DEPTH_MAX = 16;
const STRING_MAX = 255;

export interface ZoneRecord {
  readonly owner: Uint8Array;
  readonly type: number;
  readonly ttl: number;
  /** The data in wire form, names whole. */
  readonly data: Uint8Array;
  /** Where it stands, for messages. */
  readonly file: string;
  readonly line: number;
}

/** A file: the name it goes by in messages, and its octets as one UTF-16 unit each. */
export interface ZoneSource {
  readonly name: string;
  readonly text: string;
}

/** Opens the file that an $INCLUDE in the file `from` names. Throws what is wrong with it as a message. */
export type Include = (path: string, from: string) => ZoneSource;

/** Takes what was made right silently elsewhere: a message with file and line. */
export type Warn = (message: string) => void;

/**
 * Reads the file of `zone`: its records, each once, in the order of the file. Of a set with several TTLs the first one
 * counts (RFC 2181 section 5.2), as in BIND, with a warning. Throws `ZoneFileError`.
 */
export function readZone(source: ZoneSource, zone: Uint8Array, include: Include, warn: Warn): ZoneRecord[] {
  const reading = new ZoneReading(zone, include);
  reading.file(source, zone, 0);
  const fail = (reason: string): never => {
    throw new ZoneFileError(source.name, 1, reason);
  };
  const isApex = ({ owner }: ZoneRecord) => nameEqual(owner, 0, zone, 0);
  const soas = reading.records.filter(({ type }) => type === TYPE.SOA);
  const [soa] = soas;
  if (!soa || !isApex(soa)) return fail('the zone has no SOA record');
  const records = evened(reading.records, warn);
  if (records.filter(({ type }) => type === TYPE.SOA).length > 1) fail('the zone has more than one SOA record');
  if (!records.some((record) => record.type === TYPE.NS && isApex(record))) fail('the zone has no NS record');
  return records;
}

/** Without the records that are there twice, the TTLs of each set the same. */
function evened(records: readonly ZoneRecord[], warn: Warn): ZoneRecord[] {
  const ttls = new Map<string, number>();
  const known = new Set<string>();
  const kept: ZoneRecord[] = [];
  for (const record of records) {
    const { owner, type, data, file, line } = record;
    const covered = type === TYPE.RRSIG ? textOf(data, 0, 2) : '';
    const set = `${textOf(lowerName(owner))}${String.fromCharCode(type)}${covered}`;
    const ttl = ttls.get(set) ?? record.ttl;
    ttls.set(set, ttl);
    const key = `${set}${textOf(data)}`;
    if (known.has(key)) continue;
    known.add(key);
    if (ttl !== record.ttl) warn(`${file}:${line}: TTL ${record.ttl} is taken as ${ttl}, that of the set`);
    kept.push(ttl === record.ttl ? record : { ...record, ttl });
  }
  return kept;
}

class ZoneReading {
  readonly records: ZoneRecord[] = [];
  private readonly zone: Uint8Array;
  private readonly include: Include;
  private owner: Uint8Array | undefined;
  /** What $TTL said, and the TTL of the record before. */
  private defaultTtl: number | undefined;
  private lastTtl: number | undefined;

  constructor(zone: Uint8Array, include: Include) {
    this.zone = zone;
    this.include = include;
  }

  file(source: ZoneSource, origin: Uint8Array, depth: number): void {
    const entries = new EntryReader(source.name, source.text);
    for (let entry = entries.next(); entry; entry = entries.next()) {
      const fail = (reason: string): never => {
        throw new ZoneFileError(source.name, entry!.line, reason);
      };
      const [first, ...rest] = entry.words as [Token, ...Token[]];
      const directive = !entry.isContinued && !first.isQuoted && first.text.startsWith('$') ? first.text : '';
      switch (directive.toUpperCase()) {
        case '':
          this.record(entry, origin, source.name, fail);
          break;
        case '$ORIGIN':
          origin = (rest.length === 1 && scanZoneName(rest[0]!, origin)) || fail('$ORIGIN takes a name');
          break;
        case '$TTL':
          this.defaultTtl = rest.length === 1 ? scanTtl(rest[0]!.text) : -1;
          if (this.defaultTtl < 0) fail('$TTL takes a time');
          break;
        case '$INCLUDE':
          this.included(rest, origin, source.name, depth, fail);
          break;
        case '$GENERATE':
          for (const words of generated(rest, fail)) {
            this.record({ ...entry, words, isContinued: false }, origin, source.name, fail);
          }
          break;
        default:
          fail(`unknown directive ${directive}`);
      }
    }
  }

  /** The file that the words name, with an origin of its own; what comes after goes on with the owner of before. */
  private included(words: readonly Token[], origin: Uint8Array, from: string, depth: number, fail: Fail): void {
    const [path, name, ...more] = words;
    if (!path || more.length > 0) return fail('$INCLUDE takes a path and perhaps a name');
    const inner = name ? scanZoneName(name, origin) : origin;
    if (!inner) return fail('malformed name');
    if (depth === DEPTH_MAX) return fail(`more than ${DEPTH_MAX} files include each other`);
    let source: ZoneSource;
    try {
      source = this.include(textOf(octetsOf(path.text)), from);
    } catch (error) {
      return fail(error instanceof Error ? error.message : String(error));
    }
    const { owner } = this;
    this.file(source, inner, depth + 1);
    this.owner = owner;
  }

  private record(entry: Entry, origin: Uint8Array, file: string, fail: Fail): void {
    let { words } = entry;
    if (!entry.isContinued) {
      this.owner = scanZoneName(words[0]!, origin) ?? fail(`malformed name ${words[0]!.text}`);
      words = words.slice(1);
    }
    const owner = this.owner ?? fail('the first record has no owner');
    if (!isWithin(owner, 0, this.zone, 0)) fail('the name is not in the zone');
    const { type, ttl, rest } = this.head(words, fail);
    const data = scanRdata(type, type === TYPE.SOA ? soaWords(rest) : rest, (word) => scanZoneName(word, origin));
    if (!data || (!isGeneric(rest[0]) && hasLongString(type, rest))) return fail(dataTrouble(type));
    const known = ttl ?? this.implied(type, data) ?? fail('no TTL is known for this record');
    this.lastTtl = known;
    this.records.push({ owner, type, ttl: known, data, file, line: entry.line });
  }

  /** TTL and class in any order, then the type. */
  private head(words: readonly Token[], fail: Fail): { type: number; ttl: number | undefined; rest: readonly Token[] } {
    let ttl: number | undefined;
    let hasClass = false;
    for (const [i, { text, isQuoted }] of words.entries()) {
      const time = isQuoted || ttl !== undefined ? -1 : scanTtl(text);
      if (time >= 0) {
        if (time > TTL_MAX) fail(`TTL ${text} is out of range`);
        ttl = time;
      } else if (!hasClass && /^(IN|CH|HS|CLASS[0-9]+)$/i.test(text)) {
        if (!/^(IN|CLASS1)$/i.test(text)) fail(`class ${text} is not IN`);
        hasClass = true;
      } else {
        const type = /^[A-Za-z]/.test(text) && !isQuoted ? scanAnyType(text) : -1;
        if (type < 0) fail(`unknown type ${text}`);
        if (TYPE.META.has(type)) fail(`type ${typeName(type)} is of no zone`);
        return { type, ttl, rest: words.slice(i + 1) };
      }
    }
    return fail('the record has no type');
  }

  /** The TTL of a record that states none: $TTL, that of the record before, of an SOA its own minimum. */
  private implied(type: number, data: Uint8Array): number | undefined {
    if (this.defaultTtl !== undefined) return this.defaultTtl;
    if (this.lastTtl !== undefined || type !== TYPE.SOA) return this.lastTtl;
    return unpack32(data, data.length - 4);
  }
}

type Fail = (reason: string) => never;

function dataTrouble(type: number): string {
  if (layoutOf(type)) return `malformed ${typeName(type)} data`;
  return `data of type ${typeName(type)} is understood in its generic form only: \\# LENGTH HEX (RFC 3597)`;
}

/** Strings are not cut into pieces here: one that is too long is a mistake. */
function hasLongString(type: number, words: readonly Token[]): boolean {
  const isCut = layoutOf(type)?.some(({ kind }) => kind === 'strings');
  return Boolean(isCut) && words.some(({ text }) => octetsOf(text).length > STRING_MAX);
}

/** The name that a word means: relative to `origin` without a final dot, `@` being the origin itself. */
function scanZoneName(word: Token, origin: Uint8Array): Uint8Array | undefined {
  const { text } = word;
  if (text === '@' && !word.isQuoted) return origin;
  if (text === '.') return nameOf(text);
  if (text === '' || /^\.|(?<!\\)(?:\\\\)*\.\./.test(text)) return undefined;
  const name = nameOf(text);
  if (!name || /(?<!\\)(?:\\\\)*\.$/.test(text)) return name;
  if (name.length - 1 + origin.length > NAME_MAX) return undefined;
  const whole = new Uint8Array(name.length - 1 + origin.length);
  whole.set(name);
  whole.set(origin, name.length - 1);
  return whole;
}

const UNITS: Readonly<Record<string, number>> = { w: 604800, d: 86400, h: 3600, m: 60, s: 1 };

/** Seconds, or numbers with units as in `1h30m`; -1 for anything else. */
function scanTtl(text: string): number {
  if (/^[0-9]+$/.test(text)) return Number(text);
  if (!/^(?:[0-9]+[wdhms])+$/i.test(text)) return -1;
  let seconds = 0;
  for (const [, number, unit] of text.toLowerCase().matchAll(/([0-9]+)([wdhms])/g)) {
    seconds += Number(number) * UNITS[unit!]!;
  }
  return seconds;
}

/** The words of an SOA with its four times in seconds. */
function soaWords(words: readonly Token[]): readonly Token[] {
  return words.map((word, i) => {
    const seconds = i > 2 ? scanTtl(word.text) : -1;
    return seconds < 0 ? word : { ...word, text: String(seconds) };
  });
}
