// The records of zones as lines of a tinydns data file, the shortest that say them: an address with its reverse record
// as `=`, a server or exchanger with its address as `&` or `@`, all others each by itself. What the compiler fills in
// by itself (TTLs, `ns` and `mx` in names of servers) is left out.
import { formatIp4, formatIp6 } from '../base/address.ts';
import { equal, formatHex, textOf, unpack16, unpack32 } from '../base/bytes.ts';
import { IN_ADDR_ARPA, IP6_ARPA, putReverseName } from '../wire/address-name.ts';
import { formatText } from '../wire/escape.ts';
import { TYPED } from '../wire/layout.ts';
import { lowerName, NAME_MAX, nameLength } from '../wire/name.ts';
import { formatGeneric } from '../wire/rdata-object.ts';
import { formatAbsolute } from '../wire/rdata-text.ts';
import { Reader } from '../wire/reader.ts';
import * as TYPE from '../wire/type.ts';
import { typeName } from '../wire/type.ts';
import { isWildcard } from './record.ts';
import { TXT_RUN } from './record-maker.ts';
import { SOA_TIMERS, TTL_NEGATIVE, TTL_NS, TTL_POSITIVE } from './tinydns-text.ts';
import { formatTypedData } from './typed-line.ts';
import type { ZoneRecord } from './zone-reader.ts';
import { ZoneFileError } from './zone-words.ts';

export interface ImportOptions {
  /** Serials are left to tinydns-data, which takes the time of the file. */
  readonly newSerials: boolean;
}

/**
 * The lines of `records`, in their order, SOA lines and lines that say several records where the first of them stands.
 */
export function formatLines(records: readonly ZoneRecord[], options: ImportOptions): string[] {
  const lines = new LineMaker(records, options);
  return lines.all();
}

class LineMaker {
  private readonly records: readonly ZoneRecord[];
  private readonly options: ImportOptions;
  /** Address and PTR records by owner, and all that an earlier line has said already. */
  private readonly byOwner = new Map<string, ZoneRecord[]>();
  private readonly said = new Set<ZoneRecord>();

  constructor(records: readonly ZoneRecord[], options: ImportOptions) {
    this.records = records;
    this.options = options;
    for (const record of records) {
      if (record.type !== TYPE.A && record.type !== TYPE.AAAA && record.type !== TYPE.PTR) continue;
      const key = keyOf(record.owner);
      const known = this.byOwner.get(key);
      if (known) known.push(record);
      else this.byOwner.set(key, [record]);
    }
  }

  all(): string[] {
    const hosts = new Map<ZoneRecord, string>();
    for (const record of this.records) {
      const line = isAddress(record) ? this.host(record) : undefined;
      if (line !== undefined) hosts.set(record, line);
    }
    const dots = this.options.newSerials ? this.dotLines() : new Map<ZoneRecord, string>();
    // Servers take the addresses that are still there before these get lines of their own.
    const servers = new Map<ZoneRecord, string>();
    for (const record of this.records) {
      if (this.said.has(record)) continue;
      if (record.type === TYPE.NS) servers.set(record, this.nameServer(record));
      if (record.type === TYPE.MX) servers.set(record, this.exchanger(record));
    }
    const lines: string[] = [];
    for (const record of this.records) {
      const line = hosts.get(record) ?? dots.get(record) ?? servers.get(record);
      if (line !== undefined) lines.push(line);
      else if (!this.said.has(record)) lines.push(this.single(record));
    }
    return lines;
  }

  /** `=` where the reverse record of the address points back, with the same TTL. */
  private host(record: ZoneRecord): string | undefined {
    const reverse = new Uint8Array(NAME_MAX);
    putReverseName(reverse, record.data, record.type === TYPE.A ? IN_ADDR_ARPA : IP6_ARPA);
    const owner = keyOf(record.owner);
    const pointer = this.byOwner
      .get(keyOf(reverse.slice(0, nameLength(reverse))))
      ?.find((other) => other.type === TYPE.PTR && this.isFree(other, record.ttl) && keyOf(other.data) === owner);
    if (!pointer || isWildcard(record.owner)) return undefined;
    this.said.add(pointer).add(record);
    return joined('=', [ownerText(pointer.data), addressText(record), ttlText(record.ttl, TTL_POSITIVE)]);
  }

  /** Zones whose SOA is the one that the compiler makes for a `.` line. */
  private dotLines(): Map<ZoneRecord, string> {
    const lines = new Map<ZoneRecord, string>();
    for (const soa of this.records) {
      if (soa.type !== TYPE.SOA || soa.ttl !== TTL_NEGATIVE || !hasUsualNumbers(soa)) continue;
      const owner = keyOf(soa.owner);
      const [server, mailbox] = namesOf(soa);
      if (keyOf(mailbox) !== `\n${'hostmaster'}${owner}`) continue;
      const ns = this.records.find(
        (other) =>
          other.type === TYPE.NS && other.ttl !== 0 && keyOf(other.owner) === owner && equal(other.data, server),
      );
      if (!ns) continue;
      this.said.add(ns).add(soa);
      lines.set(soa, this.withServer('.', ns, ns.data, '.ns.', [ttlText(ns.ttl, TTL_NS)]));
    }
    return lines;
  }

  private nameServer(record: ZoneRecord): string {
    if (isWildcard(record.owner)) throw failure(record, 'a wildcard NS record is no zone cut for tinydns');
    return this.withServer('&', record, record.data, '.ns.', [ttlText(record.ttl, TTL_NS)]);
  }

  private exchanger(record: ZoneRecord): string {
    const distance = unpack16(record.data, 0);
    return this.withServer('@', record, record.data.subarray(2), '.mx.', [
      distance === 0 ? '' : String(distance),
      ttlText(record.ttl, TTL_POSITIVE),
    ]);
  }

  /** A line that names a server, with its address if there is one with the same TTL that no line has said. */
  private withServer(
    letter: string,
    record: ZoneRecord,
    server: Uint8Array,
    infix: string,
    rest: readonly string[],
  ): string {
    this.said.add(record);
    const owner = ownerText(record.owner);
    const address = this.byOwner
      .get(keyOf(server))
      ?.find((other) => isAddress(other) && this.isFree(other, record.ttl));
    if (address) this.said.add(address);
    const name = targetText(server);
    const suffix = `${infix}${owner}`;
    const label = name.endsWith(suffix) ? name.slice(0, -suffix.length) : '.';
    const short = label.includes('.') || owner === '.' ? (name.includes('.') ? name : `${name}.`) : label;
    return joined(letter, [owner, address ? addressText(address) : '', short, ...rest]);
  }

  private isFree(record: ZoneRecord, ttl: number): boolean {
    return record.ttl === ttl && !this.said.has(record);
  }

  private single(record: ZoneRecord): string {
    const { type, data } = record;
    const owner = ownerText(record.owner);
    const ttl = ttlText(record.ttl, TTL_POSITIVE);
    switch (type) {
      case TYPE.SOA:
        return this.startOfAuthority(record);
      case TYPE.A:
        return joined('+', [owner, formatIp4(data), ttl]);
      case TYPE.AAAA:
        return joined('3', [owner, formatHex(data), ttl]);
      case TYPE.CNAME:
        return joined('C', [owner, targetText(data), ttl]);
      case TYPE.PTR:
        return joined('^', [owner, targetText(data), ttl]);
      case TYPE.TXT: {
        const text = textOfRuns(data);
        if (text !== undefined) return joined("'", [owner, text, ttl]);
        break;
      }
      default:
    }
    return joined(':', [owner, typedText(type, data), ttl]);
  }

  private startOfAuthority(record: ZoneRecord): string {
    const { data, ttl } = record;
    const [server, mailbox] = namesOf(record);
    const numbers = Array.from({ length: 5 }, (_, i) => String(unpack32(data, data.length - 20 + 4 * i)));
    if (this.options.newSerials) numbers[0] = '';
    const fields = [ownerText(record.owner), targetText(server), targetText(mailbox), ...numbers];
    return joined('Z', [...fields, ttlText(ttl, TTL_NEGATIVE)]);
  }
}

/** Letter and fields, without the empty ones at the end. */
function joined(letter: string, fields: readonly string[]): string {
  let used = fields.length;
  while (used > 2 && fields[used - 1] === '') used--;
  return `${letter}${fields.slice(0, used).join(':')}`;
}

function failure(record: ZoneRecord, reason: string): ZoneFileError {
  return new ZoneFileError(record.file, record.line, reason);
}

function isAddress({ type }: ZoneRecord): boolean {
  return type === TYPE.A || type === TYPE.AAAA;
}

function addressText({ type, data }: ZoneRecord): string {
  return type === TYPE.A ? formatIp4(data) : `[${formatIp6(data)}]`;
}

function ttlText(ttl: number, usual: number): string {
  return ttl === usual ? '' : String(ttl);
}

/** A name as a key: the same for names that differ in case only. */
function keyOf(name: Uint8Array): string {
  return textOf(lowerName(name));
}

/** A name as the owner of a line, the label of a wildcard as it is typed. */
function ownerText(name: Uint8Array): string {
  return isWildcard(name) ? `*.${targetText(name.subarray(2))}` : targetText(name);
}

/** A name without the final dot, which no line needs; the root is a dot. */
function targetText(name: Uint8Array): string {
  const text = formatAbsolute(name);
  return text === '.' ? text : text.slice(0, -1);
}

/** Both names of an SOA. */
function namesOf({ data }: ZoneRecord): [server: Uint8Array, mailbox: Uint8Array] {
  const first = nameLength(data);
  return [data.subarray(0, first), data.subarray(first, first + nameLength(data, first))];
}

function hasUsualNumbers({ data }: ZoneRecord): boolean {
  return SOA_TIMERS.every((timer, i) => unpack32(data, data.length - 16 + 4 * i) === timer);
}

/** The text of a `'` line; undefined when its runs are not those that the compiler makes. */
function textOfRuns(data: Uint8Array): string | undefined {
  const octets: number[] = [];
  for (let at = 0; at < data.length; at += 1 + data[at]!) {
    const isLast = at + 1 + data[at]! === data.length;
    if (isLast ? data[at] === 0 || data[at]! > TXT_RUN : data[at] !== TXT_RUN) return undefined;
    octets.push(...data.subarray(at + 1, at + 1 + data[at]!));
  }
  const text = formatText(Uint8Array.from(octets)).replaceAll(':', '\\072');
  return text.replace(/ $/, '\\040');
}

/** Type and data of a `:` line: as text where there is text, else in the generic form. */
function typedText(type: number, data: Uint8Array): string {
  const reader = new Reader();
  reader.start(data);
  const text = TYPED.has(type) ? formatTypedData(type, reader, data.length) : undefined;
  return text ?? `${typeName(type)}:${formatGeneric(data, 0, data.length)}`;
}
