// A log entry as a line for people, or as JSON for machines. The line is: time, what happened, to whom, about what.
import { formatLocalSecond } from '../base/local-time.ts';
import type { Moment } from '../base/tai.ts';
import { typeName } from '../wire/type.ts';
import { reversedAddress } from './dnslog-parse.ts';
import type { Ended } from './dnslog-track.ts';
import type { Entry, Peer } from './entry.ts';

/** Escape sequences, or empty strings where there is no colour. */
export interface Palette {
  dim: string;
  bold: string;
  good: string;
  bad: string;
  warn: string;
  note: string;
  off: string;
}

/** The colours of a terminal. */
export const COLOURS: Palette = {
  dim: '\x1b[2m',
  bold: '\x1b[1m',
  good: '\x1b[32m',
  bad: '\x1b[31m',
  warn: '\x1b[33m',
  note: '\x1b[36m',
  off: '\x1b[0m',
};

/** No colour. */
export const PLAIN: Palette = { dim: '', bold: '', good: '', bad: '', warn: '', note: '', off: '' };

function timeText({ unixSeconds, nanoseconds }: Moment): string {
  return `${formatLocalSecond(unixSeconds)}.${String(Math.floor(nanoseconds / 1e6)).padStart(3, '0')}`;
}

/** How the content servers' status characters read. */
export const STATUSES: Readonly<Record<string, string>> = {
  '+': 'answered',
  '-': 'no answer',
  I: 'unsupported',
  C: 'bad class',
  '/': 'unreadable',
};

/** The entry as one line without newline. Escape sequences come from `palette` only when `safe`: it is for a terminal. */
export function formatEntry(entry: Entry, ended: Ended | undefined, palette: Palette, safe: boolean): string {
  const head = entry.time ? `${palette.dim}${timeText(entry.time)}${palette.off}  ` : '';
  const text = safe ? entry.text.replace(/[\x00-\x1f\x7f-\x9f]/g, '?') : entry.text;
  return head + (describe({ ...entry, text }, ended, palette) ?? text);
}

/** What happened, in a column of its own. */
function word(text: string, colour: string, palette: Palette): string {
  return `${colour}${text.padEnd(11)}${colour && palette.off} `;
}

function describe(entry: Entry, ended: Ended | undefined, p: Palette): string | undefined {
  const { client, name = '', type = 0, server, zone, target, error } = entry;
  switch (entry.event) {
    case 'packet': {
      const status = entry.status ? (STATUSES[entry.status] as string) : 'query';
      const colour = entry.status === '+' || !entry.status ? p.good : entry.status === '-' ? p.warn : p.bad;
      return `${word(status, colour, p)}${peer(client).padEnd(21)} ${question(type, name, p)}`;
    }
    case 'starting':
      return `${word('starting', p.bold, p)}${entry.program}`;
    case 'fatal':
      return `${word('fatal', p.bad, p)}${entry.program}: ${error}`;
    case 'query':
      return `${word('query', p.bold, p)}#${entry.number} ${peer(client)} ${question(type, name, p)}`;
    case 'sent': {
      const colour = ended?.ending === 'failed' ? p.bad : p.good;
      const how = ended?.ending === 'failed' ? 'failed' : ended?.ending === 'cached' ? 'from cache' : 'answered';
      return `${word(how, colour, p)}#${entry.number} ${entry.octets} bytes${outcome(ended, p)}`;
    }
    case 'drop':
      return `${word('dropped', p.bad, p)}#${entry.number} ${error}${outcome(ended, p)}`;
    case 'accept':
      return `${word('connection', '', p)}${peer(client)}`;
    case 'deny':
      return `${word('denied', p.bad, p)}${peer(client)}`;
    case 'tcpopen':
      return `${word('tcp open', '', p)}${peer(client)}`;
    case 'tcpclose':
      return `${word('tcp close', '', p)}${peer(client)} ${error}`;
    case 'tx': {
      const deep = entry.level ? `, ${entry.level} deep` : '';
      const whom = entry.servers?.join(' ') || 'nobody';
      return `${word('ask', p.note, p)}${question(type, name, p)} of ${whom} ${p.dim}(zone ${bare(zone)}${deep})${p.off}`;
    }
    case 'merge':
      return `${word('join', p.note, p)}${question(type, name, p)} already asked of ${server}`;
    case 'cached':
      return `${word('cached', p.good, p)}${question(type, name, p)}`;
    case 'cached alias':
      return `${word('cached', p.good, p)}${question(5, name, p)} ${bare(target)}`;
    case 'cached delegation':
      return `${word('cached', p.good, p)}${question(2, zone ?? '', p)} ${bare(target)}`;
    case 'cached nxdomain':
      return `${word('cached', p.good, p)}${readable(name)} does not exist`;
    case 'cached failure':
      return `${word('cached', p.warn, p)}${entry.type === undefined ? readable(name) : question(type, name, p)} failed a moment ago`;
    case 'rr': {
      const from = `${p.dim}(TTL ${entry.ttl}, from ${server})${p.off}`;
      return `${word('record', '', p)}${question(type, name, p)} ${recordData(entry)} ${from}`;
    }
    case 'nxdomain':
      return `${word('nxdomain', p.warn, p)}${readable(name)} does not exist ${p.dim}(TTL ${entry.ttl}, from ${server})${p.off}`;
    case 'nodata':
      return `${word('nodata', p.warn, p)}${question(type, name, p)} ${p.dim}(TTL ${entry.ttl}, from ${server})${p.off}`;
    case 'lame':
      return `${word('lame', p.warn, p)}${server} does not serve ${bare(zone)}, refers to ${bare(target)}`;
    case 'servfail':
      return `${word('servfail', p.bad, p)}${readable(name)}: ${error}`;
    case 'stats': {
      const { queries, motion, udp, tcp } = entry.stats as NonNullable<Entry['stats']>;
      return `${word('stats', p.dim, p)}${queries} queries, ${motion} bytes through the cache, ${udp} UDP and ${tcp} TCP active`;
    }
    default:
      return undefined;
  }
}

function peer(client: Peer | undefined): string {
  if (!client) return '?';
  return client.ip.includes(':') ? `[${client.ip}]:${client.port}` : `${client.ip}:${client.port}`;
}

function question(type: number, name: string, p: Palette): string {
  return `${p.note}${typeName(type)}${p.note && p.off} ${readable(name)}`;
}

function outcome(ended: Ended | undefined, p: Palette): string {
  if (!ended?.query) return '';
  const { milliseconds, query } = ended;
  const time = milliseconds === undefined ? '' : ` in ${formatMilliseconds(milliseconds)}`;
  return `${time}: ${question(query.type ?? 0, query.name ?? '', p)} for ${query.client?.ip}`;
}

function recordData({ type, data = '' }: Entry): string {
  if (type !== 2 && type !== 5 && type !== 12 && type !== 15 && type !== 6) return data;
  return data.replace(/([^ ])\.(?= |$)/g, '$1');
}

/** A name without the dot that dnscache ends it with. */
export function bare(name = ''): string {
  return name.length > 1 && name.endsWith('.') ? name.slice(0, -1) : name;
}

/** A name, with the address that it stands for where it is a reversed one. */
export function readable(name: string): string {
  const address = name.endsWith('.arpa') || name.endsWith('.arpa.') ? reversedAddress(name) : undefined;
  if (!address) return bare(name);
  return `${address} (${address.includes(':') ? 'ip6.arpa' : 'in-addr.arpa'})`;
}

/** `0.12 ms`, `12 ms`, `1.2 s`. */
export function formatMilliseconds(milliseconds: number): string {
  if (milliseconds >= 1000) return `${significant(milliseconds / 1000)} s`;
  return `${significant(milliseconds)} ms`;
}

function significant(value: number): string {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : value >= 1 ? 2 : 3;
  return value
    .toFixed(digits)
    .replace(/(\.\d*?)0+$/, '$1')
    .replace(/\.$/, '');
}

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
  'octets',
  'error',
  'stats',
] as const;

/** The entry as one line of ASCII JSON: names and types as words, times in UTC. */
export function jsonEntry(entry: Entry, ended: Ended | undefined): string {
  const { name, event } = entry;
  const all: Record<string, unknown> = {};
  if (entry.time) all['time'] = isoTime(entry.time);
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
  const json = JSON.stringify(all);
  return /[\x7f-\uffff]/.test(json) ? json.replace(/[\x7f-\uffff]/g, escapeUnit) : json;
}

function escapeUnit(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** What the query was that a line ends. */
function jsonQuery(query: Entry | undefined): object | undefined {
  return query && { type: typeName(query.type ?? 0), name: bare(query.name), client: query.client };
}

let isoSeen = -1;
let isoText = '';

function isoTime({ unixSeconds, nanoseconds }: Moment): string {
  if (unixSeconds !== isoSeen) {
    isoText = new Date(unixSeconds * 1000).toISOString().replace('000Z', '');
    isoSeen = unixSeconds;
  }
  return `${isoText}${String(nanoseconds).padStart(9, '0')}Z`;
}
