// Compilers and responders without files and sockets: data lines to the bytes of a cdb, a question to a reply. Replies
// are decoded with dns-packet, which shares no code with what is tested.

import { type Answer, decode } from 'dns-packet';
import { Question, type Responder } from '../../src/answer/responder.ts';
import { copyIp4 } from '../../src/base/address.ts';
import { bytesOf } from '../../src/base/bytes.ts';
import { cdbInMemory } from '../../src/cdb/in-memory.ts';
import type { CdbMaker } from '../../src/cdb/maker.ts';
import { CdbScan } from '../../src/cdb/reader.ts';
import { trimmedEnd } from '../../src/data/fields.ts';
import type { LineCompiler } from '../../src/program/compile.ts';
import { CLASS_IN } from '../../src/wire/constants.ts';
import * as FLAG from '../../src/wire/flag.ts';
import { nameOf } from '../../src/wire/name.ts';
import { Writer } from '../../src/wire/writer.ts';

/** The cdb that the lines of `text` (Latin-1) compile to. */
export function compiledText(text: string, make: (maker: CdbMaker) => LineCompiler): Uint8Array {
  return cdbInMemory((maker) => {
    const compiler = make(maker);
    const bytes = bytesOf(text);
    for (let from = 0; from < bytes.length; ) {
      const newline = bytes.indexOf(10, from);
      const to = newline < 0 ? bytes.length : newline;
      const end = trimmedEnd(bytes, from, to);
      if (end > from) compiler.line(bytes, from, end);
      from = to + 1;
    }
    compiler.end?.();
  });
}

/** A cdb's records in file order, key and value as Latin-1 text. */
export function recordsOf(db: Uint8Array): [key: string, value: string][] {
  const scan = new CdbScan(db);
  const text = (at: number, length: number) => Buffer.from(db.subarray(at, at + length)).toString('latin1');
  const records: [string, string][] = [];
  while (scan.next()) records.push([text(scan.keyPos, scan.keyLength), text(scan.dataPos, scan.dataLength)]);
  if (scan.failed) throw new Error('the file is corrupt');
  return records;
}

/**
 * What a responder made of a question: null for silence, else rcode, AA and the answer section (the others are empty).
 */
export interface Reply {
  rcode: number;
  authoritative: boolean;
  answers: Answer[];
}

const writer = new Writer();
const room = new Uint8Array(65536);
const question = new Question();

/** Asks `responder` for `name` (its letters in any case) and `type` on behalf of the client `ip`, class IN. */
export function askResponder(
  responder: Responder,
  name: string,
  type: number,
  ip: readonly number[] = [127, 0, 0, 1],
): Reply | null {
  const qname = nameOf(name)!;
  writer.start(room);
  writer.question(1, FLAG.QR | FLAG.AA, qname, 0, type, CLASS_IN);
  question.set({ name: qname, nameAt: 0, nameLength: qname.length, type }, copyIp4(Uint8Array.from(ip)));
  responder.begin();
  if (!responder.respond(question, writer) || writer.failed) return null;
  const { flags = 0, answers = [], authorities, additionals } = decode(Buffer.from(room.subarray(0, writer.length)));
  if (authorities?.length || additionals?.length) throw new Error('records where there are never any');
  return { rcode: flags & 15, authoritative: (flags & FLAG.AA) !== 0, answers };
}
