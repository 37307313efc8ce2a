// A log entry as a line for people: time, what happened, to whom, about what.
import { formatLocalSecond } from '../base/local-time.ts';
import type { Paint, Style } from '../base/paint.ts';
import type { Moment } from '../base/tai.ts';
import * as TYPE from '../wire/type.ts';
import { typeName } from '../wire/type.ts';
import { reversedAddress } from './dnslog-parse.ts';
import type { Ended } from './dnslog-track.ts';
import type { Entry, Peer } from './entry.ts';

function timeText({ unixSeconds, nanoseconds }: Moment): string {
  return `${formatLocalSecond(unixSeconds)}.${String(Math.floor(nanoseconds / 1e6)).padStart(3, '0')}`;
}

/** How the content servers' status characters read. */
export const STATUSES: Readonly<Record<string, string>> = {
  '+': 'answered',
  '-': 'no answer',
  I: 'unsupported',
  E: 'bad EDNS',
  C: 'bad class',
  '/': 'unreadable',
};

/** The entry as one line without newline; `service` stands before what happened. */
export function formatEntry(entry: Entry, ended: Ended | undefined, paint: Paint, service?: string): string {
  const time = entry.time ? `${paint('dim', timeText(entry.time))}  ` : '';
  const head = service === undefined ? time : `${time}${paint('bold', service)}  `;
  return head + (describe(entry, ended, paint) ?? entry.text);
}

/** What happened, in a column of its own; what it happened to; undefined for lines that are shown as they are. */
function describe(entry: Entry, ended: Ended | undefined, paint: Paint): string | undefined {
  const { event, client, name = '', type = 0, server, zone, target, error } = entry;
  const word = (text: string, style?: Style) => `${style ? paint(style, text.padEnd(11)) : text.padEnd(11)} `;
  const about = (type: number, name: string) => `${paint('cyan', typeName(type))} ${readable(name)}`;
  const source = () => paint('dim', `(TTL ${entry.ttl}, from ${server})`);
  switch (event) {
    case 'packet':
      return `${word(statusWord(entry.status), statusStyle(entry.status))}${peer(client).padEnd(21)} ${about(type, name)}${response(entry, paint)}`;
    case 'starting':
      return `${word('starting', 'bold')}${entry.program}`;
    case 'fatal':
      return `${word('fatal', 'red')}${entry.program}: ${error}`;
    case 'query':
      return `${word('query', 'bold')}#${entry.number} ${peer(client)} ${about(type, name)}`;
    case 'sent': {
      const [how, style] = ANSWERED[ended?.ending ?? 'resolved'];
      return `${word(how, style)}#${entry.number} ${entry.octets} bytes${outcome(ended, about)}`;
    }
    case 'drop':
      return `${word('dropped', 'red')}#${entry.number} ${error}${outcome(ended, about)}`;
    case 'accept':
      return `${word('connection')}${peer(client)}`;
    case 'deny':
      return `${word('denied', 'red')}${peer(client)}`;
    case 'refused':
      return `${word('refused', 'red')}${peer(client)}`;
    case 'connections':
      return `${word('connections')}${entry.number} of ${entry.limit}`;
    case 'process':
      return `${word('process')}#${entry.number} for ${client?.ip}`;
    case 'closed': {
      const { exitCode, signal } = entry;
      const [how, style] = signal
        ? [`killed by signal ${signal}`, 'red' as const]
        : exitCode
          ? [`exit code ${exitCode}`, 'yellow' as const]
          : ['done'];
      return `${word('closed', style)}#${entry.number} ${how}`;
    }
    case 'warning':
      return `${word('warning', 'yellow')}${entry.program}: ${error}`;
    case 'tcpopen':
      return `${word('tcp open')}${peer(client)}`;
    case 'tcpclose':
      return `${word('tcp close')}${peer(client)} ${error}`;
    case 'tx': {
      const deep = entry.level ? `, ${entry.level} deep` : '';
      const whom = entry.servers?.join(' ') || 'nobody';
      return `${word('ask', 'cyan')}${about(type, name)} of ${whom} ${paint('dim', `(zone ${bare(zone)}${deep})`)}`;
    }
    case 'merge':
      return `${word('join', 'cyan')}${about(type, name)} already asked of ${server}`;
    case 'cached':
      return `${word('cached', 'green')}${about(type, name)}`;
    case 'cached alias':
      return `${word('cached', 'green')}${about(TYPE.CNAME, name)} ${bare(target)}`;
    case 'cached delegation':
      return `${word('cached', 'green')}${about(TYPE.NS, zone ?? '')} ${bare(target)}`;
    case 'cached nxdomain':
      return `${word('cached', 'green')}${readable(name)} does not exist`;
    case 'cached failure':
      return `${word('cached', 'yellow')}${entry.type === undefined ? readable(name) : about(type, name)} failed a moment ago`;
    case 'rr':
      return `${word('record')}${about(type, name)} ${recordData(entry)} ${source()}`;
    case 'nxdomain':
      return `${word('nxdomain', 'yellow')}${readable(name)} does not exist ${source()}`;
    case 'nodata':
      return `${word('nodata', 'yellow')}${about(type, name)} ${source()}`;
    case 'lame':
      return `${word('lame', 'yellow')}${server} does not serve ${bare(zone)}, refers to ${bare(target)}`;
    case 'servfail':
      return `${word('servfail', 'red')}${readable(name)}: ${error}`;
    case 'stats': {
      const { queries, motion, udp, tcp } = entry.stats!;
      return `${word('stats', 'dim')}${queries} queries, ${motion} bytes through the cache, ${udp} UDP and ${tcp} TCP active`;
    }
    default:
      return undefined;
  }
}

/** How dnscache's `sent` reads, by the ending of its query. */
const ANSWERED: Readonly<Record<Ended['ending'], readonly [string, Style]>> = {
  cached: ['from cache', 'green'],
  resolved: ['answered', 'green'],
  failed: ['failed', 'red'],
  dropped: ['dropped', 'red'],
};

/** axfrdns's lines have no status. */
function statusWord(status: string | undefined): string {
  return status ? STATUSES[status]! : 'query';
}

function statusStyle(status: string | undefined): Style {
  if (!status || status === '+') return 'green';
  return status === '-' ? 'yellow' : 'red';
}

function peer(client: Peer | undefined): string {
  if (!client) return '?';
  return client.ip.includes(':') ? `[${client.ip}]:${client.port}` : `${client.ip}:${client.port}`;
}

/** What came of a packet, where the log has it. */
function response({ rcode, octets, truncated }: Entry, paint: Paint): string {
  if (rcode === undefined) return '';
  const text = `(${rcode}, ${octets} octets${truncated ? ', truncated' : ''})`;
  return ` ${paint(rcode === 'NOERROR' && !truncated ? 'dim' : 'yellow', text)}`;
}

/** How long a query took and what it was. */
function outcome(ended: Ended | undefined, about: (type: number, name: string) => string): string {
  if (!ended?.query) return '';
  const { milliseconds, query } = ended;
  const time = milliseconds === undefined ? '' : ` in ${formatMilliseconds(milliseconds)}`;
  return `${time}: ${about(query.type ?? 0, query.name ?? '')} for ${query.client?.ip}`;
}

/** Names in the data without the dots that dnscache ends them with. */
function recordData({ type = 0, data = '' }: Entry): string {
  const { NS, CNAME, PTR, MX, SOA } = TYPE;
  return [NS, CNAME, PTR, MX, SOA].includes(type) ? data.replace(/([^ ])\.(?= |$)/g, '$1') : data;
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
