#!/usr/bin/env node
// dnsmx: the mail exchangers of domain names. A name without any is its own.
import { stdout } from '../src/base/output.ts';
import { CACHE_NOTES, CLIENT_OPTIONS, forEachArgument, lookup, mannerOf } from '../src/program/lookup-tool.ts';
import { run } from '../src/program/main.ts';
import { mailExchangesIn } from '../src/stub/extract.ts';
import { formatName, nameOf } from '../src/wire/name.ts';
import * as TYPE from '../src/wire/type.ts';

run(
  {
    name: 'dnsmx',
    synopsis: 'name ...',
    about: 'Prints the MX records of each name: preference and mail exchanger.',
    options: CLIENT_OPTIONS,
    notes: CACHE_NOTES,
  },
  async (args, options) => {
    const manner = mannerOf(options);
    await forEachArgument(args, 'unable to find MX records for', async (text) => {
      const exchanges = await lookup(text, TYPE.MX, mailExchangesIn, manner);
      for (const { preference, exchange } of exchanges) stdout.putText(`${preference} ${formatName(exchange)}\n`);
      if (exchanges.length === 0) stdout.putText(`0 ${formatName(nameOf(text)!)}\n`);
    });
  },
);
