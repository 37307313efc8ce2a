#!/usr/bin/env node
// tinydns-get: what tinydns would answer, from data.cdb here, without a server. The answer is tinydns's own.

import { Question } from '../src/answer/responder.ts';
import { TinydnsResponder } from '../src/answer/tinydns.ts';
import { type Address, ANY4, ip4Of, scanIp6 } from '../src/base/address.ts';
import { Fatal, UsageError } from '../src/base/errors.ts';
import { MappedFile } from '../src/base/mapped-file.ts';
import { stdout } from '../src/base/output.ts';
import { UnseededRandom } from '../src/base/unseeded-random.ts';
import { Log } from '../src/log/qlog.ts';
import { argBytes, argText, TYPE_NOTES } from '../src/program/args.ts';
import { isTerminal, run } from '../src/program/main.ts';
import { ServedFile } from '../src/program/served-file.ts';

import { CLASS_IN } from '../src/wire/constants.ts';
import * as FLAG from '../src/wire/flag.ts';
import { formatName, nameOf } from '../src/wire/name.ts';
import { formatPacket } from '../src/wire/print.ts';
import * as RCODE from '../src/wire/rcode.ts';
import * as TYPE from '../src/wire/type.ts';
import { scanAnyType } from '../src/wire/type.ts';
import { Writer } from '../src/wire/writer.ts';

run(
  {
    name: 'tinydns-get',
    synopsis: 'type name [ip]',
    about: 'Prints what tinydns would answer to a client at ip, from data.cdb in the current directory.',
    options: [['--typed', 'print records of all types by name and as text']],
    notes: TYPE_NOTES,
  },
  (args, options) => {
    const type = args.length < 2 ? -1 : scanAnyType(args[0]!);
    if (type < 0) throw new UsageError();
    const qname = nameOf(argBytes(args, 1));
    if (!qname) throw new Fatal('unable to parse: protocol error');
    const ip = args.length > 2 ? (ip4Of(argBytes(args, 2)) ?? scanIp6(argText(args, 2))) : ANY4;
    if (!ip) throw new UsageError();

    const response = new Writer();
    const room = new Uint8Array(65536);
    response.start(room);
    response.question(0, FLAG.QR | FLAG.AA, qname, 0, type, CLASS_IN);
    let text = `${type} ${formatName(qname)}:\n`;
    if (respond(qname, type, ip, response) && !response.failed) {
      const packet = formatPacket(room.subarray(0, response.length), options['typed'] ? 'typed' : 'plain');
      if (packet === undefined) throw new Fatal('unable to parse: protocol error');
      text += packet;
    }
    stdout.putText(text);
  },
);

function respond(qname: Uint8Array, type: number, ip: Address, response: Writer): boolean {
  if (type === TYPE.AXFR) {
    response.setRcode(RCODE.NOTIMP);
    return true;
  }
  const random = new UnseededRandom();
  // Scripts see what the original says: nothing of a data.cdb that is missing or corrupt.
  const log = new Log(false);
  const data = isTerminal(2) ? new ServedFile('tinydns-get', log) : new MappedFile('data.cdb');
  const responder = new TinydnsResponder(data, { randomBelow: (n) => random.next() % n });
  const question = new Question();
  question.set({ name: qname, nameAt: 0, nameLength: qname.length, type }, ip);
  responder.begin();
  log.flush();
  return responder.respond(question, response);
}
