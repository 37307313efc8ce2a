// What a line of a server's log tells, whichever server wrote it. Lines are Latin-1 text.
import { formatIp6 } from '../base/address.ts';
import type { Moment } from '../base/tai.ts';

/** Fields that a line of its kind does not have are absent. */
export interface Entry {
  /** Kind of the line; `other` for what is not understood. */
  event: string;
  /** When, where the line begins with a TAI64N label or a local time as tai64nlocal writes it. */
  time?: Moment;
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
  /** The response's code by its name. */
  rcode?: string;
  /** The response has TC set. */
  truncated?: boolean;
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
  /** 0 for the client's own question, 1 for that of a server's address, 2 for one needed to resolve that, and so on. */
  level?: number;
  octets?: number;
  error?: string;
  /** Connections at most, where `number` counts them. */
  limit?: number;
  /** How a process ended. */
  exitCode?: number;
  signal?: number;
  /** The four numbers of a `stats` line. */
  stats?: { queries: number; motion: number; udp: number; tcp: number };
}

/** An entry but for its time and text; without `event` its kind is the line's first word. */
export type Fields = Omit<Entry, 'event' | 'time' | 'text'> & { event?: string };

/** A client: its address as text, and its port. */
export interface Peer {
  ip: string;
  port: number;
}

/** An address out of its 8 or 32 hexadecimal digits; anything else unchanged. */
export function scanHexAddress(hex: string): string {
  if (/^[0-9a-f]{8}$/.test(hex)) {
    const number = parseInt(hex, 16);
    return `${number >>> 24}.${(number >>> 16) & 255}.${(number >>> 8) & 255}.${number & 255}`;
  }
  return /^[0-9a-f]{32}$/.test(hex) ? formatIp6(Buffer.from(hex, 'hex')) : hex;
}

/** A client out of its address and port in hexadecimal; NaN stands for a port that is not there. */
export function scanHexPeer(ip = '', port = ''): Peer {
  return { ip: scanHexAddress(ip), port: parseInt(port, 16) };
}
