// A line of a server's log taken apart. The formats are those of djbdns 1.05: the content servers' packet lines (hex
// types), dnscache's lines (decimal types), connections let in or denied, `starting` and `fatal`. What is none of these stays as it is. Lines are
// Latin-1 text without the newline.
import { formatIp6 } from '../base/address.ts';
import { type Label, scanTai64n } from '../base/tai.ts';

/** What a line tells. Fields that its kind does not have are absent. */
export interface Entry {
  /** Kind of the line; `other` for what is not understood. */
  event: string;
  /** When, where the line has a TAI64N label or a local time as tai64nlocal writes it. */
  time?: Label;
  /** The line without its time. */
  text: string;
  program?: string;
  /** dnscache's number of the query, tcpserver's of the connection. */
  number?: number;
  client?: Peer;
  /** The ID in the packet. */
  id?: number;
  /** The content servers' `+ - I C /`. */
  status?: string;
  type?: number;
  name?: string;
  zone?: string;
  target?: string;
  ttl?: number;
  /** Data of a record, readable; `...` at the end when the log has only its beginning. */
  data?: string;
  /** The server that said it. */
  server?: string;
  /** The servers that are asked, in order. */
  servers?: string[];
  /** How many delegations without addresses the question is deep. */
  level?: number;
  octets?: number;
  error?: string;
  /** The four numbers of a `stats` line. */
  stats?: { queries: number; motion: number; udp: number; tcp: number };
}

/** A client: its address as text, and its port. */
export interface Peer {
  ip: string;
  port: number;
}

const LOCAL_TIME = /^(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)\.(\d{9})(?: |$)/;
/** The last second that a Date can hold. */
const TIME_MAX = 8.64e12;
const PACKET = /^([0-9a-f]{8}|[0-9a-f]{32}):([0-9a-f]{4}):([0-9a-f]{4}) (?:([-+IC/]) )?([0-9a-f]{4}) (\S+)$/;
const FATAL = /^([a-z0-9-]+): fatal: (.*)$/;
const STARTING = /^starting(?: ([a-z0-9-]+))?$/;

/** A connection let in or not, as tcpserver and axfrdns --listen say it; the first host and last fields may be empty. */
const CONNECTION = /^(tcpserver|axfrdns): (ok|deny) (\d+) \S+ [^: ]*:([\d.]+):[^: ]*:(\d+)$/;

/** Takes a line apart; never fails. */
export function parseLine(line: string): Entry {
  const { time, text } = splitTime(line);
  const entry = parsePacket(text) ?? parseWords(text) ?? parseRest(text);
  if (time) entry.time = time;
  return entry;
}

function splitTime(line: string): { time?: Label; text: string } {
  const first = line.charCodeAt(0);
  if (first === 64) {
    const label = scanTai64n(line);
    const after = line.charAt(25);
    if (label && label.unixSeconds <= TIME_MAX && (after === ' ' || after === ''))
      return { time: label, text: line.slice(26) };
  } else if (first >= 48 && first <= 57) {
    const match = LOCAL_TIME.exec(line);
    if (match) {
      const [year, month, day, hour, minute, second, nanoseconds] = match.slice(1).map(Number) as [
        ...[number, number, number, number, number, number, number],
      ];
      const unixSeconds = new Date(year, month - 1, day, hour, minute, second).getTime() / 1000;
      return { time: { unixSeconds, nanoseconds }, text: line.slice(match[0].length) };
    }
  }
  return { text: line };
}

function parsePacket(text: string): Entry | undefined {
  const match = PACKET.exec(text);
  if (!match) return undefined;
  const [, ip, port, id, status, type, name] = match as unknown as [string, string, string, string, ...string[]];
  const entry: Entry = {
    event: 'packet',
    text,
    client: { ip: address(ip), port: parseInt(port, 16) },
    id: parseInt(id, 16),
    type: parseInt(type as string, 16),
    name: name as string,
  };
  if (status) entry.status = status;
  return entry;
}

function parseRest(text: string): Entry {
  const starting = STARTING.exec(text);
  if (starting) return { event: 'starting', text, program: starting[1] ?? 'dnscache' };
  const fatal = FATAL.exec(text);
  if (fatal) return { event: 'fatal', text, program: fatal[1] as string, error: fatal[2] as string };
  const connection = CONNECTION.exec(text);
  if (connection) {
    const [, program, verdict, number, ip, port] = connection as unknown as [string, ...string[]];
    const peer = { ip: ip as string, port: Number(port) };
    const event = verdict === 'ok' ? 'accept' : 'deny';
    return { event, text, program: program as string, number: Number(number), client: peer };
  }
  return { event: 'other', text };
}

/** The fields of one of dnscache's lines, or undefined when the words are not such a line. */
type Fields = Omit<Entry, 'event' | 'text'> & { event?: string };

/** dnscache's lines by their first word; the words are those after it. */
const LINES: Readonly<Record<string, (words: string[]) => Fields | undefined>> = {
  query([number, peer, type, name, ...more]) {
    const [ip, port, id] = peer?.split(':') ?? [];
    if (!name || !id || more.length > 0) return undefined;
    return { number: Number(number), client: client(ip, port), id: parseInt(id, 16), type: Number(type), name };
  },
  sent: ([number, octets, ...more]) =>
    octets && more.length === 0 ? { number: Number(number), octets: Number(octets) } : undefined,
  drop: ([number, ...error]) => (error.length > 0 ? { number: Number(number), error: error.join(' ') } : undefined),
  tcpopen: ([peer]) => tcp(peer),
  tcpclose: ([peer, ...error]) => tcp(peer, error.join(' ')),
  tx([level, type, name = '', zone = '', ...servers]) {
    if (zone === '') return undefined;
    return { level: Number(level), type: Number(type), name, zone, servers: servers.map(address) };
  },
  merge: ([server = '', type, name]) => (name ? { server: address(server), type: Number(type), name } : undefined),
  cached([kind, name, more]) {
    if (!kind || !name) return undefined;
    if (kind === 'cname') return more ? { event: 'cached alias', name, target: more } : undefined;
    if (kind === 'ns') return more ? { event: 'cached delegation', zone: name, target: more } : undefined;
    if (kind === 'nxdomain') return { event: 'cached nxdomain', name };
    if (kind === 'servfail') return { event: 'cached failure', name, ...(more ? { type: Number(more) } : {}) };
    return /^\d+$/.test(kind) ? { type: Number(kind), name } : undefined;
  },
  rr: record,
  nxdomain: ([server = '', ttl, name]) => (name ? { server: address(server), ttl: Number(ttl), name } : undefined),
  nodata([server = '', ttl, type, name]) {
    return name ? { server: address(server), ttl: Number(ttl), type: Number(type), name } : undefined;
  },
  lame: ([server = '', zone = '', target]) => (target ? { server: address(server), zone, target } : undefined),
  servfail: ([name, ...error]) => (name && error.length > 0 ? { name, error: error.join(' ') } : undefined),
  stats(words) {
    if (words.length !== 4 || !words.every((word) => /^\d+$/.test(word))) return undefined;
    const [queries, motion, udp, tcp] = words.map(Number) as [number, number, number, number];
    return { stats: { queries, motion, udp, tcp } };
  },
};

function parseWords(text: string): Entry | undefined {
  const space = text.indexOf(' ');
  if (space < 0) return undefined;
  const event = text.slice(0, space);
  const fields = Object.hasOwn(LINES, event) ? LINES[event]?.(text.slice(space + 1).split(' ')) : undefined;
  if (!fields || Object.values(fields).some((value) => Number.isNaN(value))) return undefined;
  return { event, text, ...fields };
}

function client(ip: string | undefined, port: string | undefined): Peer {
  return { ip: address(ip ?? ''), port: parseInt(port ?? '', 16) };
}

function tcp(peer: string | undefined, error?: string): Fields | undefined {
  const match = /^([0-9a-f]{8}|[0-9a-f]{32}):([0-9a-f]{4})$/.exec(peer ?? '');
  if (!match) return undefined;
  return error === undefined ? { client: client(match[1], match[2]) } : { client: client(match[1], match[2]), error };
}

const NAME_TYPES: Readonly<Record<string, number>> = { ns: 2, cname: 5, ptr: 12, mx: 15, soa: 6 };

function record([server = '', ttl, kind, name, ...data]: string[]): Fields | undefined {
  if (!server || !kind || !name) return undefined;
  const type = NAME_TYPES[kind] ?? (/^\d+$/.test(kind) ? Number(kind) : NaN);
  const text = NAME_TYPES[kind] === undefined ? readData(type, data[0] ?? '') : data.join(' ');
  return { server: address(server), ttl: Number(ttl), type, name, data: text };
}

/** Readable data of a record out of its hexadecimal form, of which the log has 32 octets at most. */
export function readData(type: number, hex: string): string {
  const cut = hex.endsWith('...');
  const octets = Buffer.from(cut ? hex.slice(0, -3) : hex, 'hex');
  if (type === 1 && octets.length === 4) return octets.join('.');
  if (type === 28 && octets.length === 16) return formatIp6(octets);
  if (type === 16 && octets.length > 0) return readText(octets, cut);
  if (type === 257 && octets.length > 2 && octets.length > 2 + octets[1]!) {
    const tag = 2 + octets[1]!;
    return `${octets[0]} ${quote(octets.subarray(2, tag))} "${quote(octets.subarray(tag))}"${cut ? '...' : ''}`;
  }
  return hex;
}

/** Strings with their lengths before them, quoted. */
function readText(octets: Uint8Array, cut: boolean): string {
  const strings: string[] = [];
  for (let at = 0; at < octets.length; ) {
    const next = at + 1 + octets[at]!;
    strings.push(`"${quote(octets.subarray(at + 1, Math.min(next, octets.length)))}"`);
    at = next;
  }
  return strings.join(' ') + (cut ? '...' : '');
}

function quote(octets: Uint8Array): string {
  let text = '';
  for (const octet of octets) {
    if (octet < 32 || octet > 126) text += `\\${octet.toString(8).padStart(3, '0')}`;
    else text += (octet === 34 || octet === 92 ? '\\' : '') + String.fromCharCode(octet);
  }
  return text;
}

/** An address out of its 8 or 32 hexadecimal digits; anything else unchanged. */
function address(hex: string): string {
  if (/^[0-9a-f]{8}$/.test(hex)) {
    const number = parseInt(hex, 16);
    return `${number >>> 24}.${(number >>> 16) & 255}.${(number >>> 8) & 255}.${number & 255}`;
  }
  return /^[0-9a-f]{32}$/.test(hex) ? formatIp6(Buffer.from(hex, 'hex')) : hex;
}

/** The address that a name below in-addr.arpa or ip6.arpa stands for, or undefined. */
export function reversedAddress(name: string): string | undefined {
  const four = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.in-addr\.arpa\.?$/.exec(name);
  if (four) return four.slice(1).reverse().join('.');
  const six = /^((?:[0-9a-f]\.){32})ip6\.arpa\.?$/.exec(name)?.[1];
  return six && formatIp6(Buffer.from([...six.replaceAll('.', '')].reverse().join(''), 'hex'));
}
