// A whole packet as an object for JSON: header, EDNS, and every record taken apart. There is no counterpart in djbdns
// 1.05. Names have djbdns's text form.

import { formatHex } from '../base/bytes.ts';
import { HEADER_SIZE } from './constants.ts';
import * as FLAG from './flag.ts';
import { formatName, NAME_MAX } from './name.ts';
import { rcodeName } from './rcode.ts';
import { type Fields, rdataFields } from './rdata.ts';
import { Reader } from './reader.ts';
import * as TYPE from './type.ts';
import { typeName } from './type.ts';

/** In the TTL of an OPT record (RFC 6891 section 6.1.4). */
const DNSSEC_OK = 0x8000;

const OPCODES = ['QUERY', 'IQUERY', 'STATUS', '', 'NOTIFY', 'UPDATE', 'DSO'];
const CLASSES: Readonly<Record<number, string>> = { 1: 'IN', 3: 'CH', 4: 'HS', 254: 'NONE', 255: 'ANY' };
const EDNS_OPTIONS: Readonly<Record<number, string>> = {
  3: 'NSID',
  8: 'CLIENT-SUBNET',
  9: 'EXPIRE',
  10: 'COOKIE',
  11: 'TCP-KEEPALIVE',
  12: 'PADDING',
  15: 'EXTENDED-ERROR',
};

export interface QuestionObject {
  name: string;
  type: string;
  class: string;
}

export interface RecordObject extends QuestionObject {
  ttl: number;
  data: Fields;
}

export interface EdnsObject {
  version: number;
  udpSize: number;
  dnssecOk: boolean;
  options: { code: number; name: string; data: string }[];
}

export interface PacketObject {
  size: number;
  id: number;
  opcode: string;
  rcode: string;
  response: boolean;
  authoritative: boolean;
  truncated: boolean;
  recursionDesired: boolean;
  recursionAvailable: boolean;
  authenticData: boolean;
  checkingDisabled: boolean;
  edns: EdnsObject | null;
  questions: QuestionObject[];
  answers: RecordObject[];
  authorities: RecordObject[];
  additionals: RecordObject[];
}

const owner = new Uint8Array(NAME_MAX);

/** The packet taken apart, or undefined when counts, names and lengths do not end exactly where it does. */
export function packetObject(packet: Uint8Array): PacketObject | undefined {
  const reader = new Reader();
  reader.start(packet);
  const id = reader.u16();
  const flags = reader.u16();
  const counts = [reader.u16(), reader.u16(), reader.u16(), reader.u16()] as const;
  const object: PacketObject = {
    size: packet.length,
    id,
    opcode:
      OPCODES[(flags & FLAG.OPCODE) >> FLAG.OPCODE_SHIFT] || `OPCODE${(flags & FLAG.OPCODE) >> FLAG.OPCODE_SHIFT}`,
    rcode: '',
    response: (flags & FLAG.QR) !== 0,
    authoritative: (flags & FLAG.AA) !== 0,
    truncated: (flags & FLAG.TC) !== 0,
    recursionDesired: (flags & FLAG.RD) !== 0,
    recursionAvailable: (flags & FLAG.RA) !== 0,
    authenticData: (flags & FLAG.AD) !== 0,
    checkingDisabled: (flags & FLAG.CD) !== 0,
    edns: null,
    questions: [],
    answers: [],
    authorities: [],
    additionals: [],
  };
  let rcode = flags & FLAG.RCODE;
  for (let i = 0; i < counts[0] && !reader.failed; i++) object.questions.push(readQuestion(reader));
  for (const [i, section] of [object.answers, object.authorities, object.additionals].entries()) {
    for (let left = counts[i + 1]!; left > 0 && !reader.failed; left--) {
      const { name, type, class: number } = readHead(reader);
      const ttl = reader.u32();
      const end = reader.u16() + reader.pos;
      if (reader.failed || end > reader.end) return undefined;
      if (type === TYPE.OPT && section === object.additionals && !object.edns) {
        object.edns = readEdns(reader, end, number, ttl);
        rcode |= (ttl >>> 24) << 4;
      } else {
        const data = rdataFields(packet, reader.pos, end, type);
        section.push({ name, type: typeName(type), class: className(number), ttl, data });
      }
      reader.pos = end;
    }
  }
  object.rcode = rcodeName(rcode);
  return reader.failed || reader.pos !== reader.end || packet.length < HEADER_SIZE ? undefined : object;
}

function readHead(reader: Reader): { name: string; type: number; class: number } {
  const name = reader.name(owner) > 0 ? formatName(owner) : '';
  return { name, type: reader.u16(), class: reader.u16() };
}

function readQuestion(reader: Reader): QuestionObject {
  const { name, type, class: number } = readHead(reader);
  return { name, type: typeName(type), class: className(number) };
}

function className(number: number): string {
  return CLASSES[number] ?? `CLASS${number}`;
}

/** The OPT record (RFC 6891 section 6.1): class and TTL have meanings of their own. */
function readEdns(reader: Reader, end: number, udpSize: number, ttl: number): EdnsObject {
  const options: EdnsObject['options'] = [];
  while (!reader.failed && reader.pos + 4 <= end) {
    const code = reader.u16();
    const data = reader.copy(reader.u16());
    if (reader.failed || reader.pos > end) break;
    options.push({ code, name: EDNS_OPTIONS[code] ?? `OPTION${code}`, data: formatHex(data) });
  }
  return { version: (ttl >>> 16) & 255, udpSize, dnssecOk: (ttl & DNSSEC_OK) !== 0, options };
}
