#!/usr/bin/env node
// dnstxt: the TXT records of domain names.
import { stdout } from '../src/base/output.ts';
import { CACHE_NOTES, CLIENT_OPTIONS, forEachArgument, lookup, mannerOf } from '../src/program/lookup-tool.ts';
import { run } from '../src/program/main.ts';
import { textIn } from '../src/stub/extract.ts';
import * as TYPE from '../src/wire/type.ts';

run(
  {
    name: 'dnstxt',
    synopsis: 'name ...',
    about: 'Prints the text of the TXT records of each name, a line for a name.',
    options: CLIENT_OPTIONS,
    notes: CACHE_NOTES,
  },
  async (args, options) => {
    const manner = mannerOf(options);
    await forEachArgument(args, 'unable to find TXT records for', async (name) => {
      stdout.put(await lookup(name, TYPE.TXT, textIn, manner));
      stdout.putText('\n');
    });
  },
);
