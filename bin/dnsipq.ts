#!/usr/bin/env node
// dnsipq: the IP addresses of host names as people abbreviate them, after rewriting and searching.
import { formatAddress } from '../src/base/address.ts';
import { stdout } from '../src/base/output.ts';
import {
  addressesOf,
  CLIENT_OPTIONS,
  forEachArgument,
  mannerOf,
  printAddresses,
  qualify,
  REWRITE_NOTES,
} from '../src/program/lookup-tool.ts';
import { run } from '../src/program/main.ts';

run(
  {
    name: 'dnsipq',
    synopsis: 'name ...',
    about: 'Completes each name by the rewriting rules and prints it and its IP addresses.',
    options: CLIENT_OPTIONS,
    notes: REWRITE_NOTES,
  },
  async (args, options) => {
    const manner = mannerOf(options);
    await forEachArgument(args, 'unable to find IP address for', async (typed) => {
      const { name, addresses } = await qualify(typed, (name) => addressesOf(name, manner));
      stdout.putText(`${name} `);
      printAddresses(addresses, formatAddress);
    });
  },
);
