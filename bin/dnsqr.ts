#!/usr/bin/env node
// dnsqr: asks the caches, with recursion, and prints the reply.
import { UsageError } from '../src/base/errors.ts';
import { TYPE_NOTES } from '../src/program/args.ts';
import { askCaches, CACHE_NOTES } from '../src/program/lookup-tool.ts';
import { run } from '../src/program/main.ts';
import { QUERY_OPTIONS, queryMannerOf, questionOf, report } from '../src/program/query-tool.ts';

const FLAGS_2 = 2; // RD is in this octet of the packet, RA in the next
const RD = 0x01;
const RA = 0x80;

run(
  {
    name: 'dnsqr',
    synopsis: 'type name',
    about: 'Asks the DNS caches one question, with recursion, and prints the reply.',
    options: QUERY_OPTIONS,
    notes: `${TYPE_NOTES}

${CACHE_NOTES}`,
  },
  async (args, options) => {
    const question = questionOf(args);
    if (args[2] !== undefined) throw new UsageError();
    const asked = await askCaches(question, queryMannerOf(options), true);
    if (asked.reply && !options['json']) {
      // Both are usual in a reply to a recursive question, so they are not shown as weird.
      asked.reply[FLAGS_2]! &= ~RD;
      asked.reply[FLAGS_2 + 1]! &= ~RA;
    }
    await report(question, asked, options);
  },
);
