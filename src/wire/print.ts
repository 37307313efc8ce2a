// The text form of a whole packet, as dnsq, dnsqr, dnstrace and tinydns-get print it. Counterpart: printpacket.c,
// printrecord.c. A packet is printed only when it parses exactly: counts, rdata and no octet left over.

import { formatIp4 } from '../base/ip.ts';
import { CLASS_IN } from './constants.ts';
import * as FLAG from './flag.ts';
import { formatName, NAME_MAX, putOctal } from './name.ts';
import { Reader } from './reader.ts';
import * as TYPE from './type.ts';

const RCODES: Readonly<Record<number, string>> = { 0: 'noerror', 3: 'nxdomain', 4: 'notimp', 5: 'refused' };
const SECTIONS = ['answer: ', 'authority: ', 'additional: '] as const;

const owner = new Uint8Array(NAME_MAX);
const target = new Uint8Array(NAME_MAX);

/** The packet as lines of Latin-1 text, or undefined when it does not parse exactly. */
export function formatPacket(packet: Uint8Array): string | undefined {
  const reader = new Reader();
  reader.start(packet);
  reader.skip(2);
  const flags = reader.u16();
  const counts = [reader.u16(), reader.u16(), reader.u16(), reader.u16()] as const;
  let text = headline(packet.length, counts, flags);
  for (let i = 0; i < counts[0] && !reader.failed; i++) text += `query: ${questionText(reader)}\n`;
  for (const [section, prefix] of SECTIONS.entries()) {
    for (let i = 0; i < counts[section + 1]! && !reader.failed; i++) text += `${prefix}${formatRecord(reader)}\n`;
  }
  return reader.failed || reader.pos !== reader.end ? undefined : text;
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

function questionText(reader: Reader): string {
  reader.name(owner);
  const type = reader.u16();
  const isInternet = reader.u16() === CLASS_IN;
  if (reader.failed) return '';
  return isInternet ? `${type} ${formatName(owner)}` : 'weird class';
}

/**
 * The record at the reader as `OWNER TTL TYPE DATA`, the reader moved behind it. On bad data the reader has `failed`
 * and the text means nothing; names inside rdata must end exactly where the rdata does.
 */
export function formatRecord(reader: Reader): string {
  reader.name(owner);
  const type = reader.u16();
  const isInternet = reader.u16() === CLASS_IN;
  const ttl = reader.u32();
  const end = reader.u16() + reader.pos;
  if (reader.failed || end > reader.end) {
    reader.failed = true;
    return '';
  }
  const start = `${formatName(owner)} ${ttl} `;
  if (!isInternet) {
    reader.pos = end;
    return `${start}weird class`;
  }
  const data = formatData(reader, type, end);
  if (reader.pos !== end) reader.failed = true;
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
