#!/usr/bin/env node
// tcprules: compiles access rules from standard input into a cdb for tcpserver -x and axfrdns --listen.
import { textOf } from '../src/base/bytes.ts';
import { Fatal, orFatal, UsageError } from '../src/base/errors.ts';
import { Replacement } from '../src/base/files.ts';
import { LineReader } from '../src/base/lines.ts';
import { CdbMaker, CdbTooLarge } from '../src/cdb/maker.ts';
import { scanRule } from '../src/data/tcprules.ts';
import { argText } from '../src/program/args.ts';
import { run } from '../src/program/main.ts';

run(
  {
    name: 'tcprules',
    synopsis: 'rules.cdb rules.tmp',
    about: 'Compiles access rules for TCP connections from standard input to rules.cdb, by way of rules.tmp.',
    notes: `A line is an address, a colon, allow or deny, and variables; the most particular one counts, and without one a
connection is allowed:
  192.0.2.7:allow,AXFR="example.com"
  10.:deny
  :allow,AXFR=""`,
  },
  (args) => {
    if (args.length < 2) throw new UsageError();
    const temporary = argText(args, 1);
    const file = new Replacement(argText(args, 0), temporary, {
      write: `unable to write to ${temporary}`,
      open: `unable to create ${temporary}`,
    });
    const maker = new CdbMaker((bytes, length, position) => file.writeAt(bytes, length, position));
    try {
      compile(maker);
    } catch (error) {
      throw error instanceof CdbTooLarge ? new Fatal('out of memory') : error;
    }
    file.commit();
  },
);

function compile(maker: CdbMaker): void {
  const lines = new LineReader(0);
  while (orFatal('unable to read input', () => lines.next())) {
    const { bytes, from } = lines;
    let { to } = lines;
    while (to > from && (bytes[to - 1] === 32 || bytes[to - 1] === 9)) to--;
    const parsed = scanRule(bytes, from, to, (key, value) => maker.add(key, value));
    if (!parsed) throw new Fatal(`unable to parse this line: ${textOf(bytes, from, to)}`, 100);
  }
  maker.finish();
}
