// The text form of a whole packet, as dnsq, dnsqr, dnstrace and tinydns-get print it. Counterpart: printpacket.c,
// printrecord.c. A packet is printed only when it parses exactly: counts, rdata and no octet left over.

import { formatHex } from '../base/bytes.ts';
import { CLASS_IN } from './constants.ts';
import { formatOpaque } from './escape.ts';
import * as FLAG from './flag.ts';
import { layoutOf, shapeOf } from './layout.ts';
import { formatName, NAME_MAX } from './name.ts';
import { DNSSEC_OK } from './opt.ts';
import { readField } from './rdata-object.ts';
import { formatTyped } from './rdata-text.ts';
import type { Reader } from './reader.ts';
import { ANSWER, RecordCursor } from './record.ts';
import * as TYPE from './type.ts';
import { typeName } from './type.ts';

const RCODES: Readonly<Record<number, string>> = { 0: 'noerror', 3: 'nxdomain', 4: 'notimp', 5: 'refused' };
const SECTIONS = ['answer: ', 'authority: ', 'additional: '] as const;

const owner = new Uint8Array(NAME_MAX);

/** How records are shown of types that djbdns does not know: as a number and octets, or by name and with text. */
export type PrintStyle = 'plain' | 'typed';

/** The packet as lines of Latin-1 text, or undefined when it does not parse exactly. */
export function formatPacket(packet: Uint8Array, style: PrintStyle = 'plain'): string | undefined {
  const cursor = new RecordCursor();
  cursor.start(packet);
  const counts = [0, 1, 2, 3].map((section) => cursor.count(section));
  let text = headline(packet.length, counts, cursor.flags);
  while (cursor.nextQuestion(owner)) text += `query: ${questionText(cursor)}\n`;
  while (cursor.next(owner)) text += `${SECTIONS[cursor.section - ANSWER]}${formatRecord(cursor, owner, style)}\n`;
  return cursor.isAtEnd ? text : undefined;
}

function headline(length: number, counts: readonly number[], flags: number): string {
  let text = `${length} bytes, ${counts.join('+')} records`;
  if (flags & FLAG.QR) text += ', response';
  if (flags & FLAG.OPCODE) text += ', weird op';
  if (flags & FLAG.AA) text += ', authoritative';
  if (flags & FLAG.TC) text += ', truncated';
  if (flags & FLAG.RD) text += ', weird rd';
  if (flags & FLAG.RA) text += ', weird ra';
  text += `, ${RCODES[flags & FLAG.RCODE] ?? 'weird rcode'}`;
  if (flags & FLAG.Z) text += ', weird z';
  return `${text}\n`;
}

function questionText(cursor: RecordCursor): string {
  return cursor.class === CLASS_IN ? `${cursor.type} ${formatName(owner)}` : 'weird class';
}

/**
 * The record that the cursor has read, of `owner`, as `OWNER TTL TYPE DATA`. On bad data the cursor has `failed` and
 * the text means nothing; names inside rdata must end exactly where the rdata does.
 */
export function formatRecord(cursor: RecordCursor, owner: Uint8Array, style: PrintStyle = 'plain'): string {
  const { reader, type, dataEnd } = cursor;
  const start = `${formatName(owner)} ${cursor.ttl} `;
  if (dataEnd > reader.end) reader.failed = true;
  if (reader.failed) return '';
  if (style === 'typed' && type === TYPE.OPT) return `${formatName(owner)} OPT ${formatOpt(cursor)}`;
  if (cursor.class !== CLASS_IN) return `${start}weird class`;
  const data = formatData(reader, type, dataEnd, style);
  if (reader.pos !== dataEnd) reader.failed = true;
  return start + data;
}

/** The data of an OPT record, whose class and TTL have meanings of their own (RFC 6891 section 6.1.2). */
function formatOpt({ reader, class: size, ttl, dataAt, dataEnd }: RecordCursor): string {
  const extended = ttl >>> 24;
  let text = `version ${(ttl >>> 16) & 255}, ${size} octets`;
  if (extended > 0) text += `, extended rcode ${extended}`;
  if (ttl & DNSSEC_OK) text += ', dnssec ok';
  if (dataEnd > dataAt) text += `, options ${formatHex(reader.bytes.subarray(dataAt, dataEnd))}`;
  reader.pos = dataEnd;
  return text;
}

/** The six types that djbdns knows in their fields, all others as the style says. */
function formatData(reader: Reader, type: number, end: number, style: PrintStyle): string {
  if (type === TYPE.A || shapeOf(type).names > 0) {
    return `${typeName(type)} ${layoutOf(type)!
      .map(({ kind }) => readField(reader, kind))
      .join(' ')}`;
  }
  const text = style === 'typed' ? `${typeName(type)} ${formatTyped(type, reader, end)}` : undefined;
  const from = reader.pos;
  reader.pos = end;
  return text ?? `${type} ${formatOpaque(reader.bytes, from, end)}`;
}
