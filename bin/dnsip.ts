#!/usr/bin/env node
// dnsip: the IP addresses of host names, fully qualified as they stand.
import { formatAddress } from '../src/base/address.ts';
import {
  addressesOf,
  CACHE_NOTES,
  CHECK_OPTIONS,
  forEachArgument,
  mannerOf,
  noteCheck,
  printAddresses,
} from '../src/program/lookup-tool.ts';
import { run } from '../src/program/main.ts';

run(
  {
    name: 'dnsip',
    synopsis: 'name ...',
    about: 'Prints the IP addresses of each name, a line for a name.',
    options: CHECK_OPTIONS,
    notes: CACHE_NOTES,
  },
  async (args, options) => {
    const manner = mannerOf(options);
    await forEachArgument(args, 'unable to find IP address for', async (name) => {
      const addresses = await addressesOf(name, manner);
      if (options['check']) noteCheck(addresses.length > 0 ? 'found' : 'none');
      printAddresses(addresses, formatAddress);
    });
  },
);
