// A log entry as JSON for machines.
import { formatIso } from '../base/local-time.ts';
import { typeName } from '../wire/type.ts';
import { bare, STATUSES } from './dnslog-format.ts';
import { reversedAddress } from './dnslog-parse.ts';
import type { Ended } from './dnslog-track.ts';
import type { Entry } from './entry.ts';

/** The fields that JSON has as they are in the entry, in this order. */
const COPIED = [
  'program',
  'number',
  'client',
  'id',
  'zone',
  'target',
  'ttl',
  'data',
  'server',
  'servers',
  'level',
  'rcode',
  'octets',
  'truncated',
  'limit',
  'exitCode',
  'signal',
  'error',
  'stats',
] as const;

/** The entry as one line of ASCII JSON: names and types as words, times in UTC. */
export function jsonEntry(entry: Entry, ended: Ended | undefined, service?: string): string {
  const { name, event } = entry;
  const all: Record<string, unknown> = {};
  if (entry.time) all['time'] = formatIso(entry.time.unixSeconds, entry.time.nanoseconds);
  if (service !== undefined) all['service'] = service;
  all['event'] = event;
  if (entry.status) all['status'] = STATUSES[entry.status];
  if (entry.type !== undefined) all['type'] = typeName(entry.type);
  if (name !== undefined) all['name'] = bare(name);
  if (name?.includes('.arpa')) all['address'] = reversedAddress(name);
  for (const field of COPIED) if (entry[field] !== undefined) all[field] = entry[field];
  if (ended) {
    all['ending'] = ended.ending;
    all['milliseconds'] = ended.milliseconds;
    all['query'] = jsonQuery(ended.query);
  }
  if (event === 'other') all['text'] = entry.text;
  return asciiJson(all);
}

/** JSON on one line, all but ASCII escaped. */
export function asciiJson(value: unknown): string {
  const json = JSON.stringify(value);
  return /[\x7f-\uffff]/.test(json) ? json.replace(/[\x7f-\uffff]/g, escapeUnit) : json;
}

function escapeUnit(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** What the query was that a line ends. */
function jsonQuery(query: Entry | undefined): object | undefined {
  return query && { type: typeName(query.type ?? 0), name: bare(query.name), client: query.client };
}
