// The text form of a whole packet, as dnsq, dnsqr, dnstrace and tinydns-get print it. Counterpart: printpacket.c,
// printrecord.c. A packet is printed only when it parses exactly: counts, rdata and no octet left over.

import { formatIp4 } from '../base/address.ts';
import { CLASS_IN } from './constants.ts';
import * as FLAG from './flag.ts';
import { formatName, NAME_MAX, putOctal } from './name.ts';
import type { Reader } from './reader.ts';
import { ANSWER, RecordCursor } from './record.ts';
import * as TYPE from './type.ts';

const RCODES: Readonly<Record<number, string>> = { 0: 'noerror', 3: 'nxdomain', 4: 'notimp', 5: 'refused' };
const SECTIONS = ['answer: ', 'authority: ', 'additional: '] as const;

const owner = new Uint8Array(NAME_MAX);
const target = new Uint8Array(NAME_MAX);

/** The packet as lines of Latin-1 text, or undefined when it does not parse exactly. */
export function formatPacket(packet: Uint8Array): string | undefined {
  const cursor = new RecordCursor();
  cursor.start(packet);
  const counts = [0, 1, 2, 3].map((section) => cursor.count(section));
  let text = headline(packet.length, counts, cursor.flags);
  while (cursor.nextQuestion(owner)) text += `query: ${questionText(cursor)}\n`;
  while (cursor.next(owner)) text += `${SECTIONS[cursor.section - ANSWER]}${formatRecord(cursor, owner)}\n`;
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
 * The record that the cursor has read, of `owner`, as `OWNER TTL TYPE DATA`. On bad data the cursor has `failed` and the
 * text means nothing; names inside rdata must end exactly where the rdata does.
 */
export function formatRecord(cursor: RecordCursor, owner: Uint8Array): string {
  const { reader, type, dataEnd } = cursor;
  const start = `${formatName(owner)} ${cursor.ttl} `;
  if (dataEnd > reader.end) reader.failed = true;
  if (reader.failed) return '';
  if (cursor.class !== CLASS_IN) return `${start}weird class`;
  const data = formatData(reader, type, dataEnd);
  if (reader.pos !== dataEnd) reader.failed = true;
  return start + data;
}

function formatData(reader: Reader, type: number, end: number): string {
  switch (type) {
    case TYPE.A: {
      const at = reader.pos;
      reader.skip(4);
      return reader.failed ? '' : `A ${formatIp4(reader.bytes, at)}`;
    }
    case TYPE.NS:
      return `NS ${nameText(reader)}`;
    case TYPE.PTR:
      return `PTR ${nameText(reader)}`;
    case TYPE.CNAME:
      return `CNAME ${nameText(reader)}`;
    case TYPE.MX:
      return `MX ${reader.u16()} ${nameText(reader)}`;
    case TYPE.SOA: {
      const names = `${nameText(reader)} ${nameText(reader)}`;
      return `SOA ${names} ${reader.u32()} ${reader.u32()} ${reader.u32()} ${reader.u32()} ${reader.u32()}`;
    }
    default: {
      const from = reader.pos;
      reader.pos = end;
      return `${type} ${formatOpaque(reader.bytes, from, end)}`;
    }
  }
}

function nameText(reader: Reader): string {
  return reader.name(target) > 0 ? formatName(target) : '';
}

/** Octets 33 to 126 except the backslash literal, all others as `\ooo`. */
export function formatOpaque(bytes: Uint8Array, from: number, to: number): string {
  const out = new Uint8Array(4 * (to - from));
  let at = 0;
  for (let i = from; i < to; i++) {
    const octet = bytes[i]!;
    if (octet >= 33 && octet <= 126 && octet !== 92) out[at++] = octet;
    else at = putOctal(out, at, octet);
  }
  return Buffer.from(out.buffer, 0, at).toString('latin1');
}
