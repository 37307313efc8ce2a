// The lines that dnstrace prints and dnstracesort reads: `TYPE:NAME:ZONE:IP:KIND:VALUES`, made and taken apart.
// Counterpart: the printing of dnstrace.c, the awk of dnstracesort.sh. Text is Latin-1. An IPv6 address, which the
// original does not have, is 32 hexadecimal digits: it may not bring colons of its own.

import { type Address, formatIp4, formatIp6 } from '../base/address.ts';
import { formatHex } from '../base/bytes.ts';
import { DNS_PORT, type Endpoint } from '../base/endpoint.ts';
import { formatName } from '../wire/name.ts';
import type { StubQuestion } from './exchange.ts';

/** A question for one server, as a server of `zone`. */
export interface Task extends StubQuestion {
  readonly zone: Uint8Array;
  readonly server: Endpoint;
  /** The server's name, by which it came to be asked. */
  readonly serverName: Uint8Array;
}

/** What was learned. Names are in wire form, `record` and `text` are Latin-1. */
export type Fact =
  | { readonly kind: 'ns'; readonly zone: Uint8Array; readonly server: Uint8Array }
  | { readonly kind: 'a'; readonly owner: Uint8Array; readonly server: Endpoint }
  | { readonly kind: 'answer'; readonly record: string }
  | { readonly kind: 'cname'; readonly target: Uint8Array }
  | { readonly kind: 'nxdomain' }
  | { readonly kind: 'nodata' }
  | { readonly kind: 'see'; readonly zone: Uint8Array }
  | { readonly kind: 'alert'; readonly text: string };

/** The line without its newline; `task` is undefined for what was known from the start. */
export function formatLine(task: Task | undefined, fact: Fact | 'tx'): string {
  const start = task
    ? `${task.type}:${formatName(task.name)}:${formatName(task.zone)}:${formatServer(task.server)}`
    : '0:.:.:start';
  return `${start}:${fact === 'tx' ? fact : formatFact(fact)}`;
}

function formatFact(fact: Fact): string {
  switch (fact.kind) {
    case 'ns':
      return `NS:${formatName(fact.zone)}:${formatName(fact.server)}`;
    case 'a':
      return `${fact.server.ip.length === 4 ? 'A' : 'AAAA'}:${formatName(fact.owner)}:${formatServer(fact.server)}`;
    case 'answer':
      return `answer:${fact.record}`;
    case 'cname':
      return `CNAME:${formatName(fact.target)}`;
    case 'see':
      return `see:${formatName(fact.zone)}`;
    case 'alert':
      return `ALERT:${fact.text}`;
    default:
      return fact.kind.toUpperCase();
  }
}

function formatServer({ ip, port }: Endpoint): string {
  return `${formatFlat(ip)}${port === DNS_PORT ? '' : `:${port}`}`;
}

function formatFlat(ip: Address): string {
  return ip.length === 4 ? formatIp4(ip) : formatHex(ip);
}

/** The address, with its port if it has one, as people read it. Any other text stays as it is. */
export function formatField(field: string): string {
  const [, flat, port] = /^([0-9a-f]{32})(:.*)?$/.exec(field) ?? [];
  if (!flat) return field;
  const text = formatIp6(Buffer.from(flat, 'hex'));
  return port ? `[${text}]${port}` : text;
}

/** A line taken apart. What a line does not have is the empty string. */
export interface TraceLine {
  readonly type: string;
  readonly name: string;
  readonly zone: string;
  /** The address, with the port where the line has one. */
  readonly server: string;
  readonly kind: string;
  readonly values: readonly string[];
}

/** Takes any line apart at its colons. */
export function splitLine(line: string): TraceLine {
  const [type = '', name = '', zone = '', ip = '', ...rest] = line.split(':');
  const server = /^[0-9]+$/.test(rest[0] ?? '') ? `${ip}:${rest.shift()}` : ip;
  const [kind = '', ...values] = rest;
  return { type, name, zone, server, kind, values };
}
