// What a NOTIFY gets for an answer (RFC 1996), and whether it is believed. No sockets; the clock is handed in.

import type { Address } from '../base/address.ts';
import { equal, unpack32 } from '../base/bytes.ts';
import { CLASS_IN, UDP_MAX } from '../wire/constants.ts';
import * as FLAG from '../wire/flag.ts';
import { formatName, NAME_MAX, nameEqual } from '../wire/name.ts';
import * as RCODE from '../wire/rcode.ts';
import { ANSWER, RecordCursor } from '../wire/record.ts';
import * as TYPE from '../wire/type.ts';
import { Writer } from '../wire/writer.ts';
import { checkRequest, putRefusal, type RequestCheck } from './tsig.ts';
import { BADKEY, BADTIME, type TsigKey } from './tsig-record.ts';

const QUERY = 0;
const NOTIFY = 4;

/** What is known to judge by. */
export interface NotifyContext {
  keyOf(name: Uint8Array): TsigKey | undefined;
  /** The addresses whose NOTIFY for a zone, by its text name, is taken; undefined for a zone that is not kept. */
  sourcesOf(zone: string): readonly Address[] | undefined;
}

/** The answer to send, if any, and what to log; `zone` is to be checked. Serial is undefined without an SOA in it. */
export interface NotifyVerdict {
  readonly answer: Uint8Array | undefined;
  readonly zone: string | undefined;
  readonly serial: number | undefined;
  /** Why it is not taken, and the name in it. */
  readonly refused: string | undefined;
  readonly name: string;
}

const cursor = new RecordCursor();
const qname = new Uint8Array(NAME_MAX);
const owner = new Uint8Array(NAME_MAX);
const out = new Uint8Array(UDP_MAX + 512);
const writer = new Writer();

const SILENCE: NotifyVerdict = { answer: undefined, zone: undefined, serial: undefined, refused: undefined, name: '' };

/** Judges a message from `source` at `now` (Unix seconds). */
export function judgeNotify(message: Uint8Array, source: Address, context: NotifyContext, now: number): NotifyVerdict {
  cursor.start(message);
  if (cursor.failed || cursor.flags & FLAG.QR || cursor.count(0) !== 1 || !cursor.nextQuestion(qname)) return SILENCE;
  const { type, class: qclass, flags } = cursor;
  const opcode = (flags & FLAG.OPCODE) >> FLAG.OPCODE_SHIFT;
  const name = formatName(qname);
  const refuse = (rcode: number, refused: string, check?: RequestCheck): NotifyVerdict => ({
    ...SILENCE,
    answer: compose(message, rcode, check, now),
    refused,
    name,
  });
  if (opcode !== NOTIFY) return refuse(opcode === QUERY ? RCODE.REFUSED : RCODE.NOTIMP, 'not notify');
  if (type !== TYPE.SOA || qclass !== CLASS_IN) return refuse(RCODE.FORMERR, 'not notify');
  const serial = serialIn();
  const check = checkRequest(message, context.keyOf, now);
  if (check.kind === 'malformed') return refuse(RCODE.FORMERR, 'not notify');
  if (check.kind === 'refused') return refuse(RCODE.NOTAUTH, problemOf(check.error), check);
  const sources = context.sourcesOf(name);
  if (!sources) return refuse(RCODE.NOTAUTH, 'not kept', check);
  if (!sources.some((ip) => equal(ip, source))) return refuse(RCODE.REFUSED, 'not listed', check);
  return { answer: compose(message, RCODE.NOERROR, check, now), zone: name, serial, refused: undefined, name };
}

function problemOf(error: number): string {
  if (error === BADKEY) return 'bad key';
  return error === BADTIME ? 'bad time' : 'bad signature';
}

/** The serial in the answer section, which a NOTIFY may have (RFC 1996 section 3.7). */
function serialIn(): number | undefined {
  const { reader } = cursor;
  while (cursor.next(owner)) {
    if (cursor.section !== ANSWER || cursor.type !== TYPE.SOA || !nameEqual(owner, 0, qname, 0)) continue;
    if (reader.skipName() && reader.skipName() && reader.pos + 20 === cursor.dataEnd) {
      return unpack32(reader.bytes, reader.pos);
    }
  }
  return undefined;
}

/** The response: ID, opcode and question of the request; signed if the request was rightly signed. */
function compose(message: Uint8Array, rcode: number, check: RequestCheck | undefined, now: number): Uint8Array {
  cursor.start(message);
  const { id, flags } = cursor;
  cursor.nextQuestion(qname);
  writer.start(out);
  writer.question(id, FLAG.QR | (flags & FLAG.OPCODE) | FLAG.AA | rcode, qname, 0, cursor.type, cursor.class);
  let end = writer.length;
  if (check?.kind === 'right') end = check.chain.sign(out, 0, end, now);
  else if (check?.kind === 'refused') end = putRefusal(out, 0, end, check, now);
  return out.slice(0, end);
}
