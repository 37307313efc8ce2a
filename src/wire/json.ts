// A whole packet as an object for JSON: header, EDNS, and every record taken apart. There is no counterpart in djbdns
// 1.05. Names have djbdns's text form.

import { formatHex } from '../base/bytes.ts';
import * as FLAG from './flag.ts';
import { formatName, NAME_MAX } from './name.ts';
import { DNSSEC_OK } from './opt.ts';
import { rcodeName } from './rcode.ts';
import { type RdataObject, rdataObject } from './rdata-object.ts';
import type { Reader } from './reader.ts';
import { ADDITIONAL, ANSWER, RecordCursor } from './record.ts';
import * as TYPE from './type.ts';
import { typeName } from './type.ts';

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
  data: RdataObject;
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
  const cursor = new RecordCursor();
  cursor.start(packet);
  const { id, flags } = cursor;
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
  while (cursor.nextQuestion(owner)) object.questions.push(questionObject(cursor));
  const sections = [object.answers, object.authorities, object.additionals];
  while (cursor.next(owner)) {
    const { type, ttl } = cursor;
    if (type === TYPE.OPT && cursor.section === ADDITIONAL && !object.edns) {
      object.edns = readEdns(cursor);
      rcode |= (ttl >>> 24) << 4;
    } else {
      const data = rdataObject(packet, cursor.dataAt, cursor.dataEnd, type);
      sections[cursor.section - ANSWER]!.push({ ...questionObject(cursor), ttl, data });
    }
  }
  object.rcode = rcodeName(rcode);
  return cursor.isAtEnd ? object : undefined;
}

function questionObject(cursor: RecordCursor): QuestionObject {
  return { name: formatName(owner), type: typeName(cursor.type), class: className(cursor.class) };
}

function className(number: number): string {
  return CLASSES[number] ?? `CLASS${number}`;
}

/** The OPT record (RFC 6891 section 6.1): class and TTL have meanings of their own. */
function readEdns(cursor: RecordCursor): EdnsObject {
  const { reader, ttl } = cursor;
  return {
    version: (ttl >>> 16) & 255,
    udpSize: cursor.class,
    dnssecOk: (ttl & DNSSEC_OK) !== 0,
    options: readOptions(reader, cursor.dataEnd),
  };
}

function readOptions(reader: Reader, end: number): EdnsObject['options'] {
  const options: EdnsObject['options'] = [];
  while (!reader.failed && reader.pos + 4 <= end) {
    const code = reader.u16();
    const data = reader.copy(reader.u16());
    if (reader.failed || reader.pos > end) break;
    options.push({ code, name: EDNS_OPTIONS[code] ?? `OPTION${code}`, data: formatHex(data) });
  }
  return options;
}
