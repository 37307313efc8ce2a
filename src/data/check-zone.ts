// Records that compile but do not work together: what resolvers and mail servers stumble over, and what tinydns never
// shows.
import { textOf } from '../base/bytes.ts';
import { layoutOf } from '../wire/layout.ts';
import { formatRdata } from '../wire/rdata-text.ts';
import { Reader } from '../wire/reader.ts';
import * as TYPE from '../wire/type.ts';
import { typeName } from '../wire/type.ts';
import type { Report } from './check.ts';
import { checkDmarc, checkSpf } from './check-text.ts';
import { formatKey, isAtOrBelow, type StoredRecord, targetOf, type ZoneData } from './zone-data.ts';

const DMARC_LABEL = '\x06_dmarc';
const ROOT = '\0';

const reader = new Reader();

/** Looks at all records. */
export function checkZones(zones: ZoneData, report: Report): void {
  const targets = targetsIn(zones);
  for (const name of zones.names()) {
    const records = zones.at(name);
    checkAliases(name, records, zones, report);
    checkZone(name, records, report);
    checkMailText(name, records, report);
    checkShown(name, records, zones, targets, report);
    for (const record of records) {
      checkData(record, report);
      checkTarget(record, zones, report);
    }
  }
}

/** True when some client can see both. */
function meet(a: StoredRecord, b: StoredRecord): boolean {
  return a.location === b.location || a.location === 0 || b.location === 0;
}

/** A CNAME is the only record of its name (RFC 1034 section 3.6.2). */
function checkAliases(name: string, records: readonly StoredRecord[], zones: ZoneData, report: Report): void {
  for (const alias of records) {
    if (alias.type !== TYPE.CNAME) continue;
    const other = records.find((record) => record !== alias && meet(record, alias));
    if (other) {
      const what = other.type === TYPE.CNAME ? 'another CNAME' : typeName(other.type);
      report(alias.line, formatKey(name), 'alias', `a CNAME beside ${what}${lineOf(other)}`);
    }
    const target = targetOf(alias);
    if (target !== undefined && zones.cutOf(target)?.isZone && !zones.exists(target)) {
      report(alias.line, formatKey(name), 'target', `a CNAME for ${formatKey(target)}, which does not exist`);
    }
  }
}

function lineOf({ line }: StoredRecord): string {
  return line > 0 ? ` (line ${line})` : '';
}

/** Servers of a zone. */
function checkZone(name: string, records: readonly StoredRecord[], report: Report): void {
  const soas = records.filter(({ type }) => type === TYPE.SOA);
  const [soa] = soas;
  if (!soa) return;
  // A line `.` for each server of a zone is usual; tinydns takes the SOA of one of them.
  const own = soas.find(({ letter }) => letter === 'Z');
  const other = own && soas.find((record) => record !== own && meet(record, own));
  if (own && other) report(own.line, formatKey(name), 'servers', `a second SOA${lineOf(other)}`);
  const servers = new Set(records.filter(({ type }) => type === TYPE.NS).map(targetOf));
  if (servers.size === 0)
    report(soa.line, formatKey(name), 'servers', 'a zone without NS: tinydns does not answer for it');
  if (servers.size === 1) report(soa.line, formatKey(name), 'servers', 'a zone with one name server only');
}

function checkMailText(name: string, records: readonly StoredRecord[], report: Report): void {
  const texts = records
    .filter(({ type }) => type === TYPE.TXT)
    .map((record) => ({ record, text: joined(record.data) }));
  const spf = texts.filter(({ text }) => /^v=spf1(?: |$)/i.test(text));
  for (const { record, text } of spf) {
    for (const fault of checkSpf(text)) report(record.line, formatKey(name), 'spf', `SPF: ${fault}`);
  }
  const [first, second] = spf;
  if (first && second && meet(first.record, second.record)) {
    report(second.record.line, formatKey(name), 'spf', `SPF: a second record${lineOf(first.record)}`);
  }
  if (!name.startsWith(DMARC_LABEL)) return;
  for (const { record, text } of texts) {
    for (const fault of checkDmarc(text)) report(record.line, formatKey(name), 'dmarc', `DMARC: ${fault}`);
  }
}

/** The strings of a TXT record put together. */
function joined(data: Uint8Array): string {
  let text = '';
  for (let at = 0; at < data.length; at += data[at]! + 1)
    text += textOf(data, at + 1, Math.min(data.length, at + 1 + data[at]!));
  return text;
}

/** Data that are none of their type, which a numeric `:` line can have. */
function checkData({ type, data, line, owner }: StoredRecord, report: Report): void {
  if (!layoutOf(type)) return;
  reader.start(data);
  if (formatRdata(type, reader, data.length) === undefined) {
    report(line, formatKey(owner), 'data', `data of ${data.length} octets is no ${typeName(type)} data`);
  }
}

/** What NS, MX and SRV records point to has an address, and is not an alias (RFC 2181 section 10.3). */
function checkTarget(record: StoredRecord, zones: ZoneData, report: Report): void {
  if (record.type !== TYPE.NS && record.type !== TYPE.MX && record.type !== TYPE.SRV) return;
  const target = targetOf(record);
  if (target === undefined || target === ROOT) return;
  const found = zones.find(target);
  const what = `${typeName(record.type)} ${formatKey(target)}`;
  const tell = (kind: 'target' | 'glue', message: string) =>
    report(record.line, formatKey(record.owner), kind, message);
  if (found.some(({ type }) => type === TYPE.CNAME)) return tell('target', `${what} is an alias`);
  if (found.some(({ type }) => type === TYPE.A || type === TYPE.AAAA)) return;
  const cut = zones.cutOf(target);
  if (cut?.isZone) tell('target', `${what} has no address`);
  else if (cut && record.type === TYPE.NS && isAtOrBelow(target, record.owner))
    tell('glue', `${what} has no glue: nobody finds it`);
}

/** Names that NS, MX and SRV records point to: their addresses go out with those, wherever they stand. */
function targetsIn(zones: ZoneData): Set<string> {
  const targets = new Set<string>();
  for (const record of zones.records) {
    const target = record.type === TYPE.CNAME ? undefined : targetOf(record);
    if (target !== undefined) targets.add(target);
  }
  return targets;
}

/** Records that are in no answer: below a delegation, or outside of all zones. */
function checkShown(
  name: string,
  records: readonly StoredRecord[],
  zones: ZoneData,
  targets: ReadonlySet<string>,
  report: Report,
): void {
  const cut = zones.cutOf(name.startsWith('\x01*') ? name.slice(2) : name);
  if (cut?.isZone) return;
  for (const record of records) {
    const { type, line, letter } = record;
    if (type === TYPE.NS || type === TYPE.SOA) continue;
    if ((type === TYPE.A || type === TYPE.AAAA) && targets.has(name)) continue;
    if (type === TYPE.PTR && letter !== '^') continue; // a host line's other record: its zone may be elsewhere
    const why = cut ? `below the delegation of ${formatKey(cut.name)}` : 'in no zone of this data';
    report(line, formatKey(name), 'hidden', `${typeName(type)} is never shown: ${why}`);
    return;
  }
}
