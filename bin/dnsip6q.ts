#!/usr/bin/env node
// dnsip6q: dnsip6 for names as people type them.
import { stdout } from '../src/base/output.ts';
import {
  addresses6Of,
  CLIENT_OPTIONS,
  forEachArgument,
  formatMapped,
  mannerOf,
  printAddresses,
  qualify,
  REWRITE_NOTES,
} from '../src/program/lookup-tool.ts';
import { run } from '../src/program/main.ts';

run(
  {
    name: 'dnsip6q',
    synopsis: 'name ...',
    about: 'Completes each name by the rewriting rules and prints it and its addresses as dnsip6 does.',
    options: CLIENT_OPTIONS,
    notes: REWRITE_NOTES,
  },
  async (args, options) => {
    const manner = mannerOf(options);
    await forEachArgument(args, 'unable to find IP6 address for', async (typed) => {
      const { name, addresses } = await qualify(typed, (name) => addresses6Of(name, manner), ':');
      stdout.putText(`${name} `);
      printAddresses(addresses, formatMapped);
    });
  },
);
