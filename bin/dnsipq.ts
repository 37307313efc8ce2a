#!/usr/bin/env node
// dnsipq: the IP addresses of host names as people abbreviate them, after rewriting and searching.
import { formatAddress } from '../src/base/address.ts';
import { stdout } from '../src/base/output.ts';
import { forEachArgument, printAddresses, qualify } from '../src/program/lookup-tool.ts';
import { run } from '../src/program/main.ts';

run(
  {
    name: 'dnsipq',
    synopsis: 'name ...',
    about: 'Completes each name by the rewriting rules and prints it and its IP addresses.',
  },
  (args) =>
    forEachArgument(args, 'unable to find IP address for', async (typed) => {
      const { name, addresses } = await qualify(typed);
      stdout.putText(`${name} `);
      printAddresses(addresses, formatAddress);
    }),
);
