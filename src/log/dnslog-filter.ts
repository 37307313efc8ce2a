// Which lines dnslog shows: since when, of which client, about which names and types.
import { BlockList, isIP } from 'node:net';
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
  const [address = '', bits, ...more] = text.split('/');
  const family = isIP(address);
  const list = new BlockList();
  const size = family === 4 ? 32 : 128;
  if (family === 0 || more.length > 0 || (bits !== undefined && !(/^\d{1,3}$/.test(bits) && Number(bits) <= size)))
    throw new UsageError('--client wants an address, or a network such as 192.0.2.0/24');
  list.addSubnet(address, bits === undefined ? size : Number(bits), family === 4 ? 'ipv4' : 'ipv6');
  return (ip) => isIP(ip) !== 0 && list.check(ip, isIP(ip) === 4 ? 'ipv4' : 'ipv6');
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
 * A moment in Unix seconds, as people write it: `90m` (s, m, h, d, w) ago, `12:00` or `12:00:30` today, `2026-03-01` with
 * or without a time behind it, or a TAI64N label. UsageError for anything else.
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
