// Which lines dnslog shows: since when, of which client, about which names and types.
import { scanIp6 } from '../base/address.ts';
import { UsageError } from '../base/errors.ts';
import { scanTai64n } from '../base/tai.ts';
import { scanAnyType } from '../wire/type.ts';
import { bare } from './dnslog-format.ts';
import type { Event } from './dnslog-merge.ts';

/** What was asked for; what is absent does not matter. */
export interface Wanted {
  /** Unix seconds. */
  since?: number;
  client?: string;
  name?: string;
  type?: string;
}

/** Tells whether an event is wanted. UsageError for what cannot be understood. */
export function eventFilter({ since = -Infinity, client, name, type }: Wanted): (event: Event) => boolean {
  const isClient = client === undefined ? undefined : clientFilter(client);
  const isName = name === undefined ? undefined : nameFilter(name);
  const wantedType = type === undefined ? undefined : scanAnyType(type);
  if (wantedType === -1) throw new UsageError('--type wants a record type');
  return ({ entry, ended, time }) => {
    if (time.unixSeconds < since) return false;
    const query = ended?.query;
    const ip = (entry.client ?? query?.client)?.ip;
    if (isClient && (ip === undefined || !isClient(ip))) return false;
    if (isName && ![entry.name, query?.name].some((text) => text !== undefined && isName(text))) return false;
    return wantedType === undefined || entry.type === wantedType || query?.type === wantedType;
  };
}

/** An address, or a network as `192.0.2.0/24`. */
function clientFilter(text: string): (ip: string) => boolean {
  const [address = '', length, ...more] = text.split('/');
  const wanted = bitsOf(address);
  const isGood = length === undefined || (/^\d{1,3}$/.test(length) && Number(length) <= (wanted?.length ?? 0));
  if (!wanted || !isGood || more.length > 0)
    throw new UsageError('--client wants an address, or a network such as 192.0.2.0/24');
  const network = wanted.slice(0, length === undefined ? wanted.length : Number(length));
  return (ip) => {
    const bits = bitsOf(ip);
    return bits?.length === wanted.length && bits.startsWith(network);
  };
}

/** An address as binary digits, 32 or 128; undefined for any other text. */
function bitsOf(text: string): string | undefined {
  const isFour = /^(25[0-5]|2[0-4]\d|1?\d?\d)(\.(25[0-5]|2[0-4]\d|1?\d?\d)){3}$/.test(text);
  const octets = isFour ? text.split('.').map(Number) : scanIp6(text);
  return octets && Array.from(octets, (octet) => octet.toString(2).padStart(8, '0')).join('');
}

/** A name, and all below it. */
function nameFilter(text: string): (name: string) => boolean {
  const wanted = bare(text).toLowerCase();
  if (wanted === '.') return () => true;
  return (name) => {
    const lower = bare(name).toLowerCase();
    return lower === wanted || lower.endsWith(`.${wanted}`);
  };
}

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86400, w: 604800 };

/**
 * A moment in Unix seconds, as people write it: `90m` (s, m, h, d, w) ago, `12:00` or `12:00:30` today, `2026-03-01`
 * with or without a time behind it, or a TAI64N label. UsageError for anything else.
 */
export function scanMoment(text: string, now: Date): number {
  const ago = /^(\d+)([smhdw])$/.exec(text);
  if (ago) return now.getTime() / 1000 - Number(ago[1]) * UNITS[ago[2]!]!;
  const label = scanTai64n(text);
  if (label) return label.unixSeconds;
  const match = /^(?:(\d{4})-(\d\d)-(\d\d))?(?:(?:^|[ T])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(text);
  if (!match || text === '') throw new UsageError('--since wants a date, a time, or how long ago (90m, 12h, 7d)');
  const [year, month, day, hour = 0, minute = 0, second = 0] = match
    .slice(1)
    .map((part) => part && Number(part)) as number[];
  const date =
    year === undefined
      ? new Date(now.getFullYear(), now.getMonth(), now.getDate(), hour, minute, second)
      : new Date(year, month! - 1, day, hour, minute, second);
  return date.getTime() / 1000;
}
