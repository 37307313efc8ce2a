// DNS messages as a library, the package's `./message`: taken apart into objects, and put together from what one would
// write into a zone file.

import { CLASS_IN, MESSAGE_MAX } from '../wire/constants.ts';
import * as FLAG from '../wire/flag.ts';
import { type PacketObject, packetObject } from '../wire/json.ts';
import { nameOf } from '../wire/name.ts';
import { putRdata } from '../wire/rdata.ts';
import { scanRdata } from '../wire/rdata-text.ts';
import { tokensOf } from '../wire/tokens.ts';
import { OPT, scanAnyType } from '../wire/type.ts';
import { Writer } from '../wire/writer.ts';

export type { EdnsObject, PacketObject, QuestionObject, RecordObject } from '../wire/json.ts';
export type { FieldValue, RdataObject } from '../wire/rdata-object.ts';

/** DNSSEC OK, in the TTL field of an OPT record (RFC 6891 section 6.1.4). */
const DNSSEC_OK = 0x8000;

/**
 * The message taken apart: header, EDNS, questions, records with their data by field. Undefined when its counts, names
 * and lengths do not end exactly where it does. Names have djbdns's text form, with `\ooo` for unusual octets.
 */
export function decode(message: Uint8Array): PacketObject | undefined {
  return packetObject(message);
}

/** A question of class IN. `type` is a mnemonic, a number in digits or `TYPEnnn`. */
export interface QuestionText {
  name: string;
  type: string;
}

/** A record of class IN; its data as in a zone file, names in it whole: `10 mail.example.com`, or `\# LENGTH HEX`. */
export interface RecordText extends QuestionText {
  /** In seconds. */
  ttl: number;
  data: string;
}

/** What `encode` takes. What is left out is 0, false or empty. */
export interface MessageText {
  id?: number;
  response?: boolean;
  authoritative?: boolean;
  truncated?: boolean;
  recursionDesired?: boolean;
  recursionAvailable?: boolean;
  authenticData?: boolean;
  checkingDisabled?: boolean;
  /** 0 to 15. */
  rcode?: number;
  /** Adds an OPT record. */
  edns?: { udpSize: number; dnssecOk?: boolean };
  questions?: readonly QuestionText[];
  answers?: readonly RecordText[];
  authorities?: readonly RecordText[];
  additionals?: readonly RecordText[];
}

const FLAGS = {
  response: FLAG.QR,
  authoritative: FLAG.AA,
  truncated: FLAG.TC,
  recursionDesired: FLAG.RD,
  recursionAvailable: FLAG.RA,
  authenticData: FLAG.AD,
  checkingDisabled: FLAG.CD,
} as const;

/**
 * The message in octets, names compressed as djbdns does. Throws TypeError for a name, type or data that is none, and
 * RangeError for a message over 65535 octets.
 */
export function encode(message: MessageText): Uint8Array {
  const { questions = [], answers = [], authorities = [], additionals = [], edns } = message;
  const writer = new Writer();
  const room = new Uint8Array(MESSAGE_MAX);
  let flags = (message.rcode ?? 0) & FLAG.RCODE;
  for (const [name, flag] of Object.entries(FLAGS)) if (message[name as keyof typeof FLAGS]) flags |= flag;
  writer.start(room);
  writer.header((message.id ?? 0) & 0xffff, flags, questions.length);
  for (const question of questions) {
    writer.name(toName(question.name), 0);
    writer.u16(toType(question.type));
    writer.u16(CLASS_IN);
  }
  for (const [i, records] of [answers, authorities, additionals].entries()) {
    for (const record of records) putRecord(writer, i + 1, record);
  }
  if (edns) putEdns(writer, edns.udpSize, edns.dnssecOk ?? false);
  if (writer.failed) throw new RangeError(`a message holds at most ${MESSAGE_MAX} octets`);
  return room.slice(0, writer.length);
}

function putRecord(writer: Writer, section: number, { name, type, ttl, data }: RecordText): void {
  const number = toType(type);
  const tokens = tokensOf(data);
  const octets = tokens && scanRdata(number, tokens);
  if (!octets) throw new TypeError(`not data of type ${type}: ${data}`);
  const mark = writer.startRecord(section, toName(name), 0, number, ttl);
  putRdata(writer, number, octets, 0, octets.length);
  writer.endRecord(mark);
}

/** An OPT record (RFC 6891 section 6.1.2): the root, the size in place of the class, flags in place of the TTL. */
function putEdns(writer: Writer, udpSize: number, dnssecOk: boolean): void {
  writer.put(Uint8Array.of(0));
  writer.u16(OPT);
  writer.u16(udpSize);
  writer.u32(dnssecOk ? DNSSEC_OK : 0);
  writer.u16(0);
  writer.setCount(3, writer.count(3) + 1);
}

function toName(text: string): Uint8Array {
  const name = nameOf(text);
  if (!name) throw new TypeError(`not a name: ${text}`);
  return name.slice();
}

function toType(text: string): number {
  const type = scanAnyType(text);
  if (type < 0) throw new TypeError(`not a type: ${text}`);
  return type;
}
