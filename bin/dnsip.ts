#!/usr/bin/env node
// dnsip: the IP addresses of host names, fully qualified as they stand.
import { formatAddress } from '../src/base/address.ts';
import { stdout } from '../src/base/output.ts';
import { addressesOf, forEachArgument } from '../src/program/lookup-tool.ts';
import { run } from '../src/program/main.ts';

run(
  { name: 'dnsip', synopsis: 'name ...', about: 'Prints the IP addresses of each name, a line for a name.' },
  (args) =>
    forEachArgument(args, 'unable to find IP address for', async (name) => {
      for (const ip of await addressesOf(name)) stdout.putText(`${formatAddress(ip)} `);
      stdout.putText('\n');
    }),
);
